"""Small checks from which the signed forms are composed. Every check returns its value or raises `BadForm`.

It holds no form itself: entries and rosters are in `forms`, what is approved in `actions`, entry kinds in `kinds`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

from console.domain import ids
from console.domain.errors import BadForm, UnknownField

T = TypeVar("T")
Check = Callable[[Any, str], Any]
LAST_MS: Final = 221_845_392_000_000  # the first moment of the year 9000, UTC
LONGEST_MS: Final = 10 * 366 * 86_400_000


def check_object(value: object, where: str, fields: Mapping[str, Check], *, spare: bool = False) -> dict[str, Any]:
    """Check an object that has exactly `fields` (with `spare`, at least those) and return its checked values.

    Raises:
        UnknownField: for a field this version does not know, unless `spare`.
        BadForm: for a missing field or a bad value.
    """
    if not isinstance(value, dict):
        raise BadForm(where, "expected an object")
    found: dict[str, Any] = {}
    for name, check in fields.items():
        path = f"{where}.{name}" if where else name
        if name not in value:
            raise BadForm(path, "the field is missing")
        found[name] = check(value[name], path)
    if not spare:
        for name in value:
            if name not in fields:
                raise UnknownField(f"{where}.{name}" if where else str(name), "this version does not know the field")
    return found


def check_known(value: object, where: str, fields: Mapping[str, Check]) -> None:
    """Check `fields` of an object that may hold more. A word of a newer version excuses its own field and no other.

    Raises:
        BadForm: for a missing field or a bad value, wherever an unknown word stands.
    """
    if not isinstance(value, dict):
        raise BadForm(where, "expected an object")
    for name, check in fields.items():
        if name not in value:
            raise BadForm(f"{where}.{name}", "the field is missing")
        with suppress(UnknownField):
            check(value[name], f"{where}.{name}")


def text(value: object, where: str) -> str:
    """Any text (the profile has refused bad characters already)."""
    if isinstance(value, str):
        return value
    raise BadForm(where, "expected text")


def whole(value: object, where: str) -> int:
    """A whole number of zero or more."""
    if type(value) is int and value >= 0:
        return value
    raise BadForm(where, "expected a whole number of zero or more")


def moment(value: object, where: str) -> int:
    """Milliseconds since 1970 that every calendar here can show, in every zone (decision 0182)."""
    number = whole(value, where)
    if number <= LAST_MS:
        return number
    raise BadForm(where, "expected a time before the year 9000")


def length(value: object, where: str) -> int:
    """A length of time in ms, such that a moment and it are not beyond what a calendar shows."""
    number = whole(value, where)
    if number <= LONGEST_MS:
        return number
    raise BadForm(where, "expected a length of time under ten years")


def flag(value: object, where: str) -> bool:
    """true or false."""
    if isinstance(value, bool):
        return value
    raise BadForm(where, "expected true or false")


def constant(expected: str | int) -> Check:
    """Exactly this value."""

    def check(value: object, where: str) -> str | int:
        if value == expected and type(value) is type(expected):
            return expected
        raise BadForm(where, f"expected {expected!r}")

    return check


def one_of(words: Iterable[str]) -> Check:
    """One word of a closed list; an unlisted one is a word this version does not know."""
    allowed = tuple(words)

    def check(value: object, where: str) -> str:
        word = text(value, where)
        if word in allowed:
            return word
        raise UnknownField(where, f"expected one of {', '.join(allowed)}")

    return check


def matching(pattern: str, meaning: str) -> Check:
    """Text that matches `pattern` whole."""
    compiled = re.compile(pattern)

    def check(value: object, where: str) -> str:
        if isinstance(value, str) and compiled.fullmatch(value):
            return value
        raise BadForm(where, f"expected {meaning}")

    return check


def id_of(prefixes: str) -> Check:
    """An id with one of these one-letter prefixes."""

    def check(value: object, where: str) -> str:
        return ids.require_id(value, prefixes, where)

    return check


def or_null(inner: Check) -> Check:
    """null, or what `inner` accepts."""

    def check(value: object, where: str) -> Any:  # noqa: ANN401  the inner check decides the type
        return None if value is None else inner(value, where)

    return check


def list_of(inner: Check, *, most: int = 10_000, least: int = 0) -> Check:
    """A list of `least` to `most` items, returned as a tuple."""

    def check(value: object, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise BadForm(where, "expected a list")
        if not least <= len(value) <= most:
            raise BadForm(where, f"expected {least} to {most} items, found {len(value)}")
        return tuple(inner(item, f"{where}[{index}]") for index, item in enumerate(value))

    return check


def _predicate(test: Callable[[object], bool], meaning: str) -> Check:
    def check(value: object, where: str) -> str:
        if test(value):
            return str(value)
        raise BadForm(where, f"expected {meaning}")

    return check


sha256 = _predicate(ids.is_sha256, "a SHA-256 in 64 hex digits")
nonce = _predicate(ids.is_nonce, "32 hex digits")
fingerprint = _predicate(ids.is_fingerprint, "an OpenSSH SHA256 fingerprint")
digest = _predicate(ids.is_digest, "an unpadded base64url SHA-256")
base64_text = matching(r"[A-Za-z0-9+/]+={0,2}", "standard base64")
org = id_of("od")
public_key = matching(
    r"(ssh-ed25519|sk-ssh-ed25519@openssh\.com) [A-Za-z0-9+/]+={0,2}", "an Ed25519 public key line without a comment"
)
model_name = matching(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}", "a model name of 1 to 128 plain characters")


def sorted_digests(value: object, where: str) -> tuple[str, ...]:
    """The `_sd` list: digests, strictly ascending, so that one set has one form."""
    found: tuple[str, ...] = list_of(digest)(value, where)
    if list(found) != sorted(set(found)):
        raise BadForm(where, "the digests are not sorted and distinct")
    return found


def pair(value: object, where: str) -> tuple[int, str]:
    """`[n, sha256]`: a roster version."""
    if isinstance(value, list) and len(value) == 2:  # noqa: PLR2004  a pair
        return whole(value[0], f"{where}[0]"), sha256(value[1], f"{where}[1]")
    raise BadForm(where, "expected [number, sha256]")


def head(value: object, where: str) -> tuple[str, int, str]:
    """`[feed, seq, id]`: a place in a feed."""
    if isinstance(value, list) and len(value) == 3:  # noqa: PLR2004  a triple
        return sha256(value[0], f"{where}[0]"), whole(value[1], f"{where}[1]"), sha256(value[2], f"{where}[2]")
    raise BadForm(where, "expected [feed, seq, id]")


def heads(value: object, where: str) -> tuple[tuple[str, int, str], ...]:
    """A list of heads, ascending by feed, one for each feed."""
    found: tuple[tuple[str, int, str], ...] = list_of(head)(value, where)
    feeds = [feed for feed, _, _ in found]
    if feeds != sorted(set(feeds)):
        raise BadForm(where, "the heads are not ascending by feed, one for each")
    return found
