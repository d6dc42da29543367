"""What each LiteLLM lever writes, counts and refuses; what a probe of it may conclude."""

from __future__ import annotations

import asyncio
import json

import pytest

from adapters.conformance import Bent, reply
from adapters.contract import Refused, Throttled, Wish
from adapters.litellm.simulator import KeyRow, ModelRow, hash_of
from adapters.simulator import Simulator
from tests.adapters.kit import KEY, MEMBER, OTHER, litellm_at, litellm_context, litellm_site


@pytest.fixture
def server():
    with Simulator(litellm_site(cache_lag_s=0.0)) as simulator:
        yield simulator


@pytest.fixture
def adapter(server):
    return litellm_at(server.url)


@pytest.fixture
def context(server):
    return litellm_context(server.url)


def wish(lever, selector, surface="", direction="contain", **params):
    return Wish(lever=lever, selector=selector, surface_key=surface, params=params, direction=direction)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (wish("team.block", ""), "say which team"),
        (wish("team.block", "nobody"), "knows no team"),
        (wish("key.routes", "canary", routes="v1/models"), "parameters: routes"),
        (wish("key.routes", "canary", routes=" , "), "parameters: routes"),
        (wish("words.forbid", "atlas", words=","), "parameters: words"),
        (wish("key.models", "canary", direction="restore"), "without the model's name"),
        (wish("key.models", "canary", model="nowhere"), "no model called nowhere"),
        (wish("key.model-rpm", "canary", model="nowhere", rpm="1"), "no model called nowhere"),
        (wish("model.reroute", "atlas", fallback="nowhere"), "no model called nowhere"),
        (wish("model.reroute", "atlas", fallback="atlas"), "not answered by itself"),
        (wish("model.delist", "nowhere"), "no model called nowhere"),
        (wish("model.delist", "atlas", direction="restore"), "undo that one"),
        (wish("tools.forbid", "other-guard"), "no guardrail called other-guard"),
        (wish("tools.forbid", "standdown-words"), "is no tool_permission"),
        (wish("model.block", "filed"), "have a person block it in the file"),
        (wish("model.file", "atlas"), "does not stand in the gateway's configuration file"),
        (wish("model.file", "filed", direction="restore"), "only the correction knows"),
        (wish("model.file", "filed", how="burn"), "these parameters: how"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, asked, why):
    with pytest.raises(Refused, match=why):
        asyncio.run(adapter.plan(context, asked))


# -- lists of models ---------------------------------------------------------------------------------------------------


def test_the_only_model_taken_leaves_no_model_and_not_every_model(server, adapter, context):
    planned = asyncio.run(adapter.plan(context, wish("key.models", "canary", model="atlas")))
    assert planned.wanted == {"models": '["no-default-models"]'}
    asyncio.run(adapter.apply(context, planned))
    back = asyncio.run(adapter.plan(context, wish("key.models", "canary", direction="restore", model="atlas")))
    assert back.wanted == {"models": '["atlas"]'}


def test_a_list_of_everything_is_spelled_out_and_goes_back_to_everything(adapter, context):
    planned = asyncio.run(adapter.plan(context, wish("key.models", "other", model="atlas")))
    assert (planned.pre, planned.wanted) == ({"models": "[]"}, {"models": '["filed"]'})
    assert json.loads(planned.revert[0].body)["models"] == []


def test_restoring_a_list_of_everything_does_not_make_it_a_list_of_one(adapter, context):
    planned = asyncio.run(adapter.plan(context, wish("key.models", "other", direction="restore", model="atlas")))
    assert planned.wanted == {"models": "[]"}


def test_a_key_with_its_teams_list_gets_the_teams_without_the_model(server, adapter, context):
    server.poke(lambda rows: rows.models.update(more=ModelRow("m-4", "not-the-teams")))
    planned = asyncio.run(adapter.plan(context, wish("key.models", "member", model="atlas")))
    assert planned.wanted == {"models": '["filed"]'}


