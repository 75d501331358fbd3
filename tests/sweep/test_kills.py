"""Kill it at any moment and run again: nothing lost, nothing solved twice, the same bits."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from comity.sweep import plan_sweep, run_sweep
from tests.sweep import cases, kills

# 24 x 6 x 2 x 3 = 864 points in 54 chunks: some three seconds, so that kills fall in starting, solving and writing;
# and a third of it
LONG = cases.SWEEP.replace("count: 4", "count: 24").replace("chunk: 32", "chunk: 16")
SHORT = LONG.replace("count: 24", "count: 8")
FEW, MANY, DASK = 3, 60, 20
Undisturbed = tuple[Path, dict[str, bytes]]


def _undisturbed(folder: Path, text: str) -> Undisturbed:
    """The sweep file, and the files of results of a serial run that nobody disturbs."""
    sweep = cases.write(folder, text)
    run_sweep(plan_sweep(sweep), folder / "serial")
    return sweep, cases.files(folder / "serial")


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return _undisturbed(tmp_path_factory.mktemp("long"), LONG)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return _undisturbed(tmp_path_factory.mktemp("short"), SHORT)


def _run(
    undisturbed: Undisturbed,
    store: Path,
    seed: int,
    count: int,
    executor: str,
    workers: int,
    drivers: float = 0.5,
    longest: float = 2.5,
) -> dict[str, int]:
    """Kill `count` times, a share `drivers` of them the driver; the store must be the undisturbed one."""
    sweep, expected = undisturbed
    options = ("--executor", executor, "--workers", str(workers))
    told = kills.until_complete(sweep, store, random.Random(seed), count, drivers, longest, *options)
    assert cases.files(store) == expected
    return kills.check_journal(store, told, workers)


def test_a_few_kills(short: Undisturbed, tmp_path: Path) -> None:
    found = _run(short, tmp_path / "store", 7, FEW, "process", 2, longest=1.4)
    assert found["drivers killed"] + found["workers killed"] >= 1


@pytest.mark.slow
def test_many_kills(long: Undisturbed, tmp_path: Path) -> None:
    """At least MANY kills, over as many stores as that takes (a store is complete after some)."""
    total = {"chunks": 0, "begun again": 0, "drivers killed": 0, "workers killed": 0, "runs": 0}
    store = 0
    while total["drivers killed"] + total["workers killed"] < MANY:
        found = _run(long, tmp_path / str(store), 100 + store, 15, "process", 1 + store % 2)
        total = {name: total[name] + found[name] for name in total}
        store += 1
    print({"stores": store, **total})
    assert total["drivers killed"] >= 10 and total["workers killed"] >= 10


@pytest.mark.slow
def test_many_kills_on_dask(long: Undisturbed, tmp_path: Path) -> None:
    total, workers, store = 0, 0, 0
    while total < DASK or not workers:
        found = _run(long, tmp_path / str(store), 200 + store, 6, "dask", 2, drivers=0.3)
        print(found)
        total += found["drivers killed"] + found["workers killed"]
        workers += found["workers killed"]
        store += 1


def test_interrupted_driver_goes_on(short: Undisturbed, tmp_path: Path) -> None:
    sweep, expected = short
    store = tmp_path / "store"
    driver = kills.start(sweep, store, "--executor", "process", "--workers", "1")
    deadline = time.monotonic() + kills.PATIENCE
    while not list((store / "parts").glob("*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    driver.send_signal(signal.SIGINT)
    assert driver.wait(timeout=kills.PATIENCE) == 130
    assert "run the same command again to go on" in kills.said(store).read_text()
    stored = cases.files(store)
    assert 0 < len(stored) < len(expected)
    assert all(content == expected[name] for name, content in stored.items())
    report = run_sweep(plan_sweep(sweep), store)
    assert report.before == 16 * len(stored) and report.before + report.solved == 288
    assert cases.files(store) == expected


def test_workers_end_with_a_killed_driver(tmp_path: Path) -> None:
    """In the middle of a chunk of many seconds: they look for their driver five times a second."""
    text = cases.SWEEP.replace("count: 4", "count: 90").replace("chunk: 32", "chunk: 5000")
    driver = kills.start(cases.write(tmp_path, text), tmp_path / "store", "--executor", "process", "--workers", "1")
    deadline = time.monotonic() + kills.PATIENCE
    while not (workers := [pid for pid in kills.children(driver.pid) if kills.is_worker(pid)]):
        time.sleep(0.02)
        assert time.monotonic() < deadline
    time.sleep(1.5)  # it has started, and is solving
    driver.kill()
    driver.wait()
    killed = time.monotonic()
    while any(kills.is_worker(pid) for pid in workers):
        time.sleep(0.02)
        assert time.monotonic() < killed + 2
    assert not list((tmp_path / "store" / "parts").iterdir())
