"""Lists of 5,000 accounts against real servers: matched, signed by two, killed in the middle, resumed, given back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.domain.lists import read_list
from console.keys.vault import WHAT
from console.outbox.lists import PIECE
from console.runtime.paths import ProfilePaths
from console.services import approvals, corrections, incidents, list_progress, lists, protected, providers
from console.services.corrections import TargetWish
from console.services.session import Session
from tests.kit.pair import Asks, found, pair_at, passphrase, sync
from tests.scenarios.list_sites import Gateway, Proxy, Site

SENT = int(os.environ.get("LISTS_SENT_TO_LITELLM", "400"))
"""How many of them LiteLLM really blocks; `LISTS_SENT_TO_LITELLM=5000` for all."""
pytestmark = [pytest.mark.real, pytest.mark.timeout(600 + SENT // 4)]
ROOT = Path(__file__).resolve().parents[2]
COUNT = 5_000
PROVIDER = "plane"
WITHIN_S = 240 + SENT // 10


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people with keys, founded for real servers."""
    folder = tmp_path_factory.mktemp("founded")
    found(folder / "org", "real")
    return folder / "org"


class Desk:
    """Two consoles, and the first one's dispatcher as a process of its own that can be killed."""

    def __init__(self, founded: Path, folder: Path) -> None:
        self.folder = folder
        self.took: dict[str, float] = {}
        with pair_at(founded, folder):
            pass

    def open(self, who: str) -> Session:
        return Session.open(ProfilePaths(self.folder / who), Asks(who))

    def start(self) -> subprocess.Popen[str]:
        read, write = os.pipe()
        try:
            os.write(write, passphrase("commander", WHAT) + b"\n")  # it signs with the key of its device
            os.close(write)
            front = ["--profile", str(self.folder / "commander"), "--json", "--passphrase-fd", str(read)]
            return subprocess.Popen(
                [sys.executable, "-m", "console", *front, "outbox", "run", "--until-settled", "--fast"], text=True,
                pass_fds=(read,), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        finally:
            os.close(read)

    def run(self) -> list[tuple[str, str]]:
        """Send until nothing is left to do; the states it ended in, and why."""
        child = self.start()
        try:
            out, err = child.communicate(timeout=WITHIN_S)
        finally:
            child.kill()
        assert "Traceback" not in err, err
        return [(row["state"], row["detail"]) for row in json.loads(out.splitlines()[-1])["rows"]]

    def kill_in_the_middle(self, reached: Callable[[], bool]) -> None:
        """SIGKILL to the dispatcher once that is reached."""
        child = self.start()
        try:
            ends = time.monotonic() + WITHIN_S
            while not reached():
                assert child.poll() is None, child.communicate(timeout=30)
                assert time.monotonic() < ends, "it never came so far"
                time.sleep(0.05)
        finally:
            child.kill()
            child.communicate(timeout=30)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Print at the end how long a part took."""
        began = time.monotonic()
        yield
        self.took[what] = round(time.monotonic() - began, 1)

    def sign(self, one: Session, sha: str) -> None:
        with self.open("approver") as two:
            sync(one, two)
            for who, session in (("commander", one), ("approver", two)):
                held = corrections.find_document(session, sha)
                approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
            sync(one, two)


@pytest.fixture
def desk(organisation: Path, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(organisation, tmp_path / "org")
    yield made
    sys.stdout.write(f"{made.took}\n")


def story(desk: Desk, site: Site, folder: Path, before: int = 0) -> None:  # noqa: PLR0915  one story, in order
    """From a file of accounts to their block, through a kill, and back.

    `before` more are blocked already by somebody else.
    """
    calls = dict(zip(site.names, site.ids, strict=True))
    theirs, kept, canary, spoiled = site.names[0], site.names[1], site.names[2], site.names[3]
    others = {calls[name] for name in (theirs, *site.names[len(site.names) - before :])}
    site.block(others)
    text = "".join(f"{line}\n" for line in ["account", *site.names, site.names[5], *site.wrong])
    with desk.open("commander") as one:
        made, _ = providers.add(one, site.adapter, PROVIDER, site.settings, lambda _what: site.secret)
        providers.adopt_surfaces(one, made.id)
        providers.add_canary(one, made.id, canary, site.credential(canary))
        protected.protect(one, kept, "a named customer")
        inc = incidents.declare(one, "a campaign", severity=1).entry.inc
        assert inc is not None
        wished = TargetWish(provider=PROVIDER, surface=site.surface, lever=site.lever)
        imported = read_list(text.encode(), "campaign.csv")
        assert (imported.read, imported.again) == (COUNT + 1 + len(site.wrong), 1)
        with desk.timed("match"):
            matched = lists.match(one, wished, imported)
        assert {name for name, _ in matched.unknown} == set(site.wrong)
        assert dict(matched.protected) == {calls[kept]: "a named customer", calls[canary]: protected.CANARY}
        assert (set(matched.already), matched.other) == (others, ())
        assert set(matched.accounts) == set(site.ids) - others - {calls[kept], calls[canary]}
        beside = replace(wished, selector=canary, canary=True)
        proposal = lists.propose(one, inc, matched, "a campaign", canaries=[beside])
        (listed,) = lists.listed_in(one, corrections.find_document(one, proposal.sha))
        desk.sign(one, proposal.sha)
    site.spoil(calls[spoiled])

    with desk.timed("sent until it was killed"):
        desk.kill_in_the_middle(lambda: len(site.blocked()) >= len(others) + 2 * PIECE)
    assert len(site.blocked()) < len(others) + len(matched.accounts) - PIECE
    with desk.timed("resumed"):
        states = desk.run()
    assert len(states) == 2
    assert {state for state, _ in states} == {"enforced"}, states
    aimed = {*matched.accounts, calls[canary]} - {calls[spoiled]}
    assert site.blocked() - {calls[spoiled]} == others | aimed
    by_id = {found: name for name, found in calls.items()}
    assert not any(site.served(by_id[one]) for one in listed.drawn if one != calls[spoiled])
    assert site.served(kept)
    with desk.open("commander") as one:
        (far,) = list_progress.progress(one, proposal.op)
        assert far.gone_through == len(matched.accounts)
        assert [account for account, _ in far.failed] == [calls[spoiled]]
        assert list_progress.write_failures(one, proposal.op, folder / "failed.csv") == 1
        assert calls[spoiled] in (folder / "failed.csv").read_text(encoding="utf-8")
        with desk.timed("match to give back"):
            back = lists.lift(one, proposal.op, "the campaign is over")
        assert back.action.direction == "restore"
        desk.sign(one, back.sha)
    with desk.timed("given back"):
        desk.run()
    assert site.blocked() - {calls[spoiled]} == others
    assert all(site.served(by_id[one]) for one in listed.drawn if one != calls[spoiled])
    assert not site.served(theirs)


def test_five_thousand_callers_of_haproxy(desk: Desk, real_servers: dict[str, Any], tmp_path: Path) -> None:
    site = Proxy(real_servers["haproxy"], COUNT)
    story(desk, site, tmp_path)
    assert site.in_file() == {site.names[0]}


def test_five_thousand_keys_of_litellm(desk: Desk, real_servers: dict[str, Any], tmp_path: Path) -> None:
    """All are there and matched; `SENT` of them are blocked, the others are so already.

    A minute of it is the one for which this gateway may still let calls through; 5,000 take three more.
    """
    with closing(Gateway(real_servers["litellm"], COUNT)) as site:
        story(desk, site, tmp_path, before=COUNT - min(SENT, COUNT))
