"""From a bare machine to a running Standdown: `run`, `test`, or any `standdown` command. Standard library only.

It makes `.venv` in the checkout from locked, hashed dependencies, once; later starts only compare one stamp.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "standdown.stamp"
LOCK = ROOT / "packaging" / "locks" / "dev.txt"
OLDEST = (3, 11)
USAGE = """usage: python3 packaging/bootstrap.py COMMAND
  run              play the practice drill (later: open the window)
  run -- ARGS      the same as: standdown ARGS
  standdown ARGS   run the standdown command
  test [ARGS]      run the test suite (no server, no network beyond installation); ARGS go to pytest
  install          only install
"""
WRONG_USE = 2


def main(arguments: list[str]) -> int:
    """Do what the command line says; returns the exit status."""
    if sys.version_info < OLDEST:
        return stop(f"Standdown needs Python 3.11 or newer; this is {sys.version.split()[0]}: use a newer one.")
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command not in ("run", "test", "standdown", "install"):
        print(USAGE, end="", file=sys.stderr)
        return 0 if command in ("-h", "--help") else WRONG_USE
    fault = install()
    if fault:
        return stop(fault)
    if command == "install":
        return 0
    python = str(venv_python())
    if command == "test":
        workers = [] if any(a.startswith("-n") or a == "-m" for a in rest) else ["-n", "2"]
        return call([python, "-m", "pytest", *workers, *rest])
    if command == "run":
        rest = rest[1:] if rest[:1] == ["--"] else rest
        rest = rest or ["drill", "run"]
    return call([python, "-m", "console", *rest])


def call(command: list[str]) -> int:
    """Run a child with our checkout importable, in the caller's directory for commands and in ours for tests."""
    environ = dict(os.environ)
    environ["PYTHONPATH"] = os.pathsep.join(p for p in (str(ROOT), environ.get("PYTHONPATH", "")) if p)
    where = ROOT if "pytest" in command else None
    try:
        return subprocess.run(command, check=False, env=environ, cwd=where).returncode
    except KeyboardInterrupt:
        return 130


def venv_python() -> Path:
    """The virtual environment's interpreter."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def expected_stamp() -> str:
    """What a finished installation of this lock by this Python says."""
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    return f"{lock} {sys.version_info[0]}.{sys.version_info[1]} {sys.executable}\n"


def install() -> str | None:
    """Make the environment unless a finished one of this lock is there; returns what went wrong, if anything."""
    wanted = expected_stamp()
    try:
        if STAMP.read_text(encoding="utf-8") == wanted and venv_python().exists():
            return None
    except OSError:
        pass  # no finished installation: make one
    fault = system_libraries()
    if fault:
        return fault
    print("Installing into .venv (once) ...", file=sys.stderr)
    try:
        shutil.rmtree(VENV, ignore_errors=True)
        ROOT.joinpath(".venv").mkdir()
    except OSError as refused:
        return f"The checkout at {ROOT} cannot be written ({refused.strerror}). Clone it somewhere you may write to."
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False, capture_output=True, text=True)
    if made.returncode:
        return f"The virtual environment could not be made: {made.stderr.strip() or made.stdout.strip()}"
    pip = [str(venv_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    got = subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(LOCK)], check=False)
    if got.returncode:
        return "The locked dependencies could not be installed (see above). Run it again with a connection."
    STAMP.write_text(wanted, encoding="utf-8")
    return None


def system_libraries() -> str | None:
    """Install what only the operating system can give, where we may; else say exactly what is missing."""
    missing: list[str] = []
    needs = "import venv, ensurepip, sqlite3, ssl"
    probe = subprocess.run([sys.executable, "-c", needs], check=False, capture_output=True)
    if probe.returncode:
        missing.append(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
    if shutil.which("ssh-keygen") is None:
        missing.append("openssh-client")
    if not missing:
        return None
    apt = shutil.which("apt-get")
    if apt and hasattr(os, "geteuid") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([apt, "update", "-qq"], check=False, env=quiet, stdout=subprocess.DEVNULL)
        got = subprocess.run([apt, "install", "-y", "-qq", *missing], check=False, env=quiet, stdout=subprocess.DEVNULL)
        if got.returncode == 0:
            return None
    names = " ".join(missing)
    return f"These system packages are missing: {names}. Run `sudo apt-get install {names}`, then this again."


def stop(sentence: str) -> int:
    """Say one sentence on standard error; exit status for wrong use."""
    print(sentence, file=sys.stderr)
    return WRONG_USE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
