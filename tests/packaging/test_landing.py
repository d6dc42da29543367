"""`.ci/run` over a checkout that is made up: what it runs again, what it forgives and tells, and what it does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITHIN_S = 280
STUB = "#!/bin/sh\nexit 0\n"
# the stage of the real servers has nothing to run here
PYTHON = f"""#!/bin/sh
case "$*" in *"-m real"*) exit 0;; esac
exec "{sys.executable}" "$@"
"""
# each counts in a file how often it was run
TESTS = """
import pathlib
import pytest

def runs(name):
    with pathlib.Path(name).open("a") as log:
        log.write(".")
    return pathlib.Path(name).stat().st_size

def test_sound():
    assert runs("sound")

def test_unsteady():
    assert runs("unsteady") > 1, "the first failure in full"

@pytest.fixture
def given():
    yield
    assert runs("given") > 1, "its end failed"

@pytest.mark.parametrize("word", ["a word [of two]"])
def test_with_a_fixture(given, word):
    pass
"""
FAULTY = """
def test_faulty():
    assert runs("faulty") < 0, "it is broken"
"""
MANY = """
@pytest.mark.parametrize("number", range(4))
def test_many(number):
    assert runs(f"many{number}") > 1
"""


def landing(folder: Path, tests: str) -> subprocess.CompletedProcess[str]:
    for name in ("ruff", "lint-imports", "mypy", "basedpyright"):
        stub(folder / ".venv" / "bin" / name, STUB)
    stub(folder / ".venv" / "bin" / "python", PYTHON)
    stub(folder / ".ci" / "packages", STUB)
    for name in (".ci/run", ".ci/failed_once", "tests/conftest.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    run = "import os, sys; os.execv(sys.executable, [sys.executable, '-m', 'pytest', *sys.argv[2:]])"
    stub(folder / "packaging" / "bootstrap.py", run)
    (folder / "tests" / "test_it.py").write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    real:\n    screen:\n    expects_log:\n")
    return subprocess.run(
        [str(folder / ".ci" / "run")], cwd=folder, check=False, capture_output=True, text=True, timeout=WITHIN_S,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def stub(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def runs(folder: Path, name: str) -> int:
    return (folder / name).stat().st_size


pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell script")


def test_what_fails_once_passes_and_is_told_in_full_at_the_end(tmp_path: Path) -> None:
    done = landing(tmp_path, TESTS)
    assert done.returncode == 0, done.stdout + done.stderr
    end = done.stdout[done.stdout.index("real servers: passed") :]
    assert "== UNSTEADY, to be mended: tests/test_it.py::test_unsteady\n" in end
    assert "== UNSTEADY, to be mended: tests/test_it.py::test_with_a_fixture[a word [of two]]\n" in end
    assert "AssertionError: the first failure in full" in end
    assert "AssertionError: its end failed" in end
    assert "== all passed in" in end
    assert (runs(tmp_path, "sound"), runs(tmp_path, "unsteady")) == (1, 2)


def test_what_fails_twice_fails_the_landing_and_is_named(tmp_path: Path) -> None:
    done = landing(tmp_path, TESTS + FAULTY)
    assert done.returncode == 1
    end = done.stdout[done.stdout.index("real servers: passed") :]
    assert "== FAILED TWICE, the second time alone: tests/test_it.py::test_faulty\n" in end
    assert "== UNSTEADY, to be mended: tests/test_it.py::test_unsteady\n" in end
    assert end.endswith("== failed: tests\n")
    assert (runs(tmp_path, "faulty"), runs(tmp_path, "unsteady")) == (2, 2)


def test_where_more_failed_nothing_is_run_again(tmp_path: Path) -> None:
    done = landing(tmp_path, TESTS + MANY)
    assert done.returncode == 1
    assert "run again" not in done.stdout
    assert "UNSTEADY" not in done.stdout
    assert [runs(tmp_path, f"many{number}") for number in range(4)] == [1, 1, 1, 1]
