"""A bundle is written whole or not at all, whatever the disk does in the middle of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import WrongUse
from console.exports.bundle import NotExported
from console.exports.check import check_bundle
from console.runtime.paths import ProfilePaths
from console.services import exporting, incidents, opening
from console.services.record import start_record
from console.services.session import Session
from tests.kit.pair import Asks


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    paths = ProfilePaths(tmp_path / "profile")
    start_record(paths, Asks("commander"), name="Commander", world="drill")
    with Session.open(paths, Asks("commander")) as opened:
        incidents.declare(opened, "title", 2)
        yield opened


@pytest.mark.parametrize("after", [0, 3, 9])
def test_a_disk_that_is_full_in_the_middle_leaves_nothing(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    inc, out = session.reader.incidents()[0], tmp_path / "out" / "bundle"
    real, written = Path.write_bytes, list[Path]()

    def full(path: Path, data: bytes) -> int:
        if len(written) == after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(path)
        return real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(NotExported, match="no space left on device"):
            exporting.export(session, inc, out)
    assert list(out.parent.iterdir()) == []
    exporting.export(session, inc, out)
    assert [one.name for one in out.parent.iterdir()] == ["bundle"]
    assert check_bundle(out).inc == inc


def test_nothing_is_written_over_not_even_a_link_to_nowhere(session: Session, tmp_path: Path) -> None:
    inc = session.reader.incidents()[0]
    for name in ("link", "link.zip"):
        (tmp_path / name).symlink_to(tmp_path / "nowhere")
        with pytest.raises(WrongUse, match="exists already"):
            exporting.export(session, inc, tmp_path / name)
    (tmp_path / "file").write_text("a file")
    with pytest.raises(NotExported, match="could not be written"):
        exporting.export(session, inc, tmp_path / "file" / "bundle.zip")
    assert not (tmp_path / "nowhere").exists()


def test_evidence_gets_a_plain_name_in_the_folder_that_was_chosen(session: Session, tmp_path: Path) -> None:
    """Saved into one's home, `.bash_profile` would be run at the next start of a shell."""
    home = tmp_path / "home"
    home.mkdir()
    made, _ = incidents.attach_bytes(session, b"rm", "..\\.bash_profile", inc=session.reader.incidents()[0])
    assert opening.save(session, made.id, home) == home / "bash_profile"
    assert [one.name for one in home.iterdir()] == ["bash_profile"]
