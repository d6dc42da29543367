"""From a bare machine to a running Standdown: `run`, `test`, or any `standdown` command. Standard library only.

It makes `.venv` in the checkout from locked, hashed dependencies, once; later starts only compare one stamp and
never call pip. It must not touch anything outside the checkout but missing system packages, and those only as root.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "standdown.stamp"
LOCKS = {name: ROOT / "packaging" / "locks" / f"{name}.txt" for name in ("runtime", "dev")}
OLDEST = (3, 11)
# what the window's library loads from the system, and the Debian packages that hold it
DRAWN_WITH = {
    "libEGL.so.1": "libegl1", "libGL.so.1": "libgl1", "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1", "libdbus-1.so.3": "libdbus-1-3", "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0", "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4", "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1", "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0", "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xfixes.so.0": "libxcb-xfixes0", "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1", "libX11-xcb.so.1": "libx11-xcb1",
}  # fmt: skip
# From inside a virtual environment (ours may be about to be rebuilt) the interpreter behind it is the one to use
PYTHON = str(getattr(sys, "_base_executable", None) or sys.executable)
WRONG_USE = 2
USAGE = """usage: python3 packaging/bootstrap.py COMMAND
  run              open the window; without a display, play the practice drill
  run -- ARGS      the same as: standdown ARGS
  standdown ARGS   run the standdown command
  test [ARGS]      run the test suite (no server, no network beyond installation); ARGS go to pytest
  install          only install, with what the tests need
"""
TOO_OLD = """Standdown needs Python 3.11 or newer; this is {}.
Start it with a newer one that is installed beside it (on Ubuntu 22.04: sudo apt-get install python3.11, then
python3.11 packaging/bootstrap.py run)."""
# By whole files; and where a worker dies, the run ends and says so: taking its place, another one may wait for ever
WORKERS = ["-n", "3", "--dist", "loadfile", "--max-worker-restart", "0"]
TRY_TO_LOAD = """
import ctypes, sys
for name in sys.argv[1:]:
    try:
        ctypes.CDLL(name)
    except OSError:
        print(name)
"""
LAUNCHER = """#!{python}
import sys
from console.app import main
sys.exit(main())
"""


INSTALL_S = 1800  # a slow mirror is waited for, one that hangs is not
TRY_S = 120


class CannotInstall(Exception):
    """One sentence for the person, with what to do next."""


def main(arguments: list[str]) -> int:
    """Do what the command line says; returns the exit status."""
    if sys.version_info < OLDEST:
        print(TOO_OLD.format(sys.version.split()[0]), file=sys.stderr)
        return WRONG_USE
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command not in {"run", "test", "standdown", "install"}:
        asked = command in {"-h", "--help"}
        print(USAGE, end="", file=sys.stdout if asked else sys.stderr)
        return 0 if asked else WRONG_USE
    try:
        install("dev" if command in {"test", "install"} else "runtime", window=command == "run" and has_display())
    except CannotInstall as fault:
        print(fault, file=sys.stderr)
        return WRONG_USE
    except subprocess.TimeoutExpired as slow:
        print(
            f"{slow.cmd[0]} took more than {slow.timeout:.0f} s. Look at the network, then run this again.",
            file=sys.stderr,
        )
        return WRONG_USE
    if command == "install":
        return 0
    return become([str(venv_python()), *child_arguments(command, rest)])


def child_arguments(command: str, rest: list[str]) -> list[str]:
    """What our interpreter is to run for `command`; tests run in the checkout, everything else where the caller is."""
    if command == "test":
        os.chdir(ROOT)
        chosen = any(word.startswith(("-n", "-m")) for word in rest)
        return ["-m", "pytest", *([] if chosen else WORKERS), *rest]
    if command == "run":
        rest = (rest[1:] if rest[:1] == ["--"] else rest) or (["window"] if has_display() else ["drill", "run"])
    return [str(launcher()), *rest]


def has_display() -> bool:
    """Whether a window can be shown: always but on a system whose displays are named in the environment."""
    named = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return named or not sys.platform.startswith(("linux", "freebsd"))


def become(command: list[str]) -> int:
    """Go on as `command`, so that signals and the exit status are its own; Windows has no such call and waits."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)  # noqa: S606 - no shell is what is wanted
    try:
        return subprocess.run(command, check=False).returncode  # without end: it is the program itself
    except KeyboardInterrupt:
        return 130


def venv_python() -> Path:
    """The virtual environment's interpreter."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def launcher() -> Path:
    """The `standdown` command of the virtual environment."""
    return VENV / ("Scripts/standdown-script.py" if os.name == "nt" else "bin/standdown")


def site_packages() -> Path:
    """Where the virtual environment keeps its packages."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return VENV / "Lib/site-packages" if os.name == "nt" else VENV / "lib" / version / "site-packages"


# -- the environment ---------------------------------------------------------------------------------------------------


def stamp_for(lock: str) -> str:
    """What a finished installation of `lock` by this Python at this place says of itself."""
    digest = hashlib.sha256(LOCKS[lock].read_bytes() + Path(__file__).read_bytes()).hexdigest()
    return f"{lock} {digest} {sys.version_info[0]}.{sys.version_info[1]} {PYTHON} {ROOT}"


