"""A roster's next version while it gathers signatures: proposed, read, signed, withdrawn (protocol.md section 2).

It lies in the shared places until enough distinct admins signed it; only the journal's door lets it count. It never
signs a version that its signer was not shown, nor two versions of one number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from console.domain.errors import BadForm, Problem, WaitsForPeople, WrongUse
from console.domain.forms import Roster
from console.journal.tx import Tx
from console.journal.values import Draft
from console.keys import canon, keyfile, signer, sshsig
from console.keys.faults import TooFewSigners
from console.keys.keyfile import SavedKey
from console.keys.publickey import PublicKey
from console.keys.recovery import TypedKey, read_words
from console.keys.roster import VerifiedRoster, admin_quorum_satisfiable, verify_next
from console.services import organisation
from console.services.roster_signers import counts_for, ends_too_soon, read_roster, signers_of
from console.services.session import APPROVER, Session
from console.sync import layout
from console.sync.folder import FolderPlace
from console.sync.people import put_roster

RECOVERY = "your sealed recovery key (the words of envelope 2)"
ASKED_FOR_MS = 7 * 24 * 3_600_000  # people are reminded of a proposal so long
MAJORITY_UP_TO = 3  # section 2: the threshold is the smaller of three and the majority
FLOOR = 2

NameOf = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A version that waits for signatures. `signed` are the distinct admins so far, `missing` what it still lacks.

    `mine`: whether this profile's approver key `may` sign it, has `signed`, or does `not` count for it. `problem` says
    why it may never follow; `names` are those its proposer gave to the people in it.
    """

    sha: str
    n: int
    created_ms: int
    raw: bytes
    proposer: str | None
    reason: str
    signed: tuple[str, ...]
    missing: str
    mine: Literal["may", "signed", "not"]
    problem: str
    names: Mapping[str, str]
    signatures: Mapping[str, bytes]

    def name_of(self, session: Session) -> NameOf:
        """What people are called: as the organisation knows them, else as the proposer says."""
        known = {one.person for one in session.roster.roster.persons}
        return lambda person: (
            session.name_of(person) if person in known else self.names.get(person, session.name_of(person))
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a proposal or a signature: the version, whether it is in force here, else what it still lacks."""

    sha: str
    n: int
    in_force: bool
    missing: str


def waiting(session: Session) -> tuple[Waiting, ...]:
    """Versions that follow the roster in force and that one of its own people signed; the oldest first."""
    raws: dict[str, bytes] = {}
    signatures: dict[str, dict[str, bytes]] = {}
    for _, found in organisation.waiting_rosters(session):
        raws[found.sha256] = found.raw
        signatures.setdefault(found.sha256, {}).update(found.signatures)
    told = _told(session) if raws else {}
    mine = own_key(session)
    made = [_waiting(session, raw, signatures[sha], mine, told.get(sha)) for sha, raw in raws.items()]
    return tuple(sorted((one for one in made if one is not None), key=lambda one: (one.created_ms, one.sha)))


def asked(session: Session) -> tuple[tuple[str, int, str | None, str], ...]:
    """What colleagues proposed lately and is not in force, for an admin: hash, number, proposer, reason.

    From the record alone, so that no hanging place is waited for: whether oneself has signed it already is not in it.
    """
    now = session.roster
    if session.me not in now.persons_with("admin"):
        return ()
    since = session.clock.wall_ms() - ASKED_FOR_MS
    taken_back = {
        ident
        for stored in session.reader.entries(org=True, kinds=("retraction",))
        for ident in _idents(stored.entry.pub.get("of"))
    }
    found: list[tuple[str, int, str | None, str]] = []
    for stored in session.reader.entries(org=True, kinds=("roster.proposed",)):
        sha = str(stored.entry.pub["doc"])
        row = None if stored.id in taken_back or stored.entry.hlc[0] < since else session.reader.document(sha)
        if row is None or stored.standing != "good" or stored.entry.author == session.me:
            continue
        after = read_roster(row.raw)
        if (after.n == now.roster.n + 1 and after.prev == now.sha256) or now.sha256 in after.settles:
            reason = stored.disclosed.get("reason")
            found.append((sha, after.n, stored.entry.author, reason if isinstance(reason, str) else ""))
    return tuple(found)


def _idents(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def find(session: Session, which: str) -> Waiting:
    """The version that waits under this beginning of its hash, or the only one where nothing is named.

    Raises:
        WaitsForPeople: when none waits.
        WrongUse: when several do and none is named, or none has this name.
    """
    found = waiting(session)
    if not found:
        raise WaitsForPeople("No roster waits for a signature.", "An admin proposes it first.")
    named = [one for one in found if one.sha.startswith(which)]
    if len(named) == 1:
        return named[0]
    if not named:
        raise WrongUse(f"No roster that waits begins with {which}.", "`standdown org pending` lists them.")
    raise WrongUse("Several rosters wait.", "Name one of `standdown org pending` with --roster; sign only one of them.")


def follows(session: Session, after: Roster, made: int) -> Roster:
    """The roster in force with these people, consoles and revocations, as its next version; nothing of it is signed.

    `made` is when it was made, in ms. What it adopts belongs to founding.
    """
    before = session.roster
    return replace(
        after,
        n=before.roster.n + 1,
        prev=before.sha256,
        created=made,
        threshold=threshold_after(before.roster, after),
        persons=tuple(sorted(after.persons, key=lambda one: one.person)),
        consoles=tuple(sorted(after.consoles, key=lambda one: one.console)),
        adopts=(),
        settles=(),
    )


def beneath(session: Session, after: Roster) -> tuple[VerifiedRoster, ...]:
    """What a version stands on: the one it follows, then those of other branches that it settles, as far as known."""
    tree = session.reader.roster_tree()
    found = (tree.get(sha) for sha in (after.prev, *after.settles))
    return tuple(one for one in found if one is not None) or (session.roster,)


def made_ms(session: Session) -> int:
    """When a version made now was made: never before the one in force, whatever the clock says."""
    return max(session.clock.wall_ms(), session.roster.roster.created)


def threshold_after(before: Roster, after: Roster) -> int:
    """The smaller of three and the majority of admins; one that people chose stays, as far as there are admins."""
    was, are = _admins(before), _admins(after)
    usual = max(FLOOR, min(MAJORITY_UP_TO, are // 2 + 1))
    if before.threshold in (None, max(FLOOR, min(MAJORITY_UP_TO, was // 2 + 1))):
        return usual
    return max(FLOOR, min(before.threshold or FLOOR, are))


def _admins(roster: Roster) -> int:
    return sum("admin" in person.roles for person in roster.persons)


# -- proposing and signing ---------------------------------------------------------------------------------------------


def propose(
    session: Session, after: Roster, *, texts: Iterable[str] = (), reason: str = "", papers: Iterable[bytes] = ()
) -> Outcome:
    """Sign a next version as its first signer, keep it in the record with the reason, and lay it into every place.

    `texts` are the disclosures that its people's digests name; `papers` documents it names (a new policy).

    Raises:
        WrongUse: without a place, when one's own signature counts for nothing, when another version with it waits, or
            when nobody could sign the version after it.
        BadRoster: when it may not follow.
    """
    raw = canon.encode(after.as_json())
    if not session.settings.places:
        raise WrongUse("Nobody else could see it: this profile has no shared place.", "Add a folder first.")
    _require_sound(session, after, raw)
    if not admin_quorum_satisfiable(after):
        raise WrongUse(
            "After it too few admins could sign the next roster; the organisation could never be changed again.",
            "Admit an admin or a recovery key first.",
        )
    _require_one(session, canon.sha256_hex(raw))
    key = _require_counting(session, after)
    feed, ref = session.person(), session.ref
    blob = signer.sign_single(key, sshsig.roster_ns(session.org), raw, partial(session.ask, APPROVER))
    sha = canon.sha256_hex(raw)

    def work(tx: Tx) -> None:
        said = {"reason": reason.strip()} if reason.strip() else {}
        stored = tx.append(feed, Draft("roster.proposed", pub={"doc": sha}, disclosures=dict(said)), roster=ref)
        tx.put_document(raw, tuple(texts), stored.id)
        for paper in papers:
            tx.put_document(paper, (), stored.id)

    session.store.write(work)
    _publish(session, after.n, raw, {key.public.fingerprint: blob})
    return _outcome(session, sha, after.n)


def sign(session: Session, sha: str, *, recovery: TypedKey | None = None) -> Outcome:
    """Sign the version that was shown, with one's approver key, or with the sealed recovery key as read off its sheet.

    Raises:
        WaitsForPeople, WrongUse: as `find`; WrongUse also when the signature would count for nothing, or when one
            signed another version of this number.
        Problem: when it may never follow.
    """
    one = find(session, sha)
    if one.problem:
        raise Problem(one.problem, "Have it proposed again; nothing was signed.")
    _require_one(session, one.sha)
    after = read_roster(one.raw)
    public = _require_counting(session, after).public if recovery is None else recovery.public
    if recovery is not None and recovery_counts_for(session, one, recovery.public) is None:
        raise WrongUse("Neither roster lists this recovery key for an admin.", "Is it of another organisation?")
    if public.fingerprint not in one.signatures:
        blob = _signature(session, one.raw, recovery)
        _publish(session, one.n, one.raw, {**one.signatures, public.fingerprint: blob})
    return _outcome(session, one.sha, one.n)


def _signature(session: Session, raw: bytes, recovery: TypedKey | None) -> bytes:
    namespace = sshsig.roster_ns(session.org)
    if recovery is None:
        key = keyfile.read_saved(session.paths.key("approver"), "approver")
        return signer.sign_single(key, namespace, raw, partial(session.ask, APPROVER))
    words = read_words(session.ask(RECOVERY).decode("utf-8", "replace"))
    return signer.sign_typed(recovery.pem, recovery.public, "recovery", namespace, raw, words)


def recovery_counts_for(session: Session, one: Waiting, public: PublicKey) -> str | None:
    """The admin for whom this sealed recovery key would sign the version that waits; None where it counts for nothing.

    A person's approver key is none: it has its own way, and its own guards.
    """
    after = read_roster(one.raw)
    known = beneath(session, after)
    uses = {facts.use for version in known for facts in version.keys().values() if facts.public == public}
    uses |= {key.use for person in after.persons for key in person.keys if key.key == public.line}
    return _counts_for(known, after, public) if uses == {"recovery"} else None


def withdraw(session: Session, sha: str) -> Waiting:
    """Take a version that only oneself signed out of the places, so that another can be proposed.

    Raises:
        WrongUse: when somebody else signed it already, or oneself did not.
    """
    one = find(session, sha)
    if one.signed != (session.me,):
        raise WrongUse("Only a roster that you alone signed can be withdrawn.", "Settle with the others which to sign.")
    session.person()
    for folder in session.settings.places:
        place = FolderPlace(Path(folder))
        place.remove(layout.roster_name(one.n, one.sha))
        for fingerprint in one.signatures:
            place.remove(layout.roster_signature_name(one.n, one.sha, fingerprint))
    entries = session.reader.entries(org=True, kinds=("roster.proposed",))
    named = [
        stored.id for stored in entries if stored.entry.pub["doc"] == one.sha and stored.entry.author == session.me
    ]
    if named:
        session.append(Draft("retraction", pub={"of": list(named)}, disclosures={"reason": "Withdrawn."}))
    return one


def own_key(session: Session) -> SavedKey | None:
    """The approver key of this profile; None where there is none."""
    try:
        return keyfile.read_saved(session.paths.key("approver"), "approver")
    except Problem:
        return None


def _outcome(session: Session, sha: str, n: int) -> Outcome:
    organisation.adopt_rosters(session)
    if any(version.sha256 == sha for version in session.store.rosters()):
        return Outcome(sha, n, in_force=True, missing="")
    return Outcome(sha, n, in_force=False, missing=next((o.missing for o in waiting(session) if o.sha == sha), ""))


def _publish(session: Session, n: int, raw: bytes, signatures: Mapping[str, bytes]) -> None:
    for folder in session.settings.places:
        put_roster(FolderPlace(Path(folder)), n, raw, signatures)


def _require_sound(session: Session, after: Roster, raw: bytes) -> None:
    before, *settled = beneath(session, after)
    try:
        verify_next(before, raw, {}, settled)
    except TooFewSigners:
        return


def _counts_for(known: Iterable[VerifiedRoster], after: Roster, key: PublicKey) -> str | None:
    """The admin for whom this key's signature would count, in any version that has to have signed it."""
    found = (counts_for(version, after, key) for version in known)
    return next((person for person in found if person is not None), None)


def _require_one(session: Session, sha: str) -> None:
    """Two versions of one number with the same signers would split the organisation."""
    other = next((one for one in waiting(session) if one.sha != sha and session.me in one.signed), None)
    if other is not None:
        raise WrongUse(
            f"Another roster {other.n} with your signature waits; signing two could split the organisation.",
            f"Have it signed, or withdraw it: standdown org withdraw --roster {other.sha[:12]}",
        )


def _require_counting(session: Session, after: Roster) -> SavedKey:
    key = own_key(session)
    if key is None:
        raise WrongUse("This profile has no approver key.", "Found or join an organisation first.")
    if _counts_for(beneath(session, after), after, key.public) != session.me:
        raise WrongUse("Your approver key is no admin's in either roster; its signature would count for nothing.")
    return key


# -- reading what waits ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Told:
    proposer: str | None
    reason: str
    names: Mapping[str, str]


def _told(session: Session) -> dict[str, _Told]:
    """What the record says about proposed versions: who, why, and the names given to the people in them."""
    found: dict[str, _Told] = {}
    for stored in session.reader.entries(org=True, kinds=("roster.proposed",)):
        sha, reason = str(stored.entry.pub["doc"]), stored.disclosed.get("reason")
        if stored.standing == "good":
            names = names_in(session, sha)
            found.setdefault(sha, _Told(stored.entry.author, reason if isinstance(reason, str) else "", names))
    return found


def names_in(session: Session, sha: str) -> dict[str, str]:
    """The names a roster's disclosures give to its people, as far as they are here."""
    row = session.reader.document(sha)
    if row is None:
        return {}
    try:
        roster = read_roster(row.raw)
    except BadForm:
        return {}
    opened = row.disclosed_by_digest
    return {
        person.person: text
        for person in roster.persons
        for digest in person.sd
        if (pair := opened.get(digest)) is not None and pair[0] == "name" and isinstance(text := pair[1], str)
    }


def _waiting(
    session: Session, raw: bytes, signatures: dict[str, bytes], mine: SavedKey | None, told: _Told | None
) -> Waiting | None:
    try:
        after = read_roster(raw)
        before, *settled = known = beneath(session, after)
        by: dict[str, bool] = {}
        for version in known:
            for person, listed in signers_of(version, after, raw, signatures).items():
                by[person] = by.get(person, False) or listed
    except Problem:
        return None  # whatever lies in a folder is not trusted: a key in it that is none must hide no other
    if not any(by.values()):
        return None  # without a signature of ours it is nobody's proposal
    missing, problem = "", ""
    try:
        verify_next(before, raw, signatures, settled)
    except TooFewSigners as fault:
        missing = fault.what.removeprefix("The roster is refused: ")
    except Problem as fault:
        problem = fault.what
    if not problem and (ends := ends_too_soon(before.roster, after, session.clock.wall_ms())):
        problem = ends
    may = mine is not None and _counts_for(known, after, mine.public) == session.me
    done = session.me in by if mine is None else mine.public.fingerprint in signatures
    return Waiting(
        sha=canon.sha256_hex(raw), n=after.n, created_ms=after.created, raw=raw,
        proposer=told.proposer if told else None, reason=told.reason if told else "",
        signed=tuple(sorted(by)), missing=missing, mine="signed" if done else "may" if may else "not",
        problem=problem, names=told.names if told else {}, signatures=signatures,
    )  # fmt: skip
