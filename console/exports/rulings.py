"""What was decided, judged again by the same rule with exactly what the deciding console had (protocol.md 7.1, 9).

Standard library and console.domain only, as `proof`. It re-runs `quorum` for every authorisation of the incident and
of the organisation, and demands every entry up to the frontier that was signed at the close.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from console.domain.actions import Action, ApprovalRecord, Closing, Ratification
from console.domain.clock_doubt import decided_by
from console.domain.errors import BadForm, Problem
from console.domain.facts import KeyKind, Signed, approver_keys
from console.domain.forms import Entry, Head, Policy, Roster
from console.domain.moment import View, facts_at
from console.domain.profile import JsonValue
from console.domain.quorum import Verdict, quorum
from console.exports import strict
from console.exports.commanded import command_notes
from console.exports.evidence import Evidence, Seal, Wrong

_CARRIERS = ("approval.received", "document.approved")
AUTHORISED = ("dispatch.authorised", "redaction.authorised", "closing.authorised")


@dataclass(frozen=True, slots=True)
class Close:
    """A close that was authorised: the document, and the entries it does not cover (its own papers aside)."""

    doc: str
    at_ms: int
    after: frozenset[str]


class Judge:
    """Judges one bundle; remembers approvals it has proven."""

    def __init__(self, evidence: Evidence, seal: Seal) -> None:
        self._evidence = evidence
        self._seal = seal
        self._proven: dict[tuple[str, str, str], Signed | None] = {}
        self.verdicts: dict[str, Verdict] = {}

    def judge_all(self) -> None:
        """Every authorisation of the incident and the organisation, and that nothing was sent without one.

        Nobody acts on what does not count: whoever stole a key could else say for ever that something was wrong.

        Raises:
            Wrong: naming the authorisation that had not its people.
        """
        skipped, uncounted = 0, 0
        for ident, entry in self._evidence.entries.items():
            if ident in self._evidence.uncounted:
                uncounted += entry.kind in (*AUTHORISED, "dispatch.intent")
            elif entry.kind in AUTHORISED:
                if entry.inc in (None, self._evidence.about.inc):
                    self._judge(ident, entry)
                else:
                    skipped += 1
            elif entry.kind == "dispatch.intent" and not self._was_authorised(entry):
                raise Wrong(self._evidence.file_of[ident], "it sends what this console never recorded as authorised")
        self._evidence.notes.extend(command_notes(self._evidence))
        if uncounted:
            self._evidence.notes.append(
                f"{uncounted} decisions and sendings of machines that do not count were not judged again: look at each"
            )
        if skipped:
            self._evidence.notes.append(
                f"{skipped} authorisations of other incidents are in here as signed bytes and were not judged again"
            )

    def _judge(self, ident: str, entry: Entry) -> None:
        evidence, path = self._evidence, self._evidence.file_of[ident]
        sha = str(entry.pub["doc"])
        paper = evidence.papers.get(sha)
        if paper is None:
            raise Wrong(path, f"the document it authorises ({sha[:16]}) is not here")
        roster, now = evidence.roster(_pair(entry.pub["roster"])), entry.pub["now"]
        policy = evidence.policies.get(str(entry.pub["policy"]))
        if roster is None or policy is None or not isinstance(now, int):
            raise Wrong(path, "the roster or the policy it was decided under is not here")
        if roster.policy != entry.pub["policy"]:
            raise Wrong(path, "the roster names another policy than the one it was decided under")
        signed = [self._record(path, entry, sha, one, roster) for one in _texts(entry.pub["records"])]
        view = self._view(roster, _pair(entry.pub["roster"])[1], policy)
        try:
            facts = facts_at(view, self._seen(entry), sha, now)
        except Problem as fault:
            raise Wrong(path, fault.what.rstrip(".")) from None
        ask = partial(quorum, sha, paper.document, signed, now_ms=now, doubtful=entry.pub.get("clock") == "doubtful",
                      deciding=decided_by(entry, now))  # fmt: skip
        verdict = ask(facts)
        if not verdict.met:
            verdict = ask(facts, unreachable=True)
        if not verdict.met:
            told = f"it had not its people: {' '.join(verdict.missing)}".rstrip(".")
            verdict = ask(replace(facts, undone_sent=None))
            if not verdict.met:
                raise Wrong(path, told)
            # older programs decided so, and sent it (before 0174) or not: a finding, and no broken record (0187)
            evidence.notes.append(
                f"The undo {sha[:16]} was decided on one signature at a console that had not compared its way back: "
                "look at it"
            )
        self.verdicts[ident] = verdict
        evidence.rulings += 1

    def ratified_by(self, sha: str) -> tuple[str, ...]:
        """Who ratified what one person sent alone; empty where nobody did, as far as the entries in here tell."""
        evidence = self._evidence
        roster_sha, roster = evidence.rosters[-1]
        policy = evidence.policies.get(roster.policy or "")
        heads: dict[str, Head] = {}
        for ident, entry in evidence.entries.items():
            if entry.feed not in heads or heads[entry.feed][1] < entry.seq:
                heads[entry.feed] = (entry.feed, entry.seq, ident)
        for doc, paper in evidence.papers.items():
            if policy is None or not isinstance(paper.document, Ratification) or paper.document.doc != sha:
                continue
            carriers = [one for one in evidence.entries.values() if one.pub.get("doc") == doc and one.kind in _CARRIERS]
            signed = [proven for one in carriers if (proven := self.prove(one, roster)) is not None]
            now = max((one.received_ms for one in signed), default=0)
            view = self._view(roster, roster_sha, policy)
            with suppress(Problem):
                verdict = quorum(doc, paper.document, signed, facts_at(view, heads.values(), doc, now), now)
                if verdict.met:
                    return verdict.counted
        return ()

    def _view(self, roster: Roster, roster_sha: str, policy: Policy) -> View:
        return View(
            entries=self._evidence.entries,
            papers=self._evidence.papers,
            roster=roster,
            roster_sha=roster_sha,
            policy=policy,
            policy_sha=str(roster.policy),
            prove=lambda carrier: self.prove(carrier, roster),
            beside=frozenset((one.n, sha) for sha, one in self._evidence.beside.items()),
        )

    @staticmethod
    def _seen(entry: Entry) -> list[Head]:
        """The heads the console said it had seen, and its own feed up to this entry."""
        heads = [head for head in map(_head, _list(entry.pub["seen"])) if head[0] != entry.feed]
        return [*heads, (entry.feed, entry.seq - 1, str(entry.prev))]

    def _record(self, path: str, entry: Entry, sha: str, ident: str, roster: Roster) -> Signed:
        carrier = self._evidence.entries.get(ident)
        if carrier is None or carrier.kind != "approval.received" or carrier.pub["doc"] != sha:
            raise Wrong(path, f"the record {ident[:16]} it names is no approval of this document")
        if carrier.feed != entry.feed or carrier.seq >= entry.seq:
            raise Wrong(path, f"the record {ident[:16]} it names was not received by this console before")
        signed = self.prove(carrier, roster)
        if signed is None:
            raise Wrong(self._evidence.file_of[ident], "the approval in it does not hold under the roster's keys")
        return signed

    def prove(self, carrier: Entry, roster: Roster) -> Signed | None:
        """The approval an entry carries, if its SSHSIG holds under this roster's approver key; None otherwise."""
        record, sig = str(carrier.pub.get("record")), str(carrier.pub.get("sig"))
        place = (record, sig, f"{roster.n}-{carrier.hlc[0]}-{carrier.pub.get('doc')}")
        if place not in self._proven:
            self._proven[place] = self._prove(carrier, roster, record, sig)
        return self._proven[place]

    def _prove(self, carrier: Entry, roster: Roster, record: str, sig: str) -> Signed | None:
        try:
            raw, blob = base64.b64decode(record, validate=True), base64.b64decode(sig, validate=True)
            value = ApprovalRecord.parse(strict.decode(raw))
        except (binascii.Error, ValueError, BadForm):
            return None
        listed = approver_keys(roster).get(value.key)
        if listed is None or value.doc != carrier.pub.get("doc"):
            return None
        line = listed[1].key
        try:
            self._seal.verify(line, f"approve.v1@{roster.org}", raw, strict.armour(blob))
        except Problem:
            return None
        self._evidence.signatures += 1
        kind: KeyKind = "sk-ssh-ed25519@openssh.com" if line.startswith("sk-") else "ssh-ed25519"
        return Signed(value, kind, strict.user_verified(line, blob), carrier.hlc[0])

    def _was_authorised(self, intent: Entry) -> bool:
        return any(
            entry.kind == "dispatch.authorised"
            and entry.feed == intent.feed
            and entry.seq < intent.seq
            and entry.pub["doc"] == intent.pub["doc"]
            for entry in self._evidence.entries.values()
        )


