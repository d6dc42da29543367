"""Where one message of HTTP ends, and whether its connection does: what it takes to pass messages on unchanged."""

from __future__ import annotations

import asyncio
import re

_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d+)")
_CHUNKED = re.compile(rb"(?im)^transfer-encoding:[^\r\n]*chunked")
_CLOSES = re.compile(rb"(?im)^connection:[ \t]*close")
_BARE = re.compile(rb"HTTP/1\.[01] (1\d\d|204|304)")
_END = b"\r\n\r\n"


async def request(reader: asyncio.StreamReader) -> bytes:
    """The next request.

    Raises:
        asyncio.IncompleteReadError: when there is none.
    """
    head = await reader.readuntil(_END)
    length = _LENGTH.search(head)
    return head + (await reader.readexactly(int(length[1])) if length else b"")


async def answer(reader: asyncio.StreamReader, to: bytes) -> bytes:
    """The answer to this request; where nothing says how long it is, all until the other side ends."""
    head = await reader.readuntil(_END)
    if _BARE.match(head) or to.startswith(b"HEAD "):
        return head
    if length := _LENGTH.search(head):
        return head + await reader.readexactly(int(length[1]))
    if not _CHUNKED.search(head):
        return head[:-2] + b"connection: close\r\n\r\n" + await reader.read(-1)
    body = bytearray()
    size = -1
    while size:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        body += line + (await reader.readexactly(size + 2) if size else b"")
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        body += line
    return head + bytes(body) + b"\r\n"


def padded(message: bytes, pad: bytes) -> bytes:
    """The same answer with this at its end; nothing where it can have none."""
    head, end, body = message.partition(_END)
    if _BARE.match(head):
        return b""
    longer = f"content-length: {len(body) + len(pad)}".encode()
    changed, found = _LENGTH.subn(longer, head)
    return changed + end + body + pad if found else b""


def ends(message: bytes) -> bool:
    """Whether the connection is of no use after it."""
    return bool(_CLOSES.search(message.partition(_END)[0]))
