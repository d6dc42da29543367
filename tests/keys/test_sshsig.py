from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.errors import BadForm
from console.keys import sshsig
from console.keys.faults import (
    BadSignature,
    MalformedSignature,
    OtherKey,
    OtherNamespace,
    SignatureMismatch,
    UnsupportedSignature,
    UserNotPresent,
)
from console.keys.publickey import PublicKey, ssh_string
from tests.keys import openssh

ORG = "o-" + "0" * 26
NS = sshsig.entry_ns(ORG)
MESSAGE = b'{"kind":"note"}'
PRIVATE = openssh.private_key(1)
KEY = sshsig.public_of(PRIVATE)
BLOB = sshsig.sign_blob(PRIVATE, NS, MESSAGE)
HARDWARE = openssh.hardware_key(PRIVATE)
HARDWARE_BLOB = openssh.hardware_sign(PRIVATE, NS, MESSAGE)


def test_namespaces_name_purpose_and_organisation():
    made = [
        make(ORG)
        for make in (
            sshsig.entry_ns, sshsig.machine_ns, sshsig.approve_ns, sshsig.roster_ns, sshsig.bundle_ns, sshsig.enrol_ns,
        )
    ]  # fmt: skip
    assert made == [f"{word}.v1@{ORG}" for word in ("entry", "machine", "approve", "roster", "bundle", "enrol")]
    with pytest.raises(BadForm):
        sshsig.entry_ns("p-" + "0" * 26)


def test_stock_openssh_verifies_what_we_sign(tmp_path):
    (tmp_path / "sig").write_text(sshsig.armour(BLOB))
    allowed = openssh.allowed(tmp_path, KEY)
    openssh.run("-Y", "verify", "-f", allowed, "-I", "someone", "-n", NS, "-s", tmp_path / "sig", given=MESSAGE)
    openssh.run("-Y", "check-novalidate", "-n", NS, "-s", tmp_path / "sig", given=MESSAGE)
    other = openssh.run("-Y", "check-novalidate", "-n", NS, "-s", tmp_path / "sig", given=MESSAGE + b" ", ok=False)
    assert other.returncode != 0


@pytest.mark.parametrize("size", [0, 1, 4096])
def test_we_verify_what_stock_openssh_signs_byte_for_byte(tmp_path, size):
    openssh.run("-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key")
    message = b"m" * size
    text = openssh.run("-Y", "sign", "-q", "-n", NS, "-f", tmp_path / "key", given=message).stdout.decode()
    key = PublicKey.parse_file((tmp_path / "key.pub").read_text())
    blob = sshsig.dearmour(text)
    assert sshsig.armour(blob) == text
    assert sshsig.verify(key, NS, message, blob) == sshsig.SignatureFacts(key.fingerprint)


def test_stock_openssh_verifies_the_hardware_signatures_of_these_tests(tmp_path):
    (tmp_path / "sig").write_text(sshsig.armour(HARDWARE_BLOB))
    allowed = openssh.allowed(tmp_path, HARDWARE)
    openssh.run("-Y", "verify", "-f", allowed, "-I", "someone", "-n", NS, "-s", tmp_path / "sig", given=MESSAGE)


def test_a_hardware_signature_tells_touch_pin_and_counter():
    facts = sshsig.verify(HARDWARE, NS, MESSAGE, HARDWARE_BLOB)
    assert facts == sshsig.SignatureFacts(HARDWARE.fingerprint, hardware=True, user_verified=True, counter=7)
    touched = openssh.hardware_sign(PRIVATE, NS, MESSAGE, flags=0x01, counter=2**32 - 1)
    facts = sshsig.verify(HARDWARE, NS, MESSAGE, touched)
    assert (facts.user_verified, facts.counter) == (False, 2**32 - 1)


def test_a_hardware_signature_without_touch_is_refused():
    for flags in (0x00, 0x04):
        with pytest.raises(UserNotPresent):
            sshsig.verify(HARDWARE, NS, MESSAGE, openssh.hardware_sign(PRIVATE, NS, MESSAGE, flags=flags))


def test_a_log_in_reply_for_a_web_site_is_no_signature():
    other = openssh.hardware_sign(PRIVATE, NS, MESSAGE, app="ssh:other")
    with pytest.raises(OtherKey):
        sshsig.verify(HARDWARE, NS, MESSAGE, other)


