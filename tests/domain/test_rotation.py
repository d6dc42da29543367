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
    assert marked(f"{LEAK.mark('slow')}. Until") == (LEAK.sha256[:16], "slow")
    assert marked("Rotation of tyres") is None
    for raw in (b"", b"{}", b"[]", LEAK.to_bytes() + b" "):
        with pytest.raises(BadForm):
            read_rotation(raw)


@pytest.mark.parametrize("wrong", [
    {"items": ()}, {"items": (ITEM, ITEM)}, {"items": (replace(ITEM, new="k-old"),)}, {"why": " "},
    {"items": (replace(ITEM, revoke=""),)}, {"items": (replace(ITEM, instance="gateway"),)},
])  # fmt: skip
def test_what_is_no_rotation(wrong: dict) -> None:
    with pytest.raises(WrongUse):
        checked(replace(LEAK, **wrong))


def use(asked: int = 5, at: int = DAY_MS, since: int = 0, grew: int | None = None) -> Use:
    return Use(asked=asked, at_ms=at, since_ms=since, grew_ms=grew)


@pytest.mark.parametrize(("old", "new", "placed", "fact"), [
    (None, None, None, "in-use"),  # nothing is counted: it counts as in use
    (use(), None, None, "unused-24h"),
    (use(at=DAY_MS - 1), None, None, "in-use"),
    (use(grew=1), None, None, "in-use"),
    (use(grew=10), use(grew=10), 5, "verified-replacement"),
    (use(grew=10), use(grew=4), 5, "in-use"),  # it was used before it was placed: somebody else's use
    (use(grew=10), use(grew=10), None, "in-use"),  # nobody said that it is placed
    (use(grew=10), use(grew=None), 5, "in-use"),
])  # fmt: skip
def test_what_counts_say(old: Use | None, new: Use | None, placed: int | None, fact: str) -> None:
    assert fact_of(old, new, placed) == fact


def test_words_and_counts() -> None:
    seen = use(asked=5, at=10, since=0).counted(5, 20)
    assert (seen.grew_ms, seen.counted(6, 30).grew_ms) == (None, 30)
    assert word_of("in-use", None, revoked=False) == "in use"
    assert word_of("in-use", 1, revoked=False) == "replaced"
    assert word_of("verified-replacement", 1, revoked=False) == "seen in use"
    assert word_of("unused-24h", None, revoked=False) == "quiet"
    assert word_of("in-use", None, revoked=True) == "revoked"