def test_a_pattern_that_lets_the_model_through_is_not_overlooked(server, adapter, context):
    server.poke(lambda rows: setattr(rows.keys[hash_of(KEY)], "models", ["at*", "atlas"]))
    with pytest.raises(Refused, match=r"pattern at\*"):
        asyncio.run(adapter.plan(context, wish("key.models", "canary", model="atlas")))
    planned = asyncio.run(adapter.plan(context, wish("model.delist", "atlas")))
    assert not [field for field in planned.pre if hash_of(KEY) in field]
    assert any(note.startswith("1 let it through by a pattern") for note in planned.notes)


def test_taking_a_model_out_of_every_list_counts_saves_and_gives_back(server, adapter, context):
    def lists():
        found = {row.alias: list(row.models) for row in server.site.state.keys.values()}
        return {**found, **{row.alias: list(row.models) for row in server.site.state.teams.values()}}

    before = lists()
    planned = asyncio.run(adapter.plan(context, wish("model.delist", "filed")))
    assert "3 keys and 1 teams lose it" in planned.notes[0]
    assert (planned.affected, planned.selectors) == (4, 0)
    assert not [field for field in planned.pre if hash_of(MEMBER) in field]  # it has no list but its team's
    asyncio.run(adapter.apply(context, planned))
    assert lists() == {**before, "other": ["atlas"], "twin": ["atlas"], "research": ["atlas"]}
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "in-effect"
    for caller in ("other", "member"):
        assert asyncio.run(adapter.probe(context, planned, caller)).outcome == "refused"
    with pytest.raises(Refused, match="no key's and no team's list"):
        asyncio.run(adapter.plan(context, wish("model.delist", "filed")))
    asyncio.run(adapter.revert(context, planned))
    assert lists() == before
    assert asyncio.run(adapter.probe(context, planned, "other")).outcome == "passed"


@pytest.mark.parametrize(
    ("models", "verdict"),
    [([], "not-in-effect"), (["filed"], "not-in-effect"), (["*"], "not-in-effect"), (["atlas"], "in-effect"),
     (["fil*"], "in-effect")],
)  # fmt: skip
def test_a_key_made_later_that_has_the_model_is_found_by_reading_back(server, adapter, context, models, verdict):
    planned = asyncio.run(adapter.plan(context, wish("model.delist", "filed")))
    asyncio.run(adapter.apply(context, planned))
    server.poke(lambda rows: rows.keys.update(late=KeyRow(key="sk-late", alias="late", models=models)))
    back = asyncio.run(adapter.read_back(context, planned))
    assert back.verdict == verdict
    assert ("1 lists made since let the model in" in back.detail) is (verdict == "not-in-effect")


def test_taking_a_model_of_the_file_out_of_every_list_says_how_it_lasts(adapter, context):
    planned = asyncio.run(adapter.plan(context, wish("model.delist", "filed")))
    assert any("(model.file)" in note for note in planned.notes)
    held = asyncio.run(adapter.plan(context, wish("model.delist", "atlas")))
    assert not any("(model.file)" in note for note in held.notes)


def test_keys_on_later_pages_are_counted_too_and_too_many_are_refused(server, adapter, context):
    def more(rows, count):
        for number in range(count):
            rows.keys[f"{number:064x}"] = KeyRow(key=f"sk-{number}", alias=f"n{number}", models=["atlas"])

    server.poke(lambda rows: more(rows, 120))
    planned = asyncio.run(adapter.plan(context, wish("model.delist", "atlas")))
    assert planned.affected == 125
    server.poke(lambda rows: more(rows, 400))
    with pytest.raises(Refused, match="404 keys and 1 teams let atlas through, more than one correction holds"):
        asyncio.run(adapter.plan(context, wish("model.delist", "atlas")))


# -- limits ------------------------------------------------------------------------------------------------------------