def test_the_refusal_names_the_fact():
    other = openssh.private_key(2)
    cases = {
        OtherKey: sshsig.sign_blob(other, NS, MESSAGE),
        OtherNamespace: sshsig.sign_blob(PRIVATE, sshsig.approve_ns(ORG), MESSAGE),
        SignatureMismatch: sshsig.sign_blob(PRIVATE, NS, MESSAGE + b"!"),
        MalformedSignature: BLOB + b"\0",
    }
    for fact, blob in cases.items():
        with pytest.raises(BadSignature) as refused:
            sshsig.verify(KEY, NS, MESSAGE, blob)
        assert type(refused.value) is fact
    # a plain signature under the same point does not pass for the hardware key, nor the other way round
    with pytest.raises(OtherKey):
        sshsig.verify(HARDWARE, NS, MESSAGE, BLOB)
    with pytest.raises(OtherKey):
        sshsig.verify(KEY, NS, MESSAGE, HARDWARE_BLOB)


@pytest.mark.parametrize(("key", "blob"), [(KEY, BLOB), (HARDWARE, HARDWARE_BLOB)], ids=["plain", "hardware"])
def test_every_flipped_bit_and_every_cut_is_refused(key, blob):
    for at in range(len(blob)):
        for bit in range(8):
            with pytest.raises(BadSignature):
                sshsig.verify(key, NS, MESSAGE, blob[:at] + bytes([blob[at] ^ 1 << bit]) + blob[at + 1 :])
        with pytest.raises(BadSignature):
            sshsig.verify(key, NS, MESSAGE, blob[:at])


NS_BYTES = NS.encode()


def _blob(
    *, magic=b"SSHSIG", version=1, key=KEY.blob, ns=NS_BYTES, reserved=b"", hashed=b"sha512", inner=None, tail=b""
):
    signature = ssh_string(b"ssh-ed25519") + ssh_string(BLOB[-64:]) if inner is None else inner
    fields = (key, ns, reserved, hashed, signature)
    return magic + version.to_bytes(4, "big") + b"".join(map(ssh_string, fields)) + tail


def test_the_builder_of_bad_blobs_builds_a_good_one():
    assert _blob() == BLOB


@pytest.mark.parametrize(
    ("fact", "change"),
    [
        (MalformedSignature, {"magic": b"SSHSIH"}),
        (UnsupportedSignature, {"version": 0}),
        (UnsupportedSignature, {"version": 2}),
        (MalformedSignature, {"reserved": b"x"}),
        (UnsupportedSignature, {"hashed": b"sha256"}),
        (UnsupportedSignature, {"hashed": b"sha1"}),
        (UnsupportedSignature, {"key": ssh_string(b"ssh-rsa") + ssh_string(b"\1\0\1") + ssh_string(b"\0" * 256)}),
        (UnsupportedSignature, {"key": KEY.blob + b"\0"}),
        (UnsupportedSignature, {"key": ssh_string(b"ssh-ed25519") + ssh_string(b"\1" + b"\0" * 31)}),
        (MalformedSignature, {"ns": b""}),
        (MalformedSignature, {"ns": b"entry v1"}),
        (MalformedSignature, {"ns": NS.encode() + b"\0"}),
        (MalformedSignature, {"ns": "entry.v1é".encode()}),
        (MalformedSignature, {"inner": b""}),
        (MalformedSignature, {"inner": ssh_string(b"ssh-ed25519")}),
        (UnsupportedSignature, {"inner": ssh_string(b"ssh-rsa") + ssh_string(BLOB[-64:])}),
        (MalformedSignature, {"inner": ssh_string(b"ssh-ed25519") + ssh_string(BLOB[-64:]) + b"\0"}),
        (MalformedSignature, {"inner": ssh_string(b"ssh-ed25519") + ssh_string(BLOB[-64:] + b"\0")}),
        (MalformedSignature, {"inner": ssh_string(b"ssh-ed25519") + ssh_string(BLOB[-63:])}),
        (MalformedSignature, {"tail": b"\0"}),
        (MalformedSignature, {"ns": b"x" * 3000}),
    ],
)
def test_every_class_of_bad_blob_is_refused_by_name(fact, change):
    with pytest.raises(BadSignature) as refused:
        sshsig.verify(KEY, NS, MESSAGE, _blob(**change))
    assert type(refused.value) is fact


def test_signatures_that_another_library_might_take_are_refused():
    order = 2**252 + 27742317777372353535851937790883648493
    r, s = BLOB[-64:-32], int.from_bytes(BLOB[-32:], "little")
    forged = {
        "s plus the order": r + (s + order).to_bytes(32, "little"),
        "s of zero": r + bytes(32),
        "all zero": bytes(64),
        "all ones": b"\xff" * 64,
        "r of small order": b"\1" + bytes(31) + bytes(32),
    }
    for signature in forged.values():
        with pytest.raises(SignatureMismatch):
            sshsig.verify(KEY, NS, MESSAGE, BLOB[:-64] + signature)


