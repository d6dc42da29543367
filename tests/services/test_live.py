"""The engine in the window's process: it watches, syncs, dispatches, steps back, and ends when it is told to."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import pytest

from adapters.practice.simulator import Estate
from console.journal.telemetry import Telemetry, path_beside
from console.journal.values import Draft
from console.outbox.steps import Pace
from console.providers.instance import FILE_NAME
from console.providers.poller import look
from console.runtime.instance import EngineLock
from console.runtime.paths import ProfilePaths
from console.services import approvals, corrections, dispatch, drill, live_places, live_watch, providers
from console.services import live as live_module
from console.services.corrections import TargetWish
from console.services.dispatch import EngineBusy
from console.services.incidents import declare
from console.services.live import CONNECTIVITY, LOOKS, OUTBOX, SYNC, Live, LivePace
from console.services.live_values import Connectivity, Looks, ProviderLink
from console.services.live_watch import Watch
from console.services.record import start_record
from console.services.session import SECRETS, Session, nobody_asked
from console.sync.folder import FolderPlace
from console.sync.report import SyncReport
from tests.kit.clock import FakeClock

QUICK = LivePace(poll_ms=150, calm_ms=150, tick_s=0.02, lock_s=0.05, sync_ms=100, again_s=0.05)
OUTBOX_PACE = Pace(
    tick_s=0.02, sync_ms=200, poll_ms=200, settle_ms=100, hold_ms=60_000, stable_ms=200, record_ms=3_000,
    recheck_ms=100, spread_ms=600, patience_ms=3_000,
)  # fmt: skip
WITHIN_S = 60.0
LONG = b"a long enough passphrase"


def ask(what: str, *, new: bool = False) -> bytes:
    return LONG


@dataclass
class Heard:
    """A listener that keeps the latest of everything, and can wait for a thing to be so."""

    latest: dict[str, Any] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    _turn: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, key: str, snapshot: object) -> None:
        with self._turn:
            self.latest[key] = snapshot
            self.keys.append(key)
            self._turn.notify_all()

    def until(self, so: Callable[[], Any], within_s: float = WITHIN_S) -> Any:
        """Wait for what is posted, never for a time."""
        ends = time.monotonic() + within_s
        with self._turn:
            while not (found := self._try(so)):
                left = ends - time.monotonic()
                assert left > 0, f"not within {within_s} s; latest: {self.latest}"
                self._turn.wait(min(left, 0.5))
        return found

    def _try(self, so: Callable[[], Any]) -> Any:
        try:
            return so()
        except (KeyError, StopIteration, IndexError):
            return None  # not posted yet

    @property
    def connectivity(self) -> Connectivity:
        found = self.latest[CONNECTIVITY]
        assert isinstance(found, Connectivity)
        return found

    def link(self, name: str) -> ProviderLink:
        return next(one for one in self.connectivity.providers if one.name == name)

    def states(self) -> dict[str, str]:
        return {one.name: one.state for one in self.connectivity.providers}


@pytest.fixture
def estate() -> Iterator[Estate]:
    with Estate(gateway_lag_s=0.1, cloud_lag_s=0.1, unload_s=0.1) as running:
        yield running


def connect(session: Session, estate: Estate, *names: str) -> None:
    for one in estate.instances():
        if not names or one["name"] in names:
            secret = one["secrets"]["admin"]
            made, _ = providers.add(session, "practice", one["name"], one["settings"], lambda _what, s=secret: s)
            providers.adopt_surfaces(session, made.id)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Session]:
    paths = ProfilePaths(tmp_path / "alone")
    start_record(paths, ask, name="Commander", world="drill")
    with Session.open(paths, ask) as session:
        yield session


class Running:
    """A Live that ends with the test, in time."""

    def __init__(self, session: Session, **how: Any) -> None:
        self.heard = Heard()
        self.live = Live(session, self.heard, pace=how.pop("pace", QUICK), outbox_pace=OUTBOX_PACE)

    def __enter__(self) -> Self:
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        began = time.monotonic()
        self.live.stop()
        assert time.monotonic() - began < 30.0


# -- watching ----------------------------------------------------------------------------------------------------------


def test_a_record_of_one_person_is_watched_and_dispatches_nothing(alone: Session, estate: Estate) -> None:
    connect(alone, estate)
    with Running(alone) as run:
        run.heard.until(lambda: set(run.heard.states().values()) == {"answers"})
        assert run.heard.connectivity.engine.state == "recording"
        assert "one person" in run.heard.connectivity.engine.sentence
        assert run.heard.connectivity.answering == (4, 4)
        looks: Looks = run.heard.latest[LOOKS]
        assert {one.name for one in looks.surfaces} >= {"gateway-east", "Atlas large"}
        assert {s.state for one in looks.instances for s in one.surfaces} == {"serving"}
        with pytest.raises(Exception, match="Nothing is dispatched here"):
            run.live.release("d" * 64, 0).result(60)


def test_a_provider_that_goes_is_told_and_is_told_again_when_it_returns(alone: Session, estate: Estate) -> None:
    connect(alone, estate)
    with Running(alone) as run:
        run.heard.until(lambda: run.heard.link("cloud").state == "answers")
        before = run.heard.link("cloud")
        estate.simulators["cloud"].switch("down")
        run.heard.until(lambda: run.heard.link("cloud").state == "unreachable")
        gone = run.heard.link("cloud")
        assert gone.fault
        assert gone.latency_ms is None
        assert gone.read_ms is not None
        assert before.read_ms is not None
        assert gone.read_ms >= before.read_ms
        assert run.heard.link("gateway-east").state == "answers"
        estate.simulators["cloud"].clear("down")
        run.heard.until(lambda: run.heard.link("cloud").state == "answers")
        assert run.heard.link("cloud").fault == ""


def test_one_that_hangs_holds_up_no_other_and_not_the_end(alone: Session, estate: Estate) -> None:
    connect(alone, estate)
    estate.simulators["cloud"].switch("slow", seconds=600)
    with Running(alone) as run:
        run.heard.until(lambda: [one for one in run.heard.states().values() if one == "answers"] == ["answers"] * 3)
        first = run.heard.link("gateway-east").read_ms
        run.heard.until(lambda: (run.heard.link("gateway-east").read_ms or 0) > (first or 0) + 300)
        assert run.heard.link("cloud").state == "unread"


def test_one_that_is_down_is_asked_less_and_less(alone: Session, estate: Estate) -> None:
    connect(alone, estate, "cloud")
    with Running(alone, pace=replace(QUICK, poll_ms=50, calm_ms=50)) as run:
        run.heard.until(lambda: run.heard.link("cloud").state == "answers")
        estate.simulators["cloud"].switch("down")
        seen: list[int] = []

        def noted() -> bool:
            at = run.heard.link("cloud").looked_ms or 0
            if not seen or seen[-1] != at:
                seen.append(at)
            return run.heard.link("cloud").state == "unreachable" and len(seen) > 5

        run.heard.until(noted)
        gaps = [later - earlier for earlier, later in pairwise(seen)]
        assert gaps[-1] > 4 * 50


def test_what_was_measured_is_there_after_a_restart(alone: Session, estate: Estate) -> None:
    connect(alone, estate, "gateway-east")
    ident = providers.instances_of(alone).get("gateway-east").id
    with Running(alone) as run:
        run.heard.until(lambda: run.heard.link("gateway-east").state == "answers")
        with Telemetry(path_beside(alone.paths.index)) as kept:
            run.heard.until(lambda: kept.last(ident, "gateway-east", alone.clock.wall_ms()))
    with Running(alone, pace=replace(QUICK, poll_ms=60_000, calm_ms=60_000)) as run:
        run.heard.until(lambda: len(run.heard.latest[LOOKS].instances[0].latency) >= 2)


def test_a_provider_that_another_process_added_or_broke_shows(alone: Session, estate: Estate) -> None:
    connect(alone, estate, "cloud")
    with Running(alone) as run:
        run.heard.until(lambda: run.heard.states() == {"cloud": "answers"})
        connect(alone, estate, "gateway-east")
        run.heard.until(lambda: run.heard.states() == {"cloud": "answers", "gateway-east": "answers"})
        run.heard.until(lambda: "gateway-east" in {one.name for one in run.heard.latest[LOOKS].surfaces})
        file = alone.paths.root / FILE_NAME
        sound = file.read_bytes()
        file.write_bytes(b"{")
        run.heard.until(lambda: any("cannot be read" in one for one in run.heard.connectivity.odd))
        first = run.heard.link("cloud").read_ms
        run.heard.until(lambda: run.heard.link("cloud").read_ms != first)
        file.write_bytes(sound)
        run.live.reload_providers().result(60)
        assert set(run.heard.states()) == {"cloud", "gateway-east"}


def test_what_a_colleague_retired_is_on_no_board_and_counts_for_nothing(alone: Session, estate: Estate) -> None:
    connect(alone, estate, "gateway-east", "gateway-west")
    gone = providers.instances_of(alone).get("gateway-east").id
    with Running(alone) as live:
        live.heard.until(lambda: set(live.heard.states()) == {"gateway-east", "gateway-west"})
        alone.append(Draft("provider.removed", pub={"instance": gone}, disclosures={"reason": "replaced"}))
        live.heard.until(lambda: set(live.heard.states()) == {"gateway-west"})
        live.heard.until(
            lambda: (
                [one.link.name for one in live.heard.latest[LOOKS].instances] == ["gateway-west"]
                and gone not in {one.instance for one in live.heard.latest[LOOKS].surfaces}
            )
        )


def test_what_hears_badly_does_not_end_the_engine(alone: Session, estate: Estate) -> None:
    connect(alone, estate, "cloud")
    heard = Heard()

    def deaf(key: str, snapshot: object) -> None:
        heard(key, snapshot)
        if key == LOOKS:
            raise RuntimeError("deaf")

    live = Live(alone, deaf, pace=QUICK)
    live.start()
    try:
        heard.until(lambda: any("did not take looks" in one for one in heard.connectivity.odd))
        heard.until(lambda: heard.link("cloud").state == "answers")
    finally:
        live.stop()


def test_what_is_asked_after_the_end_says_so(alone: Session) -> None:
    with Running(alone) as run:
        run.live.look_now().result(60)
    with pytest.raises(Exception, match="does not take work"):
        run.live.look_now().result(60)


def test_a_provider_that_the_dispatcher_just_looked_at_is_left_to_it(alone: Session, estate: Estate) -> None:
    connect(alone, estate, "cloud")
    clock = FakeClock()

    async def story() -> list[int]:
        with Telemetry(path_beside(alone.paths.index)) as kept:
            watch = Watch(alone, kept, LivePace(), lambda: None, lambda _text: None)
            await watch.reload()
            plane = watch.planes.all()[0]
            begun: list[int] = []

            async def ticked() -> None:
                before = watch.looks()[0].latency
                await watch.tick()
                await asyncio.gather(*watch.under_way())
                if watch.looks()[0].latency != before:
                    begun.append(clock.boot_ms() - start)

            start = clock.boot_ms()
            for at in range(0, 40_000, 250):
                if at in (5_000, 10_750, 16_500):
                    await look(plane)  # as the dispatcher does where a row waits
                await ticked()
                clock.advance(250)
            await watch.aclose()
        return begun

    alone.clock = clock
    begun = asyncio.run(story())
    assert begun[0] == 0
    assert not [at for at in begun if 5_250 <= at < 20_000]
    assert [at for at in begun if at > 20_000]
    assert all(4_500 <= later - earlier <= 5_750 for earlier, later in pairwise([at for at in begun if at > 20_000]))


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_while_the_secrets_are_locked_only_what_needs_none_is_looked_at(tmp_path: Path) -> None:
    paths = ProfilePaths(tmp_path / "real")
    start_record(paths, ask, name="Commander")
    with Session.open(paths, ask) as session:
        settings = {"base_url": "http://127.0.0.1:9"}
        providers.add(session, "litellm", "gateway", settings, lambda _what: "sk-admin")
        providers.add(session, "open_inference", "server", settings, lambda _what: "")
    with Session.open(paths, nobody_asked) as session, Running(session) as run:
        run.heard.until(lambda: run.heard.link("server").fault)
        assert run.heard.link("gateway").state == "broken"
        assert "locked" in run.heard.link("gateway").fault
        assert run.heard.link("gateway").looked_ms is None
        assert "locked" in run.heard.connectivity.locked
        session.offer(SECRETS, LONG)
        run.live.reload_providers().result(60)
        run.heard.until(lambda: "no connection" in run.heard.link("gateway").fault)
        assert run.heard.connectivity.locked == ""
        assert not session.unlocked


def test_a_keyring_that_hangs_holds_up_only_what_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = ProfilePaths(tmp_path / "real")
    start_record(paths, ask, name="Commander")
    settings = {"base_url": "http://127.0.0.1:9"}
    free = threading.Event()
    with Session.open(paths, ask) as session:
        providers.add(session, "litellm", "gateway", settings, lambda _what: "sk-admin")
        providers.add(session, "open_inference", "server", settings, lambda _what: "")
        place = live_watch.open_secrets(session)
        monkeypatch.setattr(place, "prime", lambda _names: free.wait(60))
        monkeypatch.setattr(live_watch, "_SECRETS_WITHIN_S", 0.1)
        monkeypatch.setattr(live_watch, "_AGAIN_LOCKED_MS", 100)
        try:
            with Running(session) as run:
                run.heard.until(lambda: run.heard.link("server").fault)
                assert "keyring does not answer" in run.heard.link("gateway").fault
                free.set()
                run.heard.until(lambda: "no connection" in run.heard.link("gateway").fault)
        finally:
            free.set()


# -- places ------------------------------------------------------------------------------------------------------------


def with_places(session: Session, *folders: Path) -> None:
    session.person()
    session.change_settings(replace(session.settings, places=tuple(str(one) for one in folders)))


def test_every_place_is_met_by_itself(alone: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, hung, gone = tmp_path / "here", tmp_path / "hung", tmp_path / "gone"
    here.mkdir()
    hung.mkdir()
    with_places(alone, here, hung, gone)
    free, objects = threading.Event(), FolderPlace.objects

    def slow(place: FolderPlace) -> Any:
        if "hung" in place.label:
            free.wait(60)
        return objects(place)

    monkeypatch.setattr(FolderPlace, "objects", slow)
    try:
        with Running(alone) as run:
            run.heard.until(
                lambda: [bool(one.synced_ms) for one in run.heard.connectivity.places] == [True, False, False]
            )
            links = {Path(one.path).name: one for one in run.heard.connectivity.places}
            assert links["gone"].fault
            assert links["hung"].busy_since_ms is not None
            assert list(here.rglob("*.seg"))
            assert run.heard.latest[SYNC].path == str(here)
            first = links["here"].synced_ms
            run.heard.until(lambda: run.heard.connectivity.places[0].synced_ms != first)
            run.heard.until(lambda: run.heard.connectivity.places[0].to_send == 0)
    finally:
        free.set()
    for thread in threading.enumerate():
        if thread.name.startswith("sync "):
            thread.join(60)


def test_a_place_that_hangs_is_waited_for_once(alone: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hung = tmp_path / "hung"
    hung.mkdir()
    with_places(alone, hung)
    free = threading.Event()
    monkeypatch.setattr(FolderPlace, "objects", lambda _place: free.wait(60) and ([], []))
    monkeypatch.setattr(live_places, "PATIENCE_S", 2.0)
    places = live_places.Places(alone, lambda: None, lambda _text: None)
    waited = []
    try:
        for _ in range(4):
            began = time.monotonic()
            places.meet_and_wait()
            waited.append(time.monotonic() - began)
        assert waited[0] > 1.9
        assert min(waited[1:]) < 1.9  # a busy machine makes one of them long, and hardly all
    finally:
        free.set()
        places.join(60)


def test_with_a_place_whose_meeting_takes_long_only_what_is_open_is_exchanged_for_a_while(
    alone: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    with_places(alone, here)
    clock = FakeClock()
    alone.clock = clock
    met: list[str] = []

    def slow(*_: Any) -> SyncReport:
        met.append("whole")
        clock.advance(2_000)
        return SyncReport("here", 0, 0, 0, 0, {}, 0, ())

    def quick(*_: Any) -> SyncReport:
        met.append("open")
        return SyncReport("here", 0, 0, 0, 0, {}, 0, (), early=1)

    monkeypatch.setattr(live_places, "sync_once", slow)
    monkeypatch.setattr(live_places, "sync_open", quick)
    places = live_places.Places(alone, lambda: None, lambda _text: None)

    def rounds(*, at_once: bool = False) -> str:
        for future in places.meet(at_once=at_once):
            future.result(60)
        return met[-1]

    assert rounds() == "whole"
    clock.advance(7_900)
    synced = places.links()[0].synced_ms
    assert rounds() == "open"
    assert places.news()[0].early == 1
    assert places.links()[0].synced_ms == synced
    assert rounds(at_once=True) == "whole"
    alone.append(Draft("note", disclosures={"text": "new"}))
    assert places.links()[0].to_send == 1
    assert rounds() == "whole"
    assert places.links()[0].to_send == 0
    clock.advance(8_001)
    assert rounds() == "whole"
    places.join(60)


def test_sync_now_says_what_came(alone: Session, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    with Running(alone, pace=replace(QUICK, sync_ms=3_600_000)) as run:
        run.heard.until(lambda: run.heard.connectivity.engine.state == "recording")
        with_places(alone, here)
        news = run.live.sync_now().result(60)
        assert [one.path for one in news] == [str(here)]
        assert news[0].sent > 0


# -- the engine's lock -------------------------------------------------------------------------------------------------


def test_while_another_process_is_the_engine_this_one_watches_and_then_takes_over(
    alone: Session, estate: Estate
) -> None:
    connect(alone, estate, "cloud")
    other = EngineLock.acquire(alone.paths, alone.clock)
    assert other is not None
    with Running(alone) as run:
        run.heard.until(lambda: run.heard.connectivity.engine.state == "elsewhere")
        assert run.heard.connectivity.engine.pid == os.getpid()
        assert str(os.getpid()) in run.heard.connectivity.engine.sentence
        run.heard.until(lambda: run.heard.link("cloud").state == "answers")
        with pytest.raises(EngineBusy):
            run.live.release("d" * 64, 0).result(60)
        other.release()
        run.heard.until(lambda: run.heard.connectivity.engine.state == "recording")
        assert EngineLock.acquire(alone.paths, alone.clock) is None
    again = EngineLock.acquire(alone.paths, alone.clock)
    assert again is not None
    again.release()


# -- dispatching -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, Session]]:
    """Commander and approver of one organisation; made once, for making keys takes its time."""
    folder = tmp_path_factory.mktemp("founded")
    share = folder / "share"
    share.mkdir()
    with drill.ExitStack() as stack:
        yield drill._found(folder, share, stack, lambda _line: None, drill.Outcome(folder))


def sign(session: Session, sha: str) -> None:
    held = corrections.find_document(session, sha)
    approvals.decide(session, held, "approve", lambda: session.ask("your approver key"))


def meet(*sessions: Session) -> None:
    for session in (*sessions, *sessions):
        dispatch.sync_all(session)


def fresh_providers(session: Session, estate: Estate, *names: str) -> None:
    (session.paths.root / FILE_NAME).unlink(missing_ok=True)
    for name in names:
        one = next(found for found in estate.instances() if found["name"] == name)
        made, _ = providers.add(
            session, "practice", f"{name}-{time.monotonic_ns()}", one["settings"],
            lambda _what, s=one["secrets"]["admin"]: s,
        )  # fmt: skip
        providers.adopt_surfaces(session, made.id)


def block(one: Session, two: Session, selector: str) -> tuple[str, str]:
    provider = providers.instances_of(one).all()[0].name
    inc = str(declare(one, "it lies", 1).entry.inc)
    wish = TargetWish(provider=provider, surface="", lever="key.block", selector=selector)
    made = corrections.propose(one, inc, [wish], "because it lies to people")
    sign(one, made.sha)
    meet(one, two)
    sign(two, made.sha)
    meet(two, one)
    return made.sha, provider


def state_of(run: Running, sha: str) -> str:
    return next((row.state for row in run.heard.latest[OUTBOX] if row.doc == sha), "")


def test_what_two_signed_goes_and_is_watched(founded: tuple[Session, Session], estate: Estate) -> None:
    one, two = founded
    fresh_providers(one, estate, "gateway-east")
    with Running(one, pace=replace(QUICK, poll_ms=200, calm_ms=200)) as run:
        run.heard.until(lambda: run.heard.connectivity.engine.state == "here")
        sha, provider = block(one, two, "key-shop")
        run.heard.until(lambda: state_of(run, sha) in ("accepted", "recorded", "unmeasurable", "enforced"))
        run.heard.until(lambda: run.heard.latest[LOOKS].instances[0].surfaces[0].restrictions)
        assert run.heard.link(provider).state == "answers"
        assert run.live.release(sha, 0).result(60) is False


def test_stopping_in_the_middle_of_a_call_is_quick_and_what_was_under_way_is_settled_at_the_next_start(
    founded: tuple[Session, Session], estate: Estate
) -> None:
    one, two = founded
    fresh_providers(one, estate, "gateway-west")
    estate.simulators["gateway-west"].switch("slow", on="writes", seconds=600)
    with Running(one) as run:
        sha, _ = block(one, two, "key-batch")
        run.heard.until(lambda: state_of(run, sha) == "dispatching")
    assert [row.state for row in dispatch.rows(one) if row.doc == sha] == ["dispatching"]
    estate.simulators["gateway-west"].clear("slow")
    with Running(one) as run:
        run.heard.until(lambda: state_of(run, sha) in ("accepted", "recorded", "unmeasurable", "enforced"))


def test_a_dispatcher_that_falls_over_is_told_and_begins_again(
    founded: tuple[Session, Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = founded
    fell: list[int] = []
    run_forever = live_module.Outbox.run

    async def falls(outbox: Any, *how: Any, **more: Any) -> Any:
        if not fell:
            fell.append(1)
            raise RuntimeError("out of paper")
        return await run_forever(outbox, *how, **more)

    monkeypatch.setattr(live_module.Outbox, "run", falls)
    with Running(one) as run:
        run.heard.until(lambda: any("out of paper" in line for line in run.heard.connectivity.odd))
        run.heard.until(lambda: run.heard.connectivity.engine.state == "here")
        assert EngineLock.acquire(one.paths, one.clock) is None


def test_a_hung_place_keeps_the_dispatcher_from_nothing_and_its_end_least(
    founded: tuple[Session, Session], estate: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = founded
    fresh_providers(one, estate, "gateway-west")
    sha, _ = block(one, two, "key-partner")
    monkeypatch.setattr(live_places, "PATIENCE_S", 0.5)
    free, places = threading.Event(), one.settings.places
    monkeypatch.setattr(FolderPlace, "urgent", lambda _place: free.wait(60) and ([], []))
    try:
        with Running(one) as run:
            run.heard.until(lambda: run.heard.connectivity.places[0].busy_since_ms)
            run.heard.until(lambda: state_of(run, sha) in ("accepted", "recorded", "unmeasurable", "enforced"))
        monkeypatch.setattr(live_places, "PATIENCE_S", 600.0)
        with Running(one) as run:
            run.heard.until(lambda: run.heard.connectivity.places[0].busy_since_ms)
    finally:
        free.set()
    assert one.settings.places == places
    for thread in threading.enumerate():
        if thread.name.startswith("sync "):
            thread.join(60)


def test_the_now_button_ends_the_hold_after_an_outage(founded: tuple[Session, Session], estate: Estate) -> None:
    one, two = founded
    fresh_providers(one, estate, "gateway-east")
    with Running(one) as run:
        provider = providers.instances_of(one).all()[0].name
        run.heard.until(lambda: run.heard.link(provider).state == "answers")
        inc = str(declare(one, "it lies again", 1).entry.inc)
        wish = TargetWish(provider=provider, surface="", lever="key.block", selector="key-research")
        made = corrections.propose(one, inc, [wish], "because it lies to people")
        estate.simulators["gateway-east"].switch("down")
        run.heard.until(lambda: run.heard.link(provider).state == "unreachable")
        sign(one, made.sha)
        meet(one, two)
        sign(two, made.sha)
        meet(two, one)
        run.heard.until(lambda: any(row.doc == made.sha and row.outage for row in run.heard.latest[OUTBOX]))
        estate.simulators["gateway-east"].clear("down")
        run.heard.until(lambda: any(row.doc == made.sha and row.held for row in run.heard.latest[OUTBOX]))
        assert run.live.release(made.sha, 0).result(60) is True
        run.heard.until(lambda: state_of(run, made.sha) in ("accepted", "recorded", "unmeasurable", "enforced"))
