"""Files for named people: what age's own tool made opens here, and the other way round; changed ones are refused."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.errors import WrongUse
from console.domain.named_file import file_words, named_file
from console.keys import keyfile
from console.keys.faults import KeyLocked
from console.keys.publickey import PublicKey, ssh_string
from console.keys.sealed import NotForYou, SealDamaged, recipients, seal, tag_of, unseal
from console.keys.signer import WriterSigner
from tests.kit.entropy import SeededEntropy
from tests.vectors.generate import KEYS
from tests.vectors.generate_sealed import HERE, RAW, READERS

SECRET = b"what only two may read"


def private(name: str):
    return keyfile.new_private(SeededEntropy(name))


def public(name: str) -> PublicKey:
    return PublicKey.from_raw(private(name).public_key().public_bytes_raw())


@pytest.mark.parametrize("name", ["transcript", "by-age"])
@pytest.mark.parametrize("reader", READERS)
def test_the_vectors_open_with_either_key(name: str, reader: str) -> None:
    """`by-age` was made by the stock tool."""
    sealed = (HERE / f"{name}.age").read_bytes()
    assert unseal(sealed, KEYS[reader].private) == RAW
    assert recipients(sealed) == {tag_of(KEYS[one].public) for one in READERS}
    with pytest.raises(NotForYou):
        unseal(sealed, KEYS["approver-a"].private)


@pytest.mark.skipif(shutil.which("age") is None, reason="the stock tool is not here; the vectors hold what it made")
def test_the_stock_tool_opens_what_was_sealed_here_and_the_other_way_round(tmp_path: Path) -> None:
    one, sealed = tmp_path / "one", tmp_path / "sealed"
    wrapped = keyfile.unwrapped(private("one"))
    one.write_bytes(wrapped.pem)
    one.chmod(0o600)
    sealed.write_bytes(seal(SECRET, [public("two"), public("one")]))
    opened = subprocess.run(["age", "-d", "-i", one, sealed], capture_output=True, check=True, timeout=60)
    assert opened.stdout == SECRET
    made = subprocess.run(
        ["age", "-e", "-r", public("one").line], input=SECRET, capture_output=True, check=True, timeout=60
    )
    assert unseal(made.stdout, private("one")) == SECRET


def test_any_byte_changed_or_cut_is_refused() -> None:
    sealed = seal(SECRET, [public("one")])
    for at in range(len(sealed)):
        bad = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises((NotForYou, SealDamaged)):
            unseal(bad, private("one"))
    for cut in (0, 10, len(sealed) // 2, len(sealed) - 1):
        with pytest.raises((NotForYou, SealDamaged)):
            unseal(sealed[:cut], private("one"))


@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 400))
@settings(max_examples=200)
def test_whatever_lies_there_is_opened_or_refused_by_name(junk: bytes, start: int, end: int) -> None:
    """A hostile file breaks nothing: bytes of any kind in place of any part of a sound one."""
    sealed = (HERE / "transcript.age").read_bytes()
    with contextlib.suppress(NotForYou, SealDamaged):
        opened = unseal(sealed[:start] + junk + sealed[end:], KEYS["writer-a"].private)
        assert opened == RAW


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5) | st.sampled_from(["aa" * 32, "p-0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = ("name", "sha256", "size", "to", "about", "was", "holder", "place")


@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON) | _JSON, _JSON)
def test_whatever_an_entry_says_of_its_file_is_read(blob: object, kind: object) -> None:
    file = named_file({"class": kind}, blob)  # type: ignore[dict-item, arg-type]  # anything at all
    if file is not None:
        assert file.sha256 == "aa" * 32
        assert file_words(file, {})


def test_the_header_tells_every_way_in() -> None:
    """A passphrase or a key of another kind beside the named ones is a way in that nobody signed for."""
    sealed = seal(SECRET, [public("one")])
    assert recipients(sealed) == {tag_of(public("one"))}
    more = sealed.replace(b"\n-> ssh-ed25519 ", b"\n-> X25519 abc\nbody\n-> ssh-ed25519 ", 1)
    assert recipients(more) == {tag_of(public("one")), "X25519"}
    with pytest.raises(SealDamaged):
        recipients(b"age-encryption.org/v1\nno end")


def test_a_security_key_opens_nothing_and_too_many_keys_are_refused() -> None:
    raw = public("one").raw
    kind = b"sk-ssh-ed25519@openssh.com"
    held = PublicKey.from_blob(ssh_string(kind) + ssh_string(raw) + ssh_string(b"ssh:"))
    for keys in ([], [held], [public(f"{number}") for number in range(101)]):
        with pytest.raises(WrongUse):
            seal(SECRET, keys)


def test_a_writer_key_opens_only_while_it_is_unlocked() -> None:
    signer, sealed = WriterSigner(public("one")), seal(SECRET, [public("one")])
    with pytest.raises(KeyLocked):
        signer.unseal(sealed)
    signer.unlock(private("one"))
    assert signer.unseal(sealed) == SECRET
    signer.lock()
    with pytest.raises(KeyLocked):
        signer.unseal(sealed)
