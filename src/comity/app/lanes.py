"""Threads that solve: one for slider steps, one for ranges, one for drawings, each with its own time limit.

A slider step never waits behind a range: the two share the processor, not a queue. A solve that takes too long is ended
by an exception raised in its thread: solvers are Python over short array operations, so it arrives within one of them.
"""

from __future__ import annotations

import asyncio
import ctypes
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from comity.app import limits
from comity.errors import ComityError


class TooLong(BaseException):
    """Raised inside a lane's thread when its time is over. Not an Exception: no solver takes it for one of its own."""


class TimeLimitError(ComityError):
    """What was asked takes longer than one request may."""

    exit_code = 3


class Busy(ComityError):
    """Too many requests wait already."""

    exit_code = 3


@dataclass(frozen=True)
class _Job:
    work: Callable[[], Any]
    answer: Future[Any]


class Lane:
    """One thread that does one thing after the other, none longer than `seconds`."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name, self.seconds = name, seconds
        self.stopped = 0
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._current: _Job | None = None
        self._thread = threading.Thread(target=self._run, name=f"comity-{name}", daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[], Any]) -> Any:
        """What `work` gives. Raises what it raises, TimeLimitError when its time is over, Busy where too many wait."""
        if self._jobs.qsize() >= limits.WAITING:
            raise Busy(f"The server is busy: {limits.WAITING} requests wait already. Try again in a few seconds.")
        job = _Job(work, Future())
        self._jobs.put(job)
        return await asyncio.wrap_future(job.answer)

    def close(self) -> None:
        """End the thread once it has done what waits."""
        self._jobs.put(None)

    def _run(self) -> None:
        while True:
            try:
                job = self._jobs.get()
                if job is None:
                    return
                if job.answer.set_running_or_notify_cancel():
                    self._do(job)
            except TooLong:  # came late, when its job was done
                continue

    def _do(self, job: _Job) -> None:
        timer = threading.Timer(self.seconds, self._stop, [job])
        timer.daemon = True
        with self._lock:
            self._current = job
        timer.start()
        try:
            result = job.work()
        except TooLong:
            self.stopped += 1
            self._end(timer)
            sentence = f"Not solved within {self.seconds:g} seconds, the limit of one request"
            job.answer.set_exception(TimeLimitError(f"{sentence}. `comity run` has no such limit."))
        except BaseException as problem:
            self._end(timer)
            job.answer.set_exception(problem)
        else:
            self._end(timer)
            job.answer.set_result(result)

    def _end(self, timer: threading.Timer) -> None:
        with self._lock:
            self._current = None
        timer.cancel()

    def _stop(self, job: _Job) -> None:
        """Raise TooLong in the thread, if it is still at this job."""
        with self._lock:
            if self._current is job and self._thread.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread.ident), ctypes.py_object(TooLong)
                )
