"""A shared place that is gone keeps no other place waiting."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from console.runtime.paths import ProfilePaths
from console.services import dispatch
from console.services.record import start_record
from console.services.session import Session
from console.sync.faults import PlaceGone


def ask(what: str, *, new: bool = False) -> bytes:
    return b"a long enough passphrase"


def test_a_place_that_is_gone_does_not_keep_the_other_waiting(tmp_path: Path) -> None:
    paths, here = ProfilePaths(tmp_path / "profile"), tmp_path / "here"
    here.mkdir()
    start_record(paths, ask, name="commander")
    with Session.open(paths, ask) as session:
        session.person()
        session.change_settings(replace(session.settings, places=(str(tmp_path / "gone"), str(here))))
        with pytest.raises(PlaceGone):
            dispatch.sync_all(session)
    assert list(here.rglob("*.seg"))


def test_junk_laid_into_a_place_stops_nobody(tmp_path: Path) -> None:
    paths, here = ProfilePaths(tmp_path / "profile"), tmp_path / "here"
    (here / "v1" / "roster").mkdir(parents=True)
    junk = b'{"type":"roster.v1"}'
    (here / "v1" / "roster" / f"1-{hashlib.sha256(junk).hexdigest()}.json").write_bytes(junk)
    start_record(paths, ask, name="commander")
    with Session.open(paths, ask) as session:
        session.person()
        session.change_settings(replace(session.settings, places=(str(here),)))
        assert len(dispatch.sync_all(session)) == 1
    assert list(here.rglob("*.seg"))
