"""A bad network before the sign-in alone: Azure's and Google's adapters behind the console's own guard.

Where no token can be had, its provider is asked nothing, refuses nothing, and gets nothing of a secret; another host
gets nothing either; what was not sent goes as soon as there is a token.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, replace

import pytest

from adapters.access import Access, Tls
from adapters.azure_openai.adapter import AzureOpenAI
from adapters.azure_openai.simulator import CLIENT_SECRET
from adapters.conformance.certificates import authority
from adapters.conformance.lent import Lent
from adapters.conformance.network import BadNetwork
from adapters.conformance.standin import Hurried, run_hurried
from adapters.conformance.troubles import READS, RETRY_AFTER_S, Trouble
from adapters.contract import Malformed, NotSent, Places, Refused, Throttled, Wish
from adapters.google_vertex import ADAPTER as GOOGLE_VERTEX
from adapters.google_vertex.simulated import ATLAS, CANARY, CONSOLE
from adapters.simulator import Answer, Simulator
from console.providers.behind import behind
from tests.adapters import azure_kit, google_kit

NEXT = ("check the network", "check this console's clock", "open it in a browser", "asks to wait", "tried again",
        "renew the credential")  # fmt: skip


@dataclass(frozen=True)
class Cloud:
    """One cloud that signs in: its site, its adapter at an address, what it signs in with, and a wish there."""

    site: object
    adapter: object
    secrets: dict[str, str]
    wish: Wish
    token_path: str


def secure(kind):
    """The adapter with the kit's authority for its connections; nothing else of it is another."""

    class Secure(kind):
        def access(self) -> Access:
            return replace(super().access(), tls=Tls(ca=authority().ca))

    return Secure


KEY = base64.b64encode(google_kit.service_key(CONSOLE)[0].encode()).decode()
CLOUDS = {
    "azure": Cloud(
        lambda: azure_kit.site(lag_s=0.0), lambda url: azure_kit.adapter_at(url, secure(AzureOpenAI)),
        {"client-secret": CLIENT_SECRET}, Wish(lever="keys.off", selector="", surface_key="atlas"), "oauth2",
    ),
    "google": Cloud(
        lambda: google_kit.site(lag_s=0.0, verify=google_kit.verify),
        lambda url: google_kit.adapter_at(url, secure(GOOGLE_VERTEX)), {"service-account-key": KEY},
        Wish(lever="model.forbid", selector="atlas-1.5-002", surface_key=""), "/token",
    ),
}  # fmt: skip


@pytest.fixture(params=CLOUDS)
def cloud(request):
    return CLOUDS[request.param]


@pytest.fixture
def server(cloud):
    with Simulator(cloud.site()) as running:
        yield running


def lent_at(url, secrets):
    return Lent(
        base_url=url, scheme="bearer", secrets=secrets, callers={}, tls=None, callers_url="", caller_header="bearer",
        aws=None, services={}, places=Places(),
    )  # fmt: skip


def told(fault, secrets):
    """What a fault says: what to do next, and no secret."""
    assert any(one in fault.detail for one in NEXT), fault.detail
    assert not any(one[:40] in fault.detail for one in secrets.values()), fault.detail
    assert "sign-in" in fault.detail, fault.detail
    return fault.detail


async def fault_of(work):
    try:
        await work
    except (NotSent, Throttled, Malformed, Refused) as fault:
        return fault
    raise AssertionError("it came through without a token")


def test_a_bad_network_before_the_sign_in_is_no_refusal_and_sends_nothing(cloud, server):
    async def story(loop: Hurried) -> None:
        lent = lent_at(server.url, cloud.secrets)
        async with BadNetwork(lent, loop.hurry).standing() as network:
            good = behind(cloud.adapter(server.url), lent, network.dial, 20.0)
            planned = await good.plan(cloud.wish)
            state = repr(server.site.state)
            for kind in READS:
                bad = behind(cloud.adapter(server.url), lent, network.dial, 20.0)
                server.forget()
                network.misbehave(Trouble(kind=kind, lasting=True))
                read = await fault_of(bad.status())
                wrote = await fault_of(bad.apply(planned))
                back = await fault_of(bad.revert(planned))
                kinds = {type(one) for one in (read, wrote, back)}
                assert kinds == {Throttled if kind == "throttled" else NotSent}, (kind, read, wrote, back)
                for fault in (read, wrote, back):
                    told(fault, cloud.secrets)
                if kind == "throttled":
                    assert read.retry_after_s == RETRY_AFTER_S
                assert network.heard == 3, "each step asked for a token once, and for nothing else"
                assert not network.elsewhere.came()
                assert not [one for one in server.requests() if not one.path.endswith("/token")]
                network.misbehave(None)
                assert repr(server.site.state) == state
                if kind in {"page", "forbidden"}:
                    await bad.status()  # as soon as it signs in again
                await bad.aclose()
            assert (await good.apply(planned)).outcome == "accepted"
            await good.aclose()

    run_hurried(story)


