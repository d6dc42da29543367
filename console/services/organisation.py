"""Found an organisation from a provisional record, join one, rehearse (protocol.md sections 2 and 12).

Rosters lie in the folder while they gather signatures; one counts here only when its whole chain proves itself.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Final, Literal

from console.domain.actions import ApprovalRecord, Rehearsal, document_json
from console.domain.errors import BadForm, Problem, WaitsForPeople, WrongUse
from console.domain.forms import ConsoleKey, Enrolment, Person, PersonKey, Roster, default_policy
from console.domain.profile import MAX_DOCUMENT_BYTES
from console.journal.store import JournalStore
from console.journal.tx import Tx
from console.journal.values import Draft
from console.keys import canon, hardware, keyfile, signer, sshsig
from console.keys.publickey import PublicKey
from console.keys.recovery import SealedRecovery, create_recovery_key
from console.keys.signer import DeviceSigner
from console.keys.words import same_words, words_of
from console.outbox.store import OUTBOX
from console.runtime import platform
from console.runtime.clock import Clock, SystemClock
from console.runtime.ids import Entropy, SystemEntropy, new_id, new_nonce
from console.runtime.paths import ProfilePaths
from console.runtime.settings import ProfileSettings, World, write_settings
from console.services import setup
from console.services.asking import request_heard
from console.services.record import make_session_keys, require_name, require_new
from console.services.session import APPROVER, WRITER, AskPassphrase, KeyEnded, Session, open_writer, typed
from console.sync.folder import FolderPlace
from console.sync.layout import ObjectName
from console.sync.people import (
    Found,
    put_enrolment,
    put_roster,
    rosters_in,
)  # fmt: skip

SECOND_ROLES = ("admin", "approver", "commander", "deputy")
_RENEWED: Final[tuple[Literal["writer", "approver"], ...]] = ("writer", "approver")
_PRACTICE_ROUNDS = 2  # a practice key guards nothing: its passphrase is printed on the screen; nobody waits for it


@dataclass(frozen=True, slots=True)
class Prepared:
    """The founder's keys are made and roster 0 lies in the folder: what to read out, and the two envelopes."""

    genesis_words: str
    envelopes: tuple[Path, Path]


def prepare_founding(session: Session, folder: Path, envelopes: Path, *, on_device: bool = False) -> Prepared:
    """Make the approver key and the sealed recovery key, publish roster 0 in the folder, remember the place.

    `on_device` makes the approver key on a FIDO2 security key.

    Raises:
        WrongUse: when the organisation is founded already.
    """
    if not session.provisional:
        raise WrongUse("This organisation is founded already.", "Colleagues join with `standdown org join`.")
    session.writer()  # a wrong passphrase shows before anything is made
    sealed = make_signing_keys(session.paths, session.org, session.ask, session.entropy, on_device=on_device)
    paths = write_envelopes(sealed, envelopes)
    place = FolderPlace(folder)
    for n, _, raw, sigs, rival in session.reader.roster_files():
        if not rival:
            put_roster(place, n, raw, sigs)
    add_place(session, folder)
    return Prepared(words_of(genesis_of(session)), paths)


def genesis_of(session: Session) -> str:
    """The fingerprint of roster 0."""
    return session.store.rosters()[0].sha256


def key_rounds(org: str) -> int:
    """How hard the passphrase of an approver or recovery key of this organisation is to try."""
    return _PRACTICE_ROUNDS if org.startswith("d-") else keyfile.SINGLE_ROUNDS


def make_signing_keys(
    paths: ProfilePaths, org: str, ask: AskPassphrase, entropy: Entropy, *, on_device: bool = False
) -> SealedRecovery:
    """An approver key of one's own and a sealed recovery key; what an unfinished attempt left is made anew."""
    rounds = key_rounds(org)
    passphrase = b"" if on_device else ask(APPROVER, new=True)
    for role in ("approver", "recovery"):
        for path in (paths.key(role), paths.key(role).with_suffix(".pub")):
            path.unlink(missing_ok=True)
    if on_device:
        hardware.create(paths.key("approver"), "approver", lambda: ask(hardware.PIN))
    else:
        signer.create_approver_key(paths.key("approver"), "approver", passphrase, rounds=rounds)
    return create_recovery_key(paths.key("recovery"), org, entropy, rounds=rounds)


