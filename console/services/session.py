"""One opened profile: its journal, its keys as far as they are unlocked, its clock. It never keeps a passphrase.

The device key opens with the profile; the writer key when something is first written; an approver key never here.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from console.domain.errors import Problem
from console.domain.forms import RosterRef
from console.journal.reader import Reader
from console.journal.store import JournalStore
from console.journal.tx import Tx
from console.journal.values import Draft, FeedSigner, Stored
from console.keys import canon, keyfile
from console.keys.publickey import PublicKey
from console.keys.roster import VerifiedRoster
from console.keys.signer import DeviceSigner, WriterSigner
from console.outbox.store import OUTBOX
from console.runtime.clock import Clock, SystemClock
from console.runtime.ids import Entropy, SystemEntropy
from console.runtime.paths import ProfilePaths
from console.runtime.settings import ProfileSettings, read_settings, write_settings

WRITER = "your writer key"
APPROVER = "your approver key"
SECRETS = "the secrets file"


class AskPassphrase(Protocol):
    """How a passphrase is had: from a terminal, a descriptor, or the drill's own colleague."""

    def __call__(self, what: str, *, new: bool = False) -> bytes:
        """The passphrase for `what`; `new` asks twice where a person types it."""
        ...


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
        self.ask = ask
        self.clock = clock
        self.entropy = entropy
        self._person: FeedSigner | None = None
        self._device: FeedSigner | None = None
        self._writer: WriterSigner | None = None

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
        store = JournalStore.open(paths, clock, entropy, parts=(OUTBOX,), genesis=settings.genesis)
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

    # -- keys ----------------------------------------------------------------------------------------------------------

    def writer(self) -> WriterSigner:
        """The person's writer key, unlocked on first use.

        Raises:
            WrongPassphrase, BadKeyFile: as their names say.
        """
        if self._writer is None:
            saved = keyfile.read_saved(self.paths.key("writer"), "writer")
            signer = WriterSigner(saved.public)
            signer.unlock(keyfile.read_private(saved.path, self.ask(WRITER)))
            self._writer = signer
        return self._writer

    def person(self) -> FeedSigner:
        """The person's open feed on this console.

        Raises:
            NotInRoster: when the roster in force does not name this key (yet).
        """
        if self._person is None:
            signer = self.writer()
            self._require_member(signer.public.fingerprint)
            self._person = self.store.open_feed(
                signer, org=self.org, console=self.settings.console, author=self.me, roster=self.ref
            )
        return self._person

    def device(self) -> FeedSigner:
        """The console's own open feed; it needs no passphrase."""
        if self._device is None:
            saved = keyfile.read_saved(self.paths.key("console"), "console")
            signer = DeviceSigner(saved.public)
            signer.unlock(keyfile.read_private(saved.path, None))
            self._require_member(saved.public.fingerprint)
            self._device = self.store.open_feed(
                signer, org=self.org, console=self.settings.console, author=None, roster=self.ref
            )
        return self._device

    def _require_member(self, fingerprint: str) -> None:
        named = [key.key for person in self.roster.roster.persons for key in person.keys]
        named += [console.key for console in self.roster.roster.consoles]
        if fingerprint not in {PublicKey.parse(line).fingerprint for line in named}:
            raise NotInRoster

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

    # -- names ---------------------------------------------------------------------------------------------------------

    def name_of(self, person: str | None) -> str:
        """The display name of a person, from the roster's disclosures here; else the end of the id."""
        if person is None:
            return "the console"
        for version in reversed(self.store.rosters()):
            for member in version.roster.persons:
                if member.person == person and (found := self._disclosed_name(version, member.sd)):
                    return found
        if person == self.me:
            return self.settings.name
        for stored in reversed(self.reader.entries(org=True, kinds=("self-test",))):
            spoken = stored.disclosed.get("speaker")
            if stored.entry.author == person and isinstance(spoken, str):
                return spoken
        return f"person ..{person[-4:]}"

    def _disclosed_name(self, version: VerifiedRoster, digests: tuple[str, ...]) -> str | None:
        texts = self.reader.disclosures([version.sha256]).get(version.sha256, ())
        for text in texts:
            _, name, value = canon.open_disclosure(text)
            if name == "name" and canon.digest(text) in digests and isinstance(value, str):
                return value
        return None

    # -- life ----------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Lock the writer key and close the journal."""
        if self._writer is not None:
            self._writer.lock()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class NotInRoster(Problem):
    """The key of this console is in no roster that is in force here."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__(
            "The roster in force does not name this console's keys yet.",
            "Wait until the admins admitted you (`standdown org sign`, then `standdown sync run`).",
        )


__all__ = ["APPROVER", "SECRETS", "WRITER", "AskPassphrase", "NotInRoster", "Session"]
