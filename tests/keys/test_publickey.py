from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.keys.faults import BadPublicKey
from console.keys.publickey import _P, _SMALL_ORDER_Y, PublicKey, ssh_string
from console.keys.sshsig import public_of
from tests.keys import openssh


def test_line_blob_and_fingerprint_are_those_of_openssh(tmp_path):
    openssh.run("-q", "-t", "ed25519", "-N", "", "-C", "a comment", "-f", tmp_path / "key")
    text = (tmp_path / "key.pub").read_text()
    key = PublicKey.parse_file(text)
    assert key.fingerprint.encode() == openssh.run("-lf", tmp_path / "key.pub").stdout.split()[1]
    assert text.startswith(key.line + " ")
    assert PublicKey.parse(key.line) == key == PublicKey.from_blob(key.blob) == PublicKey.from_raw(key.raw)
    assert not key.hardware


def test_a_hardware_key_keeps_its_application(tmp_path):
    key = openssh.hardware_key(openssh.private_key(1), "ssh:duty")
    (tmp_path / "sk.pub").write_text(key.line + "\n")
    assert key.fingerprint.encode() == openssh.run("-lf", tmp_path / "sk.pub").stdout.split()[1]
    assert key.hardware
    assert key.application == "ssh:duty"
    assert PublicKey.parse(key.line) == key


def test_every_other_spelling_of_a_line_is_refused():
    line = public_of(openssh.private_key(2)).line
    kind, encoded = line.split(" ")
    other_kind = f"sk-ssh-ed25519@openssh.com {encoded}"
    spellings = [
        "",
        kind,
        encoded,
        f" {line}",
        f"{line} ",
        f"{line}\n",
        f"{line} comment",
        f"{kind}  {encoded}",
        f"{line}=",
        f"{kind}\t{encoded}",
        other_kind,
        f"{kind} {encoded}é",
        f"{kind} {encoded[:-1]}",
        f"{kind} {encoded[:40]}\n{encoded[40:]}",
        line.upper(),
    ]
    for spelling in spellings:
        with pytest.raises(BadPublicKey):
            PublicKey.parse(spelling)
    for text in ("", kind, f"{line}\n{line}"):
        with pytest.raises(BadPublicKey):
            PublicKey.parse_file(text)


def test_other_kinds_lengths_and_applications_are_refused():
    point = openssh.private_key(3).public_key().public_bytes_raw()
    plain, sk = ssh_string(b"ssh-ed25519"), ssh_string(b"sk-ssh-ed25519@openssh.com")
    blobs = [
        b"",
        b"\0\0\0",
        plain,
        plain + ssh_string(point[:31]),
        plain + ssh_string(point + b"\0"),
        plain + ssh_string(point) + b"\0",
        ssh_string(b"ssh-rsa") + ssh_string(point),
        sk + ssh_string(point),
        sk + ssh_string(point) + ssh_string(b""),
        sk + ssh_string(point) + ssh_string(b"https://example.org"),
        sk + ssh_string(point) + ssh_string(b"ssh:\n"),
        plain + b"\xff\xff\xff\xff" + point,
        sk + ssh_string(point) + ssh_string(b"ssh:" + b"a" * 600),
    ]
    for blob in blobs:
        with pytest.raises(BadPublicKey):
            PublicKey.from_blob(blob)


def test_points_that_prove_nothing_or_have_two_spellings_are_refused():
    for y in (*_SMALL_ORDER_Y, _P, _P + 1, _P + 18):
        for sign in (0, 1 << 255):
            with pytest.raises(BadPublicKey):
                PublicKey.from_raw((y | sign).to_bytes(32, "little"))


def test_the_listed_points_are_those_of_small_order():
    d = -121665 * pow(121666, -1, _P) % _P

    def add(p, q):
        (x1, y1), (x2, y2) = p, q
        product = d * x1 * x2 * y1 * y2 % _P
        x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, _P) % _P
        return x, (y1 * y2 + x1 * x2) * pow(1 - product, -1, _P) % _P

    def on_curve(y):
        square = (y * y - 1) * pow(d * y * y + 1, -1, _P) % _P
        x = pow(square, (_P + 3) // 8, _P)
        return (x if x * x % _P == square else x * pow(2, (_P - 1) // 4, _P) % _P), y

    for y in _SMALL_ORDER_Y:
        point = on_curve(y)
        for _ in range(3):
            point = add(point, point)
        assert point == (0, 1)


@given(st.binary(max_size=120))
def test_any_bytes_are_a_key_or_a_refusal(blob):
    try:
        key = PublicKey.from_blob(blob)
    except BadPublicKey:
        return
    assert PublicKey.from_blob(blob) == key


@given(st.text(max_size=120))
def test_any_text_is_a_key_or_a_refusal(text):
    for reader in (PublicKey.parse, PublicKey.parse_file):
        try:
            assert base64.b64encode(reader(text).blob).decode() in text
        except BadPublicKey:
            continue
