"""The auditor's check of a bundle: every byte, chain and signature, over files in memory (protocol.md section 9).

Standard library and console.domain only: `verify.py` carries this very source. Whoever calls hands in how an SSHSIG is
verified. It raises at the first thing that is wrong and names the file. What was decided is judged in `rulings`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

from console.domain import shape
from console.domain.actions import ApprovalRecord, parse_document
from console.domain.errors import BadForm, UnknownField
from console.domain.facts import fingerprint
from console.domain.forms import Entry, Policy, feed_preimage
from console.domain.kinds import KINDS
from console.domain.moment import Paper
from console.exports import names, strict
from console.exports.counts import not_counting
from console.exports.evidence import About, Evidence, Seal, Wrong, read_json
from console.exports.proving import prove, prove_with
from console.exports.versions import check_rosters

_NOTHING = "nothing from there on counts"


def read_bundle(files: Mapping[str, bytes], seal: Seal, genesis: str | None) -> Evidence:
    """Prove manifest, rosters, entries, values, documents and approvals, in this order.

    Raises:
        Wrong: naming the first file that does not hold.
    """
    check_manifest(files)
    evidence = read_evidence(files, seal, genesis)
    _check_manifest_signature(evidence, seal)
    return evidence


def read_evidence(files: Mapping[str, bytes], seal: Seal, genesis: str | None = None) -> Evidence:
    """As `read_bundle`, for files that no manifest covers yet.

    Raises:
        Wrong: naming the first file that does not hold.
    """
    try:
        about = About.parse(read_json(files, names.ABOUT))
    except BadForm as fault:
        raise Wrong(names.ABOUT, fault.what.rstrip(".")) from None
    evidence = Evidence(files, about)
    if genesis is not None and genesis != about.genesis:
        raise Wrong(names.ABOUT, f"it names genesis {about.genesis[:16]}, you were given {genesis[:16]}")
    check_rosters(evidence, seal)
    _check_entries(evidence, seal)
    _check_documents(evidence)
    _check_values(evidence)
    _check_records(evidence, seal)
    return evidence


def check_manifest(files: Mapping[str, bytes]) -> None:
    """Every file is listed with its hash, nothing is missing, nothing else is there."""
    if names.MANIFEST not in files or names.MANIFEST_SIG not in files:
        raise Wrong(names.MANIFEST, "the manifest or its signature is missing, so this is no complete bundle")
    listed = _listed(files)
    for path, sha in listed.items():
        if path not in files:
            raise Wrong(path, "the manifest lists it, but it is not here")
        if strict.sha256(files[path]) != sha:
            raise Wrong(path, "its content is not what the manifest says")
    for path in files:
        if path not in listed and path not in (names.MANIFEST, names.MANIFEST_SIG):
            raise Wrong(path, "the manifest does not list it")
        if not names.is_known(path):
            raise Wrong(path, "a bundle has no such file")


def _listed(files: Mapping[str, bytes]) -> dict[str, str]:
    listed: dict[str, str] = {}
    for line in files[names.MANIFEST].decode("ascii", "replace").split("\n")[:-1]:
        sha, gap, path = line[:64], line[64:66], line[66:]
        if gap != "  " or path in listed or not path:
            raise Wrong(names.MANIFEST, "a line of it is not a hash and a file's name")
        listed[path] = sha
    if "\n".join(f"{listed[path]}  {path}" for path in sorted(listed)) + "\n" != files[names.MANIFEST].decode(
        "ascii", "replace"
    ):
        raise Wrong(names.MANIFEST, "its lines are not in order, each ended by a line feed")
    return listed


def _check_manifest_signature(evidence: Evidence, seal: Seal) -> None:
    about = evidence.about
    for _, _, roster in evidence.every_roster():
        for person in roster.persons:
            for key in person.keys:
                if person.person == about.by and key.use == "writer" and fingerprint(key.key) == about.key:
                    line = (key.key, f"bundle.v1@{about.org}")
                    prove_with(evidence, seal, names.MANIFEST, names.MANIFEST_SIG, line)
                    return
    raise Wrong(names.ABOUT, "no roster lists the exporter's writer key")


# -- entries -----------------------------------------------------------------------------------------------------------


def _check_entries(evidence: Evidence, seal: Seal) -> None:
    found = sorted((place, path) for path in evidence.files if (place := names.read_entry(path)) is not None)
    forks = _forks(place[:2] for place, _ in found)
    good = {feed: seq for one in evidence.rosters[-1][1].revoked for feed, seq, _ in one.good}
    evidence.notes += [
        f"feed {feed[:16]} has forked at number {seq}: "
        + (f"the roster says that it is good up to {good[feed]}" if good.get(feed, -1) >= seq else _NOTHING)
        for feed, seq in sorted(forks)
    ]
    last: dict[str, dict[str | None, tuple[int, str]]] = {}
    for (feed, seq, start), path in found:
        raw = evidence.files[path]
        ident = strict.sha256(raw)
        try:
            entry = Entry.parse(evidence.json(path))
        except BadForm as fault:
            raise Wrong(path, fault.what.rstrip(".")) from None
        if (entry.feed, entry.seq, ident[:16]) != (feed, seq, start) or entry.org != evidence.about.org:
            raise Wrong(path, "it is another entry than its name says")
        _check_chain(evidence, path, entry, last, shared=(feed, seq) in forks)
        last.setdefault(ident, {}).update({entry.inc: (entry.iseq, ident)})
        _check_kind(path, entry)
        kind = "machine" if entry.author is None else "entry"
        prove(evidence, seal, path, _writer(evidence, path, entry), f"{kind}.v1@{entry.org}")
        evidence.entries[ident] = entry
        evidence.file_of[ident] = path
    for feed, seq, ident in evidence.about.heads:
        head = evidence.entries.get(ident)
        if head is None or (head.feed, head.seq) != (feed, seq):
            raise Wrong(names.ABOUT, f"feed {feed[:16]} was exported up to number {seq}, which is missing")
    absent = {ref for entry in evidence.entries.values() for ref in entry.refs if ref not in evidence.entries}
    if absent:
        evidence.notes.append(f"{len(absent)} entries that others refer to had not reached the exporter")
    evidence.uncounted = not_counting(evidence.entries, evidence.rosters[-1][1])
    if evidence.uncounted:
        evidence.notes.append(
            f"{len(evidence.uncounted)} entries do not count, for their keys were revoked or had ended before, or "
            "their feeds had forked: they are marked in the timeline, and no fact or decision rests on them"
        )
    _check_segments(evidence)


def _forks(places: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """Places in a feed that more than one entry claims."""
    seen: set[tuple[str, int]] = set()
    twice: set[tuple[str, int]] = set()
    for place in places:
        (twice if place in seen else seen).add(place)
    return twice


def _check_chain(
    evidence: Evidence, path: str, entry: Entry, last: dict[str, dict[str | None, tuple[int, str]]], *, shared: bool
) -> None:
    """`prev` and `iprev` follow, `feed.open` begins. The state of a branch moves on with its newest entry."""
    if entry.seq == 0:
        preimage = feed_preimage(entry.org, entry.key, str(entry.pub.get("nonce")))
        if entry.kind != "feed.open" or entry.feed != strict.sha256(preimage) or _opened_with(entry) != entry.key:
            raise Wrong(path, "it does not open its feed")
        if (entry.iseq, entry.iprev) != (0, None):
            raise Wrong(path, "it is not the first of its chain")
        last[strict.sha256(evidence.files[path])] = {}
        return
    before = evidence.entries.get(entry.prev or "")
    if before is None or (before.feed, before.seq) != (entry.feed, entry.seq - 1):
        raise Wrong(path, "the entry before it is missing or another")
    if (before.key, before.author, before.console) != (entry.key, entry.author, entry.console):
        raise Wrong(path, "its feed has another writer")
    if entry.hlc <= before.hlc:
        raise Wrong(path, "its time is not after the entry before it")
    state = dict(last.get(entry.prev or "", {})) if shared else last.pop(entry.prev or "", {})
    known = state.get(entry.inc)
    if (entry.iseq, entry.iprev) != ((0, None) if known is None else (known[0] + 1, known[1])):
        raise Wrong(path, "it does not follow the entry before it in its incident")
    last[strict.sha256(evidence.files[path])] = state


def _opened_with(entry: Entry) -> str:
    """The fingerprint of the key that a `feed.open` names; empty where it names none."""
    try:
        return fingerprint(str(entry.pub.get("key")))
    except (ValueError, IndexError):
        return ""


def _check_kind(path: str, entry: Entry) -> None:
    known = KINDS.get(entry.kind)
    if known is None:
        return
    if known.writer != "either" and (known.writer == "console") != (entry.author is None):
        raise Wrong(path, f"{entry.kind} does not belong into this feed")
    try:
        shape.check_known(entry.pub, "pub", known.needs)
    except BadForm as fault:
        raise Wrong(path, fault.what.rstrip(".")) from None


def _writer(evidence: Evidence, path: str, entry: Entry) -> str:
    """The public line of the key that the entry's own roster lists for its feed."""
    roster = evidence.roster(entry.roster)
    if roster is None:
        raise Wrong(path, "it names a roster that is not here")
    if entry.author is None:
        lines = [(c.key, c.from_ms, c.to_ms) for c in roster.consoles if c.console == entry.console]
    else:
        lines = [
            (key.key, key.from_ms, key.to_ms)
            for person in roster.persons
            for key in person.keys
            if person.person == entry.author and key.use == "writer" and key.console in (None, entry.console)
        ]
    for line, from_ms, to_ms in lines:
        if fingerprint(line) == entry.key and from_ms <= entry.hlc[0]:
            if to_ms is not None and entry.hlc[0] > to_ms:
                evidence.notes.append(f"{path} was written after its key had ended: it does not count")
            return line
    raise Wrong(path, "no roster lists its key for this feed")