def write_envelopes(sealed: SealedRecovery, folder: Path) -> tuple[Path, Path]:
    """Both sheets as files to print and seal; the recovery key itself then leaves the profile."""
    platform.make_private_directory(folder)
    one, two = folder / "recovery-envelope-1.txt", folder / "recovery-envelope-2.txt"
    platform.write_durably(one, sealed.file_sheet.encode())
    platform.write_durably(two, sealed.words_sheet.encode())
    sealed.key.path.unlink()
    return one, two


def add_place(session: Session, folder: Path) -> None:
    """Remember a folder as a place to sync with."""
    place = str(folder.expanduser().absolute())
    if place not in session.settings.places:
        session.change_settings(replace(session.settings, places=(*session.settings.places, place)))


@dataclass(frozen=True, slots=True)
class Joined:
    """A request to join lies in the folder: its words, to be read to an admin."""

    words: str
    envelopes: tuple[Path, Path]


def join(  # noqa: PLR0913  what a person types at the door, and what tests put in the place of time and chance
    paths: ProfilePaths, ask: AskPassphrase, *, folder: Path, words: str, name: str, envelopes: Path,
    clock: Clock | None = None, entropy: Entropy | None = None, member: str | None = None,
    held: PublicKey | None = None, on_device: bool = False,
) -> Joined:  # fmt: skip
    """Make a profile and keys, pin the genesis whose words were heard, and ask to be admitted.

    `member` is one's own id in that organisation, where this is a further device or takes the place of a lost one.
    `held` is a key in the ssh-agent that becomes the writer key instead of a new one; `on_device` makes the approver
    key on a FIDO2 security key.

    Raises:
        WrongUse: where there is a profile already.
        Problem: when no roster 0 in the folder has these words.
    """
    clock, entropy = clock or SystemClock(), entropy or SystemEntropy()
    require_new(paths)
    require_name(name)
    place = FolderPlace(folder)
    found, _ = rosters_in(place, begins_with(words))
    begin = next(iter(found), None)
    if begin is None:
        raise Problem(
            "No organisation in that folder has these words.", "Compare them again; if they differ, do not go on."
        )
    value = canon.decode(begin.raw, limit=1024 * 1024)
    org = Roster.parse(value).org
    passphrase = b"" if held is not None else ask(WRITER, new=True)
    writer_key, device_key = make_session_keys(paths, passphrase, entropy, held)
    pin = cache(lambda: ask(hardware.PIN))  # asked for once: to make the key, and for what proves it
    sealed = make_signing_keys(paths, org, _asking(ask, pin), entropy, on_device=on_device)
    world: World = "drill" if org.startswith("d-") else "real"
    person, console = member or new_id("p", entropy), new_id("c", entropy)
    settings = ProfileSettings(
        org=org, world=world, person=person, console=console, name=name, genesis=begin.sha256,
        places=(str(folder.expanduser().absolute()),),
    )  # fmt: skip
    now = clock.wall_ms()
    approver_key = keyfile.read_saved(paths.key("approver"), "approver")
    request = Enrolment(
        org=org, genesis=begin.sha256, created=now, nonce=new_nonce(entropy),
        person=Person(
            person=person, roles=SECOND_ROLES, sd=(),
            keys=(
                PersonKey(key=writer_key.public.line, use="writer", console=console, from_ms=now, to_ms=None),
                PersonKey(key=approver_key.public.line, use="approver", console=console, from_ms=now, to_ms=None),
                PersonKey(key=sealed.key.public.line, use="recovery", console=None, from_ms=now, to_ms=None),
            ),
        ),
        console=ConsoleKey(console=console, key=device_key.public.line, from_ms=now, to_ms=None),
    )  # fmt: skip
    raw = canon.encode(request.as_json())
    namespace = sshsig.enrol_ns(org)
    writer, device = open_writer(writer_key, typed(passphrase)), DeviceSigner(device_key.public)
    device.unlock(keyfile.read_private(device_key.path, None))
    signatures = {
        writer_key.public.fingerprint: writer.sign(namespace, raw),
        device_key.public.fingerprint: device.sign(namespace, raw),
        approver_key.public.fingerprint: signer.sign_single(
            approver_key, namespace, raw, pin if on_device else partial(ask, APPROVER)
        ),
        sealed.key.public.fingerprint: signer.sign_once(sealed.key, namespace, raw, sealed.phrase.encode()),
    }
    kept = write_envelopes(sealed, envelopes)
    with JournalStore.open(paths, clock, entropy, parts=(OUTBOX,), genesis=begin.sha256) as store:
        store.write(lambda tx: tx.put_roster(begin.raw, begin.signatures))
    sha = put_enrolment(place, raw, signatures)
    setup.write_note(paths, replace(setup.read_note(paths), request=sha))
    write_settings(paths.settings, settings)
    return Joined(words_of(sha), kept)


