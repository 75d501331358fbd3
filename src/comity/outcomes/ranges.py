"""Ranges until bands exist: the same scenario over elasticity sets x low/central/high sizes x closures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.elasticities import elasticity_sets
from comity.benchmark.world import World
from comity.classifications.sectors import is_goods, load_sectors
from comity.equilibrium.batch import solve_each
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import solve
from comity.errors import InputError, NoSolutionError
from comity.kept import KeptFor
from comity.outcomes.goods_ratio import GoodsRatio
from comity.outcomes.observed import resolved, resolved_each
from comity.scenario.compile import Compiled, compile_scenario
from comity.scenario.schema import Scenario
from comity.scenario.sizes import Level

Array = NDArray[np.float64]

LEVELS: tuple[Level, ...] = ("low", "central", "high")
CLOSURES = ("fixed-deficits", "balanced", "deficit-share-of-gdp")
IMPLAUSIBLE = "Outside any plausible range"  # how warnings on sizes begin
# of the residual: real incomes are then known to 6e-10 (gallery scenarios against 1e-12), so that an effect of a
# thousandth of a per cent keeps four digits
RANGE_TOLERANCE = 1e-8
WORLD_SETTING = "world"  # the elasticities the world came with


@dataclass(frozen=True)
class Choice:
    """One combination: elasticity set, size level, closure."""

    elasticities: str
    level: Level
    closure: str

    def __str__(self) -> str:
        return f"{self.elasticities}, {self.level} sizes, {self.closure}"


@dataclass(frozen=True)
class Variant:
    """What one choice gives: real income (N,), equivalent variation (N,), ratio of goods flows after/before (N, N)
    [importer, exporter], 1 where nothing flows, worked out where it is asked for; or why there is no solution.

    Flows are kept as ratios: some closures move the benchmark first, and that move is not the scenario's effect."""

    choice: Choice
    real_income_hat: Array | None = None
    equivalent_variation: Array | None = None
    goods_ratio: GoodsRatio | None = None
    refusal: str = ""


@dataclass(frozen=True)
class Range:
    """All variants of a scenario on one benchmark."""

    variants: tuple[Variant, ...]
    implausible: tuple[tuple[Choice, str], ...] = ()

    kind = "range"
    words = "lowest to highest over elasticity sets, sizes and closures"

    @cached_property
    def solved(self) -> tuple[Variant, ...]:
        return tuple(variant for variant in self.variants if not variant.refusal)

    def ends(self, country: int) -> tuple[Choice, Choice]:
        """The choices that give a country's lowest and highest real income."""
        ranked = sorted(self.solved, key=lambda v: float(v.real_income_hat[country]))  # type: ignore[index]
        return ranked[0].choice, ranked[-1].choice

    def of(self, quantity: str) -> tuple[Array, Array]:
        """Lowest and highest value of a Variant field over the solved variants."""
        values = np.stack([getattr(variant, quantity) for variant in self.solved])
        return values.min(axis=0), values.max(axis=0)

    def over(self, measure: Callable[[Variant], float]) -> tuple[float, float]:
        """Lowest and highest of a number that is made of a Variant."""
        values = [float(measure(variant)) for variant in self.solved]
        return min(values), max(values)


def goods_flows(solution: Solution) -> tuple[Array, Array]:
    """(N, N) goods flows [importer, exporter] before and after, million USD."""
    world = solution.benchmark
    return world.goods_flow, solution.flow_between(is_goods(world.sectors))


def sets_for(world: World) -> list[str]:
    """Elasticity sets that have a value for every sector of the world; else only the world's own."""
    known = set(load_sectors())
    return elasticity_sets() if set(world.sectors) <= known else [WORLD_SETTING]


_variants: KeptFor[World, World] = KeptFor()


def with_set(world: World, name: str) -> World:
    """The world under a named elasticity set; one object a name, so that what solvers keep of a world is kept."""
    own = str(world.provenance.get("elasticities", {}).get("name", WORLD_SETTING))
    if name in (own, WORLD_SETTING):
        return world
    return _variants.get(world, name, lambda: world.with_elasticities(name))


def choices(world: World, central: Choice) -> Iterator[Choice]:
    """Every combination, the central one first."""
    yield central
    closures = list(dict.fromkeys([central.closure, *CLOSURES]))
    for name in dict.fromkeys([central.elasticities, *sets_for(world)]):
        for closure in closures:
            for level in LEVELS:
                choice = Choice(name, level, closure)
                if choice != central:
                    yield choice


def solve_compiled(economy: World, compiled: Compiled, closure: str, start: Array | None = None) -> Solution:
    """Solve a compiled scenario under a closure, with its own targets where the closure needs them, after the wedges of
    measures sized by what was observed are found."""
    if closure != "targets-balanced":
        return solve(economy, resolved(economy, compiled, closure).shock, closure=closure, start=start)
    if not compiled.targets:
        raise InputError(
            "closure", "targets-balanced needs an embargo or sanction measure, or targets: in the scenario"
        )
    compiled = resolved(economy, compiled, closure)
    return solve(economy, compiled.shock, closure=closure, targets=compiled.targets, start=start)


class Shocked(Protocol):
    """A shock with the targets of the closure "targets-balanced"."""

    @property
    def shock(self) -> Shock: ...

    @property
    def targets(self) -> Sequence[str]: ...


