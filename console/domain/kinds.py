"""Entry kinds: which feed writes them, what their public part holds, which disclosures they may carry.

A kind that is not here comes from a newer version: it is kept and shown as unknown, never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from console.domain import shape
from console.domain.actions import CATEGORIES, DIRECTIONS, DOC_TYPES, REACHES
from console.domain.errors import BadForm
from console.domain.forms import ROLES
from console.domain.profile import JsonValue

PHASES = ("preparation", "analysis", "execution", "recovery")
STATUSES = ("declared", "analysing", "correcting", "holding", "recovering", "closed", "reopened")
CALLS = ("signature", "break-glass", "ratify", "drift", "failed", "lapse", "command", "stop", "undo", "clock")
EVIDENCE = ("credential", "canary", "usage", "client-view")

_OF = {"of": shape.list_of(shape.sha256, most=200)}
_DOC = {"doc": shape.sha256}
_RECORD = {"doc": shape.sha256, "record": shape.base64_text, "sig": shape.base64_text}
# one moment decides: what the deciding console held when quorum was first met (section 7.1)
_AUTHORISED: dict[str, shape.Check] = {
    "doc": shape.sha256,
    "records": shape.list_of(shape.sha256, most=64),
    "roster": shape.pair,
    "policy": shape.sha256,
    "now": shape.moment,
    "clock": shape.one_of(("trusted", "doubtful")),
    "seen": shape.heads,
    "verdict": shape.one_of(("approved",)),
}
_STEP: dict[str, shape.Check] = {"doc": shape.sha256, "target": shape.whole, "attempt": shape.whole}
_TLP = shape.one_of(("clear", "green", "amber", "amber+strict", "red"))
# what any entry's public part may hold besides its own fields
_ANYWHERE: dict[str, shape.Check] = {
    "of": _OF["of"],
    "tlp": _TLP,
    "privileged": shape.flag,
    "quoted": shape.flag,
    "shareable": shape.flag,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its writer, the fields its `pub` must hold, those it may hold, and the disclosures it may carry."""

    writer: Literal["person", "console", "either"]
    needs: dict[str, shape.Check] = field(default_factory=dict)
    may: dict[str, shape.Check] = field(default_factory=dict)
    discloses: tuple[str, ...] = ("text", "occurred", "speaker", "source")


def _severity(value: object, where: str) -> int:
    number = shape.whole(value, where)
    if 1 <= number <= 4:  # noqa: PLR2004  SEV-1 to SEV-4
        return number
    raise BadForm(where, "expected a severity from 1 to 4")


_WORDS = ("text", "occurred", "speaker", "source")
_REASON = ("text", "reason", "occurred")
_ANSWER = ("text", "request_id", "response", "fields", "why")

