"""What the tests of the kit share: what an adapter's tests set, and how they wait and put back."""

from __future__ import annotations

from typing import ClassVar

from adapters.conformance.steps import exact, until
from adapters.contract import Adapter, Context, Planned, Probe, ReadBack


class Kit:
    """What is set, and how it is waited."""

    probe_credential: ClassVar[str | None] = None
    probes_measure: ClassVar[bool] = True
    settles_within_s: ClassVar[float] = 5.0
    unknown_selector: ClassVar[str] = "no-such-selector-b7e1"

    async def _now(self, adapter: Adapter, context: Context, planned: Planned) -> ReadBack:
        return await adapter.read_back(context, planned)

    async def _settled(self, adapter: Adapter, context: Context, planned: Planned, verdict: str) -> ReadBack:
        def so(back: ReadBack) -> bool:
            return back.verdict == verdict

        return await until(lambda: adapter.read_back(context, planned), so, self.settles_within_s)

    async def _probed(self, adapter: Adapter, context: Context, planned: Planned, outcome: str) -> Probe:
        def so(seen: Probe) -> bool:
            return seen.outcome == outcome

        return await until(lambda: adapter.probe(context, planned, self.probe_credential), so, self.settles_within_s)

    async def _put_back(self, adapter: Adapter, context: Context, planned: Planned) -> None:
        """The server as the plan found it, and settled: the next test begins there. Not by the adapter's own hand.

        What cannot be reverted stays so: such a lever needs a server made anew for each test.
        """
        if planned.reversal == "none":
            return
        for request in (await exact(adapter, context, planned, planned.revert)).requests:
            await context.send(request)

        def so(back: ReadBack) -> bool:
            return back.verdict == "not-in-effect" and dict(back.fields) == dict(planned.pre)

        await until(lambda: adapter.read_back(context, planned), so, self.settles_within_s)
        if self.probes_measure:
            await self._probed(adapter, context, planned, "passed")
