"""Rosters for tests and vectors: people with keys from fixed seeds, signed by whoever is named."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.domain.forms import ConsoleKey, Enrolment, Person, PersonKey, RevokedKey, Roster
from console.keys import canon, sshsig
from console.runtime.ids import crockford

NOW = 1_795_510_800_000


def made_id(prefix: str, name: str) -> str:
    return f"{prefix}-{crockford(hashlib.sha256(f'{prefix}:{name}'.encode()).digest()[:16])}"


ORG = made_id("o", "keys")


def key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"roster key {name}".encode()).digest())


def public(name: str) -> sshsig.PublicKey:
    return sshsig.public_of(key(name))


def person_key(name: str, use: str, console: str | None = None, to_ms: int | None = None) -> PersonKey:
    return PersonKey(key=public(name).line, use=use, console=console, from_ms=NOW, to_ms=to_ms)


def person(name: str, roles: tuple[str, ...] = ("admin", "commander"), *, recovery: bool = True) -> Person:
    """`name`-writer and `name`-approver, bound to the person's console, and `name`-recovery."""
    console = made_id("c", name)
    keys = [person_key(f"{name}-writer", "writer", console), person_key(f"{name}-approver", "approver", console)]
    if recovery:
        keys.append(person_key(f"{name}-recovery", "recovery"))
    return Person(person=made_id("p", name), roles=roles, keys=tuple(keys), sd=())


def console(name: str) -> ConsoleKey:
    return ConsoleKey(console=made_id("c", name), key=public(f"{name}-device").line, from_ms=NOW, to_ms=None)


def raw_of(form: Roster | Enrolment) -> bytes:
    return canon.encode(form.as_json())


def sign(raw: bytes, *names: str, namespace: str = "") -> dict[str, bytes]:
    return {
        public(name).fingerprint: sshsig.sign_blob(key(name), namespace or sshsig.roster_ns(ORG), raw) for name in names
    }


def genesis() -> Roster:
    founder = replace(person("one"), keys=person("one").keys[:1])
    return Roster(
        org=ORG,
        n=0,
        prev=None,
        created=NOW,
        threshold=None,
        policy=None,
        persons=(founder,),
        consoles=(console("one"),),
    )


def following(previous: Roster, *names: str, **changes: object) -> Roster:
    """The next version, with these people."""
    made = Roster(
        org=ORG,
        n=previous.n + 1,
        prev=canon.sha256_hex(raw_of(previous)),
        created=previous.created + 60_000,
        threshold=2,
        policy="ab" * 32,
        persons=tuple(person(name) for name in names),
        consoles=tuple(console(name) for name in names),
        revoked=previous.revoked,
    )
    return replace(made, **changes)


def revoked(name: str, *good: tuple[str, int, str]) -> RevokedKey:
    return RevokedKey(key=public(name).fingerprint, good=good)


def request(name: str = "three") -> Enrolment:
    return Enrolment(
        org=ORG,
        genesis=canon.sha256_hex(raw_of(genesis())),
        person=person(name),
        console=console(name),
        created=NOW,
        nonce="0f" * 16,
    )


REQUEST_SIGNERS = ("three-writer", "three-approver", "three-recovery", "three-device")
