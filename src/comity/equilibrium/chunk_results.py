"""The scenarios of one chunk, solved together or alone, and what is read from each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.changes import Changes, changes_of
from comity.equilibrium.chunk import ChunkAnswers, solve_chunk
from comity.equilibrium.closures import benchmark_of, income_factor
from comity.equilibrium.members import fits, gather
from comity.equilibrium.prepared import prepare
from comity.equilibrium.problem import NoSupplierError, make_problem
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import solve
from comity.equilibrium.space import Space
from comity.equilibrium.together_residual import EQUATIONS
from comity.errors import NoSolutionError

Array = NDArray[np.float64]

LIGHT = frozenset(
    "wage_hat price_index_hat cost_hat expenditure_new output_new income_new deficit_new transfer_new "
    "tariff_revenue_new export_tax_revenue_new consumer_price_hat real_income_hat".split()
)


@dataclass(frozen=True, eq=False)
class Case:
    """One scenario of a plan; theta (J,) instead of the World's, or None."""

    world: World
    shock: Shock
    theta: Array | None


@dataclass(frozen=True, eq=False)
class Row:
    """What `solve_many` keeps of one scenario; `kept` is empty where there is no solution."""

    status: str
    residual: float
    iterations: int
    message: str
    alone: bool
    kept: dict[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Outcome:
    """One scenario's Solution or refusal; or, for `light` reading, its place in the stacked fields of a chunk."""

    solution: Solution | NoSolutionError | NoSupplierError | None
    alone: bool
    fields: _Fields | None = None
    place: int = 0

    def row(self, names: Sequence[str]) -> Row:
        """The named fields, with status and residual."""
        if self.fields is not None:
            fields, k = self.fields, self.place
            kept = {name: fields.of(name)[k] for name in names}
            return Row("converged", float(fields.residual[k]), int(fields.passes[k]), "", self.alone, kept)
        found = self.solution
        if isinstance(found, Solution):
            kept = {name: np.asarray(getattr(found, name)) for name in names}
            return Row("converged", found.residual, found.iterations, "", self.alone, kept)
        if isinstance(found, NoSupplierError):
            return Row("no-supplier", np.nan, 0, found.message, self.alone)
        assert found is not None
        residual = np.nan if found.residual is None else found.residual
        return Row(found.reason, residual, 0, str(found), self.alone)

    def whole(self) -> Solution | NoSolutionError | NoSupplierError:
        """The Solution, or the refusal."""
        assert self.solution is not None
        return self.solution


class _Fields:
    """Fields of all members of a chunk, scenarios first, made on first use."""

    def __init__(self, found: ChunkAnswers, world: World) -> None:
        self._found, self._world = found, world
        self.residual, self.passes = found.residuals.max(axis=0), found.passes.copy()
        self._made: dict[str, Array] = {}

    def of(self, name: str) -> Array:
        """(S, ...) values of one field."""
        if name not in self._made:
            values = np.moveaxis(self._make(name), -1, 0)
            self._made[name] = np.ascontiguousarray(values)
        return self._made[name]

    def _make(self, name: str) -> Array:
        answers, world = self._found.answers, self._world
        if name == "wage_hat":
            return np.exp(answers.log_wage)
        if name == "price_index_hat":
            return np.exp(answers.log_price)
        if name == "cost_hat":
            return np.exp(answers.cost)
        if name == "expenditure_new":
            return answers.spending * world.expenditure[:, :, None]
        if name == "output_new":
            return answers.output
        if name == "income_new":
            return answers.income
        if name == "deficit_new":
            return answers.deficit
        if name == "transfer_new":
            return self._found.members.transfer
        if name == "tariff_revenue_new":
            return answers.tariff_revenue
        if name == "export_tax_revenue_new":
            return np.zeros_like(answers.income)
        prices = np.exp(np.einsum("jn,jns->ns", world.consumption_share, answers.log_price))
        return prices if name == "consumer_price_hat" else answers.income / world.income[:, None] / prices


def solve_cases(
    cases: Sequence[Case],
    closure: str,
    targets: Sequence[str] | None,
    tolerance: float,
    space: Space,
    light: Sequence[str] | None,
) -> Iterator[Outcome]:
    """The outcomes of a chunk, in its order. light : the fields that will be read, if all are in LIGHT; None for whole
    Solutions."""
    outcomes: dict[int, Outcome] = {}
    for world, places in _by_world(cases).items():
        together = _members(world, cases, places, closure, targets)
        for part in _in_memory(together, world):
            outcomes.update(_solve_part(world, cases, part, closure, targets, tolerance, space, light))
    for place, case in enumerate(cases):
        yield outcomes.get(place) or _alone(case, closure, targets, tolerance)


def _by_world(cases: Sequence[Case]) -> dict[World, list[int]]:
    groups: dict[World, list[int]] = {}
    for place, case in enumerate(cases):
        groups.setdefault(case.world, []).append(place)
    return groups


Planned = tuple[int, Changes]
MOST_CELLS = 4_000_000  # cells x members of a part: 100 MB


def _members(
    world: World, cases: Sequence[Case], places: Sequence[int], closure: str, targets: Sequence[str] | None
) -> list[Planned]:
    """Those of a World's scenarios that can be solved side by side.

    Not those whose elasticities move the closure's benchmark: each has a benchmark of its own.
    """
    try:
        benchmark = benchmark_of(world, closure, targets)
    except NoSolutionError:
        return []  # each is refused in its own words
    moves = benchmark is not world
    planned = []
    for place in places:
        changes = changes_of(benchmark, cases[place].shock)
        if not (moves and cases[place].theta is not None) and fits(benchmark, changes):
            planned.append((place, changes))
    return planned


def _in_memory(planned: list[Planned], world: World) -> Iterator[list[Planned]]:
    """Parts small enough for the memory, halved where they are not."""
    cells = min(sum(len(changes.flat) for _, changes in planned), world.trade_share.size)
    if len(planned) > 1 and cells * len(planned) > MOST_CELLS:
        half = len(planned) // 2
        yield from _in_memory(planned[:half], world)
        yield from _in_memory(planned[half:], world)
    elif planned:
        yield planned


def _solve_part(
    world: World,
    cases: Sequence[Case],
    part: list[Planned],
    closure: str,
    targets: Sequence[str] | None,
    tolerance: float,
    space: Space,
    light: Sequence[str] | None,
) -> dict[int, Outcome]:
    benchmark = benchmark_of(world, closure, targets)
    base = prepare(benchmark)
    factor = income_factor(benchmark) if closure == "multiplicative-deficits" else None
    given = [cases[place].theta for place, _ in part]
    thetas = None
    if any(theta is not None for theta in given):
        thetas = np.stack([benchmark.trade_elasticity if theta is None else theta for theta in given])
    members = gather(benchmark, [changes for _, changes in part], thetas, np.array([place for place, _ in part]))
    found = solve_chunk(base, members, closure, benchmark.deficit, factor, tolerance, space)
    good = found.found & (found.residuals.max(axis=0) <= tolerance)
    fields = _Fields(found, benchmark)
    if light is not None:
        for name in light:  # now: the next part uses the same memory
            fields.of(name)
        return {part[k][0]: Outcome(None, False, fields, k) for k in np.flatnonzero(good).tolist()}
    outcomes = {}
    for k in np.flatnonzero(good).tolist():
        place, changes = part[k]
        theta = given[k]
        own = benchmark if theta is None else benchmark.with_elasticities(theta)
        outcomes[place] = Outcome(_solution(found, fields, own, changes, closure, factor, k), False)
    return outcomes


def _solution(
    found: ChunkAnswers, fields: _Fields, world: World, changes: Changes, closure: str, factor: Array | None, k: int
) -> Solution:
    make = partial(make_problem, world, changes, closure, income_factor=factor)
    return Solution(
        benchmark=world,
        closure=closure,
        source=make,
        iterations=int(found.passes[k]),
        state=found.states[:, k].copy(),
        residuals=dict(zip(EQUATIONS, found.residuals[:, k].tolist(), strict=True)),
        converged=True,
        status="converged",
        **{name: fields.of(name)[k] for name in LIGHT},
    )


def _alone(case: Case, closure: str, targets: Sequence[str] | None, tolerance: float) -> Outcome:
    world = case.world if case.theta is None else case.world.with_elasticities(case.theta)
    try:
        return Outcome(solve(world, case.shock, closure=closure, targets=targets, tolerance=tolerance), True)
    except (NoSupplierError, NoSolutionError) as refusal:
        return Outcome(refusal, True)
