"""The dense order of one timeline: which line stands in which row, for a million rows, whole or filtered.

It belongs to one lane and is touched nowhere else; every call is one short slice, so that others get their turn.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import compress

from console.journal.shelf import Key, Place, Shelf
from console.viewmodels.lines import LineView, Presenter

PAGE = 100
_SLICE = 5_000
_HITS = 60
_FRESH = 2_000
_SPOKEN = 400


@dataclass(frozen=True, slots=True)
class First:
    """What can be shown at once: the number of rows and the last ones. `whole`: the order of all rows is known.

    `place` is None where there is no index yet.
    """

    place: Place | None
    count: int
    tail: tuple[LineView, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Delta:
    """What arrived: rows at the end (`tail` shows them where they are few), rows in between, entries spoken of anew.

    `reload`: known rows changed or moved, begin again. `more`: ask again at once. `count` is the number of rows now.
    """

    count: int
    appended: int = 0
    tail: tuple[LineView, ...] = ()
    inserted: tuple[int, ...] = ()
    touched: frozenset[str] = frozenset()
    reload: bool = False
    more: bool = False


@dataclass(slots=True)
class _Order:
    """Local numbers in order of occurrence, and when each occurred."""

    ns: array[int] = field(default_factory=lambda: array("q"))
    times: array[int] = field(default_factory=lambda: array("q"))


class Roll:
    """The order of one timeline (`inc`; None: the organisation's), filtered by kinds and by words."""

    def __init__(self, shelf: Shelf, inc: str | None, presenter: Presenter) -> None:
        self._shelf = shelf
        self._inc = inc
        self._presenter = presenter
        self._place: Place | None = None
        self._all = _Order()
        self._last: Key | None = None
        self._all_loaded = False
        self._some: _Order | None = None
        self._sieve: _Sieve | None = None
        self._kinds: tuple[str, ...] = ()
        self._typed = ""

    @property
    def times(self) -> array[int]:
        """When each row occurred, in order. Others may look something up in it, and nothing else."""
        return self._shown.times

    def begin(self, kinds: Collection[str] = (), typed: str = "", *, again: bool = False) -> First:
        """Choose what is shown, and give what can be shown at once. `again` forgets the order known so far."""
        place = self._shelf.place()
        if again or place is None or not place.continues(self._place):
            self._place, self._all, self._last, self._all_loaded = place, _Order(), None, False
        self._kinds, self._typed = tuple(kinds), typed
        self._some = self._sieve = None
        if place is None:
            return First(None, 0, (), whole=False)
        known = self._place or place
        if self._kinds or typed.strip():
            return self._begin_filtered(known)
        count = len(self._all.ns) if self._all_loaded else self._shelf.count(self._inc)
        wanted = count % PAGE + PAGE
        tail = self._page(self._all.ns[-wanted:]) if self._all_loaded else self._tail(wanted)
        return First(known, count, tail, whole=self._all_loaded)

    def step(self) -> bool:
        """One slice of finding the order; says whether it is known now."""
        if self._place is None:
            return True
        if not self._all_loaded:
            found = self._shelf.keys(self._inc, self._last, self._place.n, _SLICE)
            self._all.ns.extend([key[4] for key in found])
            self._all.times.extend([key[0] for key in found])
            self._last = found[-1] if found else self._last
            self._all_loaded = len(found) < _SLICE
            return self._all_loaded and self._sieve is None
        if self._sieve is not None and self._sieve.step(self._all):
            self._some, self._sieve = self._sieve.order, None
        return self._sieve is None

    def count(self) -> int:
        """The number of rows of the order that is shown."""
        return len(self._shown.ns)

    def page(self, first: int) -> tuple[LineView, ...]:
        """The rows from `first` on, a page of them."""
        return self._page(self._shown.ns[first : first + PAGE])

    def catch_up(self) -> Delta:
        """Take in lines that arrived since, at most so many; only once the order is known."""
        place = self._shelf.place()
        if place is None or self._place is None or not place.continues(self._place):
            return Delta(self.count(), reload=True)
        if place.n == self._place.n:
            return Delta(self.count())
        fresh = self._shelf.since(self._inc, self._place.n, _FRESH)
        upto = fresh[-1][4] if len(fresh) == _FRESH else place.n
        touched = frozenset(self._shelf.targets_since(self._place.n))
        added, inserted = self._add(self._all, fresh)
        if self._some is not None:
            matching = self._shelf.since(self._inc, self._place.n, _FRESH, self._kinds, self._typed)
            added, inserted = self._add(self._some, [key for key in matching if key[4] <= upto])
        self._place = Place(place.file, place.turn, upto)
        return Delta(
            self.count(), added, self._page(self._shown.ns[-added:]) if 0 < added <= _SPOKEN else (), tuple(inserted),
            touched, more=upto < place.n,
        )  # fmt: skip

    # -- inside --------------------------------------------------------------------------------------------------------

    @property
    def _shown(self) -> _Order:
        return self._all if self._some is None else self._some

    def _begin_filtered(self, place: Place) -> First:
        found = self._shelf.newest_hits(self._typed, self._inc, kinds=self._kinds, limit=_HITS, before=place.n + 1)
        lines = sorted(self._shelf.page(found), key=lambda one: one.line.order)
        self._some = _Order(
            array("q", (one.line.n for one in lines)), array("q", (one.line.occurred_ms for one in lines))
        )
        whole = len(found) < _HITS
        if not whole:
            self._sieve = _Sieve(self._shelf, self._inc, self._kinds, self._typed, place.n)
        return First(place, len(lines), tuple(self._presenter.rows(lines)), whole=whole and self._all_loaded)

    def _tail(self, wanted: int) -> tuple[LineView, ...]:
        return tuple(self._presenter.rows(self._shelf.tail(self._inc, wanted)))

    def _page(self, numbers: array[int]) -> tuple[LineView, ...]:
        return tuple(self._presenter.rows(self._shelf.page(numbers)))

    def _add(self, order: _Order, keys: list[Key]) -> tuple[int, list[int]]:
        """Put lines where they belong; gives how many went to the end, and the rows of the others."""
        added, inserted = 0, []
        for occurred_ms, _, _, _, n in sorted(keys):
            at = self._row_for(order, occurred_ms, n)
            if at == len(order.ns):
                added += 1
            else:
                inserted.append(at)
            order.ns.insert(at, n)
            order.times.insert(at, occurred_ms)
        return added, inserted

    def _row_for(self, order: _Order, occurred_ms: int, n: int) -> int:
        first, last = bisect_left(order.times, occurred_ms), bisect_right(order.times, occurred_ms)
        if first == last:
            return first
        there = set(order.ns[first:last])
        before = self._shelf.at_once(self._inc, occurred_ms)
        return first + sum(other in there for other in before[: before.index(n)])


class _Sieve:
    """Finds the rows that match, in slices: first all hits by number, then the order they stand in."""

    def __init__(self, shelf: Shelf, inc: str | None, kinds: tuple[str, ...], typed: str, upto_n: int) -> None:
        self._ask = (shelf, inc, kinds, typed)
        self._hit = bytearray(upto_n + 1)
        self._n = 0
        self._row: int | None = None
        self.order = _Order()

    def step(self, everything: _Order) -> bool:
        """One slice; says whether `order` is whole."""
        if self._row is None:
            shelf, inc, kinds, typed = self._ask
            found = shelf.hits(typed, inc, self._n, _SLICE, kinds)
            for n in found:
                if n < len(self._hit):
                    self._hit[n] = 1
            self._n = found[-1] if found else self._n
            self._row = 0 if len(found) < _SLICE else None
            return False
        ns = everything.ns[self._row : self._row + _SLICE]
        matches = [n < len(self._hit) and self._hit[n] for n in ns]
        self.order.ns.extend(compress(ns, matches))
        self.order.times.extend(compress(everything.times[self._row : self._row + _SLICE], matches))
        self._row += _SLICE
        return self._row >= len(everything.ns)
