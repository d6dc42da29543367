"""Each adapter's page says how what a credential may write is asked, and names every permission that is asked about."""

from __future__ import annotations

import pytest

from adapters.anthropic_admin import ADAPTER as ANTHROPIC
from adapters.aws_bedrock import rights as of_aws
from adapters.azure_openai import rights as of_azure
from adapters.google_vertex import rights as of_google
from adapters.google_vertex import trying
from adapters.rights import TellsGrants, TellsRights
from console.providers.registry import Registry, Usable
from tests.adapters.test_readmes import OF_A_PLANE, page


def flat(name):
    return " ".join(page(name).split())


def kind_of(name):
    found = Registry.load().look_up(name)
    assert isinstance(found, Usable)
    return found


@pytest.mark.parametrize("name", [one for one in OF_A_PLANE if one != "status_page"])  # it has no lever
def test_a_page_says_how_it_is_asked_what_a_credential_may_write(name):
    made = kind_of(name).make
    asks = any(all(hasattr(made, each) for each in _members(one)) for one in (TellsGrants, TellsRights))
    words = ("Testing the connection asks",) if asks else ("Testing the connection cannot ask",
                                                         "Testing the connection does not ask",
                                                         "Testing the connection has nothing to ask")  # fmt: skip
    assert any(one in flat(name) for one in words), name


def _members(protocol):
    return [name for name in vars(protocol) if not name.startswith("_")]


@pytest.mark.parametrize(
    ("name", "needs"),
    [("aws_bedrock", of_aws.NEEDS), ("azure_openai", of_azure.NEEDS), ("google_vertex", of_google.NEEDS)],
)
def test_every_permission_that_is_asked_about_stands_among_the_smallest(name, needs):
    rows = " ".join(line for line in page(name).splitlines() if line.startswith("|"))
    assert [one for some in needs.values() for one in some if f"`{one}`" not in rows] == []
    assert set(needs) == {one.name for one in kind_of(name).manifest.levers}


def test_versions_that_a_page_names_are_those_that_are_sent():
    assert trying._ANTHROPIC in flat("google_vertex")
    assert f"anthropic-version: {ANTHROPIC.manifest.headers['anthropic-version']}" in flat("anthropic_admin")
