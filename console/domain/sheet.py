"""A correction as its signer has to have it: every value of the bytes, read once, for terminal and window alike.

It refuses what cannot be shown whole: an unknown field or word, a missing or spare value. It words nothing and decides
nothing; `render` and the window put it into words.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from console.domain.actions import REACHES, TARGET_DISCLOSURES, Action, Target, missing_disclosures
from console.domain.deceit import warnings_about
from console.domain.errors import Problem, UnknownField
from console.domain.facts import Facts
from console.domain.needs import weigh
from console.domain.profile import JsonValue
from console.domain.reasons import Reason, read_reason

_REQUEST_FIELDS: Final = {"method", "path", "body", "encoding", "content_type", "effect"}
# what of `params` has a place of its own on the sheet; everything else is shown as it stands
_PLACED: Final = ("wanted", "notes", "affected", "surface_key", "model")


class NotAllHere(Problem):
    """A value that the signer has to read is not on this console: it cannot be approved here (section 11)."""

    exit_code = 4

    def __init__(self, where: str, missing: Sequence[str]) -> None:
        """`where` names the target; `missing` the disclosures."""
        super().__init__(f"{where}: not here yet: {', '.join(missing)}.", "Sync, then read it again.")
        self.missing = tuple(missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRequest:
    """One request as it will be sent, whole."""

    method: str
    path: str
    body: str
    encoding: str
    content_type: str
    effect: str

    @property
    def head(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    @property
    def kind(self) -> str:
        """Content type, encoding and effect."""
        return f"{self.content_type}, {self.encoding}, {self.effect}"


@dataclass(frozen=True, slots=True)
class Change:
    """One field the lever writes: as it was read and as it will be, as the provider's own text; null where unsaid."""

    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetTarget:
    """One target with its opened values.

    `raw` are all values as they stand. `asked` holds what the lever was given (by hand: instruction, who, contact,
    ticket), `changes` old beside new, `more` whatever else the values hold. `read_ms` is when the old was read;
    `affected` counts users where the adapter can.
    """

    target: Target
    name: str
    selector: str
    raw: Mapping[str, JsonValue]
    asked: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]
    more: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    read_ms: int | None
    affected: int | None
    requests: tuple[SheetRequest, ...]
    revert: tuple[SheetRequest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A correction, read. `weight` and `why` are the gravity computed anew (null where there were no facts)."""

    action: Action
    reason: str
    parts: Reason
    lift_criteria: str | None
    weight: str | None
    why: str
    targets: tuple[SheetTarget, ...]

    @property
    def understated(self) -> bool:
        """Whether it is signed as less grave than it is: no signature can heal that."""
        return self.weight is not None and self.weight != self.action.gravity


@dataclass(frozen=True, slots=True)
class Scope:
    """How much an action touches. `selected` counts selectors and list entries, canaries left out.

    `widest` is the reach of what goes over a whole surface, as signed; empty where everything is selected.
    """

    targets: int
    surfaces: int
    selected: int
    widest: str
    canaries: int


def scope_of(targets: Sequence[Target]) -> Scope:
    """How much these targets touch."""
    real = [target for target in targets if not target.canary]
    whole = {target.reach for target in real if target.selectors == 0}
    return Scope(
        targets=len(targets),
        surfaces=len({target.surface for target in targets}),
        selected=sum(target.listed or target.selectors for target in real),
        widest=next((reach for reach in REACHES if reach in whole), ""),
        canaries=len(targets) - len(real),
    )


def read_sheet(
    action: Action,
    disclosed: Sequence[Mapping[str, JsonValue]],
    reason: str | None,
    lift_criteria: str | None,
    facts: Facts | None,
) -> Sheet:
    """Everything a signer has to have of an action parsed from the bytes to be signed.

    Raises:
        NotAllHere: when a value is missing.
        UnknownField: for a value this version does not know.
    """
    if reason is None or (action.lift_criteria_sd is not None and lift_criteria is None):
        raise NotAllHere("the document", ["reason"] if reason is None else ["lift_criteria"])
    if len(disclosed) != len(action.targets):
        raise NotAllHere("the document", [f"{len(action.targets) - len(disclosed)} targets"])
    for index, (target, values) in enumerate(zip(action.targets, disclosed, strict=True)):
        _require_all(index, target, values)
    weight, why = (None, "") if facts is None else weigh(action, facts)
    return Sheet(
        action=action,
        reason=reason,
        parts=read_reason(reason),
        lift_criteria=lift_criteria,
        weight=weight,
        why=why,
        targets=tuple(_target(target, values) for target, values in zip(action.targets, disclosed, strict=True)),
    )


def _require_all(index: int, target: Target, values: Mapping[str, JsonValue]) -> None:
    missing = missing_disclosures(values)
    # a spare digest could be a second value of the same name, shown here and sent otherwise elsewhere
    if missing or len(target.sd) != len(TARGET_DISCLOSURES):
        raise NotAllHere(f"target {index + 1}", missing or ("undisclosed values",))
    unknown = sorted(set(values) - set(TARGET_DISCLOSURES))
    if unknown:
        raise UnknownField(f"targets[{index}].{unknown[0]}", "this version does not know the disclosure")


def _target(target: Target, values: Mapping[str, JsonValue]) -> SheetTarget:
    params, pre = values["params"], values["pre"]
    known = params if isinstance(params, dict) else {}
    fields = pre if isinstance(pre, dict) else {}
    rest = {name: value for name, value in known.items() if name not in (*_PLACED, "values")}
    more = [*leaves(rest if isinstance(params, dict) else params)]
    more += [(f" as it is{path}", text) for path, text in leaves(_beside_fields(pre)) if path or text != "nothing"]
    asked = _pairs(known.get("values"))
    return SheetTarget(
        target=target,
        name=plain(values["name"]),
        selector=plain(values["selector"]),
        raw=values,
        asked=tuple(asked.items()),
        changes=_changes(_pairs(fields.get("fields")), _pairs(known.get("wanted"))),
        more=tuple((path.strip() or "parameters", text) for path, text in more if text != "nothing"),
        notes=_notes(known.get("notes")),
        read_ms=_whole(fields.get("read_ms")),
        affected=_whole(known.get("affected")),
        requests=_requests("Will be sent", values["requests"]),
        revert=_requests("To revert", values["revert"]),
    )


def _beside_fields(pre: JsonValue) -> JsonValue:
    if not isinstance(pre, dict):
        return pre
    return {name: value for name, value in pre.items() if name not in ("fields", "read_ms")}


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Change, ...]:
    return tuple(Change(name, old.get(name), new.get(name)) for name in dict.fromkeys((*old, *new)))


def _pairs(value: JsonValue) -> dict[str, str]:
    """Named provider values, in whichever of their two spellings (an object, or a list of pairs)."""
    if isinstance(value, dict):
        return {name: opened(item) for name, item in value.items()}
    given = [] if value is None else value
    pairs = [pair for pair in given if isinstance(pair, list) and len(pair) == 2] if isinstance(given, list) else []  # noqa: PLR2004  a pair
    found = {opened(pair[0]): opened(pair[1]) for pair in pairs}
    if not isinstance(given, list) or len(found) != len(given):
        raise UnknownField("params", "expected pairs of a name and a value, each name once")
    return found


def _notes(value: JsonValue) -> tuple[str, ...]:
    if value is not None and not isinstance(value, list):
        raise UnknownField("params.notes", "expected a list")
    return tuple(opened(note) for note in value or ())


def _whole(value: JsonValue) -> int | None:
    if value is not None and type(value) is not int:
        raise UnknownField("params", "expected a whole number")
    return value


def _requests(word: str, value: JsonValue) -> tuple[SheetRequest, ...]:
    if not isinstance(value, list):
        raise UnknownField(word, "expected a list of requests")
    found: list[SheetRequest] = []
    for request in value:
        if not isinstance(request, dict) or set(request) != _REQUEST_FIELDS:
            raise UnknownField(word, "this version does not know this form of request")
        found.append(SheetRequest(**{name: plain(item) for name, item in request.items()}))
    return tuple(found)


# -- values as text ----------------------------------------------------------------------------------------------------


def plain(value: JsonValue) -> str:
    """Text as it is; anything else as JSON, whole."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def opened(value: JsonValue) -> str:
    """As `plain`, with text that had to travel as base64 opened; whoever shows it marks what has no look of its own."""
    if isinstance(value, dict) and set(value) == {"base64"} and isinstance(value["base64"], str):
        try:
            return base64.b64decode(value["base64"].encode("ascii"), validate=True).decode()
        except (binascii.Error, UnicodeError):
            return plain(value)
    return plain(value)


def leaves(value: JsonValue, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value of a nested one with its path, in order; an empty list or object is `nothing`."""
    if isinstance(value, dict) and value:
        for name in sorted(value):
            yield from leaves(value[name], f"{path} {name}")
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, f"{path} {index + 1}")
    else:
        yield path, plain(value) if not isinstance(value, dict | list) else "nothing"


def odd_texts(sheet: Sheet) -> tuple[tuple[str, str], ...]:
    """Every text of the sheet that could look like other text: what it is, and why to look closely."""
    texts: list[tuple[str, str]] = [("reason", sheet.reason), ("lift criteria", sheet.lift_criteria or "")]
    for number, one in enumerate(sheet.targets, 1):
        texts += [(f"name of target {number}", one.name), (f"selector of target {number}", one.selector)]
        texts += [(f"{name} of target {number}", text) for name, text in (*one.asked, *one.more)]
        texts += [(f"notes of target {number}", note) for note in one.notes]
        for change in one.changes:
            texts += [(f"{change.field} of target {number}", side or "") for side in (change.old, change.new)]
        for request in (*one.requests, *one.revert):
            texts.append((f"request of target {number}", f"{request.head} {request.body}"))
    found = [(word, why) for word, text in texts if text for why in warnings_about(text)]
    return tuple(dict.fromkeys(found))
