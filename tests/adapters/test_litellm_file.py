"""Models of the gateway's file: the text that a person follows, both ways; what is read and tried once it is done."""

from __future__ import annotations

import asyncio
import json

import pytest
import yaml

from adapters.contract import Refused, Wish
from adapters.litellm.files import WAYS, patch
from adapters.litellm.levers import LEVERS
from adapters.litellm.simulator import ModelRow
from adapters.simulator import Simulator
from tests.adapters.gateway_file import follow
from tests.adapters.kit import litellm_at, litellm_context, litellm_site

FILE = """\
model_list:
  - model_name: filed
    litellm_params:
      model: openai/filed
      api_key: os.environ/KEY
  - model_name: other
    litellm_params:
      model: openai/other
"""


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


def plan(adapter, context, direction="contain", selector="filed", **params):
    wish = Wish(lever="model.file", selector=selector, surface_key="filed", params=params, direction=direction)
    return asyncio.run(adapter.plan(context, wish))


def test_the_text_names_entry_lines_restart_and_how_one_sees_it_and_nothing_secret(adapter, context, server):
    planned = plan(adapter, context)
    text, back = planned.params["patch"], planned.params["back"]
    assert [line for line in text.splitlines() if line.startswith("+")] == ["+    model_info:", "+      blocked: true"]
    assert [line for line in back.splitlines() if line.startswith("-")] == ["-    model_info:", "-      blocked: true"]
    assert "   - model_name: filed" in text
    assert "model: openai/filed" in text
    for words in ("config.yaml", "Restart every process", "GET /v2/model/info", "403, Model is blocked"):
        assert words in text
    assert planned.params["file"] == "filed.patch"
    assert (planned.requests, planned.revert, planned.selectors) == ((), (), 0)
    assert (planned.pre, planned.wanted) == ({"served_from_file": '["openai/filed"]'}, {"served_from_file": "[]"})
    assert "sk-" not in json.dumps(dict(planned.params))
    assert not [one for one in server.requests() if one.path.startswith("/model/")]


def test_what_one_gets_who_follows_it_is_the_file_with_the_model_blocked_and_back():
    done = follow(patch("filed", ["openai/filed"], block=True), FILE, "filed")
    entries = yaml.safe_load(done)["model_list"]
    assert entries[0]["model_info"] == {"blocked": True}
    assert "model_info" not in entries[1]
    assert follow(patch("filed", ["openai/filed"], block=True, back=True), done, "filed") == FILE


def test_taking_the_entry_out_says_to_keep_it_behind_signs():
    out, back = (patch("filed", ["openai/a", "openai/b"], block=False, back=back) for back in (False, True))
    assert sum(line.startswith("-  - model_name: filed") for line in out.splitlines()) == 2
    assert sum(line.startswith("+  - model_name: filed") for line in back.splitlines()) == 2
    assert "Put a # sign" in out
    assert "take the signs away" in back
    assert "400, Invalid model name" in out


@pytest.mark.parametrize("name", ["a: b", "true", "# x", "1.5", "- a", "*"])
def test_a_name_that_yaml_would_read_otherwise_is_quoted(name):
    text = patch(name, [name], block=True)
    entry = [line[1:] for line in text.splitlines() if not line.startswith(("#", "+"))]
    told = yaml.safe_load("\n".join(entry))["model_list"][0]
    assert (told["model_name"], told["litellm_params"]["model"]) == (name, name)


def test_a_name_ends_no_line_of_the_text():
    name = "a\n- model_name: other"
    text = patch(name, ["openai/a\u2028b"], block=True)
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(lines) == len([one for one in patch("a", ["b"], block=True).splitlines() if not one.startswith("#")])
    [told] = yaml.safe_load("\n".join(line[1:] for line in lines if not line.startswith("+")))["model_list"]
    assert (told["model_name"], told["litellm_params"]["model"]) == (name, "openai/a\u2028b")


@pytest.mark.parametrize("how", ["block", "remove"])
def test_it_is_read_and_tried_once_a_person_has_done_it(server, adapter, context, how):
    planned = plan(adapter, context, how=how)
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"
    assert asyncio.run(adapter.probe(context, planned, "other")).outcome == "passed"
    before = server.site.state.models["m-3"]
    if how == "block":
        server.poke(lambda rows: setattr(rows.models["m-3"], "blocked", True))
    else:
        server.poke(lambda rows: rows.models.pop("m-3"))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "in-effect"
    assert asyncio.run(adapter.probe(context, planned, "other")).outcome == "refused"
    back = plan(adapter, context, "restore", how=how, entries=planned.params["entries"])
    assert (back.params["patch"], back.params["back"]) == (planned.params["patch"], planned.params["back"])
    assert asyncio.run(adapter.read_back(context, back)).verdict == "not-in-effect"
    server.poke(lambda rows: rows.models.update({"m-9": ModelRow("m-9", before.name, in_database=False)}))
    server.poke(lambda rows: rows.models.pop("m-3", None))
    assert asyncio.run(adapter.read_back(context, back)).verdict == "in-effect"
    assert asyncio.run(adapter.probe(context, back, "other")).outcome != "refused"


def test_another_entry_made_since_is_found_by_reading_back(server, adapter, context):
    planned = plan(adapter, context)
    server.poke(lambda rows: setattr(rows.models["m-3"], "blocked", True))
    server.poke(lambda rows: rows.models.update({"m-9": ModelRow("m-9", "filed", in_database=False)}))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"


def test_what_the_database_serves_under_the_name_is_told_as_not_stopped(server, adapter, context):
    server.poke(lambda rows: rows.models.update({"m-9": ModelRow("m-9", "filed", in_database=True)}))
    notes = plan(adapter, context).notes
    assert any(note.startswith("NOT stopped by it: 1 deployments of this name in the database") for note in notes)


def test_whoever_cannot_block_is_told_the_other_ways_the_mildest_first(adapter, context):
    with pytest.raises(Refused) as told:
        asyncio.run(adapter.plan(context, Wish(lever="model.block", selector="filed", surface_key="filed")))
    assert told.value.instead == WAYS
    names = {one.name: one for one in LEVERS}
    assert [names[one].by_hand for one in WAYS] == [False, False, True]
