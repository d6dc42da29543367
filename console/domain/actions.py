"""The documents people approve: action, approval record, redaction, closing, rehearsal, ratification, extension, clock.

Forms of protocol.md sections 11 and 12. An unknown field or word means the document cannot be approved here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from console.domain import shape
from console.domain.clock_form import CLOCK_FIELDS, Clock
from console.domain.errors import BadForm
from console.domain.forms import GRAVITIES, Head, RosterRef
from console.domain.profile import MAX_TARGETS, JsonValue

CATEGORIES = ("user", "frequency", "capability", "use-case", "shutdown")
REVERSALS = ("exact", "best-effort", "none")
REACHES = ("everyone", "our-customers", "only-us")
CREDENTIALS = ("verified-replacement", "unused-24h", "in-use")
DIRECTIONS = ("contain", "restore")
DOC_TYPES = (
    "action.v1", "redaction.v1", "closing.v1", "ratification.v1", "extension.v1", "rehearsal.v1", "clock.v1",
)  # fmt: skip
MANUAL = "manual"
ASK = "manual.ask"
# what a target discloses; a missing one means: cannot approve, cannot dispatch
TARGET_DISCLOSURES = ("name", "selector", "params", "pre", "requests", "revert")


def _listing(value: object, where: str) -> int:
    return int(shape.check_object(value, where, {"count": shape.whole})["count"])


_TARGET: dict[str, shape.Check] = {
    "surface": shape.id_of("t"),
    "instance": shape.id_of("g"),
    "adapter": shape.matching(r"[a-z][a-z0-9_]{0,31}/[0-9]{1,4}", "an adapter name and version like litellm/1"),
    "lever": shape.matching(r"[a-z][a-z0-9._-]{0,63}", "a lever"),
    "category": shape.one_of(CATEGORIES),
    "model": shape.model_name,
    "reach": shape.one_of(REACHES),
    "assignee": shape.or_null(shape.id_of("p")),
    "reversal": shape.one_of(REVERSALS),
    "selectors": shape.whole,
    "all_surfaces": shape.flag,
    "credential": shape.or_null(shape.one_of(CREDENTIALS)),
    "canary": shape.flag,
    "dispatchers": shape.list_of(shape.sha256, most=16, least=1),
    "list": shape.or_null(_listing),
    "_sd": shape.sorted_digests,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing one lever is pulled on, at one surface. What it is called and what is sent are disclosures.

    `selectors` counts the users, keys or teams selected; 0 means the lever reaches everybody on the surface.
    `listed` is the count of a list target, else None. `dispatchers` are machine feeds, first in line first.
    """

    surface: str
    instance: str
    adapter: str
    lever: str
    category: str
    model: str
    reach: str
    assignee: str | None
    reversal: str
    selectors: int
    all_surfaces: bool
    credential: str | None
    canary: bool
    dispatchers: tuple[str, ...]
    listed: int | None
    sd: tuple[str, ...]

    @property
    def by_hand(self) -> bool:
        """Whether a person carries it out."""
        return self.adapter.split("/", 1)[0] == MANUAL

    @property
    def by_word(self) -> bool:
        """Whether only people can say what became of it: nothing of it can be read."""
        return self.by_hand and self.lever == ASK

    def as_json(self) -> dict[str, JsonValue]:
        """The public part of the target, as signed."""
        return {
            "surface": self.surface, "instance": self.instance, "adapter": self.adapter, "lever": self.lever,
            "category": self.category, "model": self.model, "reach": self.reach, "assignee": self.assignee,
            "reversal": self.reversal, "selectors": self.selectors, "all_surfaces": self.all_surfaces,
            "credential": self.credential, "canary": self.canary, "dispatchers": list(self.dispatchers),
            "list": None if self.listed is None else {"count": self.listed}, "_sd": list(self.sd),
        }  # fmt: skip


def _target(value: object, where: str) -> Target:
    found = shape.check_object(value, where, _TARGET)
    return Target(sd=found.pop("_sd"), listed=found.pop("list"), **found)


def _undo(value: object, where: str) -> int:
    fields = {"within_s": shape.whole, "by": shape.constant("any-signer")}
    within_s = int(shape.check_object(value, where, fields)["within_s"])
    return shape.length(within_s * 1000, f"{where}.within_s") // 1000


def _severity(value: object, where: str) -> int:
    number = shape.whole(value, where)
    if 1 <= number <= 4:  # noqa: PLR2004  SEV-1 to SEV-4
        return number
    raise BadForm(where, "expected a severity from 1 to 4")


def _revision(value: object, where: str) -> int:
    number = shape.whole(value, where)
    if number >= 1:
        return number
    raise BadForm(where, "revisions start at 1")


