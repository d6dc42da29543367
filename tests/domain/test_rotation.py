"""What may be said of a leaked credential follows from counts; what is no rotation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.errors import BadForm, WrongUse
from console.domain.rotation import DAY_MS, Item, Rotation, Use, checked, fact_of, marked, read_rotation, word_of

ITEM = Item(instance="g-" + "0" * 26, surface="t-" + "0" * 26, old="k-old", new="k-new", sibling="key.rpm",
            params=(("rpm", "1"),), revoke="key.block")  # fmt: skip
LEAK = Rotation(items=(ITEM,), why="found in a repository")


def test_it_is_kept_and_read_as_it_was() -> None:
    assert read_rotation(LEAK.to_bytes()) == LEAK
    assert marked(f"{LEAK.mark('slow')}. Until") == (LEAK.sha256[:16], "slow", ())
    assert marked(f"{LEAK.mark('revoke', (0, 12))}. A revoked") == (LEAK.sha256[:16], "revoke", (0, 12))
    elsewhere = replace(LEAK, items=(replace(ITEM, slow_at="proj_1"),))
    assert read_rotation(elsewhere.to_bytes()) == elsewhere
    assert b"slow_at" not in LEAK.to_bytes()  # as earlier versions wrote it: its name stays
    assert marked("Rotation of tyres") is None
    for raw in (b"", b"{}", b"[]", LEAK.to_bytes() + b" ", b"[" * 100_000, LEAK.to_bytes().replace(b"k-new", b"k-old")):
        with pytest.raises(BadForm):
            read_rotation(raw)


@pytest.mark.parametrize("wrong", [
    {"items": ()}, {"items": (ITEM, ITEM)}, {"items": (replace(ITEM, new="k-old"),)}, {"why": " "},
    {"items": (replace(ITEM, revoke=""),)}, {"items": (replace(ITEM, instance="gateway"),)},
])  # fmt: skip
def test_what_is_no_rotation(wrong: dict) -> None:
    with pytest.raises(WrongUse):
        checked(replace(LEAK, **wrong))


def use(
    asked: int = 5, at: int = DAY_MS, since: int = 0, grew: int | None = None, after: int | None = None,
    last: int | None = None,
) -> Use:  # fmt: skip
    return Use(asked=asked, at_ms=at, since_ms=since, grew_ms=grew, after_ms=after, last_ms=last)


@pytest.mark.parametrize(("old", "new", "placed", "fact"), [
    (None, None, None, "in-use"),  # nothing is counted: it counts as in use
    (use(), None, None, "unused-24h"),
    (use(at=DAY_MS - 1), None, None, "in-use"),
    (use(grew=1), None, None, "in-use"),
    (use(grew=10), use(grew=10, after=5), 5, "verified-replacement"),
    (use(grew=10), use(grew=4, after=3), 5, "in-use"),  # it was used before it was placed: somebody else's use
    (use(grew=10), use(grew=10, after=4), 5, "in-use"),  # it may have been used before it was placed
    (use(grew=10), use(grew=10), 5, "in-use"),  # counted by an earlier version: since when it grew is not known
    (use(grew=10), use(grew=10, after=5), None, "in-use"),  # nobody said that it is placed
    (use(since=DAY_MS, last=0), None, None, "unused-24h"),  # the provider knows of no use
    (use(since=DAY_MS, last=1), None, None, "in-use"),
    (use(at=DAY_MS, last=2 * DAY_MS), None, None, "in-use"),  # its clock is ahead
    (use(grew=10), use(grew=None), 5, "in-use"),
])  # fmt: skip
def test_what_counts_say(old: Use | None, new: Use | None, placed: int | None, fact: str) -> None:
    assert fact_of(old, new, placed) == fact


def test_words_and_counts() -> None:
    seen = use(asked=5, at=10, since=0).counted(5, 20)
    grown = seen.counted(6, 30)
    assert (seen.grew_ms, grown.grew_ms, grown.after_ms) == (None, 30, 20)
    assert (grown.counted(6, 40).grew_ms, grown.counted(6, 40).after_ms) == (30, 20)
    assert word_of("in-use", None, revoked=False) == "in use"
    assert word_of("in-use", 1, revoked=False) == "replaced"
    assert word_of("verified-replacement", 1, revoked=False) == "seen in use"
    assert word_of("unused-24h", None, revoked=False) == "quiet"
    assert word_of("in-use", None, revoked=True) == "revoked"
