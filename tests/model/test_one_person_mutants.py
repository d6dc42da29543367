"""With any one of the rules switched off, one person reaches what two are needed for, and the model finds it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain import command, moment, needs, quorum, undoing
from console.keys import roster
from console.outbox import alone, executor, lists
from tests.kit.quick import proven_once
from tests.model.liars_world import ME
from tests.model.one_person import beginnings, play, story

STORIES = 60  # of always the same ones; each missing rule shows within so many
REAL_GRAVITY, REAL_ROLE, REAL_TAKE = needs.gravity, command._Fold._role, command._Fold.take


async def looks_at_nothing(_plane, _target, _plans):
    return True


def any_direction(targets, _direction, recent, policy):
    return REAL_GRAVITY(targets, "contain", recent, policy)


def lists_weigh_nothing(targets, *rest):
    return REAL_GRAVITY([replace(one, listed=None, selectors=min(1, one.selectors)) for one in targets], *rest)


def by_record(need, approvals):
    return tuple(one.record.person for one in approvals if need.out(one.record.person) is None)


def first_attempt(steps):
    intents = sorted((one for one in steps if one.kind == "dispatch.intent"), key=lambda one: one.seq)
    return bool(intents) and intents[0].pub.get("pre") == "same"


def hands_out_roles(self, entry, author):
    if entry.kind == "role.assigned":
        self.held.setdefault(entry.words("person"), set()).add(entry.words("role"))
    else:
        REAL_ROLE(self, entry, author)


def takes_command(self, entry):
    if entry.kind == "command.accepted":
        self._command(entry.author)
    else:
        REAL_TAKE(self, entry)


def everybody_signed(decisions, real=moment.original_signers):
    people, at_ms = real(decisions)
    return people | {ME} if people else people, at_ms


def as_no_list(facts, at, feed, real=undoing._compared_by):
    targets = tuple(replace(one, listed=None) for one in facts.undone.targets)
    return real(replace(facts, undone=replace(facts.undone, targets=targets)), at, feed)


def extends(document, facts, now_ms, qualified, real=needs._extension_need):
    return replace(real(document, facts, now_ms, qualified), out=lambda _person: None)


# what is switched off, and the steps that are likely to need it
MUTANTS = {
    "a restore needs two (lift)": ([(needs, "gravity", any_direction)], ("lift_alone",)),
    "an undo has a time, goes once, sends the revert": (
        [(needs, "_may_undo", lambda *_: True)],
        ("undo", "undo_late_or_twice"),
    ),
    "only a signer undoes alone": ([(moment, "original_signers", everybody_signed)], ("undo",)),
    "what one signed is undone where it was compared (0174)": (
        [(needs, "may_alone", lambda *_: True), (alone, "ground", lambda *_: "it was sent from here")],
        ("take_a_colleagues_block_back", "undo"),
    ),
    "nobody's word for himself (0187)": (
        [(undoing, "is_others", lambda *_: True)],
        ("take_a_colleagues_block_back",),
    ),
    "it was really sent, each time from the signed state (0187)": (
        [(undoing, "_compared", first_attempt)],
        ("fail_and_take_back",),
    ),
    "the second look (0168)": ([(executor, "alone", looks_at_nothing)], ("propose", "send")),
    "sent before, by one's own entries (0173)": (
        [(executor, "sent_before", lambda *_: True)],
        ("propose", "send"),
    ),
    "each account of a list is looked at (0173)": (
        [(lists, "alone", looks_at_nothing)],
        ("propose_list", "send"),
    ),
    "a list weighs as many as it has": (
        [(needs, "gravity", lists_weigh_nothing)],
        ("propose_list", "send"),
    ),
    "a list has as many lines as were signed": (
        [(lists.Lists, "_of", lambda self, given: self._known(lists.list_of(given.planned.params)))],
        ("propose_list", "send"),
    ),
    "a list is never undone by one": (
        [(undoing, "_compared_by", as_no_list)],
        ("list_and_back",),
    ),
    "broken glass reverts nothing, and nothing for ever, and no list": (
        [(needs, "may_be_alone", lambda _action: True)],
        ("break_the_glass",),
    ),
    "the roster says who may assume command": (
        [(command._Fold, "_qualified", lambda *_: True)],
        ("break_the_glass", "assume_command"),
    ),
    "who commands hands out roles": (
        [(command._Fold, "_role", hands_out_roles)],
        ("break_the_glass", "assume_command"),
    ),
    "command is handed over by who has it, to who may have it": (
        [(command._Fold, "take", takes_command)],
        ("break_the_glass", "assume_command"),
    ),
    "only a signer extends": ([(needs, "_extension_need", extends)], ("extend_others", "send")),
    "a roster is changed by several": (
        [(roster, "_require", lambda *_: None)],
        ("grow_roster", "propose", "break_the_glass"),
    ),
    "five an hour": ([(moment._Moment, "_recent_normal", lambda *_: 0)], ("many_an_hour",)),
    "people are counted, not signatures": ([(quorum, "_counted", by_record)], ("propose", "break_the_glass")),
}


def found_at(likely):
    """The first story in which somebody alone did more than one may; None where there is none."""
    for seed in range(STORIES):
        try:
            play(*story(seed, likely))
        except AssertionError:
            return seed
    return None


@pytest.mark.parametrize("rule", MUTANTS)
def test_without_it_one_person_does_what_two_are_needed_for(rule):
    patches, likely = MUTANTS[rule]
    with proven_once():
        beginnings()  # as they are with every rule
        with pytest.MonkeyPatch.context() as patch:
            for place, name, mutant in patches:
                patch.setattr(place, name, mutant)
            found = found_at(likely)
        assert found is not None
        play(*story(found, likely))  # and with it, that very story ends well
