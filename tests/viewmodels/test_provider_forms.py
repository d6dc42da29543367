"""Forms made from the adapters' own models: every field, its faults in words, and no secret among the values."""

from __future__ import annotations

import pytest

from console.domain.errors import WrongUse
from console.providers.instance import check_settings
from console.providers.registry import Registry
from console.services.provider_settings import least_params, lever_faults
from console.viewmodels.provider_forms import lever_form, settings_form


def test_a_gateway_asks_for_its_address_and_apart_from_it_for_its_secret() -> None:
    form = settings_form("litellm")
    assert [(one.name, one.title, one.kind, one.required) for one in form.fields] == [
        ("base_url", "Address", "url", True), ("key_cache_s", "Seconds for which it keeps keys", "number", False),
    ]  # fmt: skip
    assert form.first()["key_cache_s"] == "60", "nobody has to know it in the first minutes"
    assert [(one.name, one.kind) for one in form.secrets] == [("admin", "secret")]
    assert "master key" in form.secrets[0].help
    assert form.notes["end user"]


@pytest.mark.parametrize(
    ("typed", "what"),
    [
        ("", "This is needed."),
        ("   ", "This is needed."),
        ("http://gateway.example", "Expected https: plain http would show the admin key to the network."),
    ],
)
def test_faults_are_told_by_field_in_words(typed: str, what: str) -> None:
    assert settings_form("litellm").faults({"base_url": typed}) == {"base_url": what}


def test_a_choice_offers_what_the_model_knows_and_begins_with_its_default() -> None:
    form = settings_form("practice")
    part = form.fields[1]
    assert (part.kind, part.default, part.choices) == ("choice", "gateway", ("gateway", "model-server", "cloud"))
    assert form.faults({"base_url": "http://127.0.0.1:1", "part": "attic"}) == {
        "part": "Choose one of 'gateway', 'model-server' or 'cloud'."
    }  # fmt: skip


def test_a_table_of_surfaces_names_its_faults_by_row() -> None:
    form = settings_form("manual")
    table = form.fields[2]
    assert (table.kind, [one.name for one in table.fields]) == ("rows", ["key", "name", "model", "reach"])
    good = {"key": "a", "name": "A", "model": "F-7", "reach": "only-us"}
    assert form.faults({"who": "desk", "surfaces": [good, {}, {"key": " "}]}) == {}
    assert form.values({"who": "desk", "surfaces": [good, {}]}) == {"who": "desk", "surfaces": [good]}
    assert form.faults({"surfaces": [good, {"key": "b", "name": ""}]}) == {
        "surfaces.1.name": "This is needed.", "surfaces.1.model": "This is needed."
    }  # fmt: skip


def test_a_levers_number_says_its_bounds_and_goes_on_as_text() -> None:
    form = lever_form("litellm", "key.rpm")
    assert (form.fields[0].kind, form.fields[0].help) == ("number", "0 to 1,000,000")
    assert form.faults({"rpm": "many"}) == {"rpm": "Write a whole number."}
    assert form.faults({"rpm": "-1"}) == {"rpm": "At least 0."}
    assert form.faults({"rpm": "1000001"}) == {"rpm": "At most 1000000."}
    assert form.params({"rpm": " 30 "}) == {"rpm": "30"}
    assert lever_form("litellm", "key.block").fields == ()
    with pytest.raises(WrongUse):
        lever_form("litellm", "key.melt")


def test_a_long_text_keeps_its_lines() -> None:
    form = lever_form("manual", "manual.ask")
    assert form.fields[0].long
    assert (
        form.params({"instruction": "Stop it\n  for us\n", "category": "user"})["instruction"] == "Stop it\n  for us\n"
    )


@pytest.mark.parametrize("adapter", Registry.load().names())
def test_every_adapters_form_can_be_filled_in_and_every_lever_asked_with_the_least(adapter: str) -> None:
    form = settings_form(adapter)
    places = {"base_url": "http://127.0.0.1:1", "socket": "/run/haproxy/admin.sock", "backend": "be"}
    own = {
        "azure_openai": {
            "subscription": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "tenant": "0" * 8 + "-0000-0000-0000-" + "0" * 12,
            "client": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "resource_group": "models", "account": "desk",
        },
        "aws_bedrock": {"region": "eu-west-1", "access_key_id": "AKIA" + "A" * 16},
        "google_vertex": {
            "project": "desk-models", "location": "us-central1", "service_account": "console@desk.iam.example",
        },
        "hf_endpoints": {"namespace": "desk"},
        "kubernetes": {"base_url": "https://127.0.0.1:1", "namespaces": "models"},
    }  # fmt: skip
    typed = {**form.first(), **places, **own.get(adapter, {})}
    typed = {name: value for name, value in typed.items() if name in {one.name for one in form.fields}}
    assert form.faults(typed) == {}
    assert check_settings(Registry.load().manifest(adapter).settings, form.values(typed))
    for lever in Registry.load().manifest(adapter).levers:
        assert lever_faults(adapter, lever.name, least_params(adapter, lever.name)) == ()