KINDS: dict[str, Kind] = {
    # a feed's life
    "feed.open": Kind(
        "either",
        {
            "key": shape.public_key,
            "console": shape.id_of("c"),
            "nonce": shape.nonce,
            "continues": shape.or_null(shape.head),
        },
        {},
        (),
    ),
    "self-test": Kind("person"),
    "organisation.adopted": Kind("person", {"roster": shape.sha256, "heads": shape.heads}),
    "roster.proposed": Kind("person", _DOC, {}, _REASON),
    "roster.adopted": Kind("console", {"roster": shape.pair}),
    "lodging": Kind("person"),
    # what people write
    "note": Kind("person"),
    "observation": Kind("person"),
    "decision": Kind("person"),
    "decision.not-to-act": Kind("person"),
    "objection": Kind("person"),
    "witness": Kind("person"),
    "task": Kind("person"),
    "communication": Kind("person"),
    "notification": Kind("person", {}, {"regime": shape.text}),
    "knowledge.fact": Kind("person", {"since_ms": shape.moment}, {}, (*_WORDS, "who", "signal")),
    "awareness.determination": Kind("person", {"regime": shape.text, "at_ms": shape.moment}),
    "evidence": Kind(
        "person",
        {"class": shape.one_of(("open", "need-to-know", "held"))},
        {},
        ("blob", "text", "how", "occurred", "source"),
    ),
    "amendment": Kind("person", _OF),
    "retraction": Kind("person", _OF, {}, _REASON),
    # an incident's life
    "incident.declared": Kind("person", {"severity": _severity}, {"serious": shape.flag}, ("title", *_WORDS)),
    "incident.link": Kind("person", _OF),
    "severity.changed": Kind("person", {"severity": _severity}, {}, _REASON),
    "phase.changed": Kind("person", {"phase": shape.one_of(PHASES)}, {}, _REASON),
    "status.changed": Kind("person", {"status": shape.one_of(STATUSES)}, {}, _REASON),
    "role.assigned": Kind("person", {"person": shape.id_of("p"), "role": shape.one_of(ROLES)}, {}, _REASON),
    "role.released": Kind("person", {"person": shape.id_of("p"), "role": shape.one_of(ROLES)}, {}, _REASON),
    "command.offered": Kind("person", {"to": shape.id_of("p")}, {}, (*_REASON, "briefing")),
    "command.accepted": Kind("person", _OF, {}, _REASON),
    "command.assumed": Kind("person", {}, {}, _REASON),
    # corrections, by people
    "correction.proposed": Kind("person", {"doc": shape.sha256, "rev": shape.whole}, {}, _REASON),
    "correction.approved": Kind("person", _RECORD, {}, _REASON),
    "correction.refused": Kind("person", _RECORD, {}, _REASON),
    "correction.cancelled": Kind("person", _DOC, {}, _REASON),
    "correction.attested": Kind(
        "person",
        {
            "doc": shape.or_null(shape.sha256),
            "target": shape.or_null(shape.whole),
            "done_ms": shape.moment,
            "direction": shape.one_of(DIRECTIONS),
            "category": shape.one_of(CATEGORIES),
        },
        {
            "surface": shape.id_of("t"),
            "instance": shape.id_of("g"),
            "lever": shape.text,
            "outcome": shape.one_of(("done", "promised", "declined")),
        },
        ("text", "name", "selector", "ticket", "contact", "blob", "occurred", "reason"),
    ),
    # other documents that are approved
    "document.proposed": Kind("person", {"doc": shape.sha256, "doc_type": shape.one_of(DOC_TYPES)}, {}, _REASON),
    "document.approved": Kind("person", _RECORD, {}, _REASON),
    "document.refused": Kind("person", _RECORD, {}, _REASON),
    # what the console records by itself
    "approval.received": Kind("console", _RECORD, {"carried_by": shape.or_null(shape.sha256)}, ()),
    "dispatch.authorised": Kind("console", _AUTHORISED, {}, ()),
    "dispatch.held": Kind("console", {"doc": shape.sha256, "target": shape.whole}, {}, _ANSWER),
    "dispatch.intent": Kind(
        "console",
        {
            **_STEP,
            "requests": shape.sha256,
            "step": shape.one_of(("apply", "revert")),
            "pre": shape.one_of(("same", "not-laxer", "unread")),
            "verdict": shape.one_of(("approved",)),
        },
        {},
        (*_ANSWER, "blob"),  # the exact requests, where they are not those that were signed (0169)
    ),
    "dispatch.accepted": Kind(
        "console", {**_STEP, "outcome": shape.one_of(("accepted", "already-so", "attested"))}, {}, _ANSWER
    ),
    "dispatch.recorded": Kind("console", _STEP, {}, _ANSWER),
    "dispatch.enforced": Kind(
        "console",
        {
            **_STEP,
            "evidence": shape.one_of(EVIDENCE),
            "probes": shape.whole,
            "since": shape.moment,
            "until": shape.moment,
        },
        {},
        _ANSWER,
    ),
    "dispatch.passed": Kind("console", {**_STEP, "passes": shape.whole}, {}, _ANSWER),
    "dispatch.unmeasurable": Kind("console", _STEP, {}, _ANSWER),
    "dispatch.unknown": Kind("console", _STEP, {}, _ANSWER),
    "dispatch.requeued": Kind("console", _STEP, {}, _ANSWER),
    "dispatch.failed": Kind("console", _STEP, {}, _ANSWER),
    "dispatch.stale": Kind("console", {"doc": shape.sha256, "target": shape.whole}, {}, _ANSWER),
    "dispatch.expired": Kind("console", {"doc": shape.sha256, "target": shape.whole}, {}, _ANSWER),
    "dispatch.cancelled": Kind("console", {"doc": shape.sha256, "target": shape.whole}, {}, _ANSWER),
    "dispatch.attention": Kind("console", {"doc": shape.sha256, "target": shape.whole}, {}, _ANSWER),
    "dispatch.drifted": Kind("console", {"doc": shape.sha256, "target": shape.whole}, {}, _ANSWER),
    "redaction.authorised": Kind("console", _AUTHORISED, {}, ()),
    "redact.done": Kind("console", _DOC, {}, ()),
    "closing.authorised": Kind("console", _AUTHORISED, {}, ()),
    "reading.observed": Kind(
        "console",
        {
            "instance": shape.id_of("g"),
            "surface": shape.or_null(shape.id_of("t")),
            "what": shape.one_of(("read-back", "probe")),
            "verdict": shape.one_of(("in-effect", "not-in-effect", "cannot-tell", "refused", "passed")),
            "count": shape.whole,
        },
        {},
        ("text", "name", "selector", "fields"),
    ),
    "provider.unreachable": Kind("console", {"instance": shape.id_of("g"), "since": shape.moment}, {}, _ANSWER),
    "provider.reachable": Kind("console", {"instance": shape.id_of("g"), "since": shape.moment}, {}, _ANSWER),
    # one page for one person; no `subj`: a version that does not know the kind would send the op to attention for it
    "call.paged": Kind(
        "console",
        {
            "doc": shape.or_null(shape.sha256),
            "person": shape.id_of("p"),
            "at": shape.moment,
            "why": shape.one_of(CALLS),
            "taken": shape.flag,
        },
        {},
        ("text", "hook", "answer"),
    ),
    "fork.proof": Kind(
        "console",
        {"feed": shape.sha256, "seq": shape.whole, "ids": shape.list_of(shape.sha256, least=2, most=16)},
        {},
        ("entries",),
    ),
    # inventory, organisation-wide
    "provider.added": Kind("person", {"instance": shape.id_of("g"), "adapter": shape.text}, {}, ("name", "text")),
    "provider.removed": Kind("person", {"instance": shape.id_of("g")}, {}, _REASON),
    "surface.added": Kind(
        "person",
        {
            "surface": shape.id_of("t"),
            "instance": shape.id_of("g"),
            "model": shape.model_name,
            "kind": shape.one_of(("public", "partner", "internal")),
            "control": shape.one_of(("developer", "cloud", "reseller", "none")),
            "reach": shape.one_of(REACHES),
        },
        {},
        ("name", "key", "text"),
    ),
    "surface.removed": Kind("person", {"surface": shape.id_of("t")}, {}, _REASON),
    "drill.result": Kind("person", {"bundle": shape.sha256}),
}


def check_kind(kind: str, pub: dict[str, JsonValue], discloses: tuple[str, ...] | None = None) -> Kind | None:
    """Check the public part (and, when writing, the disclosure names) of a known kind; None for an unknown kind.

    Raises:
        BadForm: when a known kind's public part is not its form, or a disclosure has no place in it.
    """
    known = KINDS.get(kind)
    if known is None:
        return None
    shape.check_object(pub, "pub", known.needs, spare=True)
    for name, value in pub.items():
        check = known.may.get(name) or _ANYWHERE.get(name)
        if name not in known.needs and check is None:
            raise BadForm(f"pub.{name}", f"{kind} has no such field")
        if name not in known.needs and check is not None:
            check(value, f"pub.{name}")
    for name in discloses or ():
        if name not in known.discloses:
            raise BadForm(name, f"{kind} does not carry this disclosure")
    return known
