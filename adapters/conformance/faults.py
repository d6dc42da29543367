"""A provider that loses answers, refuses, throttles, is silent, or says something else."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Iterator
from dataclasses import replace
from typing import Any

from adapters.conformance.bent import PAGE, Bent, reply
from adapters.conformance.steps import exact, faulted, must, run
from adapters.conformance.waiting import Kit
from adapters.contract import (
    Adapter,
    AdapterFault,
    Context,
    Malformed,
    NotSent,
    OutcomeUnknown,
    Planned,
    Refused,
    Throttled,
    Wish,
)

ECHOED_SECRET = "sk-conformance-0123456789abcdef"  # noqa: S105  made up; a provider echoes it, a fault must not
RETRY_AFTER_S = 17.0
_UNAUTHENTICATED = 401


class Faults(Kit):
    """A provider that loses answers, refuses, throttles, is silent, or says something else."""

    def test_lost_answer(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """A write that landed and whose answer was lost is unknown, never tried again by itself, and read back."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            bent = Bent(context, fault=OutcomeUnknown("lost"), after=True)
            try:
                sent = await exact(adapter, context, planned)
                await faulted(adapter.apply(bent, sent), (OutcomeUnknown,), "a lost answer stays unknown")
                must(len(bent.sent) == 1, "a write whose outcome is not known is not sent again")
                if len(planned.requests) == 1:
                    back = await self._settled(adapter, context, planned, "in-effect")
                    must(back.verdict == "in-effect", "a read back says that it landed")
            finally:
                await self._put_back(adapter, context, planned)

        run(story())

    def test_authentication_failure(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """401 to everything is a final no, with its status, and says no secret."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            body = f'{{"error":{{"message":"bad key {ECHOED_SECRET}","type":"auth"}}}}'.encode()
            bent = Bent(context, answer=reply(_UNAUTHENTICATED, body))
            sent = await exact(adapter, context, planned)
            for what, work in every(adapter, bent, planned, wish, sent):
                fault = await faulted(work, (Refused,), f"{what}: 401 is a refusal")
                must(fault.status == _UNAUTHENTICATED, f"{what}: the refusal keeps its status")
                must(ECHOED_SECRET not in f"{fault} {fault.detail}", f"{what}: a fault quotes no secret")

        run(story())

    def test_throttled(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """429 comes through with its Retry-After."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            bent = Bent(context, fault=Throttled("slow down", RETRY_AFTER_S))
            sent = await exact(adapter, context, planned)
            for what, work in every(adapter, bent, planned, wish, sent):
                fault = await faulted(work, (Throttled,), f"{what}: 429 stays throttled")
                must(fault.retry_after_s == RETRY_AFTER_S, f"{what}: Retry-After is kept")

        run(story())

    def test_unreachable(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """No connection is not sent, and an old look is not shown as a new one."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            await adapter.status(context)
            bent = Bent(context, fault=NotSent("no connection"))
            sent = await exact(adapter, context, planned)
            for what, work in every(adapter, bent, planned, wish, sent):
                await faulted(work, (NotSent,), f"{what}: no connection is not sent")

        run(story())

    def test_a_page_is_no_answer(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """A sign-in page with status 200, or JSON of another shape, is neither a state nor a receipt."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            page = Bent(context, answer=reply(200, PAGE, "text/html"))
            sent = await exact(adapter, context, planned)
            for what, work in every(adapter, page, planned, wish, sent):
                await faulted(work, (Malformed, OutcomeUnknown), f"{what}: a page is malformed")
            odd = Bent(context, answer=reply(200, b"[1]"))
            for what, work in every(adapter, odd, planned, wish, sent):
                if what not in {"apply", "revert"}:
                    await faulted(work, (Malformed,), f"{what}: another shape is malformed")
                else:
                    await _forgiving(work)

        run(story())


def every(
    adapter: Adapter, context: Context, planned: Planned, wish: Wish, sent: Planned
) -> Iterator[tuple[str, Coroutine[Any, Any, object]]]:
    """Everything an adapter does that must not hide a fault. Each begins when it is asked for, so none is left over.

    `sent` is the plan as it is sent.
    """
    yield "status", adapter.status(context)
    yield "discover", adapter.discover(context)
    yield "plan", adapter.plan(context, wish)
    yield "apply", adapter.apply(context, sent)
    yield "read_back", adapter.read_back(context, planned)
    if planned.reversal != "none":
        made = sent.requests != planned.requests  # the way back is made at the moment too
        yield "revert", adapter.revert(context, replace(planned, revert=sent.requests) if made else planned)


async def _forgiving(work: Awaitable[object]) -> None:
    """A receipt in another shape may be taken or not: the read back decides. Only a crash is wrong."""
    try:
        await work
    except AdapterFault:
        return
