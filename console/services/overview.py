"""Corrections as every console sees them, from entries alone; and watching what was done by hand. It sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from console.domain.errors import WrongUse
from console.domain.profile import JsonValue
from console.journal.values import Draft
from console.outbox.by_hand import LEVER, ByHand, read_by_hand
from console.outbox.steps import plain
from console.providers.plane import Planes
from console.providers.wishes import AdapterFault, wish
from console.services import providers, standing
from console.services.session import Session
from console.services.standing import Standing, TargetStanding


def corrections(session: Session, inc: str | None, op: str | None) -> list[dict[str, Any]]:
    """Every action of an incident (or one op), its state by target, who signed; plain values for `--json`."""
    return [_told(session, one) for one in standing.corrections(session, inc) if op is None or one.op == op]


def _told(session: Session, one: Standing) -> dict[str, Any]:
    states = {target.state for target in one.targets}
    return {
        "op": one.op, "document": one.doc, "direction": one.direction, "gravity": one.gravity, "title": one.title,
        "undoes": one.undoes, "proposer": session.name_of(one.proposer), "signed": len(one.signed),
        "authorised": one.authorised_ms is not None, "targets": [_target(one, target) for target in one.targets],
        "state": states.pop() if len(states) == 1 else f"partial: {', '.join(sorted(states))}",
    }  # fmt: skip


def _detail(target: TargetStanding) -> str:
    """What there is to say of its state: where it is enforced, by which evidence, and what still ran then."""
    if target.state != "enforced":
        return target.detail or target.evidence or ""
    return "; ".join(part for part in (target.evidence, target.detail) if part)


def _target(one: Standing, target: TargetStanding) -> dict[str, Any]:
    return {
        "target": target.index, "name": target.name, "selector": target.selector, "lever": target.lever,
        "model": target.model, "by_hand": target.by_hand, "canary": target.canary, "state": target.state,
        "detail": _detail(target), "execute_by_ms": one.execute_by_ms, "checked_ms": target.checked_ms,
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A correction that people made themselves, as it was recorded; what was not said is empty or None.

    `watched` says whether it stands, where somebody watched it.
    """

    entry: str
    inc: str | None
    text: str
    by: str
    done_ms: int
    category: str
    direction: str
    selector: str
    lever: str
    instance: str | None
    watched: ByHand | None = None


def recorded_by_hand(session: Session, inc: str | None = None) -> tuple[Recorded, ...]:
    """Every one of an incident (or of all), the newest first; what was taken back is left out."""
    back: set[str] = set()
    for one in session.reader.entries(kinds=("retraction",)):
        of = one.entry.pub.get("of")
        back |= {str(each) for each in of} if isinstance(of, list) and one.standing == "good" else set()
    stands = {one.entry: one for one in watched_by_hand(session)}
    found = [
        Recorded(
            entry=one.id, inc=one.entry.inc, text=str(one.disclosed.get("text", "")),
            by=session.name_of(one.entry.author), done_ms=done, category=str(one.entry.pub["category"]),
            direction=str(one.entry.pub["direction"]), selector=str(one.disclosed.get("selector", "")),
            lever=str(one.entry.pub.get("lever", "")), instance=_text(one.entry.pub.get("instance")),
            watched=stands.get(one.id),
        )
        for one in session.reader.entries(inc, kinds=("correction.attested",))
        if one.entry.pub.get("doc") is None and one.standing == "good" and one.id not in back
        and isinstance(done := one.entry.pub["done_ms"], int)
    ]  # fmt: skip
    return tuple(reversed(found))


def watched_by_hand(session: Session) -> list[ByHand]:
    """What people did by hand and somebody watched, as it stood when it was last read, whichever console read it."""
    with session.reader.snapshot() as connection:
        return read_by_hand(connection)


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def watch(session: Session, entry: str, provider: str, lever: str, selector: str, surface: str) -> dict[str, Any]:
    """Read back and, where a credential is known, probe once what somebody did by hand; two entries at most.

    Raises:
        WrongUse: when there is no such provider, surface or lever.
    """
    instance = providers.instances_of(session).get(provider)
    where = providers.find_surface(session, instance, surface)
    device = session.device()

    async def work(planes: Planes) -> tuple[str, str, dict[str, str], str]:
        plane = planes.get(instance.id)
        if plane is None:
            raise WrongUse(planes.why_not(instance.id), "See `standdown provider list`.")
        try:
            planned = await plane.plan(wish(lever, selector, where.key, {}))
            read = await plane.read_back(planned)
            credential = plane.credential_for(selector) or plane.credential_for(planned.selector)
            probed = "cannot-tell" if credential is None else (await plane.probe(planned, credential)).outcome
        except AdapterFault as fault:
            raise WrongUse(f"{instance.name}: {fault.detail}.", "Check the selector and the provider.") from None
        return read.verdict, probed, dict(read.fields), planned.name

    verdict, probed, fields, name = providers.on_planes(session, work)
    meant = [one for one in session.reader.entries(kinds=("correction.attested",)) if one.id.startswith(entry)]
    of, inc = [one.id for one in meant], meant[0].entry.inc if meant else None
    words: dict[str, JsonValue] = {"name": name, "selector": selector}
    seen: JsonValue = {LEVER: lever, **fields}  # so that it can be looked at again
    drafts = [_reading(instance.id, where.surface, "read-back", verdict, of, inc, {**words, "fields": seen})]
    if probed != "cannot-tell":
        drafts.append(_reading(instance.id, where.surface, "probe", probed, of, inc, words))
    ref = session.ref
    session.store.write(lambda tx: [tx.append(device, draft, roster=ref) for draft in drafts])
    text = f"{name}: read back {verdict}" + (f", probe {probed}" if probed != "cannot-tell" else ", no probe here")
    text += "; looked at again by itself while this console's engine runs" if verdict == "in-effect" and of else ""
    return {
        "recorded": verdict == "in-effect", "bites": probed == "refused", "read_back": verdict, "probe": probed,
        "fields": fields, "text": text,
    }  # fmt: skip


def _reading(
    instance: str, surface: str, what: str, verdict: str, of: list[str], inc: str | None, words: dict[str, JsonValue]
) -> Draft:
    pub: dict[str, JsonValue] = {"instance": instance, "surface": surface, "what": what, "verdict": verdict, "count": 1}
    if of:
        pub["of"] = list(of)
    return Draft("reading.observed", inc, None, pub, {key: plain(value) for key, value in words.items()})
