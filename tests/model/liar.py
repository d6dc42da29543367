"""One person who writes anything at all into what they sign, with every key and device they can have.

They overstate, understate, swap and leave out, over single targets, lists of accounts, sets that are written whole,
revisions, lifts, undos, extensions, broken glass, roles, rosters, and a second machine of their own that says what they
like. What landed is judged by what it does (`tests.model.one_person`).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace

from console.domain.actions import CATEGORIES
from console.domain.errors import Problem
from console.domain.forms import PersonKey, Roster
from console.domain.lists import LIFTS, PREFIX, to_bytes
from console.journal.values import Draft
from console.keys import canon
from console.keys.sshsig import approve_ns
from console.outbox.authorise import authorise
from console.providers.lists import template_of
from tests.journal.world import INC, ORG
from tests.kit.quick import quick_plane
from tests.model.liars_world import (
    BASE,
    FALSE_FRIEND,
    FATES,
    HELD,
    HOUR_MS,
    LATE,
    LATE_MS,
    OF,
    TRUTH,
    Granted,
    Honest,
    HonestPlane,
    Timed,
    everybody,
    truth,
)
from tests.model.test_one_person import SPARE, Hand


@dataclass
class Told:
    """What they proposed, and whom it truly names: of a list its lines, all of them the first target's."""

    made: tuple
    names: tuple
    listed: bool = False

    def glass(self, liar):
        """Whether broken glass let it go: of a list, and for who leads nothing, it never does."""
        return self.made[1].break_glass and liar.leads and not self.listed

    def target_of(self, selector):
        at = 0 if self.listed else self.names.index(selector)
        return self.made[1].targets[at]


