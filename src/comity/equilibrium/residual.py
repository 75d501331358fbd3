"""The residual of equations (1)-(8), recomputed from an answer.

Works from the answer's own arrays (wages, costs, prices, expenditure, output, income) and the weights
pi kappa_hat^-theta; shares no intermediate result with the iteration. Bilateral flows are summed by matrix-vector
products, without building (J, N, N) arrays; tests compare it with the plain formulas of equations.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium import equations as eq

Array = NDArray[np.float64]


def residuals(solution: Any) -> dict[str, float]:
    """Largest relative residual per equation of a Solution, keys "1" to "8".

    |left - right| / max(|left|, |right|), cells zero on both sides skipped; (8) relative to imports + exports.
    (3) is checked as "shares add to one wherever something is spent".
    """
    world, problem = solution.benchmark, solution.problem
    n, theta = len(world.countries), problem.theta
    scale = solution.cost_hat**-theta
    drawn = np.matmul(problem.foreign, scale[:, :, None])[:, :, 0]
    at_home = problem.home * scale
    total = drawn[:, :n] + drawn[:, n:] + at_home
    supplied = ~problem.unsupplied
    price = np.where(supplied, np.where(supplied, total, 1.0) ** (-1 / theta), 1.0)
    per_weight = (
        solution.expenditure_new * solution.price_index_hat**theta
    )  # X' P^theta, so that F = weight c^-theta of it
    per_weight = np.where(supplied, per_weight, 0.0)
    sold = scale * np.matmul(per_weight[:, None, :], problem.foreign[:, :n])[:, 0, :]
    exports, imports = sold.sum(axis=0), (drawn[:, :n] * per_weight).sum(axis=0)
    revenue = (drawn[:, n:] * per_weight).sum(axis=0)
    if problem.shipped is not None:
        shipped = scale * np.matmul(per_weight[:, None, :], problem.shipped)[:, 0, :]
        revenue = revenue + exports - shipped.sum(axis=0)
        sold = shipped
    cost = eq.cost_hat(
        solution.wage_hat,
        solution.price_index_hat,
        world.value_added_share,
        world.input_share,
        solution.productivity_hat,
    )
    income = eq.income(solution.wage_hat, world.value_added, revenue, solution.deficit_new, solution.transfer_new)
    spending = eq.expenditure(world.input_share, solution.output_new, world.consumption_share, solution.income_new)
    gap = exports + solution.deficit_new + solution.transfer_new - imports
    trade = exports + imports
    spent = supplied & (solution.expenditure_new > 0)
    return {
        "1": relative(solution.cost_hat, cost),
        "2": relative(solution.price_index_hat, price),
        "3": relative((total * solution.price_index_hat**theta)[spent], 1.0),
        "4": relative(solution.output_new, sold + at_home * per_weight),
        "5": relative(solution.expenditure_new, spending),
        "6": relative(solution.income_new, income),
        "7": relative(
            solution.wage_hat * world.value_added, eq.labour_demand(world.value_added_share, solution.output_new)
        ),
        "8": float(np.max(np.abs(gap) / np.where(trade > 0, trade, world.value_added), initial=0.0)),
    }


def relative(left: Array, right: Array | float) -> float:
    """Largest |left - right| / max(|left|, |right|); nan counts as infinite."""
    scale = np.maximum(np.abs(left), np.abs(right))
    gap = np.abs(left - right)
    ratio = np.divide(gap, scale, out=np.zeros_like(scale), where=scale > 0)
    largest = float(np.max(ratio, initial=0.0))
    return largest if np.isfinite(largest) else float("inf")
