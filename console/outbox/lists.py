"""A list target on its way: piece by piece, each piece with its own intent before the first byte and its own result.

What is sent for an account is the signed template with the account in it, and nothing else. A piece that was cut short
is looked through again: what landed already is read, never sent twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import orjson

from adapters.contract import (
    AdapterFault,
    Malformed,
    NotSent,
    Planned,
    ReadBack,
    Receipt,
    Refused,
    Stale,
    TakesLists,
    Throttled,
)
from console.domain.actions import Action, Target
from console.domain.errors import Problem
from console.domain.lists import DRAWN, LIFTS, drawn, from_bytes, list_of
from console.domain.overlap import covers
from console.domain.profile import JsonValue
from console.journal.tx import Tx
from console.outbox import backoff, gate
from console.outbox.alone import alone, looked_at
from console.outbox.executor import Executor
from console.outbox.gate import Authority, Stop
from console.outbox.item import Row
from console.outbox.members import HELD, Members, failed_in, number_in
from console.outbox.overlap import in_force_at, lift_of, place_at
from console.outbox.reading import Reading
from console.outbox.steps import Pace, Sleep, Steps
from console.providers.lists import each, fill
from console.providers.plane import Plane
from console.providers.planned import from_disclosures

PIECE: Final = 100
READ_AT_ONCE: Final = 1000
PATIENT: Final = 5  # so often a piece is tried; then what could not be sent is told as failed, and the rest goes on
_WHY_CHARS: Final = 120
_FIELD_CHARS: Final = 1_900
_KEPT_LISTS: Final = 4


@dataclass(slots=True)
class _Piece:
    """What became of the accounts of one piece."""

    already: list[str] = field(default_factory=list[str])
    sent: list[str] = field(default_factory=list[str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    again: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class Lists:
    """Takes list targets through gate, intent, calls and results. One per engine."""

    steps: Steps
    pace: Pace
    executor: Executor
    sleep: Sleep
    _listed: dict[tuple[str, int], bool] = field(default_factory=dict[tuple[str, int], bool])
    _lines: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    async def takes(self, row: Row) -> bool:
        """Whether the target of this row is a list."""
        if row.key not in self._listed:
            await self.steps.write(lambda tx: self.learn(tx, (row,)))
        return self._listed[row.key]

    def learn(self, tx: Tx, rows: Iterable[Row]) -> None:
        """See of those rows that are not known yet whether their targets are lists."""
        for row in rows:
            if row.key not in self._listed:
                self._listed[row.key] = _is_listed(tx, row)

    async def dispatch(self, row: Row, plane: Plane) -> Row:
        """Send the next piece, if everything still says so.

        Raises:
            Unauthorised: when no valid decision stands behind the row.
        """
        checked = await self.steps.write(lambda tx: self.executor.check(tx, row, plane))
        if isinstance(checked, Stop):
            return await self._stop(row, checked)
        lines = self._of(checked)
        if lines is None:
            why = "The lines of its list are not here (any more), or not those that were signed."
            return await self.steps.end(row, "attention", "dispatch.attention", why)
        at = await self.steps.write(lambda tx: next_line(tx, row))
        piece, template = lines[at : at + PIECE], checked.planned
        seen = await _look(plane, template, piece)
        if isinstance(seen, AdapterFault):
            return await self.executor.wait(row, seen)
        found, to_send = _sorted(template, dict(zip(piece, seen, strict=True)))
        odd = await self._odd(checked, row, plane, to_send)
        if odd is not None:
            return await (self._stop(row, odd) if isinstance(odd, Stop) else self.executor.wait(row, odd))
        row, to_send = await self.steps.write(lambda tx: self._intend(tx, row, plane, to_send, found))
        if row.state not in ("dispatching", "queued"):
            return row
        if row.state == "dispatching":
            self.steps.crash("after-intent")
            await self._send(plane, template, to_send, found)
            self.steps.crash("after-call")
        return await self._result(row, found, at, len(piece), len(lines))

    async def _odd(
        self, checked: Authority, row: Row, plane: Plane, to_send: Sequence[str]
    ) -> Stop | AdapterFault | None:
        """As of a single target (`console.outbox.alone`): every account of every piece, each time before it goes."""
        if looked_at(checked, row) or not to_send:
            return None
        target = checked.action.targets[row.target]
        return await alone(plane, target, [fill(checked.planned, one) for one in to_send])

    def _intend(self, tx: Tx, row: Row, plane: Plane, to_send: list[str], found: _Piece) -> tuple[Row, list[str]]:
        """The last look and the intent of a piece are one transaction; nothing to send needs no intent."""
        checked = self.executor.check(tx, row, plane)
        if isinstance(checked, Stop):
            words: dict[str, JsonValue] = {"why": checked.why}
            ended = self.steps.tell_in(tx, row, checked.kind, {}, words=words, state=checked.state, detail=checked.why)
            return ended, []
        if row.direction == "restore":
            to_send = _not_held(tx, checked, row, to_send, found, Members(self.steps.store.reader().blob))
        if not to_send:
            return row, []
        sent = [request.as_json() for one in to_send for request in fill(checked.planned, one).requests]
        attempt = row.attempt + 1
        pub: dict[str, JsonValue] = {
            "attempt": attempt, "requests": hashlib.sha256(orjson.dumps(sent)).hexdigest(), "step": "apply",
            "pre": "same", "verdict": "approved",
        }  # fmt: skip
        fields: dict[str, JsonValue] = {"list.accounts": str(len(to_send)), "list.first": to_send[0]}
        changed = self.steps.tell_in(
            tx, row, "dispatch.intent", pub, words={"fields": fields}, state="dispatching", attempt=attempt
        )
        return changed, to_send

    async def _send(self, plane: Plane, template: Planned, accounts: Sequence[str], found: _Piece) -> None:
        answers = await each(accounts, lambda account: plane.apply(fill(template, account)))
        unknown: list[str] = []
        for account, answer in zip(accounts, answers, strict=True):
            if isinstance(answer, Receipt):
                found.sent.append(account)
            elif isinstance(answer, Refused | Stale):
                found.failed[account] = answer.detail
            elif isinstance(answer, NotSent | Throttled):
                found.again[account] = answer.detail
            else:
                unknown.append(account)
        if unknown:  # what got lost is read after it had time to settle, and never sent again before that
            await self.sleep(self.pace.settle_ms / 1000)
            try:
                seen = await plane.read_back_many([fill(template, one) for one in unknown])
            except AdapterFault as fault:
                seen = [fault] * len(unknown)
            for account, one in zip(unknown, seen, strict=True):
                if isinstance(one, ReadBack) and one.verdict == "in-effect":
                    found.sent.append(account)
                else:
                    found.again[account] = "its answer got lost, and it does not show"

    async def _result(self, row: Row, found: _Piece, at: int, size: int, whole: int) -> Row:
        """Enter what became of the piece; it is done again where some could not be sent, within patience."""
        tries = row.tries + 1
        if found.again and tries < PATIENT:
            wait = self.steps.clock.wall_ms() + backoff.wait_ms(tries, self.steps.entropy)
            why = f"{len(found.again)} accounts could not be sent: {next(iter(found.again.values()))}"
            return await self.steps.attempted(
                row, "dispatch.requeued", "queued", words={"why": why, "fields": _fields(found, at, whole)},
                tries=tries, not_before_ms=wait, missed=True,
            )  # fmt: skip
        found.failed |= found.again
        done = at + size
        why = f"{done} of {whole} accounts gone through"
        why += f"; {len(found.failed)} of the last {size} failed" if found.failed else ""
        words: dict[str, JsonValue] = {"why": f"{why}.", "fields": _fields(found, done, whole)}
        if done < whole:
            return await self.steps.attempted(
                row, "dispatch.requeued", "queued", words=words, tries=0, not_before_ms=0, missed=False
            )
        return await self.steps.attempted(
            row, "dispatch.accepted", "accepted", pub={"outcome": "accepted"}, words=words, tries=0, not_before_ms=0,
            missed=False,
        )  # fmt: skip

    async def settle(self, row: Row, plane: Plane) -> Row:  # noqa: ARG002  as every step
        """A piece that was cut short is looked through again: only levers go over lists that may be pulled twice."""
        why = "The piece that was cut short is looked through again; what landed is not sent twice."
        return await self.steps.attempted(
            row, "dispatch.requeued", "queued", words={"why": why}, tries=0,
            not_before_ms=self.steps.clock.wall_ms() + self.pace.settle_ms,
        )  # fmt: skip

    async def confirm(self, row: Row, plane: Plane) -> Row:
        """An independent read of every account: recorded when all show it but those that failed and are told."""
        authority = await self.steps.write(lambda tx: gate.prove(tx, self.steps.feed, row))
        lines = self._of(authority) or ()
        failed = await self.steps.write(lambda tx: failures(tx, row))
        shows, missing = 0, list[str]()
        try:
            for first in range(0, len(lines), READ_AT_ONCE):
                some = lines[first : first + READ_AT_ONCE]
                seen = await plane.read_back_many([fill(authority.planned, one) for one in some])
                for account, one in zip(some, seen, strict=True):
                    if isinstance(one, NotSent | Throttled):
                        return await self.executor.wait(row, one)
                    if isinstance(one, ReadBack) and _is_so(authority.planned, one):
                        shows += 1
                    elif account not in failed:
                        missing.append(account)
        except AdapterFault as fault:
            return await self.executor.wait(row, fault)
        told = f"{shows} of {len(lines)} accounts show it"
        told += f"; {len(failed)} failed" if failed else ""
        fields: dict[str, JsonValue] = {"list.shows": str(shows), "list.of": str(len(lines))}
        now_ms = self.steps.clock.wall_ms()
        lag_ms = self.pace.record_ms + plane.lever(authority.planned.lever).read_back_lag_s * 1000
        if missing and now_ms - row.since_ms < lag_ms:
            return await self.steps.save(row, not_before_ms=now_ms + self.pace.recheck_ms)
        if missing or not shows:
            fields |= _told("list.missing", dict.fromkeys(missing, "does not show it"))
            kind, why = "dispatch.attention", f"{told}; {len(missing)} were accepted and do not show it."
            return await self.steps.tell(
                row, kind, {}, words={"why": why, "fields": fields}, state="attention", detail=why
            )
        return await self.steps.attempted(
            row, "dispatch.recorded", "recorded", words={"why": f"{told}.", "fields": fields}, tries=0, not_before_ms=0
        )

    async def read_back(self, row: Row, planned: Planned, plane: Plane) -> ReadBack:
        """Look again at what is in force: of a list, at accounts that nobody gave back and that did not fail.

        Where the provider tells about many at once, all of them; else a few, others each time.
        """
        sha = list_of(planned.params)
        if sha is None:
            return await plane.read_back(planned)
        now_ms = self.steps.clock.wall_ms()
        lines = self._known(sha) or ()
        gone = await self.steps.write(lambda tx: {*failures(tx, row), *self._given_back(tx, row, planned)})
        left = [one for one in lines if one not in gone]
        some = left if isinstance(plane.adapter, TakesLists) else drawn(str(now_ms), left)
        seen = await plane.read_back_many([fill(planned, one) for one in some])
        told = [(name, one) for name, one in zip(some, seen, strict=True) if isinstance(one, ReadBack)]
        missing = [name for name, one in told if not _is_so(planned, one) and one.verdict == "not-in-effect"]
        verdict: Literal["in-effect", "not-in-effect", "cannot-tell"] = (
            "in-effect" if told or not left else "cannot-tell"
        )
        verdict = "not-in-effect" if missing else verdict
        fields = {"list.looked": str(len(told)), "list.missing": ", ".join(missing[:DRAWN])}
        return ReadBack(verdict=verdict, fields=fields, at_ms=now_ms)

    def _given_back(self, tx: Tx, row: Row, planned: Planned) -> Iterator[str]:
        """Accounts that a later restore gives back, by a list of its own or one by one."""
        for at_ms, held, action in Reading.of(tx).authorised():
            if action.direction != "restore" or at_ms < row.decided_ms:
                continue
            for at, target in enumerate(action.targets):
                if (target.instance, target.lever) == (row.instance, planned.lever) and not target.canary:
                    yield from self._accounts(target, held.disclosed(at), action.undoes, row.doc)

    def _accounts(
        self, target: Target, disclosed: Mapping[str, JsonValue], undoes: str | None, doc: str
    ) -> tuple[str, ...]:
        """What a restore gives back of this list; one that names another correction leaves the list as it is."""
        try:
            planned = from_disclosures(target, disclosed, "restore")
        except Problem:
            return ()
        if (undoes or planned.params.get(LIFTS) or doc) != doc:
            return ()
        sha = list_of(planned.params)
        return (planned.selector,) if sha is None else self._known(sha) or ()

    async def _stop(self, row: Row, stop: Stop) -> Row:
        at = await self.steps.write(lambda tx: next_line(tx, row))
        why = f"{stop.why} {at} accounts had been gone through." if at else stop.why
        return await self.steps.end(row, stop.state, stop.kind, why)

    def _of(self, authority: Authority) -> tuple[str, ...] | None:
        """The lines that were signed; None where they are not here, or more or fewer than was said."""
        sha = list_of(authority.planned.params)
        lines = None if sha is None else self._known(sha)
        return None if lines is None or len(lines) != authority.planned.selectors else lines

    def _known(self, sha: str) -> tuple[str, ...] | None:
        """The lines of this name, where they are here."""
        if sha not in self._lines:
            try:
                raw = self.steps.store.reader().blob(sha)
                lines = None if raw is None else from_bytes(raw, sha)
            except Problem:  # damaged or no list: people are told, rather than waiting for it without end
                return None
            if lines is None:
                return None
            while len(self._lines) >= _KEPT_LISTS:
                self._lines.pop(next(iter(self._lines)))
            self._lines[sha] = lines
        return self._lines[sha]


# -- reading what was entered ------------------------------------------------------------------------------------------


def next_line(tx: Tx, row: Row) -> int:
    """How many accounts of the list were gone through, as this console's own entries say."""
    at = 0
    for stored in Reading.of(tx).steps_of(row.op, row.doc, row.target):
        told = number_in(stored.disclosed.get("fields"), "list.next")
        at = at if told is None else max(at, told)
    return at


