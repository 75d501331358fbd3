"""What a sweep costs beside its solves, what two workers bring, and that memory does not grow with the points."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import comity
from comity import World, save_world
from comity.benchmark.synthetic import synthetic_world
from comity.sweep import plan_sweep, run_sweep
from comity.sweep import rows as rows_module
from comity.sweep.part import Job, Told, Work

pytestmark = pytest.mark.slow

HEAD = "schema: 1\ntype: sweep\nid: x\ntitle: X\n"
SIZES = (
    HEAD
    + """
scenario: sanctioned-front
axes:
  - {kind: size, measure: new-pairs, form: trade_ratio, name: ratio, linspace: {from: 1.01, to: 2, count: %d}}
chunk: 256
"""
)
OVERHEAD = 1.15  # seconds of a chunk over seconds inside solve_many
EFFICIENCY = 0.85  # of two workers against one
GROWTH = 30.0  # MB from 2**10 to 2**16 coalitions: the store's index of 256 files, and what the allocator keeps


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(comity.__file__).parents[1])}


def test_overhead_over_solve_many(monkeypatch: Any) -> None:
    """Points, shocks, rows and Parquet against the solver, in one run; best of five chunks."""
    plan = plan_sweep(SIZES % 1536)
    work = Work((Told.of(plan),), (plan,))
    inside = [0.0]
    original = rows_module.solve_many

    def timed(*given: Any, **named: Any) -> Any:
        begin = time.perf_counter()
        found = original(*given, **named)
        inside[0] += time.perf_counter() - begin
        return found

    monkeypatch.setattr(rows_module, "solve_many", timed)
    work.part(Job(0, 0, 256))
    ratios = []
    for chunk in range(1, 6):
        inside[0] = 0.0
        begin = time.perf_counter()
        work.part(Job(0, chunk, 256))
        ratios.append((time.perf_counter() - begin) / inside[0])
    print(f"chunk over solve_many: {min(ratios):.3f} to {max(ratios):.3f}")
    assert min(ratios) < OVERHEAD


def test_two_workers(tmp_path: Path) -> None:
    """Wall time of whole runs, starting workers included, in turn; the best pair of five."""
    plan = plan_sweep(SIZES % 6144)
    found = []
    for turn in range(5):
        seconds = []
        for workers in (1, 2):
            begin = time.perf_counter()
            run_sweep(plan, tmp_path / f"{turn}-{workers}", executor="process", workers=workers)
            seconds.append(time.perf_counter() - begin)
        found.append(seconds[0] / seconds[1] / 2)
        print(f"one worker {seconds[0]:.1f} s, two {seconds[1]:.1f} s, efficiency {found[-1]:.3f}")
        if found[-1] > EFFICIENCY:
            return
    raise AssertionError(found)


def test_memory_is_flat_in_coalitions(tmp_path: Path) -> None:
    """Largest resident memory of a serial run of 2**10, 2**14 and 2**16 coalitions, each in a process of its own."""
    base = synthetic_world(18, 2, seed=1)
    codes = [f"A{chr(65 + k)}A" for k in range(18)]
    names = ("trade_share", "tariff", "export_tax", "value_added_share", "input_share", "consumption_share",
             "trade_elasticity", "value_added", "deficit")  # fmt: skip
    world = World.from_arrays(countries=codes, sectors=("AGR", "MACH"), name="many", base_year=2022,
                              money_unit="million USD", **{name: getattr(base, name) for name in names})  # fmt: skip
    save_world(world, tmp_path / "many.npz")
    code = (
        "import resource, sys\nfrom comity.sweep import plan_sweep, run_sweep\n"
        "run_sweep(plan_sweep(sys.argv[1]), sys.argv[2])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    peaks = {}
    for players in (10, 14, 16):
        (tmp_path / f"game{players}.yaml").write_text(
            f"schema: 1\ntype: coalition\nid: many\ntitle: Many\nworld: many.npz\n"
            f"players: {{members: [{', '.join(codes[:players])}], value: joint-gain}}\n"
            "measures:\n  - {id: pact, kind: ntb, between: players, size: {hat: 0.97}}\n",
            encoding="utf-8",
        )
        sweep = tmp_path / f"sweep{players}.yaml"
        sweep.write_text(f"{HEAD}coalitions: game{players}.yaml\nchunk: 256\n", encoding="utf-8")
        done = subprocess.run([sys.executable, "-c", code, str(sweep), str(tmp_path / f"store{players}")],
                              env=_environment(), capture_output=True, text=True, check=True)  # fmt: skip
        peaks[players] = float(done.stdout)
    print({f"2**{players}": f"{peak:.0f} MB" for players, peak in peaks.items()})
    assert peaks[16] - peaks[10] < GROWTH
