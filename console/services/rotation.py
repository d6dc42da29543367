"""A leaked credential is rotated: the reversible sibling first, the replacement seen in use, then the old one revoked.

What is kept of it and how it stands; what is proposed of it is made beside (`rotating`). It sends nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from console.domain.corrections import IN_FORCE, OVER
from console.domain.errors import Problem, WrongUse
from console.domain.ids import is_sha256
from console.domain.profile import JsonValue
from console.domain.rotation import (
    Fact,
    Item,
    Rotation,
    Step,
    Use,
    Word,
    checked,
    fact_of,
    marked,
    read_rotation,
    word_of,
)
from console.journal.tx import Tx
from console.journal.values import Draft, Stored
from console.providers.plane import Plane, Planes
from console.providers.wishes import AdapterFault, Planned, wish
from console.runtime import platform
from console.services import approvals, corrections, providers
from console.services.session import Session
from console.services.standing import TargetStanding
from console.services.standing import corrections as standings_of

Told = tuple[int, int, int | None]  # the count, when it was read, and the last use where that is told instead
SOURCE = "rotation"
PLACED = "replacement placed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One credential of a rotation as it stands: counts, when its replacement was placed, what may be said of it.

    `steps` are those of which a proposal for it lives.
    """

    item: Item
    old: Use | None
    new: Use | None
    placed_ms: int | None
    fact: Fact
    word: Word
    slowed: bool
    steps: frozenset[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotating:
    """A rotation and how far it is."""

    rotation: Rotation
    inc: str
    items: tuple[Held, ...]

    @property
    def proposed(self) -> frozenset[Step]:
        """The steps whose proposals live, of some credential or of all."""
        return frozenset(step for one in self.items for step in one.steps)

    @property
    def to_slow(self) -> tuple[int, ...]:
        """Which have a reversible lever and are not proposed to be slowed yet."""
        return tuple(at for at, one in enumerate(self.items) if one.item.sibling and "slow" not in one.steps)

    @property
    def ready(self) -> tuple[int, ...]:
        """Which can be revoked without stopping what works: replaced and seen, or unused."""
        return tuple(at for at, one in enumerate(self.items) if one.word in ("seen in use", "quiet"))


def begin(session: Session, inc: str, items: Sequence[Item], why: str) -> Rotating:
    """Keep what is rotated and why, as evidence of the incident; nothing is proposed yet.

    Raises:
        WrongUse: for what is no rotation, or a lever that the provider has not.
    """
    known = providers.instances_of(session)
    for one in items:
        manifest = known.registry.manifest(known.get(one.instance).adapter)
        for name in filter(None, (one.sibling, one.revoke)):
            try:
                lever = manifest.lever(name)
            except KeyError:
                raise WrongUse(f"{manifest.title} has no lever {name}.", "See `standdown provider levers`.") from None
            if name == one.revoke and not lever.revokes_credential:
                raise WrongUse(f"{lever.title} revokes no credential.", "Name the lever that does.")
            if name == one.sibling and lever.reversal != "exact":
                raise WrongUse(f"{lever.title} cannot be reverted exactly.", "Name a reversible one.")
    found = checked(Rotation(items=tuple(items), why=why.strip()))
    raw, feed, ref = found.to_bytes(), session.person(), session.ref

    def work(tx: Tx) -> Stored:
        blob: dict[str, JsonValue] = {
            "name": f"rotation-{found.sha256[:12]}.json", "sha256": tx.put_blob(raw), "size": len(raw),
        }  # fmt: skip
        text = f"Rotation of {len(items)} credentials: {found.why}"[:2000]
        draft = Draft("evidence", inc, None, {"class": "open"}, {"blob": blob, "text": text, "source": SOURCE})
        return tx.append(feed, draft, roster=ref)

    session.store.write(work)
    return find(session, inc, found.sha256)


def placed(session: Session, inc: str, named: str, number: int, text: str = "") -> Stored:
    """Say that the replacement of one credential is where it is used; from now on its use is looked for.

    Raises:
        WrongUse: where there is no such credential, or no replacement was named.
    """
    one = find(session, inc, named)
    if not 0 <= number < len(one.items) or not one.items[number].item.new:
        raise WrongUse("No replacement was named for that credential.", "Begin the rotation with its id.")
    words = text.strip() or f"The replacement {one.items[number].item.new} is placed."
    source = f"{PLACED} {one.rotation.sha256[:16]} {number}"
    return session.append(Draft("note", inc, None, {}, {"text": words, "source": source}))


# -- how it stands -----------------------------------------------------------------------------------------------------


def rotations(session: Session, inc: str) -> tuple[Rotating, ...]:
    """Every rotation of an incident, the newest first."""
    found: list[Rotating] = []
    for stored in session.reader.entries(inc, kinds=("evidence",)):
        blob = stored.disclosed.get("blob")
        if stored.disclosed.get("source") != SOURCE or stored.standing != "good" or not isinstance(blob, dict):
            continue
        with suppress(Problem):
            sha = str(blob.get("sha256"))
            raw = session.reader.blob(sha) if is_sha256(sha) else None
            if raw is not None:
                found.append(_rotating(session, inc, read_rotation(raw)))
    return tuple(reversed(found))


def find(session: Session, inc: str, named: str) -> Rotating:
    """The rotation that begins so, or the only one.

    Raises:
        WrongUse: when there is none, or several fit.
    """
    found = [one for one in rotations(session, inc) if one.rotation.sha256.startswith(named)]
    if len(found) != 1:
        raise WrongUse(f"{len(found) or 'No'} rotations fit.", "See `standdown rotate show`.")
    return found[0]


def _rotating(session: Session, inc: str, rotation: Rotation) -> Rotating:
    uses, at = _uses(session), _placed(session, inc, rotation)
    steps, in_force = _steps(session, inc, rotation)
    items: list[Held] = []
    for number, item in enumerate(rotation.items):
        old, new = uses.get(f"{item.instance} {item.old}"), uses.get(f"{item.instance} {item.new}")
        fact, force = fact_of(old, new, at.get(number)), in_force.get(number, frozenset())
        items.append(
            Held(item=item, old=old, new=new, placed_ms=at.get(number), fact=fact,
                 word=word_of(fact, at.get(number), revoked="revoke" in force), slowed="slow" in force,
                 steps=steps.get(number, frozenset()))
        )  # fmt: skip
    return Rotating(rotation=rotation, inc=inc, items=tuple(items))


Steps = dict[int, frozenset[Step]]


def _steps(session: Session, inc: str, rotation: Rotation) -> tuple[Steps, Steps]:
    """By credential: the steps of which a proposal lives, and those that are in force."""
    living: Steps = {}
    in_force: Steps = {}
    for one in standings_of(session, inc):
        if one.direction != "contain" or one.state in OVER:
            continue
        with suppress(Problem):
            told = approvals.open_values(corrections.find_document(session, one.doc)).lift_criteria
            mark = marked(told) if told else None
            if mark is None or not rotation.sha256.startswith(mark[0]):
                continue
            step = frozenset[Step]((mark[1],))
            for target in (target for target in one.targets if target.state not in OVER):
                for number in _meant(rotation, mark[1], mark[2], target):
                    living[number] = living.get(number, frozenset()) | step
                    if target.state in IN_FORCE:
                        in_force[number] = in_force.get(number, frozenset()) | step
    return living, in_force


def _meant(rotation: Rotation, step: Step, numbers: tuple[int, ...], target: TargetStanding) -> Iterable[int]:
    """Which credentials a target is about: by its place among the numbers, else by what it selects."""
    if numbers:
        at = numbers[target.index] if target.index < len(numbers) else -1
        known = 0 <= at < len(rotation.items) and rotation.items[at].instance == target.instance
        return (at,) if known else ()
    return tuple(
        at for at, item in enumerate(rotation.items)
        if (item.instance, item.slow_at if step == "slow" and item.slow_at else item.old)
        == (target.instance, target.selector)
    )  # fmt: skip


def _placed(session: Session, inc: str, rotation: Rotation) -> dict[int, int]:
    found: dict[int, int] = {}
    head = f"{PLACED} {rotation.sha256[:16]} "
    for one in session.reader.entries(inc, kinds=("note",)):
        source = one.disclosed.get("source")
        if isinstance(source, str) and source.startswith(head) and one.standing == "good":
            found.setdefault(int(source.removeprefix(head)), one.entry.hlc[0])
    return found


# -- counting ----------------------------------------------------------------------------------------------------------


def look(session: Session, inc: str) -> tuple[str, ...]:
    """Count the use of every old and new credential of an incident's rotations. On a worker; it opens sockets.

    It says of which nothing could be read, and why.
    """
    asked: dict[str, tuple[str, str, str, str]] = {}
    for one in rotations(session, inc):
        for held in one.items:
            for selector in filter(None, (held.item.old, held.item.new)):
                key = f"{held.item.instance} {selector}"
                asked[key] = (held.item.instance, held.item.surface, held.item.revoke, selector)
    if not asked:
        return ()
    surfaces = {one.surface: one for one in providers.surfaces(session)}

    async def told_of(planes: Planes, place: tuple[str, str, str, str]) -> Told | str | None:
        instance, surface, lever, selector = place
        plane, where = planes.get(instance), surfaces.get(surface)
        if plane is None or where is None:
            return f"{selector}: {planes.why_not(instance)}"
        try:
            return await _told(plane, await plane.plan(wish(lever, selector, where.key, {}, "contain")))
        except AdapterFault as fault:
            return f"{selector} at {plane.instance.name}: {fault.detail}"

    async def count(planes: Planes) -> list[Told | str | None]:
        return list(await asyncio.gather(*(told_of(planes, place) for place in asked.values())))

    told = providers.on_planes(session, count)
    _keep(session, ((key, found) for key, found in zip(asked, told, strict=True) if isinstance(found, tuple)))
    return tuple(one for one in told if isinstance(one, str))


async def _told(plane: Plane, planned: Planned) -> Told | None:
    """The provider's count, or else the last use that it knows."""
    counted = await plane.served(planned)
    if counted is not None:
        return counted.asked, counted.at_ms, None
    last = await plane.last_use(planned)
    used_ms = 0 if last is None else last.used_ms or 0
    return None if last is None else (used_ms // 1000, last.at_ms, used_ms)


def _uses(session: Session) -> dict[str, Use]:
    """What this console has counted so far; a damaged file is begun anew: then everything counts as in use."""
    try:
        table: Any = json.loads((session.paths.root / "uses.json").read_text(encoding="utf-8"))
        return {str(key): Use(**one) for key, one in table.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _keep(session: Session, counted: Iterable[tuple[str, Told]]) -> None:
    uses = _uses(session)
    for key, (asked, at_ms, last_ms) in counted:
        was = uses.get(key)
        fresh = Use(asked=asked, at_ms=at_ms, since_ms=at_ms, grew_ms=None, last_ms=last_ms)
        # a count that fell was begun anew by the provider, and says nothing of what was before
        anew = was is None or asked < was.asked or (was.last_ms is None) != (last_ms is None)
        uses[key] = fresh if was is None or anew else was.counted(asked, at_ms, last_ms)
    text = json.dumps({key: asdict(one) for key, one in uses.items()}, ensure_ascii=False)
    platform.write_durably(session.paths.root / "uses.json", text.encode())


__all__ = ["Held", "Item", "Rotating", "begin", "find", "look", "placed", "rotations"]
