"""The one door for rosters (protocol.md sections 2 and 12): what comes out of it is proven, member by member.

A version counts by the distinct people who signed it, never by signatures. It reads no file and asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from console.domain.forms import Enrolment, Head, Roster, RosterRef
from console.domain.profile import MAX_DOCUMENT_BYTES
from console.keys import canon
from console.keys.faults import BadEnrolment, BadRoster, BadSignature, TooFewSigners
from console.keys.keyfile import PURPOSES
from console.keys.publickey import PublicKey
from console.keys.sshsig import enrol_ns, roster_ns, verify

_SIGNING = ("approver", "recovery")
_FOUNDERS = 2
_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What a roster says of one key: whose (person, or a console's device), its use, where bound, validity in ms."""

    person: str | None
    console: str | None
    use: str
    from_ms: int
    to_ms: int | None
    public: PublicKey

    @property
    def owner(self) -> tuple[str | None, str]:
        """The person (for a device key the console) and the use: what stays the same for ever."""
        return self.person or self.console, self.use

    def valid_at(self, at_ms: int) -> bool:
        """Whether the key may be used at this time."""
        return self.from_ms <= at_ms and (self.to_ms is None or at_ms < self.to_ms)


class VerifiedRoster:
    """One proven version. Only this module makes it."""

    __slots__ = ("_keys", "_owners", "_revoked", "raw", "roster", "sha256")

    def __init__(self, raw: bytes, roster: Roster, previous: VerifiedRoster | None = None) -> None:
        self.raw = raw
        self.roster = roster
        self.sha256 = canon.sha256_hex(raw)
        self._keys = _keys_of(roster)
        self._revoked = {one.key: {feed: (seq, ident) for feed, seq, ident in one.good} for one in roster.revoked}
        # whose every key of any version is or was, by its point: a key never changes hands, not even after a pause
        now: dict[bytes, tuple[str | None, str]] = {facts.public.raw: facts.owner for facts in self._keys.values()}
        self._owners = now if previous is None else {**previous.owners(), **now}

    @property
    def ref(self) -> RosterRef:
        """As entries and documents cite it."""
        return self.roster.n, self.sha256

    def key(self, fingerprint: str) -> KeyFacts | None:
        """What this version says of a key; None where it does not list it."""
        return self._keys.get(fingerprint)

    def keys(self) -> Mapping[str, KeyFacts]:
        """Every key by fingerprint."""
        return self._keys

    def owners(self) -> Mapping[bytes, tuple[str | None, str]]:
        """Whose every key of this or an earlier version is or was, by its 32 bytes."""
        return self._owners

    def is_revoked(self, fingerprint: str) -> bool:
        """Whether this version revokes the key."""
        return fingerprint in self._revoked

    def good(self, fingerprint: str, feed: str) -> tuple[int, str] | None:
        """The last good (seq, id) of a feed of a revoked key; None where nothing of it is good."""
        return self._revoked.get(fingerprint, {}).get(feed)

    def persons_with(self, role: str) -> tuple[str, ...]:
        """Who may hold a role."""
        return tuple(person.person for person in self.roster.persons if role in person.roles)

    def changes_hands(self, later: VerifiedRoster) -> bool:
        """Whether a later version gives a key of any version so far to somebody else, or another use."""
        return any(self._owners.get(facts.public.raw, facts.owner) != facts.owner for facts in later.keys().values())

    def signers(self, sigs: Mapping[str, bytes], message: bytes, at_ms: int) -> frozenset[str]:
        """The distinct admins of this version whose valid approver or recovery key signed a roster's bytes.

        A signature that does not hold counts for nothing; it does not spoil the others.
        """
        namespace, admins = roster_ns(self.roster.org), self.persons_with("admin")
        return frozenset(
            facts.person
            for name, facts in self._keys.items()
            if name in sigs
            and facts.use in _SIGNING
            and facts.person is not None
            and facts.person in admins
            and facts.valid_at(at_ms)
            and not self.is_revoked(name)
            and _holds(facts.public, namespace, message, sigs[name])
        )


def _holds(key: PublicKey, namespace: str, message: bytes, sig: bytes) -> bool:
    try:
        verify(key, namespace, message, sig)
    except BadSignature:
        return False
    return True


def verify_genesis(raw: bytes, sigs: Mapping[str, bytes], pinned: str | None) -> VerifiedRoster:
    """Prove roster 0: one person, signed by that person's one writer key, and the fingerprint had another way.

    `pinned` is None only where this console makes it.

    Raises:
        BadRoster: when it is another one than the pinned, or not validly signed.
        BadForm: when the bytes are no roster.
    """
    roster = read_roster(raw)
    if roster.n != 0:
        raise BadRoster("the first roster has number 0")
    if pinned is not None and pinned != canon.sha256_hex(raw):
        raise BadRoster("its fingerprint is not the one that was compared")
    if len(roster.persons) != 1 or [key.use for key in roster.persons[0].keys] != ["writer"]:
        raise BadRoster("roster 0 holds one person with one writer key")
    _check_members(roster)
    founder = PublicKey.parse(roster.persons[0].keys[0].key)
    if founder.fingerprint not in sigs or not _holds(founder, roster_ns(roster.org), raw, sigs[founder.fingerprint]):
        raise TooFewSigners("its one person did not sign it")
    return VerifiedRoster(raw, roster)


