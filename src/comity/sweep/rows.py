"""One chunk of a plan -> one table: every point a row, solved or not.

Points are solved by `solve_many` in the order of the plan, with one process and one BLAS thread: what a point is solved
beside, and so its last bits, depends on the plan alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.coalition.study import Study
from comity.coalition.values import Rows
from comity.equilibrium.batch import solve_each, solve_many
from comity.equilibrium.closures import benchmark_of
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.errors import InputError, NoSolutionError
from comity.kept import KeptFor
from comity.outcomes.ranges import Choice, goods_flows
from comity.sweep.parquet import Column, Kind, parquet
from comity.sweep.plan import Plan, Point
from comity.sweep.shocks import shocks_of

Array = NDArray[np.float64]
KINDS: dict[str, Kind] = {"size": "number", "switch": "flag", "participants": "text"}
KEPT_STUDIES = 4  # settings change slowly along a plan
_goods: KeptFor[World, Array] = KeptFor()
REFUSED = "refused"  # the point cannot be compiled; other statuses are those of solve_many


@dataclass(eq=False)
class Found:
    """What a chunk's solves gave. status, message, residual, iterations: one a point; numbers : further columns, nan
    where there is none."""

    status: list[str]
    message: list[str | None]
    residual: Array
    iterations: NDArray[np.int32]
    numbers: dict[str, Array]

    @classmethod
    def empty(cls, count: int, names: Sequence[str]) -> Found:
        nothing = np.full(count, np.nan)
        return cls([REFUSED] * count, [None] * count, nothing, np.zeros(count, dtype=np.int32),
                   {name: nothing.copy() for name in names})  # fmt: skip


class Solver:
    """Solves chunks of one plan; keeps what settings have in common."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.kept = plan.kept
        self.studies: OrderedDict[tuple[str, str, str, str], Study] = OrderedDict()

    def table(self, points: Sequence[Point], labels: dict[str, str]) -> tuple[bytes, list[str]]:
        """The Parquet file of these points, and the status of each. labels : what the file says of itself."""
        found = Found.empty(len(points), list(self.kept.columns))
        if self.plan.table is None:
            self._scenarios(points, found)
        else:
            self._coalitions(points, found)
        return parquet(_shown(self.plan, points, found), labels), found.status

    # -- scenarios --------------------------------------------------------------------------------------

    def _scenarios(self, points: Sequence[Point], found: Found) -> None:
        made = shocks_of(self.plan, points)
        groups: dict[tuple[str, tuple[str, ...], str], list[int]] = {}
        for k, (point, one) in enumerate(zip(points, made, strict=True)):
            if one.shock is None:
                found.message[k] = one.refusal
            else:
                groups.setdefault((point.closure, one.targets, point.world), []).append(k)
        for (closure, targets, _), places in groups.items():
            worlds = [self.plan.economy(points[k].world, points[k].elasticities) for k in places]
            shocks: list[Any] = [made[k].shock for k in places]
            try:
                self._solve(points, places, worlds, shocks, closure, targets, found)
            except InputError:  # a number out of range in one of them: each by itself tells which
                for k, world, shock in zip(places, worlds, shocks, strict=True):
                    try:
                        self._solve(points, [k], [world], [shock], closure, targets, found)
                    except InputError as problem:
                        found.status[k], found.message[k] = REFUSED, problem.message

    def _solve(
        self,
        points: Sequence[Point],
        places: list[int],
        worlds: list[World],
        shocks: list[Shock],
        closure: str,
        targets: tuple[str, ...],
        found: Found,
    ) -> None:
        pairs = self.plan.sweep.outputs.trade
        common: Any = worlds[0] if all(world is worlds[0] for world in worlds) else worlds
        if not pairs:
            solved = solve_many(common, shocks, closure=closure, targets=targets or None)
            hats = solved.real_income_hat
            for row, k in enumerate(places):
                found.status[k], found.message[k] = str(solved.status[row]), solved.messages[row] or None
                found.residual[k], found.iterations[k] = solved.residual[row], solved.iterations[row]
                if solved.status[row] == "converged":
                    self._welfare(k, points[k].world, benchmark_of(worlds[row], closure, targets), hats[row], found)
            return
        outcomes = solve_each(common, shocks, closure=closure, targets=targets or None)
        for k, world, outcome in zip(places, worlds, outcomes, strict=True):
            if not isinstance(outcome, Solution):
                _refusal(k, outcome, found)
                continue
            found.status[k], found.residual[k], found.iterations[k] = "converged", outcome.residual, outcome.iterations
            self._welfare(k, points[k].world, outcome.benchmark, outcome.real_income_hat, found)
            _trade(k, world, outcome, pairs, found)

    def _welfare(self, k: int, name: str, benchmark: World, hat: Array, found: Found) -> None:
        for code, n in self.kept.codes[name].items():
            found.numbers[f"real_income_pct_{code}"][k] = 100 * (hat[n] - 1)
            found.numbers[f"equivalent_variation_{code}"][k] = benchmark.income[n] * (hat[n] - 1)

    # -- coalitions -------------------------------------------------------------------------------------

    def _study(self, key: tuple[str, str, str, str]) -> Study:
        world, elasticities, closure, level = key
        if key not in self.studies:
            game, table = self.plan.game, self.plan.table
            assert game is not None and table is not None
            choice = Choice(elasticities, level, closure)  # type: ignore[arg-type]
            self.studies[key] = Study(self.plan.worlds[world], game, table, choice)
            if len(self.studies) > KEPT_STUDIES:
                self.studies.popitem(last=False)
        self.studies.move_to_end(key)
        return self.studies[key]

    def _coalitions(self, points: Sequence[Point], found: Found) -> None:
        groups: dict[tuple[str, str, str, str], list[int]] = {}
        for k, point in enumerate(points):
            groups.setdefault((point.world, point.elasticities, point.closure, point.level), []).append(k)
        for key, places in groups.items():
            study = self._study(key)
            try:
                rules = study.rules
            except (NoSolutionError, InputError) as refusal:  # the step that lifts a regime, or the game on this world
                for k in places:
                    _refusal(k, refusal, found)
                continue
            masks = _masks([points[k].mask for k in places], study.n)
            shocks = [rules.shock(mask) or Shock() for mask in study.padded(masks)]
            closure, targets = key[2], study.evaluator.target_codes()
            solved = solve_many(rules.world, shocks, closure=closure, targets=targets)
            hats = solved.real_income_hat.reshape(len(places), -1)
            variation = rules.world.income * (hats - 1)
            gain = np.stack([variation[:, list(p.positions)].sum(axis=1) for p in study.table.members], axis=1)
            target_loss = -variation[:, list(study.table.targets)].sum(axis=1)
            value = Rows(masks, gain, target_loss, solved.status, solved.messages).value(study.game.players.value)
            for row, k in enumerate(places):
                found.status[k], found.message[k] = str(solved.status[row]), solved.messages[row] or None
                found.residual[k], found.iterations[k] = solved.residual[row], solved.iterations[row]
                if solved.status[row] == "converged":
                    found.numbers["value"][k] = value[row]
                    found.numbers["target_loss"][k] = target_loss[row]
                    self._welfare(k, key[0], rules.world, hats[row], found)


