"""Outcomes whose derivatives can be asked for: linear functionals of the fields of a Solution, and their slopes.

A hat compares with the benchmark, and under some closures the benchmark itself has been solved for. So every field has
slopes in the quantities of the answer (`now`) and in those of the benchmark (`before`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.adjoint import Slopes
from comity.equilibrium.changes import as_numbers
from comity.equilibrium.solution import Solution
from comity.errors import InputError, nearest

Array = NDArray[np.float64]

OF_COUNTRY = (
    "real_income_hat",
    "equivalent_variation",
    "real_wage_hat",
    "real_gdp_hat",
    "consumer_price_hat",
    "wage_hat",
    "income_new",
    "deficit_new",
    "transfer_new",
    "tariff_revenue_new",
    "export_tax_revenue_new",
)
OF_SECTOR = ("price_index_hat", "cost_hat", "expenditure_new", "output_new")
OF_FLOW = ("flow_new", "trade_share_new")
FIELDS = (*OF_COUNTRY, *OF_SECTOR, *OF_FLOW)
SUMMED = ("expenditure_new", "output_new", "flow_new")  # without a sector, the sum over sectors is meant


@dataclass(frozen=True, eq=False)
class Outcome:
    """A linear functional of a Solution: the sum of weights x field over its fields; `label` names it in words."""

    label: str
    weights: Mapping[str, Array]

    def value(self, solution: Solution) -> float:
        """Its value at a Solution."""
        return float(sum((weight * getattr(solution, name)).sum() for name, weight in self.weights.items()))

    def slopes(self, solution: Solution) -> tuple[Slopes, Slopes]:
        """Its slopes in the quantities of the Solution, and in those of the Solution's benchmark."""
        shape = solution.benchmark.value_added_share.shape
        now, before = Slopes.zero(*shape), Slopes.zero(*shape)
        for name, weight in self.weights.items():
            if name in OF_FLOW:
                now = replace(now, **{name.removesuffix("_new"): weight})
            elif name in _HATS:
                _HATS[name](solution, weight, now, before)
            else:
                getattr(now, name.removesuffix("_new"))[...] += weight
        return now, before


def outcome_of(world: World, outcome: Any) -> Outcome:
    """The functional a user means.

    outcome : ("real_income_hat", "IRN") and any field of OF_COUNTRY; ("output_new", "IRN", "AGR") and any field of
        OF_SECTOR; ("flow_new", importer, exporter, sector) and trade shares; flows, output and expenditure without
        sector are summed over sectors; or a mapping {field: weights of the field's shape}, added up

    Raises InputError for unknown fields, countries and sectors (with the nearest match), and for wrong shapes.
    """
    if isinstance(outcome, Outcome):
        return outcome
    if isinstance(outcome, Mapping):
        return _weighted(world, outcome)
    if isinstance(outcome, (tuple, list)) and outcome:
        return _single(world, outcome)
    raise InputError(
        "outcome",
        "a field with its country is needed",
        found=outcome,
        allowed='("real_income_hat", "IRN"), ("output_new", "IRN", sector), ("flow_new", importer, exporter) or '
        "{field: weights}",
    )


def _weighted(world: World, outcome: Mapping[Any, Any]) -> Outcome:
    weights = {}
    for name, given in outcome.items():
        _check_field(name)
        weight, shape = as_numbers(f"outcome[{name!r}]", given), _shape(world, name)
        if weight.shape != shape or not np.isfinite(weight).all():
            raise InputError(f"outcome[{name!r}]", "finite weights of the field's shape are needed", found=weight.shape,
                             allowed=f"{shape}")  # fmt: skip
        weights[name] = weight
    if not weights:
        raise InputError("outcome", "no field is given", found=outcome, allowed=FIELDS)
    return Outcome(" + ".join(f"weights x {name}" for name in weights), weights)


