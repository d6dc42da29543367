"""Standing notices: what works, what waits and since when, told where it cannot be overlooked. Pure values.

A notice says only what was observed; partial outage is the normal case, never one light for "offline".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from console.services.live_values import Connectivity, PlaceLink
from console.services.session import SECRETS
from console.viewmodels.outlet import Topic
from console.viewmodels.shell import Shell
from console.viewmodels.times import ago

if TYPE_CHECKING:
    from console.services.verification import Progressed

NoticeKind = Literal["info", "good", "warning", "alarm", "offline", "drill", "provisional"]
_NAMED: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice. `name` tells it from others; `kind` is how a banner dresses it; `command` is one that helps."""

    name: str
    kind: NoticeKind
    text: str
    next_step: str = ""
    command: str = ""


_LOCKED: Final = "The providers' credentials are locked: nobody looks there from here, and nothing is sent."
_MEANWHILE: Final = "Writing, evidence and signing go on; what is queued waits."
BANNERS: Topic[tuple[Notice, ...]] = Topic("banners")


def notices(
    shell: Shell, links: Connectivity | None, now_ms: int, proven: Progressed | None = None
) -> tuple[Notice, ...]:
    """Every notice that stands now. Ages are in the coarsest unit, so that a notice changes rarely."""
    found: list[Notice | None] = [_journal(proven), _rung(shell)]
    if links is not None:
        found += [
            _alarm(links), _clock(links), _locked(links), _providers(links, now_ms), _places(links, now_ms),
            _engine(links),
        ]  # fmt: skip
    return tuple(one for one in found if one is not None)


def _rung(shell: Shell) -> Notice | None:
    if shell.rung == "provisional":
        return Notice(
            name="rung", kind="provisional", command="organisation", text="PROVISIONAL: ONE PERSON",
            next_step="Writing, evidence, live status and corrections by hand work. Nothing is dispatched before two "
            "people have founded the organisation.",
        )  # fmt: skip
    if shell.rung == "joining":
        return Notice(
            name="rung", kind="provisional", command="organisation", text="You are not admitted yet.",
            next_step="An admin compares your words and signs the roster; writing waits for that.",
        )  # fmt: skip
    return None


def _alarm(links: Connectivity) -> Notice | None:
    what, next_step = links.alarm
    told = next_step.replace(": `standdown doctor --recover`", "")  # the button beside it does the same
    return Notice(name="alarm", kind="alarm", text=what, next_step=told, command="this-record") if what else None


def _clock(links: Connectivity) -> Notice | None:
    """What other clocks tell of ours, where it is more than seconds: a hint."""
    hint = links.clock
    if hint is None or not hint.loud:
        return None
    return Notice(name="clock", kind="warning", text=hint.sentence, next_step=hint.next_step)


def _journal(proven: Progressed | None) -> Notice | None:
    """The record itself does not hold: before everything else."""
    if proven is None or proven.phase not in ("wrong", "failed"):
        return None
    return Notice(name="journal", kind="alarm", text=proven.sentence, command="verify")


def _locked(links: Connectivity) -> Notice | None:
    if not links.locked:
        return None
    why = _MEANWHILE if SECRETS in links.locked else links.locked  # a keyring has words of its own
    return Notice(name="locked", kind="warning", text=_LOCKED, next_step=why, command="unlock-secrets")


def _providers(links: Connectivity, now_ms: int) -> Notice | None:
    down = [one for one in links.providers if one.state == "unreachable"]
    if not down:
        return None
    answering, asked = links.answering
    since = min((one.since_ms for one in down if one.since_ms is not None), default=None)
    began = "" if since is None else f" for {ago(now_ms, since).removesuffix(' ago')}".replace(" for just now", "")
    who = ", ".join(one.name for one in down[:_NAMED])
    who += f" and {len(down) - _NAMED} more" if len(down) > _NAMED else ""
    unread = sum(one.state == "unread" for one in links.providers)  # who was not asked yet may well answer
    others = f"{answering} of {asked} providers answer, {unread} not read yet." if unread else (
        f"{answering} of {asked} providers answer." if answering else "No provider answers."
    )  # fmt: skip
    return Notice(
        name="providers", kind="offline", text=f"No answer from {who}{began}. {others}", command="outbox",
        next_step="Writing, deciding and signing work. What was approved for "
        f"{'it' if len(down) == 1 else 'them'} waits in the outbox with its validity, and never goes by surprise.",
    )  # fmt: skip


def _places(links: Connectivity, now_ms: int) -> Notice | None:
    lost = [one for one in links.places if is_lost(one)]
    if not lost:
        return None
    heard = max((one.synced_ms for one in lost if one.synced_ms is not None), default=None)
    last = f", last met {ago(now_ms, heard)}" if heard is not None else ", never met"
    count = len(links.places)
    which = "The shared place is" if count == 1 else f"{len(lost)} of {count} shared places are"
    return Notice(
        name="places", kind="offline", command="sync", text=f"{which} not reached{last}.",
        next_step="Everything is kept here and exchanged when it returns; colleagues do not see what you write "
        "meanwhile. Containment that both have signed already still goes.",
    )  # fmt: skip


def is_lost(place: PlaceLink) -> bool:
    """Whether the last meeting with it failed."""
    return bool(place.fault) and (place.synced_ms is None or (place.fault_ms or 0) >= place.synced_ms)


def _engine(links: Connectivity) -> Notice | None:
    if links.engine.state != "elsewhere":
        return None
    return Notice(name="engine", kind="info", text=links.engine.sentence)
