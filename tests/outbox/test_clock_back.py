"""Under a doubtful clock containment goes with the doubt written down; restores and what is irreversible wait."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from console.domain.clock_doubt import WAITS
from console.exports.check import check_bundle
from console.exports.evidence import Wrong
from console.journal.values import Draft
from console.outbox import gate
from console.outbox import store as table
from console.outbox.authorise import authorise
from console.runtime.clock import SystemClock
from tests.exports.test_rulings import export, receive, verdict_of_its_own_verifier
from tests.journal.world import INC
from tests.kit.plainadapter import plan_of
from tests.kit.scene import Scene

HOUR = 3_600_000


class SetClock(SystemClock):
    """The machine's clock, and how far somebody set it back or the boot clock went on."""

    __slots__ = ("back", "slept")

    def __init__(self) -> None:
        super().__init__()
        self.back = self.slept = 0

    def wall_ms(self) -> int:
        return super().wall_ms() - self.back

    def boot_ms(self) -> int:
        return super().boot_ms() + self.slept


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.kit.scene.SystemClock", SetClock)
    made = Scene(tmp_path)
    yield made
    asyncio.run(made.aclose())


def decide(scene, sha):
    return scene.store.write(lambda tx: authorise(tx, scene.feed, sha))


def lift(scene, **changes):
    target = scene.target(replace(plan_of("k", now=True, wanted=False), direction="restore"))
    sha, action = scene.propose([target], direction="restore", **changes)
    scene.approve(sha, action, 0, 1)
    return sha


def clock_said(scene):
    return [pub["clock"] for kind, pub in scene.kinds() if kind == "authorised"]


def ask(scene, sha, **changes):
    row = scene.store.write(lambda tx: table.load(tx.connection, sha))[0]
    return scene.store.write(
        lambda tx: gate.recheck(tx, gate.prove(tx, scene.feed, row), replace(row, **changes), tx.now_ms)
    )


def test_containment_goes_and_the_doubt_is_written(scene):
    before, _ = scene.block("before")
    assert decide(scene, before).outcome == "authorised"
    scene.clock.back = 2 * HOUR
    during, _ = scene.block("during")
    assert decide(scene, during).outcome == "authorised"
    assert clock_said(scene) == ["trusted", "doubtful"]
    assert ask(scene, during) is None


def test_a_restore_waits_until_the_clock_is_right(scene):
    scene.clock.back = 2 * HOUR
    sha = lift(scene, lives_ms=5 * HOUR)
    waiting = decide(scene, sha)
    assert waiting.outcome == "waiting"
    assert WAITS in waiting.verdict.missing
    scene.clock.back = 0
    assert decide(scene, sha).outcome == "authorised"
    assert clock_said(scene) == ["trusted"]


def test_what_is_irreversible_waits_too(scene):
    plan = plan_of("k", now=False, wanted=True)
    scene.clock.back = 2 * HOUR
    sha, action = scene.propose([scene.target(plan, reversal="none", credential="verified-replacement")])
    scene.approve(sha, action, 0, 1)
    assert decide(scene, sha).outcome == "waiting"


def test_a_restore_that_was_decided_goes_back_to_people_when_the_clock_goes_back(scene):
    sha = lift(scene)
    assert decide(scene, sha).outcome == "authorised"
    scene.clock.back = 2 * HOUR
    stop = ask(scene, sha)
    assert (stop.state, stop.kind, stop.why) == ("attention", "dispatch.attention", WAITS)


def test_setting_the_clock_back_gives_no_more_time(scene):
    sha, _ = scene.block("k", lives_ms=HOUR)
    assert decide(scene, sha).outcome == "authorised"
    scene.clock.slept = HOUR // 2
    scene.clock.back = -HOUR // 2
    assert ask(scene, sha) is None
    scene.clock.slept = 2 * HOUR  # the machine slept two hours, and its clock was then set to where it had been
    scene.clock.back = 0
    assert ask(scene, sha).state == "expired"


def test_the_outbox_says_it_as_long_as_it_is_so(scene):
    outbox = scene.outbox()
    asyncio.run(outbox.run_once())
    assert outbox.odd == ()
    scene.clock.back = 2 * HOUR
    asyncio.run(outbox.run_once())
    assert "went back by 2 h" in outbox.odd[0]
    scene.clock.back = 0
    asyncio.run(outbox.run_once())
    assert outbox.odd == ()


def test_an_auditor_judges_a_doubtful_decision_by_the_same_rule(scene, tmp_path):
    scene.clock.back = 2 * HOUR
    during, _ = scene.block("during")
    assert decide(scene, during).outcome == "authorised"
    export(scene, tmp_path / "sound")
    check_bundle(tmp_path / "sound", scene.genesis)
    done = verdict_of_its_own_verifier(tmp_path / "sound")
    assert "had not its people" not in done.stdout
    assert done.returncode == 0


def test_an_auditor_finds_a_restore_that_went_under_a_doubtful_clock(scene, tmp_path):
    target = scene.target(replace(plan_of("k", now=True, wanted=False), direction="restore"))
    sha, action = scene.propose([target], direction="restore")
    records = [receive(scene, number, sha, "action.v1", action.op) for number in (0, 1)]
    heads = sorted([feed, seq, ident] for feed, (seq, ident) in scene.store.reader().heads().items())
    pub = {
        "doc": sha, "records": records, "roster": list(scene.ref), "policy": scene.policy,
        "now": scene.clock.wall_ms(), "clock": "doubtful", "seen": heads, "verdict": "approved",
    }  # fmt: skip
    draft = Draft("dispatch.authorised", inc=INC, subj=action.op, pub=pub)
    scene.store.write(lambda tx: tx.append(scene.feed, draft, roster=scene.ref))
    export(scene, tmp_path / "b")
    with pytest.raises(Wrong, match="The clock went back: restores"):
        check_bundle(tmp_path / "b", scene.genesis)
    done = verdict_of_its_own_verifier(tmp_path / "b")
    assert (done.returncode, WAITS.rstrip(".") in done.stdout) == (1, True)
