"""What a signer reads, made from the very bytes that are signed: plain lines, the same in a terminal and in a window.

It refuses whatever it cannot show whole: an unknown field or word, a missing disclosure. It never shortens a target,
and never shows text whose look could deceive without saying so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from console.domain.actions import (
    TARGET_DISCLOSURES,
    Action,
    Document,
    Extension,
    Ratification,
    Redaction,
    Rehearsal,
    Target,
    missing_disclosures,
    parse_document,
)
from console.domain.deceit import shown, warnings_about
from console.domain.errors import Problem, UnknownField
from console.domain.facts import Facts
from console.domain.needs import weigh
from console.domain.profile import JsonValue

LineKind = Literal["heading", "fact", "warning", "request"]
MIN_BREAK_GLASS_REASON: Final = 20
_REACHES: Final = {
    "everyone": "everyone who uses it",
    "our-customers": "our customers only; others may still be served",
    "only-us": "only ourselves; others are still served",
}
_REVERSALS: Final = {
    "exact": "can be reverted exactly",
    "best-effort": "can be reverted as far as the provider allows",
    "none": "CANNOT BE REVERTED",
}
_DIRECTIONS: Final = {"contain": "Take away (contain)", "restore": "Give back (restore)"}
_REQUEST_FIELDS: Final = {"method", "path", "body", "encoding", "content_type", "effect"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line as shown: plain text without control or invisible characters, and what kind of line it is."""

    kind: LineKind
    text: str


class NotAllHere(Problem):
    """A value that the signer has to read is not on this console: it cannot be approved here (section 11)."""

    exit_code = 4

    def __init__(self, where: str, missing: Sequence[str]) -> None:
        """`where` names the target; `missing` the disclosures."""
        super().__init__(f"{where}: not here yet: {', '.join(missing)}.", "Sync, then read it again.")
        self.missing = tuple(missing)


def approval_text(
    value: JsonValue,
    disclosed: Sequence[Mapping[str, JsonValue]],
    names: Mapping[str, str],
    *,
    reason: str | None = None,
    lift_criteria: str | None = None,
    if_not: str | None = None,
    facts: Facts | None = None,
    digest_words: Sequence[str] = (),
) -> list[Line]:
    """The text of a document for its signer.

    `value` is the JSON of the very bytes to be signed; `disclosed` the opened values of each target in order (empty for
    other documents); `names` what ids are called here; `facts`, where given, let the gravity be computed anew; `reason`
    and `lift_criteria` are the document's own disclosures; `if_not` is what the proposer says happens otherwise.

    Raises:
        UnknownField: for a field or word this version does not know.
        BadForm: when the bytes are no such document.
        NotAllHere: when a disclosure is missing.
    """
    document = parse_document(value)
    lines = (
        _action(document, disclosed, names, reason, lift_criteria, if_not, facts)
        if isinstance(document, Action)
        else _other(document, names, reason)
    )
    if digest_words:
        lines = [*lines, Line("heading", "Compare on both screens"), Line("fact", shown(" ".join(digest_words)))]
    return lines


# -- actions -----------------------------------------------------------------------------------------------------------


def _action(
    action: Action,
    disclosed: Sequence[Mapping[str, JsonValue]],
    names: Mapping[str, str],
    reason: str | None,
    lift_criteria: str | None,
    if_not: str | None,
    facts: Facts | None,
) -> list[Line]:
    if reason is None or (action.lift_criteria_sd is not None and lift_criteria is None):
        raise NotAllHere("the document", ["reason"] if reason is None else ["lift_criteria"])
    if len(disclosed) != len(action.targets):
        raise NotAllHere("the document", [f"{len(action.targets) - len(disclosed)} targets"])
    for index, (target, values) in enumerate(zip(action.targets, disclosed, strict=True), 1):
        missing = missing_disclosures(values)
        if missing or len(target.sd) < len(TARGET_DISCLOSURES):
            raise NotAllHere(f"target {index}", missing or ("undisclosed values",))
        unknown = sorted(set(values) - set(TARGET_DISCLOSURES))
        if unknown:
            raise UnknownField(f"targets[{index - 1}].{unknown[0]}", "this version does not know the disclosure")
    lines = [Line("heading", f"{_DIRECTIONS[action.direction]}: {_how_many(action)}")]
    lines += [Line("fact", f"Action {action.op}, revision {action.rev}, incident {action.inc}, SEV-{action.severity}")]
    lines += _gravity(action, facts)
    lines += [Line("heading", "Why"), *_fact("Reason", reason)]
    if lift_criteria is not None:
        lines += _fact("To be lifted when", lift_criteria)
    lines += _fact("If it is not done", if_not or "the proposer has not said what happens otherwise")
    if action.break_glass:
        lines += _break_glass(reason)
    for index, (target, values) in enumerate(zip(action.targets, disclosed, strict=True), 1):
        lines += _target(index, target, values, names)
    return [*lines, *_windows(action), *_undo(action)]


