"""Small worlds under shocks that use everything, the closures, and equations (1)-(8) for complex numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity import Shock, World, solve
from comity.equilibrium.functionals import Outcome
from comity.equilibrium.solution import Solution
from tests.properties.worlds import KINDS, MILD, Features, shock_of, world_of

Array = NDArray[Any]

CLOSURES: dict[str, dict[str, Any]] = {
    "fixed-deficits": {"closure": "fixed-deficits"},
    "balanced": {"closure": "balanced"},
    "deficit-share-of-gdp": {"closure": "deficit-share-of-gdp"},
    "multiplicative-deficits": {"closure": "multiplicative-deficits"},
    "targets-balanced": {"closure": "targets-balanced", "targets": ["C01"]},
    "equalise": {"closure": "fixed-deficits", "equalise": ["C00", "C02"]},
    "balanced, equalise": {"closure": "balanced", "equalise": ["C00", "C02"]},
    "share, equalise": {"closure": "deficit-share-of-gdp", "equalise": ["C01", "C02"]},
    "multiplicative, equalise": {"closure": "multiplicative-deficits", "equalise": ["C00", "C01"]},
}

RICH = Features(
    countries=4, sectors=3, seed=11, zeros=0.3, deficits=0.1, tariffs=0.3, export_taxes=(-0.1, 0.2), inputs_only=True
)


def world(**changes: Any) -> World:
    """Four countries, three sectors; tariffs, export taxes and subsidies, deficits, empty cells."""
    return world_of(replace(RICH, **changes))


def shock(economy: World, parts: tuple[str, ...] = KINDS, seed: int = 5) -> Shock:
    """Iceberg costs (home sales of one country included), rates, embargoes, productivity and transfers at once."""
    made = shock_of(economy, parts, MILD, seed)
    iceberg = np.array(made.iceberg_hat)
    if "iceberg" in parts:
        iceberg[0, 0, 0] = 1.1
    tariff, tax = (economy.tariff, economy.export_tax)
    return Shock(
        iceberg_hat=iceberg,
        tariff_new=tariff if made.tariff_new is None else made.tariff_new,
        export_tax_new=tax if made.export_tax_new is None else made.export_tax_new,
        productivity_hat=np.ones_like(economy.value_added_share)
        if made.productivity_hat is None
        else made.productivity_hat,
        transfer=made.transfer,
    )


@dataclass(frozen=True)
class Point:
    """What an outcome can be differentiated by: arrays as in Gradient."""

    tariff: Array
    log_iceberg: Array
    export_tax: Array
    log_productivity: Array
    theta: Array

    @classmethod
    def of(cls, economy: World, given: Shock) -> Point:
        with np.errstate(divide="ignore"):
            return cls(
                np.asarray(given.tariff_new),
                np.log(given.iceberg_hat),
                np.asarray(given.export_tax_new),
                np.log(given.productivity_hat),
                economy.trade_elasticity,
            )

    def moved(self, name: str, cell: tuple[int, ...], step: float) -> Point:
        array = getattr(self, name).copy()
        array[cell] += step
        return replace(self, **{name: array})


NAMES = ("tariff", "log_iceberg", "export_tax", "log_productivity", "theta")


def solved(economy: World, point: Point, transfer: Any, how: dict[str, Any], tolerance: float) -> Solution:
    """The counterfactual at a point."""
    given = Shock(
        iceberg_hat=np.exp(point.log_iceberg),
        tariff_new=point.tariff,
        export_tax_new=point.export_tax,
        productivity_hat=np.exp(point.log_productivity),
        transfer=transfer,
    )
    return solve(economy.replace(trade_elasticity=point.theta), given, tolerance=tolerance, **how)


def difference(value: Callable[[float], float], step: float) -> float:
    """Central difference of fourth order."""
    return (8 * (value(step) - value(-step)) - (value(2 * step) - value(-2 * step))) / (12 * step)


def functional(economy: World, seed: int, names: tuple[str, ...]) -> Outcome:
    """Random weights on the named fields, scaled so that every field counts alike."""
    rng = np.random.default_rng(seed)
    money = economy.value_added.sum()
    weights = {}
    for name in names:
        shape = economy.value_added.shape
        if name in ("price_index_hat", "cost_hat", "expenditure_new", "output_new"):
            shape = economy.value_added_share.shape
        if name in ("flow_new", "trade_share_new"):
            shape = economy.trade_share.shape
        size = 1.0 if name.endswith("_hat") or name == "trade_share_new" else money
        weights[name] = rng.normal(size=shape) / size
    return Outcome("random weights", weights)


# -- the equations, for complex numbers ------------------------------------------------------------------


@dataclass(frozen=True)
class Unknowns:
    """ln w (N,), ln P (J, N), X (J, N)."""

    log_wage: Array
    log_price: Array
    spending: Array


def fields(s: Solution, at: Unknowns, p: Point) -> dict[str, Array]:
    """Every field of a Solution by equations (1)-(6) from given unknowns and parameters; flows at the prices that (2)
    implies. `s` supplies the benchmark, the closure and transfers. Shares no code with the package."""
    b = s.benchmark
    n = np.arange(len(b.countries))
    wage, theta = np.exp(at.log_wage), p.theta[:, None]
    cost = b.value_added_share * at.log_wage + np.einsum("kjn,kn->jn", b.input_share, at.log_price) - p.log_productivity
    kappa = p.log_iceberg + np.log((1 + p.tariff) / (1 + b.tariff)) + np.log((1 + p.export_tax) / (1 + b.export_tax))
    closed = np.isposinf(p.log_iceberg.real) | (b.trade_share == 0)
    inside = np.where(closed, 0, kappa) + cost[:, None, :]
    weight = np.where(closed, 0, b.trade_share * np.exp(-theta[:, :, None] * inside))
    total = weight.sum(axis=2)
    empty = total == 0
    implied = np.where(empty, 0, -np.log(np.where(empty, 1, total)) / theta)
    share = weight / np.where(empty, 1, total)[:, :, None]
    flow = share * at.spending[:, :, None] / (1 + p.tariff)
    output = (flow / (1 + p.export_tax)).sum(axis=1)
    duty = (p.tariff * flow).sum(axis=(0, 2))
    tax = (p.export_tax / (1 + p.export_tax) * flow).sum(axis=(0, 1))
    earned = wage * b.value_added
    own = earned + duty + tax
    deficit = deficits(s, wage, own)
    log_consumer = (b.consumption_share * at.log_price).sum(axis=0)
    transfer = s.changes.transfer + 0 * own
    if len(s.problem.coalition):
        m = s.problem.coalition
        before, needed = (own + deficit + transfer)[m], b.income[m] * np.exp(log_consumer[m])
        transfer[m] += before.sum() / needed.sum() * needed - before
    income = own + deficit + transfer
    demand = np.einsum("jkn,kn->jn", b.input_share, output) + b.consumption_share * income
    abroad = flow.copy()
    abroad[:, n, n] = 0
    gdp = (earned + duty + tax) / (b.value_added + b.tariff_revenue + b.export_tax_revenue)
    real = income / b.income * np.exp(-log_consumer)
    return {
        "gap": abroad.sum(axis=(0, 1)) + deficit + transfer - abroad.sum(axis=(0, 2)),
        "price": implied - at.log_price,
        "excess": demand - at.spending,
        "wage_hat": wage,
        "price_index_hat": np.exp(at.log_price),
        "cost_hat": np.exp(cost),
        "expenditure_new": at.spending,
        "output_new": output,
        "income_new": income,
        "deficit_new": deficit,
        "transfer_new": transfer,
        "tariff_revenue_new": duty,
        "export_tax_revenue_new": tax,
        "consumer_price_hat": np.exp(log_consumer),
        "real_income_hat": real,
        "equivalent_variation": b.income * (real - 1),
        "real_wage_hat": wage * np.exp(-log_consumer),
        "real_gdp_hat": gdp * np.exp(-log_consumer),
        "flow_new": flow,
        "trade_share_new": share,
    }


def deficits(s: Solution, wage: Array, own: Array) -> Array:
    """D under the closure of `s`, from wages and own income."""
    b = s.benchmark
    if s.closure == "deficit-share-of-gdp":
        earned = wage * b.value_added
        return np.asarray(wage * b.deficit - earned / earned.sum() * (wage * b.deficit).sum())
    if s.closure == "multiplicative-deficits":
        scaled = b.income / (b.income - b.deficit) * own
        return np.asarray(scaled * (own.sum() / scaled.sum()) - own)
    return b.deficit + 0 * own
