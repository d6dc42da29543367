"""What a signer reads, made from the very bytes that are signed: plain lines, the same in a terminal and in a window.

It refuses whatever it cannot show whole: an unknown field or word, a missing disclosure. It never shortens a target,
and never shows text whose look could deceive without saying so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from console.domain.actions import (
    Action,
    Closing,
    Extension,
    Ratification,
    Redaction,
    Rehearsal,
    parse_document,
)
from console.domain.agreements import concerns
from console.domain.clock_form import Clock
from console.domain.deceit import shown, warnings_about
from console.domain.facts import Facts
from console.domain.profile import JsonValue
from console.domain.sheet import (
    NotAllHere,
    Sheet,
    SheetRequest,
    SheetTarget,
    leaves,
    read_sheet,
    scope_of,
)

__all__ = ["REDACTION_LEAVES", "Line", "LineKind", "NotAllHere", "approval_text", "warnings_lines"]

LineKind = Literal["heading", "fact", "warning", "request"]
_Other = Redaction | Closing | Rehearsal | Extension | Ratification
MIN_BREAK_GLASS_REASON: Final = 20
UNDERSTATED: Final = "The signed gravity is lower than it must be: this cannot go. Propose again."
BREAK_GLASS: Final = "BREAK-GLASS: one person sends this alone; everybody is told; a second must ratify it."
REACHES: Final = {
    "everyone": "everyone who uses it",
    "our-customers": "our customers only; others may still be served",
    "only-us": "only ourselves; others are still served",
}
# whom a lever without a selector reaches, before the name of what it is pulled on
WHOLE: Final = {
    "everyone": "everybody on",
    "our-customers": "all our customers on",
    "only-us": "all our own use of",
}
REVERSALS: Final = {
    "exact": "can be reverted exactly",
    "best-effort": "can be reverted as far as the provider allows",
    "none": "CANNOT BE REVERTED",
}
REDACTION_LEAVES: Final = (
    "The entries stay, with who wrote them and when; everybody sees that something was redacted, by whom and why.",
    "Every console deletes it when it hears of this. One that is offline keeps it until then, in shared folders too.",
    "Copies that were exported, printed, photographed or backed up are not reached.",
    "It cannot be undone: nobody can bring the values back.",
)
DIRECTIONS: Final = {"contain": "Take away (contain)", "restore": "Give back (restore)"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line as shown: plain text without control or invisible characters, and what kind of line it is."""

    kind: LineKind
    text: str


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
        _action(read_sheet(document, disclosed, reason, lift_criteria, facts), names, if_not)
        if isinstance(document, Action)
        else _clock(document, names)
        if isinstance(document, Clock)
        else _other(document, names, reason)
    )
    if digest_words:
        lines = [*lines, Line("heading", "Compare on both screens"), Line("fact", shown(" ".join(digest_words)))]
    return lines


# -- actions -----------------------------------------------------------------------------------------------------------


def _action(sheet: Sheet, names: Mapping[str, str], if_not: str | None) -> list[Line]:
    action = sheet.action
    lines = [Line("heading", f"{DIRECTIONS[action.direction]}: {_how_many(action)}")]
    lines += [Line("fact", f"Action {action.op}, revision {action.rev}, incident {action.inc}, SEV-{action.severity}")]
    lines += _gravity(sheet)
    lines += [Line("heading", "Why"), *_fact("Reason", sheet.reason)]
    if sheet.lift_criteria is not None:
        word = "To be lifted when" if action.direction == "contain" else "Criteria of the lift"
        lines += _fact(word, sheet.lift_criteria)
    otherwise = if_not or sheet.parts.if_not or "the proposer has not said what happens otherwise"
    lines += _fact("If it is not done", otherwise)
    within_ms = action.execute_by - action.created
    lines += [Line("warning", shown(one)) for one in concerns(sheet.parts.agreements, within_ms)]
    if action.break_glass:
        lines += _break_glass(sheet.reason)
    for index, one in enumerate(sheet.targets, 1):
        lines += _target(index, one, names)
    return [*lines, *_windows(action), *_undo(action)]


def _how_many(action: Action) -> str:
    scope = scope_of(action.targets)
    parts = [f"{scope.targets} target(s) on {scope.surfaces} surface(s)"]
    parts.append(f"reaching {WHOLE[scope.widest]} it" if scope.widest else f"{scope.selected} selected")
    if scope.canaries:
        parts.append(f"{scope.canaries} of them canaries")
    return ", ".join(parts)


def _gravity(sheet: Sheet) -> list[Line]:
    lines = [Line("fact", f"Gravity as signed: {sheet.action.gravity}")]
    if sheet.weight is not None:
        lines.append(Line("fact", f"Gravity as computed here: {sheet.weight}. {sheet.why}"))
    if sheet.understated:
        lines.append(Line("warning", UNDERSTATED))
    return lines


