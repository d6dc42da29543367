"""Bytes cut into short lines that QR pictures hold, and put together again in any order (decision 0096).

A line proves nothing about who wrote it: it says which set it belongs to, which one it is, and that it is undamaged.
Nothing that is put together is longer than was said beforehand.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Final

from console.domain.errors import Problem

MARK: Final = "SDQ1"
MAX_FRAMES: Final = 400
PICTURE_BYTES: Final = 680  # with its head the most that a QR picture of 105 modules holds at level M
TERMINAL_BYTES: Final = 165  # the same with 57 modules: 61 columns and 31 lines
_LETTERS_OF_FIVE: Final = 8
_SET_LETTERS: Final = 20
_MAX_LETTERS: Final = 4_296  # of the largest QR picture there is
_MAX_SETS: Final = 16
_VARIANTS: Final = 4
_TRIES: Final = 256
_NUMBER: Final = "([1-9][0-9]{0,2})"
_FORM: Final = re.compile(rf"{MARK}:([A-Z2-7]{{{_SET_LETTERS}}}):{_NUMBER}:{_NUMBER}:([0-9A-F]{{8}}):([A-Z2-7]+)")
_ANY_VERSION: Final = re.compile(r"SDQ[0-9]+:")


class NotTogether(Problem):
    """Frames that cannot be read, or that do not make up what they say."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: its set, its number from 1, how many there are, and its piece."""

    set: str
    number: int
    count: int
    piece: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a set is: how many frames it has, and the numbers that are not here yet."""

    set: str
    count: int
    missing: tuple[int, ...]


def pack(data: bytes) -> bytes:
    """As few bytes as it takes."""
    return zlib.compress(data, 9)


def unpack(packed: bytes, limit: int) -> bytes:
    """What was packed, never longer than `limit`.

    Raises:
        NotTogether: when it is no such thing, or longer.
    """
    opened = zlib.decompressobj()
    try:
        data = opened.decompress(packed, limit + 1)
    except zlib.error:
        raise NotTogether("What these frames hold cannot be unpacked.", "Have them made again.") from None
    if len(data) > limit or not opened.eof or opened.unused_data:
        raise NotTogether("What these frames hold is too long, or not all of it.", "Have them made again.")
    return data


def cut(packed: bytes, piece_bytes: int = PICTURE_BYTES) -> tuple[str, ...]:
    """The frames, in order. `piece_bytes` is a multiple of 5.

    Raises:
        NotTogether: when it would take more than 400.
    """
    pieces = [packed[at : at + piece_bytes] for at in range(0, len(packed), piece_bytes)]
    if len(pieces) > MAX_FRAMES:
        raise NotTogether(f"That would take {len(pieces)} pictures.", "Carry it as a file.")
    name = name_of(packed)
    return tuple(_line(name, at, len(pieces), piece) for at, piece in enumerate(pieces, 1))


def name_of(packed: bytes) -> str:
    """By which a set is told from every other: the first 100 bits of its SHA-256."""
    return base64.b32encode(hashlib.sha256(packed).digest()).decode()[:_SET_LETTERS]


def looks_like_one(text: str) -> bool:
    """Whether it claims to be a frame, of whatever version."""
    return _ANY_VERSION.match(text) is not None


def read(text: str) -> Frame:
    """One frame.

    Raises:
        NotTogether: when it is none, is damaged, or was made by a newer version.
    """
    found = _FORM.fullmatch(text) if len(text) <= _MAX_LETTERS else None
    if found is None:
        if looks_like_one(text) and not text.startswith(f"{MARK}:"):
            raise NotTogether("A frame was made by a newer version.", "Bring this console up to date.")
        raise NotTogether("One text is no whole frame.", "Take that picture again.")
    name, number, count = found[1], int(found[2]), int(found[3])
    piece = _piece(found[5])
    if piece is None or number > count or count > MAX_FRAMES or text != _line(name, number, count, piece):
        raise NotTogether(f"Frame {number} is damaged.", "Take that picture again.")
    return Frame(name, number, count, piece)


def _line(name: str, number: int, count: int, piece: bytes) -> str:
    data = base64.b32encode(piece).decode().rstrip("=")
    check = zlib.crc32(f"{name}:{number}:{count}:{data}".encode())
    return f"{MARK}:{name}:{number}:{count}:{check:08X}:{data}"


def _piece(letters: str) -> bytes | None:
    try:
        return base64.b32decode(letters + "=" * (-len(letters) % _LETTERS_OF_FIVE))
    except ValueError:
        return None


@dataclass(slots=True)
class _Set:
    """The pieces of one set so far. One number may have come in several forms: which is true, the whole will tell."""

    count: int
    pieces: dict[int, list[bytes]] = field(default_factory=dict[int, list[bytes]])


@dataclass(slots=True)
class Pile:
    """Frames as they come in: of any set, in any order, again and again. What does not fit is said and left out."""

    _sets: dict[str, _Set] = field(default_factory=dict[str, _Set])

    def add(self, text: str) -> Frame:
        """Put one frame on the pile; one that is there already changes nothing.

        Raises:
            NotTogether: when it cannot be read, or contradicts what is there.
        """
        frame = read(text)
        if frame.set not in self._sets and len(self._sets) == _MAX_SETS:
            raise NotTogether(f"These are frames of more than {_MAX_SETS} sets.", "Take in one after the other.")
        known = self._sets.setdefault(frame.set, _Set(frame.count))
        if frame.count != known.count:
            raise NotTogether(
                f"Frame {frame.number} says there are {frame.count} of them, an earlier one said {known.count}.",
                "Begin again with pictures of one set.",
            )
        forms = known.pieces.setdefault(frame.number, [])
        if frame.piece not in forms:
            if len(forms) == _VARIANTS:
                raise NotTogether(f"Frame {frame.number} came in too many forms.", "Begin again.")
            forms.append(frame.piece)
        return frame

    def standings(self) -> tuple[Standing, ...]:
        """Every set, in the order of its first frame."""
        return tuple(
            Standing(name, one.count, tuple(at for at in range(1, one.count + 1) if at not in one.pieces))
            for name, one in self._sets.items()
        )

    def put_together(self, name: str) -> bytes:
        """What a whole set holds, packed.

        Raises:
            NotTogether: when frames are missing, or those that are here are not those of the set.
        """
        one = self._sets[name]
        missing = next(at for at in self.standings() if at.set == name).missing
        if missing:
            raise NotTogether(f"Still missing of {one.count}: {told(missing)}.", "Take in pictures of those as well.")
        forms: Iterable[Sequence[bytes]] = product(*(one.pieces[at] for at in range(1, one.count + 1)))
        for pieces in islice(forms, _TRIES):
            if name_of(packed := b"".join(pieces)) == name:
                return packed
        raise NotTogether(
            "These frames do not make up the set they name: one of them was swapped or altered.",
            "Begin again with pictures taken from the colleague's own screen.",
        )


def told(numbers: Sequence[int]) -> str:
    """`frame 3`, `frames 3, 7-9`: for a person who has to look for them."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    words = ", ".join("-".join(str(end) for end in run) for run in runs)
    return f"frame{'' if len(numbers) == 1 else 's'} {words}"
