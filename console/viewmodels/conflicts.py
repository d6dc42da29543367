"""What a correction's people have to read where two of them, or two consoles, met: in time or too late. Pure.

Each is one sentence: what happened, and what helps now. And what reads back and does not bite is called exactly that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.viewmodels.times import ago

if TYPE_CHECKING:  # as in shell
    from console.services.revised import Said
    from console.services.standing import Standing, TargetStanding

_BITE_STATES = ("recorded", "attention")
# the console that sends asks again just before each call, so that a late word still stops these
_NOT_GONE = ("proposed", "approved", "queued", "cancelled", "refused", "expired", "stale", "superseded")
_SHOWN = 3


def said_lines(one: Standing, name_of: Callable[[str], str], now_ms: int) -> tuple[str, ...]:
    """Who cancelled or refused it, in time or too late; and what a later revision means for it."""
    told = [_said(said, one, name_of, now_ms) for said in one.said]
    if not one.said:  # ended by what another console did, or by a later revision
        told += list(dict.fromkeys(t.detail for t in one.targets if t.state == "cancelled" and t.detail))[:_SHOWN]
    states = {target.state for target in one.targets}
    if states and states <= {"superseded"}:
        told.append("A later revision took its place: nothing of this one is sent any more.")
    elif "superseded" in states:
        told.append("A later revision took over what is superseded here; the rest stands as it is told.")
    elif one.rev > 1 and one.group == "pending":
        told.append(f"Revision {one.rev}: what was signed for an earlier one does not count for it.")
    return tuple(told)


def _said(said: Said, one: Standing, name_of: Callable[[str], str], now_ms: int) -> str:
    who = "Somebody" if said.person is None else name_of(said.person)
    why = f": {said.reason.rstrip('.')}" if said.reason.strip() else ""
    if not said.late:
        return f"{who} {said.what} it {ago(now_ms, said.at_ms)}{why}."
    gone = sum(target.state not in _NOT_GONE for target in one.targets)
    all_of_it = gone == len(one.targets)
    late = "It had been decided already, and nothing had gone: nothing of it is sent." if not gone else (
        f"That came too late: it had been decided, and {'it' if all_of_it else f'{gone} of {len(one.targets)}'} had "
        "gone. What went stays; undo or lift it."
    )  # fmt: skip
    return f"{who} {said.what} it {ago(now_ms, said.at_ms)}{why}. {late}"


def bite_lines(one: Standing) -> tuple[str, ...]:
    """Which targets read back and do not bite, and which were undone: never to be taken for success."""
    told = [line for target in one.targets if (line := _bite(target, alone=len(one.targets) == 1))]
    more = len(told) - _SHOWN
    return (*told[:_SHOWN], f"and {more} more like that") if more > 0 else tuple(told)


def _bite(target: TargetStanding, *, alone: bool) -> str:
    where = "" if alone else f"{target.name} at {target.instance_name}: "
    if target.state in _BITE_STATES and target.passes:
        calls = "1 call" if target.passes == 1 else f"{target.passes} calls"
        return f"{where}reads back, but does not bite: {calls} still got through"
    if target.state == "drifted":
        return f"{where}{target.detail}" if target.detail else f"{where}somebody or something undid it"
    return ""


__all__ = ["bite_lines", "said_lines"]
