"""Each adapter's page says what people need before they connect it: permissions, limits, times, and what was read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.providers.registry import Registry, Usable

FOLDER = Path(__file__).parents[2] / "adapters"
NAMES = sorted(one.parent.name for one in FOLDER.glob("*/README.md") if (one.parent / "adapter.py").exists())
OF_A_PLANE = [name for name in NAMES if name != "http"]  # the form in which a file declares one has no plane
SAYS = {
    "when its documentation was read": r"Read on 20\d\d-\d\d-\d\d",
    "how often it may be asked": r"[Rr]ate limit|429|Limits of these",
    "the smallest permissions": r"[Ss]mallest permission|nothing less can|is enough",
    "what is not possible": r"[Nn]ot possible",
    "how long it takes": r"[Pp]ropagation|`propagation_s`|How long|at once|lag by",
    "whom it reaches": r"[Rr]each|[Ss]cope",
    "what undoes it": r"[Uu]ndo",
}


def page(name):
    return (FOLDER / name / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", OF_A_PLANE)
def test_a_page_says_what_people_need_to_know(name):
    flat = " ".join(page(name).split())
    assert [what for what, words in SAYS.items() if not re.search(words, flat)] == []


@pytest.mark.parametrize("name", OF_A_PLANE)
def test_a_page_has_every_lever_with_its_kind(name):
    found = Registry.load().look_up(name)
    assert isinstance(found, Usable)
    rows = [line for line in page(name).splitlines() if line.startswith("|")]
    for lever in found.manifest.levers:
        told = [row for row in rows if f"`{lever.name}`" in row]
        assert told, f"{name}: no row tells of {lever.name}"
        assert f"| {lever.category} |" in told[0], (
            f"{name}: {lever.name} is {lever.category}, and its row says otherwise"
        )


@pytest.mark.parametrize("name", OF_A_PLANE)
def test_a_lever_is_called_proven_only_where_a_real_server_shows_it(name):
    """Each adapter with a proven lever has tests marked `real`; all others say that theirs are unproven."""
    found = Registry.load().look_up(name)
    assert isinstance(found, Usable)
    proven = [one.name for one in found.manifest.levers if one.proven]
    files = {"open_inference": ["test_real_model_servers.py"]}.get(
        name, [f"test_real_{name}{part}.py" for part in ("", "_workers", "_file")]
    )
    tests = " ".join(one.read_text(encoding="utf-8") for one in map(Path(__file__).with_name, files) if one.exists())
    assert [one for one in proven if one not in tests] == []
    if found.manifest.levers and not proven:
        assert re.search(r"unproven|no lever says `proven`", " ".join(page(name).split()))
