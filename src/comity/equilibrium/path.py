"""A path from the benchmark to a counterfactual: equilibria on the way, and how they move along it.

The path runs in the rates t and e, in ln d, ln A and T, all linear in s from 0 to 1; under an embargo kappa^-theta
falls linearly to 0 (docs/decomposition.md). Several measures can share one path: each has its own Step, and the steps
add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.changes import Changes, Positions
from comity.equilibrium.prepared import prepare
from comity.equilibrium.problem import Problem, make_problem
from comity.equilibrium.responses import responses
from comity.equilibrium.search import search
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import TOLERANCE, accepted
from comity.equilibrium.tangent import Direction, Linear, Rule, Tangent

Array = NDArray[np.float64]

PATH_TOLERANCE = 1e-13  # of the iteration on the path; a quadrature to 1e-8 must not be limited by it


@dataclass(frozen=True, eq=False)
class Step:
    """What one measure (or the whole shock) changes over the path, on the flat cells of the whole shock.

    tariff, export_tax, log_iceberg : differences end - start; stop : share of an embargo (1 closes the cell);
    log_productivity (J, N), transfer (N,) : differences.
    """

    tariff: Array
    export_tax: Array
    log_iceberg: Array
    stop: Array
    log_productivity: Array
    transfer: Array


def whole_step(changes: Changes) -> Step:
    """The Step of a whole shock."""
    cells = len(changes.flat)
    stop = changes.embargoed()
    zero = np.zeros(cells)
    return Step(
        tariff=zero if changes.tariff is None else changes.tariff.new - changes.tariff.old,
        export_tax=zero if changes.export_tax is None else changes.export_tax.new - changes.export_tax.old,
        log_iceberg=zero if changes.log_iceberg is None else np.where(stop, 0.0, changes.log_iceberg),
        stop=stop.astype(np.float64),
        log_productivity=np.log(changes.productivity_hat),
        transfer=changes.transfer,
    )


class Path:
    """The path that ends in a Solution."""

    def __init__(self, end: Solution) -> None:
        self.end = end
        self.world = end.benchmark
        self.changes = end.problem.changes
        self.whole = whole_step(self.changes)
        self.tangents: list[Tangent | None] = []  # those of the last point, where the next ones start
        self._states: list[tuple[float, Array]] = [(1.0, end.state), (0.0, np.zeros_like(end.state))]

    def at(self, fraction: float) -> Solution:
        """The equilibrium at a fraction of the path, started from the nearest one known. Raises NotConvergedError."""
        end = self.end.problem

        def make(part: float) -> Problem:
            problem = make_problem(
                self.world,
                self.changes,
                self.end.closure,
                income_factor=end.income_factor,
                coalition=end.coalition,
                fraction=fraction * part,
                linear_rates=True,
            )
            return replace(problem, fraction=part)  # the point asked for counts as the whole

        start = min(self._states, key=lambda known: abs(known[0] - fraction))[1]
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            solution = accepted(search(make, start, PATH_TOLERANCE), self.end.closure, TOLERANCE)
        self._states.append((fraction, solution.state))
        return solution

    def direction(self, step: Step, here: Solution, fraction: float) -> Direction:
        """d/ds of everything exogenous for one Step, at a point of the path with s < 1."""
        shape = self.world.trade_share.shape
        flat = self.changes.flat
        tariff, tax = here.tariff_new.ravel()[flat], here.export_tax_new.ravel()[flat]
        cost = step.log_iceberg + step.tariff / (1 + tariff) + step.export_tax / (1 + tax)
        theta = self.world.trade_elasticity[flat // (shape[1] * shape[2])]
        closing = self.whole.stop > 0
        log_weight = np.where(closing, -step.stop / (1 - fraction), -theta * cost)
        return Direction(
            log_weight=_dense(shape, flat, log_weight),
            tariff=_dense(shape, flat, step.tariff) if step.tariff.any() else None,
            export_tax=_dense(shape, flat, step.export_tax) if step.export_tax.any() else None,
            log_productivity=step.log_productivity if step.log_productivity.any() else None,
            transfer=step.transfer if step.transfer.any() else None,
        )

    def log_iceberg_rate(self, direction: Direction, here: Solution) -> Array:
        """(J, N, N) d ln d / ds: what the change of kappa^-theta leaves after both rates."""
        rate = np.zeros_like(here.tariff_new)
        if direction.log_weight is not None:
            rate -= direction.log_weight / self.world.trade_elasticity[:, None, None]
        if direction.tariff is not None:
            rate -= direction.tariff / (1 + here.tariff_new)
        if direction.export_tax is not None:
            rate -= direction.export_tax / (1 + here.export_tax_new)
        return rate

    def system(self, here: Solution) -> Linear:
        """The differentiated equations at a point of the path."""
        problem = here.problem
        point = as_world(here)
        rule = Rule(here.closure, problem.deficit, problem.income_factor, problem.coalition, point.income)
        return Linear(point, rule, here.wage_hat, here.component, responses(prepare(self.world)))


def as_world(solution: Solution) -> World:
    """The counterfactual as a World of its own; its deficit includes transfers."""
    world = solution.benchmark
    return world.replace(
        trade_share=solution.trade_share_new,
        tariff=solution.tariff_new,
        export_tax=solution.export_tax_new,
        value_added=solution.wage_hat * world.value_added,
        deficit=solution.deficit_new + solution.transfer_new,
        expenditure=solution.expenditure_new,
    )


def gauss_nodes(count: int, low: float, high: float) -> Sequence[tuple[float, float]]:
    """Gauss-Legendre nodes and weights on [low, high]."""
    node, weight = np.polynomial.legendre.leggauss(count)
    half = (high - low) / 2
    return list(zip((low + half * (node + 1)).tolist(), (half * weight).tolist(), strict=True))


def _dense(shape: tuple[int, ...], flat: Positions, values: Array) -> Array:
    array = np.zeros(shape)
    array.ravel()[flat] = values
    return array
