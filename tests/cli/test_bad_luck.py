"""Bad input and bad luck at the command line: one clear sentence with what to do next, no traceback, nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journal.test_still import facts, unfinished_change

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "correct horse battery"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`standdown` on a profile of this test, passphrases handed over by descriptor."""

    def standdown(*arguments: str, passphrase: str = PASSPHRASE) -> subprocess.CompletedProcess[str]:
        read, write = os.pipe()
        os.write(write, f"{passphrase}\n".encode() * 4)
        os.close(write)
        front = ["--profile", str(tmp_path / "profile"), "--passphrase-fd", str(read), "--secret-fd", str(read)]
        try:
            return subprocess.run(
                [sys.executable, "-m", "console", *front, *arguments], check=False, capture_output=True, text=True,
                timeout=60, pass_fds=[read], cwd=ROOT, stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        finally:
            os.close(read)

    assert standdown("record", "start", "--name", "Commander").returncode == 0
    return standdown


def _clear(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


def test_a_wrong_passphrase_loses_nothing(run: Run) -> None:
    assert run("note", "before").returncode == 0
    _clear(run("note", "never", passphrase="not the passphrase"), 1, "passphrase does not open", "try again")
    assert run("note", "after").returncode == 0
    assert run("verify").returncode == 0


def test_an_unknown_adapter_is_named(run: Run) -> None:
    _clear(run("provider", "add", "nonsuch", "--name", "x"), 2, "nonsuch")
    assert json.loads(run("--json", "provider", "list").stdout)["providers"] == []


def test_bad_settings_are_named_and_not_kept(run: Run) -> None:
    done = run("provider", "add", "litellm", "--name", "x", "--set", "base_url=http://gateway.example")
    _clear(done, 2, "base_url")


def test_a_provider_that_is_down_is_connected_all_the_same_and_shown_unreachable(run: Run) -> None:
    done = run(
        "--json", "provider", "add", "open_inference", "--name", "triton", "--set", "base_url=http://127.0.0.1:1"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fault"]
    status = run("--json", "status")
    assert status.returncode == 4
    assert json.loads(status.stdout)["providers"][0]["reachable"] is False


def test_there_is_no_profile(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "console", "--profile", str(tmp_path / "none"), "status"], check=False,
        capture_output=True, text=True, timeout=60, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    _clear(done, 1, "There is no profile", "record start")


def test_a_profile_is_never_made_over_another(run: Run) -> None:
    _clear(run("record", "start", "--name", "Somebody"), 2, "already")


def test_a_folder_that_is_not_there_waits_for_a_connection(run: Run, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    assert run("sync", "places", "add", str(share)).returncode == 0
    assert run("note", "kept").returncode == 0
    share.rename(tmp_path / "elsewhere")
    _clear(run("sync", "run"), 4, "is not there", "Nothing is lost")
    (tmp_path / "elsewhere").rename(share)
    assert run("sync", "run").returncode == 0


def test_a_half_written_segment_is_said_and_left(run: Run, tmp_path: Path) -> None:
    share = tmp_path / "share"
    half = share / "v1" / ("ab" * 32) / "e"
    half.mkdir(parents=True)
    (half / f"0-1-{'cd' * 32}.seg").write_bytes(b'{"e":"aGFs')
    assert run("sync", "places", "add", str(share)).returncode == 0
    done = run("--json", "sync", "run")
    assert done.returncode == 0, done.stderr
    assert any("half-written" in fault for fault in json.loads(done.stdout)["places"][0]["faults"])


def test_a_bundle_that_is_no_zip(run: Run, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(b"this is no zip")
    _clear(run("verify", str(bundle)), 1, "no bundle")


def test_a_profile_beside_a_manifest_is_no_way_round_the_bundle(run: Run, tmp_path: Path) -> None:
    """Whoever made it may have put a sound profile of their own into the folder, for `verify` to say that it holds."""
    own = tmp_path / "profile"
    _clear(run("verify", str(own), "--genesis", "ab" * 32), 1, "roster 0", "you were given abababab")
    (own / "manifest.sha256").write_bytes(b"")
    _clear(run("verify", str(own)), 1, "a bundle has no such file")


def test_verify_changes_nothing_in_what_somebody_sent(run: Run, tmp_path: Path) -> None:
    assert run("note", "seen").returncode == 0
    sent = tmp_path / "profile"
    before = facts(sent)
    done = run("--json", "verify", str(sent))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["profile"] == str(sent)
    assert facts(sent) == before
    victim = tmp_path / "precious"
    victim.write_text("mine")
    unfinished_change(sent / "journal.db", victim)
    _clear(run("verify", str(sent)), 1, "no file of a profile")
    assert victim.exists()


def test_two_processes_append_and_one_dispatches(run: Run, tmp_path: Path) -> None:
    from console.runtime.clock import SystemClock
    from console.runtime.instance import EngineLock
    from console.runtime.paths import ProfilePaths

    lock = EngineLock.acquire(ProfilePaths(tmp_path / "profile"), SystemClock())
    assert lock is not None
    with lock:
        assert run("note", "written beside the engine").returncode == 0
        _clear(run("outbox", "run", "--for", "1"), 1, "already dispatches")
    assert run("outbox", "run", "--for", "1").returncode == 0


def test_a_provisional_record_cannot_dispatch(run: Run) -> None:
    assert run("incident", "declare", "title", "--severity", "2").returncode == 0
    surfaces = json.dumps([{"key": "v", "name": "V", "model": "m"}])
    added = run("provider", "add", "manual", "--name", "vendor", "--set", "who=desk", "--set", f"surfaces={surfaces}")
    assert added.returncode == 0, added.stderr
    done = run("correct", "propose", "--reason", "r", "--by-hand", "stop it", "--at", "vendor")
    _clear(done, 2, "provisional", "org found")


def test_an_approval_needs_a_terminal(run: Run) -> None:
    _clear(run("approve", "sign", "ab" * 32), 2, "in a terminal")
    assert "--yes" not in run("approve", "sign", "--help").stdout


def test_secrets_are_never_options() -> None:
    from console.app import GROUPS, cli

    for name in GROUPS:
        command = cli.get_command(None, name)  # type: ignore[arg-type]  click allows none
        stack = [command]
        while stack:
            one = stack.pop()
            stack += list(getattr(one, "commands", {}).values())
            for parameter in getattr(one, "params", []):
                options = " ".join(parameter.opts)
                assert "passphrase" not in options
                assert "secret" not in options or getattr(parameter, "is_flag", False), (
                    "a value would be seen by everybody"
                )


def test_help_answers_at_once_and_every_command_has_help(run: Run) -> None:
    from console.app import GROUPS

    assert "Exit codes" in run("--help").stdout
    for name in GROUPS:
        done = run(name, "--help")
        assert done.returncode == 0, done.stderr
        assert "Usage" in done.stdout


def test_json_faults_are_one_object(run: Run) -> None:
    done = run("--json", "incident", "show")
    assert done.returncode == 2
    assert json.loads(done.stdout)["ok"] is False


def test_no_name_of_a_file_steers_the_terminal(run: Run, tmp_path: Path) -> None:
    """Whoever sends a file chooses its name, and a share's host those of its folders."""
    share = tmp_path / "sh\x1b]0;owned\x07\u009b2Jare\u202e"
    (share / "\x1b[2J").mkdir(parents=True)
    (share / "\x1b[2J" / "x").write_bytes(b"")
    for said in (run("sync", "places", "add", str(share)), run("sync", "places", "list"), run("verify", str(share))):
        told = said.stdout + said.stderr
        assert not set("\x1b\x07\x9b\u202e") & set(told), told
        assert "<U+001B>" in told
    for said in (run("--json", "sync", "places", "list"), run("--json", "verify", str(share))):
        assert not set("\x1b\x07\x9b\u202e") & set(said.stdout)
        json.loads(said.stdout)
    assert json.loads(run("--json", "sync", "places", "list").stdout)["places"] == [str(share)]
