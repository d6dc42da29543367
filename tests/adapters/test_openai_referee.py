"""OpenAI's own SDK and description as referees: of the simulator's every answer, and of the adapter's every request."""

from __future__ import annotations

import asyncio
from pathlib import Path

import openai
import pytest

from adapters.contract import Wish
from adapters.openai_admin.simulator import ADMIN_KEY, PREFIX
from adapters.openai_admin.trying import LEAST_TOKENS
from adapters.simulator import Simulator
from tests.adapters.openai_kit import CALLER, CALLERS, adapter_at, context_at, site
from tests.adapters.referee import Description, Sent, Witness

DESCRIBED = Description((Path(__file__).parent / "described/openai-admin.openapi.json").read_text(encoding="utf-8"))


EVENTS = (
    ["user.added", "role.assignment.created"],
    ["user.updated", "role.assignment.created", "role.assignment.deleted"],
    ["rate_limit.updated", "rate_limit.deleted"],
)


@pytest.fixture
def witness():
    return Witness(site())


@pytest.fixture
def server(witness):
    with Simulator(witness) as simulator:
        yield simulator


@pytest.fixture
def sdk(server):
    made = openai.OpenAI(
        base_url=server.url + PREFIX, admin_api_key=ADMIN_KEY, api_key=CALLER, max_retries=0, timeout=30.0,
        _strict_response_validation=True,
    )  # fmt: skip
    with made as client:
        yield client


def everything(sdk):
    """Each call that the adapter makes, as the SDK makes it; its answers are parsed strictly."""
    here = sdk.admin.organization
    projects = here.projects
    yield lambda: projects.list(limit=100)
    for places in ({}, {"project_ids": ["proj_1"]}):
        yield lambda places=places: here.usage.completions(
            start_time=1, bucket_width="1h", limit=2, group_by=["api_key_id"], models=["atlas"], **places
        )
    yield lambda: here.usage.completions(
        start_time=60, end_time=3660, bucket_width="1m", limit=60, group_by=["api_key_id"], models=["atlas"]
    )
    for kinds in EVENTS:
        yield lambda kinds=kinds: here.audit_logs.list(effective_at={"gte": 0}, event_types=kinds, limit=100)
    yield lambda: projects.retrieve("proj_1")
    yield lambda: projects.model_permissions.retrieve("proj_2")
    yield lambda: projects.model_permissions.update("proj_1", mode="deny_list", model_ids=["atlas"])
    yield lambda: projects.model_permissions.delete("proj_1")
    yield lambda: projects.hosted_tool_permissions.retrieve("proj_1")
    yield lambda: projects.hosted_tool_permissions.update("proj_1", web_search={"enabled": False})
    yield lambda: projects.rate_limits.list_rate_limits("proj_1", limit=100)
    yield lambda: projects.rate_limits.update_rate_limit("rl-atlas", project_id="proj_1", max_requests_per_1_minute=1)
    yield lambda: projects.rate_limits.update_rate_limit("rl-atlas", project_id="proj_1", max_tokens_per_1_minute=1)
    yield lambda: projects.spend_limit.update("proj_1", threshold_amount=1, currency="USD", interval="month")
    yield lambda: projects.spend_limit.retrieve("proj_1")
    yield lambda: projects.spend_limit.delete("proj_1")
    yield lambda: here.spend_limit.update(threshold_amount=9, currency="USD", interval="month")
    yield here.spend_limit.retrieve
    yield here.spend_limit.delete
    yield lambda: here.users.list(limit=100)
    yield lambda: here.users.retrieve("user-2")
    yield lambda: here.users.update("user-2", role="reader")
    yield lambda: projects.users.list("proj_1", limit=100)
    yield lambda: projects.users.retrieve("user-1", project_id="proj_1")
    yield lambda: projects.users.delete("user-1", project_id="proj_1")
    yield lambda: projects.users.create("proj_1", user_id="user-1", role="member")
    yield lambda: projects.api_keys.list("proj_1", limit=100)
    yield lambda: projects.api_keys.retrieve("key_1", project_id="proj_1")
    yield lambda: projects.service_accounts.list("proj_1", limit=100)
    yield lambda: projects.service_accounts.retrieve("svc_1", project_id="proj_1")
    yield lambda: projects.service_accounts.delete("svc_1", project_id="proj_1")
    yield sdk.models.list
    yield lambda: sdk.responses.create(model="atlas", input="ping", max_output_tokens=LEAST_TOKENS, store=False)
    yield lambda: projects.api_keys.delete("key_1", project_id="proj_1")
    yield lambda: projects.archive("proj_1")


