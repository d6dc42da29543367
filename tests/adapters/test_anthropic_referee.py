"""Anthropic's own SDK as referee: of the simulator's every answer, and of the adapter's every request."""

from __future__ import annotations

import asyncio

import anthropic
import pytest

from adapters.anthropic_admin import ADAPTER
from adapters.anthropic_admin.simulator import ADMIN_KEY, OUT, RPM
from adapters.bounds import below
from adapters.contract import Wish
from adapters.simulator import Simulator
from tests.adapters.anthropic_kit import CALLER, adapter_at, context_at, site
from tests.adapters.referee import Sent, Witness


@pytest.fixture
def witness():
    return Witness(site())


@pytest.fixture
def server(witness):
    with Simulator(witness) as simulator:
        yield simulator


def client(server, key):
    return anthropic.Anthropic(
        base_url=server.url, api_key=key, max_retries=0, timeout=30.0, _strict_response_validation=True
    )


@pytest.fixture
def sdk(server):
    with client(server, ADMIN_KEY) as made:
        yield made


@pytest.fixture
def caller(server):
    with client(server, CALLER) as made:
        yield made


def everything(sdk, caller):
    """Each call that the adapter makes, as the SDK makes it; its answers are parsed strictly."""
    here = sdk.organization
    spaces = here.workspaces
    yield here.retrieve
    yield lambda: here.rate_limits.list(group_type="model_group", limit=100)
    yield lambda: here.api_keys.list(limit=100)
    yield lambda: here.api_keys.list(workspace_id="wrkspc_1", limit=100)
    yield lambda: here.api_keys.retrieve("apikey_1")
    yield lambda: here.api_keys.update("apikey_1", status="inactive")
    yield lambda: here.api_keys.update("apikey_1", status="active")
    yield lambda: here.users.list(email="caller@example.org", limit=100)
    yield lambda: here.users.retrieve("user_1")
    yield lambda: here.users.update("user_1", role="user")
    yield lambda: spaces.list(limit=100)
    yield lambda: spaces.list(include_default=True, limit=100)
    yield lambda: spaces.retrieve("wrkspc_1")
    yield lambda: spaces.rate_limits.list("wrkspc_2", group_type="model_group", limit=100)
    yield lambda: spaces.rate_limits.update("rl_1", workspace_id="wrkspc_1", limits=[{"type": RPM, "value": 1}])
    yield lambda: spaces.rate_limits.update("rl_1", workspace_id="wrkspc_1", limits=[{"type": OUT, "value": None}])
    yield lambda: spaces.members.list("wrkspc_1", limit=100)
    yield lambda: spaces.members.retrieve("user_1", workspace_id="wrkspc_1")
    yield lambda: spaces.members.remove("user_1", workspace_id="wrkspc_1")
    yield lambda: spaces.members.add("wrkspc_1", user_id="user_1", workspace_role="workspace_developer")
    yield lambda: sdk.beta.organization.analytics.usage.list(
        starting_at="2026-01-31T12:00:00Z", ending_at="2026-01-31T13:00:00Z", time_bucket_width="1m",
        group_by=["api_key_id"], models=["atlas-1"], limit=1000,
    )  # fmt: skip
    yield lambda: caller.models.list(limit=1)
    yield lambda: _message(caller)
    yield lambda: here.api_keys.update("apikey_1", status="archived")
    yield lambda: spaces.archive("wrkspc_1")


def _message(caller):
    return caller.messages.create(model="bora-2", max_tokens=1, messages=[{"role": "user", "content": "ping"}])


def test_the_sdk_parses_every_answer_and_authenticates_as_the_adapter_does(sdk, caller, witness, server):
    server.poke(lambda rows: rows.used.extend([("apikey_1", "atlas-1", 4), (None, "atlas-1", None)]))
    for call in everything(sdk, caller):
        call()
    assert len(witness.seen) == len(list(everything(sdk, caller)))
    for incoming, _ in witness.seen:
        assert incoming.bearer in {ADMIN_KEY, CALLER}
        assert {name: incoming.headers[name] for name in ADAPTER.manifest.headers} == dict(ADAPTER.manifest.headers)
        trial = below(ADAPTER.manifest.headers_below, incoming.path)
        assert incoming.headers.get("anthropic-beta") == trial.get("anthropic-beta"), "with these calls, and no others"


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda sdk: sdk.organization.api_keys.retrieve("apikey_0"), anthropic.NotFoundError),
        (lambda sdk: sdk.copy(api_key="x").organization.retrieve(), anthropic.AuthenticationError),
        (lambda sdk: sdk.copy(api_key=CALLER).organization.retrieve(), anthropic.PermissionDeniedError),
        (lambda sdk: sdk.organization.api_keys.update("apikey_4", status="active"), "org_api_key_limit_exceeded"),
        (
            lambda sdk: sdk.organization.workspaces.members.add(
                "wrkspc_1", user_id="user_1", workspace_role="workspace_user"
            ),
            "already_member",
        ),
        (lambda sdk: _message(sdk.copy(api_key=CALLER)), "enforced_spend_limit_reached"),
    ],
)
def test_the_sdk_knows_every_refusal_by_its_class_and_code(sdk, server, call, kind):
    server.poke(lambda rows: (setattr(rows, "most_keys", 1), setattr(rows, "spent", True)))
    with pytest.raises(anthropic.APIStatusError) as refused:
        call(sdk)
    if isinstance(kind, str):
        assert refused.value.error_code == kind
    else:
        assert type(refused.value) is kind


