"""Threads with one owner each: the engine's asyncio loop, and a thread that alone touches one resource.

Neither starts by import, outlives its `stop` unnoticed, or swallows a fault: faults travel in the returned future.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar, cast

if TYPE_CHECKING:
    import asyncio

R = TypeVar("R")
T = TypeVar("T")


class Stopped(RuntimeError):
    """Work was handed to a thread that no longer takes any."""


class WillNotStop(RuntimeError):
    """A thread did not end within its deadline; the process must not pretend that it closed."""


class EngineThread:
    """One thread that owns one asyncio loop: adapters, polling, probes, dispatch and sync run here.

    A context manager; leaving it is `stop` with five seconds.
    """

    def __init__(self, name: str = "engine") -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gate = threading.Lock()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; returns when the loop takes work. Once only."""
        self._thread.start()
        self._ready.wait()  # without end: it is the first thing that the thread does

    def submit(self, work: Coroutine[object, object, T]) -> Future[T]:
        """Run `work` on the loop from any thread; cancelling the future cancels the task.

        Raises:
            Stopped: when the engine has not started or no longer takes work; `work` is closed unrun.
        """
        with self._gate:
            loop = self._loop
            if loop is not None:
                import asyncio  # noqa: PLC0415  a loop runs, so it is there; a window starts without it

                return asyncio.run_coroutine_threadsafe(work, loop)
        work.close()
        raise Stopped("the engine does not take work")

    def stop(self, deadline_s: float = 5.0) -> None:
        """Take no more work, cancel what runs, let it clean up, close the loop, join. A second call does nothing.

        Raises:
            WillNotStop: when something on the loop ignores its cancellation for longer than `deadline_s`.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("the engine cannot stop itself: it would wait for its own end")
        with self._gate:
            loop, self._loop = self._loop, None
            if loop is not None:
                loop.call_soon_threadsafe(loop.stop)
        if self._thread.is_alive():
            self._thread.join(deadline_s)
            if self._thread.is_alive():
                raise WillNotStop(f"the thread {self._thread.name!r} did not end within {deadline_s:g} s")

    def _run(self) -> None:
        # Runner cancels what is left, closes asynchronous generators and joins the loop's helper threads
        import asyncio  # noqa: PLC0415  as in submit

        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            with self._gate:
                self._loop = loop
            self._ready.set()
            loop.run_forever()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


@dataclass(slots=True)
class Job(Generic[R]):
    """One thing to do with the resource, and who waits for it. `Batch` answers each job exactly once."""

    work: Callable[[R], object]
    future: Future[object]

    def settle(self, resource: R) -> None:
        """Do the work unless it was cancelled meanwhile, and hand over its result or fault."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.work(resource)
        except BaseException as fault:  # noqa: BLE001 - it belongs to whoever waits for the future
            self.future.set_exception(fault)
        else:
            self.future.set_result(result)


class _Mine(Future[object]):
    """The future of whoever does the work himself: no other thread has it, so it needs no lock."""

    def __init__(self) -> None:
        self._is_done = False
        self._found: object = None
        self._fault: BaseException | None = None

    def set_running_or_notify_cancel(self) -> bool:
        return True

    def running(self) -> bool:
        return not self._is_done

    def done(self) -> bool:
        return self._is_done

    def set_result(self, result: object) -> None:
        self._is_done, self._found = True, result

    def set_exception(self, exception: BaseException | None) -> None:
        self._is_done, self._fault = True, exception

    def result(self, timeout: float | None = None) -> object:  # noqa: ARG002  it is there by then
        if self._fault is not None:
            raise self._fault
        return self._found


Batch = Callable[[R, Sequence[Job[R]]], None]


def one_by_one(resource: R, jobs: Sequence[Job[R]]) -> None:
    """The plain way through a batch: each job for itself, in order."""
    for job in jobs:
        job.settle(resource)