def begins_with(words: str) -> Callable[[ObjectName], bool]:
    """Whether a name is of the roster 0 whose words were heard."""
    return lambda name: name.first == 0 and same_words(words_of(name.sha), words)


def _asking(ask: AskPassphrase, pin: Callable[[], bytes]) -> AskPassphrase:
    """As `ask`, but for the PIN."""
    return lambda what, *, new=False: pin() if what == hardware.PIN else ask(what, new=new)


def admit(session: Session, words: str) -> str:
    """Write roster 1 with the newcomer whose words were heard, sign it, and lay it into the folder; its hash.

    Raises:
        Problem: when no sound request in any place has these words.
        WrongUse: when the organisation is founded already.
    """
    if not session.provisional:
        raise WrongUse("This organisation is founded already.", "Further members are admitted by a roster of all.")
    genesis = session.store.rosters()[0]
    for folder in session.settings.places:
        place = FolderPlace(Path(folder))
        request = request_heard(place, session.org, genesis.sha256, words)
        if request is not None:
            return _write_roster_one(session, place, request)
    raise Problem("No request to join has these words.", "Compare them again, or wait until the folder has synced.")


def _write_roster_one(session: Session, place: FolderPlace, request: Enrolment) -> str:
    genesis = session.store.rosters()[0]
    now = session.clock.wall_ms()
    session.person()
    session.device()
    founder = genesis.roster.persons[0]
    made: list[PersonKey] = []
    for use, console in (("approver", session.settings.console), ("recovery", None)):
        line = keyfile.read_saved(session.paths.key(use), "approver" if use == "approver" else "recovery").public.line
        made.append(
            PersonKey(
                key=line, use="approver" if use == "approver" else "recovery", console=console, from_ms=now, to_ms=None
            )
        )
    roster = Roster(
        org=session.org, n=1, prev=genesis.sha256, created=now, threshold=2,
        policy=canon.sha256_hex(canon.encode(default_policy(session.org, now).as_json())),
        persons=tuple(sorted((replace(founder, keys=(*founder.keys, *made)), request.person), key=lambda p: p.person)),
        consoles=tuple(sorted((*genesis.roster.consoles, request.console), key=lambda c: c.console)),
        adopts=tuple(sorted((feed, seq, ident) for feed, (seq, ident) in session.reader.heads().items())),
    )  # fmt: skip
    raw = canon.encode(roster.as_json())
    namespace = sshsig.roster_ns(session.org)
    approver = keyfile.read_saved(session.paths.key("approver"), "approver")
    put_roster(
        place, 1, raw,
        {
            session.writer().public.fingerprint: session.writer().sign(namespace, raw),
            approver.public.fingerprint: signer.sign_single(approver, namespace, raw, partial(session.ask, APPROVER)),
        },
    )  # fmt: skip
    return canon.sha256_hex(raw)


