"""A desk shows what is written here and by other processes, keeps drafts, and ends with nothing left."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from console.services import incidents
from console.services.session import Session
from console.viewmodels.desk import AGAIN_EVERY_S, WATCH_EVERY_S, Desk
from console.viewmodels.drafts import Drafts
from console.viewmodels.outlet import Outlet, Topic
from console.viewmodels.shell import INCIDENTS, NOW, SHELL


@pytest.fixture
def desk(pair: tuple[Session, Session]) -> Iterator[Desk]:
    made = Desk(pair[0])
    made.start()
    yield made
    made.stop()


def _until(condition: Callable[[], bool], within_s: float = 60.0) -> float:
    """How long it took; fails when it does not come true."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within_s, "it did not come true"
        time.sleep(0.01)
    return time.monotonic() - began


def test_it_opens_with_what_stands(desk: Desk) -> None:
    _until(lambda: desk.outlet.latest(SHELL) is not None)
    shell = desk.outlet.latest(SHELL)
    assert shell is not None
    assert (shell.world, shell.rung, shell.inc, shell.unlocked) == ("drill", "founded", None, False)


def test_a_declared_incident_is_chosen_and_its_commander_named(desk: Desk) -> None:
    desk.do(lambda session: incidents.declare(session, "F-7 helps with exploits", 1)).result(60)
    _until(lambda: (shell := desk.outlet.latest(SHELL)) is not None and shell.line is not None)
    shell = desk.outlet.latest(SHELL)
    assert shell is not None
    assert shell.line is not None
    assert (shell.line.severity, shell.commander, shell.unlocked) == (1, "Commander", True)
    assert shell.uncontained_since_ms == shell.line.declared_ms
    assert shell.my_roles == ("commander",)


def test_what_the_command_line_writes_shows_within_a_second(desk: Desk) -> None:
    _until(lambda: desk.outlet.latest(INCIDENTS) is not None)
    before = desk.outlet.latest(INCIDENTS)
    assert before is not None
    profile = desk.session.paths.root
    code = (
        "import sys; from pathlib import Path; from console.runtime.paths import ProfilePaths;"
        "from console.services.session import Session; from console.services import incidents;"
        "from tests.kit.pair import Asks; import time;"
        "s = Session.open(ProfilePaths(Path(sys.argv[1])), Asks('commander')); s.person();"
        "print('ready', flush=True); sys.stdin.readline();"
        "incidents.declare(s, 'from elsewhere', 2); print('done', flush=True); sys.stdin.readline(); s.close()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(profile)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n"
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stdout.readline() == "done\n"
        took_s = _until(lambda: len((desk.outlet.latest(INCIDENTS) or before).lines) == len(before.lines) + 1)
        assert WATCH_EVERY_S < 0.5
        assert took_s < AGAIN_EVERY_S / 2, "seen by watching, not by the round that time alone brings"
    finally:
        child.stdin.write("\n")
        child.stdin.close()
        child.wait(10)
        child.stdout.close()


def test_a_locked_desk_says_so(desk: Desk) -> None:
    desk.do(lambda session: session.writer()).result(60)
    desk.refresh()
    _until(lambda: (shell := desk.outlet.latest(SHELL)) is not None and shell.unlocked)
    desk.lock()
    _until(lambda: (shell := desk.outlet.latest(SHELL)) is not None and not shell.unlocked)


def test_a_fault_travels_in_the_future_and_stops_nothing(desk: Desk) -> None:
    def broken(_session: Session) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        desk.do(broken).result(60)
    assert desk.do(lambda session: session.me).result(60) == desk.session.me


def test_nothing_stands_where_nothing_was_proposed(desk: Desk) -> None:
    _until(lambda: desk.outlet.latest(NOW) is not None)
    now = desk.outlet.latest(NOW)
    assert now is not None
    assert (now.standings, now.needs) == ((), ())


# -- what the desk is made from ----------------------------------------------------------------------------------------


def test_an_outlet_tells_later_posts_and_keeps_the_latest() -> None:
    outlet, heard = Outlet(), []
    topic: Topic[int] = Topic("count")
    stop = outlet.listen(lambda name, value: heard.append((name, value)))
    outlet.post(topic, 1)
    outlet.post(topic, 1)
    outlet.post(topic, 2)
    stop()
    outlet.post(topic, 3)
    assert heard == [("count", 1), ("count", 2)]
    assert outlet.latest(topic) == 3


def test_drafts_are_kept_replaced_and_removed(tmp_path) -> None:
    Drafts(tmp_path).keep("timeline", "half a sent")
    assert Drafts(tmp_path).load() == {"timeline": "half a sent"}
    Drafts(tmp_path).keep("timeline", "half a sentence")
    Drafts(tmp_path).keep("other", "x")
    Drafts(tmp_path).keep("timeline", "")
    assert Drafts(tmp_path).load() == {"other": "x"}
    assert (tmp_path / "drafts.json").stat().st_mode & 0o077 == 0


def test_a_damaged_draft_file_has_no_drafts(tmp_path) -> None:
    (tmp_path / "drafts.json").write_text("{")
    assert Drafts(tmp_path).load() == {}