def _check_segments(evidence: Evidence) -> None:
    """The transport form holds exactly the same entries and signatures."""
    feeds: dict[str, list[str]] = {}
    for ident in evidence.entries:
        feeds.setdefault(evidence.entries[ident].feed, []).append(evidence.file_of[ident])
    for feed, paths in feeds.items():
        made = b"".join(
            b'{"e":"%b","s":"%b"}\n'
            % (
                base64.b64encode(evidence.files[path]),
                base64.b64encode(strict.dearmour(evidence.files[names.signature(path)].decode("ascii"))),
            )
            for path in paths
        )
        if evidence.files.get(names.segment(feed)) != made:
            raise Wrong(names.segment(feed), "it does not hold the same entries as the single files")
    for path in evidence.files:
        if names.read_segment(path) not in (None, *feeds):
            raise Wrong(path, "it is the segment of no feed here")


# -- documents, values, approvals --------------------------------------------------------------------------------------


def _check_documents(evidence: Evidence) -> None:
    for path, raw in evidence.files.items():
        sha = names.read_document(path)
        if sha is not None:
            if strict.sha256(raw) != sha:
                raise Wrong(path, "its content is not what its name says")
            value = evidence.json(path)
            evidence.kinds[sha] = str(value.get("type")) if isinstance(value, dict) else ""
            if names.document(evidence.kinds[sha], sha) != path:
                raise Wrong(path, "a document of its type lies elsewhere")
            evidence.file_of[sha] = path
        blob = names.read_blob(path)
        if blob is not None and strict.sha256(raw) != blob:
            raise Wrong(path, "its content is not what its name says")


