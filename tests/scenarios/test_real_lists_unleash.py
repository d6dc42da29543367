"""A list of 5,000 users at a real Unleash: matched, sent, killed in the middle, resumed, read as a product, given back.

Another list, one block alone, and what somebody else did in Unleash's own console stand all the while.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.domain.lists import read_list
from console.outbox.lists import PIECE
from console.services import corrections, incidents, list_progress, list_sent, lists, protected, providers
from console.services.corrections import TargetWish
from tests.scenarios.test_real_lists import Desk, desk, organisation

__all__ = ["desk", "organisation"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]
COUNT, SEGMENTS, FLAG = 5_000, 5, "list-model"
WITHIN_S = 30.0
NAMES = [f"{at:08x}-aaaa-4bbb-8ccc-{at:012x}" for at in range(COUNT)]
BLOCK = TargetWish(provider="flags", surface=FLAG, lever="user.block")


class Flags:
    """Unleash as its administrator and as a product see it."""

    def __init__(self, server: dict[str, Any]) -> None:
        self.server = server
        self.place = f"/api/admin/projects/{server['project']}"
        self.here = f"{self.place}/features/{FLAG}/environments/{server['environment']}"
        alone = httpx.Limits(max_keepalive_connections=0)  # it ends a connection on which nothing came for a minute
        self.admin = httpx.Client(
            base_url=server["base_url"],
            headers={"authorization": server["admin_token"]},
            timeout=WITHIN_S,
            limits=alone,
        )
        self.product = httpx.Client(
            base_url=server["base_url"],
            headers={"authorization": server["client_token"]},
            timeout=WITHIN_S,
            limits=alone,
        )
        self.segments: list[int] = []

    @contextmanager
    def prepared(self) -> Iterator[Flags]:
        """A flag with five segments of blocked users on its only strategy, as the adapter's README says."""
        self.admin.post(f"{self.place}/features", json={"name": FLAG, "type": "kill-switch"}).raise_for_status()
        try:
            self.admin.post(f"{self.here}/on", json={}).raise_for_status()
            for number in range(SEGMENTS):
                name = "standdown-blocked" + (f"-{number + 1}" if number else "")
                nobody = {"contextName": "userId", "operator": "NOT_IN", "values": [f"nobody-{number}"]}
                made = self.admin.post("/api/admin/segments", json={"name": name, "constraints": [nobody]})
                self.segments.append(made.raise_for_status().json()["id"])
            self._put_on(self.segments)
            yield self
        finally:
            self._put_on([])
            for number in self.segments:
                self.admin.delete(f"/api/admin/segments/{number}")
            self.admin.delete(f"{self.place}/features/{FLAG}")
            self.admin.delete(f"/api/admin/archive/{FLAG}")
            self.admin.close()
            self.product.close()

    def _put_on(self, segments: list[int]) -> None:
        strategy = self.admin.get(f"{self.here}/strategies").json()[0]["id"]
        place = {
            "projectId": self.server["project"],
            "environmentId": self.server["environment"],
            "strategyId": strategy,
        }
        self.admin.post("/api/admin/segments/strategies", json={**place, "segmentIds": segments}).raise_for_status()

    def change(self, at: int, *, put: str = "", take: str = "") -> None:
        """Somebody else writes a segment in Unleash's own console."""
        found = self.admin.get(f"/api/admin/segments/{self.segments[at]}").json()
        values = found["constraints"][0]["values"]
        found["constraints"][0]["values"] = [one for one in [*values, *([put] if put else [])] if one != take]
        body = {"name": found["name"], "constraints": found["constraints"]}
        self.admin.put(f"/api/admin/segments/{self.segments[at]}", json=body).raise_for_status()

    def blocked(self) -> set[str]:
        """Who stands in a segment, as the administrator reads it."""
        told = [self.admin.get(f"/api/admin/segments/{number}").json() for number in self.segments]
        return {user for one in told for user in one["constraints"][0]["values"]} - self.nobody

    def shut_out(self) -> set[str]:
        """Whom a product lets in no more: it is told of one strategy, and of what a user must not be."""
        told = (
            self.product.get("/api/client/features", params={"namePrefix": FLAG}).raise_for_status().json()["features"]
        )
        (flag,) = [one for one in told if one["name"] == FLAG]
        (strategy,) = flag["strategies"]
        assert flag["enabled"]
        assert {(one["contextName"], one["operator"]) for one in strategy["constraints"]} == {("userId", "NOT_IN")}
        return {user for one in strategy["constraints"] for user in one["values"]} - self.nobody

    @property
    def nobody(self) -> set[str]:
        return {f"nobody-{number}" for number in range(SEGMENTS)}


