"""Writes one incident as a bundle that stock tools check (protocol.md section 9): a folder, or the same as a zip.

What is in it is checked, before it is written, by the code the auditor runs. It signs with the exporter's writer key
and never writes over anything.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.domain.actions import ApprovalRecord
from console.domain.errors import Problem, WrongUse
from console.domain.named_file import is_sealed, named_file
from console.domain.profile import JsonValue
from console.exports import krl, names, strict
from console.exports.evidence import About, Evidence, Wrong
from console.exports.proof import read_evidence
from console.exports.readme import make_readme
from console.exports.rulings import Judge, close_of
from console.exports.seal import InProcess
from console.exports.standalone import verify_py
from console.exports.timeline import Account, account_of, to_csv, to_html
from console.journal.reader import Reader
from console.journal.roster_tree import RosterTree
from console.journal.segments import encode_segment
from console.journal.store import JournalStore
from console.journal.values import Stored
from console.keys import canon, sshsig
from console.keys.roster import allowed_signers, revoked_tsv
from console.keys.signer import Signer
from console.runtime import platform
from console.runtime.clock import Clock

_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
_ZIP_MODE: Final = 0o100644 << 16
_FILE_MODE: Final = 0o644
_SINCE_EVER: Final = ',valid-after="19700101000000Z"'  # ssh-keygen takes the first second of 1970 for no time at all


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: where, how many files, the manifest's hash (as a drill's result cites it), and warnings."""

    path: Path
    files: int
    manifest_sha256: str
    warnings: tuple[str, ...]


class NotExported(Problem):
    """The system did not let the bundle be written; nothing of it is left."""

    def __init__(self, out: Path, fault: OSError) -> None:
        """`fault` is the system's."""
        why = (fault.strerror or str(fault)).lower()
        super().__init__(
            f"{out} could not be written ({why}).", "Free some space or name another place; nothing is left of it."
        )


def export_bundle(store: JournalStore, inc: str, out: Path, signer: Signer, *, person: str, clock: Clock) -> Exported:
    """Write the bundle of `inc` to `out` (a zip where it ends in .zip, else a new folder), signed by `person`.

    Raises:
        WrongUse: when there is no such incident, or `out` exists.
        Wrong: when what is stored does not hold.
        NotExported: when the system refuses.
    """
    if out.exists() or out.is_symlink():
        raise WrongUse(f"{out} exists already.", "Name another place; nothing is written over.")
    files, warnings = make_files(store.reader(), inc, signer, person=person, exported_ms=clock.wall_ms())
    try:
        if out.suffix == ".zip":
            platform.create_durably(out, to_zip(files), _FILE_MODE)
        else:
            _write_folder(out, files)
    except OSError as fault:
        raise NotExported(out, fault) from None
    return Exported(out, len(files), canon.sha256_hex(files[names.MANIFEST]), warnings)


def make_files(
    reader: Reader, inc: str, signer: Signer, *, person: str, exported_ms: int
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The files of a bundle by name, in order, and warnings for whoever exports.

    Raises:
        WrongUse: when there is no such incident.
        Wrong: when what is stored does not hold.
    """
    if inc not in reader.incidents():
        raise WrongUse("There is no such incident in this record.", "See `standdown incident list`.")
    tree = reader.roster_tree()
    rosters = tree.chain
    entries = _all_entries(reader)
    about = About(
        org=rosters[0].roster.org, inc=inc, genesis=rosters[0].sha256, exported=exported_ms, by=person,
        key=signer.public.fingerprint, heads=tuple(_heads(entries)),
    )  # fmt: skip
    gathered = _Gathered(reader, inc, tree, entries)
    files = {**gathered.files(), names.ABOUT: strict.encode(about.as_json())}
    seal = InProcess()
    evidence = read_evidence(files, seal)
    account, warnings = tell(evidence, seal)
    readable = {names.HTML: to_html(account), names.CSV: to_csv(account)}
    readable |= {names.README: make_readme(evidence, f"{account.label}: {account.title}", account.marks)}
    files |= {**readable, names.VERIFY: verify_py(), names.REDACTIONS: gathered.redactions()}
    manifest = "".join(f"{canon.sha256_hex(files[path])}  {path}\n" for path in sorted(files)).encode()
    files[names.MANIFEST] = manifest
    files[names.MANIFEST_SIG] = sshsig.armour(signer.sign(sshsig.bundle_ns(about.org), manifest)).encode()
    return dict(sorted(files.items())), warnings


def tell(evidence: Evidence, seal: InProcess) -> tuple[Account, tuple[str, ...]]:
    """The readable account, with what would not stand before an auditor as warnings: it is exported all the same."""
    judge, warnings, close = Judge(evidence, seal), list[str](), None
    try:
        judge.judge_all()
        close = close_of(evidence)
    except Wrong as fault:
        warnings.append(str(fault))
    return account_of(evidence, judge, close), tuple(warnings)


def to_zip(files: dict[str, bytes]) -> bytes:
    """The same files as one zip: in order of names, with fixed times."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(files.items()):
            info = zipfile.ZipInfo(path, _ZIP_TIME)
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, _ZIP_MODE, 3
            archive.writestr(info, data)
    return out.getvalue()


def _write_folder(out: Path, files: dict[str, bytes]) -> None:
    """Beside it first: half a bundle never lies under its name, and where it cannot be written nothing is left."""
    out.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(prefix=f".{out.name[:64]}.", dir=out.parent))
    made = half / "bundle"
    try:
        for path, data in files.items():
            target = made / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        for folder in sorted({(made / path).parent for path in files}, reverse=True):
            platform.sync_directory(folder)
        made.rename(out)
        platform.sync_directory(out.parent)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _all_entries(reader: Reader) -> list[Stored]:
    return [one for facts in reader.feeds() for one in reader.feed(facts.feed)]


