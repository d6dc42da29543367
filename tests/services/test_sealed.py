"""Files for named people, from two consoles: ciphertext alone is kept and travels, and only the named open it."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

import pytest

from console.domain.errors import WrongUse
from console.exports.check import check_bundle
from console.journal.values import Draft
from console.journal.verify import verify_profile
from console.keys import keyfile
from console.keys.sealed import NotForYou, seal
from console.services import approvals, corrections, exporting, incidents, opening, redaction, sealed, timeline
from console.services.redacted_values import shown_values
from console.services.session import WRITER, Locked, nobody_asked
from console.sync import layout
from console.sync.folder import FolderPlace
from tests.kit.pair import founded, pair, passphrase, sync
from tests.kit.traces import traces

__all__ = ["founded", "pair"]
SECRET = "Quetzalcoatl-witness-7731-Xylophone"
NAME = "statement-of-the-witness-Ozymandias.txt"


@pytest.fixture
def told(pair, tmp_path):
    """A file that the commander attached for the approver, in sync."""
    one, two = pair
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    file = tmp_path / "outside" / NAME
    file.parent.mkdir()
    file.write_text(f"said: {SECRET}\n", encoding="utf-8")
    stored = sealed.attach(one, file, ["Approver"], inc=inc, text="a statement", how="taken by telephone")
    sync(one, two)
    return one, two, inc, stored


def places(*sessions):
    return [*(one.paths.root for one in sessions), Path(sessions[0].settings.places[0])]


def test_only_ciphertext_is_kept_and_travels_and_the_named_open_it(told):
    one, two, _, stored = told
    assert traces(SECRET, *places(one, two)) == []
    assert traces(NAME, *places(one, two)) == []
    file = timeline.detail(two, stored.id).file
    assert (file.here, file.to, file.mine, file.strange) == (True, ("Commander", "Approver"), True, "")
    assert opening.open_file(two, stored.id) == opening.Opened(NAME, f"said: {SECRET}\n".encode())
    assert opening.open_file(one, stored.id).name == NAME
    assert timeline.detail(two, stored.id).file.name == NAME  # its key is unlocked by now
    for session in (one, two):
        assert verify_profile(session.store).ok
    assert traces(SECRET, *places(one, two)) == []


def test_others_see_hash_size_and_for_whom_and_open_nothing(pair, tmp_path):
    one, two = pair
    stored = sealed.attach_bytes(one, SECRET.encode(), NAME, ["Commander"], inc=None)
    sync(one, two)
    file = timeline.detail(two, stored.id).file
    assert (file.name, file.here, file.to, file.mine) == ("", True, ("Commander",), False)
    assert file.sha256 == hashlib.sha256(two.reader.blob(file.sha256)).hexdigest()
    assert len(one.writer().unseal(file.named.about)) == 256  # no longer than that of another name
    with pytest.raises(NotForYou):
        opening.open_file(two, stored.id)
    again = sealed.share(one, stored.id, ["Approver"])
    assert again.entry.pub == {"class": "need-to-know", "of": [stored.id]}
    sync(one, two)
    assert opening.open_file(two, again.id).raw == SECRET.encode()
    assert timeline.detail(two, again.id).file.to == ("Commander", "Approver")
    with pytest.raises(WrongUse, match="for these people already"):
        sealed.share(one, again.id, ["Approver"])
    with pytest.raises(NotForYou):  # the first one stays as it was
        sealed.share(two, stored.id, ["Approver"])


def test_redaction_deletes_it_in_every_encryption_of_it(told):
    one, two, _, stored = told
    more = sealed.attach_bytes(two, b"another", "another", ["Commander"], inc=None)
    mine = sealed.attach_bytes(one, SECRET.encode(), NAME, ["Commander"], inc=None)
    again = sealed.share(one, mine.id, ["Approver"])
    sync(one, two)
    shas = [str(x.disclosed["blob"]["sha256"]) for x in (mine, again)]
    size = again.disclosed["blob"]["size"]
    chosen = {again.id: [v.digest for v in redaction.choose(one, again.id)[0].values if v.name == "blob"]}
    made = redaction.propose(one, chosen, "the witness asked for it")
    for session, who in ((one, "commander"), (two, "approver")):
        sync(one, two)
        held = corrections.find_document(session, made.sha)
        read = shown_values(session, held)
        assert any(f"need-to-know, for Commander, Approver: {size:,} bytes encrypted" in one for one in read.values())
        approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"), shown=made.sha)
    sync(two, one)
    redaction.carry_out(one)
    sync(one, two)
    redaction.carry_out(two)
    sync(two, one)
    for session in (one, two):
        assert [session.reader.blob(sha) for sha in shas] == [None, None]
        assert "blob" not in session.reader.entry(mine.id).disclosed
        assert session.reader.blob(str(more.disclosed["blob"]["sha256"])) is not None
        assert session.reader.blob(str(stored.disclosed["blob"]["sha256"])) is not None
    for folder in places(one, two):
        assert [path for path in folder.rglob("*") if any(sha in path.name for sha in shas)] == []
    with pytest.raises(WrongUse, match="not here"):
        opening.open_file(one, again.id)


def test_a_bundle_holds_the_ciphertext_and_says_for_whom(told, tmp_path):
    one, _, inc, stored = told
    sealed.hold(one, Path(__file__), inc=inc, holder="Counsel", place="safe 2")
    done = exporting.export(one, inc, tmp_path / "b.zip")
    assert done is not None
    sha = str(stored.disclosed["blob"]["sha256"])
    with zipfile.ZipFile(tmp_path / "b.zip") as bundle:
        name = next(one for one in bundle.namelist() if one.endswith(f"blobs/{sha}"))
        assert bundle.read(name) == one.reader.blob(sha)
        html = bundle.read(next(one for one in bundle.namelist() if one.endswith("timeline.html"))).decode()
        readme = bundle.read(next(one for one in bundle.namelist() if one.endswith("README.txt"))).decode()
        assert [one for one in bundle.namelist() if "blobs/" in one] == [name]
    assert "need-to-know, for Commander, Approver" in html
    assert "held by Counsel, safe 2, not copied" in html
    assert "age -d -i" in readme
    check_bundle(tmp_path / "b.zip")
    assert traces(SECRET, tmp_path / "b.zip") == []


def test_a_locked_window_asks_before_it_opens(told):
    _, two, _, stored = told
    two.lock()
    two.ask = nobody_asked
    assert timeline.detail(two, stored.id).file.name == ""
    with pytest.raises(Locked) as fault:
        opening.open_file(two, stored.id)
    assert fault.value.key == WRITER
    two.offer(WRITER, passphrase("approver", WRITER))
    assert opening.open_file(two, stored.id).name == NAME


def test_a_header_that_names_others_than_were_signed_is_said(pair):
    one, two = pair
    keys = {facts.person: facts.public for facts in one.roster.keys().values() if facts.use == "writer"}
    stranger = one.roster.key(keyfile.read_saved(one.paths.key("console"), "console").public.fingerprint).public
    wrong = {
        "It is not encrypted to Approver, though it was said to be.": [keys[one.me]],
        "It is encrypted to more keys than those of the people it was said to be for.": [*keys.values(), stranger],
    }
    for said, to in wrong.items():
        data = seal(SECRET.encode(), to)

        def work(tx, feed, ref, data=data):
            blob = {"sha256": tx.put_blob(data), "size": len(data), "to": [one.me, two.me], "about": ""}
            draft = Draft("evidence", pub={"class": "need-to-know"}, disclosures={"blob": blob})
            return tx.append(feed, draft, roster=ref)

        stored = one.append_with(work)
        assert timeline.detail(one, stored.id).file.strange == said


def test_a_file_that_is_not_what_its_line_says_is_refused(pair):
    one, _ = pair
    good = sealed.attach_bytes(one, b"one", "one", ["Approver"], inc=None)
    other = sealed.attach_bytes(one, b"two", "two", ["Approver"], inc=None)
    blob = {**good.disclosed["blob"], **{name: other.disclosed["blob"][name] for name in ("sha256", "size")}}
    mixed = one.append(Draft("evidence", pub={"class": "need-to-know"}, disclosures={"blob": blob}))
    with pytest.raises(Exception, match="not the one its encrypted line describes"):
        opening.open_file(one, mixed.id)


def test_a_key_of_before_and_a_key_file_elsewhere_open_it(told, tmp_path):
    one, _, _, stored = told
    keys = one.paths.keys
    for suffix in ("", ".pub"):
        shutil.copy(keys / f"writer{suffix}", tmp_path / f"mine{suffix}")
        (keys / f"writer{suffix}").rename(keys / f"writeruntil3{suffix}")
    wrapped = keyfile.wrap(keyfile.new_private(one.entropy), b"another passphrase", rounds=1)
    keyfile.save(keys / "writer", wrapped, "writer")
    one.keys_renewed()
    asked: list[str] = []

    def ask(what, *, new=False):
        asked.append(what)
        return passphrase("commander", WRITER)

    one.ask = ask
    assert opening.open_file(one, stored.id).name == NAME
    assert asked == ["your writer key of before (writeruntil3)"]
    assert opening.open_file(one, stored.id, identity=tmp_path / "mine").name == NAME
    assert asked[1:] == [opening.IDENTITY]


def test_saved_for_this_user_alone_and_over_nothing(told, tmp_path):
    one, two, _, stored = told
    path = opening.save(two, stored.id, tmp_path)
    assert path == tmp_path / NAME
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(WrongUse, match="exists already"):
        opening.save(two, stored.id, tmp_path)
    assert opening.save(two, stored.id, path, replace=True) == path
    kept = opening.save(one, stored.id, tmp_path, encrypted=True)
    assert kept.read_bytes() == one.reader.blob(str(stored.disclosed["blob"]["sha256"]))
    assert kept.suffix == ".age"


def test_a_held_file_is_hashed_and_not_copied(pair, tmp_path):
    one, two = pair
    file = tmp_path / "weights.bin"
    file.write_bytes(SECRET.encode() * 3)
    stored = sealed.hold(one, file, inc=None, holder="Infrastructure lead", place="safe 2")
    sync(one, two)
    found = timeline.detail(two, stored.id).file
    assert (found.name, found.size, found.here) == ("weights.bin", len(SECRET) * 3, False)
    assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert traces(SECRET, *places(one, two)) == []
    with pytest.raises(WrongUse, match="has no file here"):
        opening.save(two, stored.id, tmp_path / "x")
    # whoever lays its bytes into the place gives nobody a copy
    feed = stored.feed
    FolderPlace(Path(one.settings.places[0])).create(layout.object_name(feed, found.sha256), file.read_bytes())
    sync(one, two)
    assert two.reader.blob(found.sha256) is None


def test_nobody_named_or_nobody_known_is_refused(pair):
    one, _ = pair
    for names in ([], ["Nobody"]):
        with pytest.raises(WrongUse):
            sealed.attach_bytes(one, b"x", "x", names, inc=None)
    assert [(r.name, r.why_not) for r in sealed.readers(one)] == [("Commander", ""), ("Approver", "")]
