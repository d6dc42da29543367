"""What went round a gateway: the vendor's own count beside the gateway's, in one window, on simulators of both.

The real gateway of these tests writes no log of calls, and no vendor was asked: it is proven on simulators only.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from click.testing import CliRunner

from adapters.anthropic_admin.simulator import ADMIN_KEY as ANTHROPIC_KEY
from adapters.anthropic_admin.simulator import OUT, RPM, AnthropicSite, Family
from adapters.litellm.simulator import MASTER_KEY, hash_of
from adapters.openai_admin.simulator import ADMIN_KEY
from adapters.simulator import Simulator
from console.app import cli
from console.cli.frame import Call
from console.domain.bypass import ROUND, Bypass, notes_of, told
from console.domain.errors import WrongUse
from console.runtime.paths import ProfilePaths
from console.services import corrections, incidents, providers
from console.services.bypass import round_now
from console.services.corrections import TargetWish
from console.services.record import start_record
from console.services.session import Session
from tests.adapters import openai_kit
from tests.adapters.kit import KEY, litellm_site
from tests.kit.pair import Asks

BLOCK = TargetWish(provider="gateway", surface="atlas", lever="key.block", selector="canary")
VENDOR = TargetWish(provider="vendor", surface="atlas", lever="model.deny", selector="atlas")
USED = [("proj_1", "key_1", "atlas", 40), ("proj_1", "key_2", "atlas", 2), ("proj_2", "key_3", "atlas", 5)]


@pytest.fixture
def both(tmp_path):
    """A gateway that carried thirty calls of the model, and the vendor behind it, who counted 47 of three keys."""
    paths = ProfilePaths(tmp_path / "real")
    start_record(paths, Asks("commander"), name="Commander")
    with (
        Simulator(litellm_site()) as gateway, Simulator(openai_kit.site()) as vendor,
        Session.open(paths, Asks("commander")) as session,
    ):  # fmt: skip
        gateway.poke(lambda rows: rows.calls.extend([(hash_of(KEY), "atlas")] * 30))
        vendor.poke(lambda rows: setattr(rows, "used", list(USED)))
        settings = {"gateway": ("litellm", {"base_url": gateway.url}, MASTER_KEY),
                    "vendor": ("openai_admin", openai_kit.settings(vendor.url), ADMIN_KEY)}  # fmt: skip
        for name, (adapter, form, secret) in settings.items():
            made = providers.add(session, adapter, name, form, lambda _what, secret=secret: secret)
            providers.adopt_surfaces(session, made[0].id)
        yield session, gateway, vendor


def of(found, model="atlas"):
    return next(one for one in found if one.found.model == model)


def note(session, wish):
    inc = str(incidents.declare(session, "t", 2).entry.inc)
    trial = corrections.plan(session, inc, [wish])
    return [line for line in trial.targets[0].planned.notes if line.startswith(ROUND)]


def test_what_the_vendor_counted_and_the_gateway_did_not_carry_is_told_with_the_keys(both):
    session, gateway, vendor = both
    found = of(round_now(session))
    assert (found.found.carried, found.found.counted, found.found.round) == (30, 47, 17)
    assert found.told.endswith(
        "vendor counted 47 calls, gateway carried 30: 17 or more went round it. "
        "By key at the vendor: key_1 40, key_3 5, key_2 2"
    )
    logged = next(one for one in gateway.requests() if one.path == "/spend/logs/v2")
    counted = next(one for one in vendor.requests() if one.path.endswith("/usage/completions"))
    query = dict(parse_qsl(urlsplit(counted.target).query))
    assert int(query["end_time"]) - int(query["start_time"]) == 3600
    assert (query["bucket_width"], query["limit"], query["models[]"]) == ("1m", "60", "atlas")
    assert logged.query["end_date"] == _utc(int(query["end_time"]))  # one window for both
    assert logged.query["start_date"] == _utc(int(query["start_time"]))


def _utc(at_s):
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def test_signers_of_a_block_at_the_gateway_read_it_and_those_at_the_vendor_do_not(both):
    session, *_ = both
    [line] = note(session, BLOCK)
    assert "17 or more went round it" in line
    assert note(session, VENDOR) == []


def test_many_targets_of_one_model_are_one_question(both):
    session, gateway, vendor = both
    inc = str(incidents.declare(session, "t", 2).entry.inc)
    keys = ("canary", "other", "member")
    wishes = [TargetWish(provider="gateway", surface="atlas", lever="key.block", selector=key) for key in keys]
    trial = corrections.plan(session, inc, wishes)
    assert all(one.planned.notes[-1].startswith(ROUND) for one in trial.targets)
    assert [one.path for one in gateway.requests()].count("/spend/logs/v2") == 1
    assert [one.path.rpartition("/")[2] for one in vendor.requests()].count("completions") == 1


def test_one_key_that_had_more_than_the_gateway_carried_is_named(both):
    session, _, vendor = both
    vendor.poke(lambda rows: setattr(rows, "used", [("proj_1", "key_1", "atlas", 31)]))
    assert of(round_now(session)).told.endswith("the key key_1 had 1 call or more that the gateway did not carry")
    vendor.poke(lambda rows: setattr(rows, "used", [("proj_1", "key_1", "atlas", 29)]))
    assert of(round_now(session)).told.endswith("as far as that goes, none went round it")


def test_calls_at_a_second_vendor_count_as_well(both):
    """Anthropic's report is in trial: the console sends its header with this question, and with no other."""
    session, *_ = both
    family = Family("rl_1", "Atlas", ["atlas"], {RPM: 50, OUT: 8_000})
    with Simulator(AnthropicSite([], [], [family], {})) as other:
        other.poke(lambda rows: rows.used.extend([("apikey_1", "atlas", 9), (None, "atlas", 4)]))
        form = {"base_url": other.url}
        made = providers.add(session, "anthropic_admin", "second", form, lambda _what: ANTHROPIC_KEY)
        providers.adopt_surfaces(session, made[0].id)
        found = of(round_now(session)).found
        assert (found.carried, found.counted, found.round) == (30, 60, 30)
        assert found.vendors == ("vendor", "second")
        assert (found.by["apikey_1"], found.by["without a key"], found.by["key_1"]) == (9, 4, 40)
        trials = [one.path for one in other.requests() if "anthropic-beta" in one.headers]
        assert trials == ["/v1/organizations/analytics/usage"]


