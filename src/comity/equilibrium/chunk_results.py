"""The scenarios of one chunk, solved together or alone, and what is read from each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import ARRAYS, World
from comity.equilibrium.changes import Changes
from comity.equilibrium.changes_together import changes_of_all
from comity.equilibrium.chunk import NUMPY, ChunkAnswers, Engine, solve_chunk
from comity.equilibrium.closures import benchmark_of, income_factor, move_of
from comity.equilibrium.members import FAR, Deficits, distance, fit, gather
from comity.equilibrium.prepared import prepare
from comity.equilibrium.problem import NoSupplierError
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Later, Solution
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
    """One scenario of a plan; theta (J,) instead of the World's, or None; `start` is a state nearby, or None."""

    world: World
    shock: Shock
    theta: Array | None = None
    closure: str = "fixed-deficits"
    targets: tuple[str, ...] = ()
    start: Array | None = None

    @property
    def own(self) -> World:
        """The World under the scenario's own elasticities."""
        return self.world if self.theta is None else self.world.with_elasticities(self.theta)


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
    """Fields of all members of a chunk, scenarios first, made on first use. incomes (S, N) or (1, N): of their
    benchmarks."""

    def __init__(self, found: ChunkAnswers, world: World, incomes: Array) -> None:
        self._found, self._world, self._incomes = found, world, incomes
        self.residual, self.passes = found.residuals.max(axis=0), found.passes.copy()
        self._made: dict[str, Array] = {}

    def of(self, name: str) -> Array:
        """(S, ...) values of one field."""
        if name not in self._made:
            # a copy in any case: of a single member the turned array would be the chunk's memory itself
            self._made[name] = np.array(np.moveaxis(self._make(name), -1, 0), order="C")
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
        return prices if name == "consumer_price_hat" else answers.income / self._incomes.T / prices


@dataclass(frozen=True, eq=False)
class _Member:
    """A scenario that can be solved beside others: its place in the chunk, its closure, the World whose elasticities it
    has, the benchmark that its closure refers to, its changes."""

    place: int
    closure: str
    world: World
    benchmark: World
    changes: Changes
    start: Array | None


def solve_cases(
    cases: Sequence[Case],
    tolerance: float,
    space: Space,
    light: Sequence[str] | None,
    engine: Engine = NUMPY,
) -> Iterator[Outcome]:
    """The outcomes of a chunk, in its order. light : the fields that will be read, if all are in LIGHT; None for whole
    Solutions. engine : what solves scenarios side by side."""
    outcomes: dict[int, Outcome] = {}
    for group in _groups(cases):
        for part in _in_memory(group):
            outcomes.update(_solve_part(part, tolerance, space, light, engine))
    for place, case in enumerate(cases):
        yield outcomes.get(place) or _alone(case, tolerance)


def _groups(cases: Sequence[Case]) -> list[list[_Member]]:
    """Scenarios that can be solved side by side: those whose Worlds are the same but for elasticities."""
    worlds: dict[Any, World] = {}
    known: dict[Any, tuple[Any, World, World] | None] = {}  # most plans have one World and one closure for all
    standing: list[tuple[Any, World, World] | None] = []
    for case in cases:
        theta = None if case.theta is None else case.theta.tobytes()
        asked = (id(case.world), theta, case.closure, case.targets)
        if asked not in known:
            known[asked] = _standing(case, worlds)
        standing.append(known[asked])
    able = [(place, case, *held) for place, (case, held) in enumerate(zip(cases, standing, strict=True)) if held]
    changes = changes_of_all([benchmark for *_, benchmark in able], [case.shock for _, case, *_ in able])
    groups: dict[Any, list[_Member]] = {}
    for (place, case, key, world, benchmark), part in zip(able, changes, strict=True):
        groups.setdefault(key, []).append(_Member(place, case.closure, world, benchmark, part, case.start))
    fitting = ([m for m, so in zip(group, _fit(group), strict=True) if so] for group in groups.values())
    return [group for group in fitting if group]


def _fit(group: list[_Member]) -> list[bool]:
    return fit(group[0].world, [member.changes for member in group])


