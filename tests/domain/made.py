"""Rosters, actions, records and entries as values, for tests of the pure rules. Keys are names: nothing is signed."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace

from console.domain.actions import Action, ApprovalRecord, Target
from console.domain.facts import Facts, Signed, fingerprint
from console.domain.forms import ConsoleKey, Person, PersonKey, Roster, default_policy
from console.domain.seen import Seen

NOW = 1_763_906_531_000
MINUTE, HOUR = 60_000, 3_600_000
CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def ident(prefix: str, number: int) -> str:
    found = ""
    for _ in range(26):
        number, digit = divmod(number, 32)
        found = CROCKFORD[digit] + found
    return f"{prefix}-{found}"


def sha(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


def digest(name: object) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(str(name).encode()).digest()).decode().rstrip("=")


def digests(name: object, count: int = 6) -> tuple[str, ...]:
    return tuple(sorted(digest((name, at)) for at in range(count)))


def line(name: object, *, hardware: bool = False) -> str:
    kind = "sk-ssh-ed25519@openssh.com" if hardware else "ssh-ed25519"
    return f"{kind} {base64.b64encode(hashlib.sha512(f'{kind}{name}'.encode()).digest()).decode()}"


ORG = ident("o", 1)
COMMANDER, DEPUTY, APPROVER, OBSERVER = (ident("p", number) for number in (1, 2, 3, 4))
CONSOLES = tuple(ident("c", number) for number in (1, 2, 3, 4))
PEOPLE = (COMMANDER, DEPUTY, APPROVER, OBSERVER)
INC, OP = ident("i", 1), ident("a", 1)
POLICY = default_policy(ORG, NOW - HOUR)
POLICY_SHA, ROSTER_SHA, DOC = sha("policy"), sha("roster"), sha("doc")
FEEDS = tuple(sha(("feed", number)) for number in range(4))
ROLES = {
    COMMANDER: ("admin", "commander", "approver", "correction-lead"),
    DEPUTY: ("deputy", "approver"),
    APPROVER: ("approver",),
    OBSERVER: ("observer",),
}


def key_of(person: str, which: str = "plain") -> str:
    """Every person has: plain (bound to their console), free (bound to none), and sk (FIDO2, bound to none)."""
    return line((person, which), hardware=which == "sk")


def _person(person: str, console: str) -> Person:
    def key(which: str, bound: str | None, use: str = "approver") -> PersonKey:
        return PersonKey(key=key_of(person, which), use=use, console=bound, from_ms=0, to_ms=None)

    keys = (key("writer", console, "writer"), key("plain", console), key("free", None), key("sk", None))
    return Person(person=person, roles=ROLES[person], keys=(*keys, key("recovery", None, "recovery")), sd=())


ROSTER = Roster(
    org=ORG,
    n=3,
    prev=sha("before"),
    created=NOW - HOUR,
    threshold=2,
    policy=POLICY_SHA,
    persons=tuple(_person(person, console) for person, console in zip(PEOPLE, CONSOLES, strict=True)),
    consoles=tuple(ConsoleKey(console=c, key=line(("device", c)), from_ms=0, to_ms=None) for c in CONSOLES),
)
FACTS = Facts(
    roster=ROSTER,
    roster_sha=ROSTER_SHA,
    policy=POLICY,
    policy_sha=POLICY_SHA,
    proposer=COMMANDER,
    held={COMMANDER: frozenset({"commander"}), DEPUTY: frozenset({"deputy"})},
    rehearsed=frozenset(PEOPLE),
)


def target(number: int = 1, **changes: object) -> Target:
    base = Target(
        surface=ident("t", 1), instance=ident("g", 1), adapter="litellm/1", lever="key.block", category="user",
        model="F-7", reach="our-customers", assignee=None, reversal="exact", selectors=1, all_surfaces=False,
        credential=None, canary=False, dispatchers=(FEEDS[0],), listed=None, sd=digests(("target", number)),
    )  # fmt: skip
    return replace(base, **changes)


def action(*targets: Target, **changes: object) -> Action:
    base = Action(
        org=ORG, op=OP, rev=1, inc=INC, direction="contain", gravity="normal", severity=1, break_glass=False,
        targets=targets or (target(),), reason_sd=digest("reason"), lift_criteria_sd=None, created=NOW,
        approve_by=NOW + 30 * MINUTE, execute_by=NOW + 4 * HOUR, execute_by_unreachable=None, review_by=None,
        undo_within_s=900, undoes=None, roster=(3, ROSTER_SHA), policy=POLICY_SHA, supersedes=None,
    )  # fmt: skip
    return replace(base, **changes)


def high(**changes: object) -> Action:
    return action(*changes.pop("targets", (target(1), target(2))), **{"gravity": "high", **changes})


def critical(**changes: object) -> Action:
    return action(target(reversal="none"), **{"gravity": "critical", "undo_within_s": None, **changes})


def record(person: str = COMMANDER, which: str = "plain", **changes: object) -> ApprovalRecord:
    base = ApprovalRecord(
        org=ORG, doc=DOC, doc_type="action.v1", op=OP, decision="approve", person=person,
        key=fingerprint(key_of(person, which)), console=CONSOLES[PEOPLE.index(person)], seat="own", at=NOW,
        roster=(3, ROSTER_SHA), nonce=sha((person, which, sorted(changes.items())))[:32],
    )  # fmt: skip
    return replace(base, **changes)


def signed(
    person: str = COMMANDER, which: str = "plain", *, verified: bool = True, received: int = NOW, **changes: object
) -> Signed:
    kind = "sk-ssh-ed25519@openssh.com" if which == "sk" else "ssh-ed25519"
    return Signed(record(person, which, **changes), kind, verified and which == "sk", received)


class Journal:
    """Makes entries: each feed numbered, time moving on by a second an entry."""

    def __init__(self) -> None:
        self.entries: list[Seen] = []
        self._seq: dict[str, int] = {}

    def add(self, kind: str, author: str | None = COMMANDER, pub: dict | None = None, **more: object) -> Seen:
        feed = more.pop("feed", sha(("person feed", author)) if author else FEEDS[0])
        seq = self._seq.get(feed, -1) + 1
        self._seq[feed] = seq
        more.setdefault("hlc", (NOW + len(self.entries) * 1000, 0))
        more.setdefault("inc", INC)
        entry = Seen(
            id=sha((feed, seq)), feed=feed, seq=seq, author=author, console=CONSOLES[0], kind=kind, pub=pub or {},
            received_ms=NOW, **more,
        )  # fmt: skip
        self.entries.append(entry)
        return entry

    def approve(self, person: str, kind: str = "correction.approved", doc: str = DOC, **changes: object) -> Seen:
        author = None if kind == "approval.received" else person
        return self.add(kind, author, carry(record(person, doc=doc, **changes)), subj=OP)

    def step(self, kind: str, target: int = 0, attempt: int = 1, doc: str = DOC, **pub: object) -> Seen:
        feed = pub.pop("feed", FEEDS[0])
        return self.add(kind, None, {"doc": doc, "target": target, "attempt": attempt, **pub}, subj=OP, feed=feed)

    def authorise(self, records: list[Seen], doc: str = DOC, feed: str = FEEDS[0]) -> Seen:
        heads = {entry.feed: entry for entry in self.entries}
        pub = {
            "doc": doc, "records": [one.id for one in records], "roster": [3, ROSTER_SHA], "policy": POLICY_SHA,
            "now": NOW, "clock": "trusted", "verdict": "approved",
            "seen": [[one.feed, one.seq, one.id] for _, one in sorted(heads.items())],
        }  # fmt: skip
        return self.add("dispatch.authorised", None, pub, subj=OP, feed=feed)


def carry(one: ApprovalRecord) -> dict:
    raw = json.dumps(one.as_json(), sort_keys=True, separators=(",", ":")).encode()
    return {"doc": one.doc, "record": base64.b64encode(raw).decode(), "sig": base64.b64encode(b"signature").decode()}
