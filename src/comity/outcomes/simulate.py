"""simulate: a World and a Scenario -> Outcomes with ranges, tables and both partners' counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain, islice
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.beside import beside
from comity.classifications.countries import name_of, spoken
from comity.equilibrium.solution import Solution
from comity.kept import KeptFor
from comity.outcomes import tables
from comity.outcomes.attribution import attribution_table, decomposition_table, detail_table, money_factor, steps_of
from comity.outcomes.counts import Count, Target, announced_targets, on_count
from comity.outcomes.decomposition import Decomposition, decompose
from comity.outcomes.drawn import DrawnBand
from comity.outcomes.numbers import Number
from comity.outcomes.observed import resolved, wedge_columns
from comity.outcomes.prepare import Prepared, prepare
from comity.outcomes.ranges import (
    IMPLAUSIBLE,
    Choice,
    Range,
    goods_flows,
    run_ranges,
    with_set,
)
from comity.outcomes.table import Table as Table
from comity.scenario.compile import Compiled, compile_scenario
from comity.scenario.observed import FoundWedge
from comity.scenario.prefixes import prefix_shocks
from comity.scenario.schema import Scenario

if TYPE_CHECKING:
    from comity.outcomes.twin import Smoothed

Array = NDArray[np.float64]
UNIT = "million USD a year"


@dataclass(frozen=True)
class OnCount:
    """A scenario on one partner's count: the central solution, the range, and the band where draws were asked for."""

    count: Count | None
    solution: Solution
    range: Range
    band: DrawnBand | None = None

    @property
    def interval(self) -> Range | DrawnBand:
        """The band where there is one, else the range."""
        return self.range if self.band is None else self.band


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Results of a scenario on a world. `solution` is the central one; `runs` holds it with its range, one entry per
    statistical count (a single one where the partners' statistics do not differ); `no_band` says why there is no band
    where one was expected."""

    world: World
    scenario: Scenario
    compiled: Compiled
    choice: Choice
    year: int | None
    runs: tuple[OnCount, ...]
    no_band: str = ""

    @property
    def solution(self) -> Solution:
        return self.runs[0].solution

    @property
    def range(self) -> Range:
        return self.runs[0].range

    @property
    def interval(self) -> Range | DrawnBand:
        """What the numbers' low and high are of: a band from draws, or the range over choices."""
        return self.runs[0].interval

    @property
    def parties(self) -> list[str]:
        """Economies the scenario names, in its order; empty where it is about all of them. The rest of the world is no
        party of its own: it stands beside "all" in scenarios that mean everybody."""
        named = self.compiled.parties
        return [] if set(named) <= {"ROW"} else named

    @cached_property
    def welfare(self) -> Table:
        """Real income, equivalent variation, real wage and real GDP by country, with bands or ranges."""
        s, world = self.solution, self.solution.benchmark
        low, high = self.interval.of("real_income_hat")
        ev_low, ev_high = self.interval.of("equivalent_variation")
        columns = {
            "country": np.array(world.countries),
            "real_income_pct": tables.percent(s.real_income_hat),
            "real_income_low_pct": tables.percent(low),
            "real_income_high_pct": tables.percent(high),
            "equivalent_variation": s.equivalent_variation,
            "equivalent_variation_low": ev_low,
            "equivalent_variation_high": ev_high,
            "real_wage_pct": tables.percent(s.real_wage_hat),
            "real_gdp_pct": tables.percent(s.real_gdp_hat),
            "income_before": world.income,
        }
        return Table("welfare", columns, self)

    def of(self, country: str) -> SimpleNamespace:
        """The welfare row of one economy."""
        return self.welfare.row(self.world.country(country))

    @cached_property
    def trade(self) -> Table:
        """Bilateral flows by sector before and after, with volume_hat."""
        return Table("trade", tables.trade(self.solution), self)

    @cached_property
    def totals(self) -> Table:
        """Exports and imports by country, goods and services."""
        return Table("totals", tables.totals(self.solution), self)

    @cached_property
    def diversion(self) -> Table:
        """Change of goods trade of every pair with a party: from whom to whom."""
        return Table("diversion", tables.diversion(self.solution, self.parties), self)

    @cached_property
    def prices(self) -> Table:
        """Sector prices, consumer prices and wages."""
        return Table("prices", tables.prices(self.solution), self)

    @cached_property
    def production(self) -> Table:
        """Gross output by sector."""
        return Table("production", tables.production(self.solution), self)

    @cached_property
    def revenue(self) -> Table:
        """Tariff and export-tax revenue."""
        return Table("revenue", tables.revenue(self.solution), self)

    @cached_property
    def _decomposed(self) -> tuple[Decomposition, list[str]]:
        """Parts of the central solution and the measures they are attributed to. Raises NotConvergedError."""
        solution = self.solution
        prefixes = prefix_shocks(solution.benchmark, self.scenario, self.year, found=self.found(self.runs[0]))
        names, steps = steps_of(solution.benchmark, solution.changes, prefixes)
        return decompose(solution, steps), names

    @cached_property
    def parts(self) -> dict[str, Array]:
        """The five parts (N,) of each country's change of real income by name, million USD a year; without measures
        told apart, which takes less time where that has not been done."""
        known = self.__dict__.get("_decomposed")
        factor = money_factor(self.solution)
        found = known[0] if known else decompose(self.solution)
        return {name: values * factor for name, values in found.by_country().items()}

    @cached_property
    def decomposition(self) -> Table:
        """Where each country's change of real income comes from: terms of trade, volume of trade, trade costs,
        productivity, transfers; docs/decomposition.md."""
        return Table("decomposition", decomposition_table(self.solution, self._decomposed[0]), self)

    @cached_property
    def decomposition_detail(self) -> Table:
        """The same by partner and sector, for the parties (for every country where a scenario names none)."""
        countries = self.parties or list(self.world.countries)
        return Table("decomposition_detail", detail_table(self.solution, self._decomposed[0], countries), self)

    @cached_property
    def measures(self) -> Table:
        """How much of each country's change of real income each measure brings; adds up exactly."""
        return Table("measures", attribution_table(self.solution, *self._decomposed), self)

    def found(self, run: OnCount) -> tuple[FoundWedge, ...]:
        """Wedges of the measures sized by what was observed, on a statistical count, where there are any."""
        if not (self.compiled.to_find or self.compiled.found):
            return ()
        benchmark = self.world if run.count is None or run.count.in_world else on_count(self.world, run.count)
        economy = with_set(benchmark, self.choice.elasticities)
        compiled = compile_scenario(economy, self.scenario, year=self.year, words=False)
        return resolved(economy, compiled, self.choice.closure).found

    @cached_property
    def wedges(self) -> Table:
        """Wedges found for measures sized by what was observed, with the change of trade recomputed; docs/inversion.md.
        Empty where no measure is."""
        named = [(run.count.name if run.count else "", self.found(run)) for run in self.runs]
        return Table("wedges", wedge_columns(named), self)

    @cached_property
    def smoothed(self) -> Smoothed | None:
        """The same scenario on the smoothed sibling of the world, where there is one (outcomes/twin.py)."""
        from comity.outcomes.twin import on_smoothed

        return on_smoothed(self)

    @property
    def targets(self) -> list[Target]:
        """Announced trade targets of the scenario."""
        return announced_targets(self.scenario.id)

    def status(self, country: str) -> str:
        """observed or estimated: what the country's flows in this world are."""
        return self._statuses.get(country, "not stated")

    @cached_property
    def _statuses(self) -> dict[str, str]:
        return _statuses.get(self.world, "", lambda: _statuses_in(self.world))

    def pair(self, run: OnCount, first: str, second: str) -> dict[str, Number]:
        """Goods trade of two economies before and after, each direction and together, on one count."""
        a, b = self.world.country(first), self.world.country(second)
        before, after = goods_flows(run.solution)
        interval = run.interval

        def ends(*cells: tuple[int, int]) -> tuple[float, float]:
            return interval.over(lambda v: sum(before[cell] * v.goods_ratio[cell] for cell in cells))  # type: ignore[index]

        words = (self.status(first), self.status(second))
        status = next((word for word in ("estimated", "smoothed") if word in words), "observed")
        year = self.world.base_year

        def number(name: str, value: float, within: tuple[float, float] | None) -> Number:
            low, high = within or (None, None)
            about = (interval.kind, interval.words) if within else ("none", "no interval")
            kind, level = about
            return Number(name, f"{first}-{second}", float(value), low, high, kind, UNIT, year, status, level)

        return {
            "before": number("goods trade before", before[a, b] + before[b, a], None),
            "after": number("goods trade after", after[a, b] + after[b, a], ends((a, b), (b, a))),
            "out_before": number(f"{first} to {second} before", before[b, a], None),
            "out_after": number(f"{first} to {second} after", after[b, a], ends((b, a))),
            "in_before": number(f"{second} to {first} before", before[a, b], None),
            "in_after": number(f"{second} to {first} after", after[a, b], ends((a, b))),
        }

    def borrowed(self) -> list[str]:
        """Parties whose input-output structure is that of other countries."""
        about = self.world.provenance.get("countries", {})
        return [code for code in self.parties if about.get(code, {}).get("input_output") == "borrowed"]

    def main_pair(self) -> tuple[str, str] | None:
        """The two parties, where the scenario has exactly two."""
        return (self.parties[0], self.parties[1]) if len(self.parties) == 2 else None

    def others(self, count: int = 5) -> list[str]:
        """Economies that are not parties, by size of gain or loss in million USD; only those whose effect can be told
        from zero."""
        ev = self.solution.equivalent_variation
        noise = self.solution.residual * self.solution.benchmark.income
        order = np.argsort(-np.abs(ev), kind="stable")
        codes = [self.world.countries[n] for n in order if abs(ev[n]) > 10 * noise[n]]
        return [code for code in codes if code not in self.parties][:count]

    def key_numbers(self) -> list[Number]:
        """Real income and equivalent variation of every economy, trade of the two parties on every count."""
        numbers = []
        year, kind, level = self.world.base_year, self.interval.kind, self.interval.words
        for row in self.welfare.rows:
            status = self.status(row.country)
            numbers += [
                Number("real income", row.country, row.real_income_pct, row.real_income_low_pct,
                       row.real_income_high_pct, kind, "per cent", year, status, level),
                Number("equivalent variation", row.country, row.equivalent_variation, row.equivalent_variation_low,
                       row.equivalent_variation_high, kind, UNIT, year, status, level),
            ]  # fmt: skip
        pair = self.main_pair()
        if pair:
            for run in self.runs:
                label = f", {run.count.name}" if run.count else ""
                for number in self.pair(run, *pair).values():
                    numbers.append(Number(**{**number.as_dict(), "name": number.name + label}))
        return numbers

    def range_notes(self) -> list[str]:
        """Which choices make the ends of the range, and which of them lie outside any plausible range."""
        rows = {row.country: abs(row.equivalent_variation) for row in self.welfare.rows}
        country = max(self.parties or list(rows), key=lambda code: rows[code])
        low, high = self.range.ends(self.world.country(country))
        notes = [f"The range of {spoken(country)} ends with: lowest {low}; highest {high}."]
        central = (self.choice.elasticities, "central")
        extreme = [pair for pair in self.range.implausible if (pair[0].elasticities, pair[0].level) != central]
        if extreme:
            choice, text = max(extreme, key=lambda pair: pair[0].level == "high")
            tried = len({(variant.choice.elasticities, variant.choice.level) for variant in self.range.variants})
            count = len({c for c, _ in extreme})
            notes.append(
                f"Of {tried} pairs of elasticity set and size in the range, {count} {'is' if count == 1 else 'are'} "
                f"{IMPLAUSIBLE.lower()}. With {choice.elasticities} and {choice.level} sizes"
                f"{text.removeprefix(IMPLAUSIBLE).replace(':', ',', 1)}"
            )
        cut = [
            label(code) for code, here in zip(self.world.countries, self.solution.main_part, strict=True) if not here
        ]
        if cut:
            notes.append(
                f"Cut off from the rest: {', '.join(cut[:6])}. Prices and wages there: no number, real income only."
            )
        return notes

    def refusals(self) -> list[str]:
        """Combinations of the range that have no solution, by name."""
        return [f"{v.choice}: {v.refusal}" for run in self.runs for v in run.range.variants if v.refusal]

    def __repr__(self) -> str:
        return f"Outcomes of {self.scenario.id} on {self.world.name}: residual {self.solution.residual:.0e}"


def with_ranges(ready: Prepared, ranges: Sequence[Range]) -> Outcomes:
    """The Outcomes of a prepared scenario, with its ranges in the order of the counts."""
    runs = tuple(
        OnCount(count, one.near, found)  # type: ignore[arg-type]
        for count, one, found in zip(ready.counts, ready.asked, ranges, strict=True)
    )
    choice = ready.asked[0].central
    # in words, with what was found
    compiled = resolved(with_set(ready.world, choice.elasticities), ready.compiled, choice.closure)
    return Outcomes(ready.world, ready.scenario, compiled, choice, ready.compiled.year, runs)


def simulate_together(ready: Sequence[Prepared]) -> list[Outcomes]:
    """The Outcomes of several prepared scenarios, whose ranges on one World are solved side by side. Raises InputError
    where one of them has no range."""
    ranges = iter(run_ranges([asked for one in ready for asked in one.asked]))
    return [with_ranges(one, list(islice(ranges, len(one.asked)))) for one in ready]


def simulate(
    world: World,
    scen: Scenario,
    *,
    closure: str | None = None,
    elasticities: str | None = None,
    year: int | None = None,
    draws: int | None = None,
    seed: int | None = None,
    all_counts: bool = True,
    known: Sequence[Range] = (),
    near: Sequence[Array] = (),
    workers: int = 1,
) -> Outcomes:
    """Run a scenario on a world: the central solution and its range, on every statistical count of the pair.

    Parameters
    ----------
    closure, elasticities : override the scenario's own; defaults "fixed-deficits" and the world's own set
    year : measures in force at the start of that year; None is full implementation
    all_counts : False solves on the world's own count alone
    known : the ranges, in the order of the counts, where they have been solved before
    near : states of solutions near the central ones, in that order, where the search begins
    workers : 2 solves the ranges of two counts at the same time, where forking is safe
    draws, seed : so many joint draws make the intervals bands (docs/uncertainty.md); without both they are ranges

    Raises
    ------
    InputError : anything wrong with the request
    NoSolutionError : the central combination has no solution
    NotConvergedError : too many of the draws have no solution
    """
    ready = prepare(world, scen, closure, elasticities, year, all_counts, near)
    if not known and len(ready.asked) == workers == 2:
        known = [*chain(*beside(*(partial(run_ranges, [one]) for one in ready.asked)))]
    outcomes = with_ranges(ready, known or run_ranges(ready.asked))
    if draws is None and seed is None:
        return outcomes
    from importlib import import_module

    # draws are made in a later room: looked up only when asked for
    banded: Outcomes = import_module("comity.uncertainty.interval").with_bands(outcomes, draws, seed)
    return banded


_statuses: KeptFor[World, dict[str, str]] = KeptFor()  # every table asks for that of every country


def _statuses_in(world: World) -> dict[str, str]:
    """What the flows of the countries are, of those of which it is stated."""
    countries = world.provenance.get("countries", {})
    return {code: str(about.get("flows", "not stated")) for code, about in countries.items()}


def label(code: str) -> str:
    """The plain name of an economy."""
    return "the rest of the world" if code == "ROW" else name_of(code)
