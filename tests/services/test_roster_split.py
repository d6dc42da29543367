"""A split of the roster: containment goes on with people who stand in both, the rest waits, one version ends it."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest

from console.domain.errors import WrongUse
from console.exports.check import check_bundle
from console.keys import keyfile, signer, sshsig
from console.services import approvals, corrections, dispatch, exporting, incidents, lodging, members, roster, settling
from console.services.closing import propose_closing
from console.services.corrections import TargetWish
from console.services.needs import needs
from console.services.organisation import genesis_of
from console.services.verification import whole
from console.sync.folder import FolderPlace
from console.sync.people import put_roster
from tests.kit.pair import connect_manual, founded, pair, passphrase, sync
from tests.services.test_roster_life import admitted, newcomer

__all__ = ["founded", "newcomer", "pair"]
KEY = "your approver key"


def split(one, two, third, share):
    """Two versions 3, each signed by one of the first two and by the third with a program that is not ours."""
    first = members.change_roles(one, "Scribe", ("admin", "approver"))
    other = members.change_roles(two, "Scribe", ("admin", "observer"))
    [raw] = [waits.raw for waits in roster.waiting(third) if waits.sha == other.sha]
    roster.sign(third, first.sha)
    key = keyfile.read_saved(third.paths.key("approver"), "approver")
    blob = signer.sign_once(key, sshsig.roster_ns(one.org), raw, passphrase("scribe", KEY))
    put_roster(share, 3, raw, {key.public.fingerprint: blob})
    return first.sha, other.sha


def say(session, who, sha):
    held = corrections.find_document(session, sha)
    return approvals.decide(session, held, "approve", lambda: passphrase(who, KEY))


def hear_apart(one, two, first, other, share, aside):
    """The first console hears of one version before the other, the second the other way round."""
    folder, places = share.folder / "v1" / "roster", {first: aside / "first", other: aside / "other"}
    for session, hidden in ((one, other), (two, first)):
        places[hidden].mkdir()
        for path in [path for path in folder.iterdir() if hidden in path.name]:
            path.rename(places[hidden] / path.name)
        dispatch.sync_all(session)
        for path in places[hidden].iterdir():
            path.rename(folder / path.name)


def missing(session, sha):
    return approvals.judge(session, corrections.find_document(session, sha)).verdict.missing


def contain(one, everyone):
    """An action of containment and a closing, proposed by the first; the incident and both documents."""
    connect_manual(one, "atlas-large")
    inc = incidents.declare(one, "it helps with exploits", 1).entry.inc
    wish = TargetWish(provider="vendor", surface="at-vendor", lever="manual.ask", params={"instruction": "withdraw it"})
    made = corrections.propose(one, inc, [wish], "It helps with exploits.")
    closing = propose_closing(one, inc)
    sync(*everyone)
    return inc, made.sha, closing


def test_a_split_is_ended_by_one_version_that_the_admins_of_both_sign(pair, newcomer, tmp_path) -> None:
    one, two = pair
    third = admitted(pair, newcomer)
    everyone = (one, two, third)
    sync(third)
    with pytest.raises(WrongUse, match="not split"):
        settling.settle(one, "nothing to do")
    share = FolderPlace(tmp_path / "org" / "share")
    first, other = split(one, two, third, share)
    hear_apart(one, two, first, other, share, tmp_path)
    sync(*everyone)
    sync(*everyone)
    assert (one.roster.sha256, two.roster.sha256) == (first, other)
    assert all(len(lodging.splits(session)) == 1 for session in everyone)

    inc, action, closing = contain(one, everyone)
    say(one, "commander", action)
    say(two, "approver", action)
    sync(*everyone)
    assert missing(one, action) == ()
    assert any("Two rosters" in why for why in missing(two, closing))
    dispatch.run_outbox(one, deadline_ms=one.clock.boot_ms() + 3_000)
    assert one.reader.entries(inc, kinds=("dispatch.authorised",))

    outcome = settling.settle(one, "The scribe approves; two signed by mistake.")
    assert not outcome.in_force
    sync(*everyone)
    [waits] = [waits for waits in roster.waiting(two) if waits.sha == outcome.sha]
    assert (waits.mine, waits.problem, waits.reason) == ("may", "", "The scribe approves; two signed by mistake.")
    assert any(need.kind == "roster" for need in needs(two, (), ()))
    roster.sign(two, outcome.sha)
    sync(*everyone)
    sync(*everyone)
    for session in everyone:
        assert [version.sha256 for version in session.store.rosters()][3:] == [first, outcome.sha]
        assert lodging.splits(session) == ()
        assert whole(session.store).ok
    say(one, "commander", closing)
    say(two, "approver", closing)
    sync(*everyone)
    assert missing(one, closing) == ()
    after = members.change_roles(one, "Scribe", ("admin", "observer"))
    [raw] = [waits.raw for waits in roster.waiting(one) if waits.sha == after.sha]
    assert b"settles" not in raw  # the version after it is an ordinary one
    an_auditor_sees_both_branches(one, inc, other, tmp_path)


def an_auditor_sees_both_branches(session, inc, other, folder):
    bundle = folder / "bundle.zip"
    exporting.export(session, inc, bundle)
    assert check_bundle(bundle, genesis_of(session)).decisions == 1
    with zipfile.ZipFile(bundle) as archive:
        assert any(name.startswith(f"roster/beside/3-{other}") for name in archive.namelist())
        archive.extractall(folder / "out")
    ran = subprocess.run(
        [sys.executable, "-I", "verify.py"],
        cwd=folder / "out",
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
