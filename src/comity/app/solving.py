"""From a request's text to solved Outcomes, within limits.py: the numbers of `simulate` with ranges or bands, or its
central ones alone."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from comity.app import engine, limits
from comity.app.catalogue import world_named
from comity.app.edit import bounded
from comity.app.state import DEFAULT_WORLD
from comity.errors import InputError
from comity.outcomes.counts import Count, counts_of, on_count
from comity.outcomes.observed import resolved
from comity.outcomes.ranges import Range, central_choice, solve_compiled, variant_of, with_set
from comity.outcomes.simulate import OnCount, Outcomes, simulate
from comity.scenario import places
from comity.scenario.compile import compile_scenario
from comity.scenario.load import parse_scenario
from comity.uncertainty.interval import DRAWS, expected

if TYPE_CHECKING:
    from comity.benchmark.world import World


def read_text(text: str) -> Any:
    """A Scenario from a request's text, within limits.py. Raises InputError."""
    if len(text.encode("utf-8", "replace")) > limits.BODY_BYTES:
        raise InputError("yaml", "too long", found=f"{len(text)} characters", allowed=f"{limits.BODY_BYTES} bytes")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InputError("yaml", "not text in UTF-8", found="half of a surrogate pair")
    scenario = parse_scenario(text, "scenario.yaml")
    bounded(scenario)
    return scenario


def solved(scenario: Any, ranges: bool, draws: int = 0) -> Outcomes:
    """Outcomes of a bounded scenario: those of `comity run --draws N`, or without ranges those of its central
    combination on the first count: to the last bit the same by NumPy's passes, to the tolerance by compiled ones.

    draws : joint draws behind the bands, 0 for ranges. With the usual number of draws and too many of them without
    solution the ranges stay, as on the command line. Raises InputError, NoSolutionError; NotConvergedError for any
    other number of draws.
    """
    world = world_named(scenario.world or DEFAULT_WORLD)
    check_cells(world, scenario)
    if not ranges:
        return _central(world, scenario)
    return expected(simulate(world, scenario), None if draws == DRAWS else draws)


def _central(world: World, scenario: Any) -> Outcomes:
    choice = central_choice(world, scenario)
    chosen, closure = choice.elasticities, choice.closure
    own = with_set(world, chosen)
    compiled = compile_scenario(own, scenario, year=scenario.year)
    counts: list[Count | None] = [*counts_of(world, compiled.named_pairs)] or [None]
    first = counts[0]
    economy = own
    if first is not None and not first.in_world:
        economy = with_set(on_count(world, first), chosen)
        there = resolved(economy, compile_scenario(economy, scenario, year=compiled.year), closure)
        compiled = resolved(own, compiled, closure)
        solution = solve_compiled(economy, there, closure, engine=engine.chosen())
    else:
        compiled = resolved(own, compiled, closure)
        solution = solve_compiled(economy, compiled, closure, engine=engine.chosen())
    run = OnCount(first, solution, Range((variant_of(choice, solution),)))
    return Outcomes(world, scenario, compiled, choice, compiled.year, (run,))


def check_cells(world: World, scenario: Any) -> None:
    """Raise InputError where the measures together concern more flows than one request may."""
    total = 0
    for index, measure in enumerate(scenario.measures):
        between = getattr(measure, "between", None)
        sides = [between, between] if between else [getattr(measure, "importers", None),
                                                    getattr(measure, "exporters", None)]  # fmt: skip
        if not all(sides):
            continue
        year = scenario.year or world.base_year
        day = measure.phase.start if measure.phase else datetime.date(year, 1, 1) if year else places.LAST_DAY
        parts = [
            places.find_party(world, words or (), day, scenario.where("measures", index)).positions for words in sides
        ]
        sectors = places.find_sectors(world, measure.sectors, scenario.where("measures", index, "sectors"))
        total += len(parts[0]) * len(parts[1]) * len(sectors)
    if total > limits.CELLS:
        raise InputError(scenario.where("measures"), "the measures concern too many flows for one request",
                         found=f"{total:,}", allowed=f"up to {limits.CELLS:,}",
                         advice="`comity run` has no such bound.")  # fmt: skip
