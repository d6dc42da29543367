"""What an intent says of a set that was written whole is proven from the bytes that were sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.errors import BadForm
from console.domain.wholes import Written, prove_sent, read_told, told

PATH, PLACE = "/sets/1", "/constraints/0/values"
LINES = st.lists(
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=200), max_size=60, unique=True
)


def request(users, path=PATH):
    return {"method": "PUT", "path": path, "body": json.dumps({"constraints": [{"values": users}]})}


def written(users, accounts, *, inside=True):
    return Written.of(PATH, PLACE, request(users)["body"], accounts, inside=inside)


@given(LINES, LINES, st.booleans())
def test_what_was_sent_follows_from_what_is_told(others, accounts, inside) -> None:
    others = [one for one in others if one not in accounts]
    after = [*others, *accounts] if inside else others
    if not accounts:
        return
    fields = told(0, written(after, accounts, inside=inside))
    assert all(len(text) <= 2_000 for text in fields.values()), "a field of an entry is cut where it is longer"
    sent = json.dumps([request(after)]).encode()
    (found,) = prove_sent(sent, fields, frozenset(accounts), inside=inside)
    assert (found.accounts, found.others) == (tuple(accounts), len(others))


def test_many_long_names_go_into_as_many_fields_as_they_need() -> None:
    accounts = [f"{at:0100}" for at in range(250)]
    fields = told(0, written(accounts, accounts))
    assert 14 < len(fields) < 48
    assert read_told(fields)[0].accounts == tuple(accounts)


FIELDS = told(0, written(["x", "a", "b"], ["a", "b"]))
SENT = json.dumps([request(["x", "a", "b"])]).encode()
SIGNED = frozenset({"a", "b", "c"})


@pytest.mark.parametrize(
    ("sent", "fields", "signed", "inside", "why"),
    [
        ([request(["x", "y", "a", "b"])], FIELDS, SIGNED, True, "who else"),
        ([request(["a", "b"])], FIELDS, SIGNED, True, "who else"),
        ([request(["x", "a"])], FIELDS, SIGNED, True, "does not hold"),
        ([request(["x", "a", "b"], "/sets/2")], FIELDS, SIGNED, True, "another place"),
        ([request(["x", "a", "b"])] * 2, FIELDS, SIGNED, True, "speaks of"),
        ([], {}, SIGNED, True, "speaks of"),
        ([{"method": "PUT", "path": PATH, "body": "x"}], FIELDS, SIGNED, True, "no set at that place"),
        ([request(["x", "a", "b"])], FIELDS, frozenset({"a"}), True, "nobody signed"),
        ([request(["x", "a", "b"])], FIELDS, SIGNED, False, "nobody signed"),
        ([request(["x", "a", "b"])], {"set.0": "put into nothing"}, SIGNED, True, "does not say"),
        ([request(["x", "a", "b"])], {**FIELDS, "set.0.0": "a"}, SIGNED, True, "as many"),
    ],
)  # fmt: skip
def test_what_does_not_follow_is_said(sent, fields, signed, inside, why) -> None:
    assert prove_sent(SENT, FIELDS, SIGNED, inside=True)
    with pytest.raises(BadForm, match=why):
        prove_sent(json.dumps(sent).encode(), fields, signed, inside=inside)


def test_an_intent_without_a_set_tells_none() -> None:
    assert read_told({"blocked": "false"}) == ()
    assert read_told(None) == ()
