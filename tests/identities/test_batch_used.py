"""Coalitions, bands, ranges and dossiers are solved side by side: counted, not believed.

What is still solved by itself is the central answer of a scenario (it is shown with its residual and its path) and the
balanced benchmark of an economy, once for each elasticity set and statistical count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import comity
from comity import assess, load_dossier, load_game, load_scenario, load_world, simulate
from comity.equilibrium import chunk_results, solve
from comity.sweep import plan_sweep, run_sweep

COUNTS, SETS, COMBINATIONS = 2, 4, 36  # of the flagship: whose statistics; elasticity sets; sets x sizes x closures
PLAYERS = 3  # of the sanctioned front in world-2022


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Scenarios solved together and alone, in this process (no copies, whose work could not be counted)."""
    found: Counter[str] = Counter()
    together, alone = chunk_results.solve_chunk, solve.search

    def many(base: Any, members: Any, *rest: Any, **named: Any) -> Any:
        found["together"] += len(members)
        found["chunks"] += 1
        return together(base, members, *rest, **named)

    def one(*rest: Any, **named: Any) -> Any:
        found["alone"] += 1
        return alone(*rest, **named)

    monkeypatch.setattr(chunk_results, "solve_chunk", many)
    monkeypatch.setattr(solve, "search", one)
    monkeypatch.setattr("comity.beside.may_fork", lambda: False)
    yield found


def test_ranges_and_bands(counted: Counter[str]) -> None:
    world, draws = load_world(), 40
    outcomes = simulate(world, load_scenario("tehran-2023"))
    assert all(len(run.range.variants) == COMBINATIONS for run in outcomes.runs)
    assert counted["together"] == COUNTS * (COMBINATIONS - 1)  # one of them is the central answer
    assert counted["alone"] <= COUNTS * (1 + SETS)  # central answers and balanced benchmarks
    counted.clear()
    simulate(world, load_scenario("tehran-2023"), draws=draws)
    assert counted["together"] == COUNTS * (COMBINATIONS - 1 + draws)
    assert counted["alone"] == COUNTS  # the balanced benchmarks are kept


def test_dossier(counted: Counter[str]) -> None:
    """Nearly nine hundred equilibria behind the flagship's fifteen claims and its report over time."""
    assess(load_world(), load_dossier("tehran-2023"))
    assert counted["together"] > 850
    assert counted["alone"] < 0.05 * counted["together"]


def test_coalitions(counted: Counter[str]) -> None:
    """Every subset of the players, and what the page sets beside them: potentials, recovery, next partners."""
    comity.coalition(load_world(), load_game("sanctioned-front"), ranges=False)
    assert counted["together"] >= 2**PLAYERS - 1  # the empty one is the benchmark
    assert counted["alone"] <= 2


def test_sweep(counted: Counter[str], tmp_path: Path) -> None:
    """Its points in batches; a point at which nothing happens is the benchmark and not solved."""
    plan = plan_sweep("front-pairs")
    run_sweep(plan, tmp_path / "store", executor="serial")
    assert counted["together"] >= 0.8 * len(plan)
    assert counted["alone"] == 0
