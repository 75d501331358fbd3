"""10,000 random strong shocks with published seeds: how many are solved, by kind and closure.

    python -m benchmarks.robustness [--world world-2022] [--count 5000] [--elasticities fontagne]

Writes benchmarks/robustness.csv and prints the table that docs/solver.md shows. Seeds 0..count-1 of both domains of
tests/robustness/shocks.py. Two processes, one BLAS thread each.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
from tests.robustness.shocks import case

from comity import World, load_world, solve
from comity.errors import NoSolutionError

HERE = Path(__file__).parent
COLUMNS = ("domain", "kind", "closure", "shocks", "solved", "refused", "reasons", "median_passes", "worst_residual")


@cache
def _world(name: str, elasticities: str) -> World:
    world = load_world(name)
    return world.with_elasticities(elasticities) if elasticities != "default" else world


def attempt(job: tuple[str, str, str, int]) -> tuple[str, str, str, str, int, float]:
    """Domain, kind, closure, outcome, passes, residual of one seed."""
    name, elasticities, domain, seed = job
    world = _world(name, elasticities)
    given = case(world, domain, seed)
    try:
        solution = solve(world, given.shock, closure=given.closure)
    except NoSolutionError as refusal:
        return given.domain, given.kind, given.closure, refusal.reason, 0, np.nan
    return given.domain, given.kind, given.closure, "solved", solution.iterations, solution.residual


def main() -> None:
    """Run all seeds, write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--world", default="world-2022")
    parser.add_argument("--elasticities", default="default")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--out", default=str(HERE / "robustness.csv"))
    options = parser.parse_args()
    jobs = [(options.world, options.elasticities, domain, seed) for domain in "AB" for seed in range(options.count)]
    groups: dict[tuple[str, str, str], list[tuple[str, int, float]]] = defaultdict(list)
    with ProcessPoolExecutor(2) as pool:
        for domain, kind, closure, outcome, passes, residual in pool.map(attempt, jobs, chunksize=50):
            groups[domain, kind, closure].append((outcome, passes, residual))
    with open(options.out, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for key in sorted(groups):
            rows = groups[key]
            solved = [row for row in rows if row[0] == "solved"]
            reasons = sorted({row[0] for row in rows} - {"solved"})
            counts = "; ".join(f"{reason} {sum(row[0] == reason for row in rows)}" for reason in reasons)
            median = f"{np.median([row[1] for row in solved]):.0f}" if solved else ""
            worst = f"{max(row[2] for row in solved):.1e}" if solved else ""
            table.writerow([*key, len(rows), len(solved), len(rows) - len(solved), counts, median, worst])
            print("  ".join(map(str, (*key, len(rows), len(solved), counts, median, worst))))


if __name__ == "__main__":
    main()