@pytest.fixture
def flags(real_servers: dict[str, Any]) -> Iterator[Flags]:
    with Flags(real_servers["unleash"]).prepared() as prepared:
        yield prepared


def told(flags: Flags, users: set[str]) -> None:
    """A product is told within the seconds that Unleash takes for it."""
    ends = time.monotonic() + WITHIN_S
    while (found := flags.shut_out()) != users and time.monotonic() < ends:
        time.sleep(0.5)
    assert found == users


def test_five_thousand_users_of_unleash(desk: Desk, flags: Flags, tmp_path: Path) -> None:  # noqa: PLR0915  one story, in order
    kept, alone, theirs = NAMES[1], "alone-and-not-listed", "somebody-elses"
    other = NAMES[100:103]
    flags.change(0, put=theirs)
    names = NAMES[:4_980]
    text = "".join(f"{line}\n" for line in ["account", *random.Random(1).sample(names, len(names)), names[5], theirs])
    settings = {
        "base_url": flags.server["base_url"], "project": flags.server["project"],
        "environment": flags.server["environment"],
    }  # fmt: skip
    with desk.open("commander") as one:
        made, _ = providers.add(one, "unleash", "flags", settings, lambda _what: flags.server["admin_token"])
        providers.adopt_surfaces(one, made.id)
        providers.add_canary(one, made.id, FLAG, flags.server["client_token"])
        protected.protect(one, kept, "a named customer")
        inc = str(incidents.declare(one, "a campaign", severity=1).entry.inc)
        imported = read_list(text.encode(), "campaign.csv")
        with desk.timed("match"):
            matched = lists.match(one, BLOCK, imported)
        assert set(matched.accounts) == {*names} - {kept}
        assert (dict(matched.protected), matched.already) == ({kept: "a named customer"}, (theirs,))
        everybody = lists.match(one, BLOCK, read_list("\n".join(NAMES).encode(), "all.txt"))
        assert len(everybody.unknown) == COUNT - (SEGMENTS * 1_000 - SEGMENTS - 1)
        assert "no room: 4994 of 5000 new ones fit" in everybody.unknown[0][1]
        first = lists.propose(one, inc, matched, "a campaign")
        second = lists.propose(
            one, inc, lists.match(one, BLOCK, read_list("\n".join(other).encode(), "o.txt")), "theirs"
        )
        single = corrections.propose(one, inc, [replace(BLOCK, selector=alone)], "him too")
        (listed,) = lists.listed_in(one, corrections.find_document(one, first.sha))
        desk.sign(one, second.sha)
        desk.sign(one, single.sha)
        desk.sign(one, first.sha)

    with desk.timed("sent until it was killed"):
        desk.kill_in_the_middle(lambda: len(flags.blocked()) >= 5 * PIECE)
    assert len(flags.blocked()) < len(matched.accounts)
    flags.change(4, put="by-hand-meanwhile")
    with desk.timed("resumed"):
        states = desk.run()
    assert [state for state, _ in states] == ["enforced"] * 3, states
    aimed = {*matched.accounts, alone, theirs, "by-hand-meanwhile"}
    assert flags.blocked() == aimed
    told(flags, aimed)
    assert kept not in flags.shut_out()
    assert set(listed.drawn) <= aimed
    with desk.open("commander") as one:
        (far,) = list_progress.progress(one, first.op)
        assert (far.gone_through, far.failed) == (len(matched.accounts), ())
        proven = list_sent.sent(one, first.sha)
        assert not [piece.problem for piece in proven if piece.problem]
        moved = {account for piece in proven for account in piece.accounts}
        assert set(matched.accounts) - set(other) <= moved, "each was moved by bytes that are in the record"
        with desk.timed("match to give back"):
            back = lists.lift(one, first.op, "the campaign is over")
        assert any(f"3 of {len(matched.accounts)} stay restricted" in note for note in back.plans[0].notes)
        desk.sign(one, back.sha)
    with desk.timed("given back"):
        desk.run()
    left = {*other, alone, theirs, "by-hand-meanwhile"}
    assert flags.blocked() == left
    told(flags, left)
    with desk.open("commander") as one:
        assert list_progress.write_failures(one, back.action.op, tmp_path / "held.csv") == len(other)
        for lift in (lists.lift(one, second.op, "theirs is over"), corrections.lift(one, single.sha, "he is cleared")):
            desk.sign(one, lift.sha)
    desk.run()
    assert flags.blocked() == {theirs, "by-hand-meanwhile"}
