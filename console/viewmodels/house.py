"""The two houses' words: who makes or hosts a model withdraws it for everyone; who uses it stops its own use, or asks.

"Withdraw" is never said of what only we stop. Where nobody said which house this is, both are said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from console.domain.deceit import shown
from console.domain.words import CATEGORY_WORDS
from console.runtime.settings import House

_DOES: Final = {
    "user": "block users or keys", "frequency": "slow access down", "capability": "take capabilities away",
    "use-case": "forbid uses",
}  # fmt: skip
_SHUTDOWN: Final[Mapping[House | None, str]] = {
    "make": "withdraw the model", "use": "stop our use of the model", "both": "withdraw it, or stop our use of it",
    None: "withdraw it, or stop our use of it",
}  # fmt: skip
_MEANS: Final = {
    "user": "A key, user, team or network loses access; everybody else keeps it.",
    "frequency": "Fewer requests, tokens or spend; access stays.",
    "capability": "A tool, a feature or a mode goes; the rest stays.",
    "use-case": "A use is forbidden, by policy and by enforcement.",
}  # fmt: skip
_SHUTDOWN_MEANS: Final[Mapping[House | None, str]] = {
    "make": "The model is withdrawn from a surface for everybody there.",
    "use": "We stop using the model at a surface; others may still be served there.",
    "both": "The model goes from a surface, for everybody there or for us alone: each place says which.",
    None: "The model goes from a surface, for everybody there or for us alone: each place says which.",
}
_ASKED_OF_A_VENDOR: Final = {
    "user": "Block {what} for {model}.",
    "frequency": "Limit how often {what} may use {model}.",
    "capability": "Take the dangerous capability of {model} away.",
    "use-case": "Forbid the dangerous use of {model}.",
    "shutdown": "Stop serving {model} to us.",
}
_ASKED_OF_A_PARTNER: Final = {**_ASKED_OF_A_VENDOR, "shutdown": "Withdraw {model} for everybody you serve it to."}


def kinds(house: House | None) -> dict[str, str]:
    """The five kinds of correction, by category: its word, and what it does."""
    does = {**_DOES, "shutdown": _SHUTDOWN[house]}
    return {category: f"{word}: {does[category]}" for category, word in CATEGORY_WORDS.items()}


def kind_means(house: House | None) -> dict[str, str]:
    """What each kind means, in a sentence."""
    return {**_MEANS, "shutdown": _SHUTDOWN_MEANS[house]}


def asked(house: House | None, category: str, selector: str, model: str) -> str:
    """What people are asked to do by hand, as it stands before anybody words it otherwise."""
    what = shown(selector.strip()) or "the account in question"
    words = _ASKED_OF_A_PARTNER if house == "make" else _ASKED_OF_A_VENDOR
    return words[category].format(what=what, model=model)


def ever_asked(selector: str, model: str) -> frozenset[str]:
    """All that this console may have written so by itself, in either house: nobody's words are lost with it."""
    return frozenset(asked(house, one, selector, model) for house in ("make", "use") for one in _ASKED_OF_A_VENDOR)