def _heads(entries: list[Stored]) -> list[tuple[str, int, str]]:
    """Every end: of a forked feed each branch's last is named, for nothing else would show a cut."""
    before = {one.entry.prev for one in entries}
    return sorted((one.feed, one.seq, one.id) for one in entries if one.id not in before)


class _Gathered:
    """The signed files of an export, from the journal."""

    def __init__(self, reader: Reader, inc: str, tree: RosterTree, entries: list[Stored]) -> None:
        self._reader = reader
        self._inc = inc
        self._tree = tree
        beside = {one.sha256 for one in (*tree.open, *tree.everything())} - {one.sha256 for one in tree.chain}
        self._beside = [one for one in (*tree.open, *tree.everything()) if one.sha256 in beside]
        self._rosters = [*self._beside, *tree.chain]  # the newest in force has the last word on a key
        self._entries = entries
        self._org = tree.chain[0].roster.org
        linked = {
            str(one)
            for stored in entries
            if stored.entry.inc == inc and stored.entry.kind == "incident.link"
            for one in _list(stored.entry.pub.get("of"))
        }
        self._open = [one for one in entries if one.entry.inc in (None, inc) or one.id in linked]
        self._buried = reader.burials()
        self._absent: list[tuple[str, str, str, str]] = []

    def files(self) -> dict[str, bytes]:
        """Rosters, entries, documents, approvals, values, blobs, and the lists of keys."""
        found = {**self._roster_files(), **self._entry_files(), **self._document_files(), **self._blobs()}
        return {**found, **self._key_files()}

    def redactions(self) -> bytes:
        """Which values of what is disclosed are not in here, why, and by which redaction where one took them."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["file", "digest", "why", "redaction"])
        writer.writerows(sorted(self._absent))
        return out.getvalue().encode()

    def _key_files(self) -> dict[str, bytes]:
        org, newest = self._org, self._rosters[-1]
        namespaces = {
            "writer": f"entry.v1@{org},bundle.v1@{org},roster.v1@{org}",
            "approver": f"approve.v1@{org},roster.v1@{org}",
            "recovery": f"roster.v1@{org}",
            "device": f"machine.v1@{org}",
        }
        facts = [version.key(one.key) for one in newest.roster.revoked for version in self._rosters]
        keys = [one.public for one in facts if one is not None]
        return {
            names.SIGNERS: allowed_signers(self._rosters, namespaces).replace(_SINCE_EVER, "").encode(),
            names.REVOKED: revoked_tsv(newest.roster).encode(),
            names.KRL: krl.make_krl(keys, newest.roster.created),
        }

    def _roster_files(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        beside = {one.sha256 for one in self._beside}
        for n, sha, raw, sigs, _ in self._reader.roster_files():
            path = names.roster_beside(n, sha) if sha in beside else names.roster(n, sha)
            found[path] = raw
            for key, sig in sigs.items():
                if key in self._listed(sha):
                    found[names.roster_signature(path, key)] = sshsig.armour(sig).encode()
            found |= self._values(path, sha, raw)
        return found

    def _listed(self, sha: str) -> set[str]:
        """The keys whose signature over this version may count: its own, and those of what it follows or settles."""
        one = self._tree.get(sha)
        below = () if one is None else (one.roster.prev, *one.roster.settles)
        versions = [one, *map(self._tree.get, below)]
        return set[str]().union(*(version.keys() for version in versions if version is not None))

    def _entry_files(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        feeds: dict[str, list[Stored]] = {}
        shown = {one.id for one in self._open}
        for one in self._entries:
            path = names.entry(one.feed, one.seq, one.id)
            found[path] = one.raw
            found[names.signature(path)] = sshsig.armour(one.sig).encode()
            feeds.setdefault(one.feed, []).append(one)
            if one.id in shown:
                held_back = "privileged" if one.entry.pub.get("privileged") is True else None
                found |= self._values(path, one.id, one.raw, held_back)
        for feed, ones in feeds.items():
            found[names.segment(feed)] = encode_segment((one.raw, one.sig) for one in sorted(ones, key=_place))
        return found

    def _document_files(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        named = {
            str(one.entry.pub[field]) for one in self._entries for field in ("doc", "policy") if field in one.entry.pub
        }
        named |= {one.roster.policy for one in self._rosters if one.roster.policy is not None}
        for sha in sorted(named):
            row = self._reader.document(sha)
            if row is None or row.type == "roster.v1":
                continue
            path = names.document(row.type, sha)
            found[path] = row.raw
            value = canon.decode(row.raw, limit=len(row.raw))
            inc = value.get("inc") if isinstance(value, dict) else None
            if inc in (None, self._inc):
                found |= self._values(path, sha, row.raw)
            if path.startswith("actions/"):
                found |= self._records(sha)
        return found

    def _records(self, doc: str) -> dict[str, bytes]:
        """The approvals of a document that hold; others stay in the entries that carry them."""
        found: dict[str, bytes] = {}
        for one in self._entries:
            if "record" not in one.entry.pub or one.entry.pub.get("doc") != doc:
                continue
            try:
                raw = base64.b64decode(str(one.entry.pub["record"]), validate=True)
                sig = base64.b64decode(str(one.entry.pub["sig"]), validate=True)
                record = ApprovalRecord.parse(canon.decode(raw, limit=len(raw)))
                self._prove(record, doc, raw, sig)
            except (binascii.Error, Problem):
                continue
            path = names.record(doc, canon.sha256_hex(raw))
            if path not in found:
                found[path] = raw
                found[names.signature(path)] = sshsig.armour(sig).encode()
        return found

    def _prove(self, record: ApprovalRecord, doc: str, raw: bytes, sig: bytes) -> None:
        for version in self._rosters:
            facts = version.key(record.key)
            listed = facts is not None and (facts.person, facts.use) == (record.person, "approver")
            if facts is not None and listed and (record.doc, record.org) == (doc, self._org):
                sshsig.verify(facts.public, sshsig.approve_ns(self._org), raw, sig)
                return
        raise WrongUse("No roster lists the key of this approval.")

    def _values(self, path: str, holder: str, raw: bytes, held_back: str | None = None) -> dict[str, bytes]:
        texts = self._reader.disclosures([holder]).get(holder, ())
        shown = {} if held_back is not None else {canon.digest(text): text for text in texts}
        for digest in strict.digests_in(canon.decode(raw, limit=len(raw))):
            if digest not in shown:
                by = self._buried.get(digest)
                why = held_back or ("not here" if by is None else "redacted")
                self._absent.append((path, digest, why, by or ""))
        if not shown:
            return {}
        return {names.values(path): "".join(f"{shown[digest]}\n" for digest in sorted(shown)).encode()}

    def _blobs(self) -> dict[str, bytes]:
        """Open files, and those for named people as they are kept: encrypted."""
        found: dict[str, bytes] = {}
        for one in self._open:
            file = named_file(one.entry.pub, one.disclosed.get("blob"))
            if file is None or file.kind == "held" or one.entry.pub.get("privileged") is True:
                continue
            raw = self._reader.blob(file.sha256)
            if raw is not None and (file.kind == "open" or is_sealed(raw)):
                found[names.blob(file.sha256)] = raw
        return found


def _place(one: Stored) -> tuple[int, str]:
    return one.seq, one.id[:16]


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, list) else ()
