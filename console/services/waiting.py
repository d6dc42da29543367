"""What becomes of everything that waits when a connection comes back: said beforehand, so that nothing surprises.

It reads the record and the outbox; it sends nothing. What was shown failed or expired is never sent later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from console.services import standing
from console.services.session import Session
from console.services.standing import Standing, TargetStanding

DAY_MS: Final = 24 * 3_600_000
Fate = Literal["goes", "held", "connection", "turn", "back", "again", "anew"]
_SENT: Final = ("accepted", "recorded", "enforced", "unmeasurable", "attested", "lifted", "superseded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One target that was not carried out. Times are wall-clock ms; `at_ms` is when it goes, where that is known.

    `goes`: as soon as its engine runs. `held`: after a visible hold, at `at_ms`. `connection`: held once its provider
    answers. `turn`: another console sends it. `back`: returns to people as soon as its provider answers. `again`: its
    people confirm it again, it lapsed within a day or changed meanwhile. `anew`: it has to be decided anew.
    """

    op: str
    doc: str
    target: int
    title: str
    where: str
    state: str
    fate: Fate
    at_ms: int | None
    until_ms: int
    why: str
    next_step: str


def waiting(session: Session) -> tuple[Waiting, ...]:
    """Everything decided or lapsed that was not carried out, what goes first first."""
    now_ms = session.clock.wall_ms()
    order = ("goes", "held", "turn", "connection", "back", "again", "anew")
    found = [
        _one(one, target, now_ms)
        for one in standing.corrections(session) if one.state not in ("refused", "cancelled", "superseded")
        for target in one.targets if _waits(one, target)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda line: (order.index(line.fate), line.at_ms or line.until_ms, line.title)))


def _waits(one: Standing, target: TargetStanding) -> bool:
    if target.by_hand or target.state in (*_SENT, "refused", "cancelled", "drifted"):
        return False
    return one.authorised_ms is not None or target.state == "expired"


def _one(one: Standing, target: TargetStanding, now_ms: int) -> Waiting:
    away = target.row is not None and (target.row.outage or target.row.missed)
    until_ms = one.execute_until_ms if away and one.direction == "contain" else one.execute_by_ms
    fate, at_ms, why, then = _fate(one, target, now_ms)
    return Waiting(
        op=one.op, doc=one.doc, target=target.index, title=f"{target.lever_title}: {target.name}",
        where=target.instance_name, state=target.state, fate=fate, at_ms=at_ms, until_ms=until_ms, why=why,
        next_step=then.format(doc=one.doc[:16]),
    )  # fmt: skip


_AGAIN: Final = "`standdown outbox again {doc}` proposes it again and keeps its reason."


def _fate(  # noqa: PLR0911  one answer for each fate
    one: Standing, target: TargetStanding, now_ms: int
) -> tuple[Fate, int | None, str, str]:
    row = target.row
    if target.state == "expired":
        return _lapsed(one, now_ms)
    if target.state in ("stale", "failed", "attention"):
        fate: Fate = "again" if target.state == "stale" else "anew"
        return fate, None, target.detail or f"It is {target.state}.", _AGAIN
    if row is None:
        return "turn", None, "Another console sends it.", "`standdown outbox take-over {doc}` gives it to this one."
    if row.outage and one.direction == "restore":
        return "back", None, "Giving back never goes by itself after an outage.", _AGAIN
    if row.held and row.not_before_ms > now_ms:
        return "held", row.not_before_ms, target.detail, "`standdown outbox now {doc}` ends the hold."
    if row.outage and not row.held:
        return "connection", None, "Its provider cannot be reached; then it is read again and held for 10 s.", ""
    if target.state in ("dispatching", "unknown"):
        return "goes", None, "Its answer is not known; it is read back before anything is sent again.", ""
    return "goes", row.not_before_ms if row.not_before_ms > now_ms else None, target.detail or "It goes now.", ""


def _lapsed(one: Standing, now_ms: int) -> tuple[Fate, int | None, str, str]:
    late = one.direction == "restore" or now_ms - one.execute_until_ms > DAY_MS
    if late:
        return "anew", None, "Its time passed; it is never sent any more and has to be decided anew.", _AGAIN
    return "again", None, "Its time passed; it is never sent unless its people confirm it again.", _AGAIN
