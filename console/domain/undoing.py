"""From which console one signer alone may undo: where its way back is known to be what it calls itself (0174, 0187).

An undo sends exactly what was signed as the revert. Where two people signed it, two have read that. Where one did, only
whoever sent it knows how the target stood a moment before: so its own word counts, or that of a console of others.
Pure rules over public fields of what machines entered. It never looks at a provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final, Literal

from console.domain.actions import Action
from console.domain.facts import Facts, Sent, fingerprint
from console.domain.forms import Entry, Roster

SENDING: Final = ("dispatch.intent", "dispatch.accepted", "dispatch.drifted")
# by hand: a person reads what is asked of them, and no machine ever compared it
Ground = Literal["two signed it", "by hand", "it was sent from here", "another console compared it", "not asked"]


def sendings(entries: Iterable[Entry], doc: str) -> tuple[Sent, ...]:
    """Every (target, machine) of a document whose way back that machine says it compared, before a call that went out.

    `entries` are those that count, in any order. Each of its intents says *same*: the whole state before was the signed
    one, at each attempt; its provider took the call; and it was never found undone since: who did it again may be
    somebody else. What was so already is nothing that was sent.
    """
    said: dict[tuple[int, str], list[Entry]] = {}
    for entry in entries:
        target = entry.pub.get("target")
        if entry.kind in SENDING and entry.author is None and entry.pub.get("doc") == doc and type(target) is int:
            said.setdefault((target, entry.feed), []).append(entry)
    return tuple(
        Sent(target=target, feed=feed, console=steps[0].console, key=steps[0].key)
        for (target, feed), steps in sorted(said.items()) if _compared(steps)
    )  # fmt: skip


def _compared(steps: Sequence[Entry]) -> bool:
    intents = [one for one in steps if one.kind == "dispatch.intent"]
    first = min((one.seq for one in intents), default=0)
    took = any(
        one.kind == "dispatch.accepted" and one.pub.get("outcome") == "accepted" and one.seq > first for one in steps
    )
    gone = any(one.kind == "dispatch.drifted" for one in steps)
    return took and not gone and bool(intents) and all(one.pub.get("pre") == "same" for one in intents)


def ground(facts: Facts, at: int, feed: str) -> Ground | None:
    """Why one signer alone may undo this target from the console with that machine feed; None where two have to sign.

    Of a list that one person signed every account had a state of its own before: that is never undone by one.
    """
    before = facts.undone
    if before is None or not 0 <= at < len(before.targets):
        return None
    if len(facts.undone_signers) > 1:
        return "two signed it"
    if before.targets[at].by_hand:
        return "by hand"
    return "not asked" if facts.undone_sent is None else _compared_by(facts, at, feed)


def _compared_by(facts: Facts, at: int, feed: str) -> Ground | None:
    listed = facts.undone is None or facts.undone.targets[at].listed is not None
    those = [] if listed else [one for one in facts.undone_sent or () if one.target == at]
    if any(one.feed == feed for one in those):
        return "it was sent from here"
    return "another console compared it" if any(is_others(one, facts) for one in those) else None


def is_others(sent: Sent, facts: Facts) -> bool:
    """Whether it is the console of people none of whom signed or proposed what was sent: nobody's word for themselves.

    Its key has to be the one that the roster lists for it, and somebody's own key has to be bound to it. Where nobody
    is known to have proposed it, whoever wrote it may be anybody.
    """
    if facts.undone_proposer is None:
        return False
    if not _is_key_of(facts.roster, sent.console, sent.key):
        return False
    people = {person.person for person in facts.roster.persons for key in person.keys if key.console == sent.console}
    return bool(people) and not people & {*facts.undone_signers, facts.undone_proposer}


def _is_key_of(roster: Roster, console: str, key: str) -> bool:
    for one in roster.consoles:
        with suppress(ValueError, IndexError):
            if one.console == console and fingerprint(one.key) == key:
                return True
    return False


def may_alone(action: Action, facts: Facts) -> bool:
    """Whether one signer's undo may go at all: at least one of its targets may, from the console it names first.

    The others come to people, each for itself.
    """
    return any(ground(facts, at, one.dispatchers[0]) is not None for at, one in enumerate(action.targets))


def senders(facts: Facts, at: int) -> tuple[str, ...]:
    """The machine feeds from which this target may be undone by one signer, because it was sent from them."""
    found = () if facts.undone_sent is None else facts.undone_sent
    return tuple(one.feed for one in found if one.target == at)


__all__ = ["SENDING", "Ground", "ground", "is_others", "may_alone", "senders", "sendings"]
