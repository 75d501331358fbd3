"""The iceberg wedges that make the full equilibrium reproduce given changes of trade; arrays in, arrays out.

Unknown: one ln wedge y_g for each group g of cells (j, n, i). With R_g(y) the ratio of the group's border flows after
the shock to those of the benchmark and theta_g the flow-weighted elasticity of its cells, the fixed point

    y_g <- y_g - ln(R*_g / R_g(y)) / theta_g

is what a lone exporter of no size would need (partial equilibrium); Anderson mixing over the steps accounts for what
incomes, prices and other suppliers do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.errors import InputError, NoSolutionError

Array = NDArray[np.float64]
Flat = NDArray[np.intp]

MEMORY = 8  # differences kept by the mixing
LARGEST_STEP = 2.0  # of theta x ln wedge in one step: a factor of 7 of the flow
FARTHEST = 60.0  # theta x ln wedge beyond which a flow is below 1e-26 of itself, nothing a figure could show
SHORTEST = 1e-3  # a step cut below this leads nowhere


@dataclass(frozen=True, eq=False)
class Found:
    """The last state of a search. log_wedge (G,), log_gap (G,): ln(reached / wanted); `solves` counts equilibria."""

    log_wedge: Array
    log_gap: Array
    solution: Solution
    solves: int

    @property
    def gap(self) -> float:
        """Largest relative distance of a reached ratio from the wanted one."""
        return float(np.abs(np.expm1(self.log_gap)).max(initial=0.0))


def group_ratio(solution: Solution, groups: Sequence[Flat]) -> Array:
    """(G,) border flows of each group of cells after the shock over those of the benchmark."""
    before, after = solution.benchmark.flow.ravel(), solution.flow_new.ravel()
    return np.array([after[cells].sum() / before[cells].sum() for cells in groups])


def group_elasticity(world: World, groups: Sequence[Flat]) -> Array:
    """(G,) trade elasticity of each group, its cells weighted by their border flows."""
    flow, square = world.flow.ravel(), world.flow[0].size
    return np.array([np.average(world.trade_elasticity[cells // square], weights=flow[cells]) for cells in groups])


def partial_log_wedge(world: World, cells: Flat, ratio: float) -> float:
    """ln wedge at which sum_c flow_c wedge^-theta_c / sum_c flow_c = ratio: nothing else in the economy responds."""
    theta = world.trade_elasticity[cells // world.flow[0].size]
    share = world.flow.ravel()[cells] / world.flow.ravel()[cells].sum()
    y = -float(np.log(ratio)) / float(share @ theta)
    for _ in range(100):  # ln of a sum of exponentials is convex: Newton's steps cannot jump over the root for long
        weight = share * np.exp(-theta * y)
        step = (np.log(weight.sum()) - np.log(ratio)) / (weight @ theta / weight.sum())
        y += float(step)
        if abs(step) <= 1e-15 * max(1.0, abs(y)):
            break
    return y


def with_wedges(world: World, base: Shock, groups: Sequence[Flat], log_wedge: Array) -> Shock:
    """`base` with the iceberg changes of each group's cells multiplied by its wedge; inf stays inf, an embargo."""
    shape = world.trade_share.shape
    factor: dict[int, float] = {}
    if base.iceberg_hat is not None:
        for cell, value in zip(*base_cells(base, shape), strict=True):
            factor[int(cell)] = float(value)
    for cells, wedge in zip(groups, np.exp(log_wedge), strict=True):
        for cell in cells:
            factor[int(cell)] = factor.get(int(cell), 1.0) * float(wedge)
    order = np.array(sorted(factor), dtype=np.intp)
    values = np.array([factor[int(cell)] for cell in order], dtype=np.float64)
    j, n, i = np.unravel_index(order, shape)
    made = Shock.from_cells(iceberg_hat=(j, n, i, values))
    return Shock(made.iceberg_hat, base.tariff_new, base.export_tax_new, base.productivity_hat, base.transfer)


def base_cells(base: Shock, shape: tuple[int, ...]) -> tuple[Flat, Array]:
    """Flat positions and values of the iceberg changes of a shock."""
    given = base.iceberg_hat
    if given is None:
        return np.zeros(0, dtype=np.intp), np.zeros(0)
    if isinstance(given, tuple):
        j, n, i, values = given
        flat = np.asarray(np.ravel_multi_index((j, n, i), shape), dtype=np.intp)
        return flat, np.asarray(values, dtype=np.float64)
    dense = np.asarray(given, dtype=np.float64)
    if dense.shape != shape:
        raise InputError("iceberg_hat", "the shape differs from the world's", found=dense.shape, allowed=str(shape))
    cells = np.flatnonzero(dense.ravel() != 1.0)
    return cells, dense.ravel()[cells]


def search_wedges(
    world: World,
    base: Shock,
    groups: Sequence[Flat],
    ratio: Array,
    solve: Callable[[Shock, Array | None], Solution],
    *,
    tolerance: float = 1e-11,
    most: int = 80,
) -> Found:
    """ln wedges at which `group_ratio` equals `ratio` (G,), all positive, within `tolerance` (of each ratio).

    solve : (shock, start state or None) -> Solution
    most : largest number of equilibria

    The answer may be short of the tolerance (look at `.gap`): whether that is an error is for the caller to say.
    Raises NoSolutionError where the base shock alone has no equilibrium.
    """
    theta, wanted = group_elasticity(world, groups), np.log(ratio)

    def at(y: Array, start: Array | None) -> tuple[Solution, Array]:
        solution = solve(with_wedges(world, base, groups, y), start)
        return solution, np.log(group_ratio(solution, groups)) - wanted

    y = np.zeros(len(groups))
    solution, gap = at(y, None)
    best = Found(y, gap, solution, 1)
    solves, states, steps = 1, [y], [gap / theta]
    while best.gap > tolerance and solves < most:
        move = mixed(states, steps) - states[-1]
        move /= max(1.0, float(np.abs(theta * move).max()) / LARGEST_STEP)
        length = 1.0
        while True:
            y = states[-1] + length * move
            if np.abs(theta * y).max() > FARTHEST:
                return Found(best.log_wedge, best.log_gap, best.solution, solves)
            solves += 1
            try:
                solution, gap = at(y, solution.state)
                break
            except NoSolutionError:
                length /= 2
                if length < SHORTEST or solves >= most:
                    return Found(best.log_wedge, best.log_gap, best.solution, solves)
        states, steps = [*states, y][-MEMORY:], [*steps, gap / theta][-MEMORY:]
        candidate = Found(y, gap, solution, solves)
        if candidate.gap > 2 * best.gap:  # mixing of steps from far apart misleads: keep the plain step
            states, steps = states[-1:], steps[-1:]
        best = candidate if candidate.gap < best.gap else best
    return Found(best.log_wedge, best.log_gap, best.solution, solves)


def mixed(states: list[Array], steps: list[Array]) -> Array:
    """Anderson mixing: the combination of the kept states whose step is smallest, and that step."""
    if len(states) == 1:
        return states[0] + steps[0]
    rise = np.stack([steps[-1] - earlier for earlier in steps[:-1]], axis=1)
    run = np.stack([states[-1] - earlier for earlier in states[:-1]], axis=1)
    weight = np.linalg.lstsq(rise, steps[-1], rcond=1e-12)[0]
    return np.asarray(states[-1] + steps[-1] - (run + rise) @ weight)
