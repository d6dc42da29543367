"""A leaked credential at two gateways: slowed by one correction, replaced, seen in use, revoked by one correction."""

from __future__ import annotations

import json
import os

import pytest

from adapters.practice.simulator import CallerKey, Estate
from console.app import main
from console.domain.errors import WrongUse
from console.services import corrections, providers, rotating, rotation
from console.services.rotation import Item
from console.services.session import Session
from tests.kit.pair import founded, pair, passphrase
from tests.services.test_lists import estate, ready, run, sign

__all__ = ["estate", "founded", "pair", "ready"]


def items(session: Session) -> list[Item]:
    found = []
    for one in providers.surfaces(session):
        old = "key-shop" if "east" in (one.name or "") else "key-batch"
        found.append(Item(instance=one.instance, surface=one.surface, old=old, new="key-fresh", sibling="key.rpm",
                          params=(("rpm", "1"),), revoke="key.block"))  # fmt: skip
    return sorted(found, key=lambda one: one.old)


def used(estate: Estate, site: str, key: str) -> None:
    estate.sites[site].state[key].asked += 1


def test_slowed_replaced_seen_in_use_and_revoked_at_two_gateways(ready, estate: Estate) -> None:
    one, two, inc = ready
    for site in ("gateway-east", "gateway-west"):
        estate.sites[site].state["key-fresh"] = CallerKey("key-fresh", "Fresh", f"practice-{site}-fresh")
    with pytest.raises(WrongUse, match="revokes no credential"):
        rotation.begin(one, inc, [Item(**{**vars_of(items(one)[0]), "revoke": "key.rpm"})], "leaked")
    rotation.begin(one, inc, items(one), "found in a public repository")
    rotation.look(one, inc)
    slowed = rotating.slow(one, inc, "").made
    assert [target.lever for target in slowed.action.targets] == ["key.rpm", "key.rpm"]
    with pytest.raises(WrongUse, match="proposed already"):
        rotating.slow(one, inc, "")
    sign(one, two, slowed.sha)
    run(one)
    assert estate.sites["gateway-east"].state["key-shop"].rpm.recorded == 1
    assert estate.sites["gateway-west"].state["key-batch"].rpm.recorded == 1
    (now,) = rotation.rotations(one, inc)
    assert [(held.word, held.slowed) for held in now.items] == [("in use", True), ("in use", True)]
    with pytest.raises(WrongUse, match="replaced and seen in use"):
        rotating.revoke(one, inc, "")

    rotation.placed(one, inc, "", 0)
    rotation.look(one, inc)
    assert rotation.rotations(one, inc)[0].items[0].word == "replaced"
    used(estate, "gateway-west", "key-fresh")  # item 0 is key-batch, at the west
    rotation.look(one, inc)
    (now,) = rotation.rotations(one, inc)
    assert [held.word for held in now.items] == ["seen in use", "in use"]
    assert now.ready == (0,)

    made = rotating.revoke(one, inc, "").made
    assert [target.credential for target in made.action.targets] == ["verified-replacement"]
    assert "seen in use" in " ".join(made.plans[0].notes)
    assert made.action.gravity == "normal"
    grave = rotating.revoke(one, inc, "", all_of_them=True).made
    assert (grave.action.gravity, [t.credential for t in grave.action.targets]) == ("high", ["in-use"])
    with pytest.raises(WrongUse, match="proposed already"):
        rotating.revoke(one, inc, "", all_of_them=True)
    corrections.cancel(one, grave.sha, "not yet")
    sign(one, two, made.sha)
    run(one)
    assert estate.sites["gateway-west"].state["key-batch"].blocked.recorded
    assert not estate.sites["gateway-east"].state["key-shop"].blocked.recorded
    assert [held.word for held in rotation.rotations(one, inc)[0].items] == ["revoked", "in use"]


def vars_of(item: Item) -> dict:
    return {name: getattr(item, name) for name in Item.__dataclass_fields__}


def run_line(capsys, paths, *words: str, typed: str = "") -> tuple[int, dict]:
    read, write = os.pipe()
    os.write(write, typed.encode())
    os.close(write)
    code = main(["--profile", str(paths.root), "--json", "--passphrase-fd", str(read), *words])
    os.close(read)
    out = capsys.readouterr().out.strip()
    return code, json.loads(out.splitlines()[-1]) if out else {}


def test_on_the_command_line(ready, estate: Estate, capsys) -> None:
    one, _, _ = ready
    key = f"{passphrase('commander', 'your writer key').decode()}\n"
    leak = "gateway-east key-shop key-canary slow=key.rpm,rpm=1 revoke=key.block"
    code, told = run_line(capsys, one.paths, "rotate", "begin", "--why", "leaked", "--credential", leak, typed=key)
    assert code == 0
    assert told["credentials"][0]["state"] == "in use"
    assert run_line(capsys, one.paths, "rotate", "placed", "0", typed=key)[0] == 0
    assert run_line(capsys, one.paths, "rotate", "show")[1]["rotations"][0]["credentials"][0]["state"] == "replaced"
    assert run_line(capsys, one.paths, "rotate", "revoke", typed=key)[0] == 2
    assert run_line(capsys, one.paths, "rotate", "slow", typed=key)[1]["gravity"] == "normal"
    wrong = run_line(capsys, one.paths, "rotate", "begin", "--why", "x", "--credential", "gateway-east", typed=key)
    assert wrong[0] == 2
