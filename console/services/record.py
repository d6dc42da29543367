"""Start now, alone: a provisional record (protocol.md section 2). One person, one writer key; nothing is dispatched."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.errors import WrongUse
from console.domain.forms import ConsoleKey, Person, PersonKey, Roster
from console.journal.store import JournalStore
from console.keys import canon, keyfile
from console.keys.publickey import PublicKey
from console.keys.sshsig import roster_ns
from console.keys.words import words_of
from console.outbox.store import OUTBOX
from console.runtime import platform
from console.runtime.clock import Clock, SystemClock
from console.runtime.ids import Entropy, SystemEntropy, new_id
from console.runtime.paths import ProfilePaths
from console.runtime.settings import ProfileSettings, World, write_settings
from console.services.session import WRITER, AskPassphrase, open_writer, typed

FOUNDER_ROLES = ("admin", "approver", "commander", "scribe")


@dataclass(frozen=True, slots=True)
class Started:
    """A provisional record: ids, and the fingerprint of roster 0 as hex and as words."""

    org: str
    person: str
    console: str
    genesis: str
    words: str


def start_record(
    paths: ProfilePaths, ask: AskPassphrase, *, name: str, world: World = "real", clock: Clock | None = None,
    entropy: Entropy | None = None, held: PublicKey | None = None,
) -> Started:  # fmt: skip
    """Make the profile, its writer and device key, and roster 0 signed by the writer key. Durable when it returns.

    `held` is a key in the ssh-agent that becomes the writer key instead of a new one.

    Raises:
        WrongUse: where there is a profile already, or the name is empty.
        SigningFailed: when the agent gave no signature.
    """
    clock, entropy = clock or SystemClock(), entropy or SystemEntropy()
    require_new(paths)
    require_name(name)
    org = new_id("d" if world == "drill" else "o", entropy)
    person, console = new_id("p", entropy), new_id("c", entropy)
    passphrase = b"" if held is not None else ask(WRITER, new=True)
    writer, device = make_session_keys(paths, passphrase, entropy, held)
    now = clock.wall_ms()
    disclosure = canon.make_disclosure(entropy.token(16), "name", name)
    roster = Roster(
        org=org, n=0, prev=None, created=now, threshold=None, policy=None,
        persons=(
            Person(
                person=person, roles=FOUNDER_ROLES, sd=(canon.digest(disclosure),),
                keys=(PersonKey(key=writer.public.line, use="writer", console=console, from_ms=now, to_ms=None),),
            ),
        ),
        consoles=(ConsoleKey(console=console, key=device.public.line, from_ms=now, to_ms=None),),
    )  # fmt: skip
    raw = canon.encode(roster.as_json())
    genesis = canon.sha256_hex(raw)
    signature = open_writer(writer, typed(passphrase)).sign(roster_ns(org), raw)
    settings = ProfileSettings(org=org, world=world, person=person, console=console, name=name, genesis=genesis)
    with JournalStore.open(paths, clock, entropy, parts=(OUTBOX,), genesis=genesis) as store:
        store.write(lambda tx: (tx.put_roster(raw, {writer.public.fingerprint: signature}),
                                tx.add_disclosures(genesis, [disclosure])))  # fmt: skip
    write_settings(paths.settings, settings)  # last: a profile is there when its settings are
    return Started(org, person, console, genesis, words_of(genesis))


def require_new(paths: ProfilePaths) -> None:
    """Refuse to make a profile where one is.

    Raises:
        WrongUse: then.
    """
    if paths.settings.exists():
        raise WrongUse(f"There is a profile at {paths.root} already.", "Use it, or name another folder with --profile.")


def require_name(name: str) -> None:
    """Refuse a name nobody could read.

    Raises:
        WrongUse: when it is empty, longer than 120 characters, or not printable.
    """
    if not name.strip() or len(name) > 120 or not name.isprintable():  # noqa: PLR2004  a line on a screen
        raise WrongUse("A name of 1 to 120 printable characters is needed.", "Give it with --name.")


def make_session_keys(
    paths: ProfilePaths, passphrase: bytes, entropy: Entropy, held: PublicKey | None = None
) -> tuple[keyfile.SavedKey, keyfile.SavedKey]:
    """The writer key (wrapped, or `held` by an agent) and the device key (opens with the profile), saved."""
    if held is None:
        keyfile.require_passphrase(passphrase)
    platform.make_private_directory(paths.root)
    platform.make_private_directory(paths.keys)
    for role in ("writer", "console"):  # what an unfinished start left behind was never anybody's key
        for path in (paths.key(role), paths.key(role).with_suffix(".pub")):
            path.unlink(missing_ok=True)
    if held is not None:
        writer = keyfile.save_held(paths.key("writer"), held, "writer")
    else:
        wrapped = keyfile.wrap(keyfile.new_private(entropy), passphrase, rounds=keyfile.SESSION_ROUNDS)
        writer = keyfile.save(paths.key("writer"), wrapped, "writer")
    device = keyfile.save(paths.key("console"), keyfile.unwrapped(keyfile.new_private(entropy)), "console")
    return writer, device
