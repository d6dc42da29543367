"""One leak at two vendors, an account of OpenAI's and a key of a gateway, rotated on the command line.

Each vendor is down once in the middle, and holds the other up in nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.litellm.simulator import MASTER_KEY, LiteLLMSite, hash_of
from adapters.openai_admin.simulator import ADMIN_KEY, KeyRow
from adapters.simulator import Simulator
from console.app import main
from console.cli.frame import Call
from console.domain.corrections import IN_EFFECT
from console.services import incidents, providers
from console.services.session import Session
from console.services.standing import corrections
from tests.adapters import openai_kit
from tests.kit.pair import found, pair_at, passphrase
from tests.services.test_lists import run, sign

LEAKED, FRESH = "sk-leaked-0001", "sk-fresh-0001"


@pytest.fixture
def vendors() -> Iterator[tuple[Simulator, Simulator]]:
    """OpenAI with a leaked account and its replacement; a gateway with a leaked key and its replacement."""
    site = openai_kit.site()
    live = site.state.projects["proj_1"]
    live.accounts["svc_2"] = "robot, new"
    live.keys["key_2"].last_used_at = int(time.time()) - 30
    live.keys["key_4"] = KeyRow("key_4", "sk-svcacct-simulated-new", "svc_2")
    gateway = LiteLLMSite([(LEAKED, "shop", []), (FRESH, "shop, new", [])], [("m-1", "atlas", True)])
    with Simulator(site, name="openai") as openai, Simulator(gateway, name="gateway") as litellm:
        yield openai, litellm


@pytest.fixture
def ready(tmp_path: Path, vendors, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Session, Session, str]]:
    found(tmp_path / "made", world="real")
    openai, litellm = vendors
    monkeypatch.setattr(Call, "passphrase", lambda _call, what, **_new: passphrase("commander", what))
    with pair_at(tmp_path / "made", tmp_path / "org") as (one, two):
        providers.add(one, "openai_admin", "openai", openai_kit.settings(openai.url), lambda _what: ADMIN_KEY)
        providers.add(one, "litellm", "gateway", {"base_url": litellm.url}, lambda _what: MASTER_KEY)
        for name in ("openai", "gateway"):
            providers.adopt_surfaces(one, name)
        inc = incidents.declare(one, "credentials in a public repository", severity=2).entry.inc
        assert inc is not None
        yield one, two, inc


def line(capsys, one: Session, *words: str) -> tuple[int, dict]:
    code = main(["--profile", str(one.paths.root), "--json", "rotate", *words])
    out = capsys.readouterr().out.strip()
    return code, json.loads(out.splitlines()[-1]) if out else {}


def states(capsys, one: Session) -> list[str]:
    (shown,) = line(capsys, one, "show")[1]["rotations"]
    return [held["state"] for held in shown["credentials"]]


def used_now(openai: Simulator, litellm: Simulator) -> None:
    """Both replacements are called: each provider writes down when."""
    openai.site.state.projects["proj_1"].keys["key_4"].last_used_at = int(time.time())
    litellm.site.state.keys[hash_of(FRESH)].last_active = datetime.now(UTC).isoformat()


def test_one_leak_at_two_vendors(ready, vendors, capsys) -> None:
    one, two, inc = ready
    openai, litellm = vendors
    live, keys = openai.site.state.projects["proj_1"], litellm.site.state.keys
    before = live.limits["atlas"][0]
    code, begun = line(
        capsys, one, "begin", "--why", "found in a public repository",
        "--credential", "openai:atlas svc_1 svc_2 slow=project.rpm@proj_1,model=atlas,rpm=1 revoke=account.delete",
        "--credential", "gateway:atlas shop 'shop, new' slow=key.rpm,rpm=1 revoke=key.block",
    )  # fmt: skip
    assert code == 0, begun
    assert begun["credentials"][0]["old_last_ms"] is not None, "who uses it: OpenAI tells when it was used last"
    assert begun["credentials"][1]["old_last_ms"] is None, "a gateway that wrote no time down says nothing"

    # the reversible sibling first; OpenAI is down, and the gateway's key is slowed all the same
    openai.switch("down")
    code, slowed = line(capsys, one, "slow")
    assert code == 0, slowed
    assert [target["lever"] for target in slowed["targets"]] == ["key.rpm"]
    assert [(left["number"], left["old"]) for left in slowed["left"]] == [(0, "svc_1")]
    sign(one, two, slowed["document"])
    run(one)
    assert (keys[hash_of(LEAKED)].rpm_limit, live.limits["atlas"][0]) == (1, before)
    openai.clear()
    code, rest = line(capsys, one, "slow")
    assert [(target["lever"], target["selector"]) for target in rest["targets"]] == [("project.rpm", "proj_1")]
    assert line(capsys, one, "slow")[0] == 2  # proposed already, both
    sign(one, two, rest["document"])
    run(one)
    assert live.limits["atlas"][0] == 1

    # placed, and seen in use where each provider tells it
    assert [line(capsys, one, "placed", str(number))[0] for number in (0, 1)] == [0, 0]
    assert states(capsys, one) == ["replaced", "replaced"]
    assert line(capsys, one, "revoke")[0] == 2
    used_now(openai, litellm)
    assert states(capsys, one)[0] == "seen in use"
    used_now(openai, litellm)
    keys[hash_of(FRESH)].last_active = datetime.fromtimestamp(time.time() + 2, UTC).isoformat()
    assert states(capsys, one) == ["seen in use", "seen in use"]

    # one correction revokes both; the gateway goes down after it was signed, and is waited for
    code, revoked = line(capsys, one, "revoke")
    assert code == 0, revoked
    assert (revoked["gravity"], revoked["left"]) == ("high", [])  # two surfaces, though neither stops what works
    assert all("which was seen in use" in " ".join(target["notes"]) for target in revoked["targets"])
    sign(one, two, revoked["document"])
    litellm.switch("down")
    run(one, 3_000)
    assert "svc_1" not in live.accounts
    assert not keys[hash_of(LEAKED)].blocked
    assert states(capsys, one) == ["revoked", "seen in use"]
    assert line(capsys, one, "revoke")[0] == 2  # on its way: proposed already
    litellm.clear()
    run(one)
    assert keys[hash_of(LEAKED)].blocked
    assert not keys[hash_of(FRESH)].blocked
    assert "svc_2" in live.accounts
    assert states(capsys, one) == ["revoked", "revoked"]
    (last,) = [each for each in corrections(one, inc) if each.doc == revoked["document"]]
    assert {target.state for target in last.targets} <= {*IN_EFFECT, "accepted"}
