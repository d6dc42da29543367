from __future__ import annotations

import base64
import hashlib
import json
import string
import unicodedata

import orjson
import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from console.domain.errors import BadForm
from console.domain.profile import MAX_INT, REFUSED_TEXT, check_value
from console.keys import canon

LIMIT = 64 * 1024
SALT = bytes(range(16))


def _is_allowed(text):
    return unicodedata.is_normalized("NFC", text) and not REFUSED_TEXT.search(text)


NAMES = st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)
TEXTS = st.text(max_size=40).filter(_is_allowed) | st.text(alphabet='\n\t"\\/ abñ\u200d\u05d0', max_size=20)
LEAVES = st.none() | st.booleans() | st.integers(-MAX_INT, MAX_INT) | TEXTS


def _nested(levels):
    values = LEAVES
    for _ in range(levels):
        values = LEAVES | st.lists(values, max_size=4) | st.dictionaries(NAMES, values, max_size=4)
    return values


SOUND = _nested(6)
ANY_TEXT = st.text(alphabet=st.characters(codec=None), max_size=12)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(ANY_TEXT | st.text("a", min_size=60, max_size=70), inner, max_size=3)
    ),
    max_leaves=20,
)


def _refusal(work):
    try:
        work()
    except BadForm as refused:
        return str(refused)
    return None


@settings(max_examples=300)
@given(SOUND)
def test_our_bytes_are_those_of_rfc_8785_and_of_the_standard_library(value):
    raw = canon.encode(value)
    assert raw == rfc8785.dumps(value)
    assert raw == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canon.decode(raw, limit=len(raw)) == value == json.loads(raw)


@settings(max_examples=600)
@given(ANY)
@example({"": 1})
@example({"a b": 1})
@example({"k" * 65: 1})
@example({"k" * 64: 1, "j" * 64: 2})
@example([[[[[[[]]]]]]])
@example("e\u0301")
@example("a\x7f")
@example("\ud800")
@example(2**53)
@example(2**70)
@example(1.0)
@example(-0.0)
def test_the_fast_path_refuses_exactly_what_the_rules_refuse(value):
    slow = _refusal(lambda: check_value(value))
    assert _refusal(lambda: canon.encode(value)) == slow
    if slow is not None:
        # what other writers might have put on the wire for it is refused too
        for spelled in (
            json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=escaped) for escaped in (True, False)
        ):
            with pytest.raises(BadForm):
                canon.decode(spelled.encode("utf-8", "surrogatepass"), limit=LIMIT)


@settings(max_examples=300)
@given(ANY)
def test_what_orjson_would_write_is_judged_by_the_rules_alone(value):
    try:
        raw = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return
    # orjson writes NaN and infinities as null, so judge the value that its bytes hold
    assert _refusal(lambda: canon.decode(raw, limit=LIMIT)) == _refusal(lambda: check_value(orjson.loads(raw)))


@settings(max_examples=500)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0aA1-.eE \n\ttruefalsn\x7f', max_size=40).map(str.encode))
@example(b'"\\u0041"')
@example(b'"\\u007f"')
@example(b'"\\u0000"')
@example(b'"\\\\u0041"')
def test_any_bytes_are_the_one_spelling_or_are_refused(raw):
    try:
        value = canon.decode(raw, limit=LIMIT)
    except BadForm:
        return
    check_value(value)
    assert rfc8785.dumps(value) == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"[1,]",
        b"nul",
        b"NaN",
        b"Infinity",
        b"[1 ]",
        b" 1",
        b"1 ",
        b"1\n",
        b"\xef\xbb\xbf1",
        b"01",
        b"+1",
        b"-0",
        b"1.0",
        b"1e3",
        b"1E3",
        b"1.5",
        b"9007199254740992",
        b"-9007199254740992",
        b"123456789012345678901234567890",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"a": 1}',
        b"{'a':1}",
        b'{"\xc3\xa9":1}',
        b'{"a b":1}',
        b'{"":1}',
        b'{"' + b"k" * 65 + b'":1}',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b'"\\r"',
        b'"\\u0000"',
        b'"\\b"',
        b'"\x07"',
        b'"\x7f"',
        b'"\xc2\x85"',
        b'"\xe2\x80\xa8"',
        b'"\xe2\x80\xae"',
        b'"\xe2\x81\xa6"',
        b'"e\xcc\x81"',
        b'"\\n\xcc\x83" ',
        b"[[[[[[[]]]]]]]",
        b"[" * 300 + b"]" * 300,
        b"[" * 5000 + b"]" * 5000,
        b'{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}',
    ],
)
def test_what_is_not_the_profile_is_refused(raw):
    with pytest.raises(BadForm):
        canon.decode(raw, limit=LIMIT)


