from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import SecretService, chainer, fail, null

from console.domain.errors import WrongUse
from console.keys import vault
from console.keys.faults import VaultUnusable, WrongPassphrase
from console.keys.vault import FileVault, KeyringVault
from console.runtime import platform
from tests.kit.entropy import SeededEntropy

PASSPHRASE = b"a long enough one"
SECRET = "sk-very-secret-ü"


class Asked:
    def __init__(self, answer: bytes = PASSPHRASE) -> None:
        self.answer = answer
        self.times: list[bool] = []

    def __call__(self, what: str, *, new: bool = False) -> bytes:
        assert what == "the secrets file"
        self.times.append(new)
        return self.answer


def _vault(folder: Path, ask: Asked | None = None) -> FileVault:
    return FileVault(folder / "secrets.enc", ask or Asked(), SeededEntropy(str(folder)), scrypt_n=2)


def test_a_secret_comes_back_in_the_next_session_and_is_asked_for_once(tmp_path):
    ask = Asked()
    first = _vault(tmp_path, ask)
    assert first.get("g-1/admin") is None
    assert ask.times == []
    first.put("g-1/admin", SECRET)
    first.put("g-1/probe", "other")
    assert ask.times == [True]
    again = Asked()
    second = _vault(tmp_path, again)
    assert (second.get("g-1/admin"), second.get("g-1/probe"), second.get("none")) == (SECRET, "other", None)
    assert again.times == [False]
    second.forget("g-1/probe")
    second.forget("g-1/probe")
    assert first.get("g-1/probe") is None


def test_the_file_is_private_and_shows_nothing(tmp_path):
    kept = _vault(tmp_path)
    kept.put("g-1/admin", SECRET)
    raw = (tmp_path / "secrets.enc").read_bytes()
    assert SECRET.encode() not in raw
    assert b"g-1" not in raw
    assert platform.is_private(tmp_path / "secrets.enc")
    assert SECRET not in repr(kept)
    assert "open" in repr(kept)
    kept.lock()
    assert "closed" in repr(kept)
    assert "encrypted with a passphrase" in kept.place
    kept.put("g-1/admin", SECRET)
    assert (tmp_path / "secrets.enc").read_bytes() != raw  # a fresh nonce every time


def test_a_wrong_passphrase_is_named_and_the_next_try_may_be_right(tmp_path):
    _vault(tmp_path).put("a", SECRET)
    ask = Asked(b"another long one")
    kept = _vault(tmp_path, ask)
    for work in (lambda: kept.get("a"), lambda: kept.put("b", "x"), lambda: kept.forget("a")):
        with pytest.raises(WrongPassphrase, match="secrets file"):
            work()
    ask.answer = PASSPHRASE
    assert kept.get("a") == SECRET


def test_a_short_new_passphrase_makes_no_file(tmp_path):
    with pytest.raises(WrongUse):
        _vault(tmp_path, Asked(b"short")).put("a", SECRET)
    assert not (tmp_path / "secrets.enc").exists()


def test_every_changed_byte_is_noticed(tmp_path):
    kept = _vault(tmp_path)
    kept.put("a", SECRET)
    raw = (tmp_path / "secrets.enc").read_bytes()
    for at in range(len(raw)):
        (tmp_path / "secrets.enc").write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        with pytest.raises((VaultUnusable, WrongPassphrase)):
            _vault(tmp_path).get("a")
    for part in (b"", raw[:40], raw[:-1], raw + b"\0", b"x" * (5 * 1024 * 1024)):
        (tmp_path / "secrets.enc").write_bytes(part)
        with pytest.raises((VaultUnusable, WrongPassphrase)):
            _vault(tmp_path).get("a")


def test_a_file_changed_during_the_session_is_not_taken_for_a_wrong_passphrase(tmp_path):
    kept = _vault(tmp_path)
    kept.put("a", SECRET)
    raw = (tmp_path / "secrets.enc").read_bytes()
    (tmp_path / "secrets.enc").write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(VaultUnusable, match="changed by something else"):
        kept.get("a")


def test_two_processes_do_not_overwrite_each_other(tmp_path):
    one, two = _vault(tmp_path), _vault(tmp_path)
    one.put("a", "1")
    two.put("b", "2")
    one.put("c", "3")
    assert [two.get(name) for name in "abc"] == ["1", "2", "3"]
    lock = platform.FileLock.try_take(tmp_path / "secrets.enc.lock")
    with lock, pytest.raises(VaultUnusable, match="Another process"):
        one.put("d", "4")
    one.put("d", "4")
    assert two.get("d") == "4"


def test_an_unreadable_file_is_said(tmp_path, monkeypatch):
    _vault(tmp_path).put("a", SECRET)

    def refused(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(VaultUnusable, match="Permission denied"):
        _vault(tmp_path).get("a")


class Memory(KeyringBackend):
    """Stands for a system keyring; its class is put on the allow-list by the tests that use it."""

    priority = 0  # type: ignore[assignment]  as keyring reads it

    def __init__(self, *, locked: bool = False, forgets: bool = False) -> None:
        self.locked = locked
        self.forgets = forgets
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service, username):
        if self.locked:
            raise RuntimeError(f"locked, {SECRET}")
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        if self.locked:
            raise RuntimeError(f"locked, {SECRET}")
        if not self.forgets:
            self.kept[service, username] = password

    def delete_password(self, service, username):
        if self.forgets:
            raise RuntimeError("cannot")
        del self.kept[service, username]


