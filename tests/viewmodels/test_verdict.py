"""What the window says of a bundle or a profile that somebody sent."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console.viewmodels.exports import check
from tests.journal.test_still import facts, settings_of
from tests.journal.world import World


@pytest.fixture
def sent(tmp_path: Path) -> World:
    world = World(folder=tmp_path)
    with world.open("sent") as store:
        world.person_feed(store)
    settings_of(tmp_path / "sent", world.genesis)
    return world


@pytest.fixture
def session(tmp_path: Path) -> Any:
    (tmp_path / "mine").mkdir()
    return SimpleNamespace(paths=SimpleNamespace(root=tmp_path / "mine"))


def test_somebody_elses_profile_is_not_believed_to_be_ours_because_it_says_so(
    session: Any, sent: World, tmp_path: Path
) -> None:
    before = facts(tmp_path / "sent")
    verdict = check(session, str(tmp_path / "sent"), "")
    assert (verdict.holds, verdict.anchored) == (True, False)
    assert verdict.headline == "It agrees with itself. Whose it is, was not compared."
    assert check(session, str(tmp_path / "sent"), sent.genesis).headline == "It holds."
    verdict = check(session, str(tmp_path / "sent"), "ab" * 32)
    assert not verdict.holds
    assert "you were given abababab" in verdict.lines[0]
    assert facts(tmp_path / "sent") == before


def test_a_profile_beside_a_manifest_is_no_way_round_the_bundle(session: Any, sent: World, tmp_path: Path) -> None:
    (tmp_path / "sent" / "manifest.sha256").write_bytes(b"")
    verdict = check(session, str(tmp_path / "sent"), sent.genesis)
    assert not verdict.holds
    assert "a bundle has no such file" in verdict.lines[0]


def test_a_profile_that_cannot_be_read_is_a_verdict_too(session: Any, sent: World, tmp_path: Path) -> None:
    (tmp_path / "sent" / "profile.toml").write_text("version = 9")
    verdict = check(session, str(tmp_path / "sent"), sent.genesis)
    assert not verdict.holds
    assert "cannot be used" in verdict.lines[0]
