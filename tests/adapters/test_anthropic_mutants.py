"""Anthropic adapters that are broken in one way each: the kit, or a test beside it, has to find every one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.anthropic_admin import ADAPTER, keys, limits, organisation
from adapters.contract import Wish
from adapters.simulator import Simulator
from tests.adapters import test_anthropic_admin as beside
from tests.adapters.anthropic_kit import adapter_at, context_at, site
from tests.adapters.mutants import failing

KEY = Wish(lever="key.off", selector="apikey_1", surface_key="atlas-1")
ENDED = Wish(lever="key.archive", selector="apikey_1", surface_key="atlas-1")
LIMIT = Wish(lever="workspace.rpm", selector="batch", surface_key="", params={"model": "atlas-1", "rpm": "0"})
OUT = Wish(lever="member.remove", selector="user_1", surface_key="", params={"workspace": "live"})


class SwitchesBackToActiveWhateverItWas(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        on = tuple(replace(one, body=one.body.replace("inactive", "active")) for one in planned.requests)
        return replace(planned, revert=on)


class ClearsTheLimitInsteadOfRestoringIt(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        cleared = tuple(replace(one, body=one.body.replace('"value":0', '"value":null')) for one in planned.requests)
        return replace(planned, revert=cleared)


class BelievesItsOwnWrite(ADAPTER):
    async def read_back(self, context, planned):
        return replace(await super().read_back(context, planned), verdict="in-effect", fields=dict(planned.wanted))


class TakesAnyRefusalForItsOwn(ADAPTER):
    async def probe(self, context, planned, credential):
        seen = await super().probe(context, planned, credential)
        return replace(seen, outcome="refused") if seen.status and seen.status >= 400 else seen


class ProbesAsTheAdministrator(ADAPTER):
    async def probe(self, context, planned, credential):
        return await super().probe(context, planned, "")


class RevertsAnArchiving(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        back = tuple(replace(one, body='{"status":"active"}') for one in planned.requests)
        return replace(planned, revert=back)


class TakesAMissingMemberForARefusal(ADAPTER):
    async def apply(self, context, planned):
        for request in planned.requests:
            reply = await context.send(request)
            if reply.status >= 400:
                raise beside.Refused("gone", reply.status)
        return await super().apply(context, replace(planned, requests=()))


MUTANTS = [
    (SwitchesBackToActiveWhateverItWas, KEY), (ClearsTheLimitInsteadOfRestoringIt, LIMIT), (BelievesItsOwnWrite, KEY),
    (TakesAnyRefusalForItsOwn, KEY), (ProbesAsTheAdministrator, KEY), (RevertsAnArchiving, ENDED),
    (TakesAMissingMemberForARefusal, OUT),
]  # fmt: skip


def failed(kind, wish):
    credential = "batch" if wish is LIMIT else "caller"
    return failing(lambda: Simulator(site()), lambda url: adapter_at(url, kind), context_at, wish, credential)


@pytest.mark.parametrize("wish", [KEY, ENDED, LIMIT], ids=lambda wish: wish.lever)
def test_the_whole_adapter_passes(wish):
    assert list(failed(ADAPTER, wish)) == []


@pytest.mark.parametrize(("mutant", "wish"), MUTANTS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_broken_adapter_fails(mutant, wish):
    unmeasured = {"test_probe"} if wish is OUT else set()  # how a key of such a user ends is not known
    found = next((name for name in failed(mutant, wish) if name not in unmeasured), None)
    assert found, f"{mutant.__name__} passes the whole kit"


def _run(test):
    with Simulator(site()) as server:
        test(server, adapter_at(server.url), context_at(server.url))


@pytest.mark.parametrize(
    ("module", "name", "broken", "test"),
    [
        (organisation, "honest", lambda ask: ask(), "money"),
        (limits, "_want", lambda planned, _: planned.params["rpm"], "a limit is only lowered"),
        (keys, "_switchable", list, "every key goes off"),
    ],
    ids=["tries a limit of money again", "raises a limit", "switches the organisation's own keys off"],
)
def test_what_the_kit_cannot_see_is_found_beside_it(monkeypatch, module, name, broken, test):
    looks = {
        "money": lambda _, adapter, context: beside.test_a_limit_of_money_is_not_tried_again(
            adapter, context, b"enforced_spend_limit_reached"
        ),
        "a limit is only lowered": beside.test_a_limit_is_only_lowered_is_the_familys_and_takes_an_hour,
        "every key goes off": beside.test_every_key_goes_off_and_only_those_that_were_on_come_back,
    }
    _run(looks[test])
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(BaseException):  # noqa: B017, PT011  an assertion, or another fault than the one that is due
        _run(looks[test])
