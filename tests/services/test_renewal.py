"""A console's own keys change: in the agent, on a security key, never twice at once; what a revocation would name."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from console.domain.errors import WrongUse
from console.journal.values import Draft
from console.keys import hardware, keyfile
from console.keys.agent import agent_of
from console.keys.faults import WrongPassphrase
from console.keys.publickey import PublicKey
from console.keys.recovery import read_sheet
from console.services import members, organisation, renewal, roster
from console.services.roster_frontier import frontiers
from console.services.session import HELD_WRITER
from tests.keys.device import PIN, device_library, security_key
from tests.keys.test_agent import add, running
from tests.kit.pair import founded, pair, passphrase, sync

__all__ = ["device_library", "founded", "pair", "running", "security_key"]


def asks(who: str, pin: bytes = PIN):
    def ask(what: str, *, new: bool = False) -> bytes:
        return pin if what == hardware.PIN else passphrase(who, what)

    return ask


def test_a_team_key_in_the_agent_becomes_the_writer_key(running, pair, tmp_path: Path) -> None:
    one, two = pair
    held = agent_of().find(str(add(tmp_path)))
    before = one.append(Draft("note", disclosures={"text": "with a key file"}))
    _, outcome = renewal.renew(one, "writer", held=held)
    sync(one, two)
    assert roster.sign(two, outcome.sha).in_force
    sync(one, two)
    kept = keyfile.read_saved(one.paths.key("writer"), "writer")
    assert kept.public == held
    assert keyfile.is_held(kept)
    one.ask = lambda what, *, new=False: pytest.fail(f"{what} was asked for")
    after = one.append(Draft("note", disclosures={"text": "with the agent's key"}))
    assert one.reader.feed(after.feed)[0].entry.pub["continues"][0] == before.feed
    sync(one, two)
    assert two.reader.entry(after.id).standing == "good"
    with pytest.raises(WrongUse, match="knows this key"):
        renewal.renew(one, "writer", held=held)
    subprocess.run(["ssh-add", "-q", "-D"], check=True, capture_output=True, timeout=300)
    one.lock()
    one.offer(HELD_WRITER, b"")
    with pytest.raises(WrongUse, match="holds no Ed25519 key"):
        one.writer()


def test_an_approver_key_moves_to_a_security_key_and_signs_with_it(security_key, pair) -> None:
    one, two = pair
    one.ask = asks("commander")
    _, outcome = renewal.renew(one, "approver", on_device=True)
    sync(one, two)
    assert roster.sign(two, outcome.sha).in_force
    sync(one, two)
    assert keyfile.read_saved(one.paths.key("approver"), "approver").public.hardware
    one.ask = lambda what, *, new=False: PIN if what == "your approver key" else passphrase("commander", what)
    organisation.rehearse(one)
    outcome = members.change_roles(one, "Approver", ("admin", "approver"))
    assert roster.sign(two, outcome.sha).in_force
    security_key.setenv("TEST_DEVICE_AWAY", "1")
    with pytest.raises(Exception, match="plugged in"):
        organisation.rehearse(one)


def test_a_wrong_pin_changes_nothing_and_it_may_be_tried_again(security_key, pair) -> None:
    one, _ = pair
    one.ask = asks("commander", b"0815")
    with pytest.raises(WrongPassphrase):
        renewal.renew(one, "approver", on_device=True)
    assert roster.waiting(one) == ()
    one.ask = asks("commander")
    assert not renewal.renew(one, "approver", on_device=True)[1].in_force


def test_a_key_that_waits_for_signatures_is_not_thrown_away_by_another_try(pair) -> None:
    one, two = pair
    assert not renewal.waits(one, "writer")
    _, outcome = renewal.renew(one, "writer")
    assert renewal.waits(one, "writer")
    made = keyfile.read_saved(one.paths.key("writernext"), "writer").public
    with pytest.raises(WrongUse, match="waits for signatures already"):
        renewal.renew(one, "writer")
    sync(one, two)
    assert roster.sign(two, outcome.sha).in_force
    sync(one, two)
    assert keyfile.read_saved(one.paths.key("writer"), "writer").public == made


@pytest.mark.parametrize(
    ("use", "how"), [("approver", {"held": PublicKey.from_raw(bytes([2] * 32))}), ("writer", {"on_device": True})]
)
def test_a_kind_that_does_not_fit_is_refused(pair, use, how) -> None:
    with pytest.raises(WrongUse):
        renewal.renew(pair[0], use, **how)


def test_what_a_revocation_names_is_known_before_it_is_proposed(pair) -> None:
    one, two = pair
    first = two.append(Draft("note", disclosures={"text": "theirs"}))
    while two.clock.wall_ms() <= first.entry.hlc[0]:  # the moment a theft is told by is a millisecond
        time.sleep(0.001)
    last = two.append(Draft("note", disclosures={"text": "the thief's"}))
    sync(two, one)
    names = frozenset(
        PublicKey.parse(line).fingerprint for line in members.keys_named(one, two.settings.console)
    )  # fmt: skip
    now = frontiers(one, names, None)
    assert [one.aside for one in now] == [0] * len(now)
    assert {one.by_person for one in now} == {True, False}
    since = next(one for one in frontiers(one, names, last.entry.hlc[0]) if one.feed == last.feed)
    assert (since.good.id, since.aside) == (first.id, 1)
    assert all(one.good is None for one in frontiers(one, names, 0))


def test_new_envelopes_replace_the_ones_before_and_only_they_sign_after_a_week(pair, tmp_path: Path) -> None:
    one, two = pair
    old = next(key.key for key in mine(one).keys if key.use == "recovery")
    folder = tmp_path / "stick"
    _, outcome = renewal.renew(one, "recovery", envelopes=folder)
    with pytest.raises(WrongUse, match="waits for signatures already"):
        renewal.renew(one, "recovery", envelopes=folder)
    sync(one, two)
    assert roster.sign(two, outcome.sha).in_force
    sync(one, two)
    fresh, words = unsealed_from(folder)
    keys = {key.key: key.to_ms for key in mine(one).keys if key.use == "recovery"}
    assert keys[fresh.public.line] is None
    assert keys[old] is not None
    assert keys[old] > one.clock.wall_ms()
    assert not one.paths.key("recoverynext").exists()
    waits = members.change_roles(two, "Commander", ("admin", "approver", "commander"))
    sync(two, one)
    one.ask = lambda what, *, new=False: words if what == roster.RECOVERY else passphrase("commander", what)
    assert roster.sign(one, waits.sha, recovery=fresh).in_force
    with pytest.raises(WrongUse, match="still lie as files"):
        renewal.renew(one, "recovery", envelopes=tmp_path / "another")


def test_envelopes_that_no_roster_will_name_do_not_stay(pair, tmp_path: Path) -> None:
    one, _ = pair
    one.ask = lambda what, *, new=False: (
        b"a wrong one" if what == "your approver key" else passphrase("commander", what)
    )
    with pytest.raises(WrongPassphrase):
        renewal.renew(one, "recovery", envelopes=tmp_path / "stick")
    assert list((tmp_path / "stick").iterdir()) == []
    assert roster.waiting(one) == ()


def mine(session):
    return next(one for one in session.roster.roster.persons if one.person == session.me)


def unsealed_from(folder: Path):
    lines = (folder / "recovery-envelope-2.txt").read_text().splitlines()
    words = next(line.strip() for line in lines if line.startswith("    "))
    return read_sheet((folder / "recovery-envelope-1.txt").read_text()), words.encode()
