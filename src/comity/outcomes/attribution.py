"""Which measure of a scenario brings how much of a gain or loss (Aumann & Shapley), and the decomposition's tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.changes import Changes, Positions, Rates, changes_of
from comity.equilibrium.path import Step
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.outcomes.decomposition import PARTS, Decomposition
from comity.outcomes.tables import Columns

Array = NDArray[np.float64]


def steps_of(benchmark: World, whole: Changes, prefixes: list[tuple[str, Shock]]) -> tuple[list[str], list[Step]]:
    """Measures and their Steps, the difference each makes to the measures before it; the Steps add up to the shock.

    On a flow that ends embargoed everything goes to the first measure that closes it. A flow that several measures
    leave as it was in sum is left out: their contributions there would cancel.
    """
    names, steps = [], []
    shape = benchmark.trade_share.size
    before = _Level.start(benchmark, whole.flat)
    closed_at_end = whole.embargoed()
    for name, shock in prefixes:
        changes = changes_of(benchmark, shock)
        after = _Level.of(benchmark, changes, whole.flat, shape)
        opened = np.where(closed_at_end, 0.0, 1.0)
        steps.append(
            Step(
                tariff=opened * (after.tariff - before.tariff),
                export_tax=opened * (after.export_tax - before.export_tax),
                log_iceberg=opened * (after.log_iceberg - before.log_iceberg),
                stop=(1 - opened) * (after.closed - before.closed),
                log_productivity=np.log(after.productivity_hat / before.productivity_hat),
                transfer=after.transfer - before.transfer,
            )
        )
        names.append(name)
        before = after
    return names, steps


class _Level:
    """What a prefix of the measures makes of the cells in `flat`."""

    def __init__(
        self, tariff: Array, export_tax: Array, log_iceberg: Array, closed: Array, productivity: Array, transfer: Array
    ) -> None:
        self.tariff, self.export_tax, self.log_iceberg, self.closed = tariff, export_tax, log_iceberg, closed
        self.productivity_hat, self.transfer = productivity, transfer

    @classmethod
    def start(cls, world: World, flat: Positions) -> _Level:
        zero = np.zeros(len(flat))
        tariff, tax = world.tariff.ravel()[flat], world.export_tax.ravel()[flat]
        return cls(tariff, tax, zero, zero, np.ones_like(world.value_added_share), np.zeros_like(world.deficit))

    @classmethod
    def of(cls, world: World, changes: Changes, flat: Positions, size: int) -> _Level:
        iceberg = np.zeros(size)
        if changes.log_iceberg is not None:
            iceberg[changes.flat] = changes.log_iceberg
        here = iceberg[flat]
        closed = np.isposinf(here)
        return cls(
            _rates(world.tariff, changes.flat, changes.tariff)[flat],
            _rates(world.export_tax, changes.flat, changes.export_tax)[flat],
            np.where(closed, 0.0, here),
            closed.astype(np.float64),
            changes.productivity_hat,
            changes.transfer,
        )


def _rates(base: Array, flat: Positions, rates: Rates | None) -> Array:
    values = base.ravel().copy()
    if rates is not None:
        values[flat] = rates.new
    return values


def money_factor(solution: Solution) -> Array:
    """(N,) million USD of equivalent variation per log point, so that money columns add up to the whole variation."""
    log = np.log(solution.real_income_hat)
    small = np.abs(log) < 1e-12
    return solution.benchmark.income * np.where(small, 1.0, np.expm1(log) / np.where(small, 1.0, log))


def decomposition_table(solution: Solution, parts: Decomposition) -> Columns:
    """One row a country and part: contribution_pct (100 x log points) and equivalent_variation (million USD)."""
    world, by_country = solution.benchmark, parts.by_country()
    values = np.stack([by_country[name] for name in PARTS], axis=1)
    money = values * money_factor(solution)[:, None]
    return {
        "country": np.repeat(np.array(world.countries), len(PARTS)),
        "part": np.tile(np.array(PARTS), len(world.countries)),
        "contribution_pct": 100 * values.ravel(),
        "equivalent_variation": money.ravel(),
    }


def detail_table(solution: Solution, decomposition: Decomposition, countries: list[str]) -> Columns:
    """One row a country, part, partner and sector with a contribution; productivity has no partner, transfers neither
    partner nor sector (empty text)."""
    world = solution.benchmark
    factor = money_factor(solution)
    names, sectors = np.array([*world.countries, ""]), np.array([*world.sectors, ""])
    columns: dict[str, list[NDArray]] = {key: [] for key in ("country", "part", "partner", "sector", "value", "money")}

    def add(part: str, country: int, partner: NDArray, sector: NDArray, value: Array) -> None:
        kept = value != 0
        count = int(kept.sum())
        columns["country"].append(np.full(count, world.countries[country]))
        columns["part"].append(np.full(count, part))
        columns["partner"].append(names[partner[kept]])
        columns["sector"].append(sectors[sector[kept]])
        columns["value"].append(100 * value[kept])
        columns["money"].append(factor[country] * value[kept])

    j, n, _ = world.trade_share.shape
    sector, partner = (index.ravel() for index in np.indices((j, n)))
    parts = decomposition.parts
    for code in countries:
        k = world.country(code)
        for name, cells in zip(PARTS, (parts.terms_of_trade, parts.volume_of_trade, parts.trade_costs), strict=False):
            add(name, k, partner, sector, cells[:, k, :].ravel())
        add(PARTS[3], k, np.full(j, n), np.arange(j), parts.productivity[:, k])
        add(PARTS[4], k, np.array([n]), np.array([j]), parts.transfers[k : k + 1])
    joined = {key: np.concatenate(values) for key, values in columns.items()}
    return {
        "country": joined["country"],
        "part": joined["part"],
        "partner": joined["partner"],
        "sector": joined["sector"],
        "contribution_pct": joined["value"],
        "equivalent_variation": joined["money"],
    }


def attribution_table(solution: Solution, decomposition: Decomposition, measures: list[str]) -> Columns:
    """One row a measure and country: contribution_pct (100 x log points) and equivalent_variation (million USD)."""
    world = solution.benchmark
    values = decomposition.parts.measures[: len(measures)]  # a scenario without measures has one part of nothing
    return {
        "measure": np.repeat(np.array(measures), len(world.countries)),
        "country": np.tile(np.array(world.countries), len(measures)),
        "contribution_pct": 100 * values.ravel(),
        "equivalent_variation": (values * money_factor(solution)).ravel(),
    }
