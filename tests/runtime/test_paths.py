from __future__ import annotations

from pathlib import Path

import pytest

from console.runtime.paths import ProfilePaths, data_home, default_profile, state_home

HOME = Path("/home/commander")


def test_the_layout_of_a_profile() -> None:
    paths = ProfilePaths(Path("/p"))
    assert {
        "settings": str(paths.settings),
        "journal": str(paths.journal),
        "index": str(paths.index),
        "secrets": str(paths.secrets),
        "lock": str(paths.engine_lock),
        "key": str(paths.key("writer")),
        "blob": str(paths.blob("ab" * 32)),
    } == {
        "settings": "/p/profile.toml",
        "journal": "/p/journal.db",
        "index": "/p/index.db",
        "secrets": "/p/secrets.enc",
        "lock": "/p/engine.lock",
        "key": "/p/keys/writer",
        "blob": f"/p/blobs/ab/{'ab' * 32}",
    }


@pytest.mark.parametrize("name", ["", "../x", "AB" * 32, "ab" * 31, "ab" * 31 + "/.", "ab" * 33])
def test_a_blob_has_no_other_name(name: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case"):
        ProfilePaths(Path("/p")).blob(name)


@pytest.mark.parametrize("role", ["", "../x", "a b", "a/b", "ä"])
def test_a_key_has_no_other_role(role: str) -> None:
    with pytest.raises(ValueError, match="one word"):
        ProfilePaths(Path("/p")).key(role)


def test_defaults_follow_xdg() -> None:
    assert data_home({}, HOME) == HOME / ".local/share/standdown"
    assert state_home({}, HOME) == HOME / ".local/state/standdown"
    assert state_home({"XDG_STATE_HOME": "/s"}, HOME) == Path("/s/standdown")
    assert default_profile({"XDG_DATA_HOME": "/d"}, HOME, "night").root == Path("/d/standdown/night")
    assert default_profile({"XDG_DATA_HOME": "relative"}, HOME).root == HOME / ".local/share/standdown/default"


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "a\\b", "c:", "a\0"])
def test_a_profile_is_called_by_a_folder_name(name: str) -> None:
    with pytest.raises(ValueError, match="folder name"):
        default_profile({}, HOME, name)
