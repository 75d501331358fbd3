"""Eaton & Kortum (2002): their gravity estimates, and worlds in which their counterfactuals can be solved.

Manufactures are made from labour (cost share beta) and manufactures and traded with elasticity theta; the share alpha
of final spending falls on them. All else is one costlessly traded good, the numeraire. Equation numbers are theirs.

The numeraire is homogeneous, which an elasticity cannot express. An extra economy, NUM, therefore makes all of it, and
what a country earns outside manufacturing is a claim on it: a trade deficit. With fixed deficits NUM's wage, the price
of the numeraire, does not move (the sum of manufacturing wages is alpha / (1 - alpha) times the sum of the claims).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.errors import NotConvergedError
from comity.sources.eaton_kortum import SOURCE, EatonKortum

Array = NDArray[np.float64]

NUMERAIRE = "NUM"
SECTORS = ("MAN", "NUM", "LOCAL")
MAN, NUM, LOCAL = range(3)
TRACE = 1e-12  # a World needs value added in every sector; this much of mobile manufacturing labour is not hired


@dataclass(frozen=True)
class Parameters:
    """theta: trade elasticity; beta: labour's share of manufacturing cost; alpha: manufactures in final spending."""

    theta: float
    beta: float
    alpha: float


@dataclass(frozen=True)
class Gravity:
    """Estimates of (30). geography (10,): by dummy of the source, times -theta. competitiveness S (N,) and destination
    effect -theta m (N,), each adding to zero. own_variance, pair_variance: error variance of one direction and shared
    by both directions of a pair, from the OLS residuals."""

    geography: Array
    competitiveness: Array
    destination: Array
    own_variance: float
    pair_variance: float

    def barrier(self, data: EatonKortum) -> Array:
        """(N, N) fitted -theta ln d of importer n and exporter i, zero on the diagonal."""
        fitted = data.geography @ self.geography + self.destination[:, None]
        return np.where(np.eye(len(fitted), dtype=bool), 0.0, fitted)

    def normalised_trade(self, data: EatonKortum) -> Array:
        """(N, N) fitted ln(X'_ni / X'_nn), equation (28): S_i - S_n - theta ln d_ni."""
        return self.barrier(data) + self.competitiveness - self.competitiveness[:, None]


def estimate(data: EatonKortum, generalised: bool) -> Gravity:
    """OLS, or GLS with errors of (n, i) and (i, n) correlated, of (30) on the pairs of different countries."""
    n = len(data.countries)
    importer, exporter = np.nonzero(~np.eye(n, dtype=bool))
    effect = np.vstack([np.eye(n - 1), -np.ones(n - 1)])  # the last country's effect is minus the sum of the others
    geography = data.geography[importer, exporter]
    design = np.hstack([geography, effect[exporter] - effect[importer], effect[importer]])
    trade = data.normalised_trade[importer, exporter]

    position = np.full((n, n), -1)
    position[importer, exporter] = np.arange(len(trade))
    reverse = position[exporter, importer]
    coefficient: Array = np.asarray(np.linalg.lstsq(design, trade, rcond=None)[0], dtype=np.float64)
    residual = trade - design @ coefficient
    total, pair = float(np.mean(residual**2)), float(np.mean(residual * residual[reverse]))
    if generalised:
        covariance = total * np.eye(len(trade))
        covariance[np.arange(len(trade)), reverse] = pair
        weighted = np.linalg.solve(covariance, design)
        coefficient = np.asarray(np.linalg.solve(weighted.T @ design, weighted.T @ trade), dtype=np.float64)
    first = geography.shape[1]
    source, destination = coefficient[first : first + n - 1], coefficient[first + n - 1 :]
    return Gravity(coefficient[:first], effect @ source, effect @ destination, total - pair, pair)


def trade_shares(normalised_trade: Array, beta: float) -> Array:
    """(N, N) shares pi of importer n's spending on manufactures, from ln(X'_ni / X'_nn).

    With z = (autarky price / price)^theta at unchanged wages, (16) and (17) read z_n = sum_i exp(y_ni) z_i^(1 - beta)
    and pi_ni = exp(y_ni) z_i^(1 - beta) / z_n; the map contracts by 1 - beta in ln z.
    """
    weight = np.exp(normalised_trade)
    z = np.ones(len(weight))
    for _ in range(1000):
        fresh = weight @ z ** (1 - beta)
        change = np.abs(np.log(fresh / z)).max()
        z = fresh
        if change < 1e-14:
            break
    share = weight * z ** (1 - beta)
    return share / share.sum(axis=1, keepdims=True)