def sign_roster(session: Session, sha: str | None = None) -> str:
    """Sign the first roster of two, which names one's own keys; adopt it where it is complete. Its hash.

    `sha` is that of the one that was shown: another that came into the folder meanwhile is not signed in its place.

    Raises:
        WaitsForPeople: when none waits, or the one that was shown does not any more.
        WrongUse: when several do and none is named.
    """
    mine = keyfile.read_saved(session.paths.key("approver"), "approver")
    waiting = {found.sha256: (place, found) for place, found in rosters_for_me(session)}
    if sha is None and len(waiting) > 1:
        raise WrongUse("Several rosters wait that name you.", "Name the one you have read: `standdown org pending`.")
    chosen = waiting.get(sha) if sha is not None else next(iter(waiting.values()), None)
    if chosen is None:
        raise WaitsForPeople("No roster waits for your signature.", "An admin admits you first: `standdown org admit`.")
    place, found = chosen
    if mine.public.fingerprint not in found.signatures:
        blob = signer.sign_single(mine, sshsig.roster_ns(session.org), found.raw, partial(session.ask, APPROVER))
        put_roster(place, found.n, found.raw, {**found.signatures, mine.public.fingerprint: blob})
    adopt_rosters(session)
    return found.sha256


def rosters_for_me(session: Session) -> list[tuple[FolderPlace, Found]]:
    """Those that wait, name one's own approver key, and were signed by the founder: anybody can lay others there."""
    founder = session.store.rosters()[0].roster.persons[0]
    writer = PublicKey.parse(next(key.key for key in founder.keys if key.use == "writer")).fingerprint
    try:
        mine = keyfile.read_saved(session.paths.key("approver"), "approver").public.line
    except Problem:
        return []
    named: list[tuple[FolderPlace, Found]] = []
    for place, found in waiting_rosters(session):
        roster = Roster.parse(canon.decode(found.raw, limit=MAX_DOCUMENT_BYTES))
        me = next((one for one in roster.persons if one.person == session.me), None)
        if writer in found.signatures and me is not None and any(key.key == mine for key in me.keys):
            named.append((place, found))
    return named


def waiting_rosters(session: Session) -> list[tuple[FolderPlace, Found]]:
    """Rosters in the places that follow the one in force here, or that would end a split of it."""
    tree = session.reader.roster_tree()
    known = {one.sha256 for one in (*tree.everything(), *tree.open)}
    in_force = session.roster
    waiting: list[tuple[FolderPlace, Found]] = []
    for folder in session.settings.places:
        place = FolderPlace(Path(folder))
        for one, value in _rosters_of(place, known):
            follows = value.n == in_force.roster.n + 1 and value.prev == in_force.sha256
            ends = bool(value.settles) and one.sha256 not in known and value.prev in known
            if (follows or ends) and value.org == session.org:
                waiting.append((place, one))
    return waiting


def _rosters_of(place: FolderPlace, known: set[str]) -> list[tuple[Found, Roster]]:
    """Further rosters in a place that are of the form. A place that is gone has none, and junk is passed over."""
    try:
        found, _ = rosters_in(place, lambda name: name.sha not in known)
    except Problem:
        return []
    sound: list[tuple[Found, Roster]] = []
    for one in found:
        try:
            sound.append((one, Roster.parse(canon.decode(one.raw, limit=MAX_DOCUMENT_BYTES))))
        except BadForm:
            continue
    return sound


def adopt_rosters(session: Session) -> bool:
    """Take over the following roster where it is fully signed, and note the one in force in the console's feed."""
    taken = False
    for _, found in waiting_rosters(session):
        try:
            _put(session, found)
            taken = True
        except Problem:  # not yet fully signed: it stays in the folder
            continue
    settle_keys(session)
    note_roster(session)
    return taken


