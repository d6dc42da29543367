"""A profile copied off a laptop: it signs nothing that carries authority, and what it writes later is quarantined."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from adapters.practice.simulator import Estate
from console.domain.errors import Problem
from console.journal.values import Draft
from console.journal.verify import verify_profile
from console.keys.faults import WrongPassphrase
from console.runtime.paths import ProfilePaths
from console.services import approvals, corrections, dispatch, incidents, members, roster
from console.services.corrections import TargetWish
from console.services.session import APPROVER, WRITER, Locked, Session, nobody_asked
from tests.kit.pair import connect, founded, pair, sync
from tests.services.test_lists import QUICK
from tests.services.test_roster_life import admitted, newcomer

__all__ = ["founded", "newcomer", "pair"]


@pytest.fixture
def estate():
    with Estate(gateway_lag_s=0.0) as running:
        yield running


@pytest.fixture
def thief(pair, tmp_path):
    """The whole profile folder of the second person, without any passphrase and with the share of all."""
    _, two = pair
    with two.store.reader().snapshot():
        shutil.copytree(two.paths.root, tmp_path / "copied", ignore=shutil.ignore_patterns("engine.lock"))
    with Session.open(ProfilePaths(tmp_path / "copied"), nobody_asked) as session:
        yield session


def test_it_signs_nothing_that_carries_authority(pair, estate, thief) -> None:
    one, _ = pair
    connect(one, estate, "gateway")
    inc = str(incidents.declare(one, "a campaign", severity=1).entry.inc)
    wishes = [TargetWish(provider="gateway-east", surface="", lever="key.block", selector=key)
              for key in ("key-research", "key-shop")]  # fmt: skip
    made = corrections.propose(one, inc, wishes, "exploits")
    sync(one, thief)
    held = corrections.find_document(thief, made.sha)
    before = len(thief.reader.entries())
    for act in (
        lambda: thief.append(Draft("note", inc, None, {}, {"text": "t"})),
        lambda: approvals.decide(thief, held, "approve", lambda: nobody_asked(APPROVER)),
        lambda: incidents.declare(thief, "a lie", severity=4),
    ):
        with pytest.raises(Locked):
            act()
    for guess in (b"", b"practise", b"password"):
        thief.offer(WRITER, guess)
        with pytest.raises(Problem) as refused:
            thief.append(Draft("note", inc, None, {}, {"text": "t"}))
        assert isinstance(refused.value, WrongPassphrase | Locked)
        with pytest.raises(Problem):
            approvals.decide(thief, held, "approve", lambda guess=guess: guess)
    dispatch.run_outbox(thief, deadline_ms=thief.clock.boot_ms() + 2_000, pace=QUICK)
    written = {one_.entry.kind for one_ in thief.reader.entries()[before:]}
    assert not written & {"dispatch.authorised", "dispatch.intent", "correction.approved", "approval.received"}
    sync(one, thief)
    judged = approvals.judge(one, corrections.find_document(one, made.sha))
    assert judged.verdict.counted == ()


def test_what_it_writes_after_its_revocation_is_quarantined_everywhere(pair, newcomer, tmp_path) -> None:
    """The machine's key opens with the profile, and so with a copy: until revoked it writes, without authority."""
    one, two = pair
    third = admitted(pair, newcomer)
    good = third.append(Draft("note", disclosures={"text": "before"}))
    sync(third, one, two)
    shutil.copytree(third.paths.root, tmp_path / "copy", ignore=shutil.ignore_patterns("engine.lock"))
    with Session.open(ProfilePaths(tmp_path / "copy"), nobody_asked) as thief:
        device = thief.device()
        late = thief.store.write(
            lambda tx: tx.append(device, Draft("redact.done", pub={"doc": "ab" * 32}), roster=thief.ref)
        )
        sync(thief, one)
        outcome = members.revoke(one, third.settings.console, "stolen", late.entry.hlc[0])
        sync(one, two)
        roster.sign(two, outcome.sha)
        sync(two, one)
        for session in (one, two):
            stored = session.reader.entry(late.id)
            assert stored is None or stored.standing == "quarantined"
            assert session.reader.entry(good.id).standing == "good"
            assert verify_profile(session.store).first_wrong is None
        sync(thief, one)
        with pytest.raises(Problem):
            thief.device()  # and once it hears of it, it writes nothing more


def test_settings_of_the_copy_hold_no_secret(pair, thief) -> None:
    assert replace(thief.settings) == pair[1].settings
    assert b"secret" not in thief.paths.settings.read_bytes().replace(b"No secret belongs here", b"")
