"""There and back: applied, read back, tried, counted, reverted."""

from __future__ import annotations

from dataclasses import replace

from adapters.conformance.bent import PAGE, Bent, Overheard, reply
from adapters.conformance.steps import after_restart, as_kept, exact, faulted, must, only_reads, run
from adapters.conformance.waiting import Kit
from adapters.contract import Adapter, Context, CountsRunning, CountsServed, Malformed, NotSent, Refused, Wish

_UNAUTHENTICATED = 401


class Effects(Kit):
    """There and back: applied, read back, tried, counted, reverted."""

    def test_apply_and_read_back(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Applied, it is in effect; the bytes sent are those planned, and only those; drift is seen."""
        later = after_restart(adapter)

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            heard, sent = Overheard(context), await exact(adapter, context, planned)
            receipt = await adapter.apply(heard, sent)
            try:
                must(receipt.outcome == "accepted", "the first write is accepted")
                must(tuple(heard.sent) == sent.requests, "it sends exactly what was planned, once, in order")
                must(all(effect == "read" for _, _, effect, _, _ in heard.calls), "it writes nothing beside the plan")
                listening = Overheard(context)
                back = await self._settled(later, listening, as_kept(planned), "in-effect")
                must(back.verdict == "in-effect", f"what was applied is read back, after a restart too: {back}")
                must(dict(back.fields) == dict(planned.wanted), "the fields read back are those wanted")
                only_reads(listening, "reading back")
                if planned.reversal == "none":
                    return  # nobody else can undo it either
                for request in (await exact(adapter, context, planned, planned.revert)).requests:  # as another would
                    await context.send(request)
                back = await self._settled(adapter, context, planned, "not-in-effect")
                must(back.verdict == "not-in-effect", "drift is seen: it is no longer in effect")
            finally:
                await self._put_back(adapter, context, planned)

        run(story())

    def test_apply_again(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Applying twice is applying once."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            sent = await exact(adapter, context, planned)
            await adapter.apply(context, sent)
            try:
                first = await self._settled(adapter, context, planned, "in-effect")
                receipt = await adapter.apply(context, sent)
                must(receipt.outcome in {"already-so", "accepted"}, "a second write is no fault")
                again = await self._settled(adapter, context, planned, "in-effect")
                must(again.verdict == "in-effect" and again.fields == first.fields, "a second write changes nothing")
            finally:
                await self._put_back(adapter, context, planned)

        run(story())

    def test_probe(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Before, it passes; in effect, it is refused; reverted, it passes. On fresh connections, not as admin."""
        if not self.probes_measure:
            return

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            heard = Overheard(context)
            before = await self._probed(adapter, heard, planned, "passed")
            must(before.outcome == "passed", f"before, a probe passes: {before}")
            tried = heard.calls[-1]
            must(tried[4], "a probe asks for a fresh connection")
            written = [request for request in heard.sent if request.effect == "write"]
            must(tried[3] != "" and not written, "a probe never uses the instance's own secret")
            await adapter.apply(context, await exact(adapter, context, planned))
            try:
                during = await self._probed(adapter, context, planned, "refused")
                must(during.outcome == "refused", f"in effect, a probe is refused: {during}")
            finally:
                await self._put_back(adapter, context, planned)
            if planned.reversal == "none":
                return
            after = await self._probed(adapter, context, planned, "passed")
            must(after.outcome == "passed", f"reverted, a probe passes: {after}")

        run(story())

    def test_served_counts_refusals_too(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Where it counts: by reading only, passes as served, refusals as asked and not served."""
        if not isinstance(adapter, CountsServed):
            return
        counts: CountsServed = adapter

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            heard = Overheard(context)
            first = await counts.served(heard, planned)
            only_reads(heard, "served")
            if first is None:
                return
            must(0 <= first.served <= first.asked, f"no more is served than was asked for: {first}")
            await self._probed(adapter, context, planned, "passed")
            open_ = await counts.served(context, planned)
            must(open_ is not None and open_.served > first.served, f"what passes counts as served: {open_}")
            await adapter.apply(context, await exact(adapter, context, planned))
            try:
                await self._probed(adapter, context, planned, "refused")
                before = await counts.served(context, planned)
                await adapter.probe(context, planned, self.probe_credential)
                after = await counts.served(context, planned)
            finally:
                await self._put_back(adapter, context, planned)
            must(
                before is not None and after is not None
                and (after.asked, after.served) == (before.asked + 1, before.served),
                f"what is refused counts as asked for and not as served: {before}, then {after}",
            )  # fmt: skip

        run(story())

    def test_running_is_a_count_by_reading(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Where it counts work in flight: by reading only, and a page or another shape is no count."""
        if not isinstance(adapter, CountsRunning):
            return
        counts: CountsRunning = adapter

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            heard = Overheard(context)
            found = await counts.running(heard, planned)
            only_reads(heard, "running")
            if found is None:
                return
            must(all(one.count > 0 and one.at_ms > 0 for one in found), f"what runs is counted, and when: {found}")
            page = Bent(context, answer=reply(200, PAGE, "text/html"))
            await faulted(counts.running(page, planned), (Malformed,), "running: a page is malformed")

        run(story())

    def test_probe_concludes_nothing_from_other_refusals(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """A wrong credential, a page, a missing answer or an odd status prove neither a refusal nor a pass."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            for answer in (
                reply(_UNAUTHENTICATED, b'{"error":{"type":"bad_credential","message":"unknown"}}'),
                reply(404, b"<html>not here</html>", "text/html"),
                reply(403, b"{}"),
                reply(200, PAGE, "text/html"),
                reply(302, b""),
            ):
                seen = await adapter.probe(Bent(context, answer=answer), planned, self.probe_credential)
                must(seen.outcome == "cannot-tell", f"{answer.status} {answer.body[:20]!r} proves nothing: {seen}")
            silent = await adapter.probe(Bent(context, fault=NotSent("down")), planned, self.probe_credential)
            must(silent.outcome == "cannot-tell", "no answer is no refusal")

        run(story())

    def test_revert_restores_what_was_saved(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Revert goes back to the fields of the plan, not to a default; after a restart, by the kept plan alone."""
        later = after_restart(adapter)

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            await adapter.apply(context, await exact(adapter, context, planned))
            try:
                await self._settled(adapter, context, planned, "in-effect")
                if planned.reversal == "none":
                    await faulted(later.revert(context, planned), (Refused,), "what has no way back is not reverted")
                    return
                onto = await adapter.plan(context, wish)
                must(dict(onto.pre) == dict(planned.wanted), "a plan saves how it is now")
                await adapter.apply(context, await exact(adapter, context, onto))
                heard, back = Overheard(context), await exact(adapter, context, onto, onto.revert)
                await later.revert(heard, replace(as_kept(onto), revert=back.requests))
                must(tuple(heard.sent) == back.requests, "it sends exactly the revert that was planned")
                kept = await self._settled(adapter, context, onto, "in-effect")
                must(dict(kept.fields) == dict(onto.pre), "what was restricted before the plan stays so after revert")
            finally:
                await self._put_back(adapter, context, planned)
            now = await self._now(adapter, context, planned)
            must(dict(now.fields) == dict(planned.pre), f"what was free before is free again: {now}")

        run(story())
