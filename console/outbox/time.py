"""The clocks a decision is made by, and whether people confirmed their time (decision 0167)."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from console.domain.clock_doubt import SPARE_MS, Deciding, Reading, clock_parts, state_of
from console.domain.clock_form import Clock
from console.domain.errors import Problem
from console.domain.quorum import time_confirmed
from console.journal.tx import Tx
from console.keys.roster import VerifiedRoster
from console.outbox.facts import Moments, policy_of


def deciding(clocks: Reading, feed: str, now_ms: int) -> Deciding:
    """What the rule is asked by for a decision that is written down a moment later."""
    return Deciding(feed=feed, reading=replace(clocks, wall_ms=now_ms), spare_ms=SPARE_MS)


def confirmed_until(connection: sqlite3.Connection, roster: VerifiedRoster, at: Deciding) -> int | None:
    """Until when these clocks count as confirmed, by their own wall; None where nobody confirmed them.

    Raises:
        NoPolicy, UnknownDocument: in a provisional record, or where the policy is not here.
    """
    now_ms = at.reading.wall_ms
    facts = Moments(connection, roster, policy_of(roster)).now("", now_ms)
    standing = [one.clock for one in facts.clocks if time_confirmed(replace(facts, clocks=(one,)), at, now_ms)]
    return max((_ends(one, at) for one in standing), default=None)


def _ends(clock: Clock, at: Deciding) -> int:
    return at.reading.wall_ms + clock.approve_by - clock.created - (at.reading.boot_ms - clock.mono) - at.spare_ms


def clock_words(tx: Tx) -> tuple[str, str]:
    """What is wrong with this console's clock, and what to do or what people did; empty where nothing is."""
    lag_ms = tx.clock_back_ms
    if state_of(lag_ms) == "trusted":
        return "", ""
    until: int | None = None
    try:
        for (feed,) in tx.connection.execute("SELECT feed FROM feed WHERE mine = 1 AND author IS NULL").fetchall():
            found = confirmed_until(tx.connection, tx.roster(), deciding(tx.clocks, feed, tx.now_ms))
            until = max(filter(None, (until, found)), default=None)
    except Problem:
        until = None  # nothing is here by which anybody could have confirmed it
    return clock_parts(lag_ms, until)
