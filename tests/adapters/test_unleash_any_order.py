"""Lists, blocks and lifts at one Unleash in any order.

A user is blocked while a correction in force or somebody else holds it. Without a socket: what is planned, made, proven
and written is what the console would, and a lift leaves what the fold of everything in force leaves.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contract import Planned, Reply, Request, Wish
from adapters.membership import check, members_of
from adapters.simulator import Incoming
from adapters.unleash.adapter import Unleash
from adapters.unleash.simulator import ADMIN_TOKEN, Flag, UnleashSite
from console.domain.overlap import Claim, Lift, covers, fold_place
from console.providers.lists import fill, fit, template_of

pytestmark = pytest.mark.timeout(120)
USERS = [f"user-{at}" for at in range(8)]
SOME = st.lists(st.sampled_from(USERS), min_size=1, max_size=6, unique=True)
BLOCKED, FREE = {"blocked": "true"}, {"blocked": "false"}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("list"), SOME), st.tuples(st.just("block"), st.sampled_from(USERS).map(lambda one: [one])),
        st.tuples(st.just("lift"), st.integers(0, 9)), st.tuples(st.just("by hand"), st.sampled_from(USERS)),
    ),
    min_size=1, max_size=14,
)  # fmt: skip


@dataclass
class Here:
    """A context whose provider is in this process; it keeps what was read, as the console's own does."""

    site: UnleashSite
    read: dict[str, bytes] = field(default_factory=dict)

    def now_ms(self) -> int:
        return 0

    async def call(self, method: str, path: str, *, effect: str, **_more: Any) -> Reply:
        reply = self._ask(method, path, b"")
        self.read[path] = reply.body
        return reply

    async def send(self, request: Request) -> Reply:
        return self._ask(request.method, request.path, request.body.encode())

    def _ask(self, method: str, path: str, body: bytes) -> Reply:
        asked = Incoming(
            method=method, path=path, query={}, headers={"authorization": f"Bearer {ADMIN_TOKEN}"}, body=body, at_s=0.0
        )
        answer = self.site.handle(asked, 0.0)
        return Reply(status=answer.status, headers={}, body=answer.encoded()[0], elapsed_ms=0)


class Campaign:
    """One Unleash, every correction that was made, and who else was put there by hand."""

    def __init__(self) -> None:
        nobody = {"contextName": "userId", "operator": "NOT_IN", "values": []}
        made = {at: {"name": f"standdown-blocked{end}", "constraints": [{**nobody, "values": []}]}
                for at, end in ((1, ""), (2, "-2"), (3, "-3"), (4, "-4"), (5, "-5"))}  # fmt: skip
        self.site = UnleashSite([Flag("atlas", strategies=[[1, 2, 3, 4, 5]])], made, most_values=3)
        self.context = Here(self.site)
        self.adapter = Unleash(Unleash.manifest.settings(base_url="http://127.0.0.1:1", environment="development"))
        self.events: list[tuple[frozenset[str], Claim | Lift]] = []
        self.theirs: set[str] = set()

    @property
    def blocked(self) -> list[str]:
        return [one for number in sorted(self.site.state.segments)
                for one in self.site.state.segments[number]["constraints"][0]["values"]]  # fmt: skip

    def left(self, user: str, lift: Lift | None = None) -> list[Claim]:
        place = fold_place([event for users, event in self.events if user in users])
        return list(place.claims if lift is None else place.without(lift))

    def contain(self, users: list[str]) -> None:
        """As a match does it: whoever is blocked already by somebody else is left out."""
        mine = [one for one in users if one not in self.blocked or self.left(one)]
        plans = self._plans(mine, "contain")
        if plans:
            self._send([one for one in plans if one.pre != one.wanted])
            doc, at = f"doc-{len(self.events)}", len(self.events)
            claim = Claim(
                doc=doc, target=0, decided_ms=at, wanted=BLOCKED, signed_pre=FREE, found=None, supersedes=None
            )
            self.events.append((frozenset(mine), claim))

    def lift(self, which: int) -> None:
        """One of those in force by its name; what another one holds stays."""
        claims = [(users, event) for users, event in self.events
                  if isinstance(event, Claim) and any(event in self.left(one) for one in users)]  # fmt: skip
        if not claims:
            return
        users, claim = claims[which % len(claims)]
        at = len(self.events)
        lift = Lift(decided_ms=at, created_ms=at, wanted=FREE, names=claim.doc)
        free = [one for one in sorted(users) if not any(not covers(FREE, c.wanted) for c in self.left(one, lift))]
        self._send(self._plans(free, "restore"))
        self.events.append((users, lift))

    def by_hand(self, user: str) -> None:
        """Somebody else blocks one, or gives back one whom nothing of ours holds."""
        if user not in self.blocked:
            held = [self.site.state.segments[at]["constraints"][0]["values"] for at in (5, 4, 3, 2, 1)]
            next(one for one in held if len(one) < 3).append(user)
            self.theirs.add(user)
        elif user in self.theirs:
            for number in self.site.state.segments:
                values = self.site.state.segments[number]["constraints"][0]["values"]
                values[:] = [one for one in values if one != user]
            self.theirs.discard(user)

    def _plans(self, users: list[str], direction: Any) -> list[Planned]:
        wishes = [Wish(lever="user.block", selector=one, surface_key="", direction=direction) for one in users]
        plans = [one for one in asyncio.run(self.adapter.plan_many(self.context, wishes)) if isinstance(one, Planned)]
        if plans:
            template = template_of(plans[0])
            assert all(replace(fill(template, one.selector), pre=one.pre, revert=one.revert) == one for one in plans)
            assert fit(template, plans[0]).differs == ""
        return plans

    def _send(self, plans: list[Planned]) -> None:
        if not plans:
            return

        async def story() -> None:
            made = await self.adapter.render(self.context, plans)
            assert not made.refused
            for whole in made.wholes:
                assert self.context.read[whole.path] == whole.read.encode()
                check(whole, members_of(plans))
                assert (await self.context.send(whole.request)).status == 204
            seen = await self.adapter.read_back_many(self.context, plans)
            assert {one.verdict for one in seen} == {"in-effect"}

        asyncio.run(story())


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_who_is_blocked_is_who_something_in_force_holds(steps) -> None:
    campaign = Campaign()
    for what, whom in steps:
        {"list": campaign.contain, "block": campaign.contain, "lift": campaign.lift, "by hand": campaign.by_hand}[what](
            whom
        )
        held = {one for one in USERS if campaign.left(one)}
        assert sorted(campaign.blocked) == sorted(held | campaign.theirs), "each once, and nobody else"
        assert not held & campaign.theirs
    while any(campaign.left(one) for one in USERS):
        campaign.lift(0)
    assert set(campaign.blocked) == campaign.theirs
