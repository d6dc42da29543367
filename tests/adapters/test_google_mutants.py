"""Google adapters that are broken in one way each: the kit, or a test beside it, has to find every one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.google_vertex import ADAPTER, denying, endpoints, policies, sending, trying
from adapters.simulator import Simulator
from tests.adapters import test_google_vertex as beside
from tests.adapters.google_kit import adapter_at, context_at, site
from tests.adapters.mutants import failing

WISHES = beside.WISHES


class ForgetsThePolicyOfBefore(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        (back,) = planned.revert
        return replace(planned, revert=(replace(back, method="DELETE", path=back.path.partition("?")[0], body=""),))


class SaysItIsInEffectUnread(ADAPTER):
    async def read_back(self, context, planned):
        return replace(await super().read_back(context, planned), verdict="in-effect")


class TakesAnyRefusalForItsOwn(ADAPTER):
    async def probe(self, context, planned, credential):
        seen = await super().probe(context, planned, credential)
        return replace(seen, outcome="refused") if seen.status in {400, 401, 403} else seen


class ProbesAsTheConsole(ADAPTER):
    async def probe(self, context, planned, credential):
        await context.call("GET", "/aiplatform/v1/publishers/google/models/atlas-1.5-002", effect="read")
        return await super().probe(context, planned, credential)


class CallsACancelReversible(ADAPTER):
    async def plan(self, context, wish):
        return replace(await super().plan(context, wish), reversal="exact")


class DeploysAgainWithoutItsNumber(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        (back,) = planned.revert
        return replace(planned, revert=(replace(back, body=back.body.replace('"id":"11",', '"id":"12",')),))


class SendsTheTrafficTwice(ADAPTER):
    async def apply(self, context, planned):
        await context.send(planned.requests[0])
        return await super().apply(context, planned)


class LiftsToGooglesOwnLimit(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        (back,) = planned.revert
        body = back.body.replace(f'"overrideValue":"{planned.pre["limit"]}"', '"overrideValue":"600"')
        return replace(planned, revert=(replace(back, body=body),))


MUTANTS = [
    (ForgetsThePolicyOfBefore, "model.forbid"), (SaysItIsInEffectUnread, "principal.deny"),
    (TakesAnyRefusalForItsOwn, "model.forbid"), (ProbesAsTheConsole, "endpoint.quiet"),
    (CallsACancelReversible, "job.cancel"), (DeploysAgainWithoutItsNumber, "deployment.undeploy"),
    (SendsTheTrafficTwice, "endpoint.quiet"), (LiftsToGooglesOwnLimit, "model.rpm"),
]  # fmt: skip


@pytest.mark.parametrize(("mutant", "name"), MUTANTS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_broken_adapter_fails(mutant, name):
    found = failing(
        lambda: Simulator(site(lag_s=0.0)), lambda url: adapter_at(url, mutant), context_at, WISHES[name], "caller"
    )
    assert next(found, None), f"{mutant.__name__} passes the whole kit"


def _found(test, *given):
    with Simulator(site(lag_s=0.0)) as server, pytest.raises((AssertionError, KeyError, pytest.fail.Exception)):
        test(server, adapter_at(server.url), context_at(server.url), *given)


def test_an_adapter_that_overwrites_what_others_changed_is_found(monkeypatch):
    async def never(*_about, **_more):
        return None

    monkeypatch.setattr(endpoints, "must_be_as_read", never)
    monkeypatch.setattr(policies, "must_be_as_left", never)
    monkeypatch.setattr(denying, "must_be_as_left", never)
    _found(beside.test_a_traffic_that_others_changed_is_not_overwritten, False)
    _found(beside.test_the_way_back_stops_where_others_changed_it_meanwhile, "model.forbid")
    _found(beside.test_the_way_back_stops_where_others_changed_it_meanwhile, "principal.deny")


def test_a_refusal_that_is_believed_without_having_been_let_in_is_found(monkeypatch):
    monkeypatch.setattr(trying, "_denied", lambda *_: ("refused", "denied"))
    _found(beside.test_a_caller_who_was_never_let_in_proves_no_denial)


def test_a_write_without_its_etag_is_found(monkeypatch):
    monkeypatch.setattr(policies, "_tag", lambda _: {})
    _found(beside.test_what_others_changed_since_the_plan_is_refused_by_its_etag)


def test_a_failed_operation_taken_for_a_success_is_found(monkeypatch):
    async def never(*_about):
        return None

    monkeypatch.setattr(sending, "_gave_up", never)
    _found(beside.test_an_operation_that_google_gives_up, False)
