"""A leaked credential is rotated: the reversible sibling first, the replacement seen in use, then the old one revoked.

One correction slows everything, one revokes what is replaced, at several providers at once. It sends nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from console.domain.corrections import IN_FORCE
from console.domain.errors import Problem, WrongUse
from console.domain.ids import is_sha256
from console.domain.profile import JsonValue
from console.domain.rotation import Fact, Item, Rotation, Use, Word, checked, fact_of, marked, read_rotation, word_of
from console.journal.tx import Tx
from console.journal.values import Draft, Stored
from console.providers.plane import Planes
from console.providers.wishes import AdapterFault, Planned, wish
from console.runtime import platform
from console.services import approvals, corrections, planning, providers
from console.services.corrections import Proposal, TargetWish
from console.services.session import Session
from console.services.standing import corrections as standings_of

SOURCE = "rotation"
PLACED = "replacement placed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One credential of a rotation as it stands: counts, when its replacement was placed, what may be said of it."""

    item: Item
    old: Use | None
    new: Use | None
    placed_ms: int | None
    fact: Fact
    word: Word
    slowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotating:
    """A rotation and how far it is; `proposed` are the steps whose proposals live."""

    rotation: Rotation
    inc: str
    items: tuple[Held, ...]
    proposed: frozenset[str]

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
    steps, revoked, slowed = set[str](), set[tuple[str, str]](), set[tuple[str, str]]()
    for one in standings_of(session, inc):
        if one.direction != "contain" or one.state in ("cancelled", "refused", "expired", "superseded"):
            continue
        with suppress(Problem):
            told = approvals.open_values(corrections.find_document(session, one.doc)).lift_criteria
            mark = marked(told) if told else None
            if mark is None or not rotation.sha256.startswith(mark[0]):
                continue
            steps.add(mark[1])
            for target in one.targets:
                if target.state in IN_FORCE:
                    (revoked if mark[1] == "revoke" else slowed).add((target.instance, target.selector))
    items: list[Held] = []
    for number, item in enumerate(rotation.items):
        old, new = uses.get(f"{item.instance} {item.old}"), uses.get(f"{item.instance} {item.new}")
        fact, place = fact_of(old, new, at.get(number)), (item.instance, item.old)
        items.append(
            Held(item=item, old=old, new=new, placed_ms=at.get(number), fact=fact,
                 word=word_of(fact, at.get(number), revoked=place in revoked), slowed=place in slowed)
        )  # fmt: skip
    return Rotating(rotation=rotation, inc=inc, items=tuple(items), proposed=frozenset(steps))


def _placed(session: Session, inc: str, rotation: Rotation) -> dict[int, int]:
    found: dict[int, int] = {}
    head = f"{PLACED} {rotation.sha256[:16]} "
    for one in session.reader.entries(inc, kinds=("note",)):
        source = one.disclosed.get("source")
        if isinstance(source, str) and source.startswith(head) and one.standing == "good":
            found.setdefault(int(source.removeprefix(head)), one.entry.hlc[0])
    return found


# -- proposing ---------------------------------------------------------------------------------------------------------


def propose_slow(session: Session, inc: str, named: str, reason: str = "") -> Proposal:
    """Propose the reversible sibling for every credential that has one, as one correction.

    Raises:
        WrongUse: when none has, or it is proposed already; otherwise as `corrections.propose`.
    """
    now = find(session, inc, named)
    if "slow" in now.proposed:
        raise WrongUse("It is proposed already.", "Sign it, or lift it.")
    wishes = [
        TargetWish(provider=one.item.instance, surface=one.item.surface, lever=one.item.sibling,
                   selector=one.item.old, params=dict(one.item.params))
        for one in now.items if one.item.sibling
    ]  # fmt: skip
    if not wishes:
        raise WrongUse("No reversible lever was named.", "Revoke when the replacement is seen in use.")
    why = reason.strip() or now.rotation.why
    return corrections.propose(session, inc, wishes, why, criteria=f"{now.rotation.mark('slow')}. Until replaced.")


