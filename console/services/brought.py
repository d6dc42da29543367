"""What people bring, gathered: files, photographs of frames in any order, pasted text. It opens what it is given only.

It says which frames are still missing and what could not be read, and gives back what is whole. It takes nothing in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from console.domain import frames
from console.domain.errors import Problem
from console.domain.frames import Pile, Standing
from console.services import bringing, qr
from console.services.qr import Grey
from console.sync import carrier

MAX_FILES: Final = 1_000
MAX_PICTURE_BYTES: Final = 64 * 1024 * 1024
_LONG_TEXT: Final = 4 * 1024 * 1024
_PICTURES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF", b"II*\x00", b"MM\x00*")
_PHONE: Final = b"ftyp"  # HEIC and its kin, at the fifth byte
ReadPicture = Callable[[Path, bytes], Grey]


@dataclass(slots=True)
class Gathering:
    """What was brought so far. `whole` are the loads that can be taken in, each once; `faults` are sentences."""

    pile: Pile = field(default_factory=Pile)
    whole: list[bytes] = field(default_factory=list[bytes])
    faults: list[str] = field(default_factory=list[str])
    frames: int = 0
    _opened: set[str] = field(default_factory=set[str])

    def add_files(self, paths: Iterable[Path], read_picture: ReadPicture) -> None:
        """Files, and the files of folders. One that cannot be read is said, and the rest goes on."""
        for path in _spread(paths, self.faults):
            try:
                self._add_file(path, read_picture)
            except Problem as fault:
                self.faults.append(f"{path.name}: {fault}")
            except OSError as fault:
                self.faults.append(f"{path.name} cannot be read: {fault.strerror or fault}.")

    def add_picture(self, picture: Grey, called: str) -> None:
        """A picture that is no file, as one from the clipboard.

        Raises:
            NoReader: where this installation cannot read any.
        """
        texts = [text for text in qr.read(picture) if frames.looks_like_one(text)]
        if not texts:
            self.faults.append(f"{called}: no frame of ours can be read in it; take it again, straight and near.")
        self._add_frames(texts, called)

    def add_text(self, text: str, called: str) -> None:
        """Frames as lines of text."""
        lines = [line.strip() for line in text.splitlines()]
        found = [line for line in lines if frames.looks_like_one(line)]
        if not found:
            self.faults.append(f"{called}: it is no file that Standdown made, and no picture of its frames.")
        self._add_frames(found, called)

    def standings(self) -> tuple[Standing, ...]:
        """The sets that are not whole yet."""
        return tuple(one for one in self.pile.standings() if one.set not in self._opened)

    def missing(self) -> list[str]:
        """For each set that is not whole, a sentence about what is missing."""
        return [
            f"{one.count - len(one.missing)} of {one.count} frames are here; still missing: {frames.told(one.missing)}."
            for one in self.standings() if one.missing
        ]  # fmt: skip

    def _add_file(self, path: Path, read_picture: ReadPicture) -> None:
        data = _read(path)
        if data.startswith(carrier.MARK):
            self._put(data)
        elif data.startswith(_PICTURES) or data[4:8] == _PHONE:
            self.add_picture(read_picture(path, data), path.name)
        else:
            self.add_text(data[:_LONG_TEXT].decode("utf-8", "replace"), path.name)

    def _add_frames(self, texts: Iterable[str], called: str) -> None:
        for text in texts:
            try:
                self.pile.add(text)
            except Problem as fault:
                self.faults.append(f"{called}: {fault}")
            else:
                self.frames += 1
        for one in self.standings():
            if one.missing:
                continue
            try:
                data = bringing.open_frames(self.pile.put_together(one.set))
            except Problem as fault:
                self.faults.append(str(fault))
                continue
            self._opened.add(one.set)
            self._put(data)

    def _put(self, data: bytes) -> None:
        if data not in self.whole:
            self.whole.append(data)


def _spread(paths: Iterable[Path], faults: list[str]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        try:
            found += sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
        except OSError as fault:
            faults.append(f"{path.name} cannot be read: {fault.strerror or fault}.")
    if len(found) > MAX_FILES:
        faults.append(f"Only the first {MAX_FILES} files were read.")
    return found[:MAX_FILES]


def _read(path: Path) -> bytes:
    """A file's bytes, and not more than anything that is taken in may have."""
    if path.exists() and not path.is_file():  # a pipe would be waited for without an end
        raise carrier.NotCarried("it is no ordinary file")
    most = max(carrier.MAX_CARRIED_BYTES, MAX_PICTURE_BYTES)
    with path.open("rb") as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise carrier.NotCarried("the file is longer than anything that can be carried")
    return data
