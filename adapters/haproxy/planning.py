"""What is written for a plan: lines to the socket and to the map's file. No reading here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from adapters import contract
from adapters.contract import Lever, Planned, Refused, Request
from adapters.haproxy.levers import BLOCK, DRAIN, STOP
from adapters.haproxy.reading import line

NEEDS_ADMIN = ("set server ", "shutdown sessions ")  # maps take lines from a socket of any level, seen on 2.6.12
MODE, STOPPED = "global", "stopped"
_CALLER = re.compile(r"[A-Za-z0-9._:@/+=-]{1,128}\Z")
_SECRET = re.compile(r"sk-|Bearer|eyJ", re.IGNORECASE)
_BOUND = "a caller bound to a server, by a cookie or a stick table say, still reaches it: traffic.stop stops those too"


def caller(selector: str) -> str:
    """The caller that is meant.

    Raises:
        Refused: for what no map could hold, and for a key itself.
    """
    if not selector or not _CALLER.match(selector):
        raise Refused("say which caller, as the map of callers names it: letters, digits and ._:@/+=- only")
    if _SECRET.match(selector):
        raise Refused("that looks like a caller's key, which must not enter the record: key the map by its hash")
    return selector


def stops(planned: Planned) -> bool:
    """Whether what runs already is to be ended too."""
    return planned.params.get(contract.RUNNING) == contract.STOP


def key_of(planned: Planned) -> str:
    """The key in the lever's map."""
    return MODE if planned.lever == STOP.name else planned.selector


def wanted(planned: Planned) -> str:
    """How every field of the lever will be, as JSON."""
    contain = planned.direction == "contain"
    if planned.lever == DRAIN.name:
        return json.dumps("drain" if contain else "ready")
    value = {BLOCK.name: "1", STOP.name: STOPPED}.get(planned.lever) or planned.params.get("rate", "")
    return json.dumps(value if contain else None)


def notes(lever: Lever, *, files: bool) -> tuple[str, ...]:
    """What to know before signing; `files`: the maps' files are written too."""
    if lever is DRAIN:
        return ("a reload of HAProxy forgets it", _BOUND)
    told = ["stops every backend of this HAProxy that reads the map of modes"] if lever is STOP else []
    return (*told, *([] if files else ["a reload forgets it: the map's file is not written"]))


def writes(planned: Planned, fields: Mapping[str, str], path: str) -> tuple[Request, ...]:
    """Sent twice they come to the same: a key is taken out before it is set, because adding would double it."""
    values = {name: json.loads(text) for name, text in fields.items()}
    if planned.lever == DRAIN.name:
        return tuple(line(f"set server {planned.surface_key}/{name} state {state}") for name, state in values.items())
    key, value = key_of(planned), values["runtime"]
    out = f"del map {path} {key}"
    requests = [line(out if value is None else f"{out};add map {path} {key} {value}")]
    if "file" in values:
        kept = values["file"]
        body = key if kept is None else f"{key} {kept}"
        requests.append(Request(method="FILE", path=path, body=body, content_type=None))
    return tuple(requests)
