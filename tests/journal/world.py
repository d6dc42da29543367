"""A small organisation for journal tests: persons with consoles, rosters signed by real keys, stores on real files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.domain.forms import ConsoleKey, Person, PersonKey, RevokedKey, Roster
from console.journal.store import JournalStore
from console.keys import canon
from console.keys.sshsig import Stamp, public_of, roster_ns
from console.runtime.ids import crockford
from console.runtime.paths import ProfilePaths
from tests.kit.clock import FakeClock
from tests.kit.entropy import SeededEntropy

ORG = "o-" + crockford(b"\x01" * 16)
INC = "i-" + crockford(b"\x02" * 16)
OTHER_INC = "i-" + crockford(b"\x03" * 16)
OP = "a-" + crockford(b"\x04" * 16)


class Key:
    """A plain key that signs anything, as a `Signer`."""

    def __init__(self, seed: str) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(SeededEntropy(f"key {seed}").token(32))
        self.public = public_of(self.private)
        self._stamps: dict[str, Stamp] = {}

    def sign(self, namespace: str, message: bytes) -> bytes:
        if namespace not in self._stamps:
            self._stamps[namespace] = Stamp(self.private, namespace)
        return self._stamps[namespace].sign(message)


@dataclass
class Member:
    """One person at one console."""

    number: int
    person: str = field(init=False)
    console: str = field(init=False)

    def __post_init__(self) -> None:
        self.person = "p-" + crockford(bytes([16 + self.number]) * 16)
        self.console = "c-" + crockford(bytes([32 + self.number]) * 16)
        self.writer = Key(f"writer {self.number}")
        self.approver = Key(f"approver {self.number}")
        self.device = Key(f"device {self.number}")

    def as_person(self, *, alone: bool = False) -> Person:
        keys = tuple(
            PersonKey(key=key.public.line, use=use, console=bound, from_ms=0, to_ms=None)
            for key, use, bound in ((self.writer, "writer", self.console), (self.approver, "approver", None))
        )
        return Person(
            person=self.person, roles=("admin", "commander", "approver"), keys=keys[:1] if alone else keys, sd=()
        )

    def as_console(self) -> ConsoleKey:
        return ConsoleKey(console=self.console, key=self.device.public.line, from_ms=0, to_ms=None)


class World:
    """Rosters 0 (alone) and 1 (everyone); more on request."""

    def __init__(self, members: int = 3, folder: Path | None = None) -> None:
        self.members = [Member(number) for number in range(members)]
        self.folder = folder
        first = self.members[0]
        genesis = Roster(
            org=ORG, n=0, prev=None, created=1, threshold=None, policy=None,
            persons=(first.as_person(alone=True),), consoles=(first.as_console(),),
        )  # fmt: skip
        raw = canon.encode(genesis.as_json())
        self.rosters = [(raw, {first.writer.public.fingerprint: first.writer.sign(roster_ns(ORG), raw)})]
        self.genesis = canon.sha256_hex(raw)
        self.next_roster()

    def next_roster(self, revoked: tuple[RevokedKey, ...] = ()) -> tuple[bytes, dict[str, bytes]]:
        made = self.make_roster(revoked)
        self.rosters.append(made)
        return made

    def make_roster(self, revoked: tuple[RevokedKey, ...] = (), created: int = 2) -> tuple[bytes, dict[str, bytes]]:
        n = len(self.rosters)
        roster = Roster(
            org=ORG, n=n, prev=canon.sha256_hex(self.rosters[-1][0]), created=created, threshold=2, policy=None,
            persons=tuple(member.as_person() for member in self.members),
            consoles=tuple(member.as_console() for member in self.members), revoked=revoked,
        )  # fmt: skip
        raw = canon.encode(roster.as_json())
        signers = [member.approver for member in self.members[:2]]
        if n == 1:
            signers.append(self.members[0].writer)
        return raw, {key.public.fingerprint: key.sign(roster_ns(ORG), raw) for key in signers}

    @property
    def ref(self) -> tuple[int, str]:
        return len(self.rosters) - 1, canon.sha256_hex(self.rosters[-1][0])

    def open(self, name: str, clock: FakeClock | None = None, *, rosters: bool = True, folder: Path | None = None):
        where = folder or self.folder
        assert where is not None
        store = JournalStore.open(
            ProfilePaths(where / name), clock or FakeClock(), SeededEntropy(f"store {name}"), genesis=self.genesis
        )
        if rosters:
            self.give_rosters(store)
        return store

    def give_rosters(self, store: JournalStore) -> None:
        for raw, sigs in self.rosters:
            store.write(lambda tx, raw=raw, sigs=sigs: tx.put_roster(raw, sigs))

    def person_feed(self, store: JournalStore, number: int = 0, **how):
        member = self.members[number]
        return store.open_feed(
            member.writer, org=ORG, console=member.console, author=member.person, roster=self.ref, **how
        )

    def machine_feed(self, store: JournalStore, number: int = 0, **how):
        member = self.members[number]
        return store.open_feed(member.device, org=ORG, console=member.console, author=None, roster=self.ref, **how)
