"""A worker killed under load loses no request that was answered, and is replaced (benchmarks/load.py at small scale)."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest
from benchmarks import load

SECONDS, CLIENTS = 4.0, 6
PATIENT = 40.0  # seconds for a new worker to be there; about 4 on a free machine


@pytest.mark.slow  # two starts of two workers: about 20 s
@pytest.mark.skipif(sys.platform != "linux", reason="the benchmark finds worker processes under /proc")
def test_a_worker_killed_under_load_loses_nothing_that_was_answered() -> None:
    server, port = load.started(2)
    tally = load.Tally()
    busy = {**load.PEOPLE, "read": (0.0, 0.5), "steps": (3, 6)}
    try:
        load.all_up(port, 2, server.pid)
        before = load.workers_of(server.pid)

        async def both() -> None:
            await asyncio.gather(
                load.crowd(port, CLIENTS, SECONDS, tally, busy), load.killing(server.pid, SECONDS / 3)
            )  # fmt: skip

        asyncio.run(both())
        assert tally.failed == []  # nothing refused, nothing unanswered for good
        assert len(tally.steps) > CLIENTS
        until = time.monotonic() + PATIENT
        while time.monotonic() < until and len(load.workers_of(server.pid)) < 2:
            time.sleep(0.2)
        after = load.workers_of(server.pid)
        assert len(after) == 2 and len(set(before) & set(after)) == 1
    finally:
        load.ended(server)
