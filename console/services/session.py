"""One opened profile: its journal, its keys as far as they are unlocked, its clock. It never keeps a passphrase.

The device key opens with the profile; the writer key when something is first written; an approver key never here.
Any thread may use it; but no journal transaction may open a feed or ask for a key: it would wait for itself.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeVar, cast

from console.domain.errors import Problem
from console.journal.reader import Reader
from console.journal.readings import Readings
from console.journal.store import JournalStore
from console.journal.tx import Tx
from console.journal.values import Draft, FeedSigner, Stored
from console.keys import keyfile
from console.keys.keyfile import SavedKey
from console.keys.signer import DeviceSigner, WriterSigner
from console.outbox.store import OUTBOX
from console.runtime.clock import Clock, SystemClock
from console.runtime.ids import Entropy, SystemEntropy
from console.runtime.mark import MARK_EVERY_MS, MarkFile, mark_path
from console.runtime.paths import ProfilePaths, state_home
from console.runtime.settings import ProfileSettings, read_settings, write_settings
from console.services.names import Names

if TYPE_CHECKING:  # a window that starts holds no agent's key, and needs no more than their names
    from console.domain.forms import Head, RosterRef
    from console.keys.agent import AgentWriter
    from console.keys.roster import VerifiedRoster

    Writer = WriterSigner | AgentWriter

T = TypeVar("T")
WRITER = "your writer key"
HELD_WRITER = "your writer key in the ssh-agent"  # it has no passphrase here: a person says that they are there
APPROVER = "your approver key"
SECRETS = "the secrets file"


class AskPassphrase(Protocol):
    """How a passphrase is had: from a terminal, a descriptor, or the drill's own colleague."""

    def __call__(self, what: str, *, new: bool = False) -> bytes:
        """The passphrase for `what`; `new` asks twice where a person types it."""
        ...


class Locked(Problem):
    """Something has to be unlocked first, and nobody typed its passphrase: a window asks for it and tries again.

    `key` is what (WRITER, SECRETS, APPROVER); `new` whether a passphrase has to be chosen, typed twice.
    """

    exit_code = 3

    def __init__(self, key: str, *, new: bool = False) -> None:
        """Keep what is locked apart from the sentence."""
        what = f"A passphrase for {key} has to be chosen." if new else f"This needs {key}, which is locked."
        super().__init__(what, "Type its passphrase; nothing was changed.")
        self.key = key
        self.new = new


def nobody_asked(what: str, *, new: bool = False) -> bytes:
    """How a window's session asks: not at all. What was offered before (`Session.offer`) is used, else it raises.

    Raises:
        Locked: always.
    """
    raise Locked(what, new=new)


