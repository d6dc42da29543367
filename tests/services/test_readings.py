"""What a console reads for itself of a proposal: beside what is signed, and within a deadline."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from dataclasses import replace

import pytest

from adapters.practice.simulator import Estate
from console.services import approvals, corrections, incidents, providers
from console.services.corrections import TargetWish
from console.services.readings import _judge
from tests.kit.pair import connect, connect_manual, founded, pair, sync
from tests.kit.plainadapter import plan_of

__all__ = ["founded", "pair"]
KEY = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research")
HAND = TargetWish(provider="vendor", surface="", lever="manual.ask", params={"instruction": "Stop it"})


@pytest.fixture
def estate():
    with Estate() as running:
        yield running


def proposal(one, *wishes):
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    return corrections.propose(one, inc, wishes, "Because")


def read(session, sha, **how):
    return approvals.readings(session, corrections.find_document(session, sha), **how)


def test_the_proposing_console_reads_the_same_and_the_other_says_what_it_cannot(pair, estate):
    one, two = pair
    connect(one, estate, "gateway")
    connect_manual(one, "atlas-large")
    made = proposal(one, KEY, HAND)
    sync(one, two)
    mine = read(one, made.sha)
    assert [found.how for found in mine] == ["read", "by-hand"]
    assert mine[0].name == made.plans[0].name
    assert mine[0].fields == (("blocked", "false"),)
    assert [found.how for found in read(two, made.sha)] == ["no-credential", "by-hand"]


def test_what_is_otherwise_now_is_a_contradiction_and_what_is_so_already_is_none(pair, estate):
    one, _ = pair
    connect(one, estate, "gateway")
    slow = TargetWish(
        provider="gateway-east", surface="", lever="key.rpm", selector="key-research", params={"rpm": "5"}
    )
    made = proposal(one, KEY, slow)
    gateway = next(site for site in estate.instances() if site["name"] == "gateway-east")
    change(gateway, "/admin/keys/key-research/limit", '{"rpm":7}')
    change(gateway, "/admin/keys/key-research/block", "{}")
    block, rate = read(one, made.sha)
    assert (block.how, block.contradicts) == ("already", False)
    assert rate.contradicts
    assert rate.why == "rpm is 7, not none"


def change(gateway, path, body):
    import httpx

    headers = {"authorization": f"Bearer {gateway['secrets']['admin']}", "content-type": "application/json"}
    url = gateway["settings"]["base_url"] + path
    httpx.post(url, content=body, headers=headers).raise_for_status()


def test_a_provider_that_is_gone_or_hangs_is_offline_within_the_deadline(pair, estate):
    one, _ = pair
    connect(one, estate, "gateway")
    made = proposal(one, KEY)
    instances = providers.instances_of(one)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        known = instances.remove("gateway-east")
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        instances.add("practice", known.name, {**known.settings, "base_url": url}, id=known.id)
        began = time.monotonic()
        (found,) = read(one, made.sha, deadline_s=0.3)
        assert time.monotonic() - began < 25
    assert (found.how, found.contradicts) == ("offline", False)
    assert "0.3 s" in found.why


def test_a_thing_the_provider_does_not_know_any_more_is_a_contradiction(pair, estate):
    one, _ = pair
    connect(one, estate, "gateway")
    made = proposal(one, KEY)
    instances = providers.instances_of(one)
    east, west = instances.remove("gateway-east"), instances.remove("gateway-west")
    instances.add("practice", "gateway-east", west.settings, id=east.id)
    (found,) = read(one, made.sha)
    assert found.contradicts
    assert "knows no such thing" in found.why


def test_another_name_or_another_thing_is_a_contradiction():
    signed = plan_of("k", now=False, wanted=True)
    assert _judge(signed, signed) == ("read", "")
    how, why = _judge(signed, replace(signed, name="somebody else"))
    assert (how, "somebody else" in why) == ("contradiction", True)
    assert _judge(signed, replace(signed, selector="other"))[0] == "contradiction"
    assert _judge(signed, replace(signed, pre=signed.wanted))[0] == "already"
    assert _judge(signed, replace(signed, pre={}))[0] == "contradiction"


def test_another_document_has_nothing_to_read(pair):
    one, _ = pair
    from console.services.closing import propose_closing

    inc = str(incidents.declare(one, "t", 1).entry.inc)
    assert read(one, propose_closing(one, inc)) == []
