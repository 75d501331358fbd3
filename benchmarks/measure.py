"""Timing, and the yardsticks that timings are set beside; both are taken in the same run.

`traffic` is the bare memory traffic of a single solve in plain NumPy: for every pass, two batched matrix-vector
products that read the (J, 2N, N) and (J, N, N) weights once each, and nothing else. `products` is a plain matrix
product at its measured speed: the time that the multiplications of a batch would take if it did nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from comity import Shock, World


def best(action: Callable[[], Any], runs: int) -> float:
    """Shortest wall time of `runs` calls, in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def traffic(world: World, passes: int, runs: int = 20) -> float:
    """Seconds for `passes` rounds of the iteration's matrix-vector products alone, on arrays of this World's size."""
    j, n, _ = world.trade_share.shape
    forward = np.random.default_rng(0).random((j, 2 * n, n))
    backward = forward[:, :n]
    vector = np.ones((j, n))

    def rounds() -> None:
        for _ in range(passes):
            np.matmul(forward, vector[:, :, None])
            np.matmul(vector[:, None, :], backward)

    rounds()
    return best(rounds, runs)


def all_products(world: World, passes: int, runs: int = 20) -> float:
    """Seconds for `passes` rounds of every matrix-vector product of a pass, on arrays of this World's size: the weights
    as in `traffic`, two (N, J, J) input matrices, and in float32 two (N, J, J) own-market inverses and the four
    responses of J N x N numbers."""
    j, n, _ = world.trade_share.shape
    draw = np.random.default_rng(0).random
    forward, vector = draw((j, 2 * n, n)), np.ones((j, n))
    backward = forward[:, :n]
    inputs, column = draw((2, n, j, j)), np.ones((n, j, 1))
    local, rough = inputs.astype(np.float32), column.astype(np.float32)
    by, follow = draw((2, n, j * n)).astype(np.float32), draw((2, j * n, n)).astype(np.float32)
    cells, wages = np.ones(j * n, np.float32), np.ones(n, np.float32)

    def rounds() -> None:
        for _ in range(passes):
            np.matmul(forward, vector[:, :, None])
            np.matmul(vector[:, None, :], backward)
            for k in range(2):
                np.matmul(inputs[k], column)
                np.matmul(local[k], rough)
                by[k] @ cells
                follow[k] @ wages

    rounds()
    return best(rounds, runs)


def product_speed(size: int = 1000) -> float:
    """Multiplications and additions a second of one plain float64 matrix product."""
    left, right = np.random.default_rng(0).random((2, size, size))
    left @ right
    return 2 * size**3 / best(lambda: left @ right, 15)


def pass_operations(world: World) -> int:
    """Multiplications and additions of one pass for one scenario: the products with (J, 2N, N) and (J, N, N) weights,
    with four (N, J, J) matrices, and with four (J N, N) responses, which are float32 and count half."""
    j, n, _ = world.trade_share.shape
    return 2 * (3 * j * n * n + 4 * n * j * (j + 1) + 2 * j * n * n)


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


def coalition_plan(world: World, count: int, players: int = 10, hat: float = 0.95) -> list[Shock]:
    """Subsets of the first `players` countries in the order of their bit masks, from the largest down: goods trade
    among the members costs five per cent less."""
    goods = np.arange(len(world.sectors) - 1)
    shocks = []
    for mask in range(2**players - 1, 2**players - 1 - count, -1):
        inside = np.array([k for k in range(players) if mask % 2**players >> k & 1], dtype=int)
        cells = np.array([(a, b) for a in inside for b in inside if a != b], dtype=int).reshape(-1, 2)
        if not len(cells):
            shocks.append(Shock())
            continue
        j = np.repeat(goods, len(cells))
        importer, exporter = np.tile(cells.T, len(goods))
        shocks.append(Shock.from_cells(iceberg_hat=(j, importer, exporter, hat)))
    return shocks


def pair_plan(world: World, count: int, seed: int = 0) -> list[Shock]:
    """Random pairs whose goods trade costs change by up to a fifth either way: no two scenarios share a cell."""
    rng = np.random.default_rng(seed)
    goods, n = np.arange(len(world.sectors) - 1), len(world.countries)
    shocks = []
    for _ in range(count):
        a, b = rng.choice(n, 2, replace=False)
        cells = (np.tile(goods, 2), np.repeat([a, b], len(goods)), np.repeat([b, a], len(goods)))
        shocks.append(Shock.from_cells(iceberg_hat=(*cells, rng.uniform(0.8, 1.2))))
    return shocks
