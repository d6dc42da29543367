"""The rows of a timeline of any length, for a table of equal rows: the thread that paints reads cached pages only.

Everything is read in short slices on one lane; results come back in order on the thread that owns this. It never waits.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from console.journal.projections import Progress, Projections
from console.viewmodels.lines import LineView, Presenter
from console.viewmodels.roll import PAGE, Delta, First, Roll

__all__ = ["PAGE", "Change", "LineView", "Presenter", "TimelineRows"]

T = TypeVar("T")
_PAGES = 64
_WANTED = 6
_MANY_ROWS = 50
_FIRST_S = 0.004
_REFRESH_S = 0.03
_ELSEWHERE_S = 0.05


class Submit(Protocol):
    """A lane: does what it is given one after the other, in order."""

    def __call__(self, work: Callable[[], T]) -> Future[T]:
        """Have it done."""
        ...


class WhenDone(Protocol):
    """Calls one of the two on the owner's thread when the future is settled, in the order in which they settle."""

    def __call__(
        self, future: Future[T], done: Callable[[T], None], failed: Callable[[BaseException], None], /
    ) -> None:
        """Wait for it elsewhere."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """What a listener is told, after the fact. `first` and `last` are rows, both included.

    `reset`: all rows are others. `inserted`: new rows stand there. `loaded`: these rows can be shown now, or say
    something else. `jumped`: the row of the last `jump` is known. `state`: `progress`, `busy`, `whole` or `fault`.
    """

    what: Literal["reset", "inserted", "loaded", "jumped", "state"]
    first: int = 0
    last: int = -1


Listener = Callable[[Change], None]


class TimelineRows:
    """The timeline of one incident (None: the organisation's record). Owned by one thread, which calls everything.

    `open` first. Call `refresh` whenever something was written or arrived.
    """

    def __init__(
        self, projections: Projections, inc: str | None, submit: Submit, when_done: WhenDone, listener: Listener,
        presenter: Presenter,
    ) -> None:  # fmt: skip
        self._projections = projections
        self._roll = Roll(projections.shelf, inc, presenter)
        self._submit = submit
        self._when_done = when_done
        self._listener = listener
        self._pages: OrderedDict[int, list[LineView | None]] = OrderedDict()
        self._wanted: list[int] = []
        self._reading: int | None = None
        self._filter: tuple[tuple[str, ...], str] = ((), "")
        self._round = 0
        self._stale = False
        self._refreshing = False
        self._jump_ms: int | None = None
        self.count = 0
        self.whole = False
        self.busy = False
        self.progress: Progress | None = None
        self.fault: BaseException | None = None

    # -- what a table asks ---------------------------------------------------------------------------------------------

    def row(self, at: int) -> LineView | None:
        """The row, or None while it is still being read; then `loaded` follows."""
        page = at // PAGE
        rows = self._pages.get(page)
        if rows is not None and at % PAGE < len(rows) and (row := rows[at % PAGE]) is not None:
            self._pages.move_to_end(page)
            return row
        if 0 <= at < self.count:
            self._want(page)
        return None

    def jump(self, to_ms: int) -> int | None:
        """The first row that occurred at this moment or later, else the last; None while the order is being found.

        `jumped` follows then.
        """
        if not self.whole:
            self._jump_ms = to_ms
            return None
        return max(0, min(bisect_left(self._roll.times, to_ms), self.count - 1))

    @property
    def filtered(self) -> bool:
        """Whether only some rows are shown."""
        return bool(self._filter[0] or self._filter[1].strip())

    # -- what a person does --------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Read the last rows, then the order of all, then what arrived since."""
        self._begin(again=False)

    def show(self, kinds: Collection[str] = (), typed: str = "") -> None:
        """Show only entries of these kinds (none: of all) in which these words occur, as far as they are typed."""
        chosen = (tuple(sorted(kinds)), typed)
        if chosen != self._filter:
            self._filter = chosen
            self._begin(again=False)

    def refresh(self) -> None:
        """Take in what was written or arrived."""
        self._stale = True
        self._go_on()

    def tell_anew(self) -> None:
        """What is said beside the rows has changed: those shown last are read again, and stay until then."""
        for page in tuple(self._pages)[-_WANTED:]:
            self._want(page)

    def close(self) -> None:
        """Hear of nothing any more."""
        self._round += 1
        self._pages.clear()
        self._listener = _nobody

    # -- beginning -----------------------------------------------------------------------------------------------------

    def _begin(self, *, again: bool) -> None:
        self._round += 1
        self.busy, self._reading, self._refreshing, self.fault = True, None, False, None
        self._wanted.clear()
        kinds, typed = self._filter
        progress = self.progress

        def first() -> tuple[First, Progress | None]:
            opening = progress is None and self._projections.shelf.place() is not None
            taken = self._projections.advance(_FIRST_S) if opening else progress
            return self._roll.begin(kinds, typed, again=again), taken

        self._ask(first, self._begun)

    def _begun(self, found: tuple[First, Progress | None]) -> None:
        first, self.progress = found
        self._stale = True
        self._fill(first.count, first.tail)
        self.whole = first.whole
        if first.place is None or first.whole:
            self._whole()
        else:
            self._tell(Change("state"))
            self._ask(self._roll.step, self._stepped)

    def _fill(self, count: int, tail: tuple[LineView, ...]) -> None:
        """All rows are others; the last ones are here."""
        self.count = count
        self._pages.clear()
        self._keep(count - len(tail), tail)
        self._tell(Change("reset"))

    def _stepped(self, whole: bool) -> None:  # noqa: FBT001  the answer of the lane
        if not whole:
            self._ask(self._roll.step, self._stepped)
            return
        count = self._roll.count()
        if count != self.count:
            first = max(0, (count - 1) // PAGE * PAGE)
            self._ask(lambda: (count, self._roll.page(first)), self._refilled)
        else:
            self._whole()

    def _refilled(self, found: tuple[int, tuple[LineView, ...]]) -> None:
        self._fill(*found)
        self._whole()

    def _whole(self) -> None:
        self.whole, self.busy = True, False
        self._tell(Change("state"))
        if self._jump_ms is not None and self.count:
            row = self.jump(self._jump_ms)
            self._jump_ms = None
            if row is not None:
                self._tell(Change("jumped", row, row))
        self._read_next()
        self._go_on()

    # -- pages ---------------------------------------------------------------------------------------------------------

    def _want(self, page: int) -> None:
        if page == self._reading or page in self._wanted:
            return
        self._wanted.append(page)
        del self._wanted[:-_WANTED]  # whoever scrolls fast wants the last ones
        self._read_next()

    def _read_next(self) -> None:
        if self.whole and self._reading is None and self._wanted:
            page = self._reading = self._wanted.pop()
            self._ask(lambda: (page, self._roll.page(page * PAGE)), self._read)

    def _read(self, found: tuple[int, tuple[LineView, ...]]) -> None:
        page, rows = found
        self._reading = None
        self._pages.pop(page, None)
        self._keep(page * PAGE, rows)
        if rows:
            self._tell(Change("loaded", page * PAGE, page * PAGE + len(rows) - 1))
        self._read_next()

    def _keep(self, first: int, rows: tuple[LineView, ...]) -> None:
        """Put rows into their pages, each from its beginning or behind what it holds already."""
        for at, row in enumerate(rows, first):
            held = self._pages.setdefault(at // PAGE, [])
            if len(held) == at % PAGE:
                held.append(row)
        for page in {at // PAGE for at in (first, first + len(rows) - 1)}:
            if not self._pages.get(page, True):
                del self._pages[page]
        while len(self._pages) > _PAGES:
            self._pages.popitem(last=False)

    # -- what arrived --------------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        if not self._stale or self.busy or self._refreshing:
            return
        self._stale, self._refreshing = False, True

        def look() -> tuple[Progress, Delta]:
            progress = self._projections.advance(_REFRESH_S)
            if progress.elsewhere:
                time.sleep(_ELSEWHERE_S)
            return progress, self._roll.catch_up()

        self._ask(look, self._looked)

    def _looked(self, found: tuple[Progress, Delta]) -> None:
        self._refreshing = False
        before, (self.progress, delta) = self.progress, found
        if self.progress != before:
            self._tell(Change("state"))
        self._stale = self._stale or not self.progress.finished or delta.more
        if delta.reload and self._projections_readable():
            self._begin(again=True)
            return
        self._take(delta)
        if self._stale:
            self._go_on()
        elif delta.appended or delta.inserted:
            self._ask(self._projections.tend, _nothing)

    def _projections_readable(self) -> bool:
        """While the first index of all is being built there is nothing to begin with."""
        return self.progress is None or self.progress.finished or self.count > 0

    def _take(self, delta: Delta) -> None:
        if delta.inserted:
            self._insert(delta)
        elif delta.appended:
            first = self.count
            self.count = delta.count
            self._keep(first, delta.tail)
            self._tell(Change("inserted", first, self.count - 1))
        if delta.touched:
            for page, rows in tuple(self._pages.items()):
                if any(row is not None and row.id in delta.touched for row in rows):
                    self._want(page)

    def _insert(self, delta: Delta) -> None:
        many = len(delta.inserted) + delta.appended > _MANY_ROWS
        moved = self._make_room(() if many else delta.inserted, min(delta.inserted) // PAGE)
        if many:
            self.count = delta.count
            self._tell(Change("reset"))
            return
        for at in delta.inserted:
            self.count += 1
            self._tell(Change("inserted", at, at))
        if delta.appended:
            first, self.count = self.count, delta.count
            self._tell(Change("inserted", first, self.count - 1))
        for page in moved[-_WANTED:]:
            self._want(page)

    def _make_room(self, inserted: tuple[int, ...], since: int) -> tuple[int, ...]:
        """Move the rows shown last by what comes between them, so that none goes blank until its page is read anew.

        Gives the pages, of those from `since` on, that are to be read anew. Where nothing is named as coming between,
        what is held of them is forgotten.
        """
        found = [(page, self._pages.pop(page)) for page in [one for one in self._pages if one >= since]]
        kept = sorted(found[-_WANTED:] if inserted else ())
        coming = sorted(inserted)
        passed = 0
        for page, rows in kept:
            for at, row in enumerate(rows, page * PAGE):
                while passed < len(coming) and coming[passed] <= at + passed:
                    passed += 1
                self._put(at + passed, row)
        return tuple(page for page in self._pages if page >= since)

    def _put(self, at: int, row: LineView | None) -> None:
        held = self._pages.setdefault(at // PAGE, [])
        held.extend([None] * (at % PAGE - len(held)))
        held.append(row)

    # -- asking --------------------------------------------------------------------------------------------------------

    def _ask(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Have it done on the lane; an answer that comes after another beginning is nobody's."""
        asked = self._round

        def answered(result: T) -> None:
            if asked == self._round:
                done(result)

        def failed(fault: BaseException) -> None:
            if asked == self._round:
                self.fault, self.busy, self._refreshing, self._reading = fault, False, False, None
                self._tell(Change("state"))

        self._when_done(self._submit(work), answered, failed)

    def _tell(self, change: Change) -> None:
        self._listener(change)


def _nothing(_more: object) -> None:
    """The next line that arrives has the next piece done."""


def _nobody(_change: Change) -> None:
    """Whoever closed it listens no more."""
