"""What an entry about a provider, a surface or a look at one says, in words. Pure: what is read is given to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from console.journal.values import Stored

KINDS: Final = ("provider.", "surface.", "reading.")
_SEEN: Final[Mapping[tuple[str, str], str]] = {
    ("read-back", "in-effect"): "the provider's record says that it stands",
    ("read-back", "not-in-effect"): "the provider's record says that it does NOT stand",
    ("probe", "refused"): "tried as that caller: refused",
    ("probe", "passed"): "tried as that caller: it PASSED",
}


def told_of_place(stored: Stored, names: Mapping[str, str]) -> str:
    """Which provider, which surface of which, or what was seen there; empty where its name is not here."""
    pub, kind, own = stored.entry.pub, stored.entry.kind, stored.disclosed.get("name")
    instance, surface = str(pub.get("instance", "")), str(pub.get("surface") or "")
    at = names.get(instance, "")
    if kind.startswith("provider."):
        name = own if isinstance(own, str) else at
        adapter = pub.get("adapter")
        return f"{name} ({adapter})" if name and isinstance(adapter, str) else name
    name = own if isinstance(own, str) else names.get(surface, "")
    where = f"{name} at {at}" if name and at and name != at else name
    if not kind.startswith("reading.") or not where:
        return where
    seen = (str(pub.get("what", "")), str(pub.get("verdict", "")))
    return f"{where}: {_SEEN.get(seen, f'{seen[0]}, {seen[1]}')}"
