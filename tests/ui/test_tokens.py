"""Every pair of colours that can meet is legible, and nothing is told by colour alone."""

from __future__ import annotations

import runpy
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from console.domain.corrections import STATES as CORRECTION_STATES
from console.domain.errors import WrongUse
from console.domain.forms import GRAVITIES as GRAVITY_NAMES
from console.outbox.item import State
from console.ui import tokens
from console.ui.resources import resource

TABLES = {
    "states": tokens.STATES,
    "severities": tokens.SEVERITIES,
    "gravities": tokens.GRAVITIES,
    "links": tokens.LINKS,
    "serving": tokens.SERVING,
    "clocks": tokens.CLOCKS,
    "tasks": tokens.TASKS,
    "coverage": tokens.COVERAGE,
}
FAINT = {"line", "text-disabled"}  # a hairline between panels and a disabled word: WCAG asks nothing of them
SHAPES_ONLY = {"edge", "focus"}


def _roles(theme):
    return tokens.colours(theme).roles


@pytest.mark.parametrize("theme", tokens.THEMES)
def test_every_text_is_legible_on_everything_it_is_laid_on(theme):
    roles, needed = _roles(theme), 7.0 if theme == "high-contrast" else 4.5
    texts = [r for r in roles if not (r in tokens.SURFACES or r in FAINT or r in SHAPES_ONLY or r.startswith("on-"))]
    assert len(texts) > 15
    found = {(t, s): tokens.contrast(roles[t], roles[s]) for t in texts for s in tokens.SURFACES}
    assert {pair: ratio for pair, ratio in found.items() if ratio < needed} == {}


@pytest.mark.parametrize("theme", tokens.THEMES)
def test_edges_and_the_focus_ring_stand_out_three_to_one(theme):
    roles = _roles(theme)
    found = {(e, s): tokens.contrast(roles[e], roles[s]) for e in SHAPES_ONLY for s in tokens.SURFACES}
    assert {pair: ratio for pair, ratio in found.items() if ratio < 3} == {}


@pytest.mark.parametrize("theme", tokens.THEMES)
def test_text_on_a_filled_badge_is_legible(theme):
    roles = _roles(theme)
    filled = {on: tokens.contrast(roles[on], roles[on.removeprefix("on-")]) for on in roles if on.startswith("on-")}
    assert len(filled) == 7
    assert {on: ratio for on, ratio in filled.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", tokens.THEMES)
def test_a_disabled_word_is_paler_than_a_muted_one_yet_there(theme):
    roles = _roles(theme)
    assert (
        2
        < tokens.contrast(roles["text-disabled"], roles["panel"])
        < tokens.contrast(roles["text-muted"], roles["panel"])
    )


def test_contrast_is_the_standards():
    assert tokens.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert tokens.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_all_themes_have_the_same_roles():
    first, *others = (set(_roles(theme)) for theme in tokens.THEMES)
    assert all(other == first for other in others)


@pytest.mark.parametrize("table", TABLES)
def test_words_and_shapes_differ_within_a_table(table):
    marks = TABLES[table].values()
    assert len({mark.word for mark in marks}) == len(marks) == len({mark.shape for mark in marks})


def test_every_tone_is_a_colour_and_a_name_means_one_tone_wherever_it_stands():
    colours = tokens.colours("dark")
    tones: dict[str, str] = {}
    for table in TABLES.values():
        for name, mark in table.items():
            assert mark.tone in colours.roles
            assert tones.setdefault(name, mark.tone) == mark.tone
            assert colours[name] == colours[mark.tone]


def test_all_that_the_core_can_say_has_a_mark():
    assert set(get_args(State)) | set(CORRECTION_STATES) <= set(tokens.STATES)
    assert set(GRAVITY_NAMES) == set(tokens.GRAVITIES)
    named = {
        "enforced", "recorded", "accepted", "queued", "held", "unknown", "failed", "drifted", "stale", "proposed",
        "refused", "expired", "lifted", "attested",
    }  # fmt: skip
    assert named <= set(tokens.STATES)


def test_an_unknown_theme_or_colour_is_refused_not_guessed():
    with pytest.raises(WrongUse, match="no theme named sepia"):
        tokens.colours("sepia")
    with pytest.raises(KeyError):
        tokens.colours("dark")["greenish"]


def test_the_parts_of_the_style_sheet_are_drawn_in_todays_tokens():
    parts = runpy.run_path(str(Path(__file__).with_name("make_parts.py")))["parts"]
    on_disk = {path.name: path.read_text(encoding="ascii") for path in resource("themes", "parts").iterdir()}
    assert on_disk == parts()


def test_the_bundle_is_small_and_carries_its_licences():
    folder = resource("fonts")
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2_500_000
    assert {path.name for path in folder.glob("LICENSE*")} == {"LICENSE-Inter.txt", "LICENSE-IBMPlexMono.txt"}
    assert "SIL OPEN FONT LICENSE" in (folder / "LICENSE-Inter.txt").read_text(encoding="utf-8")
    assert (resource("icons") / "LICENSE-lucide.txt").is_file()


def test_a_wheel_carries_the_look():
    project = tomllib.loads((resource("..", "pyproject.toml")).read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for folder in ("fonts", "icons", "themes"):
        assert included[f"resources/{folder}"] == f"console/resources/{folder}"
