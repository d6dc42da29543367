"""Lines to a local socket and lines of local files, as a context lends them (`contract.Local`): one place for both.

It talks to the one socket and writes the files that an instance's settings name, and to nothing else. Whatever is not
answered in time, or is longer than it may be, is a fault in the contract's words.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from adapters.contract import Malformed, NotSent, OutcomeUnknown, Places, Refused, Reply, Request

LINE, FILE = "LINE", "FILE"
METHODS = frozenset({LINE, FILE})
MOST_BYTES = 1 << 20
_LINE_BYTES = 8192
AT_ONCE = 4  # an HAProxy takes ten talkers and resets the others; its other users need some of them
TOGETHER_S = 0.01  # so long a change of a file waits for others of the same file, which are written with it
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()
_asked: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, list[_Asked]]] = WeakKeyDictionary()


async def carry_out(places: Places, request: Request, deadline_s: float) -> Reply:
    """Send the line, or set or read the file, of a request whose method is LINE or FILE.

    Raises:
        Refused: for a place that the settings do not name, or a text that is no single line.
        NotSent: when nothing was changed.
        OutcomeUnknown: when a change may have landed.
        Malformed: when an answer is longer than 1 MiB.
    """
    text = request.body
    if request.encoding != "text" or not text.isprintable() or len(text.encode()) > _LINE_BYTES:
        raise Refused("the adapter asked for more than one line of plain text")
    began_ns = time.monotonic_ns()
    if request.method == LINE:
        if not places.socket:
            raise Refused("the adapter asked for a local socket, and its settings name none")
        answer = await _spoken(places.socket, request, deadline_s)
    else:
        if request.path not in places.files:
            raise Refused("the adapter asked for a file that its settings do not name")
        # small and local: a thread of its own would cost more than it keeps from waiting
        answer = _read(request.path) if request.effect == "read" else await _set(request.path, text)
    elapsed_ms = (time.monotonic_ns() - began_ns) // 1_000_000
    return Reply(status=200, headers={"content-type": "text/plain"}, body=answer, elapsed_ms=elapsed_ms)


# -- the socket --------------------------------------------------------------------------------------------------------


async def _spoken(socket: str, request: Request, deadline_s: float) -> bytes:
    sent = False
    try:
        async with asyncio.timeout(deadline_s), _turn(socket):
            reader, writer = await _connected(socket)
            try:
                sent = True
                writer.write(request.body.encode() + b"\n")
                await writer.drain()
                answer = await reader.read(MOST_BYTES + 1)
                while more := await reader.read(MOST_BYTES + 1 - len(answer)) if len(answer) <= MOST_BYTES else b"":
                    answer += more
            finally:
                writer.close()
            if not answer:  # even silence is a line that ends: without a byte the connection broke
                raise ConnectionResetError
    except (OSError, TimeoutError, ValueError) as fault:
        what = "no connection to the local socket" if not sent else "no whole answer from the local socket"
        if sent and request.effect == "write":
            raise OutcomeUnknown(what) from fault
        raise NotSent(what) from fault
    if len(answer) > MOST_BYTES:
        if request.effect == "write":
            raise OutcomeUnknown("the local socket answered more than 1 MiB")
        raise Malformed("the local socket answered more than 1 MiB")
    return answer


def _turn(socket: str) -> asyncio.Semaphore:
    """Whoever speaks to a socket waits for this; a list asks about many accounts at once."""
    return _turns.setdefault(asyncio.get_running_loop(), {}).setdefault(socket, asyncio.Semaphore(AT_ONCE))


async def _connected(socket: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A file system path, or a port of this machine as 127.0.0.1:9999."""
    if socket.startswith("127.0.0.1:"):
        return await asyncio.open_connection("127.0.0.1", int(socket.partition(":")[2]))
    if sys.platform == "win32":
        raise OSError("this system has no such sockets")
    return await asyncio.open_unix_connection(socket)


# -- the files ---------------------------------------------------------------------------------------------------------


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            found = file.read(MOST_BYTES + 1)
    except OSError as fault:
        raise NotSent(f"the file {path} cannot be read here ({_why(fault)})") from fault
    if len(found) > MOST_BYTES:
        raise Malformed(f"the file {path} is longer than 1 MiB")
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    line: str
    answer: asyncio.Future[bytes]