def _single(world: World, outcome: Sequence[Any]) -> Outcome:
    name, places = outcome[0], list(outcome[1:])
    _check_field(name)
    kinds = ["importer", "exporter"] if name in OF_FLOW else ["country"]
    if name not in OF_COUNTRY:
        kinds.append("sector")
    least = len(kinds) - (name in SUMMED)
    if not least <= len(places) <= len(kinds):
        known = ", ".join(kinds) + (" (the sector may be left out: their sum)" if name in SUMMED else "")
        raise InputError("outcome", f"{name} needs {known}", found=tuple(outcome))
    countries = [world.country(code) for code in places[: 2 if name in OF_FLOW else 1]]
    sector: Any = world.sector(places[-1]) if len(places) == len(kinds) and "sector" in kinds else slice(None)
    weight = np.zeros(_shape(world, name))
    weight[(sector, *countries) if name not in OF_COUNTRY else countries[0]] = 1.0
    return Outcome(f"{name} {' '.join(str(place) for place in places)}", {name: weight})


def _check_field(name: Any) -> None:
    if name not in FIELDS:
        raise InputError("outcome", "no such field", found=name, allowed=FIELDS, nearest=nearest(name, FIELDS))


def _shape(world: World, name: str) -> tuple[int, ...]:
    if name in OF_FLOW:
        return world.trade_share.shape
    return world.value_added_share.shape if name in OF_SECTOR else world.value_added.shape


# -- slopes of the fields that compare with the benchmark -----------------------------------------------


def _deflate(s: Solution, amount: Array, now: Slopes, before: Slopes) -> None:
    """amount (N,): slope in minus ln of the consumer price, which is relative to the benchmark's."""
    by_price = s.benchmark.consumption_share * amount
    now.price[...] -= by_price
    before.price[...] += by_price


def _real_income(s: Solution, weight: Array, now: Slopes, before: Slopes) -> None:
    amount = weight * s.real_income_hat
    now.income[...] += amount / s.income_new
    before.income[...] -= amount / s.benchmark.income
    _deflate(s, amount, now, before)


def _equivalent_variation(s: Solution, weight: Array, now: Slopes, before: Slopes) -> None:
    """I' / P - I of the benchmark."""
    amount = weight * s.benchmark.income * s.real_income_hat
    now.income[...] += amount / s.income_new
    before.income[...] -= weight
    _deflate(s, amount, now, before)


def _real_wage(s: Solution, weight: Array, now: Slopes, before: Slopes) -> None:
    amount = weight * s.real_wage_hat
    now.wage[...] += amount
    before.wage[...] -= amount
    _deflate(s, amount, now, before)


def _real_gdp(s: Solution, weight: Array, now: Slopes, before: Slopes) -> None:
    world, amount = s.benchmark, weight * s.real_gdp_hat
    earned = s.wage_hat * world.value_added
    after = earned + s.tariff_revenue_new + s.export_tax_revenue_new
    first = world.value_added + world.tariff_revenue + world.export_tax_revenue
    for slopes, level, wages, sign in ((now, after, earned, 1), (before, first, world.value_added, -1)):
        slopes.wage[...] += sign * amount * wages / level
        slopes.tariff_revenue[...] += sign * amount / level
        slopes.export_tax_revenue[...] += sign * amount / level
    _deflate(s, amount, now, before)


def _consumer_price(s: Solution, weight: Array, now: Slopes, before: Slopes) -> None:
    _deflate(s, -weight * s.consumer_price_hat, now, before)


def _log_field(name: str, target: str) -> Callable[[Solution, Array, Slopes, Slopes], None]:
    """A field that is the ratio of one quantity whose slopes are in its logarithm."""

    def add(s: Solution, weight: Array, now: Slopes, before: Slopes) -> None:
        amount = weight * getattr(s, name)
        getattr(now, target)[...] += amount
        getattr(before, target)[...] -= amount

    return add


_HATS: dict[str, Callable[[Solution, Array, Slopes, Slopes], None]] = {
    "real_income_hat": _real_income,
    "equivalent_variation": _equivalent_variation,
    "real_wage_hat": _real_wage,
    "real_gdp_hat": _real_gdp,
    "consumer_price_hat": _consumer_price,
    "wage_hat": _log_field("wage_hat", "wage"),
    "price_index_hat": _log_field("price_index_hat", "price"),
    "cost_hat": _log_field("cost_hat", "cost"),
}
