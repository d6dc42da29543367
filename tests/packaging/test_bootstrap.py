"""The two commands, in a small checkout of their own with empty locks: real virtual environments, no network."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
BOOTSTRAP = ROOT / "packaging" / "bootstrap.py"
APP = """
import os, sys
def main():
    print("standdown", *sys.argv[1:], "in", os.getcwd())
    return 3
"""
EMPTY_LOCK = "# nothing\n"
UNKNOWN_LOCK = f"no-such-distribution==1.0 --hash=sha256:{'0' * 64}\n"
INSTALLING = "Installing the locked dependencies"
WITHIN_S = 240
COPY = """
import shutil, sys
shutil.copytree({made!r}, sys.argv[1], symlinks=True, dirs_exist_ok=True)
"""

Start = Callable[..., "subprocess.CompletedProcess[str]"]


def _checkout(root: Path) -> Path:
    """As much of a checkout as the bootstrap looks at."""
    for folder in ("packaging/locks", "console", "elsewhere"):
        (root / folder).mkdir(parents=True)
    shutil.copy(BOOTSTRAP, root / "packaging" / "bootstrap.py")
    (root / "console" / "app.py").write_text(APP)
    for lock in ("runtime", "dev"):
        (root / "packaging" / "locks" / f"{lock}.txt").write_text(EMPTY_LOCK)
    return root


def _starter(root: Path, path: str) -> Start:
    def start(*arguments: str, python: str | Path = sys.executable, **environ: str) -> subprocess.CompletedProcess[str]:
        command = [str(python), str(root / "packaging" / "bootstrap.py"), *arguments]
        where = root / "elsewhere"
        return subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=where, env=_environment(path) | environ,
            timeout=WITHIN_S,
        )  # fmt: skip

    return start


def _environment(path: str) -> dict[str, str]:
    return {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PYTHONPATH": path}


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A path with a `venv` that copies one made before: Python's own works four seconds on each, and is tried once."""
    folder = tmp_path_factory.mktemp("quick")
    base = str(getattr(sys, "_base_executable", None) or sys.executable)
    subprocess.run([base, "-m", "venv", str(folder / "made")], check=True, timeout=WITHIN_S)
    (folder / "venv").mkdir()
    (folder / "venv" / "__init__.py").touch()
    (folder / "venv" / "__main__.py").write_text(COPY.format(made=str(folder / "made")))
    return str(folder)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return _checkout(tmp_path / "check out")


