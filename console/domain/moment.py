"""The facts at one moment: what a console that had seen certain heads could know about one document (protocol 7.1, 12).

Dispatcher and auditor fold the same entries by the same rules. Only what is reachable from the heads counts; what a
revoked or forked feed wrote too late does not. It verifies no signature: `prove` is handed in and did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from console.domain.actions import Action, Document, Extension, Ratification, Rehearsal
from console.domain.clock_form import Clock
from console.domain.command import ROLE_KINDS, Roles, fold_roles
from console.domain.decided import Decision, Prove, decisions, had_its_people, original_signers
from console.domain.facts import Facts, Signed, SignedClock
from console.domain.forms import Entry, Head, Policy, Roster, RosterRef
from console.domain.profile import JsonValue
from console.domain.quorum import quorum
from console.domain.reach import NotSeen, counting, reachable
from console.domain.seen import Seen
from console.domain.undoing import SENDING, sendings

__all__ = [
    "FACT_KINDS", "HOUR_MS", "NotSeen", "Paper", "Prove", "View", "counting", "facts_at", "facts_of", "held_roles",
    "is_exact_revert", "may_cancel", "reachable",
]  # fmt: skip
HOUR_MS = 3_600_000
# the kinds from which a fact may follow; of every other entry only its place in its feed and its refs matter
FACT_KINDS: Final = frozenset(
    {
        *ROLE_KINDS, "self-test", "correction.proposed", "correction.approved", "correction.cancelled",
        "document.proposed", "document.approved", "document.refused", "approval.received", "dispatch.authorised",
    }
)  # fmt: skip
_APPROVALS: Final = ("correction.approved", "approval.received")


@dataclass(frozen=True, slots=True)
class Paper:
    """A document, read, with the values at hand: digest -> (name, value)."""

    document: Document
    disclosed: Mapping[str, tuple[str, JsonValue]]

    def of_target(self, at: int) -> dict[str, JsonValue]:
        """The values of one target of an action, by name."""
        if not isinstance(self.document, Action):
            return {}
        found = (self.disclosed.get(digest) for digest in self.document.targets[at].sd)
        return dict(pair for pair in found if pair is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the facts are folded from. `entries` (by id, at least all reachable from `seen`) and `papers` are proven.

    `prove` answers with the approval an entry carries, if its SSHSIG holds under the roster's approver key it names;
    its `received_ms` is the carrying entry's own time, `hlc[0]`. `beside`: as in `Facts`.
    """

    entries: Mapping[str, Entry]
    papers: Mapping[str, Paper]
    roster: Roster
    roster_sha: str
    policy: Policy
    policy_sha: str
    prove: Prove
    beside: frozenset[RosterRef] = frozenset()


def facts_at(view: View, seen: Iterable[Head], doc_sha: str, now_ms: int) -> Facts:
    """Every fact about one document, as it stood at that moment.

    Raises:
        NotSeen: when an entry that was seen is missing.
    """
    return facts_of(replace(view, entries=reachable(view.entries, seen)), doc_sha, now_ms)


def facts_of(view: View, doc_sha: str, now_ms: int, forks: Mapping[str, int] | None = None) -> Facts:
    """Every fact about one document, where the entries of `view` are those that were seen.

    Of those whose kind is none of `FACT_KINDS` only the place matters, and they may be left out, but for the first
    entries of forked feeds and, of an undo, the steps (`SENDING`) of what it undoes. `forks`: feeds known to have
    forked (number at which), besides those that show it.
    """
    return _Moment(view, forks).facts(doc_sha, now_ms)


def may_cancel(view: View, doc_sha: str, person: str, forks: Mapping[str, int] | None = None) -> bool:
    """Whether a cancel by this person, written now, would count: the proposer's, a signer's, or of those in command.

    `view` and `forks` as in `facts_of`.
    """
    return person in _Moment(view, forks).may_cancel(doc_sha)


