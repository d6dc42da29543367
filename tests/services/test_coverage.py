"""The coverage map says what manifests and the record say: gaps stand out, and only what was observed is rehearsed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.actions import CATEGORIES
from console.domain.forms import default_policy
from console.services import standing
from console.services.coverage import _STEPS, coverage, rows_of
from console.services.inventory import Surface
from console.services.levers import LeverLine, Options
from tests.journal.world import ORG
from tests.kit.scene import INSTANCE
from tests.kit.told import SURFACES, Told


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    made = Told(tmp_path / "p", monkeypatch)
    yield made
    made.close()


def lever(name: str, category: str, **changes) -> LeverLine:
    fields = {
        "name": name, "title": name, "category": category, "selector": "key", "wide": False, "reversal": "exact",
        "reach": "everyone", "propagation_s": 5, "probe": "canary", "proven": True, "milder": None, "params": (),
    }  # fmt: skip
    return LeverLine(**{**fields, **changes})


def options(*levers: LeverLine, where: str = "east", control: str = "developer", by_hand: bool = False, broken=""):
    surface = Surface(surface=SURFACES[where], instance=INSTANCE, model="F-7", kind="public", control=control,
                      reach="everyone", name=f"F-7 {where}", key=where)  # fmt: skip
    there = {one.category for one in levers}
    cannot = tuple((one, "it has none") for one in CATEGORIES if one not in there) if not by_hand else ()
    return Options(surface=surface, provider="gateway", by_hand=by_hand, levers=levers, cannot=cannot, broken=broken)


def rows(told: Told, *found: Options):
    return rows_of(found, standing.corrections(told.session), told.session.reader.entries(kinds=_STEPS))


def states(row) -> list[str]:
    return [cell.state for cell in row.cells]


def test_what_there_is_no_lever_for_is_a_gap_and_says_why(told: Told) -> None:
    (row,) = rows(told, options(lever("block", "user"), lever("cap", "frequency", proven=False)))
    assert states(row) == ["possible", "unproven", "none", "none", "none"]
    assert row.cells[4].why == "it has none"
    assert all(cell.gap for cell in row.cells)
    assert not row.uncontrolled


def test_the_best_reversal_counts_and_open_weights_are_out_of_reach(told: Told) -> None:
    block, delete = lever("block", "user", reversal="best-effort"), lever("delete", "user", reversal="none")
    (row,) = rows(told, options(block, delete))
    assert row.cells[0].reversal == "best-effort"
    (weights,) = rows(told, options(block, control="none"))
    assert set(states(weights)) == {"out-of-reach"}
    assert weights.uncontrolled
    (hand,) = rows(told, options(lever("ask", "user", reversal="none"), by_hand=True))
    assert set(states(hand)) == {"by-hand"}
    (away,) = rows(told, options(broken="Its provider is not connected on this console."))
    assert set(states(away)) == {"elsewhere"}


def test_only_what_was_observed_is_rehearsed_and_how_long_it_took_is_from_the_quorum(told: Told) -> None:
    made = told.propose("key-a")
    block = options(lever("block", "user"))
    assert states(rows(told, block)[0])[0] == "possible", "what nobody signed was not tried"
    told.authorise(made)
    told.later(1)
    for kind in ("intent", "accepted", "recorded"):
        told.step(made, kind)
    assert states(rows(told, block)[0])[0] == "tried"
    told.later(1)
    told.step(made, "enforced")
    told.later(60)
    told.step(made, "enforced")  # looked at again
    (row,) = rows(told, block)
    last = row.cells[0].last
    assert states(row)[0] == "rehearsed"
    assert last is not None
    assert (last.canary, last.by_hand, row.cells[0].times) == (False, False, 1)
    assert 120_000 <= last.in_ms < 121_000, "the first time it was seen, from the moment it was decided"
    (other,) = rows(told, options(lever("block", "user"), where="west"))
    assert states(other)[0] == "possible"


def test_who_has_to_order_it_is_told_by_the_rule_that_weighs_an_action(told: Told) -> None:
    block, stop = lever("block", "user"), lever("stop", "shutdown", wide=True)
    found = options(
        block, lever("delete", "user", reversal="none"), stop, lever("archive", "use-case", reversal="none")
    )
    signers = default_policy(ORG, 1)
    (row,) = rows_of([found], (), (), signers)
    told_of = {cell.category: cell.takes for cell in row.cells}
    assert told_of["user"].startswith("block takes 1 person")
    assert told_of["shutdown"].startswith("stop takes 2 persons")
    assert "each on a console of their own" in told_of["use-case"]
    assert told_of["frequency"] == ""
    assert {cell.takes for cell in rows(told, found)[0].cells} == {""}, "without a policy nobody has to sign anything"


def test_a_lift_rehearses_nothing(told: Told) -> None:
    made = told.propose("key-a", direction="restore")
    told.authorise(made)
    told.step(made, "intent")
    told.step(made, "enforced")
    assert states(rows(told, options(lever("block", "user")))[0])[0] == "possible"


def test_a_surface_whose_provider_is_not_here_is_in_the_map(told: Told) -> None:
    found = coverage(told.session)
    assert [row.name for row in found.rows] == ["F-7 east", "F-7 inside", "F-7 west"]
    assert len(found.gaps) == 3
    assert all("no lever at all" in one for one in found.gaps)