def fixed_labour_shares(
    data: EatonKortum, gravity: Gravity, wage_bill: Array, other_income: Array, parameters: Parameters
) -> tuple[Array, Array]:
    """Trade shares (N, N) and income (N,) at the wages that clear manufacturing labour markets, (21).

    `wage_bill` (N,) is manufacturing's at observed wages, `other_income` (N,) all else, in one money.

    The estimates hold at observed wages, at which the demand for manufacturing labour is not the observed one; where
    labour cannot move, wages do, and S_i falls by theta times their log.
    """
    log_wage = np.zeros(len(wage_bill))
    observed = gravity.normalised_trade(data)
    for _ in range(2000):
        shift = -parameters.theta * log_wage
        share = trade_shares(observed + shift - shift[:, None], parameters.beta)
        earned = np.exp(log_wage) * wage_bill
        demand = parameters.beta * manufacturing_output(share, earned + other_income, parameters)
        excess = np.log(demand / earned)
        if np.abs(excess).max() < 1e-12:
            return share, earned + other_income
        log_wage += 0.3 * excess  # undamped, the wages overshoot
    raise NotConvergedError(f"wages do not clear: excess demand {np.abs(excess).max():.1e}", path_fraction=1.0)


def manufacturing_output(share: Array, income: Array, parameters: Parameters) -> Array:
    """(N,) output of manufactures that meets intermediate demand and alpha of every income, (18) to (20)."""
    without_inputs = parameters.alpha * share.T @ income
    chain = np.eye(len(share)) - (1 - parameters.beta) * share.T
    return np.asarray(np.linalg.solve(chain, without_inputs), dtype=np.float64)


def numeraire_world(data: EatonKortum, share: Array, income: Array, parameters: Parameters, mobile: bool) -> World:
    """The paper's world: 19 countries and NUM; sectors manufactures, the numeraire and local services.

    Immobile labour: manufacturing's value added is the country's own, all other income a claim on NUM. Mobile labour is
    paid what it would earn outside manufacturing, a fixed amount of the numeraire, so manufacturing buys numeraire in
    its place and income is given; half of other spending is local, because a World needs value added everywhere.
    """
    n = len(income)
    own = TRACE if mobile else parameters.beta
    local = (1 - parameters.alpha) / 2 if mobile else 0.0
    output = manufacturing_output(share, income, parameters)
    value_added = own * output + local * income
    claim = income - value_added
    kept = income.mean()  # NUM must have an income; it spends it on its own product

    trade = np.zeros((3, n + 1, n + 1))
    trade[MAN, :n, :n] = share
    trade[NUM, :, n] = 1.0
    trade[LOCAL, :n, :n] = np.eye(n)
    value_added_share = np.ones((3, n + 1))
    value_added_share[MAN, :n] = own
    inputs = np.zeros((3, 3, n + 1))
    inputs[MAN, MAN, :n] = 1 - parameters.beta
    inputs[NUM, MAN, :n] = parameters.beta - own
    consumption = np.zeros((3, n + 1))
    consumption[:, :n] = np.array([[parameters.alpha], [1 - parameters.alpha - local], [local]])
    consumption[NUM, n] = 1.0
    return World.from_arrays(
        countries=[*data.countries, NUMERAIRE],
        sectors=SECTORS,
        trade_share=trade,
        tariff=np.zeros_like(trade),
        value_added_share=value_added_share,
        input_share=inputs,
        consumption_share=consumption,
        trade_elasticity=np.full(3, parameters.theta),  # of no effect where there is one supplier
        value_added=np.append(value_added, claim.sum() + kept),
        deficit=np.append(claim, -claim.sum()),
        name="eaton-kortum-2002-" + ("mobile" if mobile else "immobile"),
        base_year=1990,
        money_unit="USD",
        provenance={"sources": [SOURCE.as_dict()]},
    )


def balanced_world(data: EatonKortum, share: Array, parameters: Parameters) -> World:
    """19 countries with balanced trade in manufactures and a local sector without trade; incomes follow from shares.

    Balance needs X = share' X for spending X on manufactures (an eigenvector), of which beta is wages and alpha of
    income; world income is 1.
    """
    n = len(share)
    spending = np.linalg.lstsq(np.vstack([np.eye(n) - share.T, np.ones(n)]), np.append(np.zeros(n), 1.0), rcond=None)[0]
    value_added_share = np.array([[parameters.beta], [1.0]]) * np.ones((1, n))
    inputs = np.zeros((2, 2, n))
    inputs[MAN, MAN] = 1 - parameters.beta
    return World.from_arrays(
        countries=data.countries,
        sectors=("MAN", "LOCAL"),
        trade_share=np.stack([share, np.eye(n)]),
        tariff=np.zeros((2, n, n)),
        value_added_share=value_added_share,
        input_share=inputs,
        consumption_share=np.array([[parameters.alpha], [1 - parameters.alpha]]) * np.ones((1, n)),
        trade_elasticity=[parameters.theta] * 2,
        value_added=spending / spending.sum(),
        deficit=np.zeros(n),
        name="eaton-kortum-2002-balanced",
        base_year=1990,
        provenance={"sources": [SOURCE.as_dict()]},
    )
