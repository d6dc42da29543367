"""The life of corrections, folded from entries in order (protocol.md section 6).

Only recorded steps move a state: nothing is taken to be done that no entry says. It verifies no signature.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from console.domain.actions import Action, Document
from console.domain.corrections import (
    BEFORE_DISPATCH,
    IN_EFFECT,
    OVER,
    Authorised,
    CorrectionState,
    RevisionState,
    TargetState,
)
from console.domain.kinds import KINDS
from console.domain.seen import Seen, carried


@dataclass(slots=True)
class _Op:
    op: str
    revisions: dict[str, RevisionState] = field(default_factory=dict)
    attention: list[str] = field(default_factory=list)


class CorrectionsFold:
    """Takes entries in order and keeps the corrections of one incident; `states` gives them as values.

    `led` are those who ever commanded or deputised in it: they may cancel what others proposed.
    """

    def __init__(self, documents: Mapping[str, Document], led: Container[str]) -> None:
        self._documents = documents
        self._led = led
        self._ops: dict[str, _Op] = {}
        self._op_of: dict[str, str] = {}
        self._places: dict[str, tuple[str, int]] = {}
        self._steps: dict[str, Callable[[RevisionState, Seen], RevisionState]] = {
            "correction.approved": self._approve,
            "correction.refused": self._approve,
            "approval.received": self._approve,
            "correction.cancelled": self._cancel,
            "correction.attested": self._attest,
            "dispatch.authorised": self._authorise,
            **dict.fromkeys(_STEP_STATES, self._step),
        }

    def states(self) -> tuple[CorrectionState, ...]:
        """The corrections, in the order of their first entry."""
        return tuple(
            CorrectionState(
                op=op.op,
                revisions=tuple(sorted(op.revisions.values(), key=lambda one: one.rev)),
                attention=tuple(op.attention),
            )
            for op in self._ops.values()
            if op.revisions
        )

    def take(self, entry: Seen) -> None:
        """Fold one entry in."""
        self._places[entry.id] = (entry.feed, entry.seq)
        if entry.kind not in KINDS:
            if entry.subj is not None:
                why = f"An entry of the unknown kind {entry.kind} concerns it: update this console."
                self._op(entry.subj).attention.append(why)
            return
        if entry.kind == "correction.proposed":
            self._propose(entry)
        doc = entry.words("doc")
        if doc not in self._op_of:
            self._adopt(entry, doc)
        if entry.kind == "reading.observed" and entry.subj in self._ops:
            self._look_again(self._ops[entry.subj], entry)
        step = self._steps.get(entry.kind)
        if doc in self._op_of and step is not None:
            self._change(doc, step(self._revision(doc), entry))

    @staticmethod
    def _look_again(op: _Op, entry: Seen) -> None:
        """A later look that found it as it was found before; what it found undone is a step of its own."""
        if entry.author is not None or entry.words("verdict") not in ("in-effect", "refused"):
            return
        for doc, revision in op.revisions.items():
            for target in revision.targets:
                if target.entry in entry.about:
                    op.revisions[doc] = _put(revision, replace(target, checked_ms=entry.hlc[0]))
                    return

    # -- finding the revision ------------------------------------------------------------------------------------------

    def _op(self, name: str) -> _Op:
        return self._ops.setdefault(name, _Op(name))

    def _revision(self, doc: str) -> RevisionState:
        return self._ops[self._op_of[doc]].revisions[doc]

    def _change(self, doc: str, revision: RevisionState) -> None:
        self._ops[self._op_of[doc]].revisions[doc] = revision

    def _adopt(self, entry: Seen, doc: str) -> None:
        """A step about a document whose proposal is not here (yet): known all the same."""
        if entry.subj is not None and entry.kind in self._steps and doc:
            self._begin(entry.subj, doc, 0, None, entry)

    def _begin(self, op: str, doc: str, rev: int, proposer: str | None, entry: Seen) -> None:
        found = self._documents.get(doc)
        document = found if isinstance(found, Action) and found.op == op else None
        self._op_of[doc] = op
        count = len(document.targets) if document else 0
        self._op(op).revisions[doc] = RevisionState(
            doc=doc,
            rev=document.rev if document else rev,
            proposer=proposer,
            entry=entry.id if proposer else None,
            proposed_ms=entry.hlc[0],
            document=document,
            targets=tuple(TargetState(index, "proposed", entry.hlc[0], entry=entry.id) for index in range(count)),
        )

    # -- what people do ------------------------------------------------------------------------------------------------

    def _propose(self, entry: Seen) -> None:
        doc, op = entry.words("doc"), entry.subj
        if op is None or entry.author is None:
            return
        if doc in self._op_of:
            before = self._revision(doc)
            if before.proposer is None and self._op_of[doc] == op:
                self._change(
                    doc, replace(before, proposer=entry.author, entry=entry.id, rev=before.rev or entry.number("rev"))
                )
            return
        self._begin(op, doc, entry.number("rev"), entry.author, entry)
        mine = self._revision(doc)
        for other in self._op(op).revisions.values():
            if other.rev < mine.rev:
                self._change(other.doc, _all(other, BEFORE_DISPATCH, "superseded", entry))
            elif other.rev > mine.rev:
                self._change(doc, _all(self._revision(doc), BEFORE_DISPATCH, "superseded", entry))

    def _approve(self, revision: RevisionState, entry: Seen) -> RevisionState:
        found = carried(entry)
        if found is None or found.record.op != entry.subj:
            return revision
        revision = replace(revision, approvals=(*revision.approvals, found))
        # a person's own entry, or the deciding console's receipt; whether the signature holds, quorum's caller checks
        if found.record.decision != "refuse" or (entry.author is not None and entry.author != found.record.person):
            return revision
        revision = replace(revision, refused=(*revision.refused, entry.id))
        return self._end(revision, "refused", entry)

    def _cancel(self, revision: RevisionState, entry: Seen) -> RevisionState:
        author = entry.author
        if author is None or revision.cancelled is not None:
            return revision
        if author != revision.proposer and author not in revision.approvers and author not in self._led:
            return revision
        return self._end(replace(revision, cancelled=entry.id), "cancelled", entry)

    def _end(self, revision: RevisionState, state: str, entry: Seen) -> RevisionState:
        """End what has not been decided yet; where a decision had not seen it, it is late and the console answers."""
        if any(decision.seen.get(entry.feed, -1) < entry.seq for decision in revision.authorised):
            return replace(revision, late=(*revision.late, entry.id))
        return _all(revision, BEFORE_DISPATCH, state, entry)

    def _attest(self, revision: RevisionState, entry: Seen) -> RevisionState:
        outcome = entry.words("outcome") or "done"
        state = {"done": "attested", "declined": "attention"}.get(outcome)
        target = _target(revision, entry.number("target", -1))
        if target is None or target.state in ("recorded", "enforced", "unmeasurable", *OVER):
            return revision
        detail = entry.disclosed_text("text", "reason")
        return _put(revision, _moved(target, state or target.state, entry, detail=detail))

    # -- what consoles record ------------------------------------------------------------------------------------------

    def _authorise(self, revision: RevisionState, entry: Seen) -> RevisionState:
        if entry.author is not None or not _is_named(revision, entry):
            return revision
        decision = _decision(entry)
        revision = replace(revision, authorised=(*revision.authorised, decision))
        seen = decision.seen
        told = (*revision.refused, *((revision.cancelled,) if revision.cancelled else ()))
        late = [name for name in told if seen.get(self._places[name][0], -1) < self._places[name][1]]
        revision = replace(revision, late=tuple(sorted({*revision.late, *late})))
        targets: list[TargetState] = []
        for target in revision.targets:
            mine = revision.document is None or entry.feed in revision.document.targets[target.index].dispatchers
            movable = target.state in ("proposed", "approved") or (
                bool(late) and target.state in ("refused", "cancelled")
            )
            state = "queued" if mine else "approved"
            targets.append(_moved(target, state, entry) if movable else target)
        return replace(revision, targets=tuple(targets))

    def _step(self, revision: RevisionState, entry: Seen) -> RevisionState:
        index = entry.number("target", -1)
        target = _target(revision, index) or _unlisted(revision, index, entry)
        if target is None or not _may_dispatch(revision, index, entry):
            return revision
        attempt = entry.number("attempt", target.attempt)
        state = _STEP_STATES[entry.kind]
        if attempt < target.attempt or (attempt == target.attempt and _goes_back(target.state, state)):
            return revision
        moved = _result(target, state, entry, attempt)
        revision = _put(revision, moved)
        self._lift(revision, moved, entry)
        return revision

    def _lift(self, revision: RevisionState, target: TargetState, entry: Seen) -> None:
        """What an action gives back is lifted where the action that took it stands."""
        action = revision.document
        if action is None or action.undoes is None or action.undoes not in self._op_of:
            return
        before = self._revision(action.undoes)
        lifted = _target(before, target.index)
        if target.state not in IN_EFFECT or lifted is None or lifted.state == "lifted":
            return
        before = _put(before, _moved(lifted, "lifted", entry))
        self._change(before.doc, replace(before, undone_by=revision.doc))


def _target(revision: RevisionState, index: int) -> TargetState | None:
    return next((target for target in revision.targets if target.index == index), None)


def _unlisted(revision: RevisionState, index: int, entry: Seen) -> TargetState | None:
    """A target of a document whose bytes are not here yet."""
    if revision.document is not None or index < 0:
        return None
    return TargetState(index, "approved", entry.hlc[0])


def _may_dispatch(revision: RevisionState, index: int, entry: Seen) -> bool:
    """Whether this machine has a say about the target: the signed document names it, and it entered a decision first.

    A decision that had not its people is not among those that are folded: then no step of it counts either.
    """
    if entry.author is not None or not any(decision.feed == entry.feed for decision in revision.authorised):
        return False
    return revision.document is None or entry.feed in revision.document.targets[index].dispatchers


def _is_named(revision: RevisionState, entry: Seen) -> bool:
    """Whether the signed document names this machine for any of its targets."""
    document = revision.document
    return document is None or any(entry.feed in target.dispatchers for target in document.targets)


def _put(revision: RevisionState, target: TargetState) -> RevisionState:
    others = [one for one in revision.targets if one.index != target.index]
    return replace(revision, targets=tuple(sorted((*others, target), key=lambda one: one.index)))


def _moved(target: TargetState, state: str, entry: Seen, detail: str = "") -> TargetState:
    return replace(target, state=state, since_ms=entry.hlc[0], detail=detail, entry=entry.id, checked_ms=None)


def _all(revision: RevisionState, sources: tuple[str, ...], state: str, entry: Seen) -> RevisionState:
    """Move every target that is in one of `sources`."""
    return replace(
        revision,
        targets=tuple(_moved(one, state, entry) if one.state in sources else one for one in revision.targets),
    )


def _decision(entry: Seen) -> Authorised:
    roster, records, heads = entry.pub.get("roster"), entry.pub.get("records"), entry.pub.get("seen")
    number, sha = roster if isinstance(roster, list) and len(roster) == 2 else (0, "")  # noqa: PLR2004  a pair
    seen: dict[str, int] = {}
    for head in heads if isinstance(heads, list) else []:
        if isinstance(head, list) and isinstance(head[1], int):
            seen[str(head[0])] = head[1]
    return Authorised(
        entry=entry.id,
        feed=entry.feed,
        now_ms=entry.number("now", entry.hlc[0]),
        records=tuple(str(one) for one in records) if isinstance(records, list) else (),
        roster=(number if isinstance(number, int) else 0, str(sha)),
        policy=entry.words("policy"),
        seen=seen,
    )


_STEP_STATES: Final = {
    "dispatch.held": "queued",
    "dispatch.intent": "dispatching",
    "dispatch.accepted": "accepted",
    "dispatch.recorded": "recorded",
    "dispatch.enforced": "enforced",
    "dispatch.passed": "recorded",
    "dispatch.unmeasurable": "unmeasurable",
    "dispatch.unknown": "unknown",
    "dispatch.requeued": "queued",
    "dispatch.failed": "failed",
    "dispatch.stale": "stale",
    "dispatch.expired": "expired",
    "dispatch.cancelled": "cancelled",
    "dispatch.attention": "attention",
    "dispatch.drifted": "drifted",
}
_ADVANCE: Final = ("queued", "dispatching", "unknown", "accepted", "attested", "recorded")


def _goes_back(now: str, then: str) -> bool:
    """Within one attempt a later-read step of another feed never takes back what was observed."""
    reached = ("accepted", *IN_EFFECT, "lifted", "drifted")
    return now in reached and then in _ADVANCE and then not in ("recorded", now)


def _result(target: TargetState, state: str, entry: Seen, attempt: int) -> TargetState:
    detail = entry.disclosed_text("why", "text", "response")
    evidence, passes = target.evidence, target.passes
    if entry.kind == "dispatch.accepted":
        state = "attested" if entry.words("outcome") == "attested" else state
        evidence, passes = None, 0
    elif entry.kind == "dispatch.passed":
        state = "recorded" if target.state in ("recorded", "enforced", "unmeasurable") else target.state
        evidence, passes = None, passes + entry.number("passes")
    elif entry.kind == "dispatch.enforced":
        evidence = entry.words("evidence")
    return replace(_moved(target, state, entry, detail), attempt=attempt, evidence=evidence, passes=passes)
