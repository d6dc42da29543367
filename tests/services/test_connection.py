"""Trying a provider before it is relied on: it reads, never writes, keeps nothing, and says what it did not try."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.litellm.simulator import MASTER_KEY, LiteLLMSite
from adapters.practice.simulator import Estate
from adapters.simulator import Answer, Incoming, Simulator
from console.domain.errors import WaitsForConnection
from console.providers.instance import BadSettings, WrongWorld
from console.runtime.paths import ProfilePaths
from console.services import providers
from console.services.connection import ConnectionReport, require_answer, try_connection, try_saved
from console.services.record import start_record
from console.services.session import Locked, Session, nobody_asked


def ask(what: str, *, new: bool = False) -> bytes:
    return b"a long enough passphrase"


@pytest.fixture
def estate() -> Iterator[Estate]:
    with Estate() as running:
        yield running


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    paths = ProfilePaths(tmp_path / "drill")
    start_record(paths, ask, name="Commander", world="drill")
    with Session.open(paths, ask) as opened:
        yield opened


def part(estate: Estate, name: str) -> dict[str, Any]:
    return next(one for one in estate.instances() if one["name"] == name)


def verdicts(report: ConnectionReport) -> dict[str, str]:
    return {one.lever: one.verdict for one in report.levers}


def test_before_it_is_saved_it_is_read_and_nothing_is_written_or_kept(session: Session, estate: Estate) -> None:
    one = part(estate, "model-server")
    report = try_connection(session, "practice", one["settings"], one["secrets"])
    assert report.answers
    assert {surface[0] for surface in report.surfaces} == {"atlas-large", "atlas-small"}
    assert verdicts(report) == {
        "key.block": "not-tried", "key.rpm": "not-tried", "model.unload": "can-plan", "deployment.pause": "cannot"
    }  # fmt: skip
    assert "no lever" in next(one.why for one in report.levers if one.lever == "deployment.pause")
    assert {request.method for request in estate.simulators["model-server"].requests()} == {"GET"}
    assert providers.instances_of(session).all() == ()
    assert session.reader.entries() == []
    assert not list(session.paths.root.glob("practice-tokens*"))


def test_a_narrow_lever_is_planned_where_something_is_named_for_it(session: Session, estate: Estate) -> None:
    one = part(estate, "gateway-east")
    named = {"key.block": "key-canary", "key.rpm": "nobody"}
    report = try_connection(session, "practice", one["settings"], one["secrets"], selectors=named)
    assert verdicts(report)["key.block"] == "can-plan"
    assert verdicts(report)["key.rpm"] == "cannot"
    assert any("only a write would tell" in line for line in report.lines)


def test_a_wrong_credential_and_a_dead_address_are_told_apart(session: Session, estate: Estate) -> None:
    one = part(estate, "cloud")
    refused = try_connection(session, "practice", one["settings"], {"admin": "practice-wrong"})
    estate.simulators["cloud"].switch("down")
    dead = try_connection(session, "practice", one["settings"], one["secrets"])
    assert not refused.answers
    assert not dead.answers
    assert refused.fault != dead.fault
    assert "no connection" in dead.fault
    with pytest.raises(WaitsForConnection, match="no connection"):
        require_answer(dead, "cloud")
    assert set(verdicts(dead).values()) == {"not-tried"}


def test_a_credential_that_may_look_but_not_read_keys_is_warned_of(tmp_path: Path) -> None:
    paths = ProfilePaths(tmp_path / "real")
    start_record(paths, ask, name="Commander")

    class Callers(LiteLLMSite):
        """As the real proxy treats a caller's key: it lists models, and refuses everything about keys."""

        def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:
            if incoming.path.startswith("/key/"):
                return Answer(status=403, body={"error": {"type": "bad_request_error", "message": "not allowed"}})
            return super().handle(incoming, enforce_lag_s)

    site = Callers([("sk-caller", "caller", ["F-7"])], [("m1", "F-7", True)])
    with Simulator(site) as gateway, Session.open(paths, ask) as real:
        report = try_connection(real, "litellm", {"base_url": gateway.url}, {"admin": MASTER_KEY})
    assert report.answers
    found = verdicts(report)
    assert {verdict for lever, verdict in found.items() if lever.startswith("key.") and "model" not in lever} == {
        "cannot"
    }
    assert (found["model.block"], found["model.delist"]) == ("can-plan", "cannot")
    assert any("no administrator" in warning for warning in report.warnings)