def _refusal(k: int, refusal: NoSolutionError | InputError, found: Found) -> None:
    found.message[k] = str(refusal)
    if isinstance(refusal, NoSolutionError):
        found.status[k] = refusal.reason
        found.residual[k] = np.nan if refusal.residual is None else refusal.residual
    else:
        found.status[k] = "no-supplier" if type(refusal) is not InputError else REFUSED


def _trade(k: int, world: World, solution: Solution, pairs: Sequence[Sequence[str]], found: Found) -> None:
    """Goods trade of each pair: per cent, and million USD from the flow in the world as it stands (some closures move
    the benchmark first, and that move is not the scenario's effect)."""
    before, after = goods_flows(solution)
    for origin, destination in pairs:
        if origin in world.countries and destination in world.countries:
            cell = (world.country(destination), world.country(origin))
            if before[cell] > 0:
                ratio = after[cell] / before[cell]
                own = goods_before(world)[cell]
                found.numbers[f"trade_pct_{origin}_{destination}"][k] = 100 * (ratio - 1)
                found.numbers[f"trade_new_{origin}_{destination}"][k] = own * ratio


def goods_before(world: World) -> Array:
    """(N, N) goods flows [importer, exporter] of a world."""
    from comity.classifications.sectors import is_goods

    return _goods.get(world, "goods", lambda: world.flow[is_goods(world.sectors)].sum(axis=0))


def _masks(numbers: Sequence[int], n: int) -> NDArray[np.bool_]:
    return np.array([[bool(number >> k & 1) for k in range(n)] for number in numbers], dtype=bool).reshape(-1, n)


def _shown(plan: Plan, points: Sequence[Point], found: Found) -> Iterator[Column]:
    """Every column of the table."""
    yield Column("point", "text", [point.id for point in points], "", "id: a hash of the content")
    yield Column("number", "whole", [point.number for point in points], "", "place in the plan")
    yield Column("world", "text", [point.world for point in points], "", "world")
    yield Column("elasticities", "text", [point.elasticities for point in points], "", "elasticity set")
    yield Column("closure", "text", [point.closure for point in points], "", "closure")
    yield Column("year", "whole", [point.year for point in points], "",
                 "measures in force at its start; null is full implementation")  # fmt: skip
    yield Column("sizes", "text", [point.level for point in points], "", "level of the cited sizes")
    if plan.table is not None:
        names = [player.name for player in plan.table.members]
        members = ["+".join(n for k, n in enumerate(names) if p.mask >> k & 1) for p in points]
        yield Column("coalition", "whole", [point.mask for point in points], "", "bit k: member k is in")
        yield Column("members", "text", members, "", "members of the coalition")
    for axis in plan.axes:
        values = [point.shown[axis.name] for point in points]
        yield Column(axis.name, KINDS[axis.kind], values, "", " ".join(axis.spec) + "; null while the measure is off")
    yield Column("status", "text", found.status, "",
                 "converged, refused (cannot be compiled), or why there is no solution")  # fmt: skip
    yield Column("message", "text", found.message, "", "what the refusal says")
    yield Column("residual", "number", found.residual, "", "largest relative residual over the model's equations")
    yield Column("iterations", "count", found.iterations, "", "passes of the solver")
    for name, (unit, about) in plan.kept.columns.items():
        yield Column(name, "number", found.numbers[name], unit, about)
