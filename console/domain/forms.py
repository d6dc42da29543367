"""The signed forms of entries, rosters, policies and requests to join (protocol.md sections 2, 11, 12), as values.

Each form parses from checked JSON and gives the same JSON back. No bytes, no signatures, no files here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from console.domain import shape
from console.domain.errors import BadForm
from console.domain.profile import JsonValue

Head = tuple[str, int, str]
RosterRef = tuple[int, str]

ROLES = (
    "admin", "commander", "deputy", "scribe", "correction-lead", "expert", "communications-lead", "legal",
    "authority-liaison", "approver", "observer",
)  # fmt: skip
KEY_USES = ("writer", "approver", "recovery")
GRAVITIES = ("normal", "high", "critical")


def _hlc(value: object, where: str) -> tuple[int, int]:
    if isinstance(value, list) and len(value) == 2:  # noqa: PLR2004  a pair
        return shape.moment(value[0], f"{where}[0]"), shape.whole(value[1], f"{where}[1]")
    raise BadForm(where, "expected [milliseconds, counter]")


def _any_object(value: object, where: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise BadForm(where, "expected an object")


_ENTRY: dict[str, shape.Check] = {
    "_sd": shape.sorted_digests,
    "author": shape.or_null(shape.id_of("p")),
    "boot": shape.nonce,
    "console": shape.id_of("c"),
    "feed": shape.sha256,
    "hlc": _hlc,
    "inc": shape.or_null(shape.id_of("i")),
    "iprev": shape.or_null(shape.sha256),
    "iseq": shape.whole,
    "key": shape.fingerprint,
    "kind": shape.matching(r"[a-z][a-z0-9.-]{0,63}", "an entry kind"),
    "mono": shape.whole,
    "org": shape.org,
    "prev": shape.or_null(shape.sha256),
    "pub": _any_object,
    "refs": shape.list_of(shape.sha256, most=500),
    "roster": shape.pair,
    "seq": shape.whole,
    "subj": shape.or_null(shape.id_of("a")),
    "v": shape.whole,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One signed line of a feed. `hlc` is [wall ms, counter]; `mono` is boot-time ms; `prev` and `iprev` are entry ids.

    `author` is null on a console's own feed. `iseq`/`iprev` count this feed within `inc` (null is a chain of its own).
    """

    sd: tuple[str, ...]
    author: str | None
    boot: str
    console: str
    feed: str
    hlc: tuple[int, int]
    inc: str | None
    iprev: str | None
    iseq: int
    key: str
    kind: str
    mono: int
    org: str
    prev: str | None
    pub: dict[str, JsonValue]
    refs: tuple[str, ...]
    roster: RosterRef
    seq: int
    subj: str | None
    v: int = 1

    @staticmethod
    def parse(value: JsonValue) -> Entry:
        """Read an entry. Fields of a newer version are tolerated: the bytes are kept as signed anyway.

        Raises:
            BadForm: when a field of version 1 is missing or wrong.
        """
        found = shape.check_object(value, "", _ENTRY, spare=True)
        entry = Entry(sd=found.pop("_sd"), **found)
        if (entry.seq == 0) != (entry.prev is None):
            raise BadForm("prev", "it is null exactly where seq is 0")
        if (entry.iseq == 0) != (entry.iprev is None):
            raise BadForm("iprev", "it is null exactly where iseq is 0")
        return entry

    def as_json(self) -> dict[str, JsonValue]:
        """The object whose canonical bytes are signed."""
        return {
            "_sd": list(self.sd), "author": self.author, "boot": self.boot, "console": self.console, "feed": self.feed,
            "hlc": list(self.hlc), "inc": self.inc, "iprev": self.iprev, "iseq": self.iseq, "key": self.key,
            "kind": self.kind, "mono": self.mono, "org": self.org, "prev": self.prev, "pub": self.pub,
            "refs": list(self.refs), "roster": list(self.roster), "seq": self.seq, "subj": self.subj, "v": self.v,
        }  # fmt: skip


