"""Damaged journals, each named after its damage: one sound journal as rows, and for each vector the damaging edits.

python -m tests.vectors.generate_bad           writes tests/vectors/bad-journal/
python -m tests.vectors.generate_bad --check   says which files would change; exit status 1 if any

Deterministic: fixed keys, salts and times. What `verify` says of each is part of the vector.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from console.domain.forms import RevokedKey
from console.journal import envelope
from console.journal.ledger import connect
from console.journal.migrate import migrate
from console.journal.schema import JOURNAL
from console.journal.store import JournalStore
from console.journal.values import Draft
from console.journal.verified import read_upto
from console.journal.verify import Wrong, verify_file, verify_profile
from console.keys import canon
from console.keys.sshsig import approve_ns, bundle_ns, entry_ns, machine_ns, roster_ns
from console.outbox.store import OUTBOX
from console.runtime.clock import SystemClock
from console.runtime.ids import crockford
from console.runtime.paths import ProfilePaths
from tests.journal.world import INC, ORG, OTHER_INC, Key, World
from tests.kit.values import values_as_rows

HERE = Path(__file__).parent / "bad-journal"
SOUND = HERE / "sound.json"
_TABLES = (
    "meta", "entry", "feed", "fork", "standing", "disclosure", "tombstone", "document", "blob", "roster", "roster_sig",
)  # fmt: skip
_KEYS = {"disclosure": ["holder", "digest"]}  # what is read as one table is two
_OTHER_ORG = "o-" + crockford(b"\x09" * 16)
_PHOTO = b"a photograph"

# what a row says of this machine's own doings: nothing signed contradicts it, and nothing that counts depends on it
LOCAL = {
    "entry.n": "the order of receipt here",
    "entry.received_ms": "when it came here",
    "feed.mine": "whether it is written here: a feed too many only asks for more",
    "document.received_ms": "when it came here",
    "document.carried_by": "who brought it here",
    "blob.received_ms": "when it came here",
    "roster.received_ms": "when it came here",
    "tombstone.digest": "what was redacted before anything came; the redaction that names it is judged by its own rule",
    "tombstone.doc": "which redaction asked for it",
    "tombstone.at_ms": "when it was redacted here",
    "meta.name": "a name nobody asks for is not read",
}

Edit = dict[str, Any]


# -- rows as JSON and back ---------------------------------------------------------------------------------------------


def packed(value: object) -> object:
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def unpacked(value: object) -> Any:
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value


def dump(connection: sqlite3.Connection) -> dict[str, list[dict[str, object]]]:
    found = {}
    for table in _TABLES:
        rows = connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
        names = [column[0] for column in rows.description]
        found[table] = [{name: packed(value) for name, value in zip(names, row, strict=True)} for row in rows]
    return found


def build(folder: Path, sound: dict[str, Any]) -> None:
    """A profile with the rows of the sound journal."""
    paths = ProfilePaths(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = connect(paths.journal)
    migrate(connection, (JOURNAL, OUTBOX))
    connection.execute("BEGIN")
    with values_as_rows(connection):
        for table, rows in sound["rows"].items():
            for row in rows:
                marks = ", ".join("?" * len(row))
                connection.execute(
                    f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [unpacked(v) for v in row.values()]
                )
    connection.execute("COMMIT")
    connection.close()
    for sha, data in sound["blobs"].items():
        paths.blob(sha).parent.mkdir(parents=True)
        paths.blob(sha).write_bytes(unpacked(data))
    (folder / "verified.json").write_text(json.dumps(sound["verified"]))


def damage(template: Path, folder: Path, edits: list[Edit]) -> None:
    """A copy of a built profile, damaged by a hand that knows SQL and no rule of ours."""
    shutil.copytree(template, folder)
    paths = ProfilePaths(folder)
    connection = sqlite3.connect(paths.journal, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    with values_as_rows(connection):
        for edit in edits:
            if "sql" in edit:
                done = connection.execute(edit["sql"], [unpacked(value) for value in edit.get("values", [])])
                assert done.rowcount > 0, f"it damages nothing: {edit}"
    connection.execute("COMMIT")
    connection.close()
    for edit in edits:
        if "file" in edit:
            _damage_file(paths, edit)


def _damage_file(paths: ProfilePaths, edit: Edit) -> None:
    path = paths.root / edit["file"]
    if "cut_to" in edit:
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * edit["cut_to"])])
    elif "put" in edit:
        path.write_bytes(unpacked(edit["put"]))
    else:
        path.unlink()


def judged(folder: Path) -> Wrong | None:
    """As `standdown verify` judges it: what is in it, that nothing verified before is gone, and the file itself."""
    from console.domain.errors import Problem

    try:
        store = JournalStore.open(ProfilePaths(folder), SystemClock(), None, parts=(OUTBOX,))  # type: ignore[arg-type]  nothing is drawn
    except Problem as fault:
        return Wrong("journal.db", fault.what)
    with store:
        report = verify_profile(store, at_least=read_upto(folder / "verified.json"))
        return report.first_wrong or verify_file(store)


# -- the sound one -----------------------------------------------------------------------------------------------------


class Sound:
    """This console's two feeds, a colleague's, a forked and a revoked one; values, a redaction, a document, a file."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder=folder)
        self.here = self.world.open("here")
        self.mine = self.world.person_feed(self.here, 0)
        self.machine = self.world.machine_feed(self.here, 0)
        self.theirs = self._colleague("there", 1, 3)
        self._forked()
        self._revoked()
        for number in range(4):
            self._say(self.here, self.mine, f"line {number}")
        redacted = self._say(self.here, self.mine, "a name that had to go", OTHER_INC)
        self.here.write(lambda tx: tx.bury([(redacted.id, list(redacted.entry.sd))], "ab" * 32))
        self.secret = canon.make_disclosure(b"s" * 16, "reason", "because")
        raw = canon.encode({"type": "closing.v1", "org": ORG, "reason_sd": canon.digest(self.secret)})
        self.here.write(lambda tx: tx.put_document(raw, [self.secret]))
        self.here.write(lambda tx: tx.put_blob(_PHOTO))

    def _say(self, store, feed, text, inc=INC):
        draft = Draft("note", inc=inc, disclosures={"text": text})
        return store.write(lambda tx: tx.append(feed, draft, roster=self.world.ref))

    def _write(self, feed, draft):
        return self.here.write(lambda tx: tx.append(feed, draft, roster=self.world.ref))

    def _colleague(self, name: str, number: int, lines: int) -> str:
        with self.world.open(name) as there:
            feed = self.world.person_feed(there, number)
            for line in range(lines):
                self._say(there, feed, f"{name} {line}")
            for one in there.reader().feed(feed.feed):
                self.here.write(lambda tx, one=one: tx.ingest(one.raw, one.sig))
                texts = there.reader().disclosures([one.id]).get(one.id, ())
                self.here.write(lambda tx, one=one, texts=texts: tx.add_disclosures(one.id, texts))
        return feed.feed

    def _forked(self) -> None:
        self.forked = self._colleague("forked", 1, 2)
        last = self.here.reader().feed(self.forked)[-1]
        rival = dataclasses.replace(last.entry, kind="observation", sd=())
        raw, sig = envelope.build(rival, self.world.members[1].writer)
        self.here.write(lambda tx: tx.ingest(raw, sig))

    def _revoked(self) -> None:
        self.revoked = self._colleague("revoked", 2, 3)
        good = self.here.reader().feed(self.revoked)[2]
        key = self.world.members[2].writer.public.fingerprint
        raw, sigs = self.world.next_roster((RevokedKey(key=key, good=((self.revoked, good.seq, good.id),)),))
        self.here.write(lambda tx: tx.put_roster(raw, sigs))

    def told(self) -> dict[str, Any]:
        report = verify_profile(self.here)
        assert report.ok, report.first_wrong
        self.counts = report.counts
        with self.here.reader().snapshot() as connection:
            rows = dump(connection)
        sha = canon.sha256_hex(_PHOTO)
        return {
            "what": "a journal that holds", "counts": report.counts, "rows": rows, "blobs": {sha: packed(_PHOTO)},
            "verified": {"form": 1, **dataclasses.asdict(report.upto)},
        }  # fmt: skip