def _put(session: Session, found: Found) -> None:
    session.store.write(lambda tx: tx.put_roster(found.raw, found.signatures))


def settle_keys(session: Session) -> None:
    """Use this console's renewed keys from when the roster in force names them; the ones before stay as files."""
    for use in _RENEWED:
        path, new = session.paths.key(use), session.paths.key(f"{use}next")
        public, new_public = path.with_suffix(".pub"), new.with_suffix(".pub")
        held = use == "writer" and keyfile.is_held_at(new)
        if (new.exists() or held) and _is_named(session, new, use):
            kept = session.paths.key(f"{use}until{session.roster.roster.n}")
            for old, aside in ((public, kept.with_suffix(".pub")), (path, kept)):
                if old.exists():
                    old.replace(aside)
            if not held:
                new.replace(path)
        if new_public.exists() and not new.exists() and not public.exists():  # perhaps begun by whoever ended there
            new_public.replace(public)
            platform.sync_directory(session.paths.keys)
            session.keys_renewed()


def _is_named(session: Session, path: Path, use: Literal["writer", "approver"]) -> bool:
    try:
        return session.roster.key(keyfile.read_saved(path, use).public.fingerprint) is not None
    except Problem:
        return False


def note_roster(session: Session) -> None:
    """Keep the policy that the roster in force names, carried by this console's `roster.adopted`; once each version."""
    roster = session.roster
    if roster.roster.n == 0 or roster.roster.policy is None:
        return
    if not any(one.console == session.settings.console for one in roster.roster.consoles):
        return
    try:
        device = session.device()
    except KeyEnded:  # whose key ended still reads, and notes nothing
        return
    noted = session.reader.entries(org=True, kinds=("roster.adopted",))
    if any(one.feed == device.feed and one.entry.pub.get("roster") == list(roster.ref) for one in noted):
        return
    policy = canon.encode(default_policy(session.org, roster.roster.created).as_json())
    known = canon.sha256_hex(policy) == roster.roster.policy

    def work(tx: Tx) -> None:
        stored = tx.append(device, Draft("roster.adopted", pub={"roster": list(roster.ref)}), roster=roster.ref)
        if known:
            tx.put_document(policy, carried_by=stored.id)

    session.store.write(work)


def rehearse(session: Session) -> str:
    """A self-test and one signed rehearsal: proof that this person can sign. The document's hash.

    Raises:
        WrongPassphrase: when the approver key does not open.
        NotInRoster: before the roster names this person.
    """
    feed, ref = session.person(), session.ref
    now = session.clock.wall_ms()
    document = Rehearsal(org=session.org, person=session.me, role="approver", roster=ref, created=now)
    raw = canon.encode(document_json(document))
    sha = canon.sha256_hex(raw)
    key = keyfile.read_saved(session.paths.key("approver"), "approver")
    record = ApprovalRecord(
        org=session.org, doc=sha, doc_type="rehearsal.v1", op=None, decision="approve", person=session.me,
        key=key.public.fingerprint, console=session.settings.console, seat="own", at=now, roster=ref,
        nonce=new_nonce(session.entropy),
    )  # fmt: skip
    signed = canon.encode(record.as_json())
    blob = signer.sign_single(key, sshsig.approve_ns(session.org), signed, partial(session.ask, APPROVER))

    def work(tx: Tx) -> None:
        proposed = tx.append(feed, Draft("document.proposed", pub={"doc": sha, "doc_type": "rehearsal.v1"}), roster=ref)
        tx.put_document(raw, carried_by=proposed.id)
        tx.append(
            feed, Draft("self-test", disclosures={"speaker": session.settings.name, "text": "I can sign."}), roster=ref
        )
        pub = {"doc": sha, "record": b64(signed), "sig": b64(blob)}
        tx.append(feed, Draft("document.approved", pub=dict(pub)), roster=ref)

    session.store.write(work)
    return sha


def b64(data: bytes) -> str:
    """Standard base64, as entries carry records and signatures."""
    return b64encode(data).decode("ascii")
