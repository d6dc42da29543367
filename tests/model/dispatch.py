"""Every way in which a dispatch can go, up to a depth: the console's own engine, gate and executor over memory.

At each point something goes on: a console takes a step, dies or sleeps, an answer is lost, a write lands late, somebody
cancels, a key is revoked, two consoles meet. What a call comes to is tried in every way. States that were met before
are not gone through again, and the ways through them are counted. As a command: `python -m tests.model.dispatch`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace

from console.domain.errors import Problem
from console.domain.forms import RevokedKey
from console.journal.values import Draft
from console.keys.sshsig import roster_ns
from console.outbox import store as table
from console.outbox.item import NEEDS_PEOPLE
from console.outbox.steps import Overtaken, Pace
from console.outbox.turn import LEASE_MS, SILENCE_MS, Lease
from tests.journal.world import INC, ORG
from tests.kit.quick import Estate, QuickScene, exchange, proven_once, quick_plan, quick_plane

KINDS = ("desired-state", "key", "conditional", "taggable", "none")
STAND_INS = ("desired-state", "key", "conditional")
PACE = Pace(settle_ms=1_000, recheck_ms=1_000, record_ms=5_000)
ENDED_WELL = {"accepted", "recorded", "enforced", "unmeasurable"}
BAD = {"lost answer", "lost", "late", "throttled", "not sent", "refused", "yes"}


class Died(BaseException):
    """The process ended here."""


class Wrong(AssertionError):
    """A law was broken; the message tells by which way."""


class Same:
    """Randomness that is no choice."""

    def token(self, n):
        return b"\x00" * n


@dataclass(frozen=True)
class Scenario:
    """`mode`: one console alone, a second that stands by, or a second to which people gave it by a later revision."""

    kind: str
    mode: str = "alone"
    signed: int = 2
    expiry: bool = False

    @property
    def name(self):
        more = (" by one person only" if self.signed == 1 else "") + (" while a key expires" if self.expiry else "")
        return f"{self.kind}, {self.mode}{more}"


def scenarios():
    found = [Scenario(kind) for kind in KINDS]
    found += [Scenario(kind, "stand-by") for kind in STAND_INS]
    found += [Scenario(kind, "taken over") for kind in KINDS]
    found += [Scenario("desired-state", mode, signed=1) for mode in ("alone", "stand-by")]
    found += [Scenario("desired-state", "stand-by", expiry=True), Scenario("desired-state", "alone", expiry=True)]
    return found


# what the suite goes through: scenario, events, things that go wrong
IN_SUITE = (
    (Scenario("none"), 9, 2),
    (Scenario("desired-state"), 4, 2),
    (Scenario("taggable"), 4, 2),
    (Scenario("key"), 2, 2),
    (Scenario("conditional"), 2, 2),
    (Scenario("desired-state", "stand-by"), 2, 2),
    (Scenario("key", "stand-by"), 2, 1),
    (Scenario("none", "taken over"), 2, 2),
    (Scenario("desired-state", "taken over"), 2, 1),
    (Scenario("desired-state", "alone", signed=1), 4, 2),
    (Scenario("desired-state", "stand-by", signed=1), 3, 1),
    (Scenario("desired-state", "alone", expiry=True), 3, 1),
    (Scenario("desired-state", "stand-by", expiry=True), 2, 1),
)


@dataclass
class Told:
    """What a search came to."""

    schedules: int = 0
    people: int = 0
    steps: int = 0
    states: int = 0
    ends: Counter = field(default_factory=Counter)

    def __iadd__(self, other):
        self.schedules += other.schedules
        self.people += other.people
        self.steps += other.steps
        self.states += other.states
        self.ends += other.ends
        return self


class Oracle:
    """Answers each question as scripted, then with the first option; remembers where it could have gone otherwise."""

    def __init__(self, script, faults):
        self.script, self.faults, self.asked = list(script), faults, []

    def __call__(self, what, options):
        at = len(self.asked)
        some = options if self.faults > 0 else options[:1]
        chosen = some[self.script[at]] if at < len(self.script) else some[0]
        self.asked.append((self.script[at] if at < len(self.script) else 0, len(some)))
        if chosen in BAD or (what == "read" and chosen == "lost"):
            self.faults -= 1
        return chosen

    def others(self):
        """The scripts that differ from this one for the first time after what was scripted."""
        for at in range(len(self.script), len(self.asked)):
            for other in range(1, self.asked[at][1]):
                yield [chosen for chosen, _ in self.asked[:at]] + [other]


class Board:
    """One scenario: the consoles, the provider, and what may happen next."""

    def __init__(self, scenario, engine=None):
        self.scenario, self.loop = scenario, asyncio.new_event_loop()
        expires = {1: 4 * 60_000} if scenario.expiry else {}
        self.scenes = [QuickScene(seed="first", expires=expires).begin()]
        if scenario.mode != "alone":
            self.scenes.append(QuickScene(at=1, seed="second", expires=expires))
            exchange(*self.scenes)
        self.estate, self.engine = Estate(), engine or {}
        self.dead = [True] * len(self.scenes)
        self.leases = [Lease(kept=len(self.scenes) > 1) for _ in self.scenes]
        self.cancelled = self.revoked = False
        self.docs, self.lines = [], []
        first = self.scenes[0]
        feeds = [scene.feed.feed for scene in self.scenes]
        line = feeds[:1] if scenario.mode == "taken over" else feeds
        self._propose(line)
        if scenario.mode == "taken over":
            self._propose(feeds[1:], op=self.action.op, rev=2, supersedes=self.docs[0])
        if scenario.mode != "alone" and not scenario.expiry:
            exchange(*self.scenes)
        first.store.mark()

    def _propose(self, line, **changes):
        first = self.scenes[0]
        plan = quick_plan("k", {"rpm": 100}, {"rpm": 10}, self.scenario.kind)
        if changes:  # another revision is other bytes
            again = plan.requests[0].body.replace('"version"', '"rev": 2, "version"')
            plan = replace(plan, requests=(replace(plan.requests[0], body=again),))
        target = first.target(plan, dispatchers=tuple(line))
        sha, self.action = first.propose([target], lives_ms=12 * 3_600_000, **changes)
        first.approve(sha, self.action, *range(self.scenario.signed))
        self.docs.append(sha)
        self.lines.append(line)

    # -- what may happen -----------------------------------------------------------------------------------------------

    def actions(self):
        for number in range(len(self.scenes)):
            yield "go", number
        if self.estate.late:
            yield "late", 0
        if len(self.scenes) > 1:
            yield "meet", 0
        for ms in self._waits():
            yield "wait", ms
        if not self.cancelled:
            yield "cancel", 0
        if not self.revoked:
            yield "revoke", 0

    def _waits(self):
        now = self.scenes[0].clock.wall_ms()
        due = {row.not_before_ms - now for scene in self.scenes for row in self.rows(scene) if not row.final}
        if self.scenario.mode == "stand-by":
            due.add(SILENCE_MS)
        if self.scenario.mode == "taken over":
            due.add(LEASE_MS + PACE.settle_ms)
        if self.scenario.expiry:
            due.add(4 * 60_000)
        return sorted(ms for ms in due if ms > 0)

    def rows(self, scene):
        return table.load(scene.store.connection)

    def act(self, what, value, oracle):
        match what:
            case "go":
                self._go(value, oracle)
            case "late":
                self._land()
            case "meet":
                exchange(*self.scenes)
                for scene, lease in zip(self.scenes, self.leases, strict=True):
                    lease.meet(scene.clock.boot_ms())
            case "wait":
                for scene in self.scenes:
                    scene.clock.advance(value)
                oldest_ms = self.scenes[0].clock.wall_ms() - PACE.late_ms
                while self._lands_in_time and self.estate.late and self.estate.late[0][2] <= oldest_ms:
                    self._land()
            case "cancel":
                self._cancel()
            case "revoke":
                self._revoke()

    @property
    def _lands_in_time(self):
        """Where something else may be sent after a lost answer, what is late lands within a minute or never."""
        later = self.scenario.mode == "taken over" and self.scenario.kind != "desired-state"
        return later or self.scenario.kind == "taggable"

    def _cancel(self):
        self.cancelled = True
        for doc in self.docs:
            draft = Draft("correction.cancelled", inc=INC, subj=self.action.op, pub={"doc": doc})
            self.scenes[0].say(0, draft)

    def _revoke(self):
        self.revoked = True
        first = self.scenes[0]
        key = first.members[1].approver.public.fingerprint
        raw, _ = first.make_roster((RevokedKey(key=key, good=()),))
        admins = (first.members[0].approver, first.members[2].approver)
        sigs = {one.public.fingerprint: one.sign(roster_ns(ORG), raw) for one in admins}
        first.rosters.append((raw, sigs))
        first.store.write(lambda tx: tx.put_roster(raw, sigs))

    def _land(self):
        self.estate.land(*self.estate.late.pop(0)[:2])

    def _go(self, number, oracle):
        """One step of one console, as its engine would take it."""
        scene = self.scenes[number]
        outbox = self._outbox(scene, number, oracle)
        try:
            if self.dead[number]:
                self._do(outbox.recover())
                self.dead[number] = False
            decided = {row.doc for row in self.rows(scene)}
            for doc, line in zip(self.docs, self.lines, strict=True):
                if scene.feed.feed in line and doc not in decided:
                    with suppress(Problem):  # it has not come here yet
                        self._do(outbox.authorise(doc))
            now = scene.clock.wall_ms()
            for row in self.rows(scene):
                if not row.final and row.state != "recorded" and row.not_before_ms <= now:
                    self._do(self._step(outbox, row))
        except Died:
            self.dead[number] = True

    async def _step(self, outbox, row):
        with suppress(Overtaken):
            await outbox._step(row)

    def _outbox(self, scene, number, oracle=lambda _what, options: options[0]):
        def crash(_point):
            if oracle("crash", ("no", "yes")) == "yes":
                raise Died

        plane = quick_plane(self.estate, scene.clock, oracle)
        outbox = scene.outbox(plane, pace=PACE, crash=crash)
        outbox._steps = replace(outbox._steps, entropy=Same())
        outbox._lease = self.leases[number]
        for part in ("_executor", "_reconciler", "_enforcer"):
            self._rewire(outbox, part)
        for name, made in self.engine.items():
            setattr(outbox, name, made(outbox))
        return outbox

    def _rewire(self, outbox, part):
        changes = {"steps": outbox._steps}
        if part == "_executor":
            changes["lease"] = outbox._lease
        else:
            changes["executor"] = outbox._executor
        setattr(outbox, part, replace(getattr(outbox, part), **changes))

    def _do(self, work):
        return self.loop.run_until_complete(work)

    # -- going back ----------------------------------------------------------------------------------------------------

    def mark(self):
        for scene in self.scenes:
            scene.store.mark()
        first = self.scenes[0]
        return (
            self.estate, list(self.dead), [replace(one, told=dict(one.told)) for one in self.leases], self.cancelled,
            self.revoked, list(first.rosters),
        )  # fmt: skip

    def begin(self, kept):
        """Work on copies of what was marked."""
        self.estate = kept[0].copy()

    def back(self, kept):
        for scene in self.scenes:
            scene.store.back()
        self.estate, dead, leases, self.cancelled, self.revoked, rosters = kept
        self.dead, self.leases = list(dead), [replace(one, told=dict(one.told)) for one in leases]
        self.scenes[0].rosters = list(rosters)

    def state(self):
        """What makes a difference for what comes: who entered what in which order, not how the feeds interleave."""
        now, boot = self.scenes[0].clock.wall_ms(), self.scenes[0].clock.boot_ms()
        late = tuple(now - at_ms for _, _, at_ms in self.estate.late)
        found = [
            json.dumps(self.estate.fields, sort_keys=True), len(self.estate.landed), late, tuple(self.dead),
            self.cancelled, self.revoked, now if self.scenario.expiry else 0,
        ]  # fmt: skip
        for lease in self.leases:
            found.append(None if lease.met_boot_ms is None else boot - lease.met_boot_ms)
            found.append(tuple((doc, None if at is None else boot - at) for doc, at in sorted(lease.told.items())))
        for scene in self.scenes:
            read = scene.store.connection.execute
            told = read(
                "SELECT feed, kind, subj FROM entry WHERE kind LIKE 'dispatch.%' "
                "OR kind IN ('correction.cancelled', 'approval.received') ORDER BY feed, seq"
            ).fetchall()
            rows = read(
                "SELECT doc, state, attempt, tries, missed, max(0, not_before_ms - ?), ? - since_ms, ? - decided_ms"
                " FROM outbox ORDER BY doc",
                (now, now, now if len(self.scenes) > 1 else 0),
            ).fetchall()
            found += [tuple(told), tuple(rows), scene.store._rosters()]
        return hash(tuple(found))

    @property
    def over(self):
        """Whether nothing that may still happen can change anything."""
        if self.scenario.mode != "alone" or self.estate.late or self.dead[0]:
            return False
        rows = self.rows(self.scenes[0])
        return bool(rows) and all(row.final or row.state == "recorded" for row in rows)

    # -- what must never be --------------------------------------------------------------------------------------------

    def check(self):
        if len(self.estate.landed) > 1:
            raise Wrong(f"sent {len(self.estate.landed)} times")
        if self.estate.landed and self.scenario.signed < 2:
            raise Wrong("sent with one signature")
        if self.estate.landed and not any(self._decided(scene) for scene in self.scenes):
            raise Wrong("sent without a decision")

    def _decided(self, scene):
        """Whether a decision of this console counts two people whose keys were good when it took them in."""
        reader = scene.store.reader()
        entries = {one.id: one for one in reader.entries()}
        for one in entries.values():
            if one.entry.kind != "dispatch.authorised" or one.feed != scene.feed.feed:
                continue
            counted = [entries[ident] for ident in one.entry.pub["records"]]
            ends = self.scenes[0].expires.get(1)
            late = [each for each in counted if ends is not None and each.entry.hlc[0] > ends]
            if len(counted) - len(late) >= 2:
                return True
        return False

    def settle(self):
        """From here on nothing goes wrong: in the end it was done once, or people know that they have to decide."""
        good = Oracle((), 0)
        for _ in range(40):
            before = self._entered()
            if len(self.scenes) > 1:
                self.act("meet", 0, good)
            for number in range(len(self.scenes)):
                self._go(number, good)
            while self.estate.late:
                self._land()
            rows = [row for scene in self.scenes for row in self.rows(scene)]
            ended = all(row.final or row.state in ENDED_WELL for row in rows)
            if ended and (self.over or before == self._entered()):
                break
            for ms in self._waits()[-1:]:
                self.act("wait", ms, good)
        self.check()
        return self._judge([row for scene in self.scenes for row in self.rows(scene)])

    def _judge(self, rows):
        """How it ended, and whether with a person."""
        ends = sorted({row.state for row in rows})
        if not rows:
            return self._nothing()
        if not all(row.final or row.state in ENDED_WELL for row in rows):
            raise Wrong(f"it never ends: {ends}")
        if any(row.state in ENDED_WELL for row in rows):
            if not self.estate.landed:
                raise Wrong("said to be so, and never sent")
            return "done", False
        people = any(row.state in NEEDS_PEOPLE for row in rows)
        if not people and not self.cancelled:
            raise Wrong(f"lost: {ends}")
        return "+".join(ends), people

    def _entered(self):
        return [scene.store.connection.execute("SELECT count(*) FROM entry").fetchone() for scene in self.scenes]

    def _nothing(self):
        """Nothing was ever decided: right only where it was not signed by two in time."""
        if self.scenario.signed == 2 and not (self.cancelled or self.revoked or self.scenario.expiry):
            raise Wrong("signed by two, and lost")
        return "never decided", False


class Search:
    """Goes through everything that can happen within `depth` events and `faults` things that go wrong."""

    def __init__(self, board, depth, faults, deadline=None):
        self.board, self.depth, self.faults, self.deadline = board, depth, faults, deadline
        self.told, self.known, self.ends, self.way = Told(), {}, {}, []

    def run(self):
        try:
            schedules, ends = self._from(self.depth, self.faults)
        except (Wrong, Problem) as fault:
            raise Wrong(f"{self.board.scenario.name}: {fault}; after {self.way}") from fault
        self.told.schedules, self.told.states = schedules, len(self.known)
        self.told.ends = Counter(ends)
        self.told.people = sum(count for (_, people), count in ends.items() if people)
        return self.told

    def _from(self, depth, faults):
        self.board.check()
        state = self.board.state()
        if depth == 0 or self.board.over or (self.deadline is not None and time.monotonic() > self.deadline):
            return 1, {self._end(state): 1}
        place = (state, depth, faults)
        if place not in self.known:
            schedules, ends = 0, Counter()
            for what, value in list(self.board.actions()):
                for more, found in self._each(what, value, depth, faults):
                    schedules += more
                    ends.update(found)
            self.known[place] = (schedules, dict(ends))
        return self.known[place]

    def _each(self, what, value, depth, faults):
        """One event in every way in which its calls may end."""
        scripts = [[]]
        while scripts:
            oracle = Oracle(scripts.pop(), faults)
            kept = self.board.mark()
            self.board.begin(kept)
            self.board.act(what, value, oracle)
            self.told.steps += 1
            self.way.append((what, value, oracle.script))
            found = self._from(depth - 1, oracle.faults)
            self.way.pop()
            self.board.back(kept)
            scripts += list(oracle.others())
            yield found

    def _end(self, state):
        if state not in self.ends:
            kept = self.board.mark()
            self.board.begin(kept)
            self.ends[state] = self.board.settle()
            self.board.back(kept)
        return self.ends[state]


def search(scenario, depth, faults, **how):
    board = Board(scenario, how.pop("engine", None))
    try:
        return Search(board, depth, faults, **how).run()
    finally:
        board.loop.close()


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--depth", type=int, default=6, help="how many events follow one another")
    parser.add_argument("--faults", type=int, default=3, help="how many things go wrong in one schedule at most")
    parser.add_argument("--suite", action="store_true", help="what the suite goes through, and no more")
    parser.add_argument("--only", default="")
    given = parser.parse_args(arguments)
    total = Told()
    with proven_once():
        every = IN_SUITE if given.suite else [(one, given.depth, given.faults) for one in scenarios()]
        for scenario, depth, faults in every:
            if given.only not in scenario.name:
                continue
            began = time.process_time()
            found = search(scenario, depth, faults)
            total += found
            took = time.process_time() - began
            say(f"{scenario.name:<50} {found.schedules:>12,} schedules, {found.steps:>8,} steps, {took:.0f} s of CPU")
    say(told_in_words(total))


def told_in_words(total):
    share = total.people / max(1, total.schedules)
    ends = Counter()
    for (end, _), count in total.ends.items():
        ends[end] += count
    return (
        f"{total.schedules:,} schedules in {total.steps:,} steps: none sent twice, none lost, none without its people; "
        f"{share:.1%} end with a person ({', '.join(f'{end} {count:,}' for end, count in ends.most_common())})"
    )


def say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
