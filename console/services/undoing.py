"""From which console an undo goes, and whether one signature suffices there: asked of the rule before it is proposed.

It reads the record and nothing else. It decides nothing: the rule is asked again by whoever signs and whoever sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from console.domain.actions import Action
from console.domain.facts import Facts
from console.domain.undoing import Ground, ground, senders
from console.outbox.facts import Held, View, gather
from console.services import providers
from console.services.session import Session

DEAD: Final = "Where that console does not run any more: lift it, with two signatures."
_NOT_ALONE: Final = (
    "One signature does not suffice: one person alone signed it, and no console entered that it compared its way back "
    "and sent it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """How a correction would be undone: the machine feed that sends each target; whether one signature suffices.

    `elsewhere` names the consoles that have to send it, where it is not this one; `told` and `then` say it to people.
    """

    feeds: tuple[str, ...]
    alone: bool
    elsewhere: tuple[str, ...]
    told: str
    then: str = ""


def way_back(session: Session, held: Held) -> WayBack:
    """How it would be undone, as the record stands here now. The document has to be an action's."""
    action = held.document
    if not isinstance(action, Action):
        raise TypeError("only a correction is undone")
    facts = _facts(session, held, action)
    here = session.device().feed
    connected = {one.id for one in providers.instances_of(session).all()}
    feeds = [_feed(facts, at, here, mine=one.instance in connected) for at, one in enumerate(action.targets)]
    grounds: list[Ground | None] = [ground(facts, at, feed) for at, feed in enumerate(feeds)]
    away = tuple(dict.fromkeys(feed for feed in feeds if feed != here))
    consoles = tuple(dict.fromkeys(_console_of(session, feed) for feed in away))
    return _told(tuple(feeds), grounds, consoles, mine=here in feeds)


def _feed(facts: Facts, at: int, here: str, *, mine: bool) -> str:
    """Who sends it: this console where it may and has the provider; else whoever sent it, or was to send it first."""
    sent = senders(facts, at)
    if mine and (ground(facts, at, here) is not None or not sent):
        return here
    first = () if facts.undone is None else facts.undone.targets[at].dispatchers
    return next(iter((*sent, *first)), here)


def _facts(session: Session, held: Held, action: Action) -> Facts:
    trial = replace(
        action, direction="restore", undoes=held.sha, undo_within_s=None, lift_criteria_sd=None, break_glass=False
    )
    with session.reader.snapshot() as connection:
        view = View(connection)
        return gather(view, Held("0" * 64, trial, held.row), session.roster, session.clock.wall_ms())


def _told(feeds: tuple[str, ...], grounds: Sequence[Ground | None], away: tuple[str, ...], *, mine: bool) -> WayBack:
    open_ = [one for one in grounds if one is not None]
    left = len(grounds) - len(open_)
    rest = f" {left} of {len(grounds)} targets come to people: nobody compared their way back." if left else ""
    both = "this console and " if mine else ""
    if not open_:
        told, then = _NOT_ALONE, "Lift it, with two signatures."
    elif away:
        told, then = f"It is sent from {both}{' and '.join(away)}, which has to run.{rest}", DEAD
    else:
        seen = ", if it would send the same" if "another console compared it" in open_ else ""
        told, then = f"It is sent from this console{seen}.{rest}", ""
    return WayBack(feeds=feeds, alone=bool(open_), elsewhere=away, told=told, then=then)


def _console_of(session: Session, feed: str) -> str:
    """A console in words: whose it is, and the end of its name."""
    found = next((one.console for one in session.reader.feeds() if one.feed == feed), None)
    if found is None:
        return "a console that is not known here"
    people = [
        session.name_of(person.person) for person in session.roster.roster.persons
        if any(key.console == found for key in person.keys)
    ]  # fmt: skip
    return f"the console ..{found[-4:]}" + (f" of {' and '.join(people)}" if people else "")


__all__ = ["DEAD", "WayBack", "way_back"]
