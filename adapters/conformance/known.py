"""What is known without calling, and what looking and planning must not do."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from adapters.conformance.bent import Overheard
from adapters.conformance.steps import faulted, must, only_reads, run, wish_of
from adapters.conformance.waiting import Kit
from adapters.contract import CONTRACT_VERSION, Adapter, Context, OffersSome, Refused, Wish


class Known(Kit):
    """What is known without calling, and what looking and planning must not do."""

    def test_manifest_is_whole(self, adapter: Adapter) -> None:
        """Names, levers, settings and secrets are as the contract describes them."""
        manifest = type(adapter).manifest
        must(isinstance(adapter, Adapter), "it has every method of the contract")
        must(manifest.contract == CONTRACT_VERSION, "it is written for this contract")
        names = [lever.name for lever in manifest.levers]
        must(names and len(set(names)) == len(names), "its levers have names of their own")
        must(manifest.auth != "none" or not manifest.secrets, "it says how it authenticates with its secrets")
        if isinstance(adapter, OffersSome):
            must(set(adapter.offers()) <= set(names), "what it offers here is of its manifest")
        for lever in manifest.levers:
            must(lever.partial_sibling is None or lever.partial_sibling in names, "a sibling is one of its levers")
            must(lever.propagation_s >= 0 and lever.read_back_lag_s >= 0, "times are not negative")

    def test_hosts(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """It speaks to its base URL only: every path is relative to it and carries no host."""

        async def story() -> None:
            heard = Overheard(context)
            await adapter.status(heard)
            planned = await adapter.plan(heard, wish)
            base = urlsplit(adapter.base_url())
            must(base.scheme in {"http", "https"} and base.hostname, "the base URL names a host")
            must(not base.username and not base.password, "the base URL carries no secret")
            paths = [path for _, path, *_ in heard.calls]
            paths += [request.path for request in (*planned.requests, *planned.revert)]
            for path in paths:
                fine = path.startswith("/") and not path.startswith("//") and "://" not in path.split("?")[0]
                must(fine, f"a path begins with one slash and names no host: {path}")

        run(story())

    # -- looking and planning ------------------------------------------------------------------------------------------

    def test_status_and_discover(self, adapter: Adapter, context: Context) -> None:
        """Both read only and agree about the surfaces."""

        async def story() -> None:
            heard = Overheard(context)
            status = await adapter.status(heard)
            found = await adapter.discover(heard)
            must(found, "it sees a surface")
            must({item.key for item in found} == {item.key for item in status.surfaces}, "they see the same surfaces")
            must(status.at_ms > 0 and status.latency_ms >= 0, "a look says when it was and how long it took")
            only_reads(heard, "looking")

        run(story())

    def test_plan_reads_only(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """A plan changes nothing: it reads, and a second one, made from what the first says, comes to the same."""

        async def story() -> None:
            heard = Overheard(context)
            first = await adapter.plan(heard, wish)
            only_reads(heard, "planning")
            lever = adapter.manifest.lever(first.lever)
            second = await adapter.plan(context, wish_of(first, lever))  # as another console does, to compare
            must(first.pre == second.pre, "a plan changes nothing")
            for what in ("wanted", "requests", "revert", "selectors", "surface_key", "model", "reach", "reversal"):
                must(getattr(first, what) == getattr(second, what), f"planned anew it comes to the same {what}")
            must(set(first.pre) == set(first.wanted) and first.pre, "it says how each field is and how it will be")
            irreversible = first.reversal == "none"
            must(first.requests, "it has the exact requests")
            must(bool(first.revert) is not irreversible, "it has the exact way back, or says that there is none")
            must(all(request.effect == "write" for request in first.requests), "what changes is called a write")
            must(first.selectors == 0 if lever.wide else first.selectors > 0, "it counts what is selected")
            must((await self._now(adapter, context, first)).verdict == "not-in-effect", "planning did not apply")

        run(story())

    def test_unknown_selector(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """What is not there cannot be planned."""

        async def story() -> None:
            nobody = replace(wish, selector=self.unknown_selector, surface_key="")
            await faulted(adapter.plan(context, nobody), (Refused,), "an unknown selector is refused")

        run(story())

    def test_unknown_lever(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """A lever that it does not have cannot be planned."""
        run(faulted(adapter.plan(context, replace(wish, lever="no.such")), (Refused,), "an unknown lever is refused"))
