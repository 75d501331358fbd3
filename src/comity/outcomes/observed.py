"""Where a compiled scenario meets a world and a closure: the wedges of measures sized by what was observed.

The wedge depends on everything an equilibrium depends on, so each combination of a range and each draw has its own. One
scenario by itself is inverted by `invert`; many side by side share their equilibria in batches, and those that do not
come home that way are inverted one by one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.batch import solve_each
from comity.equilibrium.inversion import (
    FARTHEST,
    LARGEST_STEP,
    MEMORY,
    group_elasticity,
    group_ratio,
    mixed,
    partial_log_wedge,
)
from comity.equilibrium.inversion import with_wedges as shock_with
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.errors import InputError, NoSolutionError
from comity.kept import KeptFor
from comity.outcomes.inversion import ACCEPTED, FlowTarget, invert, refuse_no_friction
from comity.scenario.compile import Compiled, compile_scenario
from comity.scenario.observed import FoundWedge, ToFind

if TYPE_CHECKING:
    from comity.outcomes.tables import Columns

Array = NDArray[np.float64]
Flat = NDArray[np.intp]
Wedges = tuple[FoundWedge, ...]

FINER = 1e-2  # residual of the equilibria of a batch, relative to the distance of the ratios accepted
ROUNDS = 40  # of a batch; what is not found by then is inverted by itself
KEPT = 400  # wedges remembered for a world: eleven ranges of 36 combinations

_kept: KeptFor[World, OrderedDict[Any, Wedges]] = KeptFor()


@dataclass(frozen=True, eq=False)
class Case:
    """Wedges to find on one economy: beside `base` (the other measures, in full), under a closure."""

    economy: World
    base: Shock
    wanted: tuple[ToFind, ...]
    closure: str
    targets: tuple[str, ...] = ()

    @property
    def balanced(self) -> tuple[str, ...] | None:
        """The countries of the closure "targets-balanced"."""
        return self.targets if self.closure == "targets-balanced" else None


def case_of(economy: World, compiled: Compiled, closure: str) -> Case:
    """What a compiled scenario still lacks."""
    return Case(economy, compiled.made, compiled.to_find, closure, tuple(compiled.targets))


def resolved(economy: World, compiled: Compiled, closure: str) -> Compiled:
    """The scenario with the wedges of its observed changes found, or as it is where there are none.

    economy : the world it was compiled on. Raises InputError and NoSolutionError as `invert` does, naming the place in
    the file.
    """
    if not compiled.to_find:
        return compiled
    key, kept = _key(compiled, closure), _kept.get(economy, "wedges", OrderedDict)
    found = kept.get(key)
    if found is None:
        found = _remember(kept, key, find(case_of(economy, compiled, closure)))
    return _with(economy, compiled, found)


def resolved_each(
    economies: Sequence[World], compiled: Sequence[Compiled], closures: Sequence[str], near: Solution | None = None
) -> list[Compiled | NoSolutionError]:
    """`resolved` for many scenarios side by side; a refusal in place of those that have no wedge. What is known of one
    of them, and `near`, a solution close to all, is where the search of the others begins."""
    answers: dict[int, Wedges | NoSolutionError] = {}
    keys = [_key(one, closure) for one, closure in zip(compiled, closures, strict=True)]
    stores = [_kept.get(economy, "wedges", OrderedDict) for economy in economies]
    for k, (store, key) in enumerate(zip(stores, keys, strict=True)):
        if not compiled[k].to_find:
            answers[k] = ()
        elif key in store:
            answers[k] = store[key]
    left = [k for k in range(len(compiled)) if k not in answers]
    start = next((found for found in answers.values() if not isinstance(found, NoSolutionError) and found), None)
    cases = [case_of(economies[k], compiled[k], closures[k]) for k in left]
    for k, found in zip(left, find_each(cases, start, None if near is None else near.state), strict=True):
        answers[k] = found if isinstance(found, NoSolutionError) else _remember(stores[k], keys[k], found)
    made: list[Compiled | NoSolutionError] = []
    for k, economy in enumerate(economies):
        found = answers[k]
        made.append(found if isinstance(found, NoSolutionError) else _with(economy, compiled[k], found))
    return made


def _key(compiled: Compiled, closure: str) -> Any:
    targets = tuple(compiled.targets) if closure == "targets-balanced" else ()
    return compiled.scenario.model_dump_json(), compiled.level, compiled.included, closure, targets


def _remember(kept: OrderedDict[Any, Wedges], key: Any, found: Wedges) -> Wedges:
    kept[key] = found
    while len(kept) > KEPT:
        kept.popitem(last=False)
    return found


def _with(economy: World, compiled: Compiled, found: Wedges) -> Compiled:
    if not compiled.to_find:
        return compiled
    return compile_scenario(
        economy,
        compiled.scenario,
        year=compiled.year,
        size_level=compiled.level,
        include=compiled.included,
        words=bool(compiled.measures),
        found=found,
    )


def _target(one: ToFind) -> FlowTarget:
    return FlowTarget(one.name, one.sectors, (), (), one.ratio)


def find(case: Case) -> Wedges:
    """The wedges of one case by `invert`, which solves the answer again from the benchmark. Raises as it does."""
    got = invert(
        case.economy,
        [_target(one) for one in case.wanted],
        base=case.base,
        closure=case.closure,
        balanced=case.balanced,
        cells=[one.cells for one in case.wanted],
    )
    return tuple(
        FoundWedge(one.measure, one.sectors, float(hat), float(partial), one.ratio, float(reached))
        for one, hat, partial, reached in zip(case.wanted, got.wedge, got.partial_wedge, got.reached, strict=True)
    )


@dataclass(eq=False)
class _Search:
    """One case on its way: ln wedges tried and the plain steps from them, the newest last."""

    case: Case
    groups: list[Flat]
    theta: Array
    wanted: Array
    states: list[Array]
    steps: list[Array] = field(default_factory=list)
    tolerance: float = ACCEPTED
    best: float = np.inf
    found: Wedges | None = None
    lost: bool = False

    @property
    def active(self) -> bool:
        return self.found is None and not self.lost

    def shock(self) -> Shock:
        return shock_with(self.case.economy, self.case.base, self.groups, self.states[-1])

    def take(self, solution: Solution | NoSolutionError | InputError) -> None:
        """Accept the newest state, or move on from it."""
        if not isinstance(solution, Solution):
            self.lost = True
            return
        reached = group_ratio(solution, self.groups)
        if not (reached > 0).all():
            self.lost = True
            return
        gap = np.log(reached) - self.wanted
        distance = float(np.abs(np.expm1(gap)).max())
        if distance <= self.tolerance:
            self._accept(solution.benchmark, reached)
            return
        self.steps = [*self.steps, gap / self.theta][-MEMORY:]
        self.states = self.states[-MEMORY:]
        if distance > 2 * self.best:  # mixing of steps from far apart misleads: keep the plain step
            self.states, self.steps = self.states[-1:], self.steps[-1:]
        self.best = min(self.best, distance)
        move = mixed(self.states, self.steps) - self.states[-1]
        move /= max(1.0, float(np.abs(self.theta * move).max()) / LARGEST_STEP)
        self.states.append(self.states[-1] + move)
        self.lost = bool(np.abs(self.theta * self.states[-1]).max() > FARTHEST)

    def _accept(self, benchmark: World, reached: Array) -> None:
        made = []
        for k, one in enumerate(self.case.wanted):
            refuse_no_friction(benchmark, _target(one), self.groups[k], float(self.states[-1][k]))
            partial = float(np.exp(partial_log_wedge(benchmark, self.groups[k], one.ratio)))
            hat = float(np.exp(self.states[-1][k]))
            made.append(FoundWedge(one.measure, one.sectors, hat, partial, one.ratio, float(reached[k])))
        self.found = tuple(made)


def find_each(
    cases: Sequence[Case], start: Wedges | None = None, state: Array | None = None, tolerance: float = ACCEPTED
) -> list[Wedges | NoSolutionError]:
    """The wedges of every case, their equilibria solved side by side; a refusal in place of those without.

    start : wedges of a case near all of them, scaled by the elasticities where the groups are the same; state : of a
    Solution near all of them; tolerance : largest accepted relative distance of a reached ratio from the observed one
    """
    searches = [_begin(case, start, tolerance) for case in cases]
    for _ in range(ROUNDS):
        active = [search for search in searches if search.active]
        if not active:
            break
        solutions = solve_each(
            [search.case.economy for search in active],
            [search.shock() for search in active],
            closure=[search.case.closure for search in active],
            targets=[search.case.balanced or () for search in active],
            start=state,
            tolerance=FINER * tolerance,
        )
        for search, solution in zip(active, solutions, strict=True):
            try:
                search.take(solution)
            except InputError:
                search.lost = True  # refused in the words of `invert`
    return [search.found or _alone(search.case) for search in searches]


def _begin(case: Case, start: Wedges | None, tolerance: float) -> _Search:
    flow = case.economy.flow.ravel()
    groups = [one.cells[flow[one.cells] > 0] for one in case.wanted]
    theta = group_elasticity(case.economy, groups)
    wanted = np.log([one.ratio for one in case.wanted])
    first = -wanted / theta
    if start is not None and [(w.measure, w.sectors) for w in start] == [(o.measure, o.sectors) for o in case.wanted]:
        # what the economy's answer adds to the partial wedge is about the same in theta x ln wedge
        known = np.log([wedge.hat / wedge.partial_hat for wedge in start])
        old = np.array([-np.log(wedge.wanted) / np.log(wedge.partial_hat) if wedge.partial_hat != 1 else np.nan
                        for wedge in start])  # fmt: skip
        first = first + np.where(np.isfinite(old), known * old / theta, 0.0)
    return _Search(case, groups, theta, wanted, [first], tolerance=tolerance)


def _alone(case: Case) -> Wedges | NoSolutionError:
    try:
        return find(case)
    except NoSolutionError as problem:
        return problem
    except InputError as problem:
        return NoSolutionError(problem.message)


def wedge_columns(found: Sequence[tuple[str, Wedges]]) -> Columns:
    """One row for each wedge found, by name of the statistical count: measure, sectors, wedge and partial wedge
    (kappa_hat at full implementation), change of trade observed and recomputed (per cent), relative residual of the
    ratio of trade."""
    rows = [(count, wedge) for count, wedges in found for wedge in wedges]
    wedges = [wedge for _, wedge in rows]
    return {
        "count": np.array([count for count, _ in rows], dtype=str),
        "measure": np.array([wedge.measure for wedge in wedges], dtype=str),
        "sectors": np.array([" ".join(wedge.sectors) for wedge in wedges], dtype=str),
        "wedge": np.array([wedge.hat for wedge in wedges]),
        "partial_wedge": np.array([wedge.partial_hat for wedge in wedges]),
        "observed_change_pct": np.array([100 * (wedge.wanted - 1) for wedge in wedges]),
        "recomputed_change_pct": np.array([100 * (wedge.reached - 1) for wedge in wedges]),
        "residual": np.array([wedge.residual for wedge in wedges]),
    }