def _check_values(evidence: Evidence) -> None:
    """Every disclosed value belongs to a digest in signed bytes; then the documents are read with their values."""
    holders = {path: ident for ident, path in evidence.file_of.items()}
    holders |= {path: sha for path, sha, _ in evidence.every_roster()}
    for path, raw in evidence.files.items():
        holder = names.holder_of(path)
        if holder is None:
            continue
        if holder not in holders:
            raise Wrong(path, "it discloses values of something that is not here")
        digests = strict.digests_in(evidence.json(holder))
        found = evidence.values.setdefault(holders[holder], {})
        for number, line in enumerate(raw.decode("ascii", "replace").split("\n")[:-1], 1):
            try:
                digest = strict.digest(line)
                pair = strict.open_disclosure(line)
            except (BadForm, ValueError):
                raise Wrong(path, f"line {number} is no disclosure") from None
            if digest not in digests:
                raise Wrong(path, f"line {number} is not among the digests in {holder}")
            found[digest] = pair
    _read_papers(evidence)


def _read_papers(evidence: Evidence) -> None:
    for sha, kind in sorted(evidence.kinds.items()):  # whatever the order of the files: the page tells the notes
        path = evidence.file_of[sha]
        try:
            if kind in names.APPROVABLE:
                evidence.papers[sha] = Paper(parse_document(evidence.json(path)), evidence.values.get(sha, {}))
            elif kind == "policy.v1":
                evidence.policies[sha] = Policy.parse(evidence.json(path))
        except UnknownField as fault:
            evidence.notes.append(f"{path} is of a newer form ({fault.why}): not judged")
        except BadForm as fault:  # anybody may propose what nobody can approve; where it was decided on, that is wrong
            evidence.notes.append(f"{path} is not of the form of its kind ({fault.what.rstrip('.')}): nothing follows")


def _check_records(evidence: Evidence, seal: Seal) -> None:
    """Every approval record is signed by an approver key of its person, and an entry carries it."""
    carried = {
        (str(entry.pub.get("record")), str(entry.pub.get("sig")))
        for entry in evidence.entries.values()
        if "record" in entry.pub
    }
    for path, raw in evidence.files.items():
        place = names.read_record(path)
        if place is None:
            continue
        if strict.sha256(raw) != place[1]:
            raise Wrong(path, "its content is not what its name says")
        try:
            record = ApprovalRecord.parse(evidence.json(path))
        except BadForm as fault:
            raise Wrong(path, fault.what.rstrip(".")) from None
        if record.doc != place[0] or record.org != evidence.about.org:
            raise Wrong(path, "it is about another document than its name says")
        line = approver_line(evidence, record)
        if line is None:
            raise Wrong(path, "no roster lists its key as an approver key of this person")
        prove(evidence, seal, path, line, f"approve.v1@{record.org}")
        blob = strict.dearmour(evidence.files[names.signature(path)].decode("ascii"))
        if (base64.b64encode(raw).decode(), base64.b64encode(blob).decode()) not in carried:
            raise Wrong(path, "no entry carries this approval")


def approver_line(evidence: Evidence, record: ApprovalRecord) -> str | None:
    """The public line of the approver key a record names, if any roster lists it for that person."""
    for _, _, roster in evidence.every_roster():
        for person in roster.persons:
            for key in person.keys:
                if person.person == record.person and key.use == "approver" and fingerprint(key.key) == record.key:
                    return key.key
    return None
