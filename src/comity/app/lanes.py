"""Threads that solve or wait for who does: one for slider steps, one for ranges and bands, one for drawings.

A slider step never waits behind a range: the two share the processor, not a queue. What takes too long, or is wanted by
nobody any more, is ended by an exception raised in its thread: solvers are Python over short array operations, so it
arrives within one of them.
"""

from __future__ import annotations

import asyncio
import ctypes
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from comity.app import limits
from comity.errors import ComityError

LOOK = 0.02  # seconds between looks at what is under way
AGAIN, AGAIN_ASIDE = 0.3, 4.0  # seconds before a thread is told again to end something, and one that waits for another
# process to end it


class Stopped(BaseException):
    """Raised inside a lane's thread. Not an Exception: no solver takes it for one of its own."""


class TooLong(Stopped):
    """Its time is over."""


class HeldUp(Stopped):
    """It waited too long for a processor that others hold."""


class TooHard(Stopped):
    """It needs more of the processor than this lane gives: it belongs elsewhere."""


class Unwanted(Stopped):
    """Whoever asked has gone."""


class TimeLimitError(ComityError):
    """What was asked takes longer than one request may."""

    exit_code = 3


class Busy(ComityError):
    """Too many requests wait already."""

    exit_code = 3


class HardError(ComityError):
    """What was asked needs more of the processor than its lane gives."""

    exit_code = 3


class DroppedError(ComityError):
    """What was asked was dropped: nobody waits for it."""

    exit_code = 3


@dataclass(eq=False)
class _Job:
    work: Callable[[], Any]
    answer: Future[Any] = field(default_factory=Future)
    why: type[Stopped] | None = None  # it is to end
    told: float = 0.0  # when its thread was told last
    begun: float = 0.0
    spent: float = 0.0  # processor time of the thread when it began


class Lane:
    """One thread that does one thing after the other, none longer than `seconds`. What waits and is wanted by nobody
    any more is left out; where `droppable`, what is under way is ended too."""

    def __init__(
        self,
        name: str,
        seconds: float,
        *,
        droppable: bool = False,
        processor: float | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """droppable : what nobody wants any more is ended; processor : seconds of it that one job may take in this
        thread; clock : processor time that the job under way has used elsewhere. Where there is one, `seconds` counts
        it, since work that gives way to all else may not be ended for having done so, and HELD_UP times as many pass.
        """
        self.name, self.seconds, self.droppable, self.processor = name, seconds, droppable, processor
        self.clock = clock
        self.again = AGAIN_ASIDE if droppable else AGAIN
        self.stopped = self.dropped = 0
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._busy = threading.Event()
        self._current: _Job | None = None
        self._thread = threading.Thread(target=self._run, name=f"comity-{name}", daemon=True)
        self._thread.start()
        threading.Thread(target=self._watch, name=f"comity-{name}-watch", daemon=True).start()

    async def do(self, work: Callable[[], Any]) -> Any:
        """What `work` gives. Raises what it raises, TimeLimitError when its time is over, Busy where too many wait."""
        if self.waiting >= limits.WAITING:
            raise Busy(f"The server is busy: {limits.WAITING} requests wait already. Try again in a few seconds.")
        job = _Job(work)
        self._jobs.put(job)
        try:
            return await asyncio.wrap_future(job.answer)
        except asyncio.CancelledError:
            if self.droppable:
                self._stop(job, Unwanted)
            raise

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return self._jobs.qsize()

    def close(self) -> None:
        """End the thread once it has done what waits."""
        self._jobs.put(None)

    def _run(self) -> None:
        job: _Job | None = None
        while True:
            try:
                job = self._jobs.get()
                if job is None:
                    return
                if job.answer.set_running_or_notify_cancel():
                    self._do(job)
                else:
                    self.dropped += 1
            except Stopped as end:  # came late, when its job was done or almost
                if job is not None and job.answer.running():
                    self._end()
                    job.answer.set_exception(self._said(end))

    def _do(self, job: _Job) -> None:
        job.begun, job.spent = time.monotonic(), time.thread_time()
        with self._lock:
            self._current = job
        self._busy.set()
        try:
            result = job.work()
        except Stopped as end:
            self._end()
            job.answer.set_exception(self._said(end))
        except BaseException as problem:
            self._end()
            if job.why is not None and not isinstance(problem, ComityError):
                problem = self._said(job.why())  # an import that was cut off puts its own error in the place of ours
            job.answer.set_exception(problem)
        else:
            self._end()
            job.answer.set_result(result)

    def _said(self, end: Stopped) -> ComityError:
        """Why a job was ended, for those who wait for it."""
        if isinstance(end, TooHard):
            return HardError("More than this lane gives.")
        if isinstance(end, Unwanted):
            self.dropped += 1
            return DroppedError("Nobody waits for it any more.")
        self.stopped += 1
        sentence = f"Not solved within {self.seconds:g} seconds"
        if isinstance(end, HeldUp):
            passed = limits.HELD_UP * self.seconds
            sentence = f"Not solved within {passed:g} seconds: other programs hold the processors"
        elif self.clock is not None:
            sentence += " of processor time"
        return TimeLimitError(f"{sentence}, the limit of one request. `comity run` has no such limit.")

    def _end(self) -> None:
        with self._lock:
            self._current = None

    def _watch(self) -> None:
        """End what takes too long; asleep while there is nothing to watch."""
        clock = time.pthread_getcpuclockid(self._thread.ident or 0)
        while True:
            self._busy.wait()
            time.sleep(LOOK)
            with self._lock:
                job = self._current
                if job is None:
                    self._busy.clear()
                    continue
            if not self._thread.is_alive():
                return
            if job.why is not None:
                self._stop(job, job.why)
            elif (why := self._over(job)) is not None:
                self._stop(job, why)
            elif self.processor is not None and time.clock_gettime(clock) - job.spent > self.processor:
                self._stop(job, TooHard)

    def _over(self, job: _Job) -> type[Stopped] | None:
        """Why the job's time is over, if it is."""
        passed = time.monotonic() - job.begun
        if self.clock is None:
            return TooLong if passed > self.seconds else None
        if passed > limits.HELD_UP * self.seconds:
            return HeldUp
        return TooLong if passed > self.seconds and self.clock() > self.seconds else None

    def _stop(self, job: _Job, why: type[Stopped]) -> None:
        """Raise `why` in the thread, if it is still at this job; again after a while, since an exception that arrives
        where Python lets none out (a finaliser) is lost."""
        with self._lock:
            now = time.monotonic()
            if self._current is job and self._thread.ident is not None and now - job.told > self.again:
                job.why, job.told = job.why or why, now
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread.ident), ctypes.py_object(job.why)
                )
