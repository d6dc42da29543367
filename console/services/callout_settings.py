"""Which hooks this console has, whom each reaches, in which order and after which waits. Secrets lie apart.

One file of the profile, `callout.json`; it pages nobody.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from console.domain.callout import Ladder
from console.domain.errors import Problem, WrongUse
from console.runtime import platform
from console.services.hooks import KINDS, SECRET_OF, Hook
from console.services.secrets import open_secrets
from console.services.session import Session

EVERYONE: Final = "everyone"
_NAME_CHARS: Final = 40
MIN_WAIT_MS: Final = 30_000
MAX_WAIT_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Settings:
    """Hooks by name and the ladder that uses them."""

    hooks: tuple[Hook, ...] = ()
    ladder: Ladder = field(default_factory=Ladder)

    def hook(self, name: str) -> Hook:
        """The hook of this name.

        Raises:
            WrongUse: when there is none.
        """
        found = next((one for one in self.hooks if one.name == name), None)
        if found is None:
            raise WrongUse(f"There is no hook {name!r}.", "See `standdown callout hooks`.")
        return found

    def hooks_of(self, person: str) -> tuple[Hook, ...]:
        """The hooks that reach a person: their own, else the common ones."""
        names = self.ladder.hooks.get(person) or self.ladder.everyone
        return tuple(one for one in self.hooks if one.name in names)


def read(session: Session) -> Settings:
    """As kept in this profile; nothing where nothing was set.

    Raises:
        Problem: when the file cannot be read.
    """
    path = session.paths.root / "callout.json"
    if not path.is_file():
        return Settings()
    try:
        table: Any = json.loads(path.read_text(encoding="utf-8"))
        hooks = tuple(Hook(**one) for one in table["hooks"])
        ladder = Ladder(
            order=tuple(table["order"]), wait_ms=int(table["wait_ms"]), everyone=tuple(table["everyone"]),
            hooks={str(person): tuple(names) for person, names in table["persons"].items()},
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Problem(f"{path} cannot be read.", "Nobody is called out before it can; set the hooks anew.") from None
    return Settings(hooks, ladder)


def write(session: Session, settings: Settings) -> None:
    """Keep it durably."""
    ladder = settings.ladder
    table = {
        "hooks": [asdict(one) for one in settings.hooks], "order": list(ladder.order), "wait_ms": ladder.wait_ms,
        "everyone": list(ladder.everyone), "persons": {person: list(names) for person, names in ladder.hooks.items()},
    }  # fmt: skip
    text = json.dumps(table, ensure_ascii=False, indent=1, sort_keys=True)
    platform.write_durably(session.paths.root / "callout.json", text.encode())


def add_hook(session: Session, hook: Hook, person: str, secret: str) -> None:
    """Add a hook for a person (an id) or for everyone; its secret goes where provider secrets are.

    Raises:
        WrongUse: for a name that is taken or no name, an unknown kind, a hook without its address.
        Locked: when the place of the secrets is locked; nothing is kept then.
    """
    before = read(session)
    if not hook.name.strip() or not hook.name.isprintable() or len(hook.name) > _NAME_CHARS or "/" in hook.name:
        raise WrongUse("A hook needs a short name without a slash.", "Give it one.")
    if any(one.name == hook.name for one in before.hooks):
        raise WrongUse(f"There is a hook {hook.name!r} already.", "Choose another name, or remove it first.")
    if hook.kind not in KINDS:
        raise WrongUse(f"There is no hook of kind {hook.kind!r}.", f"Kinds: {', '.join(KINDS)}.")
    needs = hook.kind in ("command", "webhook", "smtp") or (hook.kind in ("slack", "teams") and not secret)
    if needs and not hook.address.strip():
        raise WrongUse(f"A {hook.kind} hook needs an address.", KINDS[hook.kind])
    if hook.kind == "smtp" and not (hook.to.strip() and hook.sender.strip()):
        raise WrongUse("A mail needs a receiver and a sender.", "Give both.")
    if secret and hook.kind in SECRET_OF:
        open_secrets(session).put(f"callout/{hook.name}", secret)
    ladder = before.ladder
    if person == EVERYONE:
        ladder = replace(ladder, everyone=(*ladder.everyone, hook.name))
    else:
        ladder = replace(ladder, hooks={**ladder.hooks, person: (*ladder.hooks.get(person, ()), hook.name)})
    write(session, Settings((*before.hooks, hook), ladder))


def remove_hook(session: Session, name: str) -> None:
    """Take a hook out, with its secret.

    Raises:
        WrongUse: when there is none of this name.
    """
    before = read(session)
    before.hook(name)
    left = {person: tuple(one for one in names if one != name) for person, names in before.ladder.hooks.items()}
    ladder = replace(
        before.ladder, everyone=tuple(one for one in before.ladder.everyone if one != name),
        hooks={person: names for person, names in left.items() if names},
    )  # fmt: skip
    open_secrets(session).forget(f"callout/{name}")
    write(session, Settings(tuple(one for one in before.hooks if one.name != name), ladder))


def set_order(session: Session, order: tuple[str, ...], wait_ms: int | None = None) -> Settings:
    """Set in which order people are paged, and how long each is waited for.

    Raises:
        WrongUse: for somebody who is no member, or a wait that is not between 30 s and an hour.
    """
    before = read(session)
    known = {one.person for one in session.roster.roster.persons}
    strangers = [one for one in order if one not in known]
    if strangers:
        raise WrongUse(f"{strangers[0]} is no member.", "See `standdown person list`.")
    wait = before.ladder.wait_ms if wait_ms is None else wait_ms
    if not MIN_WAIT_MS <= wait <= MAX_WAIT_MS:
        raise WrongUse("People are waited for between 30 s and an hour.", "Choose another wait.")
    after = Settings(before.hooks, replace(before.ladder, order=tuple(dict.fromkeys(order)), wait_ms=wait))
    write(session, after)
    return after