def held_roles(
    entries: Iterable[tuple[str, Entry]], inc: str, roster: Roster | None = None
) -> Mapping[str, frozenset[str]]:
    """The roles held in an incident, as `console.domain.command` folds them for every screen too.

    `entries` are those that count, as (id, entry); only those of `inc` are looked at.
    """
    return _roles(entries, inc, roster).held


def _roles(entries: Iterable[tuple[str, Entry]], inc: str, roster: Roster | None) -> Roles:
    told = (_seen(ident, entry) for ident, entry in entries if entry.inc == inc and entry.kind in ROLE_KINDS)
    return fold_roles(told, roster)


def _seen(ident: str, entry: Entry) -> Seen:
    return Seen(
        id=ident, feed=entry.feed, seq=entry.seq, author=entry.author, console=entry.console, kind=entry.kind,
        pub=entry.pub, hlc=entry.hlc, subj=entry.subj, inc=entry.inc, refs=entry.refs,
    )  # fmt: skip


class _Moment:
    """The folding itself; one for each question."""

    def __init__(self, view: View, forks: Mapping[str, int] | None) -> None:
        self._view = view
        kept, self._forked = counting(view.entries, view.roster, forks)
        self._kept = [pair for pair in kept if pair[1].kind in FACT_KINDS]
        self._sending = [entry for _, entry in kept if entry.kind in SENDING]
        self._by_id = dict(self._kept)
        self._writers = {entry.feed: entry for entry in view.entries.values() if entry.seq == 0}

    def facts(self, sha: str, now_ms: int) -> Facts:
        facts, paper = self.alone(sha, now_ms), self._view.papers.get(sha)
        if paper is None:
            return facts
        if isinstance(paper.document, Action):
            facts = replace(facts, extended_to=self._extended_to(sha))
        before = _names_before(paper.document)
        return facts if before is None else self._with_before(facts, sha, paper, before)

    def alone(self, sha: str, now_ms: int) -> Facts:
        """The facts about a document without those that follow from decisions about it, or about another one."""
        view = self._view
        document = self._document(sha)
        inc: str | None = getattr(document, "inc", None)
        roles = Roles() if inc is None else _roles(self._kept, inc, view.roster)
        revoked = frozenset(one.key for one in view.roster.revoked)
        forks = [self._writers[feed] for feed in self._forked if feed in self._writers]
        # a revocation says how far the key's record is good: that settles the fork, and the person goes on with others
        open_forks = [one for one in forks if one.key not in revoked]
        facts = Facts(
            roster=view.roster,
            roster_sha=view.roster_sha,
            policy=view.policy,
            policy_sha=view.policy_sha,
            proposer=self._proposer(sha),
            held=roles.held,
            rehearsed=self._rehearsed(),
            bad_keys=revoked | {one.key for one in forks},
            forked=frozenset(one.author for one in open_forks if one.author is not None),
            cancelled=self._is_cancelled(sha, roles),
            beside=view.beside,
            clocks=self._clocks(),
        )
        if isinstance(document, Action):
            facts = replace(facts, recent_normal=self._recent_normal(sha, document, facts.proposer, now_ms))
        return facts

    def may_cancel(self, sha: str) -> frozenset[str]:
        inc: str | None = getattr(self._document(sha), "inc", None)
        roles = Roles() if inc is None else _roles(self._kept, inc, self._view.roster)
        proposer = self._proposer(sha)
        signed = {person for _, entry in self._of(*_APPROVALS) if (person := self._approver(entry, sha)) is not None}
        return roles.led | signed | ({proposer} if proposer is not None else set())

    def _is_cancelled(self, sha: str, roles: Roles) -> bool:
        """Whether somebody cancelled it who may: its proposer, whoever had signed it, those in command of it."""
        may = {*roles.led, self._proposer(sha)} - {None}
        for _, entry in self._of("correction.cancelled", *_APPROVALS):
            if entry.kind in _APPROVALS:
                may.add(self._approver(entry, sha))
            elif entry.pub.get("doc") == sha and entry.author is not None and entry.author in may:
                return True
        return False

    def _approver(self, entry: Entry, sha: str) -> str | None:
        signed = self._view.prove(entry) if entry.pub.get("doc") == sha else None
        return signed.record.person if signed is not None and signed.record.decision == "approve" else None

    def _of(self, *kinds: str) -> Iterator[tuple[str, Entry]]:
        return ((ident, entry) for ident, entry in self._kept if entry.kind in kinds)

    def _document(self, sha: object) -> Document | None:
        paper = self._view.papers.get(sha) if isinstance(sha, str) else None
        return None if paper is None else paper.document

    def _proven(self, *kinds: str) -> Iterator[Signed]:
        for _, entry in self._of(*kinds):
            signed = self._view.prove(entry)
            if signed is not None and signed.record.decision == "approve":
                yield signed

    def _proposer(self, sha: str) -> str | None:
        proposals = self._of("correction.proposed", "document.proposed")
        return next((entry.author for _, entry in proposals if entry.pub.get("doc") == sha), None)

    def _rehearsed(self) -> frozenset[str]:
        """Persons with a self-test and a proven rehearsal of their own (section 2)."""
        tested = {entry.author for _, entry in self._of("self-test")}
        found: set[str] = set()
        for signed in self._proven("document.approved", "approval.received"):
            record = signed.record
            if record.doc_type == "rehearsal.v1" and record.person in tested:
                document = self._document(record.doc)
                if isinstance(document, Rehearsal) and document.person == record.person:
                    found.add(record.person)
        return frozenset(found)

    def _clocks(self) -> tuple[SignedClock, ...]:
        """Readings of clocks that were proposed for confirming, each with every proven record, a refusal too."""
        proposals = self._of("document.proposed")
        shas = {str(entry.pub["doc"]) for _, entry in proposals if entry.pub.get("doc_type") == Clock.doc_type}
        if not shas:
            return ()  # nearly always: nothing else is looked at then
        found: dict[str, dict[str, Signed]] = {sha: {} for sha in shas}
        for _, entry in self._of("document.approved", "document.refused", "approval.received"):
            doc = str(entry.pub.get("doc"))
            signed = self._view.prove(entry) if doc in found else None
            if signed is not None:
                found[doc].setdefault(signed.record.nonce, signed)
        told = ((sha, self._document(sha), tuple(found[sha].values())) for sha in sorted(found))
        return tuple(SignedClock(sha, clock, signed) for sha, clock, signed in told if isinstance(clock, Clock))

    def _recent_normal(self, sha: str, action: Action, proposer: str | None, now_ms: int) -> int:
        """Normal actions authorised in the hour before, by the same proposer or on one of the same surfaces."""
        surfaces = {target.surface for target in action.targets}
        by_person: set[str] = set()
        by_surface: dict[str, set[str]] = {}
        for _, entry in self._of("dispatch.authorised"):
            doc, at_ms = entry.pub["doc"], entry.pub["now"]
            if not isinstance(at_ms, int) or not now_ms - HOUR_MS < at_ms <= now_ms:
                continue  # before its document is read: a long record has thousands
            other = self._document(doc)
            if doc == sha or not isinstance(doc, str) or not isinstance(other, Action) or other.gravity != "normal":
                continue
            if not self._decisions(doc, other):  # a machine alone raises nobody's gravity
                continue
            if proposer is not None and self._proposer(doc) == proposer:
                by_person.add(doc)
            for surface in surfaces & {target.surface for target in other.targets}:
                by_surface.setdefault(surface, set()).add(doc)
        return max([len(by_person), *(len(docs) for docs in by_surface.values())])

    def _extended_to(self, sha: str) -> int | None:
        found = self._extension(sha)
        return None if found is None else found[1].execute_by

    def _extension(self, sha: str) -> tuple[str, Extension] | None:
        """The first extension of an action, once, that the rule grants: by one of its own signers, in time."""
        for signed in self._proven("document.approved", "approval.received"):
            doc, document = signed.record.doc, self._document(signed.record.doc)
            paper = self._view.papers.get(doc)
            if paper is None or not isinstance(document, Extension) or document.doc != sha:
                continue
            facts = self._before(self.alone(doc, signed.received_ms), paper, sha)
            if quorum(doc, document, (signed,), facts, signed.received_ms).met:
                return doc, document
        return None

    def _signers(self, sha: str) -> tuple[frozenset[str], int | None]:
        """Who signed an action that was authorised, and when that was first."""
        action = self._document(sha)
        if not isinstance(action, Action):
            return frozenset(), None
        found = self._decisions(sha, action)

        def then(upto: Mapping[str, int], now_ms: int) -> Facts:
            below = {ident: one for ident, one in self._kept if one.seq <= upto.get(one.feed, -1)}
            return _Moment(replace(self._view, entries=below), None).alone(sha, now_ms)

        return original_signers(one for one in found if had_its_people(one, sha, action, then))

    def _decisions(self, sha: str, action: Action) -> list[Decision]:
        return decisions(self._by_id, sha, action, self._view.prove)

    def _with_before(self, facts: Facts, sha: str, paper: Paper, before_sha: str) -> Facts:
        if isinstance(paper.document, Extension):
            first = self._extension(before_sha)
            return replace(self._before(facts, paper, before_sha), undone_used=first is not None and first[0] != sha)
        facts = self._before(facts, paper, before_sha)
        if isinstance(paper.document, Ratification):  # whoever signed it at all ratifies nothing of it
            approved = (self._approver(entry, before_sha) for _, entry in self._of(*_APPROVALS))
            return replace(facts, undone_signers=facts.undone_signers | {one for one in approved if one is not None})
        return replace(
            facts, undone_used=self._used_before(sha, before_sha, facts.undone_signers),
            undone_proposer=self._proposer(before_sha), undone_sent=sendings(self._sending, before_sha),
        )  # fmt: skip

    def _before(self, facts: Facts, paper: Paper, before_sha: str) -> Facts:
        before = self._view.papers.get(before_sha)
        if before is None or not isinstance(before.document, Action):
            return facts
        signers, at_ms = self._signers(before_sha)
        return replace(
            facts,
            undone=before.document,
            undone_sha=before_sha,
            undone_signers=signers,
            undone_at_ms=at_ms,
            undone_same=is_exact_revert(paper, before),
        )

    def _used_before(self, sha: str, before_sha: str, signers: frozenset[str]) -> bool:
        """Whether another undo of it was decided: by one of its signers, or as every lift is, by two."""
        docs = {str(entry.pub["doc"]) for _, entry in self._of("dispatch.authorised")} - {sha, before_sha}
        for doc in docs:
            document = self._document(doc)
            if isinstance(document, Action) and document.undoes == before_sha:
                for one in self._decisions(doc, document):
                    if one.people & signers or len(one.people) > 1:
                        return True
        return False


def _names_before(document: Document | None) -> str | None:
    if isinstance(document, Action):
        return document.undoes
    return document.doc if isinstance(document, Extension | Ratification) else None


def is_exact_revert(paper: Paper, before: Paper) -> bool:
    """Whether every target of an undo sends exactly what was signed as the revert of the same target.

    A value that is missing makes it no exact revert.
    """
    now, then = paper.document, before.document
    if not isinstance(now, Action) or not isinstance(then, Action) or len(now.targets) != len(then.targets):
        return False
    for at in range(len(now.targets)):
        new, old = paper.of_target(at), before.of_target(at)
        if "selector" not in new or "requests" not in new or "selector" not in old or "revert" not in old:
            return False
        if (new["selector"], new["requests"], _surface(new)) != (old["selector"], old["revert"], _surface(old)):
            return False
    return True


def _surface(disclosed: Mapping[str, JsonValue]) -> JsonValue:
    params = disclosed.get("params")
    return params.get("surface_key") if isinstance(params, dict) else None
