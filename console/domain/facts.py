"""What the deciding console had before it: verified records, and every other fact the quorum rule may look at.

Values only. Signatures are verified before they come here, and the facts are folded from what the console had seen.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from console.domain.actions import Action, ApprovalRecord
from console.domain.clock_form import Clock
from console.domain.forms import Person, PersonKey, Policy, Roster, RosterRef

KeyKind = Literal["ssh-ed25519", "sk-ssh-ed25519@openssh.com"]
HARDWARE = "sk-ssh-ed25519@openssh.com"


@dataclass(frozen=True, slots=True)
class Signed:
    """An approval record whose SSHSIG the caller verified under the approver key it names.

    `user_verified` is the FIDO2 flag; `received_ms` is when the deciding console received it.
    """

    record: ApprovalRecord
    key_kind: KeyKind
    user_verified: bool
    received_ms: int


@dataclass(frozen=True, slots=True)
class SignedClock:
    """A reading of some console's clocks that people were asked to confirm, and every proven record about it."""

    sha: str
    clock: Clock
    signed: tuple[Signed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A machine that sent one target and says that its way back was compared (`undoing.sendings`)."""

    target: int
    feed: str
    console: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything besides the document and its records: what the deciding console had seen (section 7.1).

    `held`: roles held in this incident. `bad_keys`: fingerprints revoked or forked. `forked`: persons whose writer key
    forked. `recent_normal`: see `gravity`. `undone` and what begins with it describe the action that this document
    undoes, extends or ratifies: its hash, who signed it, when it was authorised, whether that was used up before, and
    (undo) whether the disclosed selectors and requests are exactly the signed revert, who proposed it, and which
    machines sent it (None: that is not asked). `extended_to`: a granted extension of this action, ms. `cancelled` and
    `refused` end the revision. `beside`: validly signed versions of other branches of the roster; while none of them is
    settled, `in_all` are the people who stand in every branch. `clocks`: readings of clocks that somebody signed or
    refused; whether they count, the rule says.
    """

    roster: Roster
    roster_sha: str
    policy: Policy
    policy_sha: str
    proposer: str | None = None
    held: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rehearsed: frozenset[str] = frozenset()
    bad_keys: frozenset[str] = frozenset()
    forked: frozenset[str] = frozenset()
    recent_normal: int = 0
    undone: Action | None = None
    undone_sha: str | None = None
    undone_signers: frozenset[str] = frozenset()
    undone_at_ms: int | None = None
    undone_used: bool = False
    undone_same: bool = False
    undone_proposer: str | None = None
    undone_sent: tuple[Sent, ...] | None = ()
    extended_to: int | None = None
    cancelled: bool = False
    refused: bool = False
    beside: frozenset[RosterRef] = frozenset()
    in_all: frozenset[str] | None = None
    clocks: tuple[SignedClock, ...] = ()


def fingerprint(line: str) -> str:
    """The OpenSSH fingerprint of a public key line.

    Raises:
        ValueError: when the line holds no base64 key.
    """
    blob = base64.b64decode(line.split(" ")[1], validate=True)
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def approver_keys(roster: Roster) -> dict[str, tuple[Person, PersonKey]]:
    """The approver keys of a roster by fingerprint; a key listed twice (in whatever use) is nobody's."""
    found: dict[str, tuple[Person, PersonKey]] = {}
    twice: set[str] = set()
    for person in roster.persons:
        for key in person.keys:
            try:
                name = fingerprint(key.key)
            except (ValueError, IndexError, binascii.Error):
                continue
            if name in found:
                twice.add(name)
            found[name] = (person, key)
    return {name: held for name, held in found.items() if name not in twice and held[1].use == "approver"}