_ACTION: dict[str, shape.Check] = {
    "type": shape.constant("action.v1"),
    "org": shape.org,
    "op": shape.id_of("a"),
    "rev": _revision,
    "inc": shape.id_of("i"),
    "direction": shape.one_of(DIRECTIONS),
    "gravity": shape.one_of(GRAVITIES),
    "severity": _severity,
    "break_glass": shape.flag,
    "targets": shape.list_of(_target, most=MAX_TARGETS, least=1),
    "reason_sd": shape.digest,
    "lift_criteria_sd": shape.or_null(shape.digest),
    "created": shape.moment,
    "approve_by": shape.moment,
    "execute_by": shape.moment,
    "execute_by_unreachable": shape.or_null(shape.moment),
    "review_by": shape.or_null(shape.moment),
    "undo": shape.or_null(_undo),
    "undoes": shape.or_null(shape.sha256),
    "roster": shape.pair,
    "policy": shape.sha256,
    "supersedes": shape.or_null(shape.sha256),
}
MAX_EXECUTION_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A correction as people sign it. Times are ms since the epoch; `undo_within_s` is None where there is no undo.

    `undoes` names the action this one reverts within its undo window; `supersedes` an earlier revision.
    """

    org: str
    op: str
    rev: int
    inc: str
    direction: Literal["contain", "restore"]
    gravity: Literal["normal", "high", "critical"]
    severity: int
    break_glass: bool
    targets: tuple[Target, ...]
    reason_sd: str
    lift_criteria_sd: str | None
    created: int
    approve_by: int
    execute_by: int
    execute_by_unreachable: int | None
    review_by: int | None
    undo_within_s: int | None
    undoes: str | None
    roster: RosterRef
    policy: str
    supersedes: str | None

    @staticmethod
    def parse(value: JsonValue) -> Action:
        """Read an action document.

        Raises:
            UnknownField: for a field or word of a newer version (cannot be approved here).
            BadForm: for anything else that is not the form, or windows that contradict each other.
        """
        found = shape.check_object(value, "", _ACTION)
        found.pop("type")
        action = Action(undo_within_s=found.pop("undo"), **found)
        if not action.created <= action.approve_by <= action.execute_by:
            raise BadForm("execute_by", "created, approve_by and execute_by are not in order")
        last = max(action.execute_by, action.execute_by_unreachable or 0)
        if last - action.created > MAX_EXECUTION_MS:
            raise BadForm("execute_by", "it lies more than 24 h after created")
        if action.execute_by_unreachable is not None and action.direction != "contain":
            raise BadForm("execute_by_unreachable", "only containment may wait longer for a connection")
        if action.break_glass and action.direction != "contain":
            raise BadForm("break_glass", "break-glass is for containment only")
        if action.undoes is not None and action.direction != "restore":
            raise BadForm("undoes", "an undo is of direction restore")
        if (action.rev == 1) != (action.supersedes is None):
            raise BadForm("supersedes", "it is null exactly in revision 1")
        return action

    def as_json(self) -> dict[str, JsonValue]:
        """The object whose canonical bytes are approved."""
        return {
            "type": "action.v1", "org": self.org, "op": self.op, "rev": self.rev, "inc": self.inc,
            "direction": self.direction, "gravity": self.gravity, "severity": self.severity,
            "break_glass": self.break_glass, "targets": [target.as_json() for target in self.targets],
            "reason_sd": self.reason_sd, "lift_criteria_sd": self.lift_criteria_sd, "created": self.created,
            "approve_by": self.approve_by, "execute_by": self.execute_by,
            "execute_by_unreachable": self.execute_by_unreachable, "review_by": self.review_by,
            "undo": None if self.undo_within_s is None else {"within_s": self.undo_within_s, "by": "any-signer"},
            "undoes": self.undoes, "roster": list(self.roster), "policy": self.policy, "supersedes": self.supersedes,
        }  # fmt: skip


_APPROVAL: dict[str, shape.Check] = {
    "type": shape.constant("approval.v1"),
    "org": shape.org,
    "doc": shape.sha256,
    "doc_type": shape.one_of(DOC_TYPES),
    "op": shape.or_null(shape.id_of("a")),
    "decision": shape.one_of(("approve", "refuse")),
    "person": shape.id_of("p"),
    "key": shape.fingerprint,
    "console": shape.id_of("c"),
    "seat": shape.one_of(("own", "shared")),
    "at": shape.moment,
    "roster": shape.pair,
    "nonce": shape.nonce,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRecord:
    """What one person signed about one document: decision, person, key, console, seat, time (evidence only)."""

    org: str
    doc: str
    doc_type: str
    op: str | None
    decision: Literal["approve", "refuse"]
    person: str
    key: str
    console: str
    seat: Literal["own", "shared"]
    at: int
    roster: RosterRef
    nonce: str

    @staticmethod
    def parse(value: JsonValue) -> ApprovalRecord:
        """Read an approval record.

        Raises:
            BadForm: on any departure from the form.
        """
        found = shape.check_object(value, "", _APPROVAL)
        found.pop("type")
        record = ApprovalRecord(**found)
        if (record.op is None) == (record.doc_type in ("action.v1", "extension.v1", "ratification.v1")):
            raise BadForm("op", "an action has an op, other documents have none")
        return record

    def as_json(self) -> dict[str, JsonValue]:
        """The object whose canonical bytes the approver key signs."""
        return {
            "type": "approval.v1", "org": self.org, "doc": self.doc, "doc_type": self.doc_type, "op": self.op,
            "decision": self.decision, "person": self.person, "key": self.key, "console": self.console,
            "seat": self.seat, "at": self.at, "roster": list(self.roster), "nonce": self.nonce,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionItem:
    """Digests to be forgotten, and the one entry or document (exactly one is set) that carries them."""

    entry: str | None
    doc: str | None
    digests: tuple[str, ...]


def _item(value: object, where: str) -> RedactionItem:
    holder = "entry" if isinstance(value, dict) and "entry" in value else "doc"
    found = shape.check_object(
        value, where, {holder: shape.sha256, "digests": shape.list_of(shape.digest, least=1, most=1000)}
    )
    return RedactionItem(
        entry=found[holder] if holder == "entry" else None,
        doc=found[holder] if holder == "doc" else None,
        digests=found["digests"],
    )


def _item_json(item: RedactionItem) -> dict[str, JsonValue]:
    holder: dict[str, JsonValue] = {"entry": item.entry} if item.entry is not None else {"doc": item.doc}
    return {**holder, "digests": list(item.digests)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What is to be forgotten by everybody: items, and the digest of the reason."""

    doc_type: ClassVar[str] = "redaction.v1"
    org: str
    inc: str | None
    items: tuple[RedactionItem, ...]
    reason_sd: str
    roster: RosterRef
    created: int
    approve_by: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """An incident's end: the head of every feed, up to which the record is complete."""

    doc_type: ClassVar[str] = "closing.v1"
    org: str
    inc: str
    frontier: tuple[Head, ...]
    roster: RosterRef
    created: int
    approve_by: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """Proof that a person can sign; a form that can never be an action."""

    doc_type: ClassVar[str] = "rehearsal.v1"
    org: str
    person: str
    role: str
    roster: RosterRef
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratification:
    """A second person's ratification of what one did under break-glass."""

    doc_type: ClassVar[str] = "ratification.v1"
    org: str
    doc: str
    op: str
    roster: RosterRef
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """More time for the same bytes: a later `execute_by` in ms."""

    doc_type: ClassVar[str] = "extension.v1"
    org: str
    doc: str
    op: str
    execute_by: int
    roster: RosterRef
    created: int