@pytest.fixture
def start(checkout: Path, quick: str) -> Start:
    return _starter(checkout, quick)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout where the first start is over; whoever damages it has it repaired by the next start."""
    root = _checkout(tmp_path_factory.mktemp("standing") / "check out")
    done = _starter(root, "")("standdown", "--version")
    assert done.returncode == 3, done.stderr
    assert INSTALLING in done.stderr
    return root


@pytest.fixture
def installed(standing: Path, quick: str) -> Start:
    return _starter(standing, quick)


def test_a_second_start_is_quick_and_silent(installed: Start, standing: Path) -> None:
    pip = next(standing.glob(".venv/lib/*/site-packages/pip"))
    hidden = pip.rename(pip.with_name("pip-away"))  # whoever calls pip now fails
    took_s = []
    for _ in range(3):  # the quickest counts: what else the machine does is not ours
        began = time.monotonic()
        done = installed("run")
        took_s.append(time.monotonic() - began)
    hidden.rename(pip)
    assert (done.stdout, done.stderr, done.returncode) == (
        f"standdown drill run in {standing / 'elsewhere'}\n",
        "",
        3,
    )
    assert min(took_s) < 2, f"second starts took {took_s}"


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        (["run", "--", "status", "--json"], "status --json"),
        (["run", "status"], "status"),
        (["standdown", "note", "pytest"], "note pytest"),
        (["standdown", "--", "x"], "-- x"),
    ],
)
def test_arguments_reach_the_command(installed: Start, arguments: list[str], seen: str) -> None:
    assert installed(*arguments).stdout.startswith(f"standdown {seen} in ")


def test_the_environments_own_python_may_start_it(installed: Start, standing: Path) -> None:
    done = installed("run", python=standing / ".venv" / "bin" / "python")
    assert (done.returncode, done.stderr) == (3, "")
    direct = subprocess.run(
        [standing / ".venv/bin/python", standing / ".venv/bin/standdown"], check=False, timeout=WITHIN_S
    )
    assert direct.returncode == 3


def _cut_stamp(root: Path) -> None:
    stamp = root / ".venv" / "standdown.stamp"
    stamp.write_text(stamp.read_text()[:40])


def _lose_python(root: Path) -> None:
    (root / ".venv" / "bin" / "python").unlink()


def _lose_launcher(root: Path) -> None:
    (root / ".venv" / "bin" / "standdown").unlink()


def _lose_package(root: Path) -> None:
    shutil.rmtree(next(root.glob(".venv/lib/*/site-packages/*.dist-info")))


def _lose_packages(root: Path) -> None:
    shutil.rmtree(root / ".venv" / "lib")


def _be_a_file(root: Path) -> None:
    shutil.rmtree(root / ".venv")
    (root / ".venv").write_text("not a folder")


def _change_lock(root: Path) -> None:
    (root / "packaging" / "locks" / "runtime.txt").write_text("# newer\n")
    (root / ".venv" / "left-over").touch()


@pytest.mark.parametrize(
    "damage",
    [_cut_stamp, _lose_python, _lose_launcher, _lose_package, _lose_packages, _be_a_file, _change_lock],
)
def test_a_broken_environment_is_made_again(installed: Start, standing: Path, damage: Callable[[Path], None]) -> None:
    damage(standing)
    done = installed("run")
    assert done.returncode == 3, done.stderr
    assert INSTALLING in done.stderr
    assert not (standing / ".venv" / "left-over").exists()
    assert INSTALLING not in installed("run").stderr


def test_an_adapter_installed_beside_it_stays(installed: Start, standing: Path) -> None:
    own = next(standing.glob(".venv/lib/*/site-packages")) / "standdown_ours-0.1.0.dist-info"
    assert installed("run").returncode == 3  # whatever was damaged before is repaired
    own.mkdir()
    done = installed("run")
    assert (done.returncode, done.stderr) == (3, "")
    assert own.exists()
    own.rmdir()


def test_an_installation_cut_short_is_said_and_made_good_later(start: Start, checkout: Path) -> None:
    lock = checkout / "packaging" / "locks" / "runtime.txt"
    lock.write_text(UNKNOWN_LOCK)
    done = start("run")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "run this again with a connection" in done.stderr
    lock.write_text(EMPTY_LOCK)
    assert start("run").returncode == 3


def test_tests_complete_the_environment_and_it_serves_the_command(start: Start, checkout: Path) -> None:
    assert start("run").returncode == 3
    (checkout / ".venv" / "kept").touch()
    done = start("test")
    assert "(dev)" in done.stderr
    assert "No module named pytest" in done.stderr  # the locks here are empty
    done = start("run")
    assert (done.returncode, done.stderr) == (3, "")
    assert (checkout / ".venv" / "kept").exists()


def test_two_starts_at_once_install_once(start: Start) -> None:
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(start, ["run", "run"]))
    assert [one.returncode for one in done] == [3, 3], done
    assert sum(INSTALLING in one.stderr for one in done) == 1


@pytest.mark.parametrize(("arguments", "status"), [([], 2), (["unknown"], 2), (["--help"], 0)])
def test_wrong_use_shows_the_usage_and_installs_nothing(
    start: Start, checkout: Path, arguments: list[str], status: int
) -> None:
    done = start(*arguments)
    assert done.returncode == status
    assert "usage: python3 packaging/bootstrap.py" in done.stdout + done.stderr
    assert not (checkout / ".venv").exists()


# -- what the system lacks: one process, because a test cannot take Python's parts away -------------------------------


@pytest.fixture
def bootstrap(checkout: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", checkout / "packaging" / "bootstrap.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERSION = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def _hide(folder: Path, *modules: str) -> str:
    """A path on which these modules refuse to be imported, as where Debian has split them off."""
    for name in modules:
        (folder / f"{name}.py").write_text("raise ImportError(__name__)\n")
    return str(folder)


def test_without_root_the_exact_list_is_said(start: Start, tmp_path: Path, checkout: Path) -> None:
    only = tmp_path / "bin"
    only.mkdir()
    done = start("run", PYTHONPATH=_hide(tmp_path, "ensurepip"), PATH=str(only))
    assert done.returncode == 2
    assert f"Missing system packages: {VERSION}-venv openssh-client." in done.stderr
    assert not (checkout / ".venv").exists()


def _apt(folder: Path, effect: str) -> Path:
    folder.mkdir()
    apt = folder / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\n{effect}\n')
    apt.chmod(0o755)
    return folder


def test_root_installs_what_is_missing(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    folder = tmp_path / "bin"
    keygen = f"[ $1 = install ] && {{ /bin/cp /bin/sh {folder}/ssh-keygen; /bin/rm {hidden}/ensurepip.py; }}; true"
    monkeypatch.setenv("PATH", str(_apt(folder, keygen)))
    monkeypatch.setenv("PYTHONPATH", _hide(hidden, "ensurepip"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    bootstrap.require_system_packages()
    calls = (folder / "calls").read_text().splitlines()
    assert calls == ["update -qq", f"install -y -qq --no-install-recommends {VERSION}-venv openssh-client"]
    assert f"Installing system packages: {VERSION}-venv openssh-client" in capsys.readouterr().err


@pytest.mark.parametrize("root", [True, False])
def test_apt_that_cannot_help_leaves_the_command_to_the_person(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: bool
) -> None:
    monkeypatch.setenv("PATH", str(_apt(tmp_path / "bin", "exit 100")))
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    with pytest.raises(bootstrap.CannotInstall, match="sudo apt-get update && sudo apt-get install openssh-client"):
        bootstrap.require_system_packages()
    assert (tmp_path / "bin" / "calls").exists() == root


def test_a_checkout_that_cannot_be_written_is_said(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(bootstrap.CannotInstall, match=r"Read-only file system.*folder of your own"):
        bootstrap.install("runtime")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(bootstrap.CannotInstall, match=r"Read-only file system.*folder of your own"):
        bootstrap.install("runtime")


def test_an_old_python_is_told_so(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    assert bootstrap.main(["run"]) == 2
    said = capsys.readouterr().err
    assert "needs Python 3.11 or newer" in said
    assert "python3.11 packaging/bootstrap.py run" in said  # what to do next


def test_tests_run_in_parallel_unless_told_otherwise(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # it changes directory: come back afterwards
    workers = ["-n", "3", "--dist", "loadfile", "--max-worker-restart", "0"]
    assert bootstrap.child_arguments("test", ["-x"]) == ["-m", "pytest", *workers, "-x"]
    assert bootstrap.child_arguments("test", ["-n0"]) == ["-m", "pytest", "-n0"]
    assert bootstrap.child_arguments("test", ["-m", "real"]) == ["-m", "pytest", "-m", "real"]
