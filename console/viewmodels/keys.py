"""What is said where somebody chooses where a key is to live: the agent's keys by name, and what each kind means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from console.domain.deceit import shown
from console.domain.errors import Problem

if TYPE_CHECKING:
    from console.keys.publickey import PublicKey

AGENT_SAYS: Final = (
    "Your team's key signs what you write. Once this console is locked, it asks the agent for nothing until you unlock "
    "it here; other programs of yours can still use the agent (ssh-add -x locks it)."
)
DEVICE_SAYS: Final = (
    "Plug it in. Its PIN is asked for now and at each approval, and it blinks to be touched. The key cannot be copied "
    "off it: keep a second one, or your envelopes."
)
_PERSON: Final = re.compile(r"p-[0-9a-hjkmnp-tv-z]{26}")
_SPOKEN: Final = 4


@dataclass(frozen=True, slots=True)
class HeldKey:
    """One key of the agent, as it is offered."""

    public: PublicKey
    title: str


def agent_keys() -> tuple[HeldKey, ...] | str:
    """The keys of the agent, or in a sentence why there are none. For a lane: an agent may ask its person first."""
    from console.keys.agent import NoAgent, agent_of  # noqa: PLC0415  few people turn to it
    from console.keys.canon import sha256_hex  # noqa: PLC0415  as above
    from console.keys.words import words_of  # noqa: PLC0415  as above

    try:
        found = agent_of().keys()
    except NoAgent as fault:
        why = fault.what.partition(": ")[2] or fault.what
        return f"{why[:1].upper()}{why[1:]} Start one, add your key (ssh-add), then choose this again."
    except Problem as fault:
        return fault.what
    if not found:
        return "The ssh-agent holds no Ed25519 key. Add one (ssh-add), then choose this again."
    return tuple(
        HeldKey(
            one.public,
            f"{shown(one.comment) or 'without a comment'}"
            f" ({' '.join(words_of(sha256_hex(one.public.blob)).split()[:_SPOKEN])} ...)",
        )
        for one in found
    )


def why_not_member(typed: str) -> str:
    """Why this is no person's id; empty where it is."""
    text = typed.strip()
    if _PERSON.fullmatch(text):
        return ""
    return "It begins with p-, and 26 letters and digits follow." if text else "Type your id in that organisation."