def test_a_limit_at_one_model_keeps_those_at_others(server, adapter, context):
    server.poke(lambda rows: rows.keys[hash_of(OTHER)].model_rpm_limit.update(filed=7))
    planned = asyncio.run(adapter.plan(context, wish("key.model-rpm", "other", model="atlas", rpm="0")))
    assert json.loads(planned.wanted["model_rpm_limit"]) == {"atlas": 0, "filed": 7}
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.probe(context, planned, "other")).outcome == "refused"
    asyncio.run(adapter.revert(context, planned))
    assert server.site.state.keys[hash_of(OTHER)].model_rpm_limit == {"filed": 7}


@pytest.mark.parametrize(
    ("lever", "params"),
    [("key.tpm", {"tpm": "5"}), ("key.parallel", {"parallel": "2"}), ("key.model-rpm", {"model": "atlas", "rpm": "3"})],
)
def test_a_pass_below_a_limit_says_nothing(adapter, context, lever, params):
    planned = asyncio.run(adapter.plan(context, wish(lever, "canary", **params)))
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "cannot-tell"


OWN = "Rate limit exceeded for {}: 88dc28d0. Limit type: {}. Current limit: {}, Remaining: 0. Limit resets at: x"


@pytest.mark.parametrize(
    ("lever", "params", "said", "outcome"),
    [
        ("key.rpm", {"rpm": "3"}, OWN.format("api_key", "requests", 3), "refused"),
        ("key.rpm", {"rpm": "3"}, OWN.format("api_key", "requests", 60), "cannot-tell"),
        ("key.rpm", {"rpm": "3"}, OWN.format("api_key", "tokens", 3), "cannot-tell"),
        ("key.rpm", {"rpm": "3"}, OWN.format("team", "requests", 3), "cannot-tell"),
        ("key.rpm", {"rpm": "0"}, "litellm.RateLimitError: RateLimitError: OpenAIException - slow down", "cannot-tell"),
        ("key.parallel", {"parallel": "0"}, OWN.format("api_key", "max_parallel_requests", 0), "refused"),
        ("key.model-rpm", {"model": "atlas", "rpm": "0"}, OWN.format("model_per_key", "requests", 0), "refused"),
        ("key.block", {}, OWN.format("api_key", "requests", 0), "cannot-tell"),
    ],
)
def test_only_the_gateways_own_limiter_counts_and_for_this_limit(adapter, context, lever, params, said, outcome):
    """A model behind the gateway answers 429 of its own, with the same type: a limit that does not bite would shine."""
    planned = asyncio.run(adapter.plan(context, wish(lever, "canary", **params)))
    body = json.dumps({"error": {"message": said, "type": "throttling_error", "code": "429"}}).encode()
    bent = Bent(context, fault=Throttled("429", 60.0, reply(429, body)))
    assert asyncio.run(adapter.probe(bent, planned, "caller")).outcome == outcome


# -- another model answers ---------------------------------------------------------------------------------------------


def test_another_model_answers_and_other_aliases_stay(server, adapter, context):
    server.poke(lambda rows: rows.aliases.update(old="filed"))
    planned = asyncio.run(adapter.plan(context, wish("model.reroute", "atlas", fallback="filed")))
    assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "passed"
    asyncio.run(adapter.apply(context, planned))
    assert server.site.state.aliases == {"old": "filed", "atlas": "filed"}
    seen = asyncio.run(adapter.probe(context, planned, "caller"))
    assert (seen.outcome, seen.status, seen.detail) == ("refused", 200, "another model answered")
    with pytest.raises(Refused, match="atlas cannot answer"):
        asyncio.run(adapter.plan(context, wish("model.reroute", "filed", fallback="atlas")))
    asyncio.run(adapter.revert(context, planned))
    assert server.site.state.aliases == {"old": "filed"}


@pytest.mark.parametrize("target", ["atlas", {"model": "atlas", "hidden": True}])
def test_other_names_that_lead_to_a_rerouted_model_are_told(server, adapter, context, target):
    """An alias is followed once: callers of such a name reach the model as before."""
    assert not any("NOT rerouted" in note for note in asyncio.run(
        adapter.plan(context, wish("model.reroute", "atlas", fallback="filed"))).notes)  # fmt: skip
    server.poke(lambda rows: rows.aliases.update(classic=target))
    planned = asyncio.run(adapter.plan(context, wish("model.reroute", "atlas", fallback="filed")))
    assert planned.notes[0] == "NOT rerouted: classic lead to it by aliases of their own"


