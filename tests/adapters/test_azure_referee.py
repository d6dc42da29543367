"""Azure's own management client as the referee: it parses what the simulator says, and asks as the adapter asks."""

from __future__ import annotations

import asyncio

import pytest

from adapters.azure_openai.planning import entry_name
from adapters.azure_openai.simulator import ACCOUNT, ARM_TOKEN, GROUP, SUBSCRIPTION
from adapters.contract import Wish
from adapters.simulator import Simulator
from tests.adapters.authority import authority
from tests.adapters.azure_kit import adapter_at, context_at, site
from tests.adapters.referee import Sent, Witness

ITEM = (GROUP, ACCOUNT, "standdown-blocked", entry_name("x y"))


class Signed:
    """A credential that has its token already."""

    def get_token_info(self, *_scopes, **_options):
        from azure.core.credentials import AccessTokenInfo

        return AccessTokenInfo(ARM_TOKEN, 4_000_000_000)

    def get_token(self, *_scopes, **_options):
        from azure.core.credentials import AccessToken

        return AccessToken(ARM_TOKEN, 4_000_000_000)


@pytest.fixture
def witness():
    return Witness(site(lag_s=0.0))


@pytest.fixture
def server(witness):
    with Simulator(witness, tls=authority().serving()) as simulator:
        yield simulator


@pytest.fixture
def sdk(server, tmp_path):
    from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

    trusted = tmp_path / "ca.pem"
    trusted.write_text(authority().ca, encoding="ascii")
    made = CognitiveServicesManagementClient(
        Signed(),
        SUBSCRIPTION,
        base_url=server.url,
        connection_verify=str(trusted),
        retry_total=0,
        polling_interval=0.01,
    )
    with made as client:
        yield client


def ours(server, witness, work):
    """What the adapter asked for; its following of operations is left out, which the client does in its own way."""
    witness.take()
    found = asyncio.run(work(adapter_at(server.url), context_at(server.url, tls=authority().trusting())))
    return found, asked(witness)


def asked(witness):
    return [one for one in witness.take() if "operationResults" not in one.path]


def planned(server, witness, lever, selector="atlas", direction="contain", **params):
    wish = Wish(lever=lever, selector=selector, surface_key="", params=params, direction=direction)
    plan, _ = ours(server, witness, lambda adapter, context: adapter.plan(context, wish))
    return plan


def body_of(models, plan, at):
    """A planned body as the client's own model makes it: what the model does not know would be lost."""
    return models.deserialize(at, Sent.planned(plan.requests[0]).body)


def test_it_parses_every_list_and_asks_for_each_page_alike(server, witness, sdk):
    found, told = ours(server, witness, lambda adapter, context: adapter.discover(context))
    listed = list(sdk.deployments.list(GROUP, ACCOUNT))
    assert asked(witness) == told
    assert len(told) == 2
    assert [(one.name, one.sku.name, one.properties.provisioning_state) for one in listed] == [
        (one.key, one.detail, "Succeeded") for one in found
    ]
    assert listed[0].properties.model.name == "atlas-large"
    policies = {one.name: one.properties for one in sdk.rai_policies.list(GROUP, ACCOUNT)}
    (used,) = policies["guarded"].custom_blocklists
    assert (used.blocklist_name, used.blocking, used.source) == ("standdown-blocked", True, "Prompt")
    account = sdk.accounts.get(GROUP, ACCOUNT)
    doors = account.properties
    assert (doors.public_network_access, doors.disable_local_auth, doors.provisioning_state) == (
        "Enabled", False, "Succeeded",
    )  # fmt: skip


@pytest.mark.parametrize("lever", ["deployment.capacity", "deployment.filter", "deployment.delete"])
def test_it_reads_a_deployment_alike(server, witness, sdk, lever):
    params = {"capacity": "1"} if lever.endswith("capacity") else {}
    _, told = ours(
        server, witness, lambda adapter, context: adapter.plan(
            context, Wish(lever=lever, selector="atlas", surface_key="", params=params)),
    )  # fmt: skip
    sdk.deployments.get(GROUP, ACCOUNT, "atlas")
    if lever.endswith("filter"):
        sdk.rai_policies.get(GROUP, ACCOUNT, "standdown-strict")
    assert asked(witness) == told


