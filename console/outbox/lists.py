"""A list target on its way: piece by piece, each piece with its own intent before the first byte and its own result.

What is sent for an account is the signed template with the account in it, and nothing else. A piece that was cut short
is looked through again: what landed already is read, never sent twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import orjson

from adapters.contract import (
    AdapterFault,
    NotSent,
    Planned,
    ReadBack,
    Receipt,
    Refused,
    Stale,
    TakesLists,
    Throttled,
)
from console.domain.actions import Action
from console.domain.errors import Problem
from console.domain.lists import DRAWN, drawn, from_bytes, list_of
from console.domain.profile import JsonValue
from console.journal.tx import Tx
from console.outbox import backoff, gate
from console.outbox.alone import alone, goes_back, looked_at
from console.outbox.executor import Executor
from console.outbox.gate import Authority, Stop
from console.outbox.item import Row
from console.outbox.list_piece import Piece, fields_of, given_back, is_so, look, lost, not_held, sort_out
from console.outbox.list_told import BACK, by_name, failures, may_go_back, next_line
from console.outbox.members import Members, failed_in
from console.outbox.reading import Reading
from console.outbox.steps import Pace, Sleep, Steps
from console.outbox.wholes import Exact, by_membership, exact
from console.providers.lists import each, fill
from console.providers.plane import Plane

PIECE: Final = 100
WHOLE_PIECE: Final = 250  # of a set that is written whole, each piece costs the whole of it
READ_AT_ONCE: Final = 1000
PATIENT: Final = 5  # so often a piece is tried; then what could not be sent is told as failed, and the rest goes on
_KEPT_LISTS: Final = 4


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
        async with self.executor.wholes.turn(plane, checked.planned) as came:
            return await self._piece(row, plane, checked, lines) if came else await self.executor.later(row)

    async def _piece(self, row: Row, plane: Plane, checked: Authority, lines: tuple[str, ...]) -> Row:
        at = await self.steps.write(lambda tx: next_line(tx, row))
        template = checked.planned
        piece = lines[at : at + (WHOLE_PIECE if by_membership(template) else PIECE)]
        seen = await look(plane, template, piece)
        if isinstance(seen, AdapterFault):
            return await self.executor.wait(row, seen)
        found, to_send = sort_out(template, dict(zip(piece, seen, strict=True)))
        odd = await self._odd(checked, row, plane, to_send)
        if odd is not None:
            return await (self._stop(row, odd) if isinstance(odd, Stop) else self.executor.wait(row, odd))
        made: Exact | AdapterFault | None = None
        if by_membership(template):
            made, to_send = await self._made(checked, row, plane, to_send, found)
        if isinstance(made, AdapterFault):
            return await self.executor.wait(row, made)
        row, to_send = await self.steps.write(lambda tx: self._intend(tx, row, plane, to_send, found, made))
        if row.state not in ("dispatching", "queued"):
            return row
        if row.state == "dispatching":
            self.steps.crash("after-intent")
            await (self._send(plane, template, to_send, found) if made is None else
                   self._send_whole(plane, template, made, found))  # fmt: skip
            self.steps.crash("after-call")
        return await self._result(row, found, at, len(piece), len(lines))

    async def _made(
        self, checked: Authority, row: Row, plane: Plane, to_send: list[str], found: Piece
    ) -> tuple[Exact | AdapterFault, list[str]]:
        """The exact writes of a set for those of a piece that nothing else holds, and who is in them."""
        blob = self.steps.store.reader().blob
        if row.direction == "restore":
            to_send = await self.steps.write(lambda tx: not_held(tx, checked, row, to_send, found, Members(blob)))
        if not to_send:
            return Exact((), {}, inside=False), []
        made = await exact(plane, [fill(checked.planned, one) for one in to_send])
        if isinstance(made, AdapterFault):
            return made, to_send
        found.failed |= made.refused
        return made, list(made.accounts)

    async def _odd(
        self, checked: Authority, row: Row, plane: Plane, to_send: Sequence[str]
    ) -> Stop | AdapterFault | None:
        """As of a single target (`console.outbox.alone`): every account of every piece, each time before it goes."""
        if looked_at(checked, row) or not to_send:
            return None
        if row.direction == "restore":
            stop = await self.steps.write(lambda tx: goes_back(tx, self.steps.feed, checked, row))
            return stop if isinstance(stop, Stop) else None  # no list that one person signed has a ground
        target = checked.action.targets[row.target]
        looked = await alone(plane, target, [fill(checked.planned, one) for one in to_send])
        return None if isinstance(looked, bool) else looked

    def _intend(
        self, tx: Tx, row: Row, plane: Plane, to_send: list[str], found: Piece, made: Exact | None
    ) -> tuple[Row, list[str]]:
        """The last look and the intent of a piece are one transaction; nothing to send needs no intent."""
        checked = self.executor.check(tx, row, plane)
        words: dict[str, JsonValue]
        if isinstance(checked, Stop):
            words = {"why": checked.why}
            ended = self.steps.tell_in(tx, row, checked.kind, {}, words=words, state=checked.state, detail=checked.why)
            return ended, []
        if row.direction == "restore":
            left = not_held(tx, checked, row, to_send, found, Members(self.steps.store.reader().blob))
            if made is not None and left != to_send:  # decided while it was made: the piece is looked through again
                found.again |= dict.fromkeys(to_send, "another correction was decided meanwhile")
                return row, []
            to_send = left
        if not to_send:
            return row, []
        sent = [request.as_json() for one in to_send for request in fill(checked.planned, one).requests]
        attempt = row.attempt + 1
        pub: dict[str, JsonValue] = {
            "attempt": attempt, "requests": hashlib.sha256(orjson.dumps(sent)).hexdigest(), "step": "apply",
            "pre": "same", "verdict": "approved",
        }  # fmt: skip
        fields: dict[str, JsonValue] = {"list.accounts": str(len(to_send)), "list.first": to_send[0]}
        words = {"fields": fields}
        if made is not None:
            pub["requests"] = made.sha256
            fields |= made.fields
            words["blob"] = made.keep(tx)
        changed = self.steps.tell_in(tx, row, "dispatch.intent", pub, words=words, state="dispatching", attempt=attempt)
        return changed, to_send

    async def _send_whole(self, plane: Plane, template: Planned, made: Exact, found: Piece) -> None:
        """One set after the other, and then a look: another console may have written one at the same moment."""
        sent: list[str] = []
        for at, whole in enumerate(made.wholes):
            try:
                await plane.apply(made.sent(template, at))
            except (Refused, Stale) as fault:
                found.failed |= dict.fromkeys(whole.accounts, fault.detail)
            except (NotSent, Throttled) as fault:
                found.again |= dict.fromkeys(whole.accounts, fault.detail)
            except AdapterFault:
                await self.sleep(self.pace.settle_ms / 1000)  # it may land still: it is read, and never sent before
                sent += whole.accounts
            else:
                sent += whole.accounts
        if sent:
            seen = await look(plane, template, sent)
            gone = lost(template, sent, seen)
            found.again |= dict.fromkeys(gone, "it was written, and does not show")
            found.sent += [one for one in sent if one not in gone]

    async def _send(self, plane: Plane, template: Planned, accounts: Sequence[str], found: Piece) -> None:
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

    async def _result(self, row: Row, found: Piece, at: int, size: int, whole: int) -> Row:
        """Enter what became of the piece; it is done again where some could not be sent, within patience."""
        tries = row.tries + 1
        if found.again and tries < PATIENT:
            wait = self.steps.clock.wall_ms() + backoff.wait_ms(tries, self.steps.entropy)
            why = f"{len(found.again)} accounts could not be sent: {next(iter(found.again.values()))}"
            return await self.steps.attempted(
                row, "dispatch.requeued", "queued", words={"why": why, "fields": fields_of(found, at, whole)},
                tries=tries, not_before_ms=wait, missed=True,
            )  # fmt: skip
        found.failed |= found.again
        done = at + size
        why = f"{done} of {whole} accounts gone through"
        why += f"; {len(found.failed)} of the last {size} failed" if found.failed else ""
        words: dict[str, JsonValue] = {"why": f"{why}.", "fields": fields_of(found, done, whole)}
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
                    if isinstance(one, ReadBack) and is_so(authority.planned, one):
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
        if missing and by_membership(authority.planned) and await self.steps.write(lambda tx: may_go_back(tx, row)):
            return await self._go_back(row, lines, missing)
        if missing and now_ms - row.since_ms < lag_ms:
            return await self.steps.save(row, not_before_ms=now_ms + self.pace.recheck_ms)
        if missing or not shows:
            fields |= by_name("list.missing", dict.fromkeys(missing, "does not show it"))
            kind, why = "dispatch.attention", f"{told}; {len(missing)} were accepted and do not show it."
            return await self.steps.tell(
                row, kind, {}, words={"why": why, "fields": fields}, state="attention", detail=why
            )
        return await self.steps.attempted(
            row, "dispatch.recorded", "recorded", words={"why": f"{told}.", "fields": fields}, tries=0, not_before_ms=0
        )

    async def _go_back(self, row: Row, lines: tuple[str, ...], missing: Sequence[str]) -> Row:
        """Accounts that were written and do not show are sent again, from the first of them on."""
        at = lines.index(missing[0])
        fields: dict[str, JsonValue] = {
            BACK: str(at),
            **by_name("list.missing", dict.fromkeys(missing, "does not show")),
        }
        why = f"{len(missing)} do not show it: somebody wrote the same set at the same moment. They are sent again."
        return await self.steps.attempted(
            row, "dispatch.requeued", "queued", words={"why": why, "fields": fields}, tries=0, not_before_ms=0
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
        gone = await self.steps.write(lambda tx: {*failures(tx, row), *given_back(tx, row, planned, self._known)})
        left = [one for one in lines if one not in gone]
        some = left if isinstance(plane.adapter, TakesLists) else drawn(str(now_ms), left)
        seen = await plane.read_back_many([fill(planned, one) for one in some])
        told = [(name, one) for name, one in zip(some, seen, strict=True) if isinstance(one, ReadBack)]
        missing = [name for name, one in told if not is_so(planned, one) and one.verdict == "not-in-effect"]
        verdict: Literal["in-effect", "not-in-effect", "cannot-tell"] = (
            "in-effect" if told or not left else "cannot-tell"
        )
        verdict = "not-in-effect" if missing else verdict
        fields = {"list.looked": str(len(told)), "list.missing": ", ".join(missing[:DRAWN])}
        return ReadBack(verdict=verdict, fields=fields, at_ms=now_ms)

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


def _is_listed(tx: Tx, row: Row) -> bool:
    try:
        document = Reading.of(tx).document(row.doc).document
    except Problem:
        return False
    if not isinstance(document, Action) or not 0 <= row.target < len(document.targets):
        return False  # nobody decided this row: the gate says so
    return document.targets[row.target].listed is not None


__all__ = ["PIECE", "Lists", "failed_in", "failures", "next_line"]