def test_a_blocked_model_cannot_be_the_one_that_answers(server, adapter, context):
    server.poke(lambda rows: setattr(rows.models["m-3"], "blocked", True))
    with pytest.raises(Refused, match="it is blocked"):
        asyncio.run(adapter.plan(context, wish("model.reroute", "atlas", fallback="filed")))


# -- guardrails --------------------------------------------------------------------------------------------------------


def test_words_of_a_guardrail_that_is_off_are_not_refused_again_and_come_back_with_revert(server, adapter, context):
    old = [{"keyword": "old", "action": "BLOCK"}]
    server.poke(lambda rows: rows.guardrails["gr-2"].params.update(blocked_words=old))
    planned = asyncio.run(adapter.plan(context, wish("words.forbid", "atlas", words="new")))
    assert [one["keyword"] for one in json.loads(planned.wanted["blocked_words"])] == ["new"]
    asyncio.run(adapter.apply(context, planned))
    more = asyncio.run(adapter.plan(context, wish("words.forbid", "atlas", words="newer, new")))
    assert [one["keyword"] for one in json.loads(more.wanted["blocked_words"])] == ["new", "newer"]
    asyncio.run(adapter.revert(context, planned))
    assert server.site.state.guardrails["gr-2"].params["blocked_words"] == old


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"default_action": "allow"}, "lets some tools through"),
        ({"rules": [{"id": "a", "tool_name": "x", "decision": "allow"}]}, "lets some tools through"),
        ({"guardrail": "presidio"}, "is no tool_permission"),
    ],
)
def test_a_guardrail_that_does_less_is_not_switched_on(server, adapter, context, params, why):
    server.poke(lambda rows: rows.guardrails["gr-1"].params.update(params))
    with pytest.raises(Refused, match=why):
        asyncio.run(adapter.plan(context, wish("tools.forbid", "atlas")))


def test_a_refusal_by_another_guardrail_proves_nothing(server, adapter, context):
    planned = asyncio.run(adapter.plan(context, wish("tools.forbid", "atlas")))
    server.poke(
        lambda rows: (
            setattr(rows.guardrails["gr-1"], "name", "another"),
            rows.guardrails["gr-1"].params.update(default_on=True),
        )
    )
    assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "cannot-tell"


# -- teams and who depends on it ---------------------------------------------------------------------------------------


def test_a_blocked_team_is_no_blocked_key(server, adapter, context):
    team = asyncio.run(adapter.plan(context, wish("team.block", "research")))
    key = asyncio.run(adapter.plan(context, wish("key.block", "member")))
    asyncio.run(adapter.apply(context, team))
    assert asyncio.run(adapter.probe(context, team, "member")).outcome == "refused"
    assert asyncio.run(adapter.probe(context, key, "member")).outcome == "cannot-tell"


def test_a_plan_for_everybody_names_who_called_in_the_last_hour(server, adapter, context):
    calls = [(hash_of(OTHER), "atlas")] * 3 + [(hash_of(KEY), "atlas"), (hash_of(KEY), "filed")]
    server.poke(lambda rows: rows.calls.extend(calls))
    planned = asyncio.run(adapter.plan(context, wish("model.block", "atlas")))
    assert planned.affected == 2
    told = "in the last hour 2 callers, 4 calls; most: other (3 calls, $0.75), canary (1 calls, $0.25)"
    assert told in planned.notes
    server.poke(lambda rows: rows.calls.extend([(hash_of(OTHER), "atlas")] * 600))
    again = asyncio.run(adapter.plan(context, wish("model.block", "atlas")))
    assert any("in the last hour at least" in note and "604 calls" in note for note in again.notes)