def test_less_capacity_is_the_clients_own(server, witness, sdk):
    from azure.mgmt.cognitiveservices.models import PatchResourceTagsAndSku, Sku

    plan = planned(server, witness, "deployment.capacity", capacity="1")
    change = PatchResourceTagsAndSku(sku=Sku(name="Standard", capacity=1))
    sdk.deployments.begin_update(GROUP, ACCOUNT, "atlas", change).result(30)
    assert asked(witness) == [Sent.planned(plan.requests[0])]
    assert server.site.state.things["deployments", "atlas"]["sku"]["capacity"] == 1


@pytest.mark.parametrize("back", [False, True])
def test_a_filter_is_the_clients_own(server, witness, sdk, back):
    plan = planned(server, witness, "deployment.filter")
    whole = sdk.deployments.get(GROUP, ACCOUNT, "atlas")
    if not back:
        whole.properties.rai_policy_name = "standdown-strict"
    witness.take()
    made = sdk.deployments.begin_create_or_update(GROUP, ACCOUNT, "atlas", whole).result(30)
    (sent,) = [one for one in asked(witness) if one.method == "PUT"]
    assert sent == Sent.planned((plan.revert if back else plan.requests)[0])
    assert made.properties.rai_policy_name == ("guarded" if back else "standdown-strict")


@pytest.mark.parametrize("back", [False, True])
def test_a_term_is_the_clients_own_there_and_back(server, witness, sdk, back):
    from azure.mgmt.cognitiveservices.models import RaiBlocklistItem, RaiBlocklistItemProperties

    plan = planned(server, witness, "words.forbid", term="x y")
    item = RaiBlocklistItem(properties=RaiBlocklistItemProperties(pattern="x y", is_regex=False))
    made = sdk.rai_blocklist_items.create_or_update(*ITEM, item)
    assert made.properties.pattern == "x y"
    if back:
        witness.take()
        sdk.rai_blocklist_items.begin_delete(*ITEM).result(30)
    assert asked(witness) == [Sent.planned((plan.revert if back else plan.requests)[0])]


@pytest.mark.parametrize("lever", ["network.close", "keys.off"])
@pytest.mark.parametrize("back", [False, True])
def test_a_door_is_the_clients_own(server, witness, sdk, lever, back):
    from azure.mgmt.cognitiveservices.models import Account, AccountProperties

    plan = planned(server, witness, lever, ACCOUNT)
    doors = (
        AccountProperties(public_network_access="Enabled" if back else "Disabled")
        if lever == "network.close" else AccountProperties(disable_local_auth=not back)
    )  # fmt: skip
    sdk.accounts.begin_update(GROUP, ACCOUNT, Account(properties=doors)).result(30)
    changes = [one for one in asked(witness) if one.method != "GET"]
    assert changes == [Sent.planned((plan.revert if back else plan.requests)[0])]


def test_a_deletion_is_the_clients_own_and_what_is_gone_it_knows(server, witness, sdk):
    from azure.core.exceptions import ResourceNotFoundError

    plan = planned(server, witness, "deployment.delete")
    sdk.deployments.begin_delete(GROUP, ACCOUNT, "atlas").result(30)
    assert asked(witness) == [Sent.planned(plan.requests[0])]
    with pytest.raises(ResourceNotFoundError) as told:
        sdk.deployments.get(GROUP, ACCOUNT, "atlas")
    assert told.value.error.code == "DeploymentNotFound"


def test_the_client_sees_a_failed_operation_as_failed(server, sdk):
    from azure.core.exceptions import HttpResponseError
    from azure.mgmt.cognitiveservices.models import PatchResourceTagsAndSku, Sku

    server.poke(lambda rows: setattr(rows, "fail_next", "InsufficientQuota"))
    change = PatchResourceTagsAndSku(sku=Sku(name="Standard", capacity=1))
    with pytest.raises(HttpResponseError):
        sdk.deployments.begin_update(GROUP, ACCOUNT, "atlas", change).result(30)
    whole = sdk.deployments.get(GROUP, ACCOUNT, "atlas")
    server.poke(lambda rows: setattr(rows, "fail_next", "InsufficientQuota"))
    with pytest.raises(HttpResponseError, match="InsufficientQuota"):
        sdk.deployments.begin_create_or_update(GROUP, ACCOUNT, "atlas", whole).result(30)
