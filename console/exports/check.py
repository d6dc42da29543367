"""Checks a bundle in process, as `verify.py` does and stricter: the container, every file, every rule of the door.

Bytes from outside: sizes first, names by list, links and doubles refused. It writes nothing.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.domain.errors import Problem
from console.exports import names
from console.exports.evidence import Evidence, Wrong
from console.exports.proof import read_bundle
from console.exports.readme import make_readme
from console.exports.rulings import Close, Judge, close_of
from console.exports.seal import InProcess
from console.exports.standalone import verify_py
from console.exports.timeline import account_of, to_csv, to_html
from console.journal import envelope
from console.journal.faults import Damaged
from console.journal.roster_tree import Kept, RosterTree
from console.keys import sshsig

MAX_FILES: Final = 200_000
MAX_FILE_BYTES: Final = 256 * 1024 * 1024
MAX_TOTAL_BYTES: Final = 1024 * 1024 * 1024
_ENCRYPTED: Final = 0x1


class NoBundle(Problem):
    """What was given is no bundle at all."""

    def __init__(self, path: Path, why: str) -> None:
        """`why` is one clause."""
        super().__init__(f"{path} is no bundle: {why}.", "Give the zip or the folder that `standdown export` wrote.")


@dataclass(frozen=True, slots=True)
class Report:
    """A bundle that holds: figures, whether its genesis was compared, and what a reader must know besides."""

    org: str
    inc: str
    genesis: str
    genesis_compared: bool
    files: int
    entries: int
    signatures: int
    decisions: int
    closed: bool
    after_close: int
    notes: tuple[str, ...]


def check_bundle(path: Path, genesis: str | None = None) -> Report:
    """Check the bundle at `path`, a zip or a folder. `genesis` is roster 0's SHA-256 as it was had another way.

    Raises:
        NoBundle: when there is none.
        Wrong: naming the first file that does not hold, and why.
    """
    files = read_files(path)
    seal = InProcess()
    evidence = read_bundle(files, seal, genesis)
    _check_rosters(evidence)
    _check_forms(evidence)
    judge = Judge(evidence, seal)
    judge.judge_all()
    close = close_of(evidence)
    notes = [*evidence.notes, *_check_derived(evidence, judge, close)]
    if close is None:
        notes.append("the incident is not closed: only the exporter's word says that nothing was cut off at the end")
    if genesis is None:
        notes.append("no genesis fingerprint was given: this proves only that the bundle agrees with itself")
    return Report(
        org=evidence.about.org, inc=evidence.about.inc, genesis=evidence.about.genesis,
        genesis_compared=genesis is not None, files=len(files), entries=len(evidence.entries),
        signatures=evidence.signatures, decisions=evidence.rulings, closed=close is not None,
        after_close=0 if close is None else len(close.after), notes=tuple(notes),
    )  # fmt: skip


def read_files(path: Path) -> dict[str, bytes]:
    """The files of a bundle, by name.

    Raises:
        NoBundle: when there is none.
        Wrong: for a link, a doubled name, a name a bundle does not have, or too much data.
    """
    if path.is_dir() and not path.is_symlink():
        return _read_folder(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _read_zip(archive)
    except FileNotFoundError:
        raise NoBundle(path, "there is no such file") from None
    except (zipfile.BadZipFile, OSError, EOFError):
        raise NoBundle(path, "it is not a readable zip") from None


def _read_folder(root: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    total = 0
    for item in sorted(root.rglob("*")):
        name = item.relative_to(root).as_posix()
        mode = item.lstat().st_mode
        if stat.S_ISDIR(mode):
            continue
        if not stat.S_ISREG(mode):
            raise Wrong(name, "it is a link or no plain file")
        total += item.lstat().st_size
        _limit(name, item.lstat().st_size, total, len(found))
        found[name] = item.read_bytes()
    return found


def _limit(name: str, size: int, total: int, count: int) -> None:
    if not names.is_known(name):
        raise Wrong(name, "a bundle has no such file")
    if size > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES or count >= MAX_FILES:
        raise Wrong(name, "the bundle holds more than is read: too large, or too many files")


def _read_zip(archive: zipfile.ZipFile) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    total = 0
    for info in archive.infolist():
        name = info.orig_filename
        total += info.file_size
        _limit(name, info.file_size, total, len(found))
        mode = info.external_attr >> 16
        if name in found or info.filename != name:
            raise Wrong(name, "the zip holds it twice, or spells its name oddly")
        if info.flag_bits & _ENCRYPTED or (mode and not stat.S_ISREG(mode)):
            raise Wrong(name, "it is encrypted, a link, or no plain file")
        try:
            with archive.open(info) as file:
                data = file.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError):
            raise Wrong(name, "the zip is damaged here") from None
        if len(data) != info.file_size:
            raise Wrong(name, "it is not as long as the zip says")
        found[name] = data
    return found


def _check_rosters(evidence: Evidence) -> None:
    """The console's own door for rosters, besides the rule in `proof`."""
    kept: list[Kept] = []
    for path, sha, form in evidence.every_roster():
        start, raw = path.removesuffix("json"), evidence.files[path]
        sigs: dict[str, bytes] = {}
        for beside, data in evidence.files.items():
            if beside.startswith(start) and beside.endswith(".sig"):
                blob = sshsig.dearmour(data.decode("ascii", "replace"))
                sigs[sshsig.parse_blob(blob).key.fingerprint] = blob
        kept.append(Kept(sha, form.n, rival=sha in evidence.beside, received_ms=0, raw=raw, sigs=sigs))
    try:
        RosterTree(kept, evidence.about.genesis)
    except Damaged as fault:
        raise Wrong(fault.where, fault.why) from None


def _check_forms(evidence: Evidence) -> None:
    """The door's own reading of every entry."""
    for ident, path in evidence.file_of.items():
        if ident in evidence.entries:
            try:
                envelope.read_entry(evidence.files[path])
            except Problem as fault:
                raise Wrong(path, fault.what.rstrip(".")) from None


def _check_derived(evidence: Evidence, judge: Judge, close: Close | None) -> list[str]:
    """What this version would have written from the same evidence; another version's is covered by the manifest."""
    if evidence.files.get(names.VERIFY) != verify_py():
        return ["verify.py is another version's: the readable files are covered by the signed manifest only"]
    account = account_of(evidence, judge, close)
    readme = make_readme(evidence, f"{account.label}: {account.title}", account.marks)
    expected = {names.CSV: to_csv(account), names.HTML: to_html(account), names.README: readme}
    for path, made in expected.items():
        if evidence.files.get(path) != made:
            raise Wrong(path, "it is not what the signed entries give")
    return []
