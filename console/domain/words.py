"""What is kept as a code, by its names for people: the toolkit's five categories, and the roles.

The same word everywhere, on screen, in the terminal and on paper. What is signed, typed and exported holds the code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

CATEGORY_WORDS: Final[Mapping[str, str]] = {
    "user": "User", "frequency": "Frequency", "capability": "Capability", "use-case": "Use case",
    "shutdown": "Shutdown",
}  # fmt: skip
CATEGORY_NAMES: Final[Mapping[str, str]] = {
    "user": "User-based restriction", "frequency": "Access frequency limit",
    "capability": "Capability or feature restriction", "use-case": "Use-case restriction",
    "shutdown": "Model shutdown",
}  # fmt: skip
_ROLES: Final[Mapping[str, str]] = {"expert": "subject-matter expert", "legal": "legal and compliance"}


def category_word(category: str) -> str:
    """Its word; one that this version does not know is told as it stands."""
    return CATEGORY_WORDS.get(category, category)


def role_said(role: str) -> str:
    """A role as it stands in a sentence: `correction lead`, `subject-matter expert`."""
    return _ROLES.get(role, role.replace("-", " "))


def role_word(role: str) -> str:
    """A role by itself: `Incident commander`, `Correction lead`."""
    said = "incident commander" if role == "commander" else role_said(role)
    return f"{said[:1].upper()}{said[1:]}"


def roles_said(roles: Iterable[str]) -> str:
    """Several, one after the other; `no role` where there is none."""
    return ", ".join(map(role_said, roles)) or "no role"


__all__ = ["CATEGORY_NAMES", "CATEGORY_WORDS", "category_word", "role_said", "role_word", "roles_said"]
