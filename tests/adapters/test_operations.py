"""Pages and long operations: each has an end, and neither leads away."""

from __future__ import annotations

import asyncio

import pytest

from adapters.conformance import DirectContext
from adapters.contract import Malformed, Reply
from adapters.operations import MOST_LOOKS, Ended, follow, pages, path_of, retry_after_s


class Answering:
    """A context that answers each read with the next of these, and keeps how long it was asked to wait."""

    def __init__(self, *replies, patience=1000):
        self.replies, self.asked, self.waited, self.patience = list(replies), [], [], patience

    async def call(self, method, path, *, effect, **_more):
        assert (method, effect) == ("GET", "read")
        self.asked.append(path)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    async def pause(self, seconds):
        self.waited.append(seconds)
        return len(self.waited) <= self.patience


def page(status=200, **headers):
    return Reply(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=b"{}",
                 elapsed_ms=1)  # fmt: skip


def look(reply):
    return Ended("going-on" if reply.status == 202 else "succeeded")


def test_an_operation_is_asked_as_it_asks_to_be():
    context = Answering(page(202, retry_after="7"), page(202), page(202, retry_after="nan"), page())
    assert asyncio.run(follow(context, "/op", look, 3.0)).how == "succeeded"
    assert context.asked == ["/op"] * 4
    assert context.waited == [3.0, 7.0, 2.0, 4.0]


def test_an_operation_is_left_where_the_step_has_no_more_time():
    context = Answering(page(202), patience=2)
    assert asyncio.run(follow(context, "/op", look)).how == "going-on"
    assert len(context.asked) == 2


def test_a_provider_that_says_at_once_each_time_is_not_asked_for_ever():
    context = Answering(page(202, retry_after="0"))
    assert asyncio.run(follow(context, "/op", look)).how == "going-on"
    assert len(context.asked) == MOST_LOOKS
    assert min(context.waited[1:]) > 0


def test_a_direct_context_waits_in_sum_no_longer_than_its_deadline():
    context = DirectContext("http://127.0.0.1:1", deadline_s=0.05)

    async def story():
        return [await context.pause(0.02) for _ in range(5)]

    assert asyncio.run(story()) == [True, True, False, False, False]


@pytest.mark.parametrize(("asked", "wait_s"), [("12", 12), ("-5", 0.05), ("999", 30), ("soon", 4), ("", 4), ("nan", 4)])
def test_what_is_no_time_to_wait_is_passed_over(asked, wait_s):
    assert retry_after_s(page(retry_after=asked), 4.0) == wait_s


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("https://cloud.example/a/b?x=1&y=2", "/a/b?x=1&y=2"),
        ("/a/b?x=1", "/a/b?x=1"),
        ("https://cloud.example:444/a", None),
        ("http://cloud.example/a", None),
        ("https://cloud.example.evil.example/a", None),
        ("https://user@cloud.example/a", None),
        ("//evil.example/a", None),
        ("nonsense", None),
    ],
)
def test_a_link_leads_nowhere_else(link, path):
    if path is None:
        with pytest.raises(Malformed):
            path_of(link, "https://cloud.example")
    else:
        assert path_of(link, "https://cloud.example") == path


def test_a_link_stays_below_the_instances_own_path():
    assert path_of("https://cloud.example/v1/a", "https://cloud.example/v1/") == "/a"
    with pytest.raises(Malformed):
        path_of("https://cloud.example/v2/a", "https://cloud.example/v1")


def test_a_list_has_an_end():
    numbers = iter(range(1, 1000))
    with pytest.raises(Malformed, match="no end"):
        asyncio.run(pages(Answering(page()), "/list", lambda _page: f"/list?after={next(numbers)}", most=5))
    with pytest.raises(Malformed, match="no end"):
        asyncio.run(pages(Answering(page()), "/list", lambda _page: "/list"))
    assert len(asyncio.run(pages(Answering(page()), "/list", lambda _page: None))) == 1
