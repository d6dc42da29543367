"""What an intent says of a set that was written whole, and whether the bytes that were sent did that and no more.

Pure, standard library only. Whoever holds the record can ask it: the file of exact requests, the fields of the intent,
and the accounts that were signed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from console.domain.errors import BadForm
from console.domain.lists import to_bytes
from console.domain.profile import JsonValue

_FIELD_CHARS: Final = 1_900
_HEAD: Final = re.compile(r"(put into|taken from) (/\S+) at (/\S+): (\d+), beside (\d+) \(([0-9a-f]{64})\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One set: where, who was put in (`inside`) or taken out, and who else stood there, by count and their lines' hash.

    `place` is where in the body the set stands, a JSON pointer.
    """

    path: str
    place: str
    inside: bool
    accounts: tuple[str, ...]
    others: int
    others_sha: str

    @classmethod
    def of(cls, path: str, place: str, body: str, accounts: Sequence[str], *, inside: bool) -> Written:
        """From the exact body.

        Raises:
            BadForm: when no set is there, or these accounts do not stand in it (or do) as they should.
        """
        after, mine = _at(body, place), set(accounts)
        if not mine or len(mine) != len(accounts) or (not mine <= set(after) if inside else mine & set(after)):
            raise BadForm("requests", "the set that was sent does not hold who it should")
        others = set(after) - mine
        sha = hashlib.sha256(to_bytes(tuple(others))).hexdigest()
        return cls(
            path=path, place=place, inside=inside, accounts=tuple(accounts), others=len(others), others_sha=sha
        )  # fmt: skip


def told(number: int, one: Written) -> dict[str, JsonValue]:
    """The fields of an intent for the set of this number: one line about it, and its accounts."""
    how = "put into" if one.inside else "taken from"
    head = f"{how} {one.path} at {one.place}: {len(one.accounts)}, beside {one.others} ({one.others_sha})"
    texts = [""]
    for account in one.accounts:
        if texts[-1] and len(texts[-1]) + len(account) > _FIELD_CHARS:
            texts.append("")
        texts[-1] += f"{account}\n"
    lines = {f"set.{number}.{at}": text.removesuffix("\n") for at, text in enumerate(texts)}
    return {f"set.{number}": head, **lines}


def read_told(fields: JsonValue) -> tuple[Written, ...]:
    """Every set that an intent's fields speak of."""
    known = fields if isinstance(fields, dict) else {}
    return tuple(_read(known))


def _read(fields: Mapping[str, JsonValue]) -> Iterator[Written]:
    number = 0
    while (head := fields.get(f"set.{number}")) is not None:
        match = _HEAD.fullmatch(head) if isinstance(head, str) else None
        if match is None:
            raise BadForm(f"set.{number}", "it does not say what was written")
        texts: list[str] = []
        while isinstance(text := fields.get(f"set.{number}.{len(texts)}"), str):
            texts.append(text)
        accounts = tuple(one for text in texts for one in text.split("\n"))
        if len(accounts) != int(match[4]):
            raise BadForm(f"set.{number}", "it does not name as many accounts as it counts")
        yield Written(
            path=match[2], place=match[3], inside=match[1] == "put into", accounts=accounts, others=int(match[5]),
            others_sha=match[6],
        )  # fmt: skip
        number += 1


def prove_sent(requests: bytes, fields: JsonValue, signed: frozenset[str], *, inside: bool) -> tuple[Written, ...]:
    """That the exact requests of an intent moved accounts that were signed, as they were signed, and nobody else.

    Raises:
        BadForm: when they did more, or the fields say otherwise.
    """
    found = read_told(fields)
    sent = json.loads(requests)
    if not isinstance(sent, list) or len(sent) != len(found) or not found:
        raise BadForm("requests", "they are not those that the intent speaks of")
    for one, request in zip(found, sent, strict=True):
        if (request.get("method"), request.get("path")) != ("PUT", one.path):
            raise BadForm("requests", "one writes to another place")
        if one.inside is not inside or not set(one.accounts) <= signed:
            raise BadForm("requests", "they move accounts that nobody signed")
        if Written.of(one.path, one.place, str(request.get("body")), one.accounts, inside=inside) != one:
            raise BadForm("requests", "who else stood there is not as the intent says")
    return found


def _at(body: str, place: str) -> list[str]:
    """The set that stands at a place of the body."""
    try:
        found: Any = json.loads(body)
        for step in place.removeprefix("/").split("/"):
            found = found[int(step)] if isinstance(found, list) else found[step]
    except (ValueError, RecursionError, KeyError, IndexError, TypeError):
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise BadForm("requests", "there is no set at that place of what was sent")
    return found


__all__ = ["Written", "prove_sent", "read_told", "told"]