class Liar(Hand):
    """`told` are their own proposals, by a number that stands in the selectors of its targets."""

    def __init__(self, *, leads=True):
        self.scene, self.docs, self.leads = Granted(leads=leads).begin(), [], leads
        self.estate = Timed(clock=self.scene.clock)
        self.estate.fields[HELD] = {"blocked": "true"}
        self.told, self.number, self.friend = {}, 0, False
        self.others = self.base()
        self.late = self.waiting()

    def base(self):
        """A correction of two other people, in force before."""
        made = self._of_others(BASE)
        self.docs.append(made)
        self.dispatch()
        self.docs.clear()
        assert [one[1] for one in self.estate.times] == [BASE]
        return made

    def waiting(self):
        """Another of theirs, decided and not sent, for the provider does not answer: it may go for ten minutes."""
        made = self._of_others(LATE, lives_ms=LATE_MS)
        self.until_ms = made[1].execute_by
        self.docs.append(made)
        self.dispatch(lambda what, _options: "not sent" if what == "write" else "ok")
        self.docs.clear()
        return made

    def _of_others(self, selector, **more):
        scene = self.scene
        deputy = {"person": scene.members[1].person, "role": "deputy"}
        if self.leads:
            scene.say(0, Draft("role.assigned", inc=INC, pub=deputy))
        sha, action = scene.propose(
            [scene.target(truth("wide", selector), selectors=0, category="shutdown")], number=1, **more
        )
        scene.approve(sha, action, 1, 2)
        return sha, action

    def dispatch(self, fate=lambda _what, _options: "ok"):
        """The engine, as honest as it is, over everything that is there; what it refuses by a name is refused."""
        made = quick_plane(self.estate, self.scene.clock)
        adapter = Honest(self.estate, fate)
        plane = HonestPlane(made.instance, adapter, made.secrets, self.scene.clock, world="drill")
        outbox = self.scene.outbox(plane)
        loop = asyncio.new_event_loop()
        try:
            for sha, _ in self.docs:
                with suppress(Problem):
                    loop.run_until_complete(outbox.authorise(sha))
            for _ in range(2):
                for row in loop.run_until_complete(outbox.rows()):
                    if not row.final:
                        with suppress(Problem):
                            loop.run_until_complete(outbox._step(row))
                self.scene.clock.advance(1_000)
        finally:
            loop.close()

    # -- what they write -----------------------------------------------------------------------------------------------

    def propose(self, dice, **how):
        self.number += 1
        names = [dice.choice(("small", *TRUTH)) for _ in range(dice.choice([1, 1, 1, 1, 2, 3]))]
        selectors = [f"{name}-{self.number}-{at}" for at, name in enumerate(names)]
        if dice.random() < 0.1:
            selectors = [f"{one}x" for one in selectors]
        plans = [truth(name, one) for name, one in zip(names, selectors, strict=True)]
        targets = [self.written(dice, plan, plans, at) for at, plan in enumerate(plans)]
        gravity = dice.choice([*["normal"] * 6, "high", "critical"])
        made = self.scene.propose(targets, gravity=gravity, severity=dice.randint(1, 4), **self.about(dice))
        self.remember(dice, made, selectors)

    def remember(self, dice, made, names):
        self.docs.append(made)
        self.told[self.number] = Told(made, tuple(names))
        self.sign_with(dice, made)

    def honest_one(self, dice, kind="small", **how):
        """What may go on one signature, and is what it says."""
        self.number += 1
        plan = truth(kind, f"{kind}-{self.number}-0")
        made = self.scene.propose(
            [self.scene.target(plan, category=OF[kind].category, **how)], gravity="normal", severity=1
        )
        self.remember(dice, made, [plan.selector])

    def propose_list(self, dice):
        """Accounts by a list, with its count and its lines told right or wrong, and perhaps a template of others."""
        self.number += 1
        kind = dice.choice(("small", "small", "member", "wide"))
        count = dice.choice([1, 1, 2, 3])
        lines = [f"{kind}-{self.number}-{at}" for at in range(count)]
        if dice.random() < 0.3:
            lines = [f"{one}x" for one in lines]
        raw = to_bytes(lines)
        sha = self.scene.store.write(lambda tx: tx.put_blob(raw))
        template = template_of(truth(kind, lines[0]))
        lie = dice.choice(["none", "count", "count", "count", "requests", "revert", "lines"])
        listed = selectors = count
        if lie == "count":
            listed, selectors = dice.choice([(1, 1), (1, 1), (1, count), (count, 1), (count + 1, count + 1), (None, 1)])
        elif lie == "requests":
            back, other = truth("wide", BASE, "restore"), truth("small", f"small-{self.number}-9")
            template = replace(template, requests=dice.choice([(), back.requests, other.requests]))
        elif lie == "revert":
            template = replace(template, revert=truth("wide", BASE, "restore").requests)
        elif lie == "lines":
            sha = dice.choice([canon.sha256_hex(b"no such list"), *self.scene.store.ledger.blobs])
        self.write_list(dice, template, lines, sha, listed=listed, selectors=selectors, category=OF[kind].category)

    def write_list(self, dice, template, lines, sha, *, listed, selectors, category, params=None, **about):
        planned = replace(
            template, selector=f"{PREFIX}{sha}", name=f"{len(lines)} accounts", selectors=selectors,
            params={"list": sha, **(params or {})},
        )  # fmt: skip
        target = self.scene.target(planned, listed=listed, selectors=selectors, category=category)
        gravity = dice.choice([*["normal"] * 4, "high"])
        about = about or {"break_glass": dice.random() < 0.4}
        made = self.scene.propose([target], gravity=gravity, severity=1, **about)
        if made[1].direction == "contain":
            self.told[self.number] = Told(made, tuple(lines), listed=True)
        self.docs.append(made)
        self.sign_with(dice, made)
        return made

    def lift_list(self, dice):
        """Give a list of theirs back, as a lift or by the form of an undo."""
        lists = [one for one in self.told.values() if one.listed and one.made[1].direction == "contain"]
        if not lists:
            return
        one = dice.choice(lists)
        kind = one.names[0].split("-")[0]
        lines, (doc, action) = one.names, one.made
        sha = canon.sha256_hex(to_bytes(lines))
        template = template_of(truth(kind, lines[0], "restore"))
        how = dice.choice([{}, {"undoes": doc}, {"undoes": doc}])
        target = action.targets[0]
        self.write_list(
            dice, template, lines, sha, listed=target.listed, selectors=target.selectors, category=target.category,
            params=dice.choice([{}, {LIFTS: doc}]), direction="restore", **how,
        )  # fmt: skip

    def written(self, dice, plan, plans, at):
        """A target and its disclosures, with some lies in them."""
        changes = {
            "selectors": plan.selectors, "reversal": plan.reversal, "credential": plan.credential,
            "category": OF[plan.lever].category, "canary": at > 0 and dice.random() < 0.3,
        }  # fmt: skip
        named = plan.lever
        if (plan.lever != "small" or everybody(plan.selector)) and dice.random() < 0.7:  # called as mild as can be
            changes |= {"selectors": 1, "reversal": "exact", "category": OF[plan.lever].category}
            changes["credential"] = dice.choice([None, "verified-replacement", "unused-24h"])
            plan = replace(plan, selectors=1, reversal="exact", credential=changes["credential"])
            plan = replace(plan, revert=truth(plan.lever, plan.selector, "restore").requests)
        for _ in range(dice.choice([0, 0, 0, 0, 1, 1, 2])):
            lie = dice.choice(["public", "public", "public", "requests", "values", "selector", "lever", "revert"])
            other = truth(dice.choice(list(TRUTH)), plan.selector)
            if lie == "public":
                changes |= dice.choice([
                    {"selectors": dice.choice([0, 1, 2])}, {"reversal": dice.choice(["exact", "best-effort", "none"])},
                    {"credential": dice.choice([None, "verified-replacement", "unused-24h", "in-use"])},
                    {"category": dice.choice(CATEGORIES)}, {"all_surfaces": True}, {"canary": True},
                    {"reach": "only-us"}, {"listed": dice.choice([1, 2])}, {"assignee": self.scene.members[0].person},
                    {"model": "F-8"},
                    {"selectors": 1, "reversal": "exact", "credential": None, "category": "user"},
                ])  # fmt: skip
            elif lie == "requests":
                swapped = dice.choice([*plans, other, *self.landed_plans()])
                plan = replace(plan, requests=dice.choice([(), swapped.requests, (*plan.requests, *swapped.requests)]))
            elif lie == "values":
                plan = replace(
                    plan, wanted=dice.choice([other.wanted, plan.pre]), pre=dice.choice([plan.pre, other.pre, {}])
                )
            elif lie == "selector":
                plan = replace(plan, selector=dice.choice(["small-x", BASE, *(one.selector for one in plans)]))
            elif lie == "lever":
                named = dice.choice(list(TRUTH))
            else:
                plan = replace(
                    plan, revert=dice.choice([(), plan.requests, other.revert, self.landed_plans()[0].requests])
                )
        made, strings = self.scene.target(plan, **{**changes, "lever": named})
        if dice.random() < 0.08:
            strings = strings[: dice.randrange(len(strings))]  # some of what is signed is not shown
        return made, strings

    def landed_plans(self):
        return [truth("wide", BASE, "restore"), truth("member", HELD, "restore"), truth("lasting", "lasting-0-0")]

    def about(self, dice):
        """What they say of the document itself."""
        more = {"break_glass": dice.random() < 0.2}
        for _ in range(dice.choice([0, 0, 0, 0, 1, 2])):
            known = [self.others, *self.docs]
            sha, action = dice.choice(known)
            more |= dice.choice([
                {"direction": "restore"}, {"direction": "restore", "undoes": sha}, {"undoes": sha},
                {"op": action.op, "rev": action.rev + 1, "supersedes": sha}, {"undo_within_s": None},
                {"direction": "restore", "undoes": sha, "undo_within_s": 900}, {"lives_ms": 20 * HOUR_MS},
            ])  # fmt: skip
        return more

    def undo(self, dice):
        """The revert of something, by the form of an undo: of what they did alone it may go, once and in time."""
        done = {int(one[1].split("-")[1]) for one in self.estate.times}  # of the others' too
        number = dice.choice([0, *done, *done, *self.told])
        if number == 0 or self.told[number].listed:
            self.undo_of(dice, self.others, [truth("wide", BASE)])
        else:
            told = self.told[number]
            self.undo_of(dice, told.made, [truth(one.split("-")[0], one) for one in told.names])

    def undo_of(self, dice, made, plans):
        sha, action = made
        targets = []
        for target, plan in zip(action.targets, plans, strict=True):
            back = replace(
                plan, requests=plan.revert, revert=plan.requests, wanted=plan.pre, pre=plan.wanted, direction="restore"
            )
            fields = ("selectors", "reversal", "credential", "category", "canary", "all_surfaces", "model", "lever")
            targets.append(self.scene.target(back, **{one: getattr(target, one) for one in fields}))
        made = self.scene.propose(targets, direction="restore", undoes=sha, gravity=dice.choice(["normal", "high"]))
        self.docs.append(made)
        self.sign_with(dice, made)

    def sign_with(self, dice, made):
        """With one key or with all of them, at whichever console they say."""
        mine = self.scene.members[0].approver
        for key in dice.choice([(mine,), (mine, *SPARE)]):
            self._sign(dice, made, 0, key)
        if self.friend:
            self._sign(dice, made, 1, FALSE_FRIEND)

    def _sign(self, dice, made, who, key):
        scene, (sha, action) = self.scene, made
        console = dice.choice(scene.members).console
        raw, _ = scene.record(who, sha, "action.v1", action.op, key=key.public.fingerprint, console=console)
        scene.carry(0, "correction.approved", sha, raw, key.sign(approve_ns(ORG), raw), INC, action.op)

    # -- what others do, and time --------------------------------------------------------------------------------------

    def others_sign(self, dice):
        """Somebody else says of their own newest document what it is worth: they refuse it."""
        sha, action = self.docs[-1] if self.docs else self.others
        self.scene.approve(sha, action, 2, decision="refuse")

    def by_hand(self, dice):
        """A colleague restricts at the provider itself what was named in vain so far."""
        landed = {one[1] for one in self.estate.times}
        left = [name for one in self.told.values() for name in one.names if name not in landed]
        if left:
            self.restrict(dice.choice(left))

    def restrict(self, selector):
        kind = selector.split("-")[0]
        self.estate.fields[selector] = dict(truth(kind, selector).wanted)
        if kind == "member" and selector not in self.estate.users:
            self.estate.users.append(selector)

    def send(self, dice):
        self.scene.clock.advance(dice.choice([1_000, 60_000, 1_000_000, HOUR_MS]))
        bad = dice.choice((*["ok"] * 6, *FATES))
        self.dispatch(lambda what, _options: bad if what == "write" else "ok")
        if bad != "ok":
            self.dispatch()

    def send_now(self, dice):
        self.scene.clock.advance(1_000)
        self.dispatch()

    # -- roles, rosters and time that are theirs to say ----------------------------------------------------------------

    def assume_command(self, dice):
        """They say that they command now, or accept what they offered themselves, and name themselves deputy."""
        me = self.scene.members[0].person
        offered = self.scene.say(0, Draft("command.offered", inc=INC, pub={"to": me}))
        words = dice.choice([Draft("command.assumed", inc=INC, pub={}),
                             Draft("command.accepted", inc=INC, pub={"of": [offered.id]})])  # fmt: skip
        self.scene.say(0, words)
        self.scene.say(0, Draft("role.assigned", inc=INC, pub={"person": me, "role": "deputy"}))

    def grow_roster(self, dice):
        """A version of the roster with a key of theirs in a colleague's name, signed with every key they have."""
        scene = self.scene
        if self.friend:
            return
        before = Roster.parse(canon.decode(scene.rosters[-1][0], limit=1 << 20))
        key = PersonKey(key=FALSE_FRIEND.public.line, use="approver", console=None, from_ms=0, to_ms=None)
        name = scene.members[1].person
        persons = tuple(replace(one, keys=(*one.keys, key)) if one.person == name else one for one in before.persons)
        roster = replace(before, n=before.n + 1, prev=canon.sha256_hex(scene.rosters[-1][0]), persons=persons)
        made = scene.sign_roster(roster, [scene.members[0].approver, *SPARE, FALSE_FRIEND])
        with suppress(Problem):
            scene.store.write(lambda tx: tx.put_roster(*made))
            scene.rosters.append(made)
            self.friend = True

    def extend(self, dice):
        """An hour more for something, theirs or not."""
        scene, (sha, action) = self.scene, dice.choice([self.late, *self.docs])
        made = {
            "type": "extension.v1", "org": ORG, "doc": sha, "op": action.op, "roster": list(scene.ref),
            "execute_by": action.execute_by + HOUR_MS, "created": scene.clock.wall_ms(),
        }  # fmt: skip
        more = scene.store.write(lambda tx: tx.put_document(canon.encode(made)))
        scene.say(0, Draft("document.proposed", pub={"doc": more, "doc_type": "extension.v1"}))
        scene.carry(0, "document.approved", more, *scene.record(0, more, "extension.v1", action.op))

    def extend_others(self, dice):
        """What waits for its time to end, and is looked at again after it."""
        kept, self.docs = self.docs, []
        self.extend(dice)
        self.docs = kept
        self.scene.clock.advance(dice.choice([1_000, LATE_MS]))
        self.dispatch()

    def forge_elsewhere(self, dice, made=None):
        """Their second machine decides something of theirs and says that it sent it, from exactly the signed state."""
        mine = [one for one in self.docs if one[1].targets[0].dispatchers[0] == self.scene.second.feed]
        if made is None and not mine:
            return
        sha, action = made or dice.choice(mine)
        scene, second = self.scene, self.scene.second
        with suppress(Problem):
            scene.store.write(lambda tx: authorise(tx, second, sha))
        scene.store.write(lambda tx: tx.connection.execute("DELETE FROM outbox WHERE doc = ?", (sha,)))
        step = {"doc": sha, "target": 0, "attempt": 1}
        for kind, more in (
            ("dispatch.intent", {"requests": "0" * 64, "step": "apply", "pre": "same", "verdict": "approved"}),
            ("dispatch.accepted", {"outcome": "accepted"}),
        ):
            draft = Draft(kind, inc=INC, subj=action.op, pub={**step, **more})
            scene.store.write(lambda tx, draft=draft: tx.append(second, draft, roster=scene.ref))
