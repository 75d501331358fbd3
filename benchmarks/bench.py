"""`make bench`: how long things take, each beside a yardstick measured in the same run (benchmarks/measure.py).

    python -m benchmarks.bench [SECTION ...] [--write]

Sections: solve, batch, growth, gradient, products, cold, memory. `--write` puts the tables into docs/performance.md.
BLAS threads are set to 1 by the make target. Best of several runs, warm (the World has been solved once before).
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import (
    all_products,
    best,
    coalition_plan,
    pair_plan,
    pair_shock,
    pass_operations,
    product_speed,
    traffic,
    uniform_tariff,
)
from comity import Shock, World, gradient, load_scenario, load_world, solve, solve_many
from comity.benchmark.synthetic import synthetic_world
from comity.scenario.compile import compile_scenario

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
Rows = list[dict[str, Any]]
PLAN = 1000  # scenarios of a batch: starting the second process is a small part of it


def size_of(world: World) -> str:
    return f"{len(world.countries)} x {len(world.sectors)}"


def measure_solve(name: str, world: World, shock: Shock, target_ms: float | None, engine: str) -> dict[str, Any]:
    solution = solve(world, shock, engine=engine)
    seconds = best(lambda: solve(world, shock, engine=engine), 30)
    bare = traffic(world, solution.iterations)
    return {
        "what": name,
        "size": size_of(world),
        "engine": engine,
        "ms": round(1e3 * seconds, 2),
        "yardstick_ms": round(1e3 * bare, 2),
        "ratio": round(seconds / bare, 2),
        "products_ms": round(1e3 * all_products(world, solution.iterations), 2),
        "passes": solution.iterations,
        "residual": float(f"{solution.residual:.1e}"),
        "target_ms": target_ms,
    }


def solves() -> Rows:
    """Single solves to 1e-10."""
    cases: list[tuple[str, World, Shock, float | None]] = []
    for countries, sectors, target in ((30, 20, None), (77, 45, 5.0), (141, 65, None), (190, 26, None)):
        world = synthetic_world(countries, sectors, seed=3)
        cases.append(("synthetic, one pair -10 %", world, pair_shock(world), target))
        if (countries, sectors) == (77, 45):
            cases.append(("synthetic, all tariffs +20 points", world, uniform_tariff(world), None))
    world = load_world("world-2022")
    cases.append(("world-2022, tehran-2023", world, compile_scenario(world, load_scenario("tehran-2023")).shock, 6.0))
    cases.append(("world-2022, all tariffs +20 points", world, uniform_tariff(world), None))
    return [measure_solve(*case, engine) for case in cases for engine in ("numpy", "numba")]


def measure_batch(
    name: str,
    world: World,
    shocks: list[Shock],
    workers: int,
    speed: float,
    target: float | None,
    runs: int = 3,
    engine: str = "numpy",
) -> dict[str, Any]:
    """Scenarios a second to a residual of 1e-8, beside what the multiplications alone would allow on one core."""

    def run() -> Any:
        return solve_many(world, shocks, tolerance=1e-8, workers=workers, engine=engine)

    found = run()
    assert found.converged.all() and found.residual.max() <= 1e-8
    seconds = best(run, runs)
    products = float(found.iterations.mean()) * pass_operations(world) / speed
    return {
        "what": name,
        "size": size_of(world),
        "engine": engine,
        "scenarios": len(shocks),
        "processes": workers,
        "ms each": round(1e3 * seconds / len(shocks), 2),
        "per second": round(len(shocks) / seconds),
        "yardstick ms": round(1e3 * products, 2),
        "ratio": round(seconds / len(shocks) / products, 2),
        "passes": round(float(found.iterations.mean()), 1),
        "residual": float(f"{found.residual.max():.1e}"),
        "target per second": target,
    }


def batches() -> Rows:
    """Throughput on one and two cores, against solving one by one."""
    speed = product_speed()
    rows: Rows = []
    for world, target in ((synthetic_world(77, 45, seed=3), 1000.0), (load_world("world-2022"), 2000.0)):
        plans = {"coalitions of ten": coalition_plan(world, PLAN), "random pairs": pair_plan(world, PLAN)}
        for what, plan in plans.items():
            for engine, workers in (("numpy", 1), ("numpy", 2), ("numba", 1), ("numba", 2)):
                goal = target if workers == 2 else None
                rows.append(measure_batch(what, world, plan, workers, speed, goal, 5, engine))
            alone = best(lambda w=world, p=plan: [solve(w, shock, tolerance=1e-8) for shock in p[:32]], 3) / 32
            rows.append({"what": f"{what}, one by one", "size": size_of(world), "ms each": round(1e3 * alone, 2)})
    return rows


def gradients() -> Rows:
    """All derivatives of one outcome, its own solve included, in units of a solve of the same run."""
    rows: Rows = []
    world = synthetic_world(77, 45, seed=3)
    flagship = load_world("world-2022")
    cases = (
        ("synthetic, one pair -10 %", world, pair_shock(world), 3.0),
        ("world-2022, tehran-2023", flagship, compile_scenario(flagship, load_scenario("tehran-2023")).shock, None),
    )
    for what, economy, shock, target in cases:
        outcome = ("real_income_hat", economy.countries[5])
        found = gradient(economy, shock, outcome, closure="fixed-deficits")
        bare = seconds = float("inf")
        for _ in range(15):  # in turns, so that noise hits both alike
            bare = min(bare, best(lambda w=economy, s=shock: solve(w, s), 2))
            seconds = min(
                seconds, best(lambda w=economy, s=shock, o=outcome: gradient(w, s, o, closure="fixed-deficits"), 2)
            )
        rows.append(
            {
                "what": what,
                "size": size_of(economy),
                "tariffs": found.tariff.size,
                "ms": round(1e3 * seconds, 2),
                "solve ms": round(1e3 * bare, 2),
                "ratio": round(seconds / bare, 2),
                "passes": found.passes,
                "residual": float(f"{found.residual:.1e}"),
                "target ratio": target,
            }
        )
    return rows


def growth() -> Rows:
    """How cost grows with countries, sectors and scenarios: time of the larger over that of the smaller."""
    rows: Rows = []
    base = synthetic_world(40, 20, seed=3)

    def batch(world: World, count: int) -> float:
        plan = coalition_plan(world, count, players=8)
        solve_many(world, plan, tolerance=1e-8)
        return best(lambda: solve_many(world, plan, tolerance=1e-8), 3)

    def single(world: World) -> float:
        shock = pair_shock(world)
        solve(world, shock)
        return best(lambda: solve(world, shock), 15)

    one, many = single(base), batch(base, 128)
    wide, deep = synthetic_world(80, 20, seed=3), synthetic_world(40, 40, seed=3)
    for what, world in (("countries 40 to 80", wide), ("sectors 20 to 40", deep)):
        rows.append(
            {"what": what, "single solve": round(single(world) / one, 1), "batch": round(batch(world, 128) / many, 1)}
        )
    rows.append({"what": "scenarios 128 to 256", "single solve": 2.0, "batch": round(batch(base, 256) / many, 1)})
    return rows


def peak_memory() -> dict[str, Any]:
    """Peak resident memory of a process that builds and solves a 141 x 65 world, and of one that only imports."""
    code = (
        "import re\n"
        "from benchmarks.measure import pair_shock\n"
        "from comity import solve\n"
        "from comity.benchmark.synthetic import synthetic_world\n"
        "w = synthetic_world(141, 65, seed=1)\n"
        "s = solve(w, pair_shock(w))\n"
        "assert s.residual < 1e-10\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read()).group(1)) / 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE.parent)
    return {"what": "peak memory, 141 x 65 built and solved", "MB": round(float(done.stdout)), "target_MB": 400}


def cold(command: list[str], caches: str, first: bool) -> float:
    """Seconds of a process. caches : the user's caches during it; emptied before where it is the `first`."""
    # compiled modules are kept on disk, as where comity is installed
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    kept["XDG_CACHE_HOME"] = caches
    if first:
        shutil.rmtree(caches, ignore_errors=True)
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "comity", *command], check=True, capture_output=True, env=kept)
    return time.perf_counter() - start


