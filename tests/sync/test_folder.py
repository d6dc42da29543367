from __future__ import annotations

import hashlib
import os
import shutil

import pytest

from console.sync import layout
from console.sync.faults import FileRefused, PlaceGone
from console.sync.folder import FolderPlace
from console.sync.layout import read_name

FEED = "ab" * 32


def named(data: bytes) -> str:
    return layout.object_name(FEED, hashlib.sha256(data).hexdigest())


@pytest.fixture
def place(tmp_path):
    (tmp_path / "share").mkdir()
    return FolderPlace(tmp_path / "share")


def test_what_is_put_is_listed_and_read(place):
    assert place.create(named(b"x"), b"x")
    assert not place.create(named(b"x"), b"other")
    (one,), refused = place.objects()
    assert place.read(one.name) == b"x"
    assert (one.size, refused) == (1, [])
    assert not list(place.folder.rglob("*.tmp"))


def test_files_of_others_are_ignored(place):
    place.create(named(b"x"), b"x")
    folder = place.folder / "v1" / FEED / "o"
    (folder / "desktop.ini").write_bytes(b"?")
    (folder / (hashlib.sha256(b"y").hexdigest() + ".part")).write_bytes(b"?")
    (place.folder / "v1" / "holiday.jpg").write_bytes(b"?")
    (place.folder / "v1" / "ZZ").mkdir()
    found, refused = place.objects()
    assert (len(found), refused) == (1, [])


@pytest.mark.parametrize("at", ["v1", f"v1/{FEED}", f"v1/{FEED}/o"])
def test_a_linked_folder_is_not_followed(place, tmp_path, at):
    elsewhere = FolderPlace(tmp_path / "else")
    elsewhere.folder.mkdir()
    elsewhere.create(named(b"x"), b"x")
    (place.folder / at).parent.mkdir(parents=True, exist_ok=True)
    (place.folder / at).symlink_to(elsewhere.folder / at, target_is_directory=True)
    found, _ = place.objects()
    if at != "v1":
        assert found == []
    name = read_name(named(b"x"))
    with pytest.raises(FileRefused, match="link"):
        place.read(name)
    with pytest.raises(FileRefused, match="link"):
        place.create(named(b"y"), b"y")


def test_a_linked_file_is_refused_and_said(place, tmp_path):
    place.create(named(b"x"), b"x")
    (tmp_path / "secret").write_bytes(b"y")
    (place.folder / named(b"y")).symlink_to(tmp_path / "secret")
    found, refused = place.objects()
    assert len(found) == 1
    assert "link" in refused[0].why


def test_a_pipe_is_refused_without_waiting(place):
    place.create(named(b"x"), b"x")
    os.mkfifo(place.folder / named(b"y"))
    _, refused = place.objects()
    assert "plain file" in refused[0].why
    with pytest.raises(FileRefused):
        place.read(read_name(named(b"y")))


def test_a_huge_file_is_refused_unread(place):
    place.create(named(b"x"), b"x")
    with (place.folder / named(b"y")).open("wb") as file:
        file.truncate(layout.LIMIT_BYTES["object"] + 1)
    _, refused = place.objects()
    assert "larger" in refused[0].why


def test_half_a_file_is_said_and_left(place):
    place.create(named(b"xyz"), b"xyz")
    (place.folder / named(b"xyz")).write_bytes(b"xy")
    with pytest.raises(FileRefused, match="half-written or altered"):
        place.read(read_name(named(b"xyz")))
    place.mend(named(b"xyz"), b"xyz")
    assert place.read(read_name(named(b"xyz"))) == b"xyz"


def test_a_place_that_vanished_is_said_so(place):
    shutil.rmtree(place.folder)
    for ask in (place.objects, lambda: place.create(named(b"x"), b"x"), lambda: place.read(read_name(named(b"x")))):
        with pytest.raises(PlaceGone, match="is not there"):
            ask()
    assert not place.folder.exists()
    assert PlaceGone("x").exit_code == 4


def test_names_that_are_not_of_the_layout_are_never_written(place):
    for name in ("v1/../../x", "/etc/passwd", f"v1/{FEED}/o/x", "x"):
        with pytest.raises(ValueError, match="no name of the layout"):
            place.create(name, b"x")


def test_names_mean_what_they_say():
    sha, key = "1" * 64, "SHA256:" + "A" * 43
    for path, family in (
        (layout.segment_name(FEED, 0, 7, sha), "segment"),
        (layout.disclosures_name(FEED, 0, 7, sha), "disclosures"),
        (layout.object_name(FEED, sha), "object"),
        (layout.roster_name(1, sha), "roster"),
        (layout.roster_signature_name(1, sha, key), "roster-signature"),
        (layout.enrolment_name(sha), "enrolment"),
        (layout.enrolment_signature_name(sha, key), "enrolment-signature"),
    ):
        found = read_name(path)
        assert (found.path, found.family, found.sha) == (path, family, sha)
    assert layout.fingerprint_of_hex(layout.hex_fingerprint(key)) == key
    for bad in (
        layout.segment_name(FEED, 7, 6, sha),
        "v1/roster/01-" + sha + ".json",
        layout.roster_name(1, sha) + "x",
    ):
        assert read_name(bad) is None
