from __future__ import annotations

import json

from console.app import main
from console.journal import bench

NAMES = [
    "append, one by one", "append, in groups of 100", "verify, chain and signature", "verify, with values",
    "verify, on two cores",
]  # fmt: skip


def test_figures_stand_beside_floors_of_the_same_run(tmp_path):
    figures = bench.run(tmp_path, entries=50)
    assert [figure.name for figure in figures] == NAMES
    assert all(figure.value > 0 and figure.floor > 0 and 0 < figure.ratio < 100 for figure in figures)
    assert [figure.target for figure in figures] == [0.75, 0.65, 0.9, 0.7, 1.6]
    assert list(tmp_path.iterdir()) == []


def test_two_cores_are_judged_only_where_raw_signatures_gain_by_them(tmp_path):
    judged = bench.bench_two_cores(tmp_path, entries=50, raw_bar=0.0)
    assert judged.not_measurable == ""
    assert judged.line.endswith(f"{judged.ratio:.2f} (of 1.60)")
    left_open = bench.bench_two_cores(tmp_path, entries=50, raw_bar=100.0)
    assert "raw Ed25519 in two processes reaches" in left_open.not_measurable


def test_the_command_prints_each_figure(capsys, monkeypatch):
    told = [
        bench.Figure("append, in groups of 100", 7000.0, "per second", 10_000.0, 0.7, 0.65),
        bench.Figure("verify, on two cores", 7000.0, "per second", 5000.0, 1.4, 1.6, "there is one core"),
    ]
    monkeypatch.setattr(bench, "run", lambda *, entries: told if entries == 300 else [])
    assert main(["bench", "--entries", "300"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Measuring ...",
        "append, in groups of 100          7000 per second, floor 10000: 0.70 (of 0.65)",
        "verify, on two cores              7000 per second, floor 5000: not measurable, there is one core",
    ]
    assert main(["bench", "--entries", "300", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    assert [(one["name"], one["ratio"], one["not_measurable"]) for one in figures] == [
        ("append, in groups of 100", 0.7, ""), ("verify, on two cores", 1.4, "there is one core"),
    ]  # fmt: skip
