"""`python -m benchmarks.products`: a product world of full size, 200 countries x 5,000 products, 10 million flows.

    python -m benchmarks.products                          synthetic
    python -m benchmarks.products BACI.csv CODES.csv       the user's BACI year on world-2022

Prints the time and the peak memory of reading or making the flows, of building the world and of each solve to 1e-8.
Two yardsticks are measured in the same run. `traffic` is the bare memory traffic of the same number of passes: every
weight and index array of the iteration read once a pass, and nothing else. `sums` is the same number of passes of the
sums over flows alone. Targets: 20 s and 6 GB for a solve. One thread is used (BLAS threads do not matter).
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from comity import Shock, World, load_world
from comity.benchmark.products import ProductWorld
from comity.benchmark.synthetic import synthetic_world
from comity.benchmark.synthetic_products import synthetic_flows
from comity.classifications.hs import hs_sectors
from comity.equilibrium.changes import changes_of
from comity.equilibrium.product_problem import ProductProblem, make_product_problem, segment_sums
from comity.equilibrium.product_solve import solve_products
from comity.sources.baci_products import read_baci_products

COUNTRIES, PRODUCTS, FLOWS = 200, 5000, 10_000_000
TARGET_SECONDS, TARGET_GB = 20.0, 6.0
RUNS = 3


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def best(action: Callable[[], Any], runs: int = RUNS) -> float:
    return min(timed(action)[0] for _ in range(runs))


def peak_gb() -> float:
    """Peak resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def report(what: str, **values: object) -> None:
    cells = "  ".join(
        f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}" for key, value in values.items()
    )
    print(f"{what:<44} {cells}  peak_GB {peak_gb():.2f}", flush=True)


def synthetic() -> ProductWorld:
    seconds, world = timed(lambda: synthetic_world(COUNTRIES, 22, seed=1))
    report("synthetic sector world", s=seconds)
    seconds, (columns, sector) = timed(lambda: synthetic_flows(world, PRODUCTS, FLOWS, seed=1))
    report("synthetic flows", s=seconds)
    seconds, products = timed(lambda: ProductWorld(world, columns, sector))
    report("ProductWorld built", s=seconds)
    return products


def from_baci(path: str, codes: str) -> ProductWorld:
    world = load_world("world-2022")
    seconds, read = timed(lambda: read_baci_products(path, codes, countries=world.countries))
    report(f"BACI {read.year} read, {read.rows:,} rows", s=seconds)
    seconds, products = timed(lambda: ProductWorld(world, read.table, hs_sectors(read.products)))
    report("ProductWorld built", s=seconds)
    return products


def shocks(world: World) -> dict[str, Shock]:
    sectors, count = len(world.sectors), len(world.countries)
    goods = np.arange(sectors - 1)
    tariff = world.tariff.copy()
    tariff[goods] += 0.2
    tariff[:, np.arange(count), np.arange(count)] = 0.0
    both = np.tile(goods, 2), np.repeat([0, 1], sectors - 1), np.repeat([1, 0], sectors - 1)
    return {
        "one pair -10 %": Shock.from_cells(iceberg_hat=(*both, 0.9)),
        "embargo of one pair": Shock.from_cells(iceberg_hat=(*both, np.inf)),
        "all tariffs on goods +20 points": Shock(tariff_new=tariff),
    }


def traffic(problem: ProductProblem, passes: int) -> float:
    """Seconds to read every weight and index array of the iteration `passes` times."""
    markets = problem.markets
    weights = [array for array in (problem.border, problem.tariff, problem.sold, problem.shipped) if array is not None]
    even = len(markets.supplier) // 2 * 2
    indices = [array[:even].view(np.int64) for array in (markets.supplier, markets.turned_market)]

    def read() -> None:
        for _ in range(passes):
            for array in (*weights, *indices):
                array.sum()

    return best(read)


def sums(problem: ProductProblem, passes: int) -> float:
    """Seconds for `passes` rounds of the sums over flows alone."""
    scale = np.ones(len(problem.markets.supplier_theta))
    per_weight = np.ones(len(problem.markets.home))

    def work() -> None:
        for _ in range(passes):
            problem.drawn(scale)
            problem.delivered(per_weight)

    return best(work)


def scipy_product(problem: ProductProblem) -> None:
    """One sparse matrix-vector product of SciPy beside ours, where SciPy is installed."""
    try:
        from scipy import sparse
    except ImportError:
        return
    markets = problem.markets
    start = np.append(markets.start, len(markets.supplier)).astype(np.int32)
    shape = len(markets.start), len(markets.supplier_theta)
    matrix = sparse.csr_array((problem.border, markets.supplier, start), shape=shape)
    vector, out = np.ones(shape[1]), np.zeros((1, len(markets.home)))
    ours = best(lambda: segment_sums(vector, markets.supplier, markets.start, (problem.border,), out), 5)
    theirs = best(lambda: matrix @ vector, 5)
    report("one sparse product", ms=1e3 * ours, ms_scipy=1e3 * theirs)


def main() -> None:
    """Build, solve, print."""
    products = from_baci(*sys.argv[1:3]) if len(sys.argv) > 2 else synthetic()
    world, markets = products.world, products.markets
    print(
        f"{products!r}\n{len(markets.share):,} flows with residual ones, {len(markets.home):,} markets, "
        f"{len(markets.supplier_theta):,} suppliers; residual part of trade {products.counts.residual_share:.2%} where"
        f" there are product data, {products.counts.residual_share_all:.2%} in all"
    )
    for name, shock in shocks(world).items():
        seconds, solution = timed(lambda shock=shock: solve_products(products, shock))
        seconds = min(seconds, best(lambda shock=shock: solve_products(products, shock), RUNS - 1))
        problem = make_product_problem(world, markets, changes_of(world, shock), "fixed-deficits")
        bare, alone = traffic(problem, solution.iterations), sums(problem, solution.iterations)
        report(
            name,
            s=seconds,
            passes=solution.iterations,
            residual=solution.residual,
            traffic_s=bare,
            ratio=seconds / bare,
            sums_s=alone,
            ratio_to_sums=seconds / alone,
            within=seconds < TARGET_SECONDS and peak_gb() < TARGET_GB,
        )
    scipy_product(problem)


if __name__ == "__main__":
    main()
