"""Which cells are painted anew, and the same board for ears."""

from __future__ import annotations

from dataclasses import replace

from console.services.board import STATES
from console.services.live_values import InstanceLook, Looks, ProviderLink, SurfaceLook
from console.services.providers import Surface
from console.viewmodels.board import BoardModel

NOW = 1_763_906_531_000


def looks(count: int, *, at: int = NOW, states: dict[int, str] | None = None, latency: int = 10) -> Looks:
    surfaces = tuple(
        Surface(surface=f"t-{n:03}", instance="g-1", model=f"F-{n:03}", kind="public", control="developer",
                reach="everyone", name=f"F-{n:03}", key=f"F-{n:03}")
        for n in range(count)
    )  # fmt: skip
    told = tuple(
        SurfaceLook(key=one.key, model=one.model, state=(states or {}).get(n, "serving"), restrictions=(), detail="",
                    read_ms=at)
        for n, one in enumerate(surfaces)
    )  # fmt: skip
    link = ProviderLink(instance="g-1", name="gateway", adapter="litellm", state="answers", looked_ms=at, read_ms=at)
    return Looks(
        surfaces=surfaces, instances=(InstanceLook(link=link, surfaces=told, latency=(latency,)),), poll_ms=5_000
    )


def test_only_what_changed_is_painted() -> None:
    model = BoardModel()
    first = model.take_looks(looks(20), NOW)
    assert first.everything
    assert len(first.places) == 20
    assert model.take_looks(looks(20, at=NOW + 100), NOW + 100).places == frozenset()
    changed = model.take_looks(looks(20, at=NOW + 200, states={7: "stopped"}), NOW + 200)
    assert (changed.places, changed.everything) == (frozenset({(7, 0)}), False)
    assert model.take_looks(looks(21, at=NOW + 300), NOW + 300).everything


def test_time_alone_ages_and_greys() -> None:
    model = BoardModel()
    model.take_looks(looks(3), NOW)
    assert model.tick(NOW + 500).places == frozenset()
    assert len(model.tick(NOW + 1_000).places) == 3
    model.tick(NOW + 15_001)
    cell = model.cell(0, 0)
    assert cell is not None
    assert (cell.state, cell.stale) == ("stale", True)


def test_the_board_can_be_heard() -> None:
    model = BoardModel()
    assert model.summary() == "No surface is known yet."
    model.take_looks(looks(3, states={1: "stopped", 2: "strange"}), NOW)
    assert model.summary() == "3 surfaces: 1 unknown, 1 stopped, 1 serving."
    assert [place for place, _ in model.lines()] == [(0, 0), (1, 0), (2, 0)]
    assert model.sentence(1, 0).startswith("F-001 at gateway: stopped. Read just now.")
    lonely = replace(looks(1).surfaces[0], surface="t-x", instance="g-x", model="Z")
    model.take_looks(replace(looks(1), surfaces=(*looks(1).surfaces, lonely)), NOW)
    assert model.sentence(1, 0) == "Z is not served at gateway."


def test_every_state_is_counted_in_the_summary_and_has_its_own_shape() -> None:
    assert len({sign.shape for sign in STATES.values()}) == len({sign.word for sign in STATES.values()}) == len(STATES)
    for state in ("serving", "degraded", "loading", "stopped", "unknown"):
        model = BoardModel()
        model.take_looks(looks(1, states={0: state}), NOW)
        assert f"1 {STATES[state].word}" in model.summary()