def test_a_keyring_keeps_gives_back_and_forgets():
    ring = Memory()
    kept = KeyringVault(ring, "standdown/c-1", "the test keyring")
    assert kept.get("a") is None
    kept.put("a", SECRET)
    assert kept.get("a") == SECRET
    assert ring.kept == {("standdown/c-1", "a"): SECRET}
    kept.forget("a")
    kept.forget("a")
    assert ring.kept == {}
    assert "the test keyring" in kept.place
    assert SECRET not in repr(kept)


def test_a_keyring_that_is_locked_or_forgetful_is_said_without_its_words():
    locked = KeyringVault(Memory(locked=True), "s", "x")
    for work in (lambda: locked.get("a"), lambda: locked.put("a", SECRET), lambda: locked.forget("a")):
        with pytest.raises(VaultUnusable) as refused:
            work()
        assert SECRET not in str(refused.value)
        assert refused.value.__suppress_context__
    forgetful = Memory(forgets=True)
    with pytest.raises(VaultUnusable, match="did not keep"):
        KeyringVault(forgetful, "s", "x").put("a", SECRET)
    forgetful.kept["s", "a"] = SECRET
    with pytest.raises(VaultUnusable):
        KeyringVault(forgetful, "s", "x").forget("a")


def _chain(*backends):
    class Chain(chainer.ChainerBackend):
        pass

    chain = Chain()
    Chain.__module__, Chain.__qualname__ = chainer.__name__, "ChainerBackend"
    Chain.backends = list(backends)
    return chain


class Lookalike(SecretService.Keyring):
    pass


@pytest.mark.parametrize(
    "backend",
    [
        null.Keyring(),
        fail.Keyring(),
        Memory(),
        Lookalike.__new__(Lookalike),
        _chain(null.Keyring(), Memory()),
        _chain(),
    ],
)
def test_no_keyring_off_the_list_is_ever_used(tmp_path, monkeypatch, backend):
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    assert isinstance(vault.open_vault(tmp_path / "secrets.enc", "s", Asked(), SeededEntropy()), FileVault)


def test_a_listed_keyring_is_used_alone_or_in_a_chain_if_it_answers(tmp_path, monkeypatch):
    monkeypatch.setitem(vault._ALLOWED, (Memory.__module__, "Memory"), "the test keyring")
    path = tmp_path / "secrets.enc"
    for configured in (Memory(), _chain(null.Keyring(), Memory(locked=True), Memory())):
        monkeypatch.setattr(keyring, "get_keyring", lambda configured=configured: configured)
        assert "the test keyring" in vault.open_vault(path, "s", Asked(), SeededEntropy()).place
        drill = vault.open_vault(path, "s", Asked(), SeededEntropy(), keyring_allowed=False)
        assert isinstance(drill, FileVault)
    monkeypatch.setattr(keyring, "get_keyring", lambda: Memory(locked=True))
    assert isinstance(vault.open_vault(path, "s", Asked(), SeededEntropy()), FileVault)


def test_a_file_once_made_stays_the_place(tmp_path, monkeypatch):
    _vault(tmp_path).put("a", SECRET)
    monkeypatch.setitem(vault._ALLOWED, (Memory.__module__, "Memory"), "the test keyring")
    monkeypatch.setattr(keyring, "get_keyring", Memory)
    assert isinstance(vault.open_vault(tmp_path / "secrets.enc", "s", Asked(), SeededEntropy()), FileVault)


def test_a_broken_keyring_installation_leaves_the_file(monkeypatch):
    def broken():
        raise RuntimeError("no bus")

    monkeypatch.setattr(keyring, "get_keyring", broken)
    assert vault.usable_keyring("s") is None


def test_keyring_is_imported_late():
    script = "import sys; import console.keys.vault; assert 'keyring' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(vault.__file__).parents[2], timeout=60)


SCRIPT = """
import sys
from pathlib import Path
from console.keys.vault import KeyringVault, open_vault
from console.runtime.ids import SystemEntropy
def ask(what, *, new=False): raise SystemExit("asked for a passphrase")
kept = open_vault(Path(sys.argv[1]), "standdown/test", ask, SystemEntropy())
assert isinstance(kept, KeyringVault), kept.place
kept.put("g-1/admin", "secret")
assert kept.get("g-1/admin") == "secret"
kept.forget("g-1/admin")
assert kept.get("g-1/admin") is None
print(kept.place)
"""


def test_a_real_secret_service_is_used(tmp_path):
    if not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")):
        pytest.skip("needs dbus-run-session and gnome-keyring-daemon (apt-get install dbus gnome-keyring)")
    home = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    environment = {**os.environ, **home}
    environment.pop("PYTHON_KEYRING_BACKEND", None)
    inside = 'printf x | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; exec "$@"'
    command = [
        "dbus-run-session",
        "--",
        "sh",
        "-c",
        inside,
        "sh",
        sys.executable,
        "-c",
        SCRIPT,
        str(tmp_path / "s.enc"),
    ]
    done = subprocess.run(
        command, capture_output=True, check=False, env=environment, cwd=Path(vault.__file__).parents[2], timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert b"Secret Service" in done.stdout