def is_installed(lock: str) -> bool:
    """True where a finished installation that covers `lock` is there and has lost no package since."""
    try:
        stamp, count = STAMP.read_text(encoding="utf-8").splitlines()
        wanted = {stamp_for("dev"), stamp_for(lock)}  # what serves the tests serves the command
        # more is fine: somebody's own adapter is installed beside ours
        whole = int(count_packages()) >= int(count)
        return stamp in wanted and venv_python().exists() and launcher().exists() and whole
    except (OSError, ValueError):
        return False


def count_packages() -> str:
    """How many distributions are installed: cheap, and enough to notice an interrupted pip or a clean-up."""
    return str(sum(folder.suffix == ".dist-info" for folder in site_packages().iterdir()))


def install(lock: str, *, window: bool = False) -> None:
    """Make the virtual environment, or complete it, unless it is there.

    Raises:
        CannotInstall: saying what is missing.
    """
    if is_installed(lock):
        if window and missing_libraries():  # installed where there was no display
            require_system_packages(window=True)
        return
    require_system_packages(window=window or lock == "dev")
    with one_at_a_time():
        if is_installed(lock):  # somebody else did it while we waited
            return
        usable = lock == "dev" and is_installed("runtime")
        if not usable:
            make_environment()
        STAMP.unlink(missing_ok=True)
        print(f"Installing the locked dependencies ({lock}) into .venv, once ...", file=sys.stderr)
        pip = [str(venv_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        exact = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(LOCKS[lock])]
        environment = {**os.environ, "PIP_USER": "0"}
        if subprocess.run(
            [*pip, *exact], check=False, env=environment, stdout=sys.stderr, timeout=INSTALL_S
        ).returncode:
            raise CannotInstall(
                "The locked dependencies could not be installed (pip says why above). "
                "The first start needs a package index; run this again with a connection."
            )
        write_launcher()
        STAMP.write_text(f"{stamp_for(lock)}\n{count_packages()}\n", encoding="utf-8")


def make_environment() -> None:
    """Begin anew: whatever lies at `.venv` was never finished, is broken, or belongs to another lock or Python."""
    try:
        if VENV.is_symlink() or VENV.is_file():
            VENV.unlink()
        elif VENV.exists():
            shutil.rmtree(VENV)
        VENV.mkdir()
    except OSError as refused:
        raise CannotInstall(
            f"{VENV} cannot be written ({refused.strerror}). Clone the repository to a folder of your own, start there."
        ) from refused
    made = subprocess.run(
        [PYTHON, "-m", "venv", str(VENV)], check=False, capture_output=True, text=True, timeout=INSTALL_S
    )
    if made.returncode:
        why = (made.stderr.strip() or made.stdout.strip()).replace("\n", " ")
        raise CannotInstall(f"The virtual environment could not be made: {why}")


def write_launcher() -> None:
    """Put the checkout on the environment's path and the `standdown` command into its scripts."""
    (site_packages() / "standdown-checkout.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    launcher().write_text(LAUNCHER.format(python=venv_python()), encoding="utf-8")
    launcher().chmod(0o755)


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait for another installation into the same checkout, where the system has file locks."""
    try:
        import fcntl  # noqa: PLC0415 - absent on Windows
    except ImportError:
        yield
        return
    try:
        file = (ROOT / ".venv.lock").open("w", encoding="utf-8")
    except OSError as refused:
        raise CannotInstall(
            f"The checkout at {ROOT} cannot be written ({refused.strerror}). "
            "Clone it to a folder of your own and start there."
        ) from refused
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# -- the system --------------------------------------------------------------------------------------------------------


def missing_system_packages(*, window: bool = False) -> list[str]:
    """Names of Debian packages that hold what this Python and this machine lack; with `window`, what Qt draws with."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    missing: list[str] = []
    if not has_modules("venv", "ensurepip"):
        missing.append(f"{version}-venv")
    if not has_modules("sqlite3", "ssl"):
        missing.append(version)
    if shutil.which("ssh-keygen") is None:
        missing.append("openssh-client")
    if window and sys.platform.startswith("linux"):
        missing += [DRAWN_WITH[library] for library in missing_libraries()]
    return missing


def missing_libraries() -> list[str]:
    """Those of DRAWN_WITH that a fresh interpreter cannot load."""
    command = [PYTHON, "-c", TRY_TO_LOAD, *DRAWN_WITH]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=TRY_S).stdout.split()


def has_modules(*names: str) -> bool:
    """True where a fresh interpreter can import them all: what apt brings is not seen by this process."""
    command = [PYTHON, "-c", f"import {', '.join(names)}"]
    return subprocess.run(command, check=False, capture_output=True, timeout=TRY_S).returncode == 0


def require_system_packages(*, window: bool = False) -> None:
    """Install what only the operating system can give, where we may; else say exactly what is missing.

    Raises:
        CannotInstall: with the list and the command.
    """
    missing = missing_system_packages(window=window)
    apt = shutil.which("apt-get")
    if missing and apt and hasattr(os, "geteuid") and os.geteuid() == 0:
        print(f"Installing system packages: {' '.join(missing)} ...", file=sys.stderr)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
            subprocess.run([apt, *step], check=False, env=quiet, stdout=subprocess.DEVNULL, timeout=INSTALL_S)
        missing = missing_system_packages(window=window)
    if missing:
        names = " ".join(missing)
        # a fresh system has no lists of packages yet, and would know none of these names
        with_apt = f"sudo apt-get update && sudo apt-get install {names}"
        advice = with_apt if apt else "your system's package manager (Debian's names are given)"
        raise CannotInstall(f"Missing system packages: {names}. Install them, then run this again:\n  {advice}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