def test_nothing_but_a_plain_signature_is_put_together():
    assert sshsig.assemble(KEY, NS, BLOB[-64:]) == BLOB
    for key, signature in ((KEY, BLOB[-63:]), (KEY, b""), (HARDWARE, BLOB[-64:])):
        with pytest.raises(MalformedSignature):
            sshsig.assemble(key, NS, signature)


def test_a_version_cut_short_is_malformed():
    for size in range(len(b"SSHSIG") + 4):
        with pytest.raises(MalformedSignature):
            sshsig.parse_blob(BLOB[:size])


@pytest.mark.parametrize("namespace", ["", "a b", "a\n", "é", "x" * 129])
def test_no_signature_is_made_for_an_odd_namespace(namespace):
    with pytest.raises(MalformedSignature):
        sshsig.sign_blob(PRIVATE, namespace, MESSAGE)


def test_parse_reads_what_it_does_not_prove():
    found = sshsig.parse_blob(HARDWARE_BLOB)
    assert (found.key, found.namespace, found.flags, found.counter) == (HARDWARE, NS, 5, 7)
    assert sshsig.parse_blob(BLOB).signature == BLOB[-64:]


def _respell(text):
    begin, end = "-----BEGIN SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----\n"
    body = text[len(begin) : -len(end)]
    joined = body.replace("\n", "")
    yield "no text", ""
    yield "space before", " " + text
    yield "line before", "\n" + text
    yield "line after", text + "\n"
    yield "junk after", text + "x"
    yield "no last line end", text[:-1]
    yield "carriage returns", text.replace("\n", "\r\n")
    yield "lines of 76", begin + "\n".join(joined[at : at + 76] for at in range(0, len(joined), 76)) + "\n" + end
    yield "one line", begin + joined + "\n" + end
    yield "empty line", begin + "\n" + body + end
    yield "space in a line", begin + body[:10] + " " + body[10:] + end
    yield "other padding", begin + body.replace("=", "") + end if "=" in body else begin + body[:-1] + "=\n" + end
    yield "base64url", begin + body[:9] + "-_" + body[11:] + end
    yield "not ascii", begin + "é" + body + end
    yield "two of them", text + text
    yield "other header", text.replace("SSH SIGNATURE", "PGP SIGNATURE")
    yield "huge", begin + "A" * 5000 + "\n" + end


@pytest.mark.parametrize("blob", [BLOB, HARDWARE_BLOB, BLOB + b"\0", BLOB + b"\0\0"])
def test_every_other_spelling_of_the_armour_is_refused(blob):
    text = sshsig.armour(blob)
    assert sshsig.dearmour(text) == blob
    for name, other in _respell(text):
        assert other != text, name
        with pytest.raises(MalformedSignature):
            sshsig.dearmour(other)


def test_spare_bits_in_the_last_base64_character_are_refused():
    text = sshsig.armour(b"SSHSIG" + b"\0")
    assert "U1NIU0lHAA==" in text
    with pytest.raises(MalformedSignature):
        sshsig.dearmour(text.replace("AA==", "AB=="))


@settings(max_examples=400)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_exactly_or_refused(raw):
    for blob in (raw, b"SSHSIG\0\0\0\1" + raw, BLOB[:79] + raw):
        with pytest.raises(BadSignature):
            sshsig.verify(KEY, NS, MESSAGE, blob)


@given(st.text(alphabet="AB=\n- ", max_size=200), st.integers(0, 300))
def test_any_armour_is_read_exactly_or_refused(junk, at):
    text = sshsig.armour(BLOB)
    changed = text[:at] + junk + text[at:]
    with contextlib.suppress(MalformedSignature):
        assert sshsig.armour(sshsig.dearmour(changed)) == changed


@given(st.binary(max_size=2000), st.integers(0, 2**32 - 1))
def test_what_is_signed_verifies_and_nothing_else(message, counter):
    blob = sshsig.Stamp(PRIVATE, NS).sign(message)
    verifier = sshsig.Verifier(KEY, NS)
    assert verifier.verify(message, blob).fingerprint == KEY.fingerprint
    assert blob == sshsig.sign_blob(PRIVATE, NS, message)
    with pytest.raises(SignatureMismatch):
        verifier.verify(message + b"\0", blob)
    hardware = openssh.hardware_sign(PRIVATE, NS, message, counter=counter)
    assert sshsig.verify(HARDWARE, NS, message, hardware).counter == counter
