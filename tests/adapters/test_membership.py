"""Sets that are written whole: what is signed of one account, and every write that does more is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Planned, Refused, Request, Whole
from adapters.membership import MEMBER, Member, check, member, member_of, members_of, place_of

PATH = "/sets/1"
USERS = st.lists(st.text(min_size=1, max_size=4), max_size=8, unique=True)


def body(users, **more):
    return {
        "name": "blocked",
        "constraints": [{"on": "region", "values": ["eu"]}, {"on": "user", "values": users}],
        **more,
    }


def whole(before, after, accounts, **more) -> Whole:
    read = json.dumps({"id": 1, "createdAt": "2026", **body(before)})
    request = Request(method="PUT", path=PATH, body=json.dumps(body(after, **more)))
    return Whole(path=PATH, read=read, request=request, accounts=tuple(accounts))


def asked(*accounts, inside=True):
    return {one: Member(account=one, inside=inside, paths=(PATH,)) for one in accounts}


@given(st.text(max_size=20), st.booleans())
def test_what_is_signed_of_an_account_is_read_back_as_it_was(account, inside) -> None:
    told = member_of(member(account, (PATH, "/sets/2"), inside=inside))
    assert told == Member(account=account, inside=inside, paths=(PATH, "/sets/2"))


FORMS = (
    "{}", '{"put": "a"}', '{"put": "a", "into": []}', '{"put": 1, "into": ["/x"]}', '{"put":"a","into":["/sets/1"]}',
    '{"put": "a", "from": ["/sets/1"]}', "[]", '{"put": "a", "put": "b", "into": ["/sets/1"]}',
)  # fmt: skip


@pytest.mark.parametrize("text", FORMS)
def test_another_form_is_refused(text) -> None:
    with pytest.raises(Refused, match=r"does not say whom|is no object"):
        member_of(Request(method=MEMBER, path=PATH, body=text))


def test_a_request_of_another_kind_says_nothing_of_a_set() -> None:
    assert member_of(Request(method="PUT", path=PATH, body="{}")) is None


def test_one_account_is_not_asked_for_both_ways() -> None:
    both = [planned(member("a", (PATH,), inside=way)) for way in (True, False)]
    assert set(members_of(both[:1] * 2)) == {"a"}
    with pytest.raises(Refused, match="two ways"):
        members_of(both)


def planned(*requests) -> Planned:
    return Planned(
        lever="user.block", selector="a", surface_key="", name="a", model="", params={}, pre={}, pre_read_ms=0,
        wanted={}, requests=requests, revert=(), selectors=1, reach="everyone", reversal="exact",
    )  # fmt: skip


@given(USERS, USERS)
def test_putting_in_and_taking_out_what_was_signed_passes_and_nothing_else(before, users) -> None:
    new = [one for one in users if one not in before]
    old = [one for one in users if one in before]
    if new:
        check(whole(before, [*before, *new], new), asked(*new))
        assert place_of(whole(before, [*before, *new], new)) == "/constraints/1/values"
        with pytest.raises(Refused):
            check(whole(before, [*before, *new], new), asked(*new, inside=False))
        with pytest.raises(Refused):
            check(whole(before, [*before, *new], new), asked(*new[1:]))
    if old:
        left = [one for one in before if one not in old]
        check(whole(before, left, old), asked(*old, inside=False))
        with pytest.raises(Refused):
            check(whole(before, left, old), asked(*old))


FINE = whole(["a"], ["a", "b"], ["b"])
BARE, BOTH = (
    [{"on": "user", "values": ["a", "b"]}],
    [{"on": "region", "values": []}, {"on": "user", "values": ["a", "b"]}],
)
POST, TWICE = (
    Request(method="POST", path=PATH, body="{}"),
    Request(method="PUT", path=PATH, body='{"name":"a","name":"b"}'),
)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (whole(["a"], ["a", "b", "c"], ["b"]), "nobody signed"),
        (whole(["a"], ["b"], ["b"]), "nobody signed"),
        (whole(["a"], ["b", "a"], ["b"]), "nobody signed"),
        (whole(["a"], ["a", "b", "b"], ["b"]), "nobody signed"),
        (whole(["a"], ["a", "b"], ["b", "b"]), "nobody signed"),
        (whole(["a"], ["a", "b"], []), "nobody signed"),
        (whole(["a", "x"], ["x"], ["b"]), "nobody signed"),
        (whole(["a"], ["a"], ["b"]), "none"),
        (whole(["a"], ["a", "b"], ["b"], name="other"), "something else"),
        (whole(["a"], ["a", "b"], ["b"], archived=True), "something else"),
        (whole(["a"], ["a", "b"], ["b"], constraints=BARE), "something else"),
        (whole(["a"], ["a", "b"], ["b"], constraints=BOTH), "more than one set"),
        (replace(FINE, path="/sets/2"), "what was not read"),
        (replace(FINE, request=POST), "what was not read"),
        (replace(FINE, read="not json"), "no object"),
        (replace(FINE, request=TWICE), "no object"),
    ],
)
def test_a_write_that_does_more_than_was_signed_is_refused(changed, why) -> None:
    with pytest.raises(Refused, match=why):
        check(changed, asked("b"))


def test_a_place_that_was_not_signed_is_refused() -> None:
    elsewhere = {"b": Member(account="b", inside=True, paths=("/sets/2",))}
    with pytest.raises(Refused, match="a place that nobody signed"):
        check(whole(["a"], ["a", "b"], ["b"]), elsewhere)


def test_true_is_not_one() -> None:
    changed = whole(["a"], ["a", "b"], ["b"], on=1)
    with pytest.raises(Refused, match="something else"):
        check(replace(changed, read=changed.read.replace('"id": 1', '"id": 1, "on": true')), asked("b"))
