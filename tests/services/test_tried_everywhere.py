"""Testing the connection of every shipped adapter: what its credential can and cannot do is said, by reading alone."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.anthropic_admin.simulator import ADMIN_KEY as ANTHROPIC_KEY
from adapters.aws_bedrock.simulated import CONSOLE_SECRET
from adapters.azure_openai.simulator import CLIENT_SECRET
from adapters.google_vertex.simulated import CANARY, CONSOLE
from adapters.google_vertex.simulator import GoogleSite
from adapters.haproxy.simulator import RuntimeSocket
from adapters.litellm.simulator import MASTER_KEY
from adapters.openai_admin.simulator import ADMIN_KEY as OPENAI_KEY
from adapters.simulator import Simulator, Site
from console.providers.registry import Registry
from console.services.connection import ConnectionReport, try_plane
from tests.adapters import anthropic_kit, aws_kit, azure_kit, google_kit, openai_kit
from tests.adapters import test_hf_endpoints as hf
from tests.adapters import test_openai_work as work
from tests.adapters import test_ray_serve as ray
from tests.adapters import test_unleash as flags
from tests.adapters import test_vllm as vllm
from tests.adapters.kit import litellm_site, model_server_site
from tests.adapters.test_behind_the_guard import plane_of
from tests.adapters.test_haproxy import Place, place, server, site, socket

__all__ = ["place", "server", "site", "socket"]


def service_key(email: str) -> str:
    return base64.b64encode(google_kit.service_key(email)[0].encode()).decode()


@dataclass(frozen=True, kw_only=True)
class Case:
    """A provider to be tried: its server, its settings there, its secrets; and secrets that are not its own."""

    site: Callable[[], Site]
    settings: Callable[[str], Mapping[str, Any]]
    good: Mapping[str, str] = field(default_factory=dict[str, str])
    wrong: Mapping[str, str] | None = None


def at(url: str) -> dict[str, Any]:
    return {"base_url": url}


CASES = {
    "litellm": Case(site=litellm_site, settings=at, good={"admin": MASTER_KEY}, wrong={"admin": "sk-mistyped"}),
    "open_inference": Case(site=model_server_site, settings=at),
    "openai_admin": Case(
        site=openai_kit.site, settings=openai_kit.settings, good={"admin": OPENAI_KEY}, wrong={"admin": "sk-mistyped"}
    ),
    "openai_work": Case(
        site=work.site, settings=lambda url: at(url + work.PREFIX), good={"admin": work.PROJECT_KEY},
        wrong={"admin": "sk-mistyped"},
    ),
    "anthropic_admin": Case(
        site=anthropic_kit.site, settings=anthropic_kit.settings, good={"admin": ANTHROPIC_KEY},
        wrong={"admin": "sk-ant-mistyped"},
    ),
    "aws_bedrock": Case(
        site=aws_kit.site, settings=aws_kit.settings, good={"secret-key": CONSOLE_SECRET},
        wrong={"secret-key": CONSOLE_SECRET[:-1]},
    ),
    "azure_openai": Case(
        site=azure_kit.site, settings=azure_kit.settings, good={"client-secret": CLIENT_SECRET},
        wrong={"client-secret": "mistyped"},
    ),
    "google_vertex": Case(
        site=lambda: GoogleSite(verify=google_kit.verify), settings=google_kit.settings,
        good={"service-account-key": service_key(CONSOLE)}, wrong={"service-account-key": service_key(CANARY)},
    ),
    "hf_endpoints": Case(site=hf.site, settings=hf.settings, good={"admin": hf.TOKEN}, wrong={"admin": "mistyped"}),
    "unleash": Case(
        site=flags.site, settings=flags.settings, good={"admin": flags.ADMIN_TOKEN}, wrong={"admin": "mistyped"}
    ),
    "vllm": Case(
        site=lambda: vllm.site(key=vllm.KEY), settings=vllm.settings, good={"admin": vllm.KEY},
        wrong={"admin": "mistyped"},
    ),
    "ray_serve": Case(site=ray.site, settings=ray.settings),
}  # fmt: skip
ASKED = {  # what this credential may write: how each was asked, or why that is unproven
    "litellm": "asked by the gateway's own account", "aws_bedrock": "asked by IAM's SimulatePrincipalPolicy",
    "azure_openai": "asked by Azure's list", "google_vertex": "asked by Google's testIamPermissions",
    "unleash": "asked by Unleash's own account", "haproxy": "asked by the level of its socket",
    "open_inference": "unproven: it takes no credential",
    **dict.fromkeys(("ray_serve", "openai_admin", "openai_work", "anthropic_admin", "hf_endpoints", "vllm"),
                    "unproven: it has no question for that"),
}  # fmt: skip
ELSEWHERE = {
    "kubernetes",
    "practice",
    "manual",
    "status_page",
}  # test_provider_clouds, test_connection, test_status_page


def tried(name: str, secrets: Mapping[str, str]) -> ConnectionReport:
    """The report, of a server that was read and is as it was."""
    case = CASES[name]
    with Simulator(case.site()) as server:
        before = repr(server.site.state)
        report = asyncio.run(try_plane(plane_of(name, case.settings(server.url), secrets), name, {}))
        assert [one.target for one in server.requests() if server.site.kind(one) == "write"] == []
        assert repr(server.site.state) == before
    return report


def test_every_shipped_adapter_is_tried_somewhere() -> None:
    assert set(Registry.load().names()) == set(CASES) | ELSEWHERE | {"haproxy"}


@pytest.mark.parametrize("name", CASES)
def test_every_lever_has_its_verdict_and_its_reason(name: str) -> None:
    judged(name, tried(name, CASES[name].good))


def test_a_proxy_on_this_machine_too(place: Place, server: Simulator, socket: RuntimeSocket) -> None:
    judged("haproxy", asyncio.run(try_plane(plane_of("haproxy", place.settings(server.url), {}), "haproxy", {})))
    assert not [line for line in socket.said if line.startswith(("add", "del", "set", "clear", "shutdown"))]


def judged(name: str, report: ConnectionReport) -> None:
    assert report.answers, report.fault
    assert report.surfaces
    assert report.asked.startswith(ASKED[name]), report.asked
    if report.asked.startswith("unproven"):
        assert {one.allowed for one in report.levers} == {None}
    manifest = Registry.load().usable(name).manifest
    assert {one.lever for one in report.levers} == {one.name for one in manifest.levers}
    assert any(one.verdict == "can-plan" for one in report.levers)
    for one in report.levers:
        assert one.at if one.verdict == "can-plan" else one.why, one
        assert not one.denied, one
    assert not any("refuses this credential" in line for line in report.lines)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.wrong is not None])
def test_a_credential_that_is_not_its_own_is_refused_in_a_sentence_without_it(name: str) -> None:
    wrong = CASES[name].wrong or {}
    report = tried(name, wrong)
    assert not report.answers
    assert report.fault
    (line,) = report.lines
    assert "does not answer: " in line
    assert not [secret for secret in wrong.values() if secret in line]
    assert {one.verdict for one in report.levers} == {"not-tried"}