def solve_choices(
    world: World,
    chosen: Sequence[Choice],
    ready: Mapping[tuple[str, Level], Shocked],
    central: Solution | None = None,
) -> dict[Choice, Solution | NoSolutionError]:
    """The solution or refusal of every combination, solved side by side.

    ready : the shock under each elasticity set at each size level; central : the solution of the first combination, if
    known; the search of the others begins there. Raises InputError where "targets-balanced" has no targets, and for a
    sector without supplier.
    """
    shocked = [ready[choice.elasticities, choice.level] for choice in chosen]
    return _solve_side_by_side(world, chosen, shocked, central, central)


def _solve_side_by_side(
    world: World,
    chosen: Sequence[Choice],
    shocked: Sequence[Shocked],
    near: Solution | None,
    central: Solution | None = None,
) -> dict[Choice, Solution | NoSolutionError]:
    """As `solve_choices`; near : a solution close to all."""
    targets = [
        given.targets if choice.closure == "targets-balanced" else ()
        for choice, given in zip(chosen, shocked, strict=True)
    ]
    if any(choice.closure == "targets-balanced" and not of for choice, of in zip(chosen, targets, strict=True)):
        raise InputError(
            "closure", "targets-balanced needs an embargo or sanction measure, or targets: in the scenario"
        )
    # where a size has no range, its levels are one and the same equilibrium
    keys = [
        (choice.elasticities, choice.closure, tuple(of), content(given.shock))
        for choice, of, given in zip(chosen, targets, shocked, strict=True)
    ]
    first: dict[Any, int] = {}
    for k, key in enumerate(keys):
        first.setdefault(key, k)
    apart = [k for k in first.values() if k > 0 or central is None]
    outcomes = solve_each(
        [with_set(world, chosen[k].elasticities) for k in apart],
        [shocked[k].shock for k in apart],
        closure=[chosen[k].closure for k in apart],
        targets=[targets[k] for k in apart],
        start=None if near is None else near.state,
        tolerance=RANGE_TOLERANCE,
    )
    solved: dict[Any, Solution | NoSolutionError] = {} if central is None else {keys[0]: central}
    for k, outcome in zip(apart, outcomes, strict=True):
        if isinstance(outcome, InputError):
            raise outcome
        solved[keys[k]] = outcome
    return {choice: solved[key] for choice, key in zip(chosen, keys, strict=True)}


def content(shock: Shock) -> tuple[Any, ...]:
    """What tells shocks apart: the same for two that change the same cells to the same values."""
    parts = (part if isinstance(part, tuple) else (part,) for part in vars(shock).values())
    return tuple(tuple(None if one is None else np.asarray(one).tobytes() for one in part) for part in parts)


def run_range(
    world: World, scenario: Scenario, central: Choice, year: int | None, near: Solution | None = None
) -> Range:
    """Every combination; those without solution are kept with their reason. near : the central solution, if known."""
    chosen = list(choices(world, central))
    ready: dict[tuple[str, Level], Compiled] = {}
    for choice in chosen:
        key = (choice.elasticities, choice.level)
        if key not in ready:
            economy = with_set(world, choice.elasticities)
            ready[key] = compile_scenario(economy, scenario, year=year, size_level=choice.level, words=False)
    found: dict[Choice, Solution | NoSolutionError]
    if any(compiled.to_find for compiled in ready.values()):
        found, ready = _solve_observed(world, chosen, ready, near)
    else:
        found = solve_choices(world, chosen, ready, near)
    extreme = tuple(
        (Choice(name, level, central.closure), text)
        for (name, level), compiled in ready.items()
        for text in compiled.warnings
        if text.startswith(IMPLAUSIBLE)
    )
    return Range(variants_of(chosen, found), extreme)


def _solve_observed(
    world: World, chosen: Sequence[Choice], ready: dict[tuple[str, Level], Compiled], near: Solution | None
) -> tuple[dict[Choice, Solution | NoSolutionError], dict[tuple[str, Level], Compiled]]:
    """`solve_choices` where wedges have to be found first, in every combination its own; and what was compiled with
    those of the central closure."""
    economies = [with_set(world, choice.elasticities) for choice in chosen]
    made = resolved_each(
        economies,
        [ready[choice.elasticities, choice.level] for choice in chosen],
        [choice.closure for choice in chosen],
        near,
    )
    open_ = [(choice, one) for choice, one in zip(chosen, made, strict=True) if isinstance(one, Compiled)]
    solved = _solve_side_by_side(world, [choice for choice, _ in open_], [one for _, one in open_], near)
    found = {
        choice: one if isinstance(one, NoSolutionError) else solved[choice]
        for choice, one in zip(chosen, made, strict=True)
    }
    central = {(c.elasticities, c.level): one for c, one in open_ if c.closure == chosen[0].closure}
    return found, {**ready, **central}


def variants_of(chosen: Sequence[Choice], found: Mapping[Choice, Solution | NoSolutionError]) -> tuple[Variant, ...]:
    """What a range keeps of each combination; of a solution that is that of several, once."""
    known: dict[int, Variant] = {}
    for choice in chosen:
        if id(found[choice]) not in known:
            known[id(found[choice])] = variant_of(choice, found[choice])
    return tuple(replace(known[id(found[choice])], choice=choice) for choice in chosen)


def variant_of(choice: Choice, found: Solution | NoSolutionError) -> Variant:
    """What a range keeps of a solution or a refusal."""
    if not isinstance(found, Solution):
        return Variant(choice, refusal=str(found))
    return Variant(choice, found.real_income_hat, found.equivalent_variation, GoodsRatio.of(found))
