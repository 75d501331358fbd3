"""Where the time of a batch goes, step by step, beside what the machine could do: the profile in docs/performance.md.

    python -m benchmarks.limits [--write]

A plan of 64 scenarios, one chunk, is solved while every step of every pass is timed. Beside each stands the least time
its operations can take on this machine, measured in the same run: multiplications at the speed of a large matrix
product, exponentials and logarithms at NumPy's speed on an array in the innermost cache, everything else as bytes in
and out at the bandwidth of sums over arrays of the chunk's size. What has no count of its own (sums along an axis,
comparisons, calls) has no least time either, so that the sum of the least times is a true bound for this algorithm.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.bench import as_table, write_page
from benchmarks.measure import best, coalition_plan, product_speed
from comity import Shock, World, load_world, solve_many
from comity.benchmark.synthetic import synthetic_world
from comity.equilibrium import chunk, chunk_results, together
from comity.equilibrium.together_anderson import Histories

WIDTH, TOLERANCE, RUNS = 64, 1e-8, 7
SMALL = 2_000  # numbers: in the innermost cache
TARGETS = {"77 x 45": 1000.0, "82 x 22": 2000.0}  # scenarios a second on two cores

PRODUCTS, SMALL_PRODUCTS = "products over importers and exporters", "products inside each country"
ANSWERS = "products with the benchmark's responses (float32)"
POWERS, SWEEPS, CELLS = "exponentials and logarithms", "other sweeps over (sector, country)", "changed cells"
REST = "sums along an axis, comparisons, calls"
WEIGHTS, COMBINE, KEEP = "acceleration: weights", "acceleration: combining differences", "acceleration: the rest"
SET_UP, RESIDUAL = "set-up of the plan", "residual recomputed; members set up, stored, leaving"
SWEPT = ("multiply", "divide", "subtract", "add")


class Ledger:
    """Seconds and least seconds by step."""

    def __init__(self, speeds: dict[str, float]) -> None:
        self.speeds = speeds
        self.spent: dict[str, float] = defaultdict(float)
        self.least: dict[str, float] = defaultdict(float)

    def timed(self, action: Callable[..., Any], step: str, least: Callable[..., float]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            result = action(*arguments, **named)
            self.spent[step] += time.perf_counter() - begun
            self.least[step] += least(*arguments, **named)
            return result

        return call


class Watched:
    """NumPy as the pass sees it, with the calls that matter timed and their operations counted."""

    def __init__(self, ledger: Ledger, shared_products: int) -> None:
        speeds = ledger.speeds

        def powers(name: str) -> Callable[..., float]:
            return lambda values, **_: np.size(values) * speeds[f"{name} {np.asarray(values).dtype.itemsize}"]

        def swept(*operands: Any, out: Any = None, **_: Any) -> float:
            arrays = [one for one in (*operands, out) if isinstance(one, np.ndarray)]
            return sum(one.nbytes for one in arrays) / speeds["bandwidth"]

        def product(left: Any, right: Any, out: Any = None) -> float:
            return 2 * left.size * right.shape[-1] / speeds[f"product {right.dtype.itemsize}"]

        def matmul(left: Any, right: Any, **named: Any) -> Any:
            step = PRODUCTS if left.shape[0] <= shared_products else SMALL_PRODUCTS
            if left.ndim == 2:
                step = ANSWERS
            return ledger.timed(np.matmul, step, product)(left, right, **named)

        self.matmul = matmul
        for name in ("exp", "log"):
            setattr(self, name, ledger.timed(getattr(np, name), POWERS, powers(name)))
        for name in SWEPT:
            setattr(self, name, ledger.timed(getattr(np, name), SWEEPS, swept))
        self.add = _Add(self.add)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


class _Add:
    """np.add, whose `reduceat` is used as well."""

    def __init__(self, timed: Callable[..., Any]) -> None:
        self.timed, self.reduceat = timed, np.add.reduceat

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.timed(*arguments, **named)


def speeds_of(world: World) -> dict[str, float]:
    """Multiplications and additions a second, seconds for an exponential or logarithm (by bytes of a number), and bytes
    a second of sums over three arrays of the size that a pass works on."""
    found = {"product 8": product_speed()}
    left, right = (np.random.default_rng(0).random((2, 1000, 1000)) + 0.5).astype(np.float32)
    found["product 4"] = 2 * 1000**3 / best(lambda: left @ right, 15)
    for width, kind in ((8, np.float64), (4, np.float32)):
        values = np.linspace(0.5, 1.5, SMALL).astype(kind)
        out = np.empty_like(values)
        for name in ("exp", "log"):
            call = getattr(np, name)
            found[f"{name} {width}"] = best(lambda c=call, v=values, o=out: [c(v, out=o) for _ in range(50)], 20) / (
                50 * SMALL
            )
    size = len(world.countries) * len(world.sectors) * WIDTH // 4  # a block of sectors
    a, b, c = np.random.default_rng(0).random((3, size))
    found["bandwidth"] = 3 * a.nbytes / best(lambda: np.add(a, b, out=c), 200)
    return found


def watch(world: World, plan: list[Shock], ledger: Ledger) -> tuple[float, float]:
    """Solve the plan with every step timed; seconds in all and passes."""
    nothing: Callable[..., float] = lambda *_, **__: 0.0  # noqa: E731
    inside = {"spent": 0.0}
    errors, advance = together.Together.errors, Histories.advance

    def whole_errors(self: Any, state: Any, step: Any) -> Any:
        before, begun = sum(ledger.spent.values()), time.perf_counter()
        result = errors(self, state, step)
        ledger.spent[REST] += time.perf_counter() - begun - (sum(ledger.spent.values()) - before)
        return result

    def whole_advance(self: Any, state: Any, step: Any) -> Any:
        before, begun = sum(ledger.spent.values()), time.perf_counter()
        result = advance(self, state, step)
        ledger.spent[KEEP] += time.perf_counter() - begun - (sum(ledger.spent.values()) - before)
        ledger.least[KEEP] += 2 * len(self.rows) / self.size * step.nbytes / ledger.speeds["bandwidth"]  # the sample
        return result

    def combined(self: Any, step: Any, weights: Any, slot: int) -> float:
        # step, drift and differences are read, one of these and the drift are kept, and the move is made
        return (5 + weights.shape[1]) * float(step.nbytes) / ledger.speeds["bandwidth"]

    def weighed(self: Any, sample: Any, slot: int) -> float:
        return float(2 * self.used * sample.nbytes) / ledger.speeds["bandwidth"]

    def answered(self: Any, gap: Any, step: Any) -> float:
        _, known, _ = self.groups[0]
        operations = 2 * (known.own.size + known.others.size + known.wages.size) * gap.shape[-1]
        return float(operations / ledger.speeds["product 4"])

    def searched(*arguments: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        result = solve_chunk(*arguments, **named)
        inside["spent"] += time.perf_counter() - begun
        return result

    solve_chunk, residuals = chunk_results.solve_chunk, chunk.residuals
    with (
        mock.patch.object(together, "np", Watched(ledger, len(world.sectors))),
        mock.patch.object(together, "draw_changes", ledger.timed(together.draw_changes, CELLS, nothing)),
        mock.patch.object(together, "sell_changes", ledger.timed(together.sell_changes, CELLS, nothing)),
        mock.patch.object(together.Together, "errors", whole_errors),
        mock.patch.object(Histories, "advance", whole_advance),
        mock.patch.object(Histories, "_move", ledger.timed(Histories._move, COMBINE, combined)),
        mock.patch.object(Histories, "_weights", ledger.timed(Histories._weights, WEIGHTS, weighed)),
        mock.patch.object(chunk, "residuals", ledger.timed(residuals, RESIDUAL, nothing)),
        mock.patch.object(chunk_results, "solve_chunk", searched),
        mock.patch.object(
            together.Together, "_wage_answer", ledger.timed(together.Together._wage_answer, ANSWERS, answered)
        ),
    ):
        begun = time.perf_counter()
        found = solve_many(world, plan, tolerance=TOLERANCE)
        seconds = time.perf_counter() - begun
    assert found.converged.all() and not found.alone.any()
    ledger.spent[SET_UP] += seconds - inside["spent"]
    ledger.spent[RESIDUAL] += inside["spent"] - (sum(ledger.spent.values()) - ledger.spent[SET_UP])
    return seconds, float(found.iterations.mean())


ORDER = (PRODUCTS, SMALL_PRODUCTS, ANSWERS, POWERS, SWEEPS, CELLS, REST, COMBINE, WEIGHTS, KEEP, SET_UP, RESIDUAL)


def profile(world: World, name: str) -> list[dict[str, Any]]:
    """Milliseconds a scenario by step, measured and least, of the fastest of several runs."""
    plan = coalition_plan(world, WIDTH)
    solve_many(world, plan, tolerance=TOLERANCE)
    speeds = speeds_of(world)
    runs = []
    for _ in range(RUNS):
        ledger = Ledger(speeds)
        seconds, passes = watch(world, plan, ledger)
        runs.append((seconds, passes, ledger))
    seconds, passes, ledger = min(runs, key=lambda run: run[0])
    bare = best(lambda: solve_many(world, plan, tolerance=TOLERANCE), RUNS)
    rows = [_row(name, step, ledger.spent[step], ledger.least[step]) for step in ORDER]
    least = sum(ledger.least.values())
    rows.append(_row(name, "**all, watched**", seconds, least))
    rows.append(_row(name, "**all, not watched**", bare, least))
    rows.append({"world": name, "step": f"target on one of two cores; {passes:.1f} passes",
                 "ms a scenario": round(2e3 / TARGETS[name], 3)})  # fmt: skip
    return rows


def _row(name: str, step: str, spent: float, least: float) -> dict[str, Any]:
    row = {"world": name, "step": step, "ms a scenario": round(1e3 * spent / WIDTH, 3)}
    if least:
        row |= {"least": round(1e3 * least / WIDTH, 3), "ratio": round(spent / least, 1)}
    return row


def main() -> None:
    """Print the profile of both worlds; with --write put it into docs/performance.md."""
    rows = []
    for world, name in ((synthetic_world(77, 45, seed=3), "77 x 45"), (load_world("world-2022"), "82 x 22")):
        rows += profile(world, name)
    print(as_table(rows))
    if "--write" in sys.argv:
        write_page({"limits": rows})


if __name__ == "__main__":
    main()