def _break_glass(reason: str) -> list[Line]:
    lines = [Line("warning", BREAK_GLASS)]
    if len(reason.strip()) < MIN_BREAK_GLASS_REASON:
        lines.append(Line("warning", f"The reason is shorter than {MIN_BREAK_GLASS_REASON} characters."))
    return lines


def _target(index: int, one: SheetTarget, names: Mapping[str, str]) -> list[Line]:
    target = one.target
    lines = [Line("heading", f"Target {index}: {shown(one.name)}{' (canary)' if target.canary else ''}")]
    lines += warnings_lines("name", one.name)
    lines += _fact("Selector", one.selector)
    lines += _fact("Where", f"{_called(target.surface, names)} through {_called(target.instance, names)}")
    lines += _fact("Lever", f"{target.lever} ({target.adapter}, {target.category}), model {target.model}")
    lines += _fact("Reaches", REACHES[target.reach])
    lines.append(Line("warning" if target.reversal == "none" else "fact", f"Reversal: {REVERSALS[target.reversal]}"))
    if target.selectors == 0:
        lines.append(Line("warning", f"It reaches {WHOLE[target.reach]} this surface."))
    if target.all_surfaces:
        lines.append(Line("warning", "It reaches all surfaces of the model."))
    if target.listed is not None:
        lines += _fact("List", f"{target.listed} entries")
    if target.credential is not None:
        lines += _fact("Credential", target.credential)
    if target.assignee is not None:
        lines += _fact("By hand, asked of", _called(target.assignee, names))
    for word, field in (("Parameters", "params"), ("As it is now", "pre")):
        lines += [line for path, text in leaves(one.raw[field]) for line in _fact(f"{word}{path}", text)]
    lines += _requests("Will be sent", one.requests)
    return [*lines, *_requests("To revert", one.revert)]


def _requests(word: str, requests: Sequence[SheetRequest]) -> list[Line]:
    if not requests:
        return [Line("fact", f"{word}: nothing")]
    lines: list[Line] = []
    for number, request in enumerate(requests, 1):
        lines.append(Line("heading", f"{word} ({number} of {len(requests)})"))
        lines += [Line("request", shown(request.head)), Line("request", shown(f"[{request.kind}]"))]
        lines += [Line("request", shown(part)) for part in request.body.split("\n")] if request.body else []
        lines += warnings_lines("request", f"{request.head} {request.body}")
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


def _other(document: _Other, names: Mapping[str, str], reason: str | None) -> list[Line]:
    if isinstance(document, Redaction):
        if reason is None:
            raise NotAllHere("the document", ["reason"])
        digests = sum(len(item.digests) for item in document.items)
        lines = [
            Line("heading", f"Delete {digests} value(s) from {len(document.items)} entries or documents, for ever")
        ]
        lines += _fact("Reason", reason)
        for item in document.items:
            holder = item.entry or item.doc or ""
            lines += _fact("From", names.get(holder, holder))
            for digest in item.digests:
                lines += _fact("Delete", names.get(digest, digest))
        return [*lines, Line("heading", "What this cannot do"), *(Line("fact", one) for one in REDACTION_LEAVES)]
    if isinstance(document, Rehearsal):
        lines = [Line("heading", "A rehearsal: it proves that you can sign, and can never be an action")]
        return lines + _fact("Person", _called(document.person, names)) + _fact("Role", document.role)
    if isinstance(document, Extension):
        lines = [Line("heading", "More time for the same bytes")]
        return lines + _fact("Action", f"{document.op} {document.doc}") + _fact("Until", _time(document.execute_by))
    if isinstance(document, Ratification):
        lines = [Line("heading", "Ratify what one person did under break-glass")]
        return lines + _fact("Action", f"{document.op} {document.doc}")
    lines = [Line("heading", f"Close incident {document.inc}: the record is complete up to these heads")]
    for feed, seq, head in document.frontier:
        lines += _fact("Feed", f"{feed} up to {seq}: {head}")
    return lines


def _clock(document: Clock, names: Mapping[str, str]) -> list[Line]:
    lines = [Line("heading", "Confirm the time of a console whose clock went back")]
    lines += _fact("Console", _called(document.console, names))
    lines += _fact("It showed", _time(document.created))
    lines += _fact("It serves until", f"{_time(document.approve_by)}, unless that clock is set or starts anew before")
    lines += _fact("It frees there", "restores, redactions and what is irreversible; each still needs its own people")
    return [*lines, Line("warning", "Compare with a watch of your own: a time that is wrong lets old approvals serve.")]


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


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