def test_a_saved_one_is_tried_with_its_own_secret_and_its_canaries(session: Session, estate: Estate) -> None:
    one = part(estate, "gateway-east")
    made, _ = providers.add(session, "practice", "east", one["settings"], lambda _what: one["secrets"]["admin"])
    providers.add_canary(session, "east", "key-canary", "practice-anything")
    assert verdicts(try_saved(session, "east"))["key.block"] == "can-plan"
    assert try_saved(session, made.id).answers


def test_what_people_do_by_hand_is_never_tried(session: Session) -> None:
    settings = {"who": "desk", "surfaces": [{"key": "v", "name": "V", "model": "F-7"}]}
    report = try_connection(session, "manual", settings, {})
    assert (report.answers, verdicts(report)) == (True, {"manual.ask": "not-tried"})


def test_a_drill_tries_no_real_provider_and_settings_are_checked(session: Session) -> None:
    with pytest.raises(WrongWorld):
        try_connection(session, "litellm", {"base_url": "http://127.0.0.1:1"}, {})
    with pytest.raises(BadSettings):
        try_connection(session, "practice", {"base_url": "http://example.org"}, {})


def test_where_a_gateway_keeps_its_models_is_told_and_what_stands_in_its_file_cannot_be_blocked(tmp_path: Path) -> None:
    paths = ProfilePaths(tmp_path / "real")
    start_record(paths, ask, name="Commander")
    site = LiteLLMSite([("sk-caller", "caller", ["F-7"])], [("m1", "F-7", True), ("m2", "A-1", False)])
    with Simulator(site) as gateway, Session.open(paths, ask) as real:
        settings, admin = {"base_url": gateway.url}, {"admin": MASTER_KEY}
        report = try_connection(real, "litellm", settings, admin, selectors={"key.block": "caller"})
        assert report.facts["models_in_database"] == report.facts["models_in_file"] == "1"
        found = verdicts(report)
        assert (found["key.block"], found["key.rpm"], found["model.block"]) == ("can-plan", "not-tried", "can-plan")
        assert (found["model.delist"], found["model.reroute"]) == ("can-plan", "not-tried")
        assert found["tools.forbid"] == "cannot"  # nobody prepared a guardrail
        blocked = next(one for one in report.levers if one.lever == "model.block")
        assert blocked.at == ("F-7",)
        assert "configuration file" in blocked.why
        assert any("cannot be blocked from here" in warning for warning in report.warnings)
        assert {request.method for request in gateway.requests()} == {"GET"}
        assert MASTER_KEY not in repr(report)


def test_no_provider_is_left_behind_when_its_secrets_place_is_locked(tmp_path: Path) -> None:
    paths = ProfilePaths(tmp_path / "real")
    start_record(paths, ask, name="Commander")
    with Session.open(paths, nobody_asked) as locked:
        locked.offer("your writer key", ask(""))
        with pytest.raises(Locked) as fault:
            providers.add(locked, "litellm", "gateway", {"base_url": "http://127.0.0.1:9"}, lambda _what: "sk-1")
        assert (fault.value.key, fault.value.new) == ("the secrets file", True)
        assert providers.instances_of(locked).all() == ()
        locked.offer("the secrets file", ask(""))
        made, _ = providers.add(locked, "litellm", "gateway", {"base_url": "http://127.0.0.1:9"}, lambda _what: "sk-1")
    with Session.open(paths, nobody_asked) as again:
        with pytest.raises(Locked):
            try_saved(again, made.id)
        again.offer("the secrets file", ask(""))
        assert "no connection" in try_saved(again, made.id).fault


def test_a_name_that_is_taken_costs_the_other_nothing(session: Session, estate: Estate) -> None:
    one = part(estate, "gateway-east")
    providers.add(session, "practice", "east", one["settings"], lambda _what: one["secrets"]["admin"])
    with pytest.raises(Exception, match="already"):
        providers.add(session, "practice", "east", one["settings"], lambda _what: "practice-other")
    assert try_saved(session, "east").answers


def test_a_provider_that_is_not_kept_leaves_no_secret_behind(session: Session, estate: Estate) -> None:
    one = part(estate, "gateway-east")
    with pytest.raises(Exception, match="needs a name"):
        providers.add(session, "practice", "x" * 121, one["settings"], lambda _what: one["secrets"]["admin"])
    assert providers.instances_of(session).all() == ()
    assert one["secrets"]["admin"] not in (session.paths.root / "practice-tokens.json").read_text()
