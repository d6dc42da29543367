"""What is carried by hand is read exactly, or not at all."""

from __future__ import annotations

import hashlib
import random

import pytest

from console.keys import canon
from console.sync import carrier
from console.sync.carrier import Load, NotCarried, Record
from console.sync.parcel import Parcel

SHA = "ab" * 32
ORG = "o-00000000000000000000000001"
VALUE = canon.make_disclosure(b"s" * 16, "reason", "Because")
SPOKEN = canon.make_disclosure(b"t" * 16, "name", "zwölf")


def load() -> Load:
    parcel = Parcel(
        rosters=[(b'{"type":"roster.v1"}', {"SHA256:x": b"sig", "SHA256:y": b"gis"})],
        entries=[(b'{"kind":"note"}', b"sig"), (b"", b"")],
        documents=[b'{"type":"action.v1"}', b"end 0123456789abcdef\n"],
        values=[(SHA, (VALUE, SPOKEN)), ("cd" * 32, (VALUE,))],
    )
    records = [Record(b"{}", b"sig", "zu grob"), Record(b"[]", b"sig")]
    return Load(ORG, SHA, asks=True, parcel=parcel, records=records, lists=[b"one\ntwo\n"])


def sealed(body: bytes) -> bytes:
    """Bytes with the right end, whatever is before it."""
    return body + b"end " + hashlib.sha256(body).hexdigest()[:16].encode() + b"\n"


def body() -> bytes:
    return carrier.encode(load())[: -len(b"end 0123456789abcdef\n")]


def test_what_was_put_in_comes_out():
    assert carrier.decode(carrier.encode(load())) == load()


def test_values_lie_in_it_as_they_read():
    assert '"reason","Because"' in carrier.encode(load()).decode("utf-8", "replace")


def test_truncated_anywhere_it_is_refused():
    data = carrier.encode(load())
    for length in range(len(data)):
        with pytest.raises(NotCarried):
            carrier.decode(data[:length])


def test_one_byte_altered_it_is_refused():
    data = carrier.encode(load())
    for at in random.Random(3).sample(range(len(data)), 200):
        with pytest.raises(NotCarried):
            carrier.decode(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


@pytest.mark.parametrize("more", [
    b"note 2\nhi\n", b"entry 5\nhello\n", b"entry 1 2 3\nabbccc\n", b"document 99999999\nshort\n", b"entry 1 2\n",
    b"document 0002\nhi\n", b"document -1\n\n", b"document " + b"9" * 3_000 + b"\n", b"document\n\n",
    b"record 2 3 1\n{}sig\xff\n",
    b"value 64 2\n" + b"Z" * 64 + b"[]\n", b"roster 2 1\n{}a\n", b"about 2\n{}\n", b"document 70000000 1\n",
    b"entry 65537 1\n" + b"x" * 65_537 + b"y\n", b"record 2 3 5000\n{}sig" + b"x" * 5_000 + b"\n",
], ids=lambda more: more[:18].decode("ascii", "replace"))  # fmt: skip
def test_a_part_that_is_not_the_form_spoils_it_all(more):
    with pytest.raises(NotCarried):
        carrier.decode(sealed(body() + more))


def test_it_says_what_it_is_about_first_and_once():
    number = b'{"asks":1,"doc":"%s","org":"%s"}' % (SHA.encode(), ORG.encode())
    wrong = [b"{}", number, b'{"asks":true,"doc":"x","org":"o"}']
    for about in wrong:
        with pytest.raises(NotCarried):
            carrier.decode(sealed(carrier.MARK + b"about %d\n" % len(about) + about + b"\n"))
    with pytest.raises(NotCarried):
        carrier.decode(sealed(carrier.MARK))


def test_more_parts_or_approvals_than_anybody_needs_are_refused():
    with pytest.raises(NotCarried, match="more approvals"):
        carrier.decode(sealed(body() + b"record 2 3 0\n{}sig\n" * 70))
    with pytest.raises(NotCarried, match="said length"):
        carrier.decode(sealed(body() + b"list 0\n\n" * 20_001))