def verify_next(
    previous: VerifiedRoster, raw: bytes, sigs: Mapping[str, bytes], settled: Sequence[VerifiedRoster] = ()
) -> VerifiedRoster:
    """Prove version n+1: signed by the admin threshold of distinct people of n and of n+1.

    Roster 1 is signed by the writer key of roster 0 and by the approver keys of its own admins (section 12). One that
    ends a split is signed by the threshold of every version it settles as well; `settled` are those, proven.

    Raises:
        TooFewSigners: naming whose signatures are missing.
        BadRoster: when it may not follow.
        BadForm: when the bytes are no roster.
    """
    roster = read_roster(raw)
    before = previous.roster
    if roster.org != before.org:
        raise BadRoster("it belongs to another organisation")
    if roster.n != before.n + 1 or roster.prev != previous.sha256:
        raise BadRoster("it does not follow the roster in force")
    if roster.created < before.created:
        raise BadRoster("it is older than the one it follows")
    _check_members(roster)
    found = VerifiedRoster(raw, roster, previous)
    if previous.changes_hands(found):
        raise BadRoster("a key changes hands or use; make a new key")
    if not {one.key for one in before.revoked} <= {one.key for one in roster.revoked}:
        raise BadRoster("it drops a revocation; a revoked key stays revoked")
    needed = roster.threshold or _FOUNDERS
    _require(found.signers(sigs, raw, roster.created), needed, "the new version")
    if before.threshold is None:
        founder = PublicKey.parse(before.persons[0].keys[0].key)
        sig = sigs.get(founder.fingerprint)
        if sig is None or not _holds(founder, roster_ns(roster.org), raw, sig):
            raise TooFewSigners("the person of roster 0 did not sign it with the writer key")
    else:
        _require(previous.signers(sigs, raw, roster.created), before.threshold, "the version in force")
    if roster.settles != tuple(sorted(one.sha256 for one in settled)):
        raise BadRoster("a version that it settles is not here")
    for one in settled:
        _require_settles(found, one, sigs)
    return found


def _require_settles(found: VerifiedRoster, other: VerifiedRoster, sigs: Mapping[str, bytes]) -> None:
    """It stands to a version of another branch as to the one it follows: nothing of that branch is undone by it."""
    if other.roster.n == 0 or other.roster.created > found.roster.created:
        raise BadRoster("it settles a version that is no branch, or is newer than itself")
    if other.changes_hands(found):
        raise BadRoster("a key of the other branch changes hands or use; make a new key")
    if not {one.key for one in other.roster.revoked} <= {one.key for one in found.roster.revoked}:
        raise BadRoster("it drops a revocation of the other branch; a revoked key stays revoked")
    signed = other.signers(sigs, found.raw, found.roster.created)
    _require(signed, other.roster.threshold or _FOUNDERS, f"the other version {other.roster.n}")


def _require(people: frozenset[str], needed: int, of: str) -> None:
    if len(people) < needed:
        raise TooFewSigners(f"{len(people)} of {needed} admins of {of} signed it")


def read_roster(raw: bytes) -> Roster:
    """A version's bytes as a form; nothing of it is proven.

    Raises:
        BadForm: when they are none.
    """
    return Roster.parse(canon.decode(raw, limit=MAX_DOCUMENT_BYTES))


def _keys_of(roster: Roster) -> dict[str, KeyFacts]:
    found: dict[str, KeyFacts] = {}
    for person in roster.persons:
        for key in person.keys:
            public = PublicKey.parse(key.key)
            found[public.fingerprint] = KeyFacts(person.person, key.console, key.use, key.from_ms, key.to_ms, public)
    for console in roster.consoles:
        public = PublicKey.parse(console.key)
        found[public.fingerprint] = KeyFacts(None, console.console, "device", console.from_ms, console.to_ms, public)
    return found


def _check_members(roster: Roster) -> None:
    _distinct([person.person for person in roster.persons], "a person stands in it twice")
    _distinct([console.console for console in roster.consoles], "a console stands in it twice")
    for person in roster.persons:
        _distinct(list(person.roles), "a role stands twice at one person")
    points = [PublicKey.parse(key.key).raw for person in roster.persons for key in person.keys]
    points += [PublicKey.parse(console.key).raw for console in roster.consoles]
    _distinct(points, "one key stands in it twice; every key has one use, one person and one place")
    consoles = {console.console for console in roster.consoles}
    if any(key.console not in {None, *consoles} for person in roster.persons for key in person.keys):
        raise BadRoster("a key is bound to a console it does not list")
    admins = [person for person in roster.persons if "admin" in person.roles]
    if roster.threshold is not None and roster.threshold > len(admins):
        raise BadRoster(f"{roster.threshold} admins must sign, and it has {len(admins)}")