def test_a_caller_who_cannot_sign_in_is_neither_refused_nor_let_in():
    """A probe proves nothing where only its caller's sign-in failed, and shows the key to nobody else."""
    wish = Wish(lever="principal.deny", selector=google_kit.CANARY, surface_key=ATLAS)
    secrets = {"service-account-key": KEY, "caller": google_kit.service_key(CANARY)[0]}
    with Simulator(google_kit.site(lag_s=0.0, verify=google_kit.verify)) as server:

        async def story(loop: Hurried) -> None:
            lent = replace(lent_at(server.url, secrets), callers={google_kit.CANARY: "caller"})
            async with BadNetwork(lent, loop.hurry).standing() as network:
                plane = behind(google_kit.adapter_at(server.url), lent, network.dial, 20.0)
                planned = await plane.plan(wish)
                await plane.aclose()
                plane = behind(google_kit.adapter_at(server.url), lent, network.dial, 20.0)
                for kind in READS:
                    network.misbehave(Trouble(kind=kind, lasting=True))
                    seen = await plane.probe(planned, "caller")
                    assert (seen.outcome, seen.status) == ("cannot-tell", None), (kind, seen)
                    assert network.heard == 1, "no call went without a token"
                    assert not network.elsewhere.came()
                    network.misbehave(None)
                assert (await plane.probe(planned, "caller")).outcome == "passed"
                await plane.aclose()

        run_hurried(story)


def test_a_certificate_that_has_expired_gets_no_secret_of_ours(cloud, server):
    async def story(loop: Hurried) -> None:
        url = server.url.replace("http://", "https://")
        lent = lent_at(url, cloud.secrets)
        async with BadNetwork(lent, loop.hurry, expired=True).standing() as network:
            plane = behind(cloud.adapter(url), lent, network.dial, 20.0)
            fault = await fault_of(plane.status())
            assert "has expired" in told(fault, cloud.secrets)
            assert isinstance(fault, NotSent)
            assert not network.heard
            await plane.aclose()

    run_hurried(story)


def test_many_calls_wait_for_one_failure_and_not_one_after_the_other(cloud, server):
    async def story(loop: Hurried) -> None:
        lent = lent_at(server.url, cloud.secrets)
        async with BadNetwork(lent, loop.hurry).standing() as network:
            plane = behind(cloud.adapter(server.url), lent, network.dial, 20.0)
            network.misbehave(Trouble(kind="drip", lasting=True))
            found = await asyncio.gather(*(fault_of(plane.status()) for _ in range(10)))
            assert {type(one) for one in found} == {NotSent}
            assert network.heard == 1
            await plane.aclose()

    run_hurried(story)


class Ending:
    """The same site, whose tokens are over at once."""

    def __init__(self, site):
        self.site, self.state, self.kind = site, site.state, site.kind
        self.fetched = 0

    def handle(self, incoming, lag_s):
        answer = self.site.handle(incoming, lag_s)
        if incoming.path.endswith("/token") and answer.status == 200:
            self.fetched += 1
            return Answer(body={**answer.body, "expires_in": 0})
        return answer


def test_a_token_that_is_over_at_once_serves_one_call_and_no_call_goes_without(cloud):
    site = Ending(cloud.site())
    with Simulator(site) as server:

        async def story(loop: Hurried) -> None:
            lent = lent_at(server.url, cloud.secrets)
            async with BadNetwork(lent, loop.hurry).standing() as network:
                plane = behind(cloud.adapter(server.url), lent, network.dial, 20.0)
                planned = await plane.plan(cloud.wish)
                assert (await plane.apply(planned)).outcome == "accepted"
                assert (await plane.read_back(planned)).verdict == "in-effect"
                others = [one for one in server.requests() if not one.path.endswith("/token")]
                assert site.fetched == len(others)
                await plane.aclose()

        run_hurried(story)


def test_where_it_signs_in_is_tried_by_its_own_address(cloud, server):
    """Otherwise nothing here was tried: what was asked first is the sign-in, and it is asked once for many calls."""

    async def story(loop: Hurried) -> None:
        lent = lent_at(server.url, cloud.secrets)
        async with BadNetwork(lent, loop.hurry).standing() as network:
            plane = behind(cloud.adapter(server.url), lent, network.dial, 20.0)
            await plane.status()
            paths = [one.path for one in server.requests()]
            assert cloud.token_path in paths[0]
            assert sum(cloud.token_path in one for one in paths) == 1
            assert network.heard == len(paths) > 2
            await plane.aclose()

    run_hurried(story)
