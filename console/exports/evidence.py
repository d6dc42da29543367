"""What a bundle claims and what has been proven of it so far, as values (protocol.md section 9).

Standard library and console.domain only: `verify.py` carries this very source. It proves nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from console.domain import shape
from console.domain.deceit import shown
from console.domain.errors import BadForm, Problem
from console.domain.forms import Entry, Policy, Roster
from console.domain.moment import Paper
from console.domain.profile import MAX_DOCUMENT_BYTES, MAX_ENTRY_BYTES, JsonValue
from console.exports import names, strict

_LIMITS = {"entries/": MAX_ENTRY_BYTES, names.ABOUT: 16 * 1024 * 1024}


class Wrong(Problem):
    """One file of the bundle does not hold."""

    def __init__(self, file: str, why: str) -> None:
        """`file` is its path in the bundle, which whoever made it chose, to the last byte; `why` one clause."""
        super().__init__(f"{shown(file)}: {why}.", "Do not rely on this bundle; ask for it again.")
        self.file = file
        self.why = why


class Seal(Protocol):
    """How an SSHSIG is verified."""

    def verify(self, line: str, namespace: str, message: bytes, armoured: str) -> None:
        """Raise `Problem` unless the key of this public line signed `message` in `namespace`."""
        ...


@dataclass(frozen=True, slots=True)
class About:
    """`bundle.json`: what was exported, when and by whom. `heads` are the last entries of every feed inside."""

    org: str
    inc: str
    genesis: str
    exported: int
    by: str
    key: str
    heads: tuple[tuple[str, int, str], ...]

    @staticmethod
    def parse(value: JsonValue) -> About:
        """Read it; BadForm on any departure."""
        found = shape.check_object(
            value,
            "",
            {
                "type": shape.constant("bundle.v1"),
                "org": shape.org,
                "inc": shape.id_of("i"),
                "genesis": shape.sha256,
                "exported": shape.moment,
                "by": shape.id_of("p"),
                "key": shape.fingerprint,
                "heads": shape.list_of(shape.head),
            },
        )
        found.pop("type")
        return About(**found)

    def as_json(self) -> dict[str, JsonValue]:
        """What is written."""
        return {
            "type": "bundle.v1", "org": self.org, "inc": self.inc, "genesis": self.genesis, "exported": self.exported,
            "by": self.by, "key": self.key, "heads": [list(head) for head in self.heads],
        }  # fmt: skip


@dataclass(slots=True)
class Evidence:
    """What has been proven so far. `beside`: rosters of other branches, by hash.

    `values`: by holder (entry id, document or roster hash), digest -> (name, value). `uncounted`: why, by entry id.
    """

    files: Mapping[str, bytes]
    about: About
    rosters: list[tuple[str, Roster]] = field(default_factory=list)
    beside: dict[str, Roster] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    uncounted: dict[str, str] = field(default_factory=dict)
    file_of: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, tuple[str, JsonValue]]] = field(default_factory=dict)
    papers: dict[str, Paper] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    signatures: int = 0
    rulings: int = 0

    def roster(self, ref: tuple[int, str]) -> Roster | None:
        """The roster version of that number and hash."""
        if ref[0] < len(self.rosters) and self.rosters[ref[0]][0] == ref[1]:
            return self.rosters[ref[0]][1]
        found = self.beside.get(ref[1])
        return found if found is not None and found.n == ref[0] else None

    def every_roster(self) -> list[tuple[str, str, Roster]]:
        """File, hash and form of each version, those of other branches first: the word of the newest is the last."""
        beside = [(names.roster_beside(one.n, sha), sha, one) for sha, one in self.beside.items()]
        return [*beside, *((names.roster(one.n, sha), sha, one) for sha, one in self.rosters)]

    def named(self, holder: str) -> dict[str, JsonValue]:
        """A holder's values by name."""
        return dict(self.values.get(holder, {}).values())

    def json(self, path: str) -> JsonValue:
        """The value of a canonical file of the bundle.

        Raises:
            Wrong: when it is missing or not canonical.
        """
        return read_json(self.files, path)


def read_json(files: Mapping[str, bytes], path: str) -> JsonValue:
    """As `Evidence.json`, before there is any."""
    if path not in files:
        raise Wrong(path, "it is not here")
    limit = next((size for start, size in _LIMITS.items() if path.startswith(start)), MAX_DOCUMENT_BYTES)
    if len(files[path]) > limit:
        raise Wrong(path, f"it is longer than {limit} bytes")
    try:
        return strict.decode(files[path])
    except BadForm as fault:
        raise Wrong(path, fault.what.rstrip(".")) from None