def propose_revoke(session: Session, inc: str, named: str, reason: str = "", *, all_of_them: bool = False) -> Proposal:
    """Propose to revoke every credential that is replaced and seen in use, or unused, as one correction.

    `all_of_them` takes in those still in use: the action is then graver, and says so.

    Raises:
        WrongUse: when there is nothing to revoke, or it is proposed already.
        WaitsForConnection: when a provider cannot be read.
    """
    now = find(session, inc, named)
    some = [one for one in now.items if one.word != "revoked" and (all_of_them or one.word in ("seen in use", "quiet"))]
    if not some:
        raise WrongUse("No old credential is replaced and seen in use, or unused for 24 h.", "Look again later.")
    wishes = [
        TargetWish(provider=one.item.instance, surface=one.item.surface, lever=one.item.revoke, selector=one.item.old)
        for one in some
    ]
    found = [planning.resolve(session, one) for one in wishes]

    async def plan_all(planes: Planes) -> list[Planned]:
        pairs = zip(found, wishes, strict=True)
        return [await planning.plan_one(planes, where, one, "contain") for where, one in pairs]

    session.person()
    plans = providers.on_planes(session, plan_all)
    feed = session.device().feed
    parts = [
        planning.part_of(session, where, one, replace(plan, credential=held.fact, notes=(*plan.notes, _told(held))),
                         all_surfaces=False, dispatchers=(feed,))
        for where, one, plan, held in zip(found, wishes, plans, some, strict=True)
    ]  # fmt: skip
    why = reason.strip() or now.rotation.why
    criteria = f"{now.rotation.mark('revoke')}. A revoked credential is not given back; a new one is made."
    return corrections.propose_with(session, inc, parts, (), why, criteria=criteria)


def _told(one: Held) -> str:
    """What was counted, for the signers."""
    if one.fact == "verified-replacement" and one.new is not None:
        return f"replaced by {one.item.new}, which was seen in use ({one.new.asked} calls counted)"
    if one.fact == "unused-24h":
        return "no call was counted for 24 h"
    return "it may still be in use: what uses it stops"


# -- counting ----------------------------------------------------------------------------------------------------------


def look(session: Session, inc: str) -> None:
    """Count the use of every old and new credential of an incident's rotations. On a worker; it opens sockets."""
    asked: dict[str, tuple[str, str, str, str]] = {}
    for one in rotations(session, inc):
        for held in one.items:
            for selector in filter(None, (held.item.old, held.item.new)):
                key = f"{held.item.instance} {selector}"
                asked[key] = (held.item.instance, held.item.surface, held.item.revoke, selector)
    if not asked:
        return
    surfaces = {one.surface: one for one in providers.surfaces(session)}

    async def count(planes: Planes) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for key, (instance, surface, lever, selector) in asked.items():
            plane, where = planes.get(instance), surfaces.get(surface)
            if plane is None or where is None:
                continue
            with suppress(AdapterFault):
                told = await plane.served(await plane.plan(wish(lever, selector, where.key, {}, "contain")))
                if told is not None:
                    found[key] = (told.asked, told.at_ms)
        return found

    _keep(session, providers.on_planes(session, count).items())


def _uses(session: Session) -> dict[str, Use]:
    """What this console has counted so far; a damaged file is begun anew: then everything counts as in use."""
    try:
        table: Any = json.loads((session.paths.root / "uses.json").read_text(encoding="utf-8"))
        return {str(key): Use(**one) for key, one in table.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _keep(session: Session, counted: Iterable[tuple[str, tuple[int, int]]]) -> None:
    uses = _uses(session)
    for key, (asked, at_ms) in counted:
        was = uses.get(key)
        fresh = Use(asked=asked, at_ms=at_ms, since_ms=at_ms, grew_ms=None)
        # a count that fell was begun anew by the provider, and says nothing of what was before
        uses[key] = fresh if was is None or asked < was.asked else was.counted(asked, at_ms)
    text = json.dumps({key: asdict(one) for key, one in uses.items()}, ensure_ascii=False)
    platform.write_durably(session.paths.root / "uses.json", text.encode())


__all__ = [
    "Held", "Item", "Rotating", "begin", "find", "look", "placed", "propose_revoke", "propose_slow", "rotations",
]  # fmt: skip