def failures(tx: Tx, row: Row) -> dict[str, str]:
    """The accounts that failed, and why, as entered; an account that went later is not among them."""
    found: dict[str, str] = {}
    for stored in Reading.of(tx).steps_of(row.op, row.doc, row.target):
        found |= failed_in(stored.disclosed.get("fields"))
    return found


def _fields(found: _Piece, done: int, whole: int) -> dict[str, JsonValue]:
    return {
        "list.next": str(done), "list.of": str(whole), "list.sent": str(len(found.sent)),
        "list.already": str(len(found.already)), **_told("list.failed", found.failed),
    }  # fmt: skip


def _told(name: str, accounts: Mapping[str, str]) -> dict[str, JsonValue]:
    """Accounts with a word each, in as many fields as their text needs."""
    texts = [""]
    for account, why in accounts.items():
        short = " ".join(why[:_WHY_CHARS].split())
        line = f"{account}\t{short}"
        if texts[-1] and len(texts[-1]) + len(line) > _FIELD_CHARS:
            texts.append("")
        texts[-1] += f"{line}\n"
    return {f"{name}.{number}": text.rstrip("\n") for number, text in enumerate(texts[:48]) if text}


def _sorted(template: Planned, seen: Mapping[str, ReadBack | AdapterFault]) -> tuple[_Piece, list[str]]:
    """Which accounts are to be sent, by what was read of each a moment ago."""
    found, to_send = _Piece(), list[str]()
    for account, one in seen.items():
        if isinstance(one, Malformed | Refused):
            found.failed[account] = f"it cannot be read: {one.detail}"
        elif isinstance(one, AdapterFault):
            found.again[account] = one.detail
        elif _is_so(template, one):
            found.already.append(account)
        elif one.verdict == "cannot-tell":
            found.failed[account] = one.detail or "it is not there any more"
        elif gate.compare(fill(template, account), one) is None:
            found.failed[account] = "it is no longer as it was signed"
        else:
            to_send.append(account)
    return found, to_send


