"""An organisation, an incident and a provider in one real store: what the outbox needs to have something to do."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

from console.domain.actions import Action, ApprovalRecord, Target
from console.domain.forms import Roster, default_policy
from console.journal.store import JournalStore
from console.journal.values import Draft
from console.keys import canon
from console.keys.sshsig import approve_ns, roster_ns
from console.outbox.engine import Outbox
from console.outbox.steps import Pace
from console.outbox.store import OUTBOX
from console.providers.instance import Instance
from console.providers.plane import Plane, Planes
from console.providers.planned import to_disclosures
from console.runtime.clock import SystemClock
from console.runtime.ids import SystemEntropy, crockford, new_id, new_nonce
from console.runtime.paths import ProfilePaths
from tests.journal.world import INC, ORG, World
from tests.kit.plainadapter import PlainAdapter, PlainSettings, plan_of

INSTANCE = "g-" + crockford(b"\x07" * 16)
MANUAL = "g-" + crockford(b"\x09" * 16)
SURFACE = "t-" + crockford(b"\x08" * 16)
QUICK = Pace(
    tick_s=0.01, sync_ms=20, poll_ms=60, settle_ms=20, hold_ms=150, stable_ms=200, record_ms=200, recheck_ms=20,
    spread_ms=120, patience_ms=30_000, rounds=2,
)  # fmt: skip


class Kept:
    def get(self, name):
        return f"sk-{name.partition('/')[2]}"


def plane_at(url, adapter=PlainAdapter, instance=INSTANCE, probes=("k",)):
    made = Instance(
        id=instance,
        adapter="practice",
        name="p",
        settings={},
        probe_credentials={one: f"probe-{one}" for one in probes},
    )
    return Plane(
        made, adapter(PlainSettings(url=url)), Kept(), SystemClock(), world="drill", call_deadline_s=10.0,
        step_deadline_s=20.0,
    )  # fmt: skip


class Scene(World):
    """Two members: the first declares and so commands, both may approve and have rehearsed."""

    def __init__(self, folder: Path, url: str = "http://127.0.0.1:1", *, found: bool = True) -> None:
        self.entropy, self.clock, self.url = SystemEntropy(), SystemClock(), url
        self.opened: list[Planes] = []
        self.policy_raw = canon.encode(default_policy(ORG, 1).as_json())
        self.policy = canon.sha256_hex(self.policy_raw)
        super().__init__(members=3, folder=folder)
        self.store = JournalStore.open(
            ProfilePaths(folder), self.clock, self.entropy, parts=(OUTBOX,), genesis=self.genesis
        )
        if found:
            self.give_rosters(self.store)
            self.store.write(lambda tx: tx.put_document(self.policy_raw))
        self.feed = self.machine_feed(self.store, 0)
        self.people = [self.person_feed(self.store, number) for number in range(3)]
        if found:
            for number in range(3):
                self.say(number, Draft("self-test"))
                self.rehearse(number)
            self.say(0, Draft("incident.declared", inc=INC, pub={"severity": 1}, disclosures={"title": "it lies"}))

    def make_roster(self, revoked=(), created=2):
        raw, _ = super().make_roster(revoked, created)
        roster = replace(Roster.parse(canon.decode(raw, limit=1 << 20)), policy=self.policy)
        raw = canon.encode(roster.as_json())
        signers = [member.approver for member in self.members[:2]]
        if len(self.rosters) == 1:
            signers.append(self.members[0].writer)
        return raw, {key.public.fingerprint: key.sign(roster_ns(ORG), raw) for key in signers}

    async def aclose(self):
        for planes in self.opened:
            await planes.aclose()
        self.store.close()

    def say(self, number, draft):
        return self.store.write(lambda tx: tx.append(self.people[number], draft, roster=self.ref))

    def record(self, number, doc, doc_type, op, decision="approve", **changes):
        member = self.members[number]
        record = ApprovalRecord(
            org=ORG, doc=doc, doc_type=doc_type, op=op, decision=decision, person=member.person,
            key=member.approver.public.fingerprint, console=member.console, seat="own", at=self.clock.wall_ms(),
            roster=self.ref, nonce=new_nonce(self.entropy),
        )  # fmt: skip
        raw = canon.encode(replace(record, **changes).as_json())
        return raw, member.approver.sign(approve_ns(ORG), raw)

    def carry(self, number, kind, doc, raw, sig, inc=None, op=None):
        pub = {"doc": doc, "record": base64.b64encode(raw).decode(), "sig": base64.b64encode(sig).decode()}
        return self.say(number, Draft(kind, inc=inc, subj=op, pub=pub))

    def rehearse(self, number):
        document = {
            "type": "rehearsal.v1", "org": ORG, "person": self.members[number].person, "role": "approver",
            "roster": list(self.ref), "created": self.clock.wall_ms(),
        }  # fmt: skip
        raw = canon.encode(document)
        sha = self.store.write(lambda tx: tx.put_document(raw))
        self.say(number, Draft("document.proposed", pub={"doc": sha, "doc_type": "rehearsal.v1"}))
        self.carry(number, "document.approved", sha, *self.record(number, sha, "rehearsal.v1", None))

    def target(self, plan, **changes):
        strings = [
            canon.make_disclosure(self.entropy.token(16), name, value) for name, value in to_disclosures(plan).items()
        ]
        made = Target(
            surface=SURFACE, instance=INSTANCE, adapter="practice/1", lever=plan.lever, category="user", model="F-7",
            reach="everyone", assignee=None, reversal="exact", selectors=1, all_surfaces=False, credential=None,
            canary=False, dispatchers=(self.feed.feed,), listed=None, sd=tuple(sorted(map(canon.digest, strings))),
        )  # fmt: skip
        return replace(made, **changes), strings

    def propose(self, targets, *, direction="contain", gravity="high", number=0, lives_ms=3_600_000, **changes):
        now = self.clock.wall_ms()
        reason = canon.make_disclosure(self.entropy.token(16), "reason", "because it lies to people")
        action = Action(
            org=ORG, op=changes.pop("op", None) or new_id("a", self.entropy), rev=1, inc=INC, direction=direction,
            gravity=gravity, severity=1, break_glass=False, targets=tuple(made for made, _ in targets),
            reason_sd=canon.digest(reason), lift_criteria_sd=None, created=now - 1, approve_by=now + lives_ms,
            execute_by=now + lives_ms, execute_by_unreachable=None, review_by=None, undo_within_s=900, undoes=None,
            roster=self.ref, policy=self.policy, supersedes=None,
        )  # fmt: skip
        action = replace(action, **changes)
        raw = canon.encode(action.as_json())
        strings = [reason, *(text for _, texts in targets for text in texts)]
        sha = self.store.write(lambda tx: tx.put_document(raw, strings))
        self.say(number, Draft("correction.proposed", inc=INC, subj=action.op, pub={"doc": sha, "rev": action.rev}))
        return sha, action

    def approve(self, sha, action, *numbers, decision="approve"):
        kind = "correction.approved" if decision == "approve" else "correction.refused"
        for number in numbers:
            raw, sig = self.record(number, sha, "action.v1", action.op, decision)
            self.carry(number, kind, sha, raw, sig, INC, action.op)

    def block(self, *selectors, lever="block", approve=(0, 1), **changes):
        targets = [self.target(plan_of(one, now=False, wanted=True, lever_name=lever)) for one in selectors]
        sha, action = self.propose(targets, **changes)
        self.approve(sha, action, *approve)
        return sha, action

    def kinds(self, prefix="dispatch."):
        return [
            (one.entry.kind.removeprefix(prefix), one.entry.pub)
            for one in self.store.reader().feed(self.feed.feed, 0, 10_000)
            if one.entry.kind.startswith(prefix)
        ]

    def words(self):
        return [kind for kind, _ in self.kinds()]

    def outbox(self, *planes, **how):
        opened = Planes(planes or (plane_at(self.url),))
        self.opened.append(opened)
        return Outbox(
            self.store, self.feed, opened, self.clock, self.entropy,
            **{"pace": QUICK, **how},
        )  # fmt: skip


def sent(estate):
    return [(selector, json.loads(body)["blocked"]) for selector, body in estate.writes]