def test_the_sdk_parses_every_answer_and_the_description_has_every_exchange(sdk, witness):
    for call in everything(sdk):
        call()
    assert len(witness.seen) == len(list(everything(sdk)))
    assert not _faults(witness)


def _faults(witness):
    described = [(one, answer) for one, answer in witness.seen if not one.path.endswith("/responses")]
    return [fault for one, answer in described for fault in DESCRIBED.faults(one, answer, PREFIX, "ErrorResponse")]


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda sdk: sdk.admin.organization.projects.retrieve("proj_0"), openai.NotFoundError),
        (lambda sdk: sdk.admin.organization.projects.model_permissions.retrieve("proj_1"), openai.NotFoundError),
        (
            lambda sdk: sdk.admin.organization.projects.api_keys.delete("key_2", project_id="proj_1"),
            openai.BadRequestError,
        ),
        (lambda sdk: sdk.copy(admin_api_key="x").admin.organization.projects.list(), openai.AuthenticationError),
        (lambda sdk: sdk.copy(api_key="x").models.list(), openai.AuthenticationError),
    ],
)
def test_the_sdk_knows_every_refusal(sdk, witness, call, kind):
    with pytest.raises(kind):
        call(sdk)
    assert not _faults(witness)


def test_a_denied_model_and_a_limit_are_refused_to_the_sdk_in_the_words_that_the_adapter_knows(sdk, server):
    ask = {"model": "atlas", "input": "ping", "max_output_tokens": LEAST_TOKENS, "store": False}
    server.poke(lambda rows: rows.projects["proj_1"].limits.update(atlas=(0, 1)))
    with pytest.raises(openai.RateLimitError) as limited:
        sdk.responses.create(**ask)
    server.poke(lambda rows: setattr(rows.projects["proj_1"], "policy", {"mode": "allow_list", "model_ids": []}))
    with pytest.raises(openai.PermissionDeniedError) as denied:
        sdk.responses.create(**ask)
    assert (limited.value.code, denied.value.code) == ("rate_limit_exceeded", "model_not_found")


def test_calls_are_counted_as_the_sdk_asks_for_them(sdk, server, witness):
    """Which key called a model how often, in a time that a gateway's own log is asked about too."""
    asked = {"bucket_width": "1m", "limit": 60, "group_by": ["api_key_id"], "models": ["atlas"]}
    sdk.admin.organization.usage.completions(start_time=60, end_time=3660, **asked)
    told = witness.take(PREFIX)
    found = asyncio.run(adapter_at(server.url).traffic(context_at(server.url), "atlas", 60_000, 3_660_000))
    assert (found.calls, dict(found.by)) == (47, {"key_1": 40, "key_2": 2, "key_3": 5})
    assert witness.take(PREFIX) == told