def close_of(evidence: Evidence) -> Close | None:
    """The last close of the incident that was authorised, with its frontier demanded; None while it is open.

    Raises:
        Wrong: when an entry of the frontier is missing.
    """
    closes: list[tuple[int, str, Closing]] = []
    for ident, entry in evidence.entries.items():
        counts = ident not in evidence.uncounted
        if counts and entry.kind == "closing.authorised" and entry.inc in (None, evidence.about.inc):
            paper = evidence.papers.get(str(entry.pub["doc"]))
            document = None if paper is None else paper.document
            if isinstance(document, Closing) and document.inc == evidence.about.inc:
                closes.append((int(str(entry.pub["now"])), str(entry.pub["doc"]), document))
    if not closes:
        return None
    at_ms, doc, closing = max(closes, key=lambda one: one[:2])
    upto: dict[str, int] = {}
    for feed, seq, ident in closing.frontier:
        head = evidence.entries.get(ident)
        if head is None or (head.feed, head.seq) != (feed, seq):
            raise Wrong(
                evidence.file_of[doc], f"number {seq} of feed {feed[:16]}, up to which it was closed, is missing"
            )
        upto[feed] = seq
    after = frozenset(
        ident
        for ident, entry in evidence.entries.items()
        if entry.inc == evidence.about.inc and entry.seq > upto.get(entry.feed, -1) and entry.pub.get("doc") != doc
    )
    return Close(doc, at_ms, after)


def broke_glass(evidence: Evidence) -> list[str]:
    """The actions of this incident that were to go on one signature in an emergency."""
    return [
        sha
        for sha, paper in evidence.papers.items()
        if isinstance(paper.document, Action)
        and paper.document.break_glass
        and paper.document.inc == evidence.about.inc
    ]


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _texts(value: JsonValue) -> list[str]:
    return [one for one in _list(value) if isinstance(one, str)]


def _pair(value: JsonValue) -> tuple[int, str]:
    number, sha = _list(value)
    return int(str(number)), str(sha)


def _head(value: JsonValue) -> Head:
    feed, seq, ident = _list(value)
    return str(feed), int(str(seq)), str(ident)
