"""Stories of one person: drawn, played, and judged by what landed against what one person may do alone.

As a command, thousands of them: `python -m tests.model.one_person 5000`, from another number on with a second one.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from functools import cache

from tests.kit.quick import proven_once
from tests.model.liars_attacks import Attacker
from tests.model.liars_world import HOUR_MS, LATE, NORMAL_PER_HOUR, UNDO_MS, everybody, truth


def judged(liar):
    """Everything that landed, each held against what one person may do alone; AssertionError where it is more."""
    landed = {}
    for at_ms, selector, body in liar.estate.times[1:]:
        kind, number, _ = selector.split("-")
        if selector == LATE:
            assert at_ms <= liar.until_ms, "what two others signed was sent after its time"
            assert body == truth("wide", LATE).requests[0].body, "what two others did was touched"
            continue
        assert number != "0", f"what others did was touched: {selector} {body}"
        assert int(number) in liar.told, f"what nobody planned: {body}"
        told = liar.told[int(number)]
        assert selector in told.names, f"whom nobody named: {selector}"
        target = told.target_of(selector)
        back = truth(kind, selector, "restore").requests[0].body
        if body is False or body == back:
            since_ms, again = landed.get(selector, (0, True))
            assert not again, "an undo of nothing, or twice"
            assert not told.listed, "a list, undone by one"
            assert at_ms - since_ms <= UNDO_MS + 5_000, "an undo after its time"
            landed[selector] = since_ms, True
            continue
        assert body in (True, truth(kind, selector).requests[0].body), f"what no plan of that lever sends: {body}"
        assert selector not in landed, "it was done twice"
        landed[selector] = at_ms, False
        glass = told.glass(liar)
        assert kind != "lasting", "for ever, by one person"
        assert (kind != "wide" and not everybody(selector)) or glass, "for everybody, without breaking glass"
        replaced = target.credential == "verified-replacement"  # believed as its proposer counted it (0168)
        assert kind != "revoke" or glass or replaced, "what is in use was revoked by one person"
    return landed


def bounded(liar, landed):
    """Without broken glass: one target an action and a canary beside it, five actions an hour."""
    times = []
    for told in liar.told.values():
        if told.glass(liar):
            continue
        its = sorted((landed[one][0], one) for one in told.names if one in landed)
        assert len(its) <= (1 if told.listed else 2), "more than one, by one person"
        assert sum(not told.target_of(one).canary for _, one in its) <= 1, "more than one beside a canary"
        times += [its[0][0]] if its else []
    for first in times:
        assert sum(first <= at < first + HOUR_MS for at in times) <= NORMAL_PER_HOUR, "more than five in an hour"


WRITE = ("propose", "propose", "propose_list", "lift_list", "undo", "honest_one")
SAY = ("copy_a_signature", "change_roles", "refuse", "extend", "forge_a_decision", "forge_elsewhere", "grow_roster",
       "assume_command")  # fmt: skip
OTHERS = ("others_sign", "by_hand", "send", "send", "send", "send_now")
ATTACKS = (
    "lift_alone", "take_a_colleagues_block_back", "fail_and_take_back", "undo_late_or_twice", "list_and_back",
    "many_an_hour", "extend_others", "break_the_glass", "break_the_glass",
)  # fmt: skip


def story(seed, likely=()):
    """The steps of one story and its dice, always the same for a seed; `likely` are taken half of the time."""
    dice = random.Random(seed)
    steps = [dice.choice(likely if likely and dice.random() < 0.6 else STEPS) for _ in range(dice.randint(3, 10))]
    return steps, dice


STEPS = (*WRITE, *WRITE, *SAY, *OTHERS, *OTHERS, *ATTACKS)


class Once:
    """A liar at the beginning, made once for each that there is, and taken back there after every story."""

    def __init__(self, *, leads):
        self.liar = Attacker(leads=leads)
        self._estate, self._rosters = self.liar.estate, list(self.liar.scene.rosters)
        self._chance = deepcopy((self.liar.scene.entropy, self.liar.scene.store.ledger.entropy))
        self._files = dict(self.liar.scene.store.ledger.blobs)

    @contextmanager
    def again(self):
        liar, scene = self.liar, self.liar.scene
        estate = replace(self._estate.copy(), times=list(self._estate.times), users=list(self._estate.users))
        scene.store.mark()
        try:
            liar.docs, liar.told, liar.number, liar.friend, liar.estate = [], {}, 0, False, estate
            scene.entropy, scene.store.ledger.entropy = deepcopy(self._chance)
            yield liar
        finally:
            scene.store.back()
            scene.rosters[:] = self._rosters
            scene.store.ledger.blobs.clear()
            scene.store.ledger.blobs.update(self._files)


@cache
def beginnings():
    """Both liars at the beginning: who leads the incident, and who holds no role in it."""
    return {leads: Once(leads=leads) for leads in (True, False)}


def play(steps, dice):
    """One story of one person; AssertionError where more was sent than one may do alone. It gives the liar."""
    with beginnings()[dice.random() < 0.6].again() as liar:
        for step in steps:
            getattr(liar, step)(dice)
        liar.scene.clock.advance(1_000)
        liar.dispatch()
        bounded(liar, judged(liar))
        return liar


def main():
    """Play so many stories, and say what landed in them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stories", type=int, nargs="?", default=1000)
    parser.add_argument("first", type=int, nargs="?", default=0)
    asked = parser.parse_args()
    landed, began = Counter(), time.process_time()
    with proven_once():
        for seed in range(asked.first, asked.first + asked.stories):
            try:
                told = play(*story(seed))
            except AssertionError as fault:
                sys.stdout.write(f"Story {seed}: {fault}\n{', '.join(story(seed)[0])}\n")
                return 1
            landed.update(one[1].split("-")[0] for one in told.estate.times if one[1].split("-")[1] != "0")
    kinds = ", ".join(f"{kind} {many}" for kind, many in landed.most_common())
    took = time.process_time() - began
    sys.stdout.write(f"{asked.stories} stories in {took:.0f} s: nothing that two are needed for. Landed: {kinds}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
