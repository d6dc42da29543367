"""The guards of conftest.py bite: each is broken once here, in a pytest run of its own."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

TESTS = Path(__file__).parents[1]
CONFTEST = TESTS / "conftest.py"

GUARDED = {
    "a socket to the outside": """
        import socket
        def test_it():
            with socket.socket() as s:
                s.connect(("192.0.2.1", 80))
    """,
    "a name lookup": """
        import socket
        def test_it():
            socket.getaddrinfo("example.org", 443)
    """,
    "a thread left behind": """
        import threading
        def test_it():
            stop = threading.Event()
            threading.Thread(target=stop.wait, args=(20,), daemon=True).start()
    """,
    "a warning in the log": """
        import logging
        def test_it():
            logging.getLogger("anything").warning("unannounced")
    """,
    "a stray warning": """
        import warnings
        def test_it():
            warnings.warn("stray", ResourceWarning)
    """,
    "an error nobody can raise": """
        import gc
        class Dies:
            def __del__(self):
                raise OSError("unraisable")
        def test_it():
            Dies()
            gc.collect()
    """,
    "an announced log that stays away": """
        import pytest
        @pytest.mark.expects_log
        def test_it():
            pass
    """,
}

HARMLESS = """
    import logging, os, pathlib, socket, threading
    import pytest
    def test_loopback():
        with socket.create_server(("127.0.0.1", 0)) as server:
            with socket.create_connection(server.getsockname()):
                pass
    def test_thread_that_ends():
        threading.Thread(target=lambda: None).start()
    @pytest.mark.expects_log
    def test_announced():
        logging.getLogger("anything").warning("announced")
    def test_home():
        assert pathlib.Path.home() == pathlib.Path(os.environ["HOME"]) != pathlib.Path("~nobody")
        assert "SSH_AUTH_SOCK" not in os.environ
    def test_no_keyring():
        import keyring
        assert keyring.get_keyring().__class__.__module__ == "keyring.backends.null"
"""

SETTINGS = """
    [pytest]
    filterwarnings = error
    markers =
        real: real
        expects_log: announced
"""


PATIENCE = "THREADS_END_WITHIN_S = 60.0"


@pytest.fixture
def guarded(pytester: pytest.Pytester) -> pytest.Pytester:
    text = CONFTEST.read_text(encoding="utf-8")
    assert PATIENCE in text
    pytester.makeconftest(text.replace(PATIENCE, "THREADS_END_WITHIN_S = 0.5"))  # what is left behind here stays long
    pytester.makeini(SETTINGS)
    return pytester


def test_guards_bite(guarded: pytest.Pytester) -> None:
    files = {f"test_case_{number}": source for number, source in enumerate(GUARDED.values())}
    guarded.makepyfile(**files)
    result = guarded.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    outcomes = result.parseoutcomes()
    survivors = [name for number, name in enumerate(GUARDED) if f"test_case_{number}.py" not in _unhappy(result)]
    assert not survivors, f"nothing stopped: {survivors}"
    assert outcomes.get("failed", 0) + outcomes.get("errors", 0) >= len(GUARDED)


def test_a_failure_beside_a_child_ends_the_child(guarded: pytest.Pytester) -> None:
    guarded.makepyfile("""
        import subprocess
        def test_it():
            with subprocess.Popen(["sleep", "600"]):
                raise OSError("beside it")
    """)
    guarded.runpytest_subprocess("-q", "-p", "no:cacheprovider", timeout=100).assert_outcomes(failed=1)


def _unhappy(result: pytest.RunResult) -> str:
    return "\n".join(line for line in result.outlines if line.startswith(("FAILED", "ERROR")))


def test_harmless_things_pass(guarded: pytest.Pytester) -> None:
    guarded.makepyfile(HARMLESS)
    guarded.runpytest_subprocess("-q", "-p", "no:cacheprovider").assert_outcomes(passed=5)


REAL = """
    import pytest
    @pytest.mark.real
    def test_real(real_servers):
        assert real_servers == {"litellm": 1}
    def test_other():
        pass
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_real_tests_are_left_out_aloud(guarded: pytest.Pytester, workers: str) -> None:
    guarded.makepyfile(REAL)
    result = guarded.runpytest_subprocess("-n", workers)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 tests need real servers and were left out*"])


