"""Every reader of bytes from outside, fed whatever: a refusal in our own words or the one spelling, nothing else.

`python -m tests.fuzz.doors [--seconds N] [CORPUS]` feeds them by coverage (needs `pip install atheris`, on Linux). The
suite feeds the golden vectors and hypothesis' bytes to the same function (`test_doors.py`).
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from console.domain import actions, forms, frames
from console.domain.errors import Problem
from console.journal import envelope, segments
from console.keys import canon, sshsig
from console.keys.publickey import PublicKey
from console.sync import carrier, parcel

LIMIT: Final = 256 * 1024


class Broken(AssertionError):
    """A door let through what it would not write itself."""


def _same(made: object, given: object) -> None:
    if made != given:
        raise Broken


def _form(reader: Callable[[object], object]) -> Callable[[bytes], None]:
    def door(data: bytes) -> None:
        found = reader(canon.decode(data, limit=LIMIT))
        _same(canon.encode(found.as_json()), data)

    return door


def _document(data: bytes) -> None:
    _same(canon.encode(actions.document_json(actions.parse_document(canon.decode(data, limit=LIMIT)))), data)


def _armour(data: bytes) -> None:
    text = data.decode("latin-1")
    _same(sshsig.armour(sshsig.dearmour(text)), text)


def _disclosure(data: bytes) -> None:
    text = data.decode("latin-1")
    _same(canon.make_disclosure(*canon.open_disclosure(text)), text)


def _key_line(data: bytes) -> None:
    text = data.decode("latin-1")
    _same(PublicKey.parse(text).line, text)


def _sealed(data: bytes) -> bytes:
    """As if it had come whole: what is fuzzed is what comes behind the check sum."""
    made = carrier.MARK + data
    return made + b"end " + hashlib.sha256(made).hexdigest()[:16].encode() + b"\n"


DOORS: Final[tuple[Callable[[bytes], object], ...]] = (
    lambda data: _same(canon.encode(canon.decode(data, limit=LIMIT)), data),
    lambda data: _same(canon.encode(envelope.read_entry(data).as_json()), data),
    _form(forms.Roster.parse),
    _form(forms.Policy.parse),
    _form(forms.Enrolment.parse),
    _form(actions.ApprovalRecord.parse),
    _document,
    lambda data: _same(segments.encode_segment(segments.decode_segment(data)), data),
    lambda data: _same(segments.encode_disclosures(segments.decode_disclosures(data)), data),
    parcel.open_parcel,
    sshsig.parse_blob,
    _armour,
    _disclosure,
    PublicKey.from_blob,
    _key_line,
    lambda data: carrier.decode(_sealed(data)),
    lambda data: frames.read(data.decode("latin-1")),
    lambda data: frames.unpack(data, LIMIT),
)


def feed(data: bytes) -> None:
    """Give the rest of `data` to the door that its first byte names. Whatever is not a refusal of ours comes out."""
    if data:
        with suppress(Problem):
            DOORS[data[0] % len(DOORS)](data[1:])


def main(arguments: list[str]) -> None:
    import atheris  # no part of the locked environment: whoever fuzzes installs it

    seconds = int(arguments[arguments.index("--seconds") + 1]) if "--seconds" in arguments else 3600
    folders = [one for one in arguments if Path(one).is_dir()] or [tempfile.mkdtemp(prefix="doors-")]
    from tests.fuzz.seeds import seeds

    for number, seed in enumerate(seeds()):
        (Path(folders[0]) / f"seed-{number}").write_bytes(seed)
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-max_len=4096", *folders], feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
