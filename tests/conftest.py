"""Guards around every test: loopback only, no keyring, a home of its own, and nothing left behind unsaid."""

from __future__ import annotations

import contextlib
import faulthandler
import itertools
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

ROOT = Path(__file__).resolve().parents[1]
REAL_SERVERS = ROOT.parent / "shared" / "realservers" / "realservers.py"
SLOW_FIRST = ROOT / "tests" / "slow_first.txt"
STARTS = 2  # a server that is slow to boot on a busy machine gives up by itself; what is up by then is kept
SCREEN = ("Xvfb", "openbox", "xdotool", "dbus-run-session")
PYATSPI = Path("/usr/lib/python3/dist-packages/pyatspi")  # the system's own; the index has none
THREADS_END_WITHIN_S = 60.0
_DESELECTED = pytest.StashKey[int]()
_BLIND = pytest.StashKey[int]()


# -- which tests run ---------------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    if not os.environ.get("TZ") and os.name != "nt":  # a machine's own zone is no part of what is tested
        os.environ["TZ"] = "UTC"
        time.tzset()
    faulthandler.enable()
    # how long an example takes says how busy the machine is, and nothing of the code
    # a landing is not where chance looks for what nobody found yet: resources/decisions/0196
    same = {"derandomize": True, "database": None} if os.environ.get("SAME_EXAMPLES") else {}
    settings.register_profile("patient", settings(**same), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("patient")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job: children would ignore Ctrl+C too
        signal.signal(signal.SIGINT, signal.default_int_handler)
    real = "real" in str(config.option.markexpr).replace("not real", "")
    if real and os.environ.get("REALSERVERS_JSON") and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("The servers that REALSERVERS_JSON names are shared: run `-m real` with -n 0.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave real tests out, counted, unless the command line chose by marker itself; screen tests where none can be."""
    if blind := [item for item in items if item.get_closest_marker("screen")] if _no_screen() else []:
        items[:] = [item for item in items if not item.get_closest_marker("screen")]
        config.hook.pytest_deselected(items=blind)
        config.stash[_BLIND] = len(blind)
    first = _slow_first()
    items.sort(key=lambda item: first.get(item.nodeid.partition("::")[0], len(first)))
    if config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("real")]
    if left_out:
        items[:] = [item for item in items if not item.get_closest_marker("real")]
        config.hook.pytest_deselected(items=left_out)
        config.stash[_DESELECTED] = len(left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    told = {"real_left_out": config.stash.get(_DESELECTED, 0), "screen_left_out": config.stash.get(_BLIND, 0)}
    for node in _WORKERS[:1]:
        told |= {name: count or getattr(node, "workeroutput", {}).get(name, 0) for name, count in told.items()}
    if left_out := told["real_left_out"]:
        terminalreporter.write_line(f"{left_out} tests need real servers and were left out: run `pytest -m real`.")
    if blind := told["screen_left_out"]:
        lacking = ", ".join(_no_screen())
        terminalreporter.write_line(
            f"{blind} tests need a screen and were LEFT OUT: {lacking} not found here; .ci/packages installs it.",
            red=True, bold=True,
        )  # fmt: skip
    _keep_failures(terminalreporter, config)


def _keep_failures(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How each test failed in this run and no other, for `.ci/run`; where no cache is kept, nothing."""
    told: dict[str, str] = {}
    for report in (*terminalreporter.stats.get("failed", ()), *terminalreporter.stats.get("error", ())):
        told[report.nodeid] = f"{told.get(report.nodeid, '')}{report.longreprtext}\n"
    if (cache := getattr(config, "cache", None)) is not None:
        cache.set("standdown/failed", told)


_WORKERS: list[Any] = []


class _FromWorkers:
    """With xdist the workers collect, so the count has to travel back."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        _WORKERS.append(node)


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.pluginmanager.hasplugin("xdist"):
        session.config.pluginmanager.register(_FromWorkers(), "standdown-from-workers")


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["real_left_out"] = session.config.stash.get(_DESELECTED, 0)
        output["screen_left_out"] = session.config.stash.get(_BLIND, 0)


def _slow_first() -> dict[str, int]:
    """The place in the queue of each file that takes long: begun last, one of them would keep everybody waiting."""
    if not SLOW_FIRST.exists():  # this file is also tried alone (tests/architecture/test_guards.py)
        return {}
    lines = SLOW_FIRST.read_text(encoding="utf-8").splitlines()
    return {name: place for place, name in enumerate(line for line in lines if line and not line.startswith("#"))}


def _no_screen() -> list[str]:
    """What is missing here to put a window on a screen and a hand before it."""
    missing = [name for name in SCREEN if shutil.which(name) is None]
    return missing if PYATSPI.is_dir() else [*missing, "python3-pyatspi"]


# -- guards ------------------------------------------------------------------------------------------------------------


def _is_loopback(address: Any) -> bool:
    host = str(address[0]) if isinstance(address, tuple) else ""
    return host in {"localhost", "::1", "", "0.0.0.0", "::"} or host.startswith("127.")


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Installed for the whole run: no library, thread or late callback gets past an audit hook."""
    if event in {"socket.connect", "socket.sendto", "socket.bind"}:
        family = arguments[0].family
        if family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(arguments[1]):
            raise PermissionError(f"a test reached for the network: {event} {arguments[1]!r}")
    elif event == "socket.getaddrinfo":
        host = arguments[0]
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if name is not None and not _is_loopback((name,)) and not _is_numeric(name):
            raise PermissionError(f"a test asked the network for a name: {name!r}")


def _is_numeric(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return True
    return False


sys.addaudithook(_audit)


_leave = subprocess.Popen.__exit__


def _leave_at_once(child: subprocess.Popen[Any], kind: type[BaseException] | None, *rest: Any) -> None:
    """Python's own waits for the child without an end, though the test beside it has failed."""
    if kind is not None:
        child.kill()
    _leave(child, kind, *rest)


pytest.MonkeyPatch().setattr(subprocess.Popen, "__exit__", _leave_at_once)


@pytest.fixture(scope="session")
def new_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a folder. Counted here: to find a number, pytest looks through all that it made, for each test anew."""
    where, numbers = tmp_path_factory.mktemp("made"), itertools.count()

    def made(name: str) -> Path:
        folder = where / f"{name}{next(numbers)}"
        folder.mkdir(mode=0o700)
        return folder

    return made


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, new_folder: Callable[[str], Path]) -> Path:
    """As pytest's own."""
    return new_folder(re.sub(r"\W", "_", request.node.name)[:30])


@pytest.fixture(autouse=True)
def private_home(new_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory nobody else has, and none of the caller's agents, displays, buses or proxies."""
    home = new_folder("home")
    for variable in list(os.environ):
        if variable.startswith(("XDG_", "SSH_", "STANDDOWN_")) or variable.lower().endswith("_proxy"):
            monkeypatch.delenv(variable)
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for variable, folder in (
        ("XDG_DATA_HOME", "data"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_RUNTIME_DIR", "run"),
    ):
        (home / folder).mkdir(mode=0o700)
        monkeypatch.setenv(variable, str(home / folder))
    return home


@pytest.fixture(scope="session", autouse=True)
def keys_that_open_quickly() -> Iterator[None]:
    """Thousands of sessions are opened, 0.15 s each to make guessing hard: half of what many a file took."""
    from console.keys import keyfile

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyfile, "SESSION_ROUNDS", 1)
        yield


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """What a test starts, it ends: a thread that outlives it fails it."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + THREADS_END_WITHIN_S
    while left := [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()]:
        if time.monotonic() > deadline:
            pytest.fail(f"threads left behind: {', '.join(sorted(thread.name for thread in left))}")
        left[0].join(0.05)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """A log line of WARNING or above that the test did not announce with `expects_log` fails it."""
    heard: list[logging.LogRecord] = []
    listener = _Listener(heard)
    root = logging.getLogger()
    root.addHandler(listener)
    try:
        result = yield
    finally:
        root.removeHandler(listener)
    expected = item.get_closest_marker("expects_log") is not None
    if heard and not expected:
        lines = "; ".join(f"{record.name}: {record.getMessage()}" for record in heard)
        pytest.fail(f"unexpected log at WARNING or above: {lines}")
    if expected and not heard:
        pytest.fail("marked expects_log, but logged nothing at WARNING or above")
    return result


class _Listener(logging.Handler):
    def __init__(self, heard: list[logging.LogRecord]) -> None:
        super().__init__(level=logging.WARNING)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append(record)


# -- real servers ------------------------------------------------------------------------------------------------------


class Servers(Mapping[str, Any]):
    """Descriptions of running servers by name. Each is started when a test first asks for it, and ends with the run.

    Every worker of xdist has servers of its own: tests that change one never meet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._told:
            self._told = self.up(name)
        return self._told[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)

    def up(self, *words: str) -> dict[str, Any]:
        """Start what these words of the kit's command line say; everything that runs then."""
        described, log, done = self._folder / "kit.json", self._folder / "up.log", -1
        for _ in range(STARTS):
            done = self._kit("up", *words, "--json", str(described), within_s=900)
            if not done:
                found: dict[str, Any] = json.loads(described.read_text(encoding="utf-8"))["servers"]
                return found
        tail = log.read_text(encoding="utf-8", errors="replace")[-4000:]
        pytest.fail(f"real servers did not start (exit {done}):\n{tail}")

    def down(self) -> None:
        """End them all."""
        self._kit("down", "--all", within_s=120)

    def _kit(self, *words: str, within_s: float) -> int:
        command = [sys.executable, str(REAL_SERVERS), *words, "--state", str(self._folder / "state")]
        with (self._folder / "up.log").open("ab") as log:
            return subprocess.run(
                command, check=False, stdout=log, stderr=subprocess.STDOUT, env=_OUTSIDE, timeout=within_s
            ).returncode


@pytest.fixture(scope="session")
def real_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    """Running servers by name: those REALSERVERS_JSON names, else started for this run."""
    if named := os.environ.get("REALSERVERS_JSON"):
        yield json.loads(Path(named).read_text(encoding="utf-8"))["servers"]
        return
    if not REAL_SERVERS.exists():
        where = f"no kit at {os.path.relpath(REAL_SERVERS, ROOT)}, seen from the checkout"
        pytest.fail(f"This test needs real servers: {where}. Name a running kit in REALSERVERS_JSON, or see README.md.")
    servers = Servers(tmp_path_factory.mktemp("realservers"))
    try:
        yield servers
    finally:
        servers.down()


@pytest.fixture(scope="session")
def real_kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., dict[str, Any]]]:
    """Start servers of a test's own with options of its own; all end with the run."""
    if not REAL_SERVERS.exists():
        pytest.fail("This test starts real servers with options of its own, and the kit is not beside the checkout.")
    with contextlib.ExitStack() as kept:

        def start(*words: str) -> dict[str, Any]:
            servers = Servers(tmp_path_factory.mktemp("realservers"))
            kept.callback(servers.down)
            return servers.up(*words)

        yield start


_OUTSIDE = dict(os.environ)  # the caller's own home and caches: the kit keeps its installs there
