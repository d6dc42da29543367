"""What answers in a model's place while it is corrected: which surfaces could, and whether one is up, with its age.

Reading only. What was read says when; what was not read is never up.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from console.domain.errors import Problem, WrongUse
from console.domain.ids import is_id
from console.providers.instance import MANUAL
from console.providers.plane import Planes
from console.providers.poller import look
from console.services import providers
from console.services.inventory import Surface, surfaces
from console.services.session import Session

DEADLINE_S: Final = 5.0
NONE: Final = "none"
NO_FALLBACK: Final = "none: nothing answers in its place"
_SURFACE: Final = re.compile(r"\((t-[0-9a-z]{26})\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standby:
    """One surface as read here: its state in the board's word, and when; `why` where it could not be read.

    `made` are models of its provider with when they were made (ms), as far as it tells.
    """

    surface: str
    state: str
    at_ms: int
    why: str = ""
    made: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def is_up(self) -> bool:
        """Whether it was seen serving."""
        return self.state == "serving"


def candidates(known: Sequence[Surface], model: str) -> tuple[Surface, ...]:
    """Every surface of another model; those beside one of this model's first."""
    beside = {one.instance for one in known if one.model == model}
    others = [one for one in known if one.model != model]
    return tuple(sorted(others, key=lambda one: (one.instance not in beside, one.model, one.name)))


def find(session: Session, named: str) -> Surface:
    """The surface somebody means: its id, `PROVIDER:SURFACE`, or its model's name.

    Raises:
        WrongUse: when no single one fits.
    """
    known = surfaces(session)
    if is_id(named, "t"):
        fits = [one for one in known if one.surface == named]
    elif ":" in named:
        provider, _, surface = named.partition(":")
        return providers.find_surface(session, providers.instances_of(session).get(provider), surface)
    else:
        wanted = named.casefold()
        fits = [one for one in known if wanted in (one.model.casefold(), one.name.casefold())]
    if len(fits) != 1:
        raise WrongUse(
            f"No single surface is called {named[:64]!r}.", "Name it as PROVIDER:SURFACE; see `standdown status`."
        )
    return fits[0]


def look_at(session: Session, surface: Surface, *, deadline_s: float = DEADLINE_S) -> Standby:
    """How a surface is now, by one look at its provider.

    It opens sockets and may ask for the secrets' passphrase: call it on a worker, never where a person waits.
    """

    async def work(planes: Planes) -> Standby:
        return await look_on(planes, surface, session.clock.wall_ms(), deadline_s)

    return providers.on_planes(session, work)


async def look_on(planes: Planes, surface: Surface, now_ms: int, deadline_s: float = DEADLINE_S) -> Standby:
    """As `look_at`, on planes that are open."""
    plane = planes.get(surface.instance)
    if plane is None:
        why = planes.why_not(surface.instance)
        return Standby(surface=surface.surface, state="unknown", at_ms=now_ms, why=why)
    try:
        async with asyncio.timeout(deadline_s):
            seen = await look(plane)
    except TimeoutError:
        why = f"no answer within {deadline_s:g} s"
        return Standby(surface=surface.surface, state="unknown", at_ms=now_ms, why=why)
    listed = () if seen.status is None else seen.status.surfaces
    found = next((one for one in listed if one.key == surface.key), None)
    if found is None:
        by_hand = plane.instance.adapter == MANUAL
        why = "people tell of it, nothing reads it" if by_hand else seen.fault or "its provider does not list it"
        return Standby(surface=surface.surface, state="unknown", at_ms=seen.at_ms, why=why)
    return Standby(
        surface=surface.surface, state=found.state, at_ms=seen.at_ms, why="; ".join(found.restrictions),
        made={providers.plain_model(one.model): one.made_ms for one in listed if one.made_ms is not None},
    )  # fmt: skip


def sentence(session: Session, surface: Surface, seen: Standby, of: Collection[str] = ()) -> str:
    """As it is signed: which model, where, how it was when it was read, and whether it is earlier than these."""
    where = f"{surface.model} on {surface.name or surface.key} at {_provider(session, surface)} ({surface.surface})"
    ages = [age_beside(surface.model, model, seen.made) for model in sorted(set(of))]
    return "; ".join((f"{where}: {told(seen)}", *filter(None, ages)))


def age_beside(model: str, other: str, made: Mapping[str, int]) -> str:
    """Which of two models was made earlier, by their provider's word; empty where it does not tell of both."""
    mine, theirs = made.get(model), made.get(other)
    if mine is None or theirs is None or model == other:
        return ""
    word = "made at the same time as" if mine == theirs else "EARLIER than" if mine < theirs else "NEWER than"
    return f"{word} {other}, by its provider's word ({_day(mine)}, {_day(theirs)})"


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")


def told(seen: Standby) -> str:
    """Its state and when it was read; what was not read is not said to be up."""
    at = datetime.fromtimestamp(seen.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if seen.state == "unknown":
        return f"NOT KNOWN TO BE UP, tried {at} ({seen.why})"
    more = f" ({seen.why})" if seen.why else ""
    return f"{seen.state if seen.is_up else f'NOT UP, {seen.state}'}, read {at}{more}"


def state_words(seen: Standby) -> str:
    """Its state alone, for whoever says the time themselves."""
    more = f" ({seen.why})" if seen.why else ""
    return f"{'not known to be up' if seen.state == 'unknown' else seen.state}{more}"


def surface_in(text: str) -> str | None:
    """The surface that a signed sentence names."""
    found = _SURFACE.search(text)
    return None if found is None else found[1]


def line(session: Session, named: str, of: Collection[str] = ()) -> str:
    """What is signed of a fallback that is named (or of `none`), read now; empty where none is named.

    `of` are the models in whose place it answers.

    Raises:
        WrongUse: as `find`.
    """
    if not named.strip():
        return ""
    if named.strip().casefold() == NONE:
        return NO_FALLBACK
    surface = find(session, named.strip())
    return sentence(session, surface, look_at(session, surface), of)


def _provider(session: Session, surface: Surface) -> str:
    try:
        return providers.instances_of(session).get(surface.instance).name
    except Problem:
        return "a provider not connected here"