PULLS = [
    (("project.models", "live", {"model": "atlas-mini"}), lambda p, _: [
        p.model_permissions.update("proj_1", mode="deny_list", model_ids=["atlas-mini"]),
        p.model_permissions.delete("proj_1"),
    ]),
    (("model.deny", "atlas-mini", {"projects": "batch"}), lambda p, _: [
        p.model_permissions.update("proj_2", mode="allow_list", model_ids=["atlas"]),
        p.model_permissions.update("proj_2", mode="allow_list", model_ids=["atlas", "atlas-mini"]),
    ]),
    (("project.rpm", "live", {"model": "atlas-mini", "rpm": "1"}), lambda p, _: [
        p.rate_limits.update_rate_limit("rl-atlas-mini", project_id="proj_1", max_requests_per_1_minute=1),
        p.rate_limits.update_rate_limit("rl-atlas-mini", project_id="proj_1", max_requests_per_1_minute=900),
    ]),
    (("model.tpm", "atlas-mini", {"tpm": "1", "projects": "live"}), lambda p, _: [
        p.rate_limits.update_rate_limit("rl-atlas-mini", project_id="proj_1", max_tokens_per_1_minute=1),
        p.rate_limits.update_rate_limit("rl-atlas-mini", project_id="proj_1", max_tokens_per_1_minute=90_000),
    ]),
    (("project.tools", "live", {"tools": "mcp"}), lambda p, _: [
        p.hosted_tool_permissions.update("proj_1", mcp={"enabled": False}),
        p.hosted_tool_permissions.update("proj_1", mcp={"enabled": True}),
    ]),
    (("project.spend", "live", {"cents": "5"}), lambda p, _: [
        p.spend_limit.update("proj_1", threshold_amount=5, currency="USD", interval="month"),
        p.spend_limit.delete("proj_1"),
    ]),
    (("organisation.spend", "", {"cents": "5"}), lambda _, o: [
        o.spend_limit.update(threshold_amount=5, currency="USD", interval="month"), o.spend_limit.delete(),
    ]),
    (("member.remove", "user-1", {"project": "live"}), lambda p, _: [
        p.users.delete("user-1", project_id="proj_1"), p.users.create("proj_1", user_id="user-1", role="member"),
    ]),
    (("user.demote", "user-2", {}), lambda _, o: [
        o.users.update("user-2", role="reader"), o.users.update("user-2", role="owner"),
    ]),
    (("key.delete", "key_1", {}), lambda p, _: [p.api_keys.delete("key_1", project_id="proj_1")]),
    (("account.delete", "svc_1", {}), lambda p, _: [p.service_accounts.delete("svc_1", project_id="proj_1")]),
    (("project.archive", "live", {}), lambda p, _: [p.archive("proj_1")]),
]  # fmt: skip


@pytest.mark.parametrize(("pull", "calls"), PULLS, ids=[pull[0] for pull, _ in PULLS])
def test_the_adapter_sends_what_the_sdk_sends(sdk, server, witness, pull, calls):
    lever, selector, params = pull
    adapter, context = adapter_at(server.url), context_at(server.url)
    planned = asyncio.run(adapter.plan(context, Wish(lever=lever, selector=selector, surface_key="", params=params)))
    witness.seen.clear()
    calls(sdk.admin.organization.projects, sdk.admin.organization)
    told = witness.take(PREFIX)
    assert [Sent.planned(request) for request in (*planned.requests, *planned.revert)] == told


def test_every_other_call_of_the_adapter_is_one_that_the_sdk_makes(sdk, server, witness):
    for call in everything(sdk):
        call()
    known = {(one.method, _plain(one.path), _any(one.query)) for one in witness.take(PREFIX)}
    witness.state = site().state
    adapter, context = adapter_at(server.url), context_at(server.url, CALLERS)

    async def story():
        await adapter.discover(context)
        await adapter.status(context)
        for (lever, selector, params), _ in PULLS:
            made = site()
            witness.state = made.state
            planned = await adapter.plan(context, Wish(lever=lever, selector=selector, surface_key="", params=params))
            await adapter.apply(context, planned)
            await adapter.read_back(context, planned)
            await adapter.changes(context, planned, 0)
            await adapter.probe(context, planned, "caller")

    asyncio.run(story())
    assert not _faults(witness)
    asked = witness.take(PREFIX)
    assert len(asked) > 60
    strange = {(one.method, _plain(one.path), _any(one.query)) for one in asked} - known
    assert not strange
    probes = [one.body for one in asked if one.path == "/responses"]
    assert probes
    assert all(set(body) - {"tools"} == {"model", "input", "max_output_tokens", "store"} for body in probes)


def _any(query):
    """Parameters without the names and times in them."""
    free = {"start_time", "models[]", "project_ids[]", "event_types[]", "effective_at[gte]"}
    return tuple((name, "*" if name in free else value) for name, value in dict(query).items())


def _plain(path):
    """A path without the names in it."""
    named = ("proj_", "rl-", "user-", "key_", "svc_")
    return "/".join("*" if step.startswith(named) else step for step in path.split("/"))
