"""A scenario before its ranges are solved: checked, compiled, and solved in the middle on every statistical count."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.batch import solve_each
from comity.equilibrium.solution import Solution
from comity.errors import InputError, NoSolutionError
from comity.outcomes.counts import Count, counts_of, on_count
from comity.outcomes.observed import resolved
from comity.outcomes.ranges import Asked, Choice, central_choice, solve_compiled, targets_of, with_set
from comity.scenario.compile import Compiled, compile_scenario
from comity.scenario.schema import Scenario

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Prepared:
    """A scenario whose central solutions are known: what its ranges are asked of, one for each count."""

    world: World
    scenario: Scenario
    compiled: Compiled
    counts: tuple[Count | None, ...]
    asked: tuple[Asked, ...]


def prepare(
    world: World,
    scen: Scenario,
    closure: str | None = None,
    elasticities: str | None = None,
    year: int | None = None,
    all_counts: bool = True,
    near: Sequence[Array] = (),
) -> Prepared:
    """The central solutions of a scenario; arguments and what is raised as in `simulate`."""
    plan = _planned(world, scen, closure, elasticities, year, all_counts)
    solutions = [
        solve_compiled(economy, ready, plan.choice.closure, near[number] if near else None)
        for number, (_, economy, ready) in enumerate(plan.standing)
    ]
    return plan.with_solutions(solutions)


def prepare_together(
    world: World,
    wanted: Sequence[tuple[Scenario, int | None]],
    closure: str | None = None,
    elasticities: str | None = None,
) -> list[Prepared | None]:
    """`prepare` of several scenarios, each with its year or None, whose central solutions are found side by side; None
    for one that is refused: why, `prepare` says."""
    plans: dict[int, _Plan] = {}
    cases: list[tuple[int, World, Compiled, str, Sequence[str]]] = []
    for number, (scen, year) in enumerate(wanted):
        with suppress(InputError, NoSolutionError):
            plan = _planned(world, scen, closure, elasticities, year)
            rule = plan.choice.closure
            cases += [(number, economy, ready, rule, targets_of(ready, rule)) for _, economy, ready in plan.standing]
            plans[number] = plan
    numbers, economies, ready, rules, targets = zip(*cases, strict=True) if cases else ((),) * 5
    solutions: dict[int, list[Solution | None]] = {}
    with suppress(InputError):  # a shock out of range
        found = solve_each(economies, [one.shock for one in ready], closure=rules, targets=targets)
        for number, one in zip(numbers, found, strict=True):
            solutions.setdefault(number, []).append(one if isinstance(one, Solution) else None)
    return [_whole(plans.get(number), solutions.get(number, [])) for number in range(len(wanted))]


def _whole(plan: _Plan | None, solutions: Sequence[Solution | None]) -> Prepared | None:
    found = [one for one in solutions if one is not None]
    return plan.with_solutions(found) if plan and len(found) == len(plan.standing) else None


class _Plan(NamedTuple):
    """A scenario that is compiled; standing : the World of each count, the same under the chosen elasticities, and the
    scenario as it is solved there."""

    world: World
    scenario: Scenario
    compiled: Compiled
    choice: Choice
    counts: tuple[Count | None, ...]
    standing: tuple[tuple[World, World, Compiled], ...]

    def with_solutions(self, solutions: Sequence[Solution]) -> Prepared:
        """Ready for its ranges."""
        asked = (
            Asked(benchmark, self.scenario, self.choice, self.compiled.year, solution)
            for (benchmark, _, _), solution in zip(self.standing, solutions, strict=True)
        )
        return Prepared(self.world, self.scenario, self.compiled, self.counts, tuple(asked))


def _planned(
    world: World,
    scen: Scenario,
    closure: str | None = None,
    elasticities: str | None = None,
    year: int | None = None,
    all_counts: bool = True,
) -> _Plan:
    """Checked and compiled on every count."""
    if not isinstance(scen, Scenario):
        raise InputError("scenario", "a Scenario is needed", found=scen, advice="Use load_scenario(name_or_file).")
    if year is not None and not isinstance(year, int):
        raise InputError("--year", "a year is needed", found=year, allowed="1900 to 2200")
    if year is not None and not 1900 <= year <= 2200:
        raise InputError("--year", "a year is needed", found=year, allowed="1900 to 2200")
    choice = central_choice(world, scen, closure, elasticities)
    chosen, wanted = choice.elasticities, choice.closure
    compiled = compile_scenario(with_set(world, chosen), scen, year=year if year is not None else scen.year)
    at = compiled.year
    counts: list[Count | None] = [*counts_of(world, compiled.named_pairs)] or [None]
    if not all_counts:
        counts = counts[:1]
    worlds = [world if count is None or count.in_world else on_count(world, count) for count in counts]
    standing = []
    for benchmark in worlds:
        economy = with_set(benchmark, chosen)
        standing.append((benchmark, economy, resolved(economy, compile_scenario(economy, scen, year=at), wanted)))
    return _Plan(world, scen, compiled, choice, tuple(counts), tuple(standing))
