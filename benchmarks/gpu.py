"""`python -m benchmarks.gpu`: worlds solved per second by the JAX driver, on whatever device JAX finds.

Three plans on a synthetic world of the size asked for, every world with elasticities and sizes of its own (log-normal
draws, 0.2): trade costs of one pair; trade costs of one country with all others; all tariffs raised. For each block
size: seconds of the first call (compilation), worlds per second on the device alone (inputs there, results left there)
and of the whole call from Changes to arrays on the host, passes, largest residual, share found. The yardstick is
`solve` on the same machine in the same run; three worlds of each plan are compared with it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity import Shock, World
from comity.benchmark.synthetic import synthetic_world
from comity.equilibrium.changes import Changes, changes_of
from comity.equilibrium.jax_driver import compiled, economy_of, jax_batch
from comity.equilibrium.jax_plan import choose_layout, stacked_blocks
from comity.equilibrium.solve import solve

Array = NDArray[np.float64]

TOLERANCE = 1e-10
RUNS = 3
SPREAD = 0.2
MOST_DENSE = 512  # worlds with all weights of their own: 4.3 MB of inputs each at 77 x 45


def best(action: Callable[[], Any]) -> float:
    """Shortest wall time of RUNS calls, in seconds."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def partner_shock(world: World, partners: int) -> Shock:
    """Trade costs of the first country with the next ones, all sectors, both ways."""
    j = len(world.sectors)
    others = np.repeat(np.arange(1, partners + 1), j)
    sector, first = np.tile(np.arange(j), 2 * partners), np.zeros_like(others)
    return Shock.from_cells(iceberg_hat=(sector, np.concatenate([first, others]), np.concatenate([others, first]), 0.9))


def tariff_shock(world: World) -> Shock:
    """Twenty points on every tariff."""
    tariff = world.tariff + 0.2
    n = len(world.countries)
    tariff[:, np.arange(n), np.arange(n)] = 0.0
    return Shock(tariff_new=tariff)


def drawn(changes: Changes, size: float) -> Changes:
    """The same cells with another size: ln d, or the new rates, times `size`."""
    if changes.log_iceberg is not None:
        return replace(changes, log_iceberg=size * changes.log_iceberg)
    assert changes.tariff is not None
    return replace(changes, tariff=replace(changes.tariff, new=size * changes.tariff.new))


def draws(world: World, shock: Shock, count: int) -> tuple[list[Changes], Array]:
    """`count` shocks and rows of elasticities."""
    rng = np.random.default_rng(0)
    base = changes_of(world, shock)
    sizes = np.exp(rng.normal(0, SPREAD, count))
    thetas = world.trade_elasticity * np.exp(rng.normal(0, SPREAD, (count, len(world.sectors))))
    return [drawn(base, float(size)) for size in sizes], thetas


def numpy_beside(world: World, shock: Shock, kept: Array, thetas: Array) -> tuple[float, float]:
    """Milliseconds of `solve` (warm), and the largest difference of real incomes over three worlds."""
    rng = np.random.default_rng(0)
    sizes = np.exp(rng.normal(0, SPREAD, len(kept)))
    apart = 0.0
    for number in range(min(3, len(kept))):
        there = world.with_elasticities(thetas[number])
        solution = solve(there, resized(shock, float(sizes[number])), tolerance=TOLERANCE)
        apart = max(apart, float(np.abs(kept[number] / solution.real_income_hat - 1).max()))
    solve(world, shock)
    return 1e3 * best(lambda: solve(world, shock)), apart


def resized(shock: Shock, size: float) -> Shock:
    """The shock that `drawn` makes of its Changes."""
    if shock.iceberg_hat is not None:
        *cells, value = shock.iceberg_hat
        return Shock.from_cells(iceberg_hat=(*cells, value**size))
    return Shock(tariff_new=size * shock.tariff_new)


def measure(jax: Any, world: World, changes: list[Changes], thetas: Array, size: int) -> tuple[dict[str, Any], Array]:
    """One row of the table, and the real incomes."""

    def whole() -> Any:
        return jax_batch(world, changes, trade_elasticity=thetas, tolerance=TOLERANCE, batch_size=size)

    start = time.perf_counter()
    found = whole()
    first = time.perf_counter() - start
    layout = choose_layout(world, changes, jax.default_backend(), size)
    with jax.enable_x64(True):
        economy = economy_of(jax, world)._replace(shipped=None)
        staged = [jax.device_put(blocks) for blocks in stacked_blocks(world, changes, thetas, layout)]

        def on_device() -> None:
            keep = {"closure": "given", "keep": ("real_income_hat",)}
            running = [compiled()(economy, blocks, TOLERANCE, TOLERANCE / 5, **keep) for blocks in staged]
            jax.block_until_ready(running)

        on_device()
        device_seconds = best(on_device)
    memory = jax.devices()[0].memory_stats() or {}
    row = {
        "batch": size,
        "weights": "own" if layout.cells is None else f"shared, {layout.cells} cells",
        "first_call_s": round(first, 1),
        "device_worlds_per_s": round(len(changes) / device_seconds, 1),
        "call_worlds_per_s": round(len(changes) / best(whole), 1),
        "passes_median": float(np.median(found.iterations)),
        "passes_most": int(found.iterations.max()),
        "found": float(found.found.mean()),
        "residual_largest_found": float(f"{np.max(found.residual[found.found], initial=0.0):.1e}"),
        "peak_MB": round(memory.get("peak_bytes_in_use", 0) / 2**20) or None,
    }
    return row, found.kept["real_income_hat"]


def main() -> None:
    """Measure, print a table, and write it where --json says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--countries", type=int, default=77)
    parser.add_argument("--sectors", type=int, default=45)
    parser.add_argument("--worlds", type=int, default=8192, help="scenarios of each plan")
    parser.add_argument("--batch", type=int, nargs="+", default=[256, 1024, 2048], help="block sizes to try")
    parser.add_argument("--json", type=Path, help="file for the table")
    asked = parser.parse_args()
    import jax

    device = jax.devices()[0]
    world = synthetic_world(asked.countries, asked.sectors, seed=3)
    plans = {
        "one pair": (partner_shock(world, 1), asked.worlds),
        "one country, all partners": (partner_shock(world, asked.countries - 1), asked.worlds),
        "all tariffs": (tariff_shock(world), min(asked.worlds, MOST_DENSE)),
    }
    print(f"{device.device_kind} ({device.platform}), jax {jax.__version__}, {asked.countries} x {asked.sectors}")
    rows = []
    for name, (shock, count) in plans.items():
        changes, thetas = draws(world, shock, count)
        kept = np.empty((0, asked.countries))
        for size in asked.batch:
            row, kept = measure(jax, world, changes, thetas, size)
            rows.append({"plan": name, "worlds": count, **row})
            print("  ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
        milliseconds, apart = numpy_beside(world, shock, kept, thetas)
        print(f"{name}: solve {milliseconds:.2f} ms a world (NumPy); largest difference {apart:.1e}", flush=True)
        rows.append({"plan": name, "numpy_ms": round(milliseconds, 2), "largest_difference": float(f"{apart:.1e}")})
    if asked.json:
        head = {"device": device.device_kind, "platform": device.platform, "jax": jax.__version__}
        size = {"countries": asked.countries, "sectors": asked.sectors}
        asked.json.write_text(json.dumps({**head, **size, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
