"""Runs of `comity sweep` whose workers and drivers are killed at random moments, and what their journals must say."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import comity

# a test run in the background may hand down that Ctrl-C is ignored
COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from comity.sweep.command import app; app()"
)
PATIENCE = 120.0  # seconds for one run of a plan that takes three


@dataclass
class Told:
    """What happened to a store until it was complete."""

    drivers: int = 0
    workers: int = 0
    runs: int = 0
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)


def start(sweep: Path, store: Path, *options: str) -> subprocess.Popen[bytes]:
    """A driver of its own; what it says goes beside its store."""
    environment = {**os.environ, "PYTHONPATH": str(Path(comity.__file__).parents[1]), "PYTHONWARNINGS": "default"}
    with open(said(store), "wb") as file:
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(sweep), "--store", str(store), *options],
            stdout=file,
            stderr=file,
            env=environment,
        )


def said(store: Path) -> Path:
    """Where the last driver's output is."""
    return store.with_name(store.name + "-said.txt")


def until_complete(
    sweep: Path, store: Path, draw: random.Random, kills: int, drivers: float, longest: float, *options: str
) -> Told:
    """Run, kill the driver or one of its workers at random moments, run again; after `kills` kills in peace.

    drivers : share of kills that are the driver's; longest : seconds between two kills.
    """
    told = Told()
    while True:
        driver = start(sweep, store, *options)
        told.runs += 1
        begin = time.monotonic()
        while driver.poll() is None and told.drivers + told.workers < kills:
            time.sleep(draw.uniform(0.05, longest))
            if driver.poll() is not None:
                break
            if draw.random() < drivers:
                driver.send_signal(signal.SIGKILL)
                told.drivers += 1
                break
            found = [pid for pid in children(driver.pid) if is_worker(pid)]
            if found:
                os.kill(draw.choice(found), signal.SIGKILL)
                told.workers += 1
            assert time.monotonic() - begin < PATIENCE
        code = driver.wait(timeout=PATIENCE)
        watch(store, told)
        if code == 0:
            return told
        assert code == -signal.SIGKILL, f"the driver ended with {code} by itself: {said(store).read_text()}"


def children(pid: int) -> list[int]:
    """Processes started by any thread of a process (Dask starts its workers from a thread)."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in path.read_text().split()]
        except OSError:
            continue
    return found


def is_worker(pid: int) -> bool:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"comity.sweep.worker" in line or b"spawn_main" in line


def watch(store: Path, told: Told) -> None:
    """A file of results that was there is the same file still: never written again, never gone."""
    now = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (store / "parts").glob("*.parquet")}
    for name, was in told.seen.items():
        assert now.get(name) == was, f"{name} was written again or is lost"
    told.seen = now


def check_journal(store: Path, told: Told, workers: int) -> dict[str, int]:
    """Nothing solved twice: no chunk is begun after it was stored, and what is begun more often than stored is what was
    in the hands of those who were killed."""
    started: Counter[str] = Counter()
    stored: Counter[str] = Counter()
    with open(store / "journal.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = f"part-{int(row['plan'] or 0):02d}-{int(row['chunk'] or 0):06d}.parquet"
            if row["event"] == "started":
                assert not stored[name], f"{name} was solved again"
                started[name] += 1
            elif row["event"] == "stored":
                stored[name] += 1
    assert set(started) == set(told.seen) and max(stored.values()) == 1
    # a driver may be killed between the file and its line in the journal
    assert len(told.seen) - len(stored) <= told.drivers
    again = sum(started.values()) - len(told.seen)
    # two chunks a worker: one with it, one (dask: waiting, process: on its way) about to be
    assert again <= told.workers * 2 + told.drivers * 2 * workers
    return {"chunks": len(told.seen), "begun again": again, "drivers killed": told.drivers,
            "workers killed": told.workers, "runs": told.runs}  # fmt: skip
