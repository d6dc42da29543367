"""What HAProxy's runtime socket says: text without a status, so that every sentence has to be known. Seen on 2.6.12."""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapters.contract import Malformed, Refused, Reply

REFUSALS, REDIRECTS = 400, 300
_FOUND = re.compile(r'^type=[^\n]*, found=(?P<found>yes|no)(?:[^\n]*, value="(?P<value>[^"\n]*)")?[^\n]*$')
_FACT = re.compile(r"^(Name|Version): (\S+)$", re.MULTILINE)
_REFUSALS = {
    "Unknown map identifier. Please use #<id> or <file>.": "it knows no such map",
    "Can't find backend.": "it knows no such backend",
    "No such server.": "it knows no such server",
    "Permission denied": "its socket does not have the level admin",
}  # fmt: skip
_NOTHING_TO_TAKE = {"", "Key not found."}
RUNNING = 2
_FORCED_MAINT, _ALL_MAINT, _FORCED_DRAIN, _ALL_DRAIN = 0x01, 0x01 | 0x02 | 0x04 | 0x20, 0x08, 0x08 | 0x10


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server of a backend. `forced` is what an administrator asked for; `runs` what its health check says."""

    name: str
    forced: str
    usable: bool
    runs: bool


def text_of(reply: Reply) -> str:
    """What was said.

    Raises:
        Refused: where the socket says no in a sentence that is known.
        Malformed: for anything that is no text.
    """
    if reply.status >= REFUSALS:
        raise Refused(f"HAProxy refused with {reply.status}", reply.status)
    if reply.status >= REDIRECTS:
        raise Malformed(f"HAProxy sends elsewhere ({reply.status})")
    try:
        said = reply.body.decode().strip()
    except UnicodeDecodeError as fault:
        raise Malformed("HAProxy's socket answered no text") from fault
    for sentence, why in _REFUSALS.items():
        if said.startswith(sentence):
            raise Refused(f"HAProxy: {why}")
    return said


def written(reply: Reply) -> None:
    """That a change was taken: silence, or that there was nothing to take out.

    Raises:
        Refused: as `text_of`.
        Malformed: for any other sentence.
    """
    for line in text_of(reply).splitlines():
        if line.strip() not in _NOTHING_TO_TAKE:
            raise Malformed("HAProxy answered a change with a sentence that is not known")


def values_of(reply: Reply, count: int) -> list[str | None]:
    """The values of so many keys of a map in the order asked, None for one that is not in it; raises as `written`."""
    found = [_FOUND.match(line) for line in text_of(reply).splitlines() if line.strip()]
    told = [None if one is None else one["value"] for one in found]
    if len(found) != count or any(one is None or (one["found"] == "yes") is (one["value"] is None) for one in found):
        raise Malformed("HAProxy did not say whether the key is in the map")
    return told


def facts_of(reply: Reply) -> dict[str, str]:
    """Its name and version; raises as `written`."""
    found = {name.lower(): value for name, value in _FACT.findall(text_of(reply))}
    if found.get("name") != "HAProxy":
        raise Malformed("what answers on the socket is no HAProxy")
    return found


def level_of(reply: Reply) -> str:
    """The level of this socket, from `show cli level`; raises as `written`."""
    said = text_of(reply).strip()
    if said not in {"admin", "operator", "user"}:
        raise Malformed("HAProxy did not tell the level of its socket")
    return said


def servers_of(reply: Reply) -> list[Server]:
    """Every server of a backend, from `show servers state`; raises as `written`."""
    lines = text_of(reply).splitlines()
    if len(lines) < 2 or lines[0].strip() != "1" or not lines[1].startswith("# "):  # noqa: PLR2004  its own version
        raise Malformed("HAProxy did not list its servers in the form that is known")
    names = lines[1][2:].split()
    try:
        rows = [dict(zip(names, line.split(), strict=False)) for line in lines[2:] if line.strip()]
        return [_server(row) for row in rows]
    except (KeyError, ValueError) as fault:
        raise Malformed("HAProxy did not describe a server in the form that is known") from fault


def sessions_of(reply: Reply) -> int:
    """How many sessions all servers of a backend have now, from `show stat`; raises as `written`."""
    try:
        return sum(int(row["scur"]) for row in _figures(reply))
    except (KeyError, ValueError) as fault:
        raise Malformed("HAProxy did not count a server's sessions in the form that is known") from fault


def cookies_of(reply: Reply) -> set[str]:
    """The servers of a backend that are chosen by a cookie of the caller's, from `show stat`; raises as `written`."""
    return {row["svname"] for row in _figures(reply) if row.get("cookie")}


def _figures(reply: Reply) -> list[dict[str, str]]:
    lines = text_of(reply).splitlines()
    if not lines or not lines[0].startswith("# pxname,svname,"):
        raise Malformed("HAProxy did not list its servers' figures in the form that is known")
    names = lines[0].removeprefix("# ").split(",")
    return [dict(zip(names, line.split(","), strict=False)) for line in lines[1:] if line.strip()]


def _server(row: dict[str, str]) -> Server:
    admin = int(row["srv_admin_state"])
    forced = "maint" if admin & _FORCED_MAINT else "drain" if admin & _FORCED_DRAIN else "ready"
    runs = int(row["srv_op_state"]) == RUNNING
    return Server(
        name=row["srv_name"], forced=forced, usable=runs and not admin & (_ALL_MAINT | _ALL_DRAIN), runs=runs,
    )  # fmt: skip


def lines_of(content: bytes) -> dict[str, str]:
    """The value that a map file gives each key: its first line counts, as in HAProxy.

    Raises:
        Malformed: when the file is no text.
    """
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError as fault:
        raise Malformed("the map file is no text") from fault
    found: dict[str, str] = {}
    for line in lines:
        parts = line.split(None, 1)
        if parts:
            found.setdefault(parts[0], parts[1].strip() if len(parts) > 1 else "")
    return found