def feed_preimage(org: str, fingerprint: str, nonce: str) -> bytes:
    """What a feed id is the SHA-256 of; no final newline (section 12)."""
    return f"feed.v1\n{org}\n{fingerprint}\n{nonce}".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonKey:
    """A key of a person: OpenSSH public line, its one use, the console it is bound to (or none), validity in ms."""

    key: str
    use: Literal["writer", "approver", "recovery"]
    console: str | None
    from_ms: int
    to_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member: opaque id, roles the person may hold, keys, and the digests of name and contact disclosures."""

    person: str
    roles: tuple[str, ...]
    keys: tuple[PersonKey, ...]
    sd: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleKey:
    """An installation and its device key line, with validity in ms."""

    console: str
    key: str
    from_ms: int
    to_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokedKey:
    """A revoked key (fingerprint) and the last good head of each feed it wrote; later entries are quarantined."""

    key: str
    good: tuple[Head, ...]


_PERSON_KEY: dict[str, shape.Check] = {
    "key": shape.public_key,
    "use": shape.one_of(KEY_USES),
    "console": shape.or_null(shape.id_of("c")),
    "from": shape.moment,
    "to": shape.or_null(shape.moment),
}
_CONSOLE: dict[str, shape.Check] = {
    "console": shape.id_of("c"),
    "key": shape.public_key,
    "from": shape.moment,
    "to": shape.or_null(shape.moment),
}


def _person_key(value: object, where: str) -> PersonKey:
    found = shape.check_object(value, where, _PERSON_KEY)
    return PersonKey(from_ms=found.pop("from"), to_ms=found.pop("to"), **found)


def _console(value: object, where: str) -> ConsoleKey:
    found = shape.check_object(value, where, _CONSOLE)
    return ConsoleKey(from_ms=found.pop("from"), to_ms=found.pop("to"), **found)


def _person(value: object, where: str) -> Person:
    fields: dict[str, shape.Check] = {
        "person": shape.id_of("p"),
        "roles": shape.list_of(shape.one_of(ROLES), most=len(ROLES)),
        "keys": shape.list_of(_person_key, most=64, least=1),
        "_sd": shape.sorted_digests,
    }
    found = shape.check_object(value, where, fields)
    return Person(sd=found.pop("_sd"), **found)


def _revoked(value: object, where: str) -> RevokedKey:
    return RevokedKey(**shape.check_object(value, where, {"key": shape.fingerprint, "good": shape.heads}))


def _threshold(value: object, where: str) -> int:
    number = shape.whole(value, where)
    if number < 2:  # noqa: PLR2004  the floor of section 2: below is unrepresentable
        raise BadForm(where, "the admin threshold is at least 2")
    return number


_ROSTER: dict[str, shape.Check] = {
    "type": shape.constant("roster.v1"),
    "org": shape.org,
    "n": shape.whole,
    "prev": shape.or_null(shape.sha256),
    "created": shape.moment,
    "threshold": shape.or_null(_threshold),
    "policy": shape.or_null(shape.sha256),
    "persons": shape.list_of(_person, most=500, least=1),
    "consoles": shape.list_of(_console, most=1000, least=1),
    "revoked": shape.list_of(_revoked, most=1000),
    "adopts": shape.heads,
}
# only in a version that ends a split of the roster: the form of every other is as it was (decision 0027)
_SETTLES: Final = shape.list_of(shape.sha256, most=16, least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who may do what: one version. `threshold` and `prev` are null exactly at n = 0 (the provisional record).

    `adopts` names the heads of the feeds this version takes over; `settles`, ascending, the versions of other branches
    that end with it. Rules across versions: `console.keys.roster`.
    """

    org: str
    n: int
    prev: str | None
    created: int
    threshold: int | None
    policy: str | None
    persons: tuple[Person, ...]
    consoles: tuple[ConsoleKey, ...]
    revoked: tuple[RevokedKey, ...] = ()
    adopts: tuple[Head, ...] = ()
    settles: tuple[str, ...] = ()

    @staticmethod
    def parse(value: JsonValue) -> Roster:
        """Read one roster version.

        Raises:
            BadForm: on any departure from the form, including a threshold below 2.
        """
        has_settles = isinstance(value, dict) and "settles" in value
        found = shape.check_object(value, "", {**_ROSTER, "settles": _SETTLES} if has_settles else _ROSTER)
        found.pop("type")
        roster = Roster(**found)
        if list(roster.settles) != sorted(set(roster.settles)) or (roster.settles and roster.prev in roster.settles):
            raise BadForm("settles", "it names other versions than the one it follows, each once, ascending")
        for name, given in (("prev", roster.prev), ("threshold", roster.threshold)):
            if (given is None) != (roster.n == 0):
                raise BadForm(name, "it is null exactly in roster 0")
        return roster

    def as_json(self) -> dict[str, JsonValue]:
        """The object whose canonical bytes are signed."""
        return {
            "type": "roster.v1", "org": self.org, "n": self.n, "prev": self.prev, "created": self.created,
            "threshold": self.threshold, "policy": self.policy,
            "persons": [
                {
                    "person": p.person, "roles": list(p.roles), "_sd": list(p.sd),
                    "keys": [
                        {"key": k.key, "use": k.use, "console": k.console, "from": k.from_ms, "to": k.to_ms}
                        for k in p.keys
                    ],
                }
                for p in self.persons
            ],
            "consoles": [{"console": c.console, "key": c.key, "from": c.from_ms, "to": c.to_ms} for c in self.consoles],
            "revoked": [{"key": r.key, "good": [list(h) for h in r.good]} for r in self.revoked],
            "adopts": [list(h) for h in self.adopts],
            **({"settles": list(self.settles)} if self.settles else {}),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleClause:
    """At least `count` of the distinct approvers hold one of `any_of` in the incident."""

    any_of: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What one gravity needs: `persons` distinct persons, every clause, and (critical) distinct consoles."""

    persons: int
    clauses: tuple[RoleClause, ...]
    distinct_consoles: bool


def _clause(value: object, where: str) -> RoleClause:
    return RoleClause(
        **shape.check_object(
            value,
            where,
            {"any_of": shape.list_of(shape.one_of(ROLES), least=1, most=len(ROLES)), "count": shape.whole},
        )
    )


def _level(floor: int) -> shape.Check:
    def persons(value: object, where: str) -> int:
        number = shape.whole(value, where)
        if number < floor:
            raise BadForm(where, f"at least {floor} person(s) are needed here")
        return number

    def check(value: object, where: str) -> Level:
        return Level(
            **shape.check_object(
                value,
                where,
                {"persons": persons, "clauses": shape.list_of(_clause, most=8), "distinct_consoles": shape.flag},
            )
        )

    return check


def _levels(value: object, where: str) -> dict[str, Level]:
    floors = {"normal": 1, "high": 2, "critical": 2}
    return shape.check_object(value, where, {name: _level(floor) for name, floor in floors.items()})


_WINDOWS = ("approve_by_ms", "execute_by_ms", "execute_by_unreachable_ms", "undo_ms", "ratify_ms", "lease_ms")


def _windows(value: object, where: str) -> dict[str, int]:
    return shape.check_object(value, where, dict.fromkeys(_WINDOWS, shape.length))


_POLICY: dict[str, shape.Check] = {
    "type": shape.constant("policy.v1"),
    "org": shape.org,
    "levels": _levels,
    "windows": _windows,
    "normal_per_hour": shape.whole,
    "break_glass": shape.list_of(shape.one_of(ROLES), most=len(ROLES)),
    "created": shape.moment,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The approval policy as data (section 6): levels by gravity, windows in ms, how many normal actions an hour.

    `break_glass` lists the roles that may act alone in an emergency.
    """

    org: str
    levels: dict[str, Level]
    windows: dict[str, int]
    normal_per_hour: int
    break_glass: tuple[str, ...]
    created: int

    @staticmethod
    def parse(value: JsonValue) -> Policy:
        """Read a policy.

        Raises:
            BadForm: on any departure from the form, including fewer than two persons for high or critical.
        """
        found = shape.check_object(value, "", _POLICY)
        found.pop("type")
        return Policy(**found)

    def as_json(self) -> dict[str, JsonValue]:
        """The object whose canonical bytes the roster names by hash."""
        levels: dict[str, JsonValue] = {
            name: {
                "persons": level.persons,
                "clauses": [{"any_of": list(c.any_of), "count": c.count} for c in level.clauses],
                "distinct_consoles": level.distinct_consoles,
            }
            for name, level in self.levels.items()
        }
        return {
            "type": "policy.v1", "org": self.org, "levels": levels, "windows": dict(self.windows),
            "normal_per_hour": self.normal_per_hour, "break_glass": list(self.break_glass), "created": self.created,
        }  # fmt: skip


def default_policy(org: str, created_ms: int) -> Policy:
    """The policy of section 6 as it stands before an organisation changes it."""
    command = RoleClause(any_of=("commander", "deputy"), count=1)
    minute, hour = 60_000, 3_600_000
    return Policy(
        org=org,
        levels={
            "normal": Level(persons=1, clauses=(), distinct_consoles=False),
            "high": Level(persons=2, clauses=(command,), distinct_consoles=False),
            "critical": Level(persons=2, clauses=(command,), distinct_consoles=True),
        },
        windows={
            "approve_by_ms": 30 * minute,
            "execute_by_ms": 4 * hour,
            "execute_by_unreachable_ms": 24 * hour,
            "undo_ms": 15 * minute,
            "ratify_ms": 24 * hour,
            "lease_ms": 15 * minute,
        },
        normal_per_hour=5,
        break_glass=("commander", "deputy", "correction-lead"),
        created=created_ms,
    )


_ENROL: dict[str, shape.Check] = {
    "type": shape.constant("enrol.v1"),
    "org": shape.org,
    "genesis": shape.sha256,
    "person": _person,
    "console": _console,
    "created": shape.moment,
    "nonce": shape.nonce,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A newcomer's request to join: the person with keys as the roster would list them, and the console.

    It is signed by every key it names (namespace `enrol.v1@ORG`), which proves possession; it grants nothing.
    """

    org: str
    genesis: str
    person: Person
    console: ConsoleKey
    created: int
    nonce: str

    @staticmethod
    def parse(value: JsonValue) -> Enrolment:
        """Read a request to join.

        Raises:
            BadForm: on any departure from the form.
        """
        found = shape.check_object(value, "", _ENROL)
        found.pop("type")
        return Enrolment(**found)

    def as_json(self) -> dict[str, JsonValue]:
        """The object whose canonical bytes each named key signs."""
        p, c = self.person, self.console
        return {
            "type": "enrol.v1", "org": self.org, "genesis": self.genesis,
            "person": {
                "person": p.person, "roles": list(p.roles), "_sd": list(p.sd),
                "keys": [
                    {"key": k.key, "use": k.use, "console": k.console, "from": k.from_ms, "to": k.to_ms}
                    for k in p.keys
                ],
            },
            "console": {"console": c.console, "key": c.key, "from": c.from_ms, "to": c.to_ms},
            "created": self.created, "nonce": self.nonce,
        }  # fmt: skip