def test_real_tests_use_a_named_kit(guarded: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    guarded.makepyfile(REAL)
    kit = guarded.path / "kit.json"
    kit.write_text('{"servers": {"litellm": 1}}')
    monkeypatch.setenv("REALSERVERS_JSON", str(kit))
    guarded.runpytest_subprocess("-m", "real").assert_outcomes(passed=1, deselected=1)
    assert guarded.runpytest_subprocess("-m", "real", "-n", "2").ret == pytest.ExitCode.USAGE_ERROR


def test_real_tests_fail_without_a_kit(guarded: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    guarded.makepyfile(REAL)
    monkeypatch.delenv("REALSERVERS_JSON", raising=False)
    result = guarded.runpytest_subprocess("-m", "real")
    result.assert_outcomes(errors=1, deselected=1)
    result.stdout.fnmatch_lines(["*This test needs real servers*"])


def test_what_takes_long_is_begun_first(guarded: pytest.Pytester) -> None:
    named = [line for line in (TESTS / "slow_first.txt").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert [one for one in named if not (TESTS.parent / one).is_file()] == []
    assert len(set(named)) == len(named)
    for one in ("a", "b", "c"):
        (guarded.mkdir(one) / f"test_{one}.py").write_text("def test_it():\n    pass\n", encoding="utf-8")
    slow = guarded.path / "slow_first.txt"
    slow.write_text("# as in tests/\nc/test_c.py\nb/test_b.py\n", encoding="utf-8")
    text = (guarded.path / "conftest.py").read_text(encoding="utf-8")
    guarded.makeconftest(text.replace('ROOT / "tests" / "slow_first.txt"', f"Path({str(slow)!r})"))
    order = [line for line in guarded.runpytest_subprocess("--collect-only", "-q").outlines if "::" in line]
    assert order == ["c/test_c.py::test_it", "b/test_b.py::test_it", "a/test_a.py::test_it"]


KIT = """
    import json, os, pathlib, sys
    state = pathlib.Path(sys.argv[sys.argv.index("--state") + 1])
    state.mkdir(exist_ok=True)
    with open("calls", "a") as calls:
        calls.write(f"{sys.argv[1]} {sys.argv[2]} {state}\\n")
    if sys.argv[1] == "up":
        running = state / sys.argv[2]
        running.touch()
        told = {one.name: str(state) for one in state.iterdir()}
        pathlib.Path(sys.argv[sys.argv.index("--json") + 1]).write_text(json.dumps({"servers": told}))
"""
ASKS = """
    import pytest
    @pytest.mark.real
    @pytest.mark.parametrize("again", [1, 2])
    def test_real(real_servers, again):
        assert real_servers["{name}"].endswith("state")
        assert "never-asked-for" not in list(real_servers)
"""


def test_every_worker_has_servers_of_its_own_and_only_those_asked_for(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REALSERVERS_JSON", raising=False)
    pytester.makeini(SETTINGS)
    sources = {"main/tests/conftest": CONFTEST.read_text(encoding="utf-8"), "shared/realservers/realservers": KIT}
    sources |= {f"main/tests/test_{name}": ASKS.format(name=name) for name in ("first", "second")}
    for name, source in sources.items():
        path = pytester.path / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")
    result = pytester.runpytest_subprocess("-m", "real", "-n", "2", "--dist", "loadfile", "main/tests")
    result.assert_outcomes(passed=4)
    calls = [line.split() for line in (pytester.path / "calls").read_text(encoding="utf-8").splitlines()]
    up = {name: state for word, name, state in calls if word == "up"}
    assert sorted(name for word, name, _ in calls if word == "up") == ["first", "second"]
    assert len(set(up.values())) == 2
    assert {state for word, _, state in calls if word == "down"} == set(up.values())
