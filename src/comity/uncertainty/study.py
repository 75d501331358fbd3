"""Solve a scenario at every draw of a table: what is kept of each draw, and which draws have no solution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.beside import beside
from comity.equilibrium.batch import solve_each
from comity.equilibrium.blas import ONE_BLAS_THREAD
from comity.equilibrium.solution import Solution
from comity.errors import InputError, NoSolutionError
from comity.outcomes.observed import Wedges, find_each, resolved
from comity.outcomes.ranges import RANGE_TOLERANCE, central_choice, goods_flows, solve_compiled, with_set
from comity.uncertainty.bank import node_of, world_at
from comity.uncertainty.draws import DrawTable, draw
from comity.uncertainty.shocks import Plan, make_plan
from comity.uncertainty.sources import (
    Source,
    choose,
    count_source,
    flow_sources,
    load_spreads,
    theta_log_sd,
)

if TYPE_CHECKING:
    from comity.gravity.draws import Draws

Array = NDArray[np.float64]
Kept = TypeVar("Kept")

OBSERVED = 1e-7  # relative distance at which a draw meets an observed change; bands show three digits

# quantity: unit. Trade is that of goods, at border prices after the measures.
BY_COUNTRY = {
    "real_income_pct": "per cent",
    "equivalent_variation": "million USD a year",
    "exports": "million USD a year",
    "imports": "million USD a year",
    "exports_change": "million USD a year",
    "imports_change": "million USD a year",
}
BY_PAIR = {"pair_trade": "million USD a year", "pair_trade_change": "million USD a year"}
UNITS = {**BY_COUNTRY, **BY_PAIR}


@dataclass(frozen=True, eq=False)
class Study:
    """A scenario on a world with its sources, ready to be drawn from."""

    world: World
    plan: Plan
    closure: str
    elasticities: str
    sources: tuple[Source, ...]
    log_sd: Array

    @property
    def pair(self) -> tuple[int, int] | None:
        """Positions of the two parties, where there are exactly two."""
        parties = self.plan.compiled.parties
        return (self.world.country(parties[0]), self.world.country(parties[1])) if len(parties) == 2 else None

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """What the columns of each quantity are."""
        found = dict.fromkeys(BY_COUNTRY, self.world.countries)
        if self.pair:
            found |= dict.fromkeys(BY_PAIR, ("-".join(self.world.countries[k] for k in self.pair),))
        return found

    def table(
        self, draws: int, seed: int, wanted: Sequence[str] | None = None, sources: Sequence[Source] | None = None
    ) -> DrawTable:
        """Joint draws of the sources named; `sources` where others are drawn along (difference.py)."""
        every = tuple(sources or self.sources)
        estimated = self.plan.estimated
        return draw(
            every,
            self.world.trade_elasticity,
            self.log_sd,
            self.world.sectors,
            draws=draws,
            seed=seed,
            drawn=choose(every, wanted),
            rows={f"estimate:{key}": len(given.coefficient) for key, (_, given) in estimated.items()},
        )


@dataclass(frozen=True, eq=False)
class Sample:
    """What the draws gave: by quantity (D, L), nan in draws without solution; status (D,) "converged" or the reason."""

    values: Mapping[str, Array]
    status: NDArray[np.str_]

    @property
    def converged(self) -> NDArray[np.bool_]:
        return self.status == "converged"

    @property
    def failures(self) -> dict[str, int]:
        """Draws without solution by reason."""
        return dict(Counter(self.status[~self.converged].tolist()))


def prepare(
    world: World,
    scenario: Any,
    *,
    closure: str | None = None,
    elasticities: str | None = None,
    year: int | None = None,
    estimated: Mapping[str, tuple[str, Draws]] | None = None,
    spreads: str | Path | None = None,
    counts: bool = True,
) -> Study:
    """A Study; counts=False leaves out which of two statistics of a pair holds, for a world that is on one of them;
    closure and elasticities default to the scenario's own, then "fixed-deficits" and the world's own set.

    Raises InputError for anything wrong with the request.
    """
    choice = central_choice(world, scenario, closure, elasticities)
    chosen, wanted = choice.elasticities, choice.closure
    economy = with_set(world, chosen)
    rows = load_spreads(spreads)
    log_sd, theta = theta_log_sd(rows, chosen, economy.sectors, economy.trade_elasticity)
    plan = make_plan(economy, scenario, year, estimated)
    pairs = plan.compiled.pairs
    count = count_source(economy, plan.compiled.named_pairs) if counts else None
    touched = {*plan.compiled.parties, *(code for pair in pairs for code in pair)}
    sources = (theta, *plan.sources, *([count] if count else []), *flow_sources(economy, rows, touched))
    return Study(economy, plan, wanted, chosen, sources, log_sd)


def central(study: Study) -> Solution:
    """The solution with nothing drawn. Raises NoSolutionError."""
    return solve_compiled(study.world, study.plan.compiled, study.closure)


def run(study: Study, table: DrawTable, workers: int = 1, sources: Sequence[Source] | None = None) -> Sample:
    """Solve every draw and keep its quantities.

    Raises InputError for workers other than 1 or 2, and where an economy lacks a supplier.
    """
    solved = each(study, table, lambda solution: measured(study, solution), workers, sources=sources)
    values = {name: np.full((len(table), len(labels)), np.nan) for name, labels in study.labels.items()}
    for d, found in enumerate(solved):
        if not isinstance(found, str):
            for name, row in found.items():
                values[name][d] = row
    return Sample(values, np.array([found if isinstance(found, str) else "converged" for found in solved]))


def each(
    study: Study,
    table: DrawTable,
    keep: Callable[[Solution], Kept],
    workers: int = 1,
    *,
    near: Solution | None = None,
    sources: Sequence[Source] | None = None,
) -> list[Kept | str]:
    """What `keep` makes of the solution of every draw, or the reason why there is none; draws on the same world of the
    bank side by side, two halves at the same time if asked.

    near : the central solution, if known. Raises InputError for workers other than 1 or 2, and where an economy lacks a
    supplier.
    """
    if isinstance(workers, bool) or workers not in (1, 2):
        raise InputError("workers", "one process or two", found=workers, allowed="1 or 2")
    every = tuple(sources or study.sources)
    groups: dict[Any, list[int]] = {}
    for d in range(len(table)):
        node = node_of(every, {name: float(values[d]) for name, values in table.node.items()})
        groups.setdefault(node, []).append(d)
    ready = [(world_at(study.world, every, node), rows) for node, rows in groups.items()]
    begin = (near or central(study)).state
    parts = _halves(ready) if workers == 2 else [ready]

    def solved(part: list[tuple[World, list[int]]]) -> list[tuple[int, Kept | str]]:
        return [row for world, rows in part for row in _solve_group(study, world, table, rows, begin, keep)]

    with ONE_BLAS_THREAD:
        if len(parts) == 2:
            first, second = beside(lambda: solved(parts[0]), lambda: solved(parts[1]))
        else:
            first, second = solved(parts[0]), []
    return [found for _, found in sorted(first + second, key=lambda row: row[0])]


def _halves(ready: list[tuple[World, list[int]]]) -> list[list[tuple[World, list[int]]]]:
    """Every group cut in two, so that both halves take about as long."""
    first = [(world, rows[::2]) for world, rows in ready]
    second = [(world, rows[1::2]) for world, rows in ready if len(rows) > 1]
    return [first, second] if second else [first]


def _solve_group(
    study: Study, world: World, table: DrawTable, rows: list[int], near: Array, keep: Callable[[Solution], Kept]
) -> list[tuple[int, Kept | str]]:
    """Draws on one world: number of the draw, what is kept of it or why there is no solution."""
    _ = world.income, world.goods_flow  # made once, and shared by the copies
    worlds = [world.replace(trade_elasticity=table.theta[d]) for d in rows]
    at = [{name: float(values[d]) for name, values in table.position.items()} for d in rows]
    estimate = [{name: int(values[d]) for name, values in table.estimate.items()} for d in rows]
    wedges: list[Wedges | NoSolutionError] = [()] * len(rows)
    if study.plan.observed:  # what was observed is the same in every draw, the wedge behind it is not
        cases = [study.plan.case(worlds[k], study.closure, at[k], estimate[k]) for k in range(len(rows))]
        start = resolved(study.world, study.plan.compiled, study.closure).found
        wedges = find_each(cases, start, near, OBSERVED)
    lost = {rows[k]: one.reason for k, one in enumerate(wedges) if isinstance(one, NoSolutionError)}
    kept = [k for k, d in enumerate(rows) if d not in lost]
    shocks = [study.plan.shock(table.theta[rows[k]], at[k], estimate[k], wedges[k]) for k in kept]  # type: ignore[arg-type]
    worlds, rows = [worlds[k] for k in kept], [rows[k] for k in kept]
    targets = study.plan.compiled.targets if study.closure == "targets-balanced" else None
    found: list[tuple[int, Kept | str]] = list(lost.items())
    outcomes = solve_each(worlds, shocks, closure=study.closure, targets=targets, start=near,
                          tolerance=RANGE_TOLERANCE)  # fmt: skip
    for d, outcome in zip(rows, outcomes, strict=True):
        if isinstance(outcome, InputError):
            raise outcome
        found.append((d, outcome.reason if isinstance(outcome, NoSolutionError) else keep(outcome)))
    return found


def measured(study: Study, solution: Solution) -> dict[str, Array]:
    """The quantities (L,) of a solution."""
    before, after = goods_flows(solution)
    home = np.diagonal(before), np.diagonal(after)
    exports = [flow.sum(axis=0) - own for flow, own in zip((before, after), home, strict=True)]
    imports = [flow.sum(axis=1) - own for flow, own in zip((before, after), home, strict=True)]
    found = {
        "real_income_pct": 100 * (solution.real_income_hat - 1),
        "equivalent_variation": solution.equivalent_variation,
        "exports": exports[1],
        "imports": imports[1],
        "exports_change": exports[1] - exports[0],
        "imports_change": imports[1] - imports[0],
    }
    if study.pair:
        a, b = study.pair
        found["pair_trade"] = np.array([after[a, b] + after[b, a]])
        found["pair_trade_change"] = found["pair_trade"] - (before[a, b] + before[b, a])
    return found