def _standing(case: Case, worlds: dict[Any, World]) -> tuple[Any, World, World] | None:
    """What the World shares with those beside which it can be solved, the World, and the benchmark its closure refers
    to; None where that is refused, in its own words when solved alone. `worlds` : those met, of each elasticities."""
    key = tuple(id(getattr(case.world, name)) for name in (*ARRAYS, "expenditure") if name != "trade_elasticity")
    try:
        theta = case.world.trade_elasticity if case.theta is None else case.theta
        world = worlds.setdefault((key, theta.tobytes()), case.own)
        return key, world, benchmark_of(world, case.closure, case.targets)
    except NoSolutionError:
        return None


MOST_CELLS = 4_000_000  # cells x members of a part: 100 MB


def _in_memory(group: list[_Member]) -> Iterator[list[_Member]]:
    """Parts small enough for the memory, halved where they are not."""
    cells = min(sum(len(member.changes.flat) for member in group), group[0].world.trade_share.size)
    if len(group) > 1 and cells * len(group) > MOST_CELLS:
        half = len(group) // 2
        yield from _in_memory(group[:half])
        yield from _in_memory(group[half:])
    else:
        yield group


def _solve_part(
    part: list[_Member], tolerance: float, space: Space, light: Sequence[str] | None, engine: Engine
) -> dict[int, Outcome]:
    """Solved on the weights of one World: the members' common benchmark, or where closures and elasticities give them
    benchmarks of their own, the World that all were made from"""
    part = sorted(part, key=_elasticities)  # those who share responses stand side by side
    benchmarks = [member.benchmark for member in part]
    common = all(benchmark is benchmarks[0] for benchmark in benchmarks)
    world = benchmarks[0] if common else part[0].world.origin
    thetas, origin = None, None
    if not common:
        thetas = np.stack([member.world.trade_elasticity for member in part])
        if any(member.benchmark is not member.world for member in part):
            origin = np.stack([move_of(member.benchmark, member.world) for member in part], axis=1)
    members = gather(
        world,
        [member.changes for member in part],
        thetas,
        np.array([member.place for member in part]),
        Deficits.of([member.closure for member in part], benchmarks),
    )
    begin = None
    if any(member.start is not None for member in part):
        nothing = np.zeros(len(world.countries) * (1 + 2 * len(world.sectors)))
        begin = np.stack([nothing if m.start is None else m.start for m in part], axis=1)
        if thetas is not None:
            begin[:, distance(prepare(world), thetas) > FAR] = 0.0
    found = solve_chunk(prepare(world), members, tolerance, space, origin, begin, engine)
    good = np.flatnonzero(found.found & (found.residuals.max(axis=0) <= tolerance)).tolist()
    # elasticities alone leave incomes as they are
    incomes = world.income[None] if common or origin is None else np.stack([_income(member, world) for member in part])
    fields = _Fields(found, world, incomes)
    if light is not None:
        for name in light:  # now: the next part uses the same memory
            fields.of(name)
        return {part[k].place: Outcome(None, False, fields, k) for k in good}
    return {part[k].place: Outcome(_solution(found, fields, part[k], k), False) for k in good}


def _elasticities(member: _Member) -> bytes:
    return member.world.trade_elasticity.tobytes()


def _income(member: _Member, world: World) -> Array:
    return world.income if member.benchmark is member.world else member.benchmark.income


def _solution(found: ChunkAnswers, fields: _Fields, member: _Member, k: int) -> Solution:
    factor = income_factor(member.benchmark) if member.closure == "multiplicative-deficits" else None
    return Solution(
        benchmark=member.benchmark,
        closure=member.closure,
        source=Later(member.benchmark, member.changes, member.closure, factor),
        iterations=int(found.passes[k]),
        state=found.states[:, k].copy(),
        residuals=dict(zip(EQUATIONS, found.residuals[:, k].tolist(), strict=True)),
        converged=True,
        status="converged",
        **{name: fields.of(name)[k] for name in LIGHT},
    )


def _alone(case: Case, tolerance: float) -> Outcome:
    targets = list(case.targets) or None
    try:
        how: dict[str, Any] = {"closure": case.closure, "targets": targets, "tolerance": tolerance}
        return Outcome(solve(case.own, case.shock, start=case.start, **how), True)
    except (NoSupplierError, NoSolutionError) as refusal:
        return Outcome(refusal, True)