def _distinct(items: Sequence[object], why: str) -> None:
    if len(set(items)) != len(items):
        raise BadRoster(why)


def check_names(names: Mapping[str, str]) -> None:
    """Refuse display names (person id to name) that people could take for each other: equal but for case and spaces.

    Raises:
        BadRoster: naming neither.
    """
    _distinct(
        ["".join(name.split()).casefold() for name in names.values()], "two people have the same name but for case"
    )


def verify_enrolment(raw: bytes, sigs: Mapping[str, bytes], org: str, genesis: str) -> Enrolment:
    """Prove a request to join: it is for this organisation, and every key it names signed it.

    Raises:
        BadEnrolment: when a key did not sign, stands twice, or it is for another organisation.
        BadForm: when the bytes are no request.
    """
    request = Enrolment.parse(canon.decode(raw, limit=MAX_DOCUMENT_BYTES))
    if request.org != org or request.genesis != genesis:
        raise BadEnrolment("it is for another organisation")
    lines = [key.key for key in request.person.keys] + [request.console.key]
    keys = [PublicKey.parse(line) for line in lines]
    if len({key.raw for key in keys}) != len(keys):
        raise BadEnrolment("it names one key twice")
    if any(key.console not in {None, request.console.console} for key in request.person.keys):
        raise BadEnrolment("it binds a key to another console than its own")
    for key in keys:
        if key.fingerprint not in sigs or not _holds(key, enrol_ns(org), raw, sigs[key.fingerprint]):
            raise BadEnrolment(f"the key {key.fingerprint} did not sign it")
    return request


def founding_complete(roster: Roster) -> bool:
    """Whether the organisation survives the loss of a key: three people, or two with recovery keys, can sign."""
    able = [uses for uses in _signing_uses(roster).values() if "approver" in uses]
    spare = [uses for uses in able if "recovery" in uses]
    return len(able) >= _ENOUGH or len(spare) >= _FOUNDERS


def admin_quorum_satisfiable(roster: Roster) -> bool:
    """Whether enough admins hold a key that could sign the next version; roster 0 is followed by its one person."""
    return roster.threshold is None or len(_signing_uses(roster)) >= roster.threshold


def _signing_uses(roster: Roster) -> dict[str, frozenset[str]]:
    """Each admin who can sign a roster, with the uses of the unrevoked keys that could."""
    gone = {one.key for one in roster.revoked}
    found = {
        person.person: frozenset(
            key.use
            for key in person.keys
            if key.use in _SIGNING and key.to_ms is None and PublicKey.parse(key.key).fingerprint not in gone
        )
        for person in roster.persons
        if "admin" in person.roles
    }
    return {person: uses for person, uses in found.items() if uses}


def signer_namespaces(org: str) -> dict[str, str]:
    """What stock OpenSSH may accept from each use of key, for `allowed_signers`."""
    uses = {**PURPOSES, "device": PURPOSES["console"]}
    return {use: ",".join(f"{word}@{org}" for word in sorted(words)) for use, words in uses.items() if use != "console"}


def allowed_signers(rosters: Iterable[VerifiedRoster], namespaces: Mapping[str, str]) -> str:
    """OpenSSH `allowed_signers` of every key any version lists: principal, namespaces by use, validity, key.

    `namespaces` maps a use (writer, approver, recovery, device) to its comma-separated namespaces.
    """
    lines: dict[str, str] = {}
    for version in rosters:
        for name, facts in version.keys().items():
            options = [f'namespaces="{namespaces[facts.use]}"', f'valid-after="{_stamp(facts.from_ms, up=False)}"']
            if facts.to_ms is not None:
                options.append(f'valid-before="{_stamp(facts.to_ms, up=True)}"')
            lines[name] = f"{facts.person or facts.console} {','.join(options)} {facts.public.line}"
    return "".join(f"{lines[name]}\n" for name in sorted(lines))


def _stamp(at_ms: int, *, up: bool) -> str:
    """OpenSSH's YYYYMMDDHHMMSSZ, in whole seconds towards the wider validity."""
    from datetime import UTC, datetime  # noqa: PLC0415  only exports need it

    seconds = -(-at_ms // 1000) if up else at_ms // 1000
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d%H%M%SZ")


def revoked_tsv(roster: Roster) -> str:
    """`key<TAB>feed<TAB>seq<TAB>id` for every last good entry of a revoked key; one line with dashes where none is."""
    lines = ["key\tfeed\tlast_good_seq\tlast_good_id"]
    for one in roster.revoked:
        heads: Sequence[Head | tuple[str, str, str]] = one.good or (("-", "-", "-"),)
        lines += [f"{one.key}\t{feed}\t{seq}\t{ident}" for feed, seq, ident in heads]
    return "\n".join(lines) + "\n"