class Session:
    """A profile in use. A context manager; leaving it locks the writer key and closes the journal."""

    def __init__(
        self,
        paths: ProfilePaths,
        settings: ProfileSettings,
        store: JournalStore,
        ask: AskPassphrase,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self.paths = paths
        self.settings = settings
        self.store = store
        self.clock = clock
        self.entropy = entropy
        self._gate = threading.RLock()
        self._asks = ask
        self._offered: dict[str, bytearray] = {}
        self._person: FeedSigner | None = None
        self._device: FeedSigner | None = None
        self._writer: Writer | None = None
        self._shut = False
        self._held: bool | None = None
        self._readings = Readings(clock)
        self._readings_gate = threading.Lock()
        self._met = False
        self._met_gate = threading.Lock()
        self._marked_ms = clock.boot_ms()
        self._once_gate = threading.RLock()  # its own: a keyring may keep whoever opens it waiting
        self._once: dict[str, object] = {}
        self._names = Names(store, clock, settings.person, settings.name)

    @classmethod
    def open(
        cls, paths: ProfilePaths, ask: AskPassphrase, clock: Clock | None = None, entropy: Entropy | None = None
    ) -> Self:
        """Open the profile at `paths`.

        Raises:
            RuntimeProblem: where there is none, or its settings cannot be used.
        """
        settings = read_settings(paths.settings)
        clock, entropy = clock or SystemClock(), entropy or SystemEntropy()
        mark = None if settings.world == "drill" else mark_of(settings.console)
        store = JournalStore.open(paths, clock, entropy, parts=(OUTBOX,), genesis=settings.genesis, mark=mark)
        return cls(paths, settings, store, ask, clock, entropy)

    # -- who -----------------------------------------------------------------------------------------------------------

    @property
    def reader(self) -> Reader:
        """Read-only access to the journal."""
        return self.store.reader()

    @property
    def org(self) -> str:
        """The organisation's id."""
        return self.settings.org

    @property
    def me(self) -> str:
        """The person whose profile this is."""
        return self.settings.person

    @property
    def roster(self) -> VerifiedRoster:
        """The roster in force.

        Raises:
            NoRoster: before there is one.
        """
        return self.store.roster()

    @property
    def ref(self) -> RosterRef:
        """The roster in force as entries and documents cite it."""
        return self.roster.ref

    @property
    def provisional(self) -> bool:
        """Whether the organisation is still one person."""
        return self.roster.roster.n == 0

    def change_settings(self, settings: ProfileSettings) -> None:
        """Write the profile's settings durably."""
        write_settings(self.paths.settings, settings)
        self.settings = settings
        self._names = Names(self.store, self.clock, settings.person, settings.name)

    @property
    def clock_doubtful(self) -> bool:
        """Whether this console's clock went back, as the dispatcher judges it: the rule's answer depends on it."""
        from console.domain.clock_doubt import state_of  # noqa: PLC0415  asked long after the window is there

        with self._readings_gate, self.reader.snapshot() as connection:
            return state_of(self._readings.back_ms(connection)) == "doubtful"

    # -- keys ----------------------------------------------------------------------------------------------------------

    @property
    def ask(self) -> AskPassphrase:
        """How a passphrase is had: what was offered for it, once, else however this session asks."""
        return self._have

    @ask.setter
    def ask(self, asks: AskPassphrase) -> None:
        self._asks = asks

    def offer(self, what: str, passphrase: bytes) -> None:
        """Have this passphrase ready for the next time `what` is asked for. It serves once and is then forgotten."""
        with self._gate:
            self._wipe(what)
            self._offered[what] = bytearray(passphrase)

    def forget(self, what: str) -> None:
        """What was offered for it and not taken serves for nothing any more."""
        with self._gate:
            self._wipe(what)

    def _have(self, what: str, *, new: bool = False) -> bytes:
        with self._gate:
            if what in self._offered:
                passphrase = bytes(self._offered[what])
                self._wipe(what)
                return passphrase
        return self._asks(what, new=new)

    def _wipe(self, what: str) -> None:
        """Python cannot promise that no copy is left; ours is overwritten."""
        offered = self._offered.pop(what, bytearray())
        offered[:] = bytes(len(offered))

    @property
    def unlocked(self) -> bool:
        """Whether the person's writer key is unlocked. The device key always is: it carries no authority."""
        signer = self._writer
        return signer is not None and not signer.locked

    @property
    def usable(self) -> bool:
        """Whether whoever sits here could write without being asked: unlocked, or in an agent and not locked yet."""
        if self._held is None:
            self._held = keyfile.is_held_at(self.paths.key("writer"))
        return self.unlocked or (self._held and not self._shut)

    def lock(self) -> None:
        """Forget the writer key and whatever passphrase was offered. The machine's own work goes on."""
        with self._gate:
            for what in list(self._offered):
                self._wipe(what)
            self._shut = True
            if self._writer is not None:
                self._writer.lock()

    def writer(self) -> Writer:
        """The person's writer key, unlocked on first use and after `lock`.

        One in an agent is used at once at first, and after `lock` only when a person unlocked it (`HELD_WRITER`).

        Raises:
            Locked: in a window where nobody typed the passphrase, or unlocked the agent's key again.
            WrongPassphrase, BadKeyFile, NoAgent: as their names say.
        """
        with self._gate:
            if self._writer is None or self._writer.locked:
                saved = keyfile.read_saved(self.paths.key("writer"), "writer")
                self._writer = open_writer(saved, self.ask, self._writer, shut=self._shut)
                self._shut = False
            return self._writer

    def person(self) -> FeedSigner:
        """The person's open feed on this console.

        Raises:
            NotInRoster: when the roster in force does not name this key (yet).
            Locked, WrongPassphrase, BadKeyFile: as `writer`.
        """
        self._meet_places_first()
        with self._gate:
            signer = self.writer()
            self._drop_ended_feeds()
            self._require_member(signer.public.fingerprint)
            if self._person is None:
                self._person = self.store.open_feed(
                    signer, org=self.org, console=self.settings.console, author=self.me, roster=self.ref,
                    continues=self._continues(signer.public.fingerprint),
                )  # fmt: skip
            return self._person

    def device(self) -> FeedSigner:
        """The console's own open feed; it needs no passphrase.

        Raises:
            NotInRoster: when the roster in force does not name this console (yet).
        """
        self._meet_places_first()
        with self._gate:
            self._drop_ended_feeds()
            if self._device is not None:
                self._require_member(self._device.signer.public.fingerprint)
            else:
                saved = keyfile.read_saved(self.paths.key("console"), "console")
                signer = DeviceSigner(saved.public)
                signer.unlock(keyfile.read_private(saved.path, None))
                self._require_member(saved.public.fingerprint)
                self._device = self.store.open_feed(
                    signer, org=self.org, console=self.settings.console, author=None, roster=self.ref
                )
            return self._device

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives, made at most once in this session under this name."""
        with self._once_gate:
            if name not in self._once:
                self._once[name] = make()
            return cast("T", self._once[name])

    def _meet_places_first(self) -> None:
        """Before the first write: take back what was written with our keys and is not here, from any place in reach."""
        with self._met_gate:  # its own: a share that hangs keeps writing waiting for a moment, never locking
            first, self._met = not self._met, True
            if first and self.settings.places:
                from console.sync.own import take_back  # noqa: PLC0415  nothing is exchanged where there is no place

                take_back(self.store, self.settings.places, self.settings.console)

    def _drop_ended_feeds(self) -> None:
        """A feed that forked, or that another continues, is not written any more: the next use opens the one after."""
        if self._person is not None and not self.store.may_write(self._person.feed):
            self._person = None
        if self._device is not None and not self.store.may_write(self._device.feed):
            self._device = None

    def keys_renewed(self) -> None:
        """The key files of this profile are others now: forget what was opened from the ones before."""
        with self._gate:
            self.lock()
            self._writer = self._person = self._held = None
            self._shut = False

    def _continues(self, fingerprint: str) -> Head | None:
        """The head of the feed that this person wrote here with the key before this one, where there is none by it."""
        feeds = [one for one in self.reader.feeds() if (one.author, one.console) == (self.me, self.settings.console)]
        heads = self.reader.heads()
        if any(one.key == fingerprint for one in feeds) or not feeds:
            return None
        last = max(feeds, key=lambda one: self._opened_ms(one.opened))
        return (last.feed, *heads[last.feed])

    def _opened_ms(self, ident: str) -> tuple[int, int]:
        stored = self.reader.entry(ident)
        return (0, 0) if stored is None else stored.entry.hlc

    def _require_member(self, fingerprint: str) -> None:
        """What a key writes after its end or its revocation would not count anywhere: it is not written."""
        roster = self.roster
        facts = roster.key(fingerprint)
        if facts is None:
            raise NotInRoster
        if roster.is_revoked(fingerprint) or (facts.to_ms is not None and self.clock.wall_ms() >= facts.to_ms):
            raise KeyEnded

    # -- writing -------------------------------------------------------------------------------------------------------

    def append(self, draft: Draft) -> Stored:
        """One entry by the person, durable when this returns."""
        return self.append_all([draft])[0]

    def append_all(self, drafts: list[Draft]) -> list[Stored]:
        """Several entries by the person in one transaction."""
        feed, ref = self.person(), self.ref
        return self.store.write(lambda tx: [tx.append(feed, draft, roster=ref) for draft in drafts])

    def append_with(self, work: Callable[[Tx, FeedSigner, RosterRef], Stored]) -> Stored:
        """One transaction that needs more than an entry (documents, blobs)."""
        feed, ref = self.person(), self.ref
        return self.store.write(lambda tx: work(tx, feed, ref))

    def keep_mark(self) -> Future[None] | None:
        """Call it now and then: the mark then rises within a minute, though nothing more is written. Never waits.

        The future, where it was due, is done when the mark is kept.
        """
        now = self.clock.boot_ms()
        if now - self._marked_ms < MARK_EVERY_MS:
            return None
        self._marked_ms = now
        return self.store.transaction(lambda _: None)  # its commit raises the mark

    # -- names ---------------------------------------------------------------------------------------------------------

    def name_of(self, person: str | None) -> str:
        """The display name of a person, from the roster's disclosures here; else the end of the id."""
        return "the console" if person is None else self._names.of(person)

    # -- life ----------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Lock the writer key and close the journal."""
        self.lock()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def typed(passphrase: bytes) -> AskPassphrase:
    """Answers with what was typed already."""

    def answer(what: str, *, new: bool = False) -> bytes:  # noqa: ARG001  whatever it is for
        return passphrase

    return answer


def open_writer(saved: SavedKey, ask: AskPassphrase, before: Writer | None = None, *, shut: bool = False) -> Writer:
    """The writer key, unlocked: `before` again where it was only locked, since an open feed signs through it.

    An agent would go on signing for whoever sits here: where it was locked (`shut`), somebody has to say otherwise.

    Raises:
        WrongPassphrase, BadKeyFile, NoAgent: as their names say; WrongUse: when the agent does not hold the key.
    """
    if keyfile.is_held(saved):
        from console.keys.agent import AgentWriter, agent_of  # noqa: PLC0415  few keys are in an agent

        held = before if isinstance(before, AgentWriter) else AgentWriter(saved.public, agent_of())
        if shut:
            ask(HELD_WRITER)
        held.unlock()
        return held
    kept = before if isinstance(before, WriterSigner) else WriterSigner(saved.public)
    kept.unlock(keyfile.read_private(saved.path, ask(WRITER)))
    return kept


def mark_of(console: str) -> MarkFile:
    """Where this user's machine keeps how far a console has written: outside of the profile, on purpose."""
    return MarkFile(mark_path(state_home(os.environ, Path.home()), console))


class NotInRoster(Problem):
    """The key of this console is in no roster that is in force here."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__(
            "The roster in force does not name this console's keys yet.",
            "Wait until the admins admitted you (`standdown org sign`, then `standdown sync run`).",
        )


class KeyEnded(Problem):
    """The roster in force ended or revoked the key of this console: nothing more is written with it."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__(
            "The roster in force ended or revoked this console's key.",
            "Join again with a new key (`standdown org join --person`), or ask an admin.",
        )


__all__ = [
    "APPROVER", "HELD_WRITER", "SECRETS", "WRITER", "AskPassphrase", "KeyEnded", "Locked", "NotInRoster", "Session",
    "nobody_asked",
]  # fmt: skip
