"""`make bench`: how long a solve takes, beside a yardstick measured in the same run.

The yardstick is the bare memory traffic of the iteration in plain NumPy: for every pass, two batched matrix-vector
products that read the (J, 2N, N) and (J, N, N) weights once each, and nothing else. A ratio of 2 means that equations,
preconditioner, acceleration, set-up and the final residual together cost as much again as reading the data.
BLAS threads are set to 1 by the make target. Best of several runs, warm (the World has been solved once before).
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from comity import Shock, World, embedded_worlds, load_scenario, load_world, solve
from comity.benchmark.synthetic import synthetic_world
from comity.scenario.compile import compile_scenario

HERE = Path(__file__).parent


def best(action: Callable[[], Any], runs: int) -> float:
    """Shortest wall time of `runs` calls, in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def yardstick(world: World, passes: int) -> float:
    """Seconds for `passes` rounds of the iteration's matrix-vector products alone, on arrays of this World's size."""
    j, n, _ = world.trade_share.shape
    forward = np.random.default_rng(0).random((j, 2 * n, n))
    backward = forward[:, :n]
    vector = np.ones((j, n))

    def traffic() -> None:
        for _ in range(passes):
            np.matmul(forward, vector[:, :, None])
            np.matmul(vector[:, None, :], backward)

    traffic()
    return best(traffic, 20)


def pair_shock(world: World) -> Shock:
    """Trade cost between the first two countries down by a tenth, all sectors, both ways."""
    j = len(world.sectors)
    sector = np.tile(np.arange(j), 2)
    importer, exporter = np.repeat([0, 1], j), np.repeat([1, 0], j)
    return Shock.from_cells(iceberg_hat=(sector, importer, exporter, 0.9))


def uniform_tariff(world: World) -> Shock:
    """Twenty points on every tariff."""
    tariff = world.tariff + 0.2
    n = len(world.countries)
    tariff[:, np.arange(n), np.arange(n)] = 0.0
    return Shock(tariff_new=tariff)


def measure_solve(name: str, world: World, shock: Shock, target_ms: float | None) -> dict[str, Any]:
    solution = solve(world, shock)
    seconds = best(lambda: solve(world, shock), 40)
    bare = yardstick(world, solution.iterations)
    return {
        "what": name,
        "size": f"{len(world.countries)} x {len(world.sectors)}",
        "ms": round(1e3 * seconds, 2),
        "yardstick_ms": round(1e3 * bare, 2),
        "ratio": round(seconds / bare, 2),
        "passes": solution.iterations,
        "residual": float(f"{solution.residual:.1e}"),
        "target_ms": target_ms,
    }


def peak_memory() -> dict[str, Any]:
    """Peak resident memory of a process that builds and solves a 141 x 65 world, and of one that only imports."""
    code = (
        "import resource, numpy as np\n"
        "from benchmarks.bench import pair_shock\n"
        "from comity import solve\n"
        "from comity.benchmark.synthetic import synthetic_world\n"
        "w = synthetic_world(141, 65, seed=1)\n"
        "s = solve(w, pair_shock(w))\n"
        "assert s.residual < 1e-10\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE.parent)
    return {"what": "peak memory, 141 x 65 built and solved", "MB": round(float(done.stdout)), "target_MB": 400}


def cold(command: list[str], runs: int = 5) -> float:
    def call() -> None:
        subprocess.run([sys.executable, "-m", "comity", *command], check=True, capture_output=True)

    return best(call, runs)


def cold_starts() -> list[dict[str, Any]]:
    """Whole processes, beside the start of a Python that imports NumPy only."""
    bare = best(lambda: subprocess.run([sys.executable, "-c", "import numpy"], check=True), 5)
    rows = [("comity --help", ["--help"], 0.5)]
    with tempfile.TemporaryDirectory() as folder:
        rows.append(("comity run tehran-2023, report written", ["run", "tehran-2023", "--out", folder], 3.0))
        return [
            {
                "what": what,
                "s": round(seconds := cold(command), 2),
                "ratio_to_import_numpy": round(seconds / bare, 1),
                "target_s": target,
            }
            for what, command, target in rows
        ]


def main() -> None:
    """Measure, print a table, keep it in benchmarks/latest.json."""
    rows: list[dict[str, Any]] = []
    large = synthetic_world(77, 45, seed=3)
    rows.append(measure_solve("synthetic, one pair -10 %", large, pair_shock(large), 10.0))
    rows.append(measure_solve("synthetic, all tariffs +20 points", large, uniform_tariff(large), None))
    if "world-2022" in embedded_worlds():
        world = load_world("world-2022")
        shock = compile_scenario(world, load_scenario("tehran-2023")).shock
        rows.append(measure_solve("world-2022, tehran-2023", world, shock, 6.0))
        rows.append(measure_solve("world-2022, all tariffs +20 points", world, uniform_tariff(world), None))
    rows.append(peak_memory())
    rows.extend(cold_starts())
    result = {
        "machine": {"python": platform.python_version(), "numpy": np.__version__, "cores": os.cpu_count()},
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "not set"),
        "own_peak_MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "rows": rows,
    }
    for row in rows:
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    (HERE / "latest.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