def _is_so(template: Planned, seen: ReadBack) -> bool:
    """As wanted, or (of containment) stricter: something else in force there may hold it."""
    return seen.verdict == "in-effect" or (template.direction == "contain" and covers(seen.fields, template.wanted))


def _not_held(
    tx: Tx, authority: Authority, row: Row, accounts: Iterable[str], found: _Piece, members: Members
) -> list[str]:
    """A lift leaves what another correction in force holds, alone or in a list; that is told, account by account.

    A lift that does not say what it lifts leaves every single correction, and lists decided after it was written.
    """
    action = authority.action
    target = action.targets[row.target]
    reading = Reading.of(tx)
    known = [
        one
        for one in reading.authorised()
        if one[1].sha != row.doc and any(t.instance == target.instance for t in one[2].targets)
    ]
    lists = {(held.sha, at) for _, held, other in known for at, t in enumerate(other.targets) if t.listed is not None}
    lift = lift_of(action, authority.planned, authority.decided_ms)
    given: list[str] = []
    for account in accounts:
        place = place_at(target.instance, target.surface, fill(authority.planned, account))
        there = in_force_at(tx.connection, place, known, members=members, steps=reading.steps_of) if known else None
        claims = () if there is None else there.claims
        left = [one for one in claims if not lift.lifts(one) or (lift.names is None and one.key not in lists)]
        if any(not covers(lift.wanted, one.wanted) for one in left):
            found.failed[account] = HELD
        else:
            given.append(account)
    return given


async def _look(
    plane: Plane, template: Planned, piece: Sequence[str]
) -> Sequence[ReadBack | AdapterFault] | AdapterFault:
    """How each account of a piece is; one fault where the provider cannot be asked now."""
    try:
        seen = await plane.read_back_many([fill(template, one) for one in piece])
    except AdapterFault as fault:
        return fault
    return next((one for one in seen if isinstance(one, NotSent | Throttled)), None) or seen


def _is_listed(tx: Tx, row: Row) -> bool:
    try:
        document = Reading.of(tx).document(row.doc).document
    except Problem:
        return False
    if not isinstance(document, Action) or not 0 <= row.target < len(document.targets):
        return False  # nobody decided this row: the gate says so
    return document.targets[row.target].listed is not None


__all__ = ["PIECE", "Lists", "failed_in", "failures", "next_line"]
