"""A scenario before its ranges are solved: checked, compiled, and solved in the middle on every statistical count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.errors import InputError
from comity.outcomes.counts import Count, counts_of, on_count
from comity.outcomes.observed import resolved
from comity.outcomes.ranges import Asked, central_choice, solve_compiled, with_set
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
    asked = []
    for number, benchmark in enumerate(worlds):
        economy = with_set(benchmark, chosen)
        ready = resolved(economy, compile_scenario(economy, scen, year=at), wanted)
        solution = solve_compiled(economy, ready, wanted, near[number] if near else None)
        asked.append(Asked(benchmark, scen, choice, at, solution))
    return Prepared(world, scen, compiled, tuple(counts), tuple(asked))