def test_a_gateway_without_a_log_makes_nobody_look_guilty_and_a_silent_vendor_stops_no_plan(both):
    session, gateway, vendor = both
    gateway.poke(lambda rows: rows.calls.clear())
    found = of(round_now(session))
    assert (found.found.carried, found.found.round) == (None, None)
    assert "nothing can be compared" in found.told
    gateway.poke(lambda rows: rows.calls.extend([(hash_of(KEY), "atlas")] * 3))
    vendor.switch("down")
    assert of(round_now(session)).told == "what the vendor counted is not known"
    assert note(session, BLOCK) == []


def test_the_command_tells_every_model_or_one(both, monkeypatch):
    session, *_ = both
    monkeypatch.setattr(Call, "passphrase", lambda _call, what, new=False: Asks("commander")(what, new=new))

    def run(*words):
        front = ["--profile", str(session.paths.root), "--json"]
        return json.loads(CliRunner().invoke(cli, [*front, *words], catch_exceptions=False).stdout)

    [one] = [row for row in run("provider", "bypass")["models"] if row["model"] == "atlas"]
    assert (one["round"], one["by"]["key_3"]) == (17, 5)
    assert run("provider", "bypass", "atlas")["models"][0]["told"].endswith("key_2 2")
    with pytest.raises(WrongUse, match="No model called"):
        round_now(session, "nowhere")


def test_in_words():
    some = Bypass(model="m", since_ms=0, until_ms=3_600_000, carried=1, counted=9, gateways=("g",), vendors=("v",),
                  by={f"k{number}": 5 - number for number in range(5)}, whole=False)  # fmt: skip
    assert told(some) == (
        "00:00 to 01:00 UTC: v counted at least 9 calls, g carried 1: 8 or more went round it. "
        "By key at the vendor: k0 5, k1 4, k2 3 and 2 more"
    )
    assert told(replace(some, by={})).endswith("8 or more went round it"), "whose, it does not tell"
    assert notes_of(None) == ()
