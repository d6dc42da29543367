"""What the contract demands of a lever that a person carries out, by a text (`adapters.hand`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from adapters.conformance.bent import Overheard
from adapters.conformance.steps import after_restart, as_kept, must, only_reads, run, until, wish_of
from adapters.contract import Adapter, Context, Planned, Refused, Wish
from adapters.hand import BACK, FILE, INSTRUCTION, PATCH

FIELDS = (INSTRUCTION, PATCH, BACK, FILE)


class Person(Protocol):
    """Somebody who does what a text says, at the test's own server."""

    def do(self, planned: Planned) -> None:
        """Follow `PATCH`."""
        ...

    def back(self, planned: Planned) -> None:
        """Follow `BACK`."""
        ...


class ByHandConformance:
    """Inherit with fixtures `adapter`, `context`, `wish` (of a lever `by_hand`, not done yet) and `person`.

    Set `probe_credential` to the name of the caller's secret that it shuts out, and `settles_within_s` as in the kit.
    """

    probe_credential: str | None = None
    settles_within_s = 20.0

    def test_a_plan_holds_both_texts_and_sends_nothing(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """What people sign is what they follow; there is nothing that a console could send."""

        async def story() -> None:
            heard = Overheard(context)
            planned = await adapter.plan(heard, wish)
            must(adapter.manifest.lever(wish.lever).by_hand, "its manifest says that a person carries it out")
            only_reads(heard, "planning")
            must(not planned.requests and not planned.revert, "a plan for a person holds no request")
            for name in FIELDS:
                must(planned.params.get(name), f"its parameters hold {name}")
            must(planned.params[PATCH] != planned.params[BACK], "the way back is another text")
            must(planned.wanted and planned.pre != planned.wanted, "what is read tells whether it is done")

        run(story())

    def test_another_console_writes_the_same_text(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """A second signer's console compares: a text made of the time or of chance would be a contradiction."""

        async def story() -> None:
            other = after_restart(adapter)
            planned = await adapter.plan(context, wish)
            again = await other.plan(context, wish_of(planned, adapter.manifest.lever(wish.lever)))
            must([planned.params[name] for name in FIELDS] == [again.params[name] for name in FIELDS], "the same text")

        run(story())

    def test_it_is_read_and_tried_there_and_back(
        self, adapter: Adapter, context: Context, wish: Wish, person: Person
    ) -> None:
        """Not in effect before it is done; recorded and refused once it is; and back as it was by the other text."""

        async def story() -> None:
            planned = as_kept(await adapter.plan(context, wish))
            await self._seen(adapter, context, planned, "not-in-effect", "passed")
            person.do(planned)
            try:
                await self._seen(after_restart(adapter), context, planned, "in-effect", "refused")
                turned = replace(wish_of(planned, adapter.manifest.lever(wish.lever)), direction="restore")
                lift = as_kept(await adapter.plan(context, turned))
                must(not lift.requests and not lift.revert, "giving it back sends nothing either")
                must(lift.params[BACK] == planned.params[BACK], "giving it back asks for the way back that was signed")
            finally:
                person.back(planned)
            await self._seen(adapter, context, lift, "in-effect")
            await self._seen(adapter, context, planned, "not-in-effect", "passed")

        run(story())

    def test_an_unknown_target_is_refused(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Nobody is asked to do something about what is not there."""

        async def story() -> None:
            try:
                await adapter.plan(context, replace(wish, selector="no-such-thing", surface_key=""))
            except Refused:
                return
            must(condition=False, sentence="it refuses what it does not know")

        run(story())

    async def _seen(
        self, adapter: Adapter, context: Context, planned: Planned, verdict: str, outcome: str = ""
    ) -> None:
        seen = await until(
            lambda: adapter.read_back(context, planned), lambda one: one.verdict == verdict, self.settles_within_s
        )
        must(seen.verdict == verdict, f"it reads back {verdict}, and not {seen.verdict}")
        if outcome and self.probe_credential is not None:
            tried = await until(
                lambda: adapter.probe(context, planned, self.probe_credential), lambda one: one.outcome == outcome,
                self.settles_within_s,
            )  # fmt: skip
            must(tried.outcome == outcome, f"a try is {outcome}, and not {tried.outcome}")


__all__ = ["ByHandConformance", "Person"]
