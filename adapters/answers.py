"""How an adapter reads what its plane answers: tolerantly, and without quoting a sentence of it.

A sentence may name people or repeat a part of a key; a fault says the status, and at most one plain word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.contract import Malformed, Refused, Reply

REDIRECTS, REFUSALS = 300, 400
Model = TypeVar("Model", bound=BaseModel)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")


class Said(BaseModel):
    """Anything a plane says: what is not known of it is passed over, what is missing and matters is a fault."""

    model_config = ConfigDict(extra="ignore", frozen=True)


@dataclass(frozen=True, slots=True)
class Voice:
    """The answers of one plane. `name` stands in faults; `by` is what its shapes were taken from.

    `words` finds, in a refusal, what may be its own word for it: a code, a type.
    """

    name: str
    by: str = "its description"
    words: Callable[[Reply], Iterable[str | None]] | None = None

    def read(self, kind: type[Model], reply: Reply) -> Model:
        """The reply's body as this kind.

        Raises:
            Malformed: when it is something else.
        """
        try:
            return kind.model_validate(reply.json())
        except ValidationError as fault:
            raise Malformed(f"{self.name} answered {reply.status} with something {self.by} does not have") from fault

    def told(self, kind: type[Model], reply: Reply, what: str = "answer") -> Model:
        """As `check` and then `read`."""
        return self.read(kind, self.check(reply, what))

    def check(self, reply: Reply, what: str) -> Reply:
        """The reply, if it is a success.

        Raises:
            Refused: for a status of 400 or more.
            Malformed: for a redirect.
        """
        if reply.status < REDIRECTS:
            return reply
        if reply.status < REFUSALS:
            raise Malformed(f"{what}: {self.name} sends elsewhere ({reply.status})")
        said = next((f" ({word})" for word in (self.words(reply) if self.words else ()) if plain(word)), "")
        raise Refused(f"{what}: {self.name} refused with {reply.status}{said}", reply.status)


def plain(word: str | None) -> str:
    """A code, where it is one plain word: anything else may quote what was sent."""
    return word if word and _WORD.fullmatch(word) else ""
