"""A new key for this console in place of one it has: made here, asked for, used from when a roster names it.

It never ends a key by itself and never drops one that waits for signatures: only a roster in force changes what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal

from console.domain.errors import WrongUse
from console.domain.forms import Enrolment, Person, PersonKey
from console.keys import canon, hardware, keyfile, signer, sshsig
from console.keys.publickey import PublicKey
from console.keys.recovery import create_recovery_key
from console.keys.words import words_of
from console.runtime.ids import new_nonce
from console.services import organisation, roster, setup
from console.services.members import NEW_KEYS, with_keys
from console.services.roster import Outcome
from console.services.roster_signers import read_roster
from console.services.session import Session, nobody_asked, open_writer, typed
from console.sync.folder import FolderPlace
from console.sync.people import put_enrolment

Use = Literal["writer", "approver", "recovery"]
Signature = Callable[[bytes], bytes]


def renew(
    session: Session, use: Use, *, held: PublicKey | None = None, on_device: bool = False, envelopes: Path | None = None
) -> tuple[str, Outcome | None]:  # fmt: skip
    """Make a new key for this console, and ask for it; the words to read to an admin. An admin proposes it at once.

    The new key is used here as soon as a roster that names it is in force; until then the one before is. `held` is a
    key in the ssh-agent that becomes the writer key; `on_device` makes the approver key on a FIDO2 security key. The
    two sheets of a recovery key are written into `envelopes` (the profile's own folder, where none is named).

    Raises:
        NotInRoster: for a console that no roster names.
        WrongUse: while an earlier new key of this use waits for signatures, for a key that the organisation knows
            already, and for a kind that does not fit the use.
        WrongPassphrase, SigningFailed: as the keys' makers and signers.
    """
    session.person()
    me = next((one for one in session.roster.roster.persons if one.person == session.me), None)
    if me is None:
        raise WrongUse("You are in no roster yet.", "Join first.")
    _require_fitting(session, use, held, on_device=on_device)
    if use == "recovery":
        with _sealed(session, envelopes or session.paths.root / "envelopes") as (key, signature):
            return _ask(session, me, use, key, signature, "A new recovery key, in new envelopes.")
    key, signature = _made(session, use, held, on_device=on_device)
    kind = " on a security key" if on_device else " in the ssh-agent" if held is not None else ""
    return _ask(session, me, use, key, signature, f"A new {use} key{kind}.")


def _ask(
    session: Session, me: Person, use: Use, key: PublicKey, signature: Signature, reason: str
) -> tuple[str, Outcome | None]:  # fmt: skip
    """Lay the request into the places; where this person is an admin, propose it instead."""
    request = _request(session, me, use, key)
    raw = canon.encode(request.as_json())
    blobs = {key.fingerprint: signature(raw), **_by_device(session, raw)}
    words = words_of(canon.sha256_hex(raw))
    if "admin" not in me.roles:
        for folder in session.settings.places:
            put_enrolment(FolderPlace(Path(folder)), raw, blobs)
        return words, None
    made = roster.made_ms(session)
    after = roster.follows(session, with_keys(session.roster.roster, request, made), made)
    return words, roster.propose(session, after, reason=reason)


@contextmanager
def _sealed(session: Session, folder: Path) -> Generator[tuple[PublicKey, Signature], None, None]:
    """A new recovery key as two sheets in `folder`; they are gone again where it could not be asked for."""
    if left := setup.envelopes_left(session.paths):
        raise WrongUse(
            f"Envelopes of yours still lie as files ({left[0].parent}).", "Print, seal and delete them first."
        )
    path, namespace = session.paths.key("recoverynext"), sshsig.enrol_ns(session.org)
    for old in (path, path.with_suffix(".pub")):
        old.unlink(missing_ok=True)
    sealed = create_recovery_key(path, session.org, session.entropy, rounds=organisation.key_rounds(session.org))
    setup.write_note(session.paths, replace(setup.read_note(session.paths), envelopes=str(folder.absolute())))
    pem = keyfile.read_pem(path)
    sheets = organisation.write_envelopes(sealed, folder)
    path.with_suffix(".pub").unlink(missing_ok=True)
    public, words = sealed.key.public, sealed.phrase.encode()
    try:
        yield public, lambda raw: signer.sign_typed(pem, public, "recovery", namespace, raw, words)
    except BaseException:
        for sheet in sheets:
            sheet.unlink(missing_ok=True)
        raise


def waits(session: Session, use: Use) -> bool:
    """Whether a roster waits for signatures that brings this console (or this person) another key of this use."""
    listed = {facts.public.line for facts in session.roster.keys().values()}
    console = None if use == "recovery" else session.settings.console
    return any(
        key.use == use and key.console == console and key.key not in listed
        for one in roster.waiting(session)
        for person in read_roster(one.raw).persons
        if person.person == session.me
        for key in person.keys
    )


def _require_fitting(session: Session, use: Use, held: PublicKey | None, *, on_device: bool) -> None:
    if held is not None and use != "writer":
        raise WrongUse("A key in an agent never approves: any program of yours could ask it.", "Use a security key.")
    if on_device and use != "approver":
        raise WrongUse(
            "A security key approves; it would ask to be touched for every entry.", "Renew the approver key."
        )
    if held is not None and held.raw in session.roster.owners():
        raise WrongUse("The organisation knows this key already.", "A key has one use and one person; choose another.")
    if waits(session, use):
        raise WrongUse(
            f"A roster with a new {use} key of this console waits for signatures already.",
            "Have it signed, or withdraw it first.",
        )


def _made(
    session: Session, use: Literal["writer", "approver"], held: PublicKey | None, *, on_device: bool
) -> tuple[PublicKey, Signature]:  # fmt: skip
    """The new key, saved beside the one in use, and how it signs the request."""
    path, namespace = session.paths.key(f"{use}next"), sshsig.enrol_ns(session.org)
    for left in (path, path.with_suffix(".pub")):
        left.unlink(missing_ok=True)
    if held is not None:
        saved = keyfile.save_held(path, held, "writer")
        return held, lambda raw: open_writer(saved, nobody_asked).sign(namespace, raw)
    if on_device:
        pin = cache(lambda: session.ask(hardware.PIN))  # asked for once: to make the key, and for what proves it
        saved = hardware.create(path, "approver", pin)
        return saved.public, lambda raw: signer.sign_single(saved, namespace, raw, pin)
    passphrase = session.ask(NEW_KEYS[use], new=True)
    if use == "approver":
        rounds = organisation.key_rounds(session.org)
        saved = signer.create_approver_key(path, "approver", passphrase, rounds=rounds)
        return saved.public, lambda raw: signer.sign_once(saved, namespace, raw, passphrase)
    keyfile.require_passphrase(passphrase)
    wrapped = keyfile.wrap(keyfile.new_private(session.entropy), passphrase, rounds=keyfile.SESSION_ROUNDS)
    saved = keyfile.save(path, wrapped, "writer")
    return saved.public, lambda raw: open_writer(saved, typed(passphrase)).sign(namespace, raw)


def _request(session: Session, me: Person, use: Use, key: PublicKey) -> Enrolment:
    console = next(one for one in session.roster.roster.consoles if one.console == session.settings.console)
    now = session.clock.wall_ms()
    bound = None if use == "recovery" else console.console
    fresh = PersonKey(key=key.line, use=use, console=bound, from_ms=now, to_ms=None)
    return Enrolment(
        org=session.org, genesis=organisation.genesis_of(session), created=now, nonce=new_nonce(session.entropy),
        person=replace(me, keys=(fresh,)), console=console,
    )  # fmt: skip


def _by_device(session: Session, raw: bytes) -> dict[str, bytes]:
    device = session.device().signer
    return {device.public.fingerprint: device.sign(sshsig.enrol_ns(session.org), raw)}
