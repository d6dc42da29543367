"""The power cut is a command (`standdown bench powercut`, root); here, that it says plainly where it cannot be made."""

from __future__ import annotations

import os

import pytest

from console.journal import powercut


def test_without_root_it_says_so_and_does_nothing(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(powercut.NoPower, match=r"^Cutting the power needs Linux, root and loop devices") as refused:
        powercut.cut_power(1, lambda number, cut: None)
    assert refused.value.exit_code == 2


def test_a_run_whose_control_lost_nothing_proves_nothing():
    sound = powercut.Cut(acknowledged=10, lost=0, wrong=None)
    assert powercut.Cuts((sound,), control_rows=100, control_lost=3).holds
    assert not powercut.Cuts((sound,), control_rows=100, control_lost=0).holds
    assert not powercut.Cuts((sound, powercut.Cut(12, 1, None)), control_rows=100, control_lost=3).holds
    assert not powercut.Cuts((powercut.Cut(12, 0, "entry x: y"),), control_rows=100, control_lost=3).holds