def _how_many(action: Action) -> str:
    selectors = sum(target.listed or target.selectors for target in action.targets if not target.canary)
    everybody = any(target.selectors == 0 and not target.canary for target in action.targets)
    surfaces = len({target.surface for target in action.targets})
    canaries = sum(target.canary for target in action.targets)
    parts = [f"{len(action.targets)} target(s) on {surfaces} surface(s)"]
    parts.append("reaching everybody there" if everybody else f"{selectors} selected")
    if canaries:
        parts.append(f"{canaries} of them canaries")
    return ", ".join(parts)


def _gravity(action: Action, facts: Facts | None) -> list[Line]:
    lines = [Line("fact", f"Gravity as signed: {action.gravity}")]
    if facts is not None:
        weight, why = weigh(action, facts)
        lines.append(Line("fact", f"Gravity as computed here: {weight}. {why}"))
        if weight != action.gravity:
            lines.append(Line("warning", "The signed gravity is lower than it must be: this cannot go. Propose again."))
    return lines


def _break_glass(reason: str) -> list[Line]:
    lines = [Line("warning", "BREAK-GLASS: one person sends this alone; everybody is told; a second must ratify it.")]
    if len(reason.strip()) < MIN_BREAK_GLASS_REASON:
        lines.append(Line("warning", f"The reason is shorter than {MIN_BREAK_GLASS_REASON} characters."))
    return lines


def _target(index: int, target: Target, values: Mapping[str, JsonValue], names: Mapping[str, str]) -> list[Line]:
    name = values["name"]
    lines = [Line("heading", f"Target {index}: {shown(_plain(name))}{' (canary)' if target.canary else ''}")]
    lines += warnings_lines("name", _plain(name))
    lines += _fact("Selector", _plain(values["selector"]))
    lines += _fact("Where", f"{_called(target.surface, names)} through {_called(target.instance, names)}")
    lines += _fact("Lever", f"{target.lever} ({target.adapter}, {target.category}), model {target.model}")
    lines += _fact("Reaches", _REACHES[target.reach])
    lines.append(Line("warning" if target.reversal == "none" else "fact", f"Reversal: {_REVERSALS[target.reversal]}"))
    if target.selectors == 0:
        lines.append(Line("warning", "It reaches everybody on this surface."))
    if target.all_surfaces:
        lines.append(Line("warning", "It reaches all surfaces of the model."))
    if target.listed is not None:
        lines += _fact("List", f"{target.listed} entries")
    if target.credential is not None:
        lines += _fact("Credential", target.credential)
    if target.assignee is not None:
        lines += _fact("By hand, asked of", _called(target.assignee, names))
    for word, field in (("Parameters", "params"), ("As it is now", "pre")):
        lines += [line for path, text in _leaves(values[field]) for line in _fact(f"{word}{path}", text)]
    lines += _requests("Will be sent", values["requests"])
    return [*lines, *_requests("To revert", values["revert"])]


