"""The Promela model of approval and dispatch, checked by spin: it holds, and without any of its guards it does not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

MODEL = Path(__file__).with_name("dispatch.pml")
COMPILER = shutil.which("gcc") or shutil.which("cc")
WITHIN_S = 300
TAGGABLE = 3  # a class with which every mutant shows, so that not all five are searched
QUORUM, CALLED_OFF, TWICE, LOST = "persons", "view", "effects<=1", "row"

pytestmark = pytest.mark.skipif(
    shutil.which("spin") is None or COMPILER is None, reason="spin and a C compiler are not installed"
)


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("promela")
    subprocess.run(["spin", "-a", str(MODEL)], cwd=folder, check=True, capture_output=True, timeout=WITHIN_S)
    build = [str(COMPILER), "-O2", "-w", "-DSAFETY", "-DMEMLIM=4000", "-o", "pan", "pan.c"]
    subprocess.run(build, cwd=folder, check=True, capture_output=True, timeout=WITHIN_S)
    return folder / "pan"


def checked(verifier: Path, **told: int) -> tuple[int, int, str]:
    """Errors, states, and the assertion that does not hold, if any."""
    ours = ("ALL", "MUTANT", "CLASS")
    env = {name: value for name, value in os.environ.items() if name not in ours}
    env |= {name: str(value) for name, value in told.items()}
    run = subprocess.run(
        [str(verifier), "-m20000"], cwd=verifier.parent, env=env, check=False, capture_output=True, text=True,
        timeout=WITHIN_S,
    )  # fmt: skip
    assert "error: max search depth" not in run.stdout
    assert "out of memory" not in run.stdout
    errors = re.search(r"errors: (\d+)", run.stdout)
    states = re.search(r"(\d+) states, stored", run.stdout)
    assert errors is not None, run.stdout
    assert states is not None, run.stdout
    violated = re.search(r"assertion violated (.+) \(at depth", run.stdout)
    return int(errors[1]), int(states[1]), "" if violated is None else violated[1]


def test_no_effect_without_quorum_none_twice_and_nothing_lost(verifier: Path) -> None:
    errors, states, violated = checked(verifier)
    assert (errors, violated) == (0, "")
    assert states > 500_000, "it was searched to its end, and not emptied by a mistake"


@pytest.mark.parametrize(
    ("mutant", "broken"),
    [(1, QUORUM), (2, QUORUM), (3, CALLED_OFF), (4, TWICE), (5, TWICE), (6, TWICE), (7, TWICE), (8, TWICE), (9, TWICE),
     (10, LOST)],
    ids=["counts keys", "old approvals", "no recheck", "no intent", "resends blindly", "no settle", "all stand by",
         "no lease", "no fence", "forgets"],
)  # fmt: skip
def test_without_a_guard_it_does_not_hold(verifier: Path, mutant: int, broken: str) -> None:
    errors, _, violated = checked(verifier, MUTANT=mutant, CLASS=TAGGABLE)
    assert errors == 1
    assert broken in violated


def test_every_mutant_of_the_model_is_tried() -> None:
    named = {int(one) for one in re.findall(r"\(mutant == (\d+)\)", MODEL.read_text(encoding="utf-8"))}
    assert named == set(range(1, 11))