class OwnedThread(Generic[R]):
    """One thread that opens a resource, alone touches it, does what is handed to it strictly in order, and closes it.

    Where several jobs wait, they are drained together and handed to `batch`, which may share one transaction among
    them; it must settle every job. A job it leaves unsettled gets its fault, or is told that it was not done.

    `lends`: whoever waits anyway does its work itself where nothing else is at hand or waits, which saves waking two
    threads. Still one at a time, and in order. Never the main thread: an interrupt would strike inside the work.
    """

    def __init__(
        self, name: str, open_: Callable[[], R], close: Callable[[R], None], batch: Batch[R] = one_by_one,
        *, lends: bool = False,
    ) -> None:  # fmt: skip
        self._open = open_
        self._close = close
        self._batch = batch
        self._lends = lends
        self._resource: R | None = None
        self._unsettled = 0
        self._using = threading.Lock()
        self._borrower: int | None = None
        self._waiting: SimpleQueue[Job[R] | None] = SimpleQueue()  # None: nothing comes after this
        self._gate = threading.Lock()
        self._taking = False
        self._opened: Future[None] = Future()
        self._closed: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, and wait until the resource is open; what opening raised is raised here. Once only."""
        self._thread.start()
        try:
            self._opened.result()
        except BaseException:
            self._thread.join()  # without end: opening failed, and the thread has nothing left to do
            raise

    def submit(self, work: Callable[[R], T]) -> Future[T]:
        """Have `work(resource)` done after everything submitted before it.

        Raises:
            Stopped: before `start` and after `stop`.
        """
        future: Future[object] = Future()
        with self._gate:
            if not self._taking:
                raise Stopped(f"the thread {self._thread.name!r} does not take work")
            self._unsettled += 1
            self._waiting.put(Job(work, future))
        return cast("Future[T]", future)

    def call(self, work: Callable[[R], T]) -> T:
        """Submit and wait. Called from within work on the resource it is refused: it would wait for ever."""
        me = threading.current_thread()
        if me is self._thread or me.ident == self._borrower:
            raise RuntimeError("the owning thread cannot wait for itself")
        if self._lends and me is not threading.main_thread() and self._is_free():
            return self._do_here(work)
        return self.submit(work).result()

    def _is_free(self) -> bool:
        """Whether the resource was taken for the calling thread: then nothing that was handed in is left to do."""
        with self._gate:
            return self._taking and not self._unsettled and self._using.acquire(blocking=False)

    def _do_here(self, work: Callable[[R], T]) -> T:
        try:  # from here on: what is not given back, nobody gets any more
            self._borrower = threading.get_ident()
            job: Job[R] = Job(work, _Mine())
            self._do(cast("R", self._resource), [job])
        finally:
            self._borrower = None
            self._using.release()
        return cast("T", job.future.result())

    def stop(self, deadline_s: float = 5.0) -> None:
        """Take no more work, finish what was taken, close, join; what closing raised is raised here.

        Raises:
            WillNotStop: when the work at hand takes longer than `deadline_s`. It goes on; stop again to wait again.
        """
        me = threading.current_thread()
        if me is self._thread or me.ident == self._borrower:
            raise RuntimeError("the owning thread cannot stop itself: it would wait for its own end")
        with self._gate:
            if self._taking:
                self._taking = False
                self._waiting.put(None)
        if self._thread.ident is None:
            return
        self._thread.join(deadline_s)
        if self._thread.is_alive():
            raise WillNotStop(f"the thread {self._thread.name!r} did not end within {deadline_s:g} s")
        closed, self._closed = self._closed, _nothing()
        closed.result()

    def _run(self) -> None:
        try:
            resource = self._open()
        except BaseException as fault:  # noqa: BLE001 - it belongs to `start`
            self._closed.set_result(None)
            self._opened.set_exception(fault)
            return
        self._resource = resource
        self._taking = True
        self._opened.set_result(None)
        try:
            self._serve(resource)
        finally:
            self._shut(resource)

    def _serve(self, resource: R) -> None:
        going_on = True
        while going_on:
            jobs: list[Job[R]] = []
            job = self._waiting.get()
            while job is not None:
                jobs.append(job)
                if self._waiting.empty():
                    break
                job = self._waiting.get()
            going_on = job is not None
            if jobs:
                with self._using:
                    self._do(resource, jobs)
                with self._gate:
                    self._unsettled -= len(jobs)

    def _do(self, resource: R, jobs: Sequence[Job[R]]) -> None:
        fault: BaseException = Stopped("the batch left this work undone")
        try:
            self._batch(resource, jobs)
        except BaseException as raised:  # noqa: BLE001 - it belongs to those whose work it left undone
            fault = raised
        for job in jobs:
            left = not job.future.done()
            if left and (job.future.running() or job.future.set_running_or_notify_cancel()):
                job.future.set_exception(fault)

    def _shut(self, resource: R) -> None:
        try:
            with self._using:
                self._resource = None
                self._close(resource)
        except BaseException as fault:  # noqa: BLE001 - it belongs to `stop`
            self._closed.set_exception(fault)
        else:
            self._closed.set_result(None)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def _nothing() -> Future[None]:
    future: Future[None] = Future()
    future.set_result(None)
    return future
