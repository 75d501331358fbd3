"""The residual of the equations of a product world, recomputed from an answer.

Works from the answer's arrays and the weights of the flows: product prices and sector trade shares are summed anew,
flow by flow into sector cells, and all after that uses the plain formulas of equations.py. Shares no sum with the
iteration.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium import equations as eq
from comity.equilibrium.product_problem import ProductProblem
from comity.equilibrium.residual import relative

Array = NDArray[np.float64]


def sector_shares(products: ProductProblem, cost_hat: Array) -> tuple[Array, Array]:
    """Sector price indices (J, N) and trade shares (J, N, N) that products imply at these unit costs (J, N).

    P[j,n] = prod_p P[p,n]^s[p,n] and pi[j,n,i] = sum_p s[p,n] pi[p,n,i], home on the diagonal.
    """
    markets = products.markets
    sectors, count = cost_hat.shape
    flat = cost_hat.ravel()
    sold = flat[markets.supplier_cell] ** -markets.supplier_theta
    terms = products.border.copy() if products.tariff is None else products.border + products.tariff
    terms *= sold[markets.supplier]
    at_home = products.home * flat[markets.market_cell] ** -markets.market_theta
    total = _sums(markets.market, terms, len(at_home)) + at_home
    supplied = total > 0
    total[~supplied] = 1.0
    price = total ** (-1 / markets.market_theta)
    cells = sectors * count
    index = np.exp(_sums(markets.market_cell, markets.spending_share * np.log(price), cells))
    spent = markets.spending_share * supplied / total
    terms *= spent[markets.market]
    share = _sums(markets.cell, terms, cells * count).reshape(sectors, count, count)
    diagonal = np.arange(count)
    kept = _sums(markets.market_cell, spent * at_home, cells)
    share[:, diagonal, diagonal] = kept.reshape(sectors, count)
    return index.reshape(sectors, count), share


def _sums(cells: NDArray[np.integer[Any]], values: Array, length: int) -> Array:
    return np.asarray(np.bincount(cells, weights=values, minlength=length), dtype=np.float64)


def residuals(solution: Any, price: Array, share: Array) -> dict[str, float]:
    """Largest relative residual per equation of a solution, keys "1" to "8", given what `sector_shares` returns.

    |left - right| / max(|left|, |right|), cells zero on both sides skipped; (8) relative to imports + exports.
    (3) is checked as "sector shares add to one wherever something is spent".
    """
    world = solution.benchmark
    tariff, tax = solution.tariff_new, solution.export_tax_new
    flow = eq.border_flow(share, solution.expenditure_new, tariff)
    exports, imports = eq.border_trade(flow)
    revenue = eq.tariff_revenue(flow, tariff) + eq.export_tax_revenue(flow, tax)
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
    spent = ~solution.unsupplied & (solution.expenditure_new > 0)
    return {
        "1": relative(solution.cost_hat, cost),
        "2": relative(solution.price_index_hat, price),
        "3": relative(share.sum(axis=-1)[spent], 1.0),
        "4": relative(solution.output_new, eq.output(flow, tax)),
        "5": relative(solution.expenditure_new, spending),
        "6": relative(solution.income_new, income),
        "7": relative(
            solution.wage_hat * world.value_added, eq.labour_demand(world.value_added_share, solution.output_new)
        ),
        "8": float(np.max(np.abs(gap) / np.where(trade > 0, trade, world.value_added), initial=0.0)),
    }
