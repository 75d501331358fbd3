"""A worker of the executor `process`: told its plans, then chunk after chunk, through one pipe to its driver."""

from __future__ import annotations

import os
import sys
import threading
import time
from multiprocessing.connection import Connection

from comity.sweep.part import Work

LOOK = 0.2  # seconds between two looks whether the driver is still there


def main() -> None:
    """Serve until the driver closes the pipe, or is gone."""
    handle, driver = int(sys.argv[1]), int(sys.argv[2])
    threading.Thread(target=_end_with, args=(driver,), daemon=True).start()
    pipe: Connection = Connection(handle)
    try:
        work = Work(pipe.recv())
        while True:
            job = pipe.recv()
            try:
                answer: object = work.part(job)
            except Exception as problem:  # the driver's to tell
                answer = _sendable(problem)
            pipe.send(answer)
    except (EOFError, OSError):
        return


def _sendable(problem: Exception) -> Exception:
    """An exception that survives the pipe: errors with arguments of their own are told by their message."""
    from comity.errors import ComityError

    return ComityError(str(problem)) if isinstance(problem, ComityError) else RuntimeError(repr(problem))


def _end_with(driver: int) -> None:
    """A driver that was killed has no use for the chunk: end now, so that the next one has the processor."""
    while os.getppid() == driver:
        time.sleep(LOOK)
    os._exit(1)