Document = Action | Redaction | Closing | Rehearsal | Ratification | Extension | Clock
_COMMON: dict[str, shape.Check] = {"org": shape.org, "roster": shape.pair, "created": shape.moment}
_SMALL: dict[str, tuple[type[Any], dict[str, shape.Check]]] = {
    "redaction.v1": (
        Redaction,
        {
            "inc": shape.or_null(shape.id_of("i")),
            "items": shape.list_of(_item, least=1, most=1000),
            "reason_sd": shape.digest,
            "approve_by": shape.moment,
        },
    ),
    "closing.v1": (Closing, {"inc": shape.id_of("i"), "frontier": shape.heads, "approve_by": shape.moment}),
    "rehearsal.v1": (Rehearsal, {"person": shape.id_of("p"), "role": shape.text}),
    "ratification.v1": (Ratification, {"doc": shape.sha256, "op": shape.id_of("a")}),
    "extension.v1": (Extension, {"doc": shape.sha256, "op": shape.id_of("a"), "execute_by": shape.moment}),
    "clock.v1": (Clock, CLOCK_FIELDS),
}


def parse_document(value: JsonValue) -> Document:
    """Read any document that can be approved.

    Raises:
        UnknownField: for a type, field or word this version does not know.
        BadForm: for any other departure from the form.
    """
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "action.v1":
        return Action.parse(value)
    known = shape.one_of(_SMALL)(kind, "type")
    made, fields = _SMALL[known]
    found = shape.check_object(value, "", {"type": shape.constant(known), **_COMMON, **fields})
    found.pop("type")
    document: Document = made(**found)
    return document


def document_json(document: Document) -> dict[str, JsonValue]:
    """The object whose canonical bytes people approve."""
    if isinstance(document, Action):
        return document.as_json()
    made: dict[str, JsonValue] = {"type": document.doc_type}
    for name in document.__dataclass_fields__:
        if name == "doc_type":
            continue
        made[name] = _plain(getattr(document, name))
    return made


def _plain(value: object) -> JsonValue:
    if isinstance(value, RedactionItem):
        return _item_json(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    raise BadForm("", f"{type(value).__name__} has no signed form")


def missing_disclosures(names: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The names of a target's disclosures that are missing from `names`, in the fixed order."""
    return tuple(name for name in TARGET_DISCLOSURES if name not in names)
