"""OpenAI adapters that are broken in one way each: the kit, or a test beside it, has to find every one."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.contract import Refused, Wish
from adapters.openai_admin import ADAPTER, people, policy, trying
from adapters.simulator import Simulator
from tests.adapters.mutants import failing
from tests.adapters.openai_kit import adapter_at, context_at, site

DENY = Wish(lever="model.deny", selector="atlas", surface_key="atlas")
LIMIT = Wish(lever="project.rpm", selector="live", surface_key="atlas", params={"model": "atlas", "rpm": "0"})
MEMBER = Wish(lever="member.remove", selector="user-1", surface_key="atlas", params={"project": "live"})
KEY = Wish(lever="key.delete", selector="key_1", surface_key="atlas")


class ClearsThePolicyInsteadOfRestoringIt(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        cleared = tuple(replace(one, method="DELETE", body="", content_type=None) for one in planned.revert)
        return replace(planned, revert=cleared)


class ForgetsASnapshot(ADAPTER):
    async def read_back(self, context, planned):
        back = await super().read_back(context, planned)
        return replace(back, verdict="in-effect")


class TakesAnyForbiddenForItsOwn(ADAPTER):
    async def probe(self, context, planned, credential):
        seen = await super().probe(context, planned, credential)
        return replace(seen, outcome="refused") if seen.status in {401, 403} else seen


class CountsAMistypedKey(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        return replace(planned, params={**planned.params, "let_in": "yes"})

    async def probe(self, context, planned, credential):
        seen = await super().probe(context, planned, credential)
        return replace(seen, outcome="refused") if seen.status == 401 else seen


class RaisesALimit(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        return replace(planned, wanted=dict.fromkeys(planned.wanted, "9999"))


class CallsADeletionReversible(ADAPTER):
    async def plan(self, context, wish):
        return replace(await super().plan(context, wish), reversal="exact")


class RevertsADeletion(ADAPTER):
    async def revert(self, context, planned):
        if not planned.revert:
            return await self.apply(context, planned)
        return await super().revert(context, planned)


class AddsTheUserBackAsAMember(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        return replace(planned, revert=())


MUTANTS = [
    (ClearsThePolicyInsteadOfRestoringIt, DENY), (ForgetsASnapshot, DENY), (TakesAnyForbiddenForItsOwn, DENY),
    (CountsAMistypedKey, KEY), (RaisesALimit, LIMIT), (CallsADeletionReversible, KEY), (RevertsADeletion, KEY),
    (AddsTheUserBackAsAMember, MEMBER),
]  # fmt: skip


def failed(kind, wish):
    return failing(lambda: Simulator(site()), lambda url: adapter_at(url, kind), context_at, wish, "caller")


@pytest.mark.parametrize("wish", [DENY, KEY], ids=lambda wish: wish.lever)
def test_the_whole_adapter_passes(wish):
    assert list(failed(ADAPTER, wish)) == []


@pytest.mark.parametrize(("mutant", "wish"), MUTANTS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_broken_adapter_fails(mutant, wish):
    assert next(failed(mutant, wish), None), f"{mutant.__name__} passes the whole kit"


# -- broken inside: what only the tests beside the kit can see ---------------------------------------------------------


def _later_project_is_seen():
    with Simulator(site()) as server:
        adapter, context = adapter_at(server.url), context_at(server.url)
        planned = asyncio.run(adapter.plan(context, DENY))
        asyncio.run(adapter.apply(context, planned))
        server.poke(lambda rows: setattr(rows.projects["proj_3"], "archived_at", None))
        server.poke(lambda rows: rows.projects["proj_3"].limits.update(atlas=(1, 1)))
        return asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"


def _empty_list_is_turned_round():
    with Simulator(site()) as server:
        server.poke(lambda rows: rows.projects["proj_2"].policy.update(model_ids=["atlas"]))
        planned = asyncio.run(adapter_at(server.url).plan(context_at(server.url), DENY))
        return '"model_ids": []' not in str(planned.wanted)


def _a_key_itself_is_refused():
    with Simulator(site()) as server:
        try:
            asyncio.run(adapter_at(server.url).plan(context_at(server.url), replace(KEY, selector="sk-proj-x")))
        except Refused as fault:
            return "must not enter a record" in fault.detail
        return False


def test_what_these_tests_look_at_holds():
    assert _later_project_is_seen()
    assert _empty_list_is_turned_round()
    assert _a_key_itself_is_refused()


def test_a_look_that_skips_later_projects_is_found(monkeypatch):
    monkeypatch.setattr(policy, "lets_through", lambda *_: False)
    assert not _later_project_is_seen()


def test_an_emptied_list_is_found(monkeypatch):
    def emptied(now, ids, known):
        return now and now.model_copy(update={"model_ids": [one for one in now.model_ids if one not in ids]})

    monkeypatch.setattr(policy, "denied", emptied)
    assert not _empty_list_is_turned_round()


def test_a_quota_taken_for_a_limit_is_found(monkeypatch):
    from tests.adapters import test_openai_admin

    monkeypatch.setattr(trying, "limited", lambda *_: "refused")
    with Simulator(site()) as server, pytest.raises(AssertionError):
        test_openai_admin.test_only_the_levers_own_words_count(server, adapter_at(server.url), context_at(server.url))


def test_a_key_that_is_taken_as_it_is_typed_is_found(monkeypatch):
    monkeypatch.setattr(people, "_delete", lambda context, blank, there: _never(blank))
    assert not _a_key_itself_is_refused()


async def _never(blank):
    return blank
