"""Whole attacks, each of steps that a liar can take one by one, so that they come about within a few stories."""

from __future__ import annotations

from dataclasses import replace

from console.domain.lists import PREFIX, to_bytes
from console.keys import canon
from console.providers.lists import template_of
from tests.model.liar import Liar, Told
from tests.model.liars_world import BASE, NORMAL_PER_HOUR, OF, UNDO_MS, truth


class Attacker(Liar):
    """A liar who knows what they want."""

    def take_a_colleagues_block_back(self, dice):
        """What a colleague did by hand: called one's own, sent by one's own machine, undone at the honest console."""
        self.honest_one(dice, dispatchers=(self.scene.second.feed,))
        told = self.told[self.number]
        self.restrict(told.names[0])
        self.forge_elsewhere(dice, told.made)
        self.undo_of(dice, told.made, [truth("small", told.names[0])])
        self.send_now(dice)

    def fail_and_take_back(self, dice):
        """The same by letting one's own fail first."""
        self.honest_one(dice)
        told = self.told[self.number]
        self.dispatch(lambda what, _options: "refused" if what == "write" else "ok")
        self.restrict(told.names[0])
        self.undo_of(dice, told.made, [truth("small", told.names[0])])
        self.send_now(dice)

    def undo_late_or_twice(self, dice):
        """One's own honest block, undone when its time is over, or again after a colleague did it anew."""
        self.honest_one(dice)
        told = self.told[self.number]
        self.send_now(dice)
        again = dice.random() < 0.5
        for _ in range(2 if again else 1):
            self.scene.clock.advance(1_000 if again else UNDO_MS + 60_000)
            self.undo_of(dice, told.made, [truth("small", told.names[0])])
            self.send_now(dice)
            self.restrict(told.names[0])

    def lift_alone(self, dice):
        """Give something back as a lift: with criteria or without, named or not, called as mild as can be."""
        mine = [one for one in self.told.values() if not one.listed and one.names[0].startswith("small")]
        if not mine or dice.random() < 0.3:
            self.honest_one(dice)
            self.send_now(dice)
            mine = [self.told[self.number]]
        one = dice.choice(mine)
        named, made = dice.choice([(BASE, self.others), (one.names[0], one.made)])
        plan = truth(named.split("-")[0], named, "restore")
        category = OF[plan.lever].category
        target = self.scene.target(plan, category=category, selectors=dice.choice([plan.selectors, 1]))
        about = {"undoes": dice.choice([None, made[0]])}
        if dice.random() < 0.5:
            about["lift_criteria_sd"] = canon.digest(canon.make_disclosure(b"0" * 16, "lift_criteria", "none"))
        if dice.random() < 0.5:
            self.scene.clock.advance(UNDO_MS)
        lift = self.scene.propose([target], direction="restore", gravity=dice.choice(["normal", "high"]), **about)
        self.docs.append(lift)
        self.sign_with(dice, lift)
        self.send_now(dice)

    def list_and_back(self, dice):
        """A list of one account, as it may go on one signature, and its lift."""
        self.number += 1
        kind = dice.choice(("small", "member"))
        lines = [f"{kind}-{self.number}-0"]
        sha = self.scene.store.write(lambda tx: tx.put_blob(to_bytes(lines)))
        made = self.write_list(
            dice, template_of(truth(kind, lines[0])), lines, sha, listed=1, selectors=1, category=OF[kind].category,
            break_glass=False,
        )  # fmt: skip
        assert made[1].targets[0].listed == 1
        self.send_now(dice)
        self.lift_list(dice)
        self.send_now(dice)

    def break_the_glass(self, dice):
        """As whoever may would, or of what broken glass never does: for ever, a list, giving back; or as nobody."""
        if dice.random() < 0.7:
            self.assume_command(dice)
        self.number += 1
        kind = dice.choice(("wide", "wide", "lasting", "revoke"))
        names = [f"{kind}-{self.number}-{at}" for at in range(2)]
        about = {"break_glass": True, "gravity": "critical" if kind == "lasting" else "high", "severity": 1}
        how = dice.choice(["contain", "contain", "list", "back"])
        if how == "back":
            target = self.scene.target(truth("wide", BASE, "restore"), selectors=0, category="shutdown")
            made = self.scene.propose([target], direction="restore", **about)
        else:
            plan, more, lines = truth(kind, names[0]), {}, ()
            if how == "list":
                lines = tuple(names)
                sha = self.scene.store.write(lambda tx: tx.put_blob(to_bytes(lines)))
                plan = replace(template_of(plan), selector=f"{PREFIX}{sha}", selectors=2, params={"list": sha})
                more = {"listed": 2}
            public = {"selectors": plan.selectors, "reversal": plan.reversal, "credential": plan.credential}
            target = self.scene.target(plan, category=OF[kind].category, **public, **more)
            made = self.scene.propose([target], **about)
            self.told[self.number] = Told(made, lines or (names[0],), listed=bool(lines))
        self.docs.append(made)
        self.sign_with(dice, made)
        self.send_now(dice)

    def many_an_hour(self, dice):
        """More than one person may do in an hour, once in a story."""
        if self.number > NORMAL_PER_HOUR:
            return
        for _ in range(NORMAL_PER_HOUR + 2):
            self.honest_one(dice)
            self.send_now(dice)