async def _set(path: str, line: str) -> bytes:
    """`KEY VALUE` sets the line that begins with KEY, or adds it; `KEY` alone takes every such line out.

    What many ask for at once is one file, written once, and nobody is answered before it lies on the disk.
    """
    loop = asyncio.get_running_loop()
    asked = _asked.setdefault(loop, {})
    mine = _Asked(line, loop.create_future())
    if path not in asked:
        asked[path] = []
        loop.call_later(TOGETHER_S, _set_all, path, asked)
    asked[path].append(mine)
    try:
        return await mine.answer
    except asyncio.CancelledError:
        if not mine.answer.done() or mine.answer.cancelled():
            raise  # it was taken back before anything was written
        # its time ended in the moment in which it was written
        raise mine.answer.exception() or OutcomeUnknown(f"the file {path} was written too late") from None


def _set_all(path: str, asked: dict[str, list[_Asked]]) -> None:
    """Write what was asked for of one file, in the order in which it was asked; whoever gave up is left out."""
    wanted = [one for one in asked.pop(path) if not one.answer.cancelled()]
    if not wanted:
        return
    try:
        before = _read(path)
        after, answers = _with(before, [one.line for one in wanted])
        if after != before:
            _replace(path, before, after)
    except Exception as fault:  # noqa: BLE001  each of them has to hear of it
        for one in wanted:
            one.answer.set_exception(fault)
        return
    for one, answer in zip(wanted, answers, strict=True):
        one.answer.set_result(answer)


def _with(content: bytes, lines: Sequence[str]) -> tuple[bytes, list[bytes]]:
    """The content after these changes, and what is answered to each: read through once, however many they are."""
    parts = [line.partition(" ") for line in lines]
    changes = [(key.encode(), f"{key} {value}\n".encode() if value else None) for key, _, value in parts]
    held: dict[bytes, list[bytes]] = {key: [] for key, _ in changes}
    rows: list[tuple[bytes | None, bytes]] = []
    for found in content.splitlines(keepends=True):
        row = found if found.endswith(b"\n") else found + b"\n"
        word = next(iter(row.split(None, 1)), None)
        rows.append((word, row))
        if word is not None and word in held:
            held[word].append(row)
    moved: dict[bytes, None] = {}
    answers: list[bytes] = []
    for key, wanted in changes:
        after = [] if wanted is None else [wanted]
        if held[key] == after:
            answers.append(b"already so\n")
            continue
        held[key] = after
        moved.pop(key, None)
        moved[key] = None  # at the end, in the order in which it was asked for
        answers.append(b"written\n")
    if not moved:
        return content, answers
    kept = [row for key, row in rows if key not in moved]
    return b"".join([*kept, *(row for key in moved for row in held[key])]), answers


def _replace(path: str, before: bytes, after: bytes) -> None:
    try:
        _write(Path(path), after)
    except OSError as fault:
        if _is_still(path, before):
            raise NotSent(f"the file {path} cannot be written here ({_why(fault)})") from fault
        raise OutcomeUnknown(f"the file {path} may be written in part ({_why(fault)})") from fault


def _is_still(path: str, before: bytes) -> bool:
    try:
        return Path(path).read_bytes() == before
    except OSError:
        return False


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all where it is ours; else in place, so that its owner and what may read it stay as they are."""
    found = path.stat()
    if not hasattr(os, "geteuid") or found.st_uid != os.geteuid():
        with path.open("r+b") as file:
            file.write(content)
            file.truncate()
            os.fsync(file.fileno())
        return
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(found.st_mode & 0o7777)
        Path(beside).replace(path)
    except OSError:
        Path(beside).unlink(missing_ok=True)
        raise
    _keep_name(path.parent)


def _keep_name(folder: Path) -> None:
    """The name of the new file has to outlive a power cut too; not every system and folder can be asked for that."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _why(fault: OSError) -> str:
    return fault.strerror or type(fault).__name__