def _requests(word: str, value: JsonValue) -> list[Line]:
    if not isinstance(value, list):
        raise UnknownField(word, "expected a list of requests")
    if not value:
        return [Line("fact", f"{word}: nothing")]
    lines: list[Line] = []
    for number, request in enumerate(value, 1):
        if not isinstance(request, dict) or set(request) != _REQUEST_FIELDS:
            raise UnknownField(word, "this version does not know this form of request")
        lines.append(Line("heading", f"{word} ({number} of {len(value)})"))
        head = f"{_plain(request['method'])} {_plain(request['path'])}"
        kind = f"{_plain(request['content_type'])}, {_plain(request['encoding'])}, {_plain(request['effect'])}"
        body = _plain(request["body"])
        lines += [Line("request", shown(head)), Line("request", shown(f"[{kind}]"))]
        lines += [Line("request", shown(part)) for part in body.split("\n")] if body else []
        lines += warnings_lines("request", f"{head} {body}")
    return lines


def _windows(action: Action) -> list[Line]:
    lines = [Line("heading", "Until when")]
    lines += _fact("Approve by", _time(action.approve_by))
    lines += _fact("Carry out by", _time(action.execute_by))
    if action.execute_by_unreachable is not None:
        lines += _fact("If the provider is unreachable, by", _time(action.execute_by_unreachable))
    return lines + _fact("Look at it again by", "not set" if action.review_by is None else _time(action.review_by))


def _undo(action: Action) -> list[Line]:
    if action.undo_within_s is not None:
        text = f"any one signer may undo it within {action.undo_within_s} s, once, exactly to what is shown above"
        return _fact("Undo", text)
    if action.undoes is not None:
        return _fact("Undoes", f"the action with document {action.undoes}")
    return _fact("Undo", "no; giving it back needs its own approval")


# -- other documents ---------------------------------------------------------------------------------------------------


def _other(document: Document, names: Mapping[str, str], reason: str | None) -> list[Line]:
    if isinstance(document, Redaction):
        if reason is None:
            raise NotAllHere("the document", ["reason"])
        digests = sum(len(item.digests) for item in document.items)
        lines = [
            Line("heading", f"Delete {digests} value(s) from {len(document.items)} entries or documents, for ever")
        ]
        lines += _fact("Reason", reason)
        for item in document.items:
            lines += _fact("From", f"{item.entry or item.doc}: {', '.join(item.digests)}")
        return lines
    if isinstance(document, Rehearsal):
        lines = [Line("heading", "A rehearsal: it proves that you can sign, and can never be an action")]
        return lines + _fact("Person", _called(document.person, names)) + _fact("Role", document.role)
    if isinstance(document, Extension):
        lines = [Line("heading", "More time for the same bytes")]
        return lines + _fact("Action", f"{document.op} {document.doc}") + _fact("Until", _time(document.execute_by))
    if isinstance(document, Ratification):
        lines = [Line("heading", "Ratify what one person did under break-glass")]
        return lines + _fact("Action", f"{document.op} {document.doc}")
    if isinstance(document, Action):  # pragma: no cover  the caller has dealt with actions
        raise UnknownField("type", "an action is shown by its own text")
    lines = [Line("heading", f"Close incident {document.inc}: the record is complete up to these heads")]
    for feed, seq, head in document.frontier:
        lines += _fact("Feed", f"{feed} up to {seq}: {head}")
    return lines


# -- text --------------------------------------------------------------------------------------------------------------


def warnings_lines(word: str, text: str) -> list[Line]:
    """A warning for every way in which this text could look like something else."""
    return [Line("warning", f"Look closely at the {word}: {why}.") for why in warnings_about(text)]


def _fact(word: str, text: str) -> list[Line]:
    first, *rest = text.split("\n")
    lines = [Line("fact", f"{word}: {shown(first)}"), *(Line("fact", f"    {shown(more)}") for more in rest)]
    return [*lines, *warnings_lines(word.lower(), text)]


def _called(ident: str, names: Mapping[str, str]) -> str:
    name = names.get(ident)
    return f"{name} ({ident})" if name else f"{ident} (not named here)"


def _plain(value: JsonValue) -> str:
    """Text as it is; anything else as JSON, whole."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _leaves(value: JsonValue, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name in sorted(value):
            yield from _leaves(value[name], f"{path} {name}")
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path} {index + 1}")
    else:
        yield path, _plain(value) if not isinstance(value, dict | list) else "nothing"


def _time(at_ms: int) -> str:
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms since 1970"
