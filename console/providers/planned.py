"""A plan as the disclosures of a signed target, and back, exactly: what people sign is what is sent.

Provider values are text. Text the signed profile refuses is carried as base64, so that no byte is changed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final, Literal, cast

from adapters.contract import Planned, Reach, Request, Reversal
from console.domain.actions import TARGET_DISCLOSURES, Target, missing_disclosures
from console.domain.errors import BadForm, Problem
from console.domain.profile import JsonValue, check_text

# services take the contract's values from here: only providers and outbox import adapters
__all__ = ["NotHereYet", "Planned", "from_disclosures", "selects", "to_disclosures"]

_NAME: Final = re.compile(r"[\x21-\x7e]{1,64}\Z")
_BASE64: Final = "base64"
_REQUEST_FIELDS: Final = {"method", "path", "body", "encoding", "content_type", "effect"}


class NotHereYet(Problem):
    """Some of a target's disclosures are not on this console: it cannot be shown, approved or dispatched here."""

    exit_code = 4

    def __init__(self, missing: tuple[str, ...]) -> None:
        """Name what is missing."""
        super().__init__(
            f"Parts of the action are not here yet ({', '.join(missing)}).", "Wait for the next sync, or sync now."
        )
        self.missing = missing


def to_disclosures(planned: Planned) -> dict[str, JsonValue]:
    """The values that a target of this plan discloses: exactly `TARGET_DISCLOSURES`."""
    return {
        "name": _text(planned.name),
        "selector": _text(planned.selector),
        "params": {
            "values": _map(planned.params),
            "wanted": _map(planned.wanted),
            "surface_key": _text(planned.surface_key),
            "model": _text(planned.model),
            "affected": planned.affected,
            "notes": [_text(note) for note in planned.notes],
        },
        "pre": {"fields": _map(planned.pre), "read_ms": planned.pre_read_ms},
        "requests": [_request(request) for request in planned.requests],
        "revert": [_request(request) for request in planned.revert],
    }


def from_disclosures(
    target: Target, disclosed: Mapping[str, JsonValue], direction: Literal["contain", "restore"] = "contain"
) -> Planned:
    """The plan of a signed target, from its public part and its opened disclosures.

    Raises:
        NotHereYet: when a disclosure is missing.
        BadForm: when one is not of the form `to_disclosures` makes.
    """
    missing = missing_disclosures(disclosed)
    if missing:
        raise NotHereYet(missing)
    if len(target.sd) > len(TARGET_DISCLOSURES):
        raise BadForm("_sd", "it has a spare value: one name could stand for two")
    params = _object(disclosed["params"], "params", {"values", "wanted", "surface_key", "model", "affected", "notes"})
    pre = _object(disclosed["pre"], "pre", {"fields", "read_ms"})
    affected = params["affected"]
    return Planned(
        lever=target.lever,
        selector=_untext(disclosed["selector"], "selector"),
        surface_key=_untext(params["surface_key"], "params.surface_key"),
        name=_untext(disclosed["name"], "name"),
        model=_untext(params["model"], "params.model"),
        params=_unmap(params["values"], "params.values"),
        pre=_unmap(pre["fields"], "pre.fields"),
        pre_read_ms=_whole(pre["read_ms"], "pre.read_ms"),
        wanted=_unmap(params["wanted"], "params.wanted"),
        requests=_requests(disclosed["requests"], "requests"),
        revert=_requests(disclosed["revert"], "revert"),
        selectors=target.selectors,
        reach=cast("Reach", target.reach),
        reversal=cast("Reversal", target.reversal),
        direction=direction,
        affected=None if affected is None else _whole(affected, "params.affected"),
        credential=cast('Literal["verified-replacement", "unused-24h", "in-use"] | None', target.credential),
        notes=tuple(_untext(note, "params.notes") for note in _list(params["notes"], "params.notes")),
    )


def selects(disclosed: Mapping[str, JsonValue], selector: str) -> bool:
    """Whether the plan that these values make, if they make one, selects just this. It has one spelling."""
    return disclosed.get("selector") == _text(selector)


def _text(text: str) -> JsonValue:
    try:
        check_text(text)
    except BadForm:
        return {_BASE64: base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()}
    return text


def _untext(value: JsonValue, where: str) -> str:
    if isinstance(value, str):
        return value
    found = _object(value, where, {_BASE64})[_BASE64]
    if not isinstance(found, str):
        raise BadForm(where, "expected base64")
    try:
        text = base64.b64decode(found.encode("ascii"), validate=True).decode("utf-8", "surrogatepass")
    except (binascii.Error, UnicodeError):
        raise BadForm(where, "expected the base64 of text") from None
    if _text(text) != value:
        raise BadForm(where, "it is not the one spelling of its text")
    return text


def _map(values: Mapping[str, str]) -> JsonValue:
    """An object, or a list of pairs where a name is not one the signed profile allows."""
    if all(_NAME.match(name) for name in values):
        return {name: _text(value) for name, value in values.items()}
    return [[_text(name), _text(value)] for name, value in sorted(values.items())]


def _unmap(value: JsonValue, where: str) -> dict[str, str]:
    if isinstance(value, dict):
        return {name: _untext(item, f"{where}.{name}") for name, item in value.items()}
    found: dict[str, str] = {}
    for pair in _list(value, where):
        both = _list(pair, where)
        if len(both) != 2:  # noqa: PLR2004  a pair
            raise BadForm(where, "expected pairs")
        name = _untext(both[0], where)
        if name in found:
            raise BadForm(where, "a name stands twice")
        found[name] = _untext(both[1], where)
    if _map(found) != value:
        raise BadForm(where, "it is not the one spelling of its fields")
    return found


def _request(request: Request) -> JsonValue:
    return {
        "method": request.method,
        "path": _text(request.path),
        "body": _text(request.body),
        "encoding": request.encoding,
        "content_type": request.content_type,
        "effect": request.effect,
    }


def _requests(value: JsonValue, where: str) -> tuple[Request, ...]:
    return tuple(_unrequest(item, f"{where}[{at}]") for at, item in enumerate(_list(value, where)))


def _unrequest(value: JsonValue, where: str) -> Request:
    found = _object(value, where, _REQUEST_FIELDS)
    method, encoding, effect, content_type = (
        found["method"], found["encoding"], found["effect"], found["content_type"],
    )  # fmt: skip
    if not isinstance(method, str) or encoding not in ("text", "base64") or effect not in ("read", "write"):
        raise BadForm(where, "it is no request this version can send")
    if content_type is not None and not isinstance(content_type, str):
        raise BadForm(f"{where}.content_type", "expected text or null")
    return Request(
        method=method,
        path=_untext(found["path"], f"{where}.path"),
        body=_untext(found["body"], f"{where}.body"),
        encoding="base64" if encoding == "base64" else "text",
        content_type=content_type,
        effect="read" if effect == "read" else "write",
    )


def _object(value: JsonValue, where: str, fields: set[str]) -> dict[str, JsonValue]:
    if not isinstance(value, dict) or set(value) != fields:
        raise BadForm(where, f"expected exactly the fields {', '.join(sorted(fields))}")
    return value


def _list(value: JsonValue, where: str) -> list[JsonValue]:
    if not isinstance(value, list):
        raise BadForm(where, "expected a list")
    return value


def _whole(value: JsonValue, where: str) -> int:
    if type(value) is not int or value < 0:
        raise BadForm(where, "expected a whole number of zero or more")
    return value
