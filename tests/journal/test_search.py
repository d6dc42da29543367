from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.journal.projections import Projections
from console.journal.search import expression
from console.journal.values import Draft
from tests.journal.world import INC, OTHER_INC, World

SAID = (
    ("note", INC, {"text": "F-7 answers with working exploits"}),
    ("decision", INC, {"text": "Block the key of the canary", "speaker": "Scribe"}),
    ("note", OTHER_INC, {"text": "exploits are reported elsewhere"}),
    ("severity.changed", INC, {"reason": "Wider than first thought"}),
    ("incident.declared", OTHER_INC, {"title": "Café outage", "text": "first words"}),
    ("note", INC, {"text": "模型很危险必须停止"}),
    ("note", INC, {"text": 'NOT a query OR "quoted" (yes) AND more*'}),
)
PUB = {"severity.changed": {"severity": 1}, "incident.declared": {"severity": 2}}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    world = World(folder=tmp_path_factory.mktemp("search"))
    with world.open("a") as store, Projections(store) as shown:
        feed = world.person_feed(store)
        for kind, inc, said in SAID:
            draft = Draft(kind, inc, None, PUB.get(kind, {}), said)
            store.write(lambda tx, draft=draft: tx.append(feed, draft, roster=world.ref))
        blob = {"name": "transcript-88.json", "sha256": "ab" * 32, "size": 3}
        draft = Draft("evidence", INC, None, {"class": "open"}, {"blob": blob})
        store.write(lambda tx: tx.append(feed, draft, roster=world.ref))
        shown.update()
        yield shown.shelf


def found(shelf, typed, **how):
    return [one.line.text or one.line.fact for one in shelf.page(shelf.newest_hits(typed, **how))]


@pytest.mark.parametrize(
    ("typed", "texts"),
    [
        ("ex", [SAID[2][2]["text"], SAID[0][2]["text"]]),
        ("exploits", [SAID[2][2]["text"], SAID[0][2]["text"]]),
        ("working EXPL", [SAID[0][2]["text"]]),
        ("f-7", [SAID[0][2]["text"]]),
        ("scri", [SAID[1][2]["text"]]),
        ("expl wor", [SAID[0][2]["text"]]),
        ("wider", [SAID[3][2]["reason"]]),
        ("cafe", ["Café outage"]),
        ("first words", ["Café outage"]),
        ("危险", [SAID[5][2]["text"]]),
        ("停止", [SAID[5][2]["text"]]),
        ("险危", []),
        ("transcript-88", ["transcript-88.json"]),
        ("elsew", [SAID[2][2]["text"]]),
        ("loit", []),
    ],
)
def test_every_word_must_occur_at_least_as_a_beginning(shelf, typed, texts):
    assert found(shelf, typed, everywhere=True) == texts


def test_one_incident_and_some_kinds_only(shelf):
    assert found(shelf, "exploits", inc=OTHER_INC) == [SAID[2][2]["text"]]
    assert found(shelf, "th", inc=INC, kinds=["decision"]) == [SAID[1][2]["text"]]
    assert found(shelf, "th", inc=INC, kinds=["decision", "severity.changed"]) == [
        SAID[3][2]["reason"], SAID[1][2]["text"],
    ]  # fmt: skip
    assert found(shelf, "th", inc=INC, kinds=["no such kind"]) == []
    assert found(shelf, "", inc=INC, kinds=["decision"]) == [SAID[1][2]["text"]]
    assert found(shelf, "exploits", inc="i-nowhere") == []


def test_the_newest_come_first_and_the_rest_follows(shelf):
    first = shelf.newest_hits("exploits", everywhere=True, limit=1)
    rest = shelf.newest_hits("exploits", everywhere=True, before=first[-1])
    assert len(first) == len(rest) == 1
    assert first > rest
    assert set(rest) <= set(shelf.hits("ex", INC, 0, 10))


def test_what_most_lines_have_in_common_is_looked_up_and_still_exact(tmp_path):
    world = World(folder=tmp_path)
    with world.open("a") as store, Projections(store) as shown:
        feed = world.person_feed(store)
        made = []
        for number in range(120):
            kind, inc = ("decision", OTHER_INC) if number % 10 == 3 else ("note", INC)
            word = "rare" if inc == OTHER_INC or number == 5 else "common"
            draft = Draft(kind, inc, None, {}, {"text": f"{word} {number}"})
            made.append(store.write(lambda tx, draft=draft: tx.append(feed, draft, roster=world.ref)))
        shown.update()

        def expected(word, inc, kinds=("note", "decision")):
            return [
                one.n for one in reversed(made)
                if one.entry.inc == inc and one.entry.kind in kinds and str(one.disclosed["text"]).startswith(word)
            ]  # fmt: skip

        for limit in (1, 3, 50, 200):
            for word in ("rare", "common"):
                for inc in (INC, OTHER_INC):
                    assert shown.shelf.newest_hits(word, inc, limit=limit) == expected(word, inc)[:limit]
                    some = shown.shelf.newest_hits(word, inc, kinds=["note"], limit=limit)
                    assert some == expected(word, inc, ("note",))[:limit]


def test_a_line_is_found_by_the_beginning_of_its_id(shelf):
    line = shelf.tail(INC, 1)[0].line
    assert [one.line.id for one in shelf.find(line.id[:9])] == [line.id]
    assert shelf.find("0" * 9) == []


HOSTILE = [
    '"', '""', "'", "*", "^", "-", "+", "(", ")", ":", "{}", "a:b", "body:x", "facet:i1", "NEAR(a b)", "AND", "OR",
    "NOT", "a AND", "NOT a", '"a', 'a"b', "a*b*", "\x00", "a\x00b", "exploits\x00", "\ud800", "\u202e", "%", "_", ";--",
    "x" * 10_000, "y " * 5_000, '" OR 1' * 2_000, "((((" * 2_500, "\u0301", "½", "🔥", "\U000e0001",
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_typed_is_plain_text(shelf, typed):
    assert isinstance(shelf.newest_hits(typed, everywhere=True), list)
    assert isinstance(shelf.hits(typed, INC, 0, 10), list)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(st.characters(), max_size=40))
def test_no_text_at_all_is_a_fault(shelf, typed):
    shelf.newest_hits(typed, INC)


def test_operators_are_words(shelf):
    assert found(shelf, "NOT", everywhere=True) == [SAID[6][2]["text"]]
    assert found(shelf, 'OR "quoted" (yes', everywhere=True) == [SAID[6][2]["text"]]
    assert found(shelf, "facet:i1", everywhere=True) == []


def test_what_has_no_word_in_it_finds_nothing_instead_of_everything():
    assert expression("--", 1, [2]) is None
    assert expression("", 1) is None
    assert expression("   ") is None


def test_no_more_than_sixteen_words_are_asked_for():
    asked = expression(" ".join(f"w{number}" for number in range(40)))
    assert asked is not None
    assert asked.count("body :") == 16
