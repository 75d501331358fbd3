"""Multipliers and gradients against complex steps of equations (1)-(8) as written in economies.py.

With outcome f(z, p) and left sides r(z, p) = 0 of the equations, the adjoint says  f_z + multipliers r_z = 0  in every
unknown z, and  gradient = f_p + multipliers r_p  in every parameter p. A complex step is exact to rounding.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from comity import solve
from comity.equilibrium.adjoint import Adjoint, Transposed
from comity.equilibrium.derivatives import gradient_at
from comity.equilibrium.functionals import FIELDS, Outcome
from comity.equilibrium.solution import Solution
from tests.derivatives.economies import (
    CLOSURES,
    NAMES,
    Array,
    Point,
    Unknowns,
    fields,
    functional,
    shock,
    world,
)

SOLVED = 1e-13
TINY = 1e-30  # the complex step; its square is nothing beside one
# solves and multipliers to 1e-13, passed on by the condition of the system; relative to the largest term of the sum
AGREES = 1e-10
EVERYTHING = tuple(FIELDS)


def case(closure: str, seed: int = 11, names: tuple[str, ...] = EVERYTHING) -> tuple[Solution, Outcome, Adjoint, Point]:
    """A solved world, an outcome, its multipliers and the parameters."""
    economy = world(seed=seed)
    given = shock(economy)
    solution = solve(economy, given, tolerance=SOLVED, **CLOSURES[closure])
    outcome = functional(economy, seed, names)
    adjoint = Transposed(solution).solve(outcome.slopes(solution)[0], SOLVED)
    return solution, outcome, adjoint, Point.of(economy, given)


def lagrangian(solution: Solution, outcome: Outcome, adjoint: Adjoint, at: Unknowns, p: Point) -> Any:
    found = fields(solution, at, p)
    value = sum((weight * found[name]).sum() for name, weight in outcome.weights.items())
    value += adjoint.wage @ found["gap"]
    return value + (adjoint.price * found["price"]).sum() + (adjoint.spending * found["excess"]).sum()


def unknowns(solution: Solution) -> Unknowns:
    return Unknowns(np.log(solution.wage_hat), np.log(solution.price_index_hat), solution.expenditure_new)


@pytest.mark.parametrize("closure", CLOSURES)
def test_fields_and_left_sides_at_the_solution(closure: str) -> None:
    """The equations of this folder give the Solution's own numbers."""
    solution, _, _, point = case(closure)
    found = fields(solution, unknowns(solution), point)
    for name in ("gap", "price", "excess"):
        size = 1 if name == "price" else solution.income_new.sum()
        assert np.abs(found[name]).max() < 1e-11 * size  # ten times the residual, in a small country
    for name in FIELDS:
        expected = getattr(solution, name)
        assert np.allclose(found[name], expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max()), name


@pytest.mark.parametrize("closure", CLOSURES)
def test_no_unknown_moves_the_lagrangian(closure: str) -> None:
    """Along random directions that keep the numeraire: there the balances have their redundancy."""
    solution, outcome, adjoint, point = case(closure)
    at, rng = unknowns(solution), np.random.default_rng(1)
    earned = solution.wage_hat * solution.benchmark.value_added
    for _ in range(5):
        wage = rng.normal(size=earned.shape)
        wage -= (earned @ wage) / earned.sum()
        price, spending = rng.normal(size=at.log_price.shape), rng.normal(size=at.spending.shape) * at.spending
        price = np.where(solution.unsupplied, 0.0, price)
        terms = []
        for step in (
            Unknowns(wage, 0 * price, 0 * spending),
            Unknowns(0 * wage, price, 0 * spending),
            Unknowns(0 * wage, 0 * price, spending),
        ):
            moved = Unknowns(*(getattr(at, k) + 1j * TINY * getattr(step, k) for k in vars(at)))
            slope = lagrangian(solution, outcome, adjoint, moved, point).imag / TINY
            value = sum((weight * fields(solution, moved, point)[k]).sum() for k, weight in outcome.weights.items())
            terms.append((slope, value.imag / TINY))
        scale = max(abs(value) for _, value in terms)
        assert max(abs(slope) for slope, _ in terms) < AGREES * scale


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_the_lagrangian_moved_by_parameters(name: str, closure: str) -> None:
    """Along random directions, on all cells that may move; the benchmark is held here (its own move with theta: by
    central differences)."""
    solution, outcome, adjoint, point = case(closure)
    found = getattr(gradient_at(solution.benchmark, solution, outcome, tolerance=SOLVED), name)
    rng = np.random.default_rng(2)
    for _ in range(5):
        direction = rng.normal(size=found.shape)
        if found.ndim == 3:
            direction *= 1 - np.eye(found.shape[1])
        with np.errstate(invalid="ignore"):  # inf + 0j on embargoed cells
            moved = replace(point, **{name: getattr(point, name) + 1j * TINY * direction})
        slope = lagrangian(solution, outcome, adjoint, unknowns(solution), moved).imag / TINY
        assert abs(slope - (found * direction).sum()) < AGREES * np.abs(found * direction).sum()


def test_every_cell_by_complex_step() -> None:
    """All cells one by one, the zero ones among them: embargoed, empty, diagonal."""
    solution, outcome, adjoint, point = case("fixed-deficits", names=("real_income_hat", "flow_new", "trade_share_new"))
    found = gradient_at(solution.benchmark, solution, outcome, tolerance=SOLVED)
    closed = np.isinf(point.log_iceberg) | (solution.benchmark.trade_share == 0) | np.eye(4, dtype=bool)
    assert closed.sum() > 3 * 4 + 5
    for name in ("tariff", "log_iceberg", "export_tax"):
        array = getattr(found, name)
        assert not array[closed].any()
        scale = np.abs(array).max()
        for cell in map(tuple, np.argwhere(~closed)):
            step = np.zeros(array.shape)
            step[cell] = TINY
            with np.errstate(invalid="ignore"):
                moved = replace(point, **{name: getattr(point, name) + 1j * step})
            expected: Array = lagrangian(solution, outcome, adjoint, unknowns(solution), moved).imag / TINY
            assert abs(array[cell] - expected) < AGREES * scale
