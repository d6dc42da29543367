"""What a first run says to what is typed, and how far founding is, in sentences."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.errors import WrongUse
from console.keys.publickey import PublicKey
from console.keys.words import same_words, word_list, words_of
from console.services.founding import Progress, Stage
from console.services.setup import Note
from console.viewmodels import organisation
from console.viewmodels.firstrun import DOORS, HOUSES, hear, why_not_name, why_not_passphrase

GENESIS = words_of("ab" * 32)


@pytest.mark.parametrize(
    ("typed", "again", "why"),
    [
        ("", "", "At least 8"),
        ("1234567", "", "1 more"),
        ("12345678", "", "again"),
        ("12345678", "1234", "again"),
        ("12345678", "12345679", "not the same"),
        ("12345678", "123456789", "not the same"),
        ("12345678", "12345678", ""),
        ("äöüß", "äöüß", ""),  # eight bytes, as the key file counts them
    ],
)
def test_a_passphrase_is_chosen_by_typing_it_twice(typed: str, again: str, why: str) -> None:
    found = why_not_passphrase(typed, again)
    assert why in found
    assert bool(why) == bool(found)


def test_a_name_that_nobody_could_read_is_refused() -> None:
    assert why_not_name("Commander") == ""
    assert "beside everything you write" in why_not_name("  ")
    assert why_not_name("a\x07b")
    assert why_not_name("x" * 121)


def test_words_are_understood_while_they_are_typed() -> None:
    assert hear("").known == 0
    first = GENESIS.split()[0]
    assert hear(first[:-1]).unknown == (), "a word in the making is no fault"
    wrong = hear(f"{first}x ")
    assert wrong.unknown == (f"{first}x",)
    assert first in wrong.hint
    assert not hear(GENESIS.rsplit(" ", 1)[0]).complete
    assert hear(GENESIS).complete
    assert not hear(f"{GENESIS} {first}").complete


@given(st.lists(st.sampled_from(word_list()), min_size=8, max_size=8), st.sampled_from([" ", ", ", "-", "\n", " / "]))
def test_what_is_complete_is_what_would_be_compared(words: list[str], between: str) -> None:
    typed = between.join(word.title() for word in words)
    assert hear(typed).complete
    assert same_words(typed, " ".join(words))


@given(st.text())
def test_anything_typed_is_answered(typed: str) -> None:
    assert hear(typed).hint


def test_there_are_four_doors_and_the_house_may_be_left_unsaid() -> None:
    assert [one.door for one in DOORS] == ["alone", "practise", "found", "join"]
    assert HOUSES[-1].house is None


# -- the organisation --------------------------------------------------------------------------------------------------


def person(name: str, *roles: str, rehearsed: bool = True, me: bool = False) -> dict[str, Any]:
    return {"person": name, "name": name, "roles": list(roles), "me": me, "rehearsed": rehearsed, "keys": []}


def facts(
    *people: dict[str, Any], consoles: int = 2, missing: tuple[str, ...] = (), threshold: int | None = None
) -> dict[str, Any]:  # fmt: skip
    return {
        "people": list(people), "consoles": [f"c-{n}" for n in range(consoles)], "missing": list(missing),
        "threshold": threshold,
    }  # fmt: skip


def can(*people: dict[str, Any], consoles: int = 2) -> tuple[bool, ...]:
    return tuple(one.can for one in organisation.abilities(facts(*people, consoles=consoles)))


def test_who_could_sign_is_never_said_of_somebody_who_has_not_rehearsed() -> None:
    lead, second = person("Commander", "approver", "commander"), person("Approver", "approver")
    assert can(lead, second) == (True, True, True)
    assert can(lead, person("Approver", "approver", rehearsed=False)) == (True, False, False)
    assert can(person("Commander", "approver", rehearsed=False)) == (False, False, False)
    assert can(second, person("Other", "approver")) == (True, False, False), "nobody may command"
    assert can(lead, person("Scribe", "scribe")) == (True, False, False)
    assert can(lead, second, consoles=1) == (True, True, False)


def test_while_the_roster_is_split_only_who_stands_in_every_branch_could_sign() -> None:
    lead, second = person("Commander", "approver", "commander"), person("Approver", "approver")
    found = organisation.abilities({**facts(lead, second), "in_every_branch": ["Commander", "Approver"]})
    assert [one.can for one in found] == [True, True, True]
    assert "nothing is restored while the roster is split" in found[1].sentence
    alone = organisation.abilities({**facts(lead, second), "in_every_branch": ["Commander"]})
    assert [one.can for one in alone] == [True, False, False]
    assert "Approver" not in alone[0].sentence


def admin(name: str, *uses: str, revoked: str = "", ends: str = "") -> dict[str, Any]:
    keys = [{"use": use, "key": use, "revoked": use == revoked, "until_ms": 1 if use == ends else None} for use in uses]
    return {**person(name, "admin", "approver"), "keys": keys}


@pytest.mark.parametrize(
    ("people", "threshold", "told"),
    [
        ((admin("A", "approver"), admin("B", "approver")), 2, "yes, by A, B. Nobody may be away."),
        ((admin("A", "approver"), admin("B", "recovery")), 2, "yes, by A, B (by recovery key alone). Nobody"),
        ((admin("A", "approver"), admin("B", "approver", revoked="approver")), 2, "not now, only A could sign."),
        ((admin("A", "approver"), admin("B", "approver", ends="approver")), 2, "not now, only A could sign."),
        ((admin("A", "writer"), admin("B", "writer")), 2, "not now, nobody could sign."),
        (tuple(admin(name, "approver", "recovery") for name in "ABC"), 2, "yes, by A, B, C."),
        (tuple(admin(name, "approver") for name in "AB"), 3, "not now, only A, B could sign."),
    ],
)
def test_whether_the_roster_could_be_changed_now_and_by_whom(people, threshold: int, told: str) -> None:
    found = organisation.abilities(facts(*people, threshold=threshold))[-1]
    assert found.gravity == "roster"
    assert found.sentence.startswith(f"A change of the roster ({threshold} admins): {told}")
    assert found.can == told.startswith("yes")


def test_a_provisional_record_says_nothing_of_a_next_roster() -> None:
    assert [one.gravity for one in organisation.abilities(facts())] == ["normal", "high", "critical"]


def test_what_is_missing_names_no_command_of_a_terminal() -> None:
    told = organisation.missing(facts(missing=(
        "a second person: standdown org found",
        "Approver has not rehearsed signing (standdown org rehearse).",
        "three people, or two with sealed recovery keys.",
    )))  # fmt: skip
    assert told == (
        "A second person.", "Approver has not rehearsed signing.", "Three people, or two with sealed recovery keys.",
    )  # fmt: skip


def test_a_key_has_the_words_of_its_envelope() -> None:
    key = PublicKey.from_raw(bytes(range(32)))
    from console.keys import canon

    assert organisation.fingerprint_words(key.fingerprint) == words_of(canon.sha256_hex(key.blob))
    with pytest.raises(WrongUse):
        organisation.fingerprint_words("MD5:00")


def progress(stage: Stage, *, founder: bool) -> Progress:
    return Progress(
        stage=stage, founder=founder, genesis_words=GENESIS, my_words=None, folder="", requests=(), roster=(),
        envelopes=(), note=Note(), trouble="", facts=facts(),
    )  # fmt: skip


@pytest.mark.parametrize("founder", [True, False])
def test_every_stage_is_one_step_of_the_way(founder: bool) -> None:
    own: tuple[Stage, ...] = ("alone", "inviting", "admitted") if founder else ("asking", "signing", "signed")
    before = -1
    for stage in (*own, "rehearsing", "others-rehearsing"):
        states = [step.state for step in organisation.steps(progress(stage, founder=founder))]
        assert states.count("now") == 1
        at = states.index("now")
        assert at >= before
        assert set(states[:at]) <= {"done"}
        before = at
    assert {step.state for step in organisation.steps(progress("ready", founder=founder))} == {"done"}


def test_members_are_told_with_oneself_first() -> None:
    found = organisation.members(facts(person("A", "admin"), person("Z", "admin", me=True)))
    assert [one.name for one in found] == ["Z", "A"]
