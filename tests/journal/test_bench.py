from __future__ import annotations

from console.journal import bench


def test_figures_stand_beside_floors_of_the_same_run(tmp_path):
    figures = bench.run(tmp_path, entries=50)
    assert [figure.name for figure in figures] == [
        "append, one by one", "verify, chain and signature", "verify, with values",
    ]  # fmt: skip
    assert all(figure.value > 0 and figure.floor > 0 and 0 < figure.ratio < 100 for figure in figures)
    assert [figure.target for figure in figures] == [0.75, 0.9, 0.7]
    assert list(tmp_path.iterdir()) == []
