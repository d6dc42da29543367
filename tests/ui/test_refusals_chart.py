"""The chart of refusals: what is painted where, told in words too, and a look an hour later does not press it flat."""

from __future__ import annotations

from PySide6.QtGui import QImage

from console.ui.widgets.refusals import RefusalsChart, Shown, Tried, columns, split

AT_MS = 1_800_000_000_000


def shown(*tried: Tried, bound_s: int = 60, bites_s: int | None = None) -> Shown:
    return Shown(
        accepted_ms=AT_MS, bound_ms=AT_MS + bound_s * 1_000,
        bites_ms=None if bites_s is None else AT_MS + bites_s * 1_000, tried=tried,
        words="Block a key: 3 passed, 24 refused", clock=lambda at_ms: f"{(at_ms - AT_MS) // 1000} s",
    )  # fmt: skip


FIRST = (
    Tried(AT_MS + 2_000, 2, 0),
    Tried(AT_MS + 4_000, 1, 0),
    *(Tried(AT_MS + s * 1_000, 0, 1) for s in range(8, 68)),
)


def test_a_look_an_hour_later_stands_apart() -> None:
    end, first, later = split(shown(*FIRST, Tried(AT_MS + 3_600_000, 0, 5)))
    assert end == AT_MS + 67_000
    assert len(first) == len(FIRST)
    assert [one.refused for one in later] == [5]
    end, first, later = split(shown())
    assert (end, first, later) == (AT_MS + 60_000, (), ())


def test_bars_add_up_what_falls_together_and_lose_nothing() -> None:
    found = columns(FIRST, AT_MS, AT_MS + 67_000, 10)
    assert len(found) <= 10
    assert (sum(one.passed for one in found), sum(one.refused for one in found)) == (3, 60)
    assert all(0 < one.share < 1 for one in found)
    assert columns((), AT_MS, AT_MS, 10) == ()


def test_passed_is_painted_above_the_line_and_refused_below(qtbot, look) -> None:
    chart = RefusalsChart(look, shown(*FIRST, bites_s=8))
    qtbot.addWidget(chart)
    chart.resize(600, chart.sizeHint().height())
    chart.show()
    assert chart.accessibleName() == "Block a key: 3 passed, 24 refused"
    image = QImage(chart.size(), QImage.Format.Format_ARGB32)
    image.fill(0)
    chart.render(image)
    middle = image.height() // 2
    alarm, good = look.theme.colour("alarm").rgb(), look.theme.colour("good").rgb()

    def painted(colour: int, rows: range) -> int:
        return sum(image.pixel(x, y) == colour for y in rows for x in range(70, image.width() - 4))

    above, below = range(20, middle - 3), range(middle + 3, image.height() - 20)
    assert painted(alarm, above) > 0
    assert painted(alarm, below) == 0
    assert painted(good, below) > painted(good, above), "above stands only the line from which it bites"
