"""What a signed correction asks of people: who does what, and the exact text that they follow, to copy or to keep.

It reads what was signed. Writing a text to a file is all that it does, and that says nothing of whether it is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.domain.errors import WrongUse
from console.providers.planned import from_disclosures
from console.providers.wishes import BACK, FILE, INSTRUCTION, PATCH
from console.runtime.platform import create_durably
from console.services import corrections
from console.services.session import Session

_READABLE = 0o644
_ASKED = ("who", "contact", "by", "ticket")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandStep:
    """One target that people carry out. `text` is what they follow, in the direction of this correction.

    `asked` are who, how they are reached, by when and under which ticket, as far as it was said. `file` is a name for
    the text; both are empty where only words were given.
    """

    target: int
    name: str
    instance: str
    instruction: str
    asked: tuple[tuple[str, str], ...]
    text: str = ""
    file: str = ""


def steps(session: Session, named: str) -> tuple[HandStep, ...]:
    """Every target of a correction that people carry out, as it was proposed.

    Raises:
        WrongUse: when there is no such correction.
        NotHereYet: when a value of it is not here.
    """
    held = corrections.find_document(session, named)
    action = corrections.action_of(held)
    found: list[HandStep] = []
    for at, target in enumerate(action.targets):
        if target.by_hand:
            planned = from_disclosures(target, held.disclosed(at), action.direction)
            params = planned.params
            text = params.get(PATCH if action.direction == "contain" else BACK, "")
            found.append(
                HandStep(
                    target=at, name=planned.name, instance=target.instance, instruction=params.get(INSTRUCTION, ""),
                    asked=tuple((name, params[name]) for name in _ASKED if params.get(name)), text=text,
                    file=safe_name(params.get(FILE, "")) if text else "",
                )
            )  # fmt: skip
    return tuple(found)


def safe_name(name: str) -> str:
    """A file's name of letters, digits, points and dashes: a proposer's word never chooses a folder."""
    kept = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "-" for letter in name)
    return kept.lstrip(".-")[:100] or "correction.patch"


def save(step: HandStep, path: Path) -> Path:
    """Write the text to a new file (in a folder, under its own name) and say where it is.

    Raises:
        WrongUse: when there is no text, when something is there already, or when it cannot be written.
    """
    if not step.text:
        raise WrongUse("That step has no text: it is asked in words.", "Read it: `standdown correct by-hand`.")
    at = path / step.file if path.is_dir() else path
    try:
        create_durably(at, step.text.encode(), _READABLE)
    except FileExistsError:
        raise WrongUse(f"{at} is there already.", "Nothing was written over; choose another name.") from None
    except OSError as fault:
        raise WrongUse(f"{at} cannot be written: {fault.strerror}.", "Choose another place.") from None
    return at


__all__ = ["HandStep", "safe_name", "save", "steps"]
