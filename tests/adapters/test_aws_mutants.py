"""Bedrock adapters that are broken in one way each: the kit, or a test beside it, has to find every one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.aws_bedrock import ADAPTER, here, trying, whole
from adapters.simulator import Simulator
from tests.adapters import test_aws_bedrock as beside
from tests.adapters.aws_kit import adapter_at, context_at, site
from tests.adapters.mutants import failing

DENY, SCP, STOP = beside.DENY, beside.SCP, beside.wish("work.stop", beside.BATCH)


class DeletesThePolicyInsteadOfRestoringIt(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        lift = replace(planned.requests[0], body=planned.requests[0].body.replace("=Put", "=Delete"))
        return replace(planned, revert=(lift,))


class SaysItIsInEffectUnread(ADAPTER):
    async def read_back(self, context, planned):
        return replace(await super().read_back(context, planned), verdict="in-effect")


class TakesAnyForbiddenForItsOwn(ADAPTER):
    async def probe(self, context, planned, credential):
        seen = await super().probe(context, planned, credential)
        return replace(seen, outcome="refused") if seen.status in {401, 403} else seen


class CallsAStopReversible(ADAPTER):
    async def plan(self, context, wish):
        return replace(await super().plan(context, wish), reversal="exact")


class EmptiesTheOrganisationsPolicy(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        emptied = (
            planned.revert[0].body.partition('\\"Statement\\":')[0] + '\\"Statement\\":[]}","PolicyId":"p-standdown1"}'
        )
        return replace(planned, revert=(replace(planned.revert[0], body=emptied),))


MUTANTS = [
    (DeletesThePolicyInsteadOfRestoringIt, DENY), (SaysItIsInEffectUnread, SCP), (TakesAnyForbiddenForItsOwn, DENY),
    (CallsAStopReversible, STOP), (EmptiesTheOrganisationsPolicy, SCP),
]  # fmt: skip


def failed(kind, wish):
    return failing(lambda: Simulator(site()), lambda url: adapter_at(url, kind), context_at, wish, "caller")


@pytest.mark.parametrize(("mutant", "wish"), MUTANTS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_broken_adapter_fails(mutant, wish):
    assert next(failed(mutant, wish), None), f"{mutant.__name__} passes the whole kit"


def _found(test, *given):
    with Simulator(site()) as server, pytest.raises((AssertionError, pytest.fail.Exception)):
        test(server, adapter_at(server.url), context_at(server.url), *given)


def test_an_adapter_that_puts_back_what_others_changed_is_found(monkeypatch):
    async def never(_context, _planned):
        return None

    monkeypatch.setattr(whole, "must_be_as_read", never)
    _found(beside.test_what_somebody_else_changed_meanwhile_is_not_put_back, SCP, False)


def test_another_policys_denial_taken_for_ours_is_found(monkeypatch):
    monkeypatch.setattr(trying, "_KINDS", dict.fromkeys(trying.MEASURED, ""))
    with Simulator(site()) as server, pytest.raises(AssertionError):
        beside.test_only_the_levers_own_kind_of_policy_counts(adapter_at(server.url), context_at(server.url))


def test_a_policy_for_one_model_only_by_its_own_name_is_found(monkeypatch):
    monkeypatch.setattr(here, "arns", lambda model: [f"arn:aws:bedrock:*::foundation-model/{model}"])
    _found(beside.test_a_deny_names_the_model_directly_and_through_profiles)