def cold_starts() -> list[dict[str, Any]]:
    """Whole processes in turns, the best of five, beside the start of a Python that imports NumPy only."""
    bare = best(lambda: subprocess.run([sys.executable, "-c", "import numpy"], check=True), 5)
    with tempfile.TemporaryDirectory() as folder:
        caches = str(Path(folder) / "caches")
        assessed = ["run", "tehran-2023", "--out", folder]
        rows = [
            ("comity --help", ["--help"], False, 0.5),
            ("comity run tehran-2023 --no-claims, report written", [*assessed, "--no-claims"], True, 3.0),
            ("comity run tehran-2023, claims and report", assessed, True, 5.0),
            ("the same once more: figures looked up", assessed, False, 5.0),
        ]
        turns = [[cold(command, caches, first) for _, command, first, _ in rows] for _ in range(5)]
    return [
        {"what": what, "s": round(min(seconds), 2), "slowest s": round(max(seconds), 2),
         "ratio_to_import_numpy": round(min(seconds) / bare, 1), "target_s": target}
        for (what, _, _, target), seconds in zip(rows, zip(*turns, strict=True), strict=True)
    ]  # fmt: skip


SECTIONS: dict[str, Callable[[], Rows]] = {
    "solve": solves,
    "batch": batches,
    "gradient": gradients,
    "growth": growth,
    "cold": cold_starts,
    "memory": lambda: [peak_memory()],
}


def main() -> None:
    """Measure, print the tables, keep them in benchmarks/latest.json and with --write in docs/performance.md."""
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")] or list(SECTIONS)
    path = HERE / "latest.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    tables = kept.get("tables", {})
    for name in wanted:
        rows = SECTIONS[name]()
        tables[name] = rows
        for row in rows:
            print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    result = {
        "machine": {"python": platform.python_version(), "numpy": np.__version__, "cores": os.cpu_count()},
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "not set"),
        "tables": tables,
    }
    path.write_text(json.dumps(result, indent=1) + "\n")
    if "--write" in sys.argv:
        write_page(tables)


def write_page(tables: dict[str, Rows]) -> None:
    """Replace the tables between their markers in docs/performance.md."""
    text = PAGE.read_text(encoding="utf-8")
    for name, rows in tables.items():
        mark = f"<!-- table {name} -->"
        text = re.sub(
            f"{mark}\n.*?<!-- end -->", lambda _, m=mark, r=rows: f"{m}\n{as_table(r)}<!-- end -->", text, flags=re.S
        )
    PAGE.write_text(text, encoding="utf-8")


def as_table(rows: Rows) -> str:
    """Rows as a Markdown table; columns in the order in which they first occur."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = ["| " + " | ".join(columns) + " |", "| --- |" + " ---: |" * (len(columns) - 1)]
    for row in rows:
        cells = ["" if row.get(column) is None else str(row[column]) for column in columns]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