# -- the damage --------------------------------------------------------------------------------------------------------


def sql(statement: str, *values: object) -> Edit:
    return {"sql": statement, "values": [packed(value) for value in values]}


def loose(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


class Damages:
    """Every vector: its name, what was done, and the edits."""

    def __init__(self, sound: Sound) -> None:
        self.sound = sound
        self.reader = sound.here.reader()
        self.mine = self.reader.feed(sound.mine.feed)
        self.theirs = self.reader.feed(sound.theirs)
        self.writer = sound.world.members[0].writer
        self.last = self.mine[-1]  # forged entries take its place: nothing follows it

    def all(self) -> Iterator[tuple[str, str, list[Edit]]]:
        yield from self.columns()
        yield from self.places()
        yield from self.signatures()
        yield from self.forms()
        yield from self.values()
        yield from self.marks()
        yield from self.files()

    # each byte class, one after the other

    def columns(self) -> Iterator[tuple[str, str, list[Edit]]]:
        with self.reader.snapshot() as connection:
            for table in _TABLES:
                row = connection.execute(_VICTIM.get(table, f"SELECT * FROM {table} ORDER BY 1, 2 LIMIT 1"))
                names, found = [column[0] for column in row.description], row.fetchone()
                columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
                keys = _KEYS.get(table) or [column[1] for column in columns if column[5]] or names[:1]
                for name, value in zip(names, found, strict=True):
                    if f"{table}.{name}" in LOCAL:
                        continue
                    where = " AND ".join(f"{key} = ?" for key in keys)
                    picked = [found[names.index(key)] for key in keys]
                    yield (
                        f"flipped-{table}-{name}".replace("_", "-"),
                        f"one byte of {table}.{name} was changed",
                        [sql(f"UPDATE {table} SET {name} = ? WHERE {where}", _flipped(table, name, value), *picked)],
                    )

    # entries taken out, moved, put back

    def places(self) -> Iterator[tuple[str, str, list[Edit]]]:
        middle, last, other = self.mine[2], self.mine[-1], self.theirs[-1]
        gone = "DELETE FROM entry WHERE id = ?"
        values = "DELETE FROM disclosure WHERE holder = ?"
        yield "entry-missing", "an entry in the middle was taken out", [
            sql(gone, middle.id), sql(values, middle.id),
        ]  # fmt: skip
        yield "tail-cut", "the last entry of this console's own feed was cut off", [sql(gone, last.id)]
        yield "tail-cut-of-a-colleague", "the last entry of a colleague's feed was cut off", [
            sql(gone, other.id), sql(values, other.id),
        ]  # fmt: skip
        yield "tail-cut-and-hint-too", "a colleague's last entry was cut off, and what was verified was forgotten", [
            sql(gone, other.id), sql(values, other.id), {"file": "verified.json"},
        ]  # fmt: skip
        yield "feed-missing", "a whole feed was taken out", [
            sql("DELETE FROM disclosure WHERE holder IN (SELECT id FROM entry WHERE feed = ?)", self.sound.theirs),
            sql("DELETE FROM entry WHERE feed = ?", self.sound.theirs),
            sql("DELETE FROM feed WHERE feed = ?", self.sound.theirs),
        ]  # fmt: skip
        yield "old-file-restored", "the journal is an older copy of itself", [
            sql("DELETE FROM disclosure WHERE holder IN (SELECT id FROM entry WHERE n > ?)", self.mine[3].n),
            sql("DELETE FROM entry WHERE n > ?", self.mine[3].n),
        ]  # fmt: skip
        one, two = self.mine[2], self.mine[3]
        swap = "UPDATE entry SET raw = ?, sig = ? WHERE id = ?"
        yield "entries-swapped", "two entries were put in each other's row", [
            sql(swap, two.raw, two.sig, one.id), sql(swap, one.raw, one.sig, two.id),
        ]  # fmt: skip
        yield "entries-renumbered", "two entries were put at each other's number", [
            sql("UPDATE entry SET seq = ? WHERE id = ?", 1000, one.id),
            sql("UPDATE entry SET seq = ? WHERE id = ?", one.seq, two.id),
            sql("UPDATE entry SET seq = ? WHERE id = ?", two.seq, one.id),
        ]  # fmt: skip
        yield (
            "decoy",
            "a second, validly signed entry stands at a number without a mark",
            [self._insert(dataclasses.replace(two.entry, kind="observation", sd=()))],
        )
        yield (
            "entry-of-no-feed",
            "an entry stands in a feed that is not known",
            [sql("DELETE FROM feed WHERE feed = ?", self.sound.theirs)],
        )

    # signatures

    def signatures(self) -> Iterator[tuple[str, str, list[Edit]]]:
        one, two, last = self.mine[2], self.mine[3], self.last
        put = "UPDATE entry SET sig = ? WHERE id = ?"
        yield "signature-swapped", "an entry carries the signature of the next", [sql(put, two.sig, one.id)]
        yield "signature-cut", "half of a signature is gone", [sql(put, one.sig[: len(one.sig) // 2], one.id)]
        yield "signature-empty", "the signature is empty", [sql(put, b"", one.id)]
        yield "signature-longer", "a byte follows the signature", [sql(put, one.sig + b"\0", one.id)]
        yield (
            "signature-of-another-key",
            "a colleague signed it",
            [sql(put, self.sound.world.members[1].writer.sign(entry_ns(ORG), one.raw), one.id)],
        )
        for name, namespace in (
            ("an-approval", approve_ns(ORG)),
            ("a-machine-entry", machine_ns(ORG)),
            ("a-roster", roster_ns(ORG)),
            ("a-bundle", bundle_ns(ORG)),
            ("another-organisation", entry_ns(_OTHER_ORG)),
        ):
            yield (
                f"replayed-from-{name}",
                f"the writer's own signature over these bytes, made for {name}",
                [sql(put, self.writer.sign(namespace, last.raw), last.id)],
            )
        yield (
            "other-organisation",
            "a sound entry of another organisation",
            self._instead(dataclasses.replace(last.entry, org=_OTHER_ORG)),
        )
        yield (
            "unknown-key",
            "a key that no roster names signed it, and it says so",
            self._instead(dataclasses.replace(last.entry, key=Key("stranger").public.fingerprint), key=Key("stranger")),
        )
        approver = self.sound.world.members[0].approver
        yield (
            "key-of-another-use",
            "an approver key signed an entry",
            self._instead(dataclasses.replace(last.entry, key=approver.public.fingerprint), key=approver),
        )
        yield (
            "roster-unknown",
            "it names a roster that never was",
            self._instead(dataclasses.replace(last.entry, roster=(2, "ab" * 32))),
        )
        yield (
            "revoked-key",
            "an entry behind a revoked key's last good one is counted",
            [sql("DELETE FROM standing WHERE standing = 'quarantined'")],
        )
        yield (
            "backdated",
            "it claims to be older than the entry before it",
            self._instead(dataclasses.replace(last.entry, hlc=(last.entry.hlc[0] - 60_000, 0))),
        )
        yield (
            "chain-of-another",
            "it follows an entry that stands elsewhere",
            self._instead(dataclasses.replace(last.entry, prev=self.mine[1].id)),
        )
        yield (
            "incident-chain-skipped",
            "it leaves out this feed's entry before it in the incident",
            self._instead(dataclasses.replace(last.entry, iseq=last.entry.iseq + 1, iprev=self.mine[1].id)),
        )

    # forms that a signature does not make sound

    def forms(self) -> Iterator[tuple[str, str, list[Edit]]]:
        plain = self.last.entry.as_json()

        def signed(raw: bytes) -> list[Edit]:
            return self._raw_instead(raw, self.writer.sign(entry_ns(ORG), raw))

        text = loose(plain)
        yield "duplicate-key", "a key stands twice in the JSON", signed(text.replace(b'{"_sd"', b'{"v":1,"_sd"', 1))
        yield "float", "a number with a point", signed(loose({**plain, "mono": 1.5}))
        yield "float-whole", "a whole number written with a point", signed(loose({**plain, "mono": 1.0}))
        yield "number-too-large", "a number that other readers round", signed(loose({**plain, "mono": 2**53}))
        yield (
            "bidi-text",
            "text that is shown in another order than it is stored",
            signed(loose({**plain, "pub": {"x": "user\u202enimda"}})),
        )
        yield "control-text", "a control character in text", signed(loose({**plain, "pub": {"x": "a\u0007"}}))
        yield "not-nfc", "text in two spellings of one letter", signed(loose({**plain, "pub": {"x": "e\u0301"}}))
        nested = "[" * 5000 + "1" + "]" * 5000
        yield (
            "depth-bomb",
            "five thousand lists in each other",
            signed(text.replace(b'"pub":{}', b'"pub":{"x":' + nested.encode() + b"}", 1)),
        )
        yield "size-bomb", "an entry of a megabyte", signed(loose({**plain, "pub": {"x": "a" * 2**20}}))
        yield "noncanonical", "a space more than the canonical form", signed(text.replace(b",", b", ", 1))
        yield "not-json", "bytes that are no JSON", signed(b"\x00\xff")

    # values beside entries, documents, files

    def values(self) -> Iterator[tuple[str, str, list[Edit]]]:
        holder = self.mine[2]
        other = canon.make_disclosure(b"o" * 16, "text", "something else")
        put = "UPDATE disclosure SET body = ? WHERE holder = ?"
        yield "disclosure-altered", "the text beside an entry was replaced by another", [sql(put, other, holder.id)]
        yield (
            "disclosure-altered-with-digest",
            "another text, filed under its own digest",
            [sql("UPDATE disclosure SET body = ?, digest = ? WHERE holder = ?", other, canon.digest(other), holder.id)],
        )
        (theirs,) = self.reader.disclosures([self.theirs[1].id])[self.theirs[1].id]
        yield "disclosure-of-another", "the text of another entry", [sql(put, theirs, holder.id)]
        yield (
            "disclosure-decoy",
            "a value that nothing signed names",
            [sql("INSERT INTO disclosure VALUES (?, ?, ?)", "0" * 64, canon.digest(other), other)],
        )
        yield (
            "redacted-value-revived",
            "a value that was redacted is here",
            [sql("INSERT INTO tombstone VALUES (?, ?, 0)", holder.entry.sd[0], "ab" * 32)],
        )
        yield (
            "document-altered",
            "a document's bytes were changed",
            [sql("UPDATE document SET raw = ? WHERE type = 'closing.v1'", b'{"type":"closing.v1"}')],
        )
        yield "roster-missing", "the newest roster, which revokes a key, was taken out", [
            sql("DELETE FROM roster WHERE n = 2"), sql("DELETE FROM roster_sig WHERE sha256 = ?", self._sha(2)),
        ]  # fmt: skip
        yield (
            "roster-signatures-missing",
            "a roster stands without its signatures",
            [sql("DELETE FROM roster_sig WHERE sha256 = ?", self._sha(1))],
        )
        yield (
            "genesis-replaced",
            "another first roster is pinned",
            [sql("UPDATE meta SET value = ? WHERE name = 'genesis'", "ab" * 32)],
        )
        sha = canon.sha256_hex(_PHOTO)
        yield (
            "file-altered",
            "an attachment's bytes were changed",
            [{"file": f"blobs/{sha[:2]}/{sha}", "put": packed(b"A photograph")}],
        )
        yield "file-missing", "an attachment is gone", [{"file": f"blobs/{sha[:2]}/{sha}"}]
        yield "file-cut", "an attachment is half", [{"file": f"blobs/{sha[:2]}/{sha}", "cut_to": 0.5}]

    # marks that say what counts

    def marks(self) -> Iterator[tuple[str, str, list[Edit]]]:
        yield "fork-hidden", "the mark of a fork was taken away", [
            sql("DELETE FROM fork"), sql("DELETE FROM standing WHERE standing = 'forked'"),
        ]  # fmt: skip
        yield "fork-invented", "a fork was marked where there is none, so that nothing after it counts", [
            sql("INSERT INTO fork VALUES (?, 2)", self.sound.theirs),
            sql("INSERT INTO standing SELECT id, 'forked' FROM entry WHERE feed = ? AND seq >= 2", self.sound.theirs),
        ]  # fmt: skip
        yield (
            "quarantine-invented",
            "a sound entry was set aside, so that it does not count",
            [sql("INSERT INTO standing VALUES (?, 'quarantined')", self.theirs[1].id)],
        )

    # the file itself

    def files(self) -> Iterator[tuple[str, str, list[Edit]]]:
        yield "journal-cut", "the database file is half", [{"file": "journal.db", "cut_to": 0.5}]
        yield (
            "journal-not-a-database",
            "the database file is text",
            [{"file": "journal.db", "put": packed(b"This is no database. " * 500)}],
        )

    def _sha(self, n: int) -> str:
        return canon.sha256_hex(self.sound.world.rosters[n][0])

    def _insert(self, entry) -> Edit:
        raw, sig = envelope.build(entry, self.writer)
        return sql(
            "INSERT INTO entry (id, feed, seq, inc, iseq, kind, subj, hlc_ms, hlc_n, received_ms, raw, sig) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
            canon.sha256_hex(raw), entry.feed, entry.seq, entry.inc, entry.iseq, entry.kind, entry.subj,
            *entry.hlc, raw, sig,
        )  # fmt: skip

    def _instead(self, entry, key=None) -> list[Edit]:
        raw = canon.encode(entry.as_json())
        sig = (key or self.writer).sign(entry_ns(entry.org), raw)
        row = sql(
            "UPDATE entry SET inc = ?, iseq = ?, hlc_ms = ?, hlc_n = ? WHERE id = ?",
            entry.inc, entry.iseq, *entry.hlc, self.last.id,
        )  # fmt: skip
        return [row, *self._raw_instead(raw, sig)]

    def _raw_instead(self, raw: bytes, sig: bytes) -> list[Edit]:
        """Forged with care: the id is the hash, and nothing else names the entry it replaces."""
        return [
            sql(
                "UPDATE entry SET id = ?, raw = ?, sig = ? WHERE id = ?", canon.sha256_hex(raw), raw, sig, self.last.id
            ),
            {"file": "verified.json"},
        ]


_VICTIM = {
    "entry": "SELECT * FROM entry WHERE inc IS NOT NULL AND id NOT IN (SELECT id FROM standing) ORDER BY n LIMIT 1",
    "feed": "SELECT * FROM feed WHERE mine = 0 AND author IS NOT NULL ORDER BY 1 LIMIT 1",
    "roster": "SELECT * FROM roster WHERE n = 1",
    "document": "SELECT * FROM document WHERE type = 'closing.v1'",
}


def _flipped(table: str, name: str, value: object) -> object:
    if table == "standing" and name == "standing":
        return "forked" if value == "quarantined" else "quarantined"
    if isinstance(value, bytes):
        at = len(value) // 2
        return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        at = len(value) // 2
        return value[:at] + ("a" if value[at] != "a" else "b") + value[at + 1 :]
    return "x"


# -- writing -----------------------------------------------------------------------------------------------------------


def vectors() -> dict[str, bytes]:
    """Every file and its bytes."""
    found: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        sound = Sound(Path(folder))
        with sound.here:
            told = sound.told()
            damages = list(Damages(sound).all())
        found["sound.json"] = _pretty(told)
        template = Path(folder) / "sound"
        build(template, told)
        for number, (name, what, edits) in enumerate(damages):
            place = Path(folder) / str(number)
            damage(template, place, edits)
            wrong = judged(place)
            said = None if wrong is None else {"where": wrong.where, "why": wrong.why}
            assert f"{name}.json" not in found
            found[f"{name}.json"] = _pretty({"what": what, "says": said, "edits": edits})
    return found


def _pretty(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()


def main() -> int:
    made = vectors()
    there = {path.name: path.read_bytes() for path in HERE.glob("*.json")}
    if "--check" in sys.argv[1:]:
        changed = sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))
        sys.stdout.write("".join(f"{name} would change\n" for name in changed))
        return 1 if changed else 0
    HERE.mkdir(exist_ok=True)
    for name in there.keys() - made.keys():
        (HERE / name).unlink()
    for name, data in made.items():
        (HERE / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
