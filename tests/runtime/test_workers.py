from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest

from console.runtime.workers import EngineThread, Job, OwnedThread, Stopped, WillNotStop, one_by_one

WAIT_S = 10.0
T = TypeVar("T")


# -- engine ------------------------------------------------------------------------------------------------------------


def test_work_runs_on_the_engines_thread() -> None:
    async def where(value: int) -> tuple[int, str]:
        await asyncio.sleep(0)
        return value, threading.current_thread().name

    with EngineThread("engine-1") as engine:
        futures = [engine.submit(where(number)) for number in range(50)]
        assert [future.result(WAIT_S) for future in futures] == [(number, "engine-1") for number in range(50)]


def test_a_fault_travels_in_the_future() -> None:
    async def fail() -> None:
        raise LookupError("gone")

    with EngineThread() as engine:
        assert isinstance(engine.submit(fail()).exception(WAIT_S), LookupError)


def test_stopping_cancels_and_lets_work_clean_up() -> None:
    steps: list[str] = []
    running = threading.Event()

    async def long() -> None:
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("cleaned")

    engine = EngineThread()
    engine.start()
    future = engine.submit(long())
    assert running.wait(WAIT_S)
    engine.stop()
    engine.stop()
    assert steps == ["cleaned"]
    with pytest.raises(CancelledError):
        future.result(0)


def test_cancelling_the_future_cancels_the_task() -> None:
    ended = threading.Event()
    running = threading.Event()

    async def long() -> None:
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with EngineThread() as engine:
        future = engine.submit(long())
        assert running.wait(WAIT_S)
        future.cancel()
        assert ended.wait(WAIT_S)


def test_an_engine_out_of_service_refuses_work() -> None:
    async def never() -> None:
        pytest.fail("ran")

    engine = EngineThread()
    with pytest.raises(Stopped):
        engine.submit(never())
    engine.start()
    engine.stop()
    with pytest.raises(Stopped):
        engine.submit(never())


def test_an_engine_never_started_stops_at_once() -> None:
    EngineThread().stop()


def test_what_ignores_its_cancellation_is_said() -> None:
    running, let_go = threading.Event(), threading.Event()

    async def stubborn() -> None:
        running.set()
        let_go.wait(WAIT_S)

    engine = EngineThread("stuck")
    engine.start()
    engine.submit(stubborn())
    assert running.wait(WAIT_S)
    with pytest.raises(WillNotStop, match="'stuck'"):
        engine.stop(deadline_s=0.05)
    let_go.set()
    engine.stop()


def test_the_engine_cannot_stop_itself() -> None:
    with EngineThread() as engine:

        async def stop() -> None:
            engine.stop()

        assert isinstance(engine.submit(stop()).exception(WAIT_S), RuntimeError)


# -- owned thread ------------------------------------------------------------------------------------------------------


class Ledger:
    """Notes who touches it."""

    def __init__(self) -> None:
        self.lines: list[int] = []
        self.touched_by = {threading.get_ident()}
        self.closed = False

    def write(self, line: int) -> int:
        self.touched_by.add(threading.get_ident())
        self.lines.append(line)
        return line

    def close(self) -> None:
        self.touched_by.add(threading.get_ident())
        self.closed = True


def test_order_is_kept_and_one_thread_touches_the_resource() -> None:
    opened: list[Ledger] = []

    def open_ledger() -> Ledger:
        opened.append(Ledger())
        return opened[0]

    with OwnedThread("ledger", open_ledger, Ledger.close) as thread:
        futures = [thread.submit(lambda ledger, n=number: ledger.write(n)) for number in range(1000)]
        assert [future.result(WAIT_S) for future in futures] == list(range(1000))
        assert thread.call(lambda ledger: len(ledger.lines)) == 1000
    assert opened[0].lines == list(range(1000))
    assert opened[0].closed
    assert len(opened[0].touched_by) == 1
    assert threading.get_ident() not in opened[0].touched_by