@pytest.mark.parametrize(
    "raw",
    [
        b"null",
        b"true",
        b"0",
        b"-1",
        b"9007199254740991",
        b'""',
        b'"\\n\\t\\"\\\\"',
        b'"\\\\u0041"',
        b'"/"',
        b"[[[[[[1]]]]]]",
        b"{}",
        '"אב\u200dñ"'.encode(),
        b'{"~":1}',
        '"\\n\u0303"'.encode(),
    ],
)
def test_what_is_the_profile_is_read(raw):
    assert canon.encode(canon.decode(raw, limit=LIMIT)) == raw


def test_the_limit_is_on_bytes():
    raw = '"é"'.encode()
    assert canon.decode(raw, limit=4) == "é"
    with pytest.raises(BadForm, match="longer than 3 bytes"):
        canon.decode(raw, limit=3)


@pytest.mark.parametrize("value", [b"bytes", (1, 2), {1: 2}, {"a": {3}}, object()])
def test_what_has_no_form_is_refused_by_form(value):
    with pytest.raises(BadForm):
        canon.encode(value)


def test_a_cycle_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(BadForm):
        canon.encode(loop)


@settings(max_examples=200)
@given(st.binary(min_size=16, max_size=16), NAMES, _nested(5))
def test_a_disclosure_opens_to_what_was_put_in(salt, name, value):
    made = canon.make_disclosure(salt, name, value)
    assert set(made) <= set(string.ascii_letters + string.digits + "-_")
    assert canon.open_disclosure(made) == (salt, name, value)
    expected = base64.urlsafe_b64encode(hashlib.sha256(made.encode()).digest()).decode().rstrip("=")
    assert canon.digest(made) == expected


def test_a_disclosure_is_the_array_of_section_12():
    made = canon.make_disclosure(SALT, "text", "line one\nline two")
    raw = base64.urlsafe_b64decode(made + "=" * (-len(made) % 4))
    assert raw == b'["AAECAwQFBgcICQoLDA0ODw","text","line one\\nline two"]'


def _spell(value):
    return canon.to_base64url(orjson.dumps(value))


GOOD_SALT = canon.to_base64url(SALT)


@pytest.mark.parametrize(
    "disclosure",
    [
        "",
        "=",
        "A",
        "not base64",
        "é",
        _spell({}),
        _spell([]),
        _spell([GOOD_SALT, "a"]),
        _spell([GOOD_SALT, "a", 1, 2]),
        _spell(["short", "a", 1]),
        _spell([GOOD_SALT[:-1] + "x", "a", 1]),
        _spell([GOOD_SALT + "A", "a", 1]),
        _spell([1, "a", 1]),
        _spell([GOOD_SALT + "==", "a", 1]),
        _spell([GOOD_SALT, 1, 1]),
        _spell([GOOD_SALT, "", 1]),
        _spell([GOOD_SALT, "a b", 1]),
        _spell([GOOD_SALT, "a", 1.5]),
        _spell([GOOD_SALT, "é", 1]),
        _spell([GOOD_SALT, "a", [[[[[[]]]]]]]),
        _spell([GOOD_SALT, "a", 1]) + "=",
        _spell([GOOD_SALT, "a", 1]) + "\n",
        " " + _spell([GOOD_SALT, "a", 1]),
        canon.to_base64url(b'["AAECAwQFBgcICQoLDA0ODw", "text",1]'),
        "A" * (64 * 1024 + 1),
        canon.to_base64url(b'["AAECAwQFBgcICQoLDA0ODw","a",12]')[:-1] + "B",
    ],
)
def test_a_disclosure_of_another_shape_is_refused(disclosure):
    with pytest.raises(BadForm):
        canon.open_disclosure(disclosure)


def test_base64url_has_one_spelling():
    assert canon.from_base64url("-_-_") == b"\xfb\xff\xbf"
    for other in ("+/+/", "-_-_=", "-_-", "-_-\n", "AB"):
        if other in {"-_-", "AB"}:  # the bits after the last byte must be zero
            assert canon.to_base64url(base64.urlsafe_b64decode(other + "==")) != other
        with pytest.raises(BadForm):
            canon.from_base64url(other)


def test_no_disclosure_is_made_that_would_not_open():
    for salt, name, value in ((b"short", "a", 1), (SALT, "a b", 1), (SALT, "a", 1.5), (SALT, "a", "x" * 49_200)):
        with pytest.raises(BadForm):
            canon.make_disclosure(salt, name, value)


def test_bytes_are_named_by_their_sha256():
    assert canon.sha256_hex(b"") == hashlib.sha256().hexdigest()