PULLS = [
    (("key.off", "apikey_1", {}), lambda o, _: [
        o.api_keys.update("apikey_1", status="inactive"), o.api_keys.update("apikey_1", status="active"),
    ]),
    (("key.archive", "apikey_1", {}), lambda o, _: [o.api_keys.update("apikey_1", status="archived")]),
    (("key.off-all", "live", {}), lambda o, _: [
        o.api_keys.update("apikey_1", status="inactive"), o.api_keys.update("apikey_1", status="active"),
    ]),
    (("organisation.off", "", {}), lambda o, _: [
        o.api_keys.update(key, status=status) for status in ("inactive", "active") for key in ("apikey_1", "apikey_2")
    ]),
    (("workspace.rpm", "batch", {"model": "atlas-1", "rpm": "3"}), lambda _, w: [
        w.rate_limits.update("rl_1", workspace_id="wrkspc_2", limits=[{"type": RPM, "value": 3}]),
        w.rate_limits.update("rl_1", workspace_id="wrkspc_2", limits=[{"type": RPM, "value": 7}]),
    ]),
    (("model.tpm", "bora-2", {"tpm": "9"}), lambda _, w: [
        w.rate_limits.update("rl_2", workspace_id=where, limits=[{"type": OUT, "value": value}])
        for value in (9, None) for where in ("wrkspc_2", "wrkspc_1")
    ]),
    (("member.remove", "user_1", {"workspace": "live"}), lambda _, w: [
        w.members.remove("user_1", workspace_id="wrkspc_1"),
        w.members.add("wrkspc_1", user_id="user_1", workspace_role="workspace_developer"),
    ]),
    (("user.demote", "user_3", {}), lambda o, _: [
        o.users.update("user_3", role="user"), o.users.update("user_3", role="billing"),
    ]),
    (("workspace.archive", "live", {}), lambda _, w: [w.archive("wrkspc_1")]),
]  # fmt: skip


@pytest.mark.parametrize(("pull", "calls"), PULLS, ids=[pull[0] for pull, _ in PULLS])
def test_the_adapter_sends_what_the_sdk_sends(sdk, server, witness, pull, calls):
    lever, selector, params = pull
    adapter, context = adapter_at(server.url), context_at(server.url)
    planned = asyncio.run(adapter.plan(context, Wish(lever=lever, selector=selector, surface_key="", params=params)))
    witness.seen.clear()
    calls(sdk.organization, sdk.organization.workspaces)
    assert [Sent.planned(request) for request in (*planned.requests, *planned.revert)] == witness.take()


def test_every_other_call_of_the_adapter_is_one_that_the_sdk_makes(sdk, caller, server, witness):
    for call in everything(sdk, caller):
        call()
    known = {_form(one) for one in witness.take()}
    adapter, context = adapter_at(server.url), context_at(server.url)

    async def story():
        for (lever, selector, params), _ in [*PULLS, (("member.remove", "caller@example.org", {}), None)]:
            witness.state = site().state
            await adapter.status(context)
            await adapter.traffic(context, "atlas-1", 1_769_860_800_000, 1_769_864_400_000)
            planned = await adapter.plan(context, Wish(lever=lever, selector=selector, surface_key="", params=params))
            await adapter.apply(context, planned)
            await adapter.read_back(context, planned)
            await adapter.probe(context, planned, "caller")

    asyncio.run(story())
    asked = witness.take()
    assert len(asked) > 60
    assert not {_form(one) for one in asked} - known
    probes = [one.body for one in asked if one.path == "/v1/messages"]
    assert probes
    assert all(set(body) == {"model", "max_tokens", "messages"} for body in probes)


_VALUES = {"workspace_id", "email", "starting_at", "ending_at"}


def _form(one):
    """A call without the names in it; a filter keeps its name only."""
    named = ("wrkspc_", "apikey_", "user_", "rl_")
    path = "/".join("*" if step.startswith(named) else step for step in one.path.split("/"))
    query = tuple((name, "*" if name in _VALUES else value) for name, value in one.query)
    return one.method, path, query