def test_each_threads_order_holds_under_contention() -> None:
    with OwnedThread("ledger", list, list.clear) as thread:

        def write(who: int) -> None:
            for number in range(500):
                thread.submit(lambda lines, n=number: lines.append((who, n)))

        writers = [threading.Thread(target=write, args=(who,)) for who in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(timeout=60)
        lines = thread.call(list)
    assert len(lines) == 2000
    for who in range(4):
        assert [number for found, number in lines if found == who] == list(range(500))


def test_faults_go_to_the_one_who_waits_and_stop_nothing() -> None:
    with OwnedThread("ledger", Ledger, Ledger.close) as thread:
        failed = thread.submit(lambda ledger: 1 // 0)
        after = thread.submit(lambda ledger: ledger.write(7))
        assert isinstance(failed.exception(WAIT_S), ZeroDivisionError)
        assert after.result(WAIT_S) == 7


def test_what_was_taken_is_done_before_closing() -> None:
    gate = threading.Event()
    thread = OwnedThread("ledger", Ledger, Ledger.close)
    thread.start()
    thread.submit(lambda ledger: gate.wait(WAIT_S))
    futures = [thread.submit(lambda ledger, n=number: ledger.write(n)) for number in range(20)]
    with pytest.raises(WillNotStop, match="'ledger'"):
        thread.stop(deadline_s=0.05)
    with pytest.raises(Stopped):
        thread.submit(lambda ledger: 0)
    gate.set()
    thread.stop()
    thread.stop()
    assert [future.result(0) for future in futures] == list(range(20))


def test_a_cancelled_job_is_left_out() -> None:
    gate = threading.Event()
    with OwnedThread("ledger", Ledger, Ledger.close) as thread:
        thread.submit(lambda ledger: gate.wait(WAIT_S))
        unwanted = thread.submit(lambda ledger: ledger.write(1))
        wanted = thread.submit(lambda ledger: ledger.write(2))
        assert unwanted.cancel()
        gate.set()
        wanted.result(WAIT_S)
        assert thread.call(lambda ledger: list(ledger.lines)) == [2]


def test_an_open_that_fails_is_raised_by_start() -> None:
    def refuse() -> None:
        raise PermissionError("locked away")

    thread = OwnedThread("ledger", refuse, lambda resource: None)
    with pytest.raises(PermissionError, match="locked away"):
        thread.start()
    with pytest.raises(Stopped):
        thread.submit(lambda resource: None)
    thread.stop()


def test_a_close_that_fails_is_raised_by_stop_once() -> None:
    def refuse(resource: object) -> None:
        raise OSError("disk gone")

    thread = OwnedThread("ledger", object, refuse)
    thread.start()
    with pytest.raises(OSError, match="disk gone"):
        thread.stop()
    thread.stop()


def test_the_owner_cannot_wait_for_itself() -> None:
    with OwnedThread("ledger", Ledger, Ledger.close) as thread:
        inside = thread.submit(lambda ledger: thread.call(lambda again: None))
        assert isinstance(inside.exception(WAIT_S), RuntimeError)
        inside = thread.submit(lambda ledger: thread.stop())
        assert isinstance(inside.exception(WAIT_S), RuntimeError)


def test_a_thread_never_started_takes_no_work_and_stops_at_once() -> None:
    thread = OwnedThread("ledger", Ledger, Ledger.close)
    with pytest.raises(Stopped):
        thread.submit(lambda ledger: None)
    thread.stop()


def test_waiting_jobs_are_drained_together() -> None:
    sizes: list[int] = []
    entered, gate = threading.Event(), threading.Event()

    def count(ledger: Ledger, jobs: Sequence[Job[Ledger]]) -> None:
        sizes.append(len(jobs))
        entered.set()
        gate.wait(WAIT_S)
        one_by_one(ledger, jobs)

    with OwnedThread("ledger", Ledger, Ledger.close, batch=count) as thread:
        thread.submit(lambda ledger: None)
        assert entered.wait(WAIT_S)
        futures = [thread.submit(lambda ledger, n=number: ledger.write(n)) for number in range(30)]
        gate.set()
        assert [future.result(WAIT_S) for future in futures] == list(range(30))
    assert sizes == [1, 30]


# -- a resource that is lent to whoever waits --------------------------------------------------------------------------


def elsewhere(work: Callable[[], T]) -> T:
    """Done on a thread that is not the main one."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(work).result(WAIT_S)


def test_who_waits_does_it_himself_where_nothing_else_waits() -> None:
    with OwnedThread("ledger", Ledger, Ledger.close, lends=True) as thread:
        doer = elsewhere(lambda: (threading.get_ident(), thread.call(lambda ledger: threading.get_ident())))
        assert doer[0] == doer[1]
        # the main thread does not: an interrupt would strike inside the work
        assert thread.call(lambda ledger: threading.get_ident()) not in {threading.get_ident(), doer[0]}
    with OwnedThread("ledger", Ledger, Ledger.close) as thread:
        doer = elsewhere(lambda: (threading.get_ident(), thread.call(lambda ledger: threading.get_ident())))
        assert doer[0] != doer[1]


def test_what_was_handed_in_before_is_done_before() -> None:
    gate = threading.Event()
    with OwnedThread("ledger", Ledger, Ledger.close, lends=True) as thread:

        def both() -> list[object]:
            thread.submit(lambda ledger: gate.wait(WAIT_S))
            thread.submit(lambda ledger: ledger.write(1))
            threading.Timer(0.05, gate.set).start()
            return thread.call(lambda ledger: [*ledger.lines, 2])

        assert elsewhere(both) == [1, 2]


def test_one_at_a_time_whoever_does_it() -> None:
    with OwnedThread[list[tuple[int, int]]]("ledger", list, list.clear, lends=True) as thread:
        inside: list[int] = []

        def alone(who: int, number: int, lines: list[tuple[int, int]]) -> None:
            inside.append(who)
            lines.append((who, number))
            assert inside == [who]
            inside.remove(who)

        def write(who: int) -> None:
            for number in range(400):
                do = thread.call if number % 3 else thread.submit
                do(partial(alone, who, number))

        with ThreadPoolExecutor(4) as writers:
            for done in [writers.submit(write, who) for who in range(4)]:
                done.result(WAIT_S)
        lines = thread.call(list)
    assert len(lines) == 1600
    for who in range(4):
        assert [number for found, number in lines if found == who] == list(range(400))


def test_a_fault_of_lent_work_is_raised_and_gives_the_resource_back() -> None:
    with OwnedThread("ledger", Ledger, Ledger.close, lends=True) as thread:
        with pytest.raises(ZeroDivisionError):
            elsewhere(lambda: thread.call(lambda ledger: 1 // 0))
        assert elsewhere(lambda: thread.call(lambda ledger: ledger.write(7))) == 7
        assert thread.call(lambda ledger: ledger.lines) == [7]


def test_lent_work_can_neither_wait_for_the_resource_nor_stop_its_thread() -> None:
    with OwnedThread("ledger", Ledger, Ledger.close, lends=True) as thread:
        with pytest.raises(RuntimeError, match="itself"):
            elsewhere(lambda: thread.call(lambda ledger: thread.call(lambda again: None)))
        with pytest.raises(RuntimeError, match="itself"):
            elsewhere(lambda: thread.call(lambda ledger: thread.stop()))
        assert elsewhere(lambda: thread.call(lambda ledger: ledger.write(7))) == 7


def test_closing_waits_for_lent_work() -> None:
    entered, gate = threading.Event(), threading.Event()
    opened = Ledger()
    thread = OwnedThread("ledger", lambda: opened, Ledger.close, lends=True)
    thread.start()

    def long(ledger: Ledger) -> bool:
        entered.set()
        gate.wait(WAIT_S)
        return ledger.closed

    with ThreadPoolExecutor(1) as other:
        running = other.submit(thread.call, long)
        assert entered.wait(WAIT_S)
        with pytest.raises(WillNotStop):
            thread.stop(deadline_s=0.05)
        gate.set()
        assert running.result(WAIT_S) is False
    thread.stop()
    assert opened.closed


@pytest.mark.parametrize("fault", [None, OSError("disk full")])
def test_a_batch_that_forgets_or_fails_leaves_nobody_waiting(fault: OSError | None) -> None:
    entered, gate = threading.Event(), threading.Event()

    def forgetful(ledger: Ledger, jobs: Sequence[Job[Ledger]]) -> None:
        if not entered.is_set():
            entered.set()
            gate.wait(WAIT_S)
            return
        jobs[0].settle(ledger)
        jobs[1].future.set_running_or_notify_cancel()
        if fault:
            raise fault

    with OwnedThread("ledger", Ledger, Ledger.close, batch=forgetful) as thread:
        alone = thread.submit(lambda ledger: 0)
        assert entered.wait(WAIT_S)
        futures = [thread.submit(lambda ledger, n=number: ledger.write(n)) for number in range(3)]
        gate.set()
        assert isinstance(alone.exception(WAIT_S), Stopped)
        assert futures[0].result(WAIT_S) == 0
        expected = OSError if fault else Stopped
        for left in futures[1:]:
            assert isinstance(left.exception(WAIT_S), expected)
