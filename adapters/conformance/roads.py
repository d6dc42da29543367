"""A bad network between the console's own guard and the provider: what every step must come to, and what it must not.

Real sockets: answers that break off, drip or have no end, five hundreds, redirects, certificates that have expired.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

from adapters.conformance.holes import JUDGES
from adapters.conformance.road import Road, Step, in_parts, road
from adapters.conformance.standin import Behind, Hurried, guard, run_hurried
from adapters.conformance.steps import exact, faulted, must, until
from adapters.conformance.troubles import IN_PART, LANDED, SAID_NO, Kind, Trouble
from adapters.conformance.waiting import Kit
from adapters.contract import Adapter, AdapterFault, Context, NotSent, OutcomeUnknown, Planned, ReadBack, Wish

LOOKING = ("status", "discover")
MAY_KNOW = ("discover",)  # what there is may stand in the settings; how it is now has to be asked


class Roads(Kit):
    """A bad network between the console's own guard and the provider."""

    _looked: ClassVar[set[tuple[type, type, str]]] = set()

    def test_a_bad_network_while_reading(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """By a 5xx, a drip, a redirect, too much, a page or half an answer nothing is known, and nobody else hears."""

        async def story(good: Road) -> None:
            planned = await good.guarded.plan(wish)
            lists = await good.lists(wish, planned)
            for what, step in (self._reads(good, wish, planned, "reading") | lists).items():
                good.network.misbehave(None)
                await step()
                must(good.network.heard or what in MAY_KNOW, f"{what}: it asks, and asks through its context")
                for kind, fault in good.kinds.items() if good.network.heard else ():
                    await good.fails(step, Trouble(kind=kind, lasting=True), fault, what)
            for kind in good.some(LANDED):
                await good.tells_nothing(planned, self.probe_credential, kind)
            self._saw(adapter, "reading")

        self._on(adapter, context, story)

    def test_a_bad_network_while_writing(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """What hides the answer to a write leaves it unknown, and sent once; a definite no is one."""

        async def story(good: Road) -> None:
            planned = await good.guarded.plan(wish)
            for kind in good.some(SAID_NO):
                trouble = Trouble(kind=kind, writes=True)
                await good.fails(lambda: good.apply(planned), trouble, SAID_NO[kind], "apply")
            back = await good.guarded.read_back(planned)
            must(back.verdict == "not-in-effect", f"what the provider refused is not in effect: {back}")
            try:
                await self._unknown(good, planned)
            finally:
                await self._put_back(adapter, context, planned)

        self._on(adapter, context, story)

    async def _unknown(self, good: Road, planned: Planned) -> None:
        """There and back, each time another answer is hidden; what has no way back lands only in the end."""
        kinds = good.some(LANDED)
        last = kinds.pop()
        there, back = (kinds, []) if planned.reversal == "none" else (kinds[::2], kinds[1::2])

        async def apply(kind: Kind, *, lands: bool) -> None:
            trouble = Trouble(kind=kind, writes=True, lands=lands)
            await good.fails(lambda: good.apply(planned), trouble, OutcomeUnknown, "apply")

        async def revert(kind: Kind, *, lands: bool) -> None:
            trouble = Trouble(kind=kind, writes=True, lands=lands)
            await good.fails(lambda: good.revert(planned), trouble, OutcomeUnknown, "revert")

        for kind in (*back, *there[len(back) :]):
            await apply(kind, lands=False)
        for forth, again in zip(there, back, strict=False):
            await apply(forth, lands=True)
            await revert(forth, lands=False)
            await revert(again, lands=True)
        await apply(last, lands=True)
        if len(planned.requests) == 1:
            seen = await self._comes_to(good, planned, "in-effect")
            must(seen.verdict == "in-effect", f"what landed is read back, whatever hid the answer: {seen}")

    def test_a_part_that_fails(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Of several requests a later one fails: unknown, not in effect; again completes it, revert restores."""

        async def story(good: Road) -> None:
            planned = await good.guarded.plan(wish)
            if not any(in_parts(planned)):
                return
            kinds = good.some(IN_PART)
            try:
                for kind in kinds[:1] if planned.reversal == "none" else kinds:
                    await self._in_part(good, planned, Trouble(kind=kind, nth=1, writes=True))
            finally:
                await self._put_back(adapter, context, planned)

        self._on(adapter, context, story)

    async def _in_part(self, good: Road, planned: Planned, trouble: Trouble) -> None:
        there, back = in_parts(planned)
        if there:
            await good.fails(lambda: good.apply(planned), trouble, OutcomeUnknown, "apply, in part")
            seen = await good.guarded.read_back(planned)
            whole = dict(seen.fields) == dict(planned.wanted)
            must(seen.verdict != "in-effect" or whole, f"a part is not all of it: {seen}")
        await good.apply(planned)
        seen = await self._comes_to(good, planned, "in-effect")
        must(seen.verdict == "in-effect", f"applied again, what was done in part is whole: {seen}")
        if planned.reversal == "none":
            return
        if back:
            await good.fails(lambda: good.revert(planned), trouble, OutcomeUnknown, "revert, in part")
        await good.revert(planned)
        seen = await self._comes_to(good, planned, "not-in-effect", planned.pre)
        must(dict(seen.fields) == dict(planned.pre), f"reverted again, all is as it was: {seen}")

    def test_a_hole_in_a_look(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Of several reads one fails: no surface is left out, and nothing is planned or told otherwise."""

        async def story(good: Road) -> None:
            if not good.has_http:
                return
            planned = await good.guarded.plan(wish)
            lists = await good.lists(wish, planned)
            for what, step in (self._reads(good, wish, planned, "a hole") | lists).items():
                good.network.misbehave(None)
                whole = await step()
                for nth in sorted({0, 1, good.network.heard - 1} & set(range(good.network.heard))):
                    good.network.misbehave(Trouble(kind="broken", nth=nth))
                    with contextlib.suppress(AdapterFault):
                        why_not = JUDGES[what](whole, await step())
                        must(not why_not, f"{what}, where read {nth + 1} failed: {why_not}")
            self._saw(adapter, "a hole")

        self._on(adapter, context, story)

    def test_an_expired_certificate(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Nothing is sent to whoever shows a certificate that has expired, and nothing is read there."""

        async def story(good: Road) -> None:
            if not good.has_http:
                return
            planned = await good.guarded.plan(wish)
            async with road(self.behind(), adapter, context, self._loop, expired=True) as bad:
                steps = self._reads(bad, wish, planned, "expired")
                steps["apply"] = lambda: bad.apply(planned)
                if (await exact(adapter, context, planned, planned.revert)).requests:  # there is a way back, and a need
                    steps["revert"] = lambda: bad.revert(planned)
                for what, step in steps.items():
                    await faulted(step(), (NotSent,), f"{what}: an expired certificate lets nothing through")
                heard = bad.network.heard
                heard += await bad.tells_nothing(planned, self.probe_credential, "cut")
                must(not heard, "nothing arrives where a certificate has expired")
            back = await good.guarded.read_back(planned)
            must(back.verdict == "not-in-effect", f"what was not sent is not in effect: {back}")
            self._saw(adapter, "expired")

        self._on(adapter, context, story)

    # -- how -----------------------------------------------------------------------------------------------------------

    _loop: Hurried

    def behind(self) -> Behind:
        """The guard between adapter and network: the console's."""
        return guard()

    def _on(self, adapter: Adapter, context: Context, story: Callable[[Road], Awaitable[None]]) -> None:
        async def told(loop: Hurried) -> None:
            self._loop = loop
            async with road(self.behind(), adapter, context, loop) as good:
                await story(good)

        run_hurried(told)

    def _reads(self, on: Road, wish: Wish, planned: Planned, tried: str) -> dict[str, Step]:
        """Every step that reads. Looking is the same for every wish: it is tried once for a class of tests."""
        seen = (type(self), type(on.adapter), tried) in self._looked
        return {what: step for what, step in on.reads(wish, planned).items() if not (seen and what in LOOKING)}

    def _saw(self, adapter: Adapter, tried: str) -> None:
        self._looked.add((type(self), type(adapter), tried))

    async def _comes_to(
        self, on: Road, planned: Planned, verdict: str, fields: Mapping[str, str] | None = None
    ) -> ReadBack:
        def so(back: ReadBack) -> bool:
            return back.verdict == verdict and (fields is None or dict(back.fields) == dict(fields))

        return await until(lambda: on.guarded.read_back(planned), so, self.settles_within_s)
