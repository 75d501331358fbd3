"""Ranges until bands exist: the same scenario over elasticity sets x low/central/high sizes x closures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.elasticities import elasticity_sets
from comity.benchmark.world import World
from comity.classifications.sectors import is_goods, load_sectors
from comity.equilibrium.batch import solve_each
from comity.equilibrium.closures import check_closure
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import solve
from comity.errors import InputError, NoSolutionError, nearest
from comity.kept import KeptFor
from comity.outcomes.goods_ratio import GoodsRatio
from comity.outcomes.observed import resolved, resolved_each
from comity.scenario.compile import Compiled, compile_scenario
from comity.scenario.findings import IMPLAUSIBLE
from comity.scenario.schema import Scenario
from comity.scenario.sizes import Level

Array = NDArray[np.float64]

LEVELS: tuple[Level, ...] = ("low", "central", "high")
CLOSURES = ("fixed-deficits", "balanced", "deficit-share-of-gdp")
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


_variants: KeptFor[World, World] = KeptFor(travels=True)


def with_set(world: World, name: str) -> World:
    """The world under a named elasticity set; one object a name, so that what solvers keep of a world is kept."""
    own = str(world.provenance.get("elasticities", {}).get("name", WORLD_SETTING))
    if name in (own, WORLD_SETTING):
        return world
    return _variants.get(world, name, lambda: world.with_elasticities(name))


class Settings(Protocol):
    """What a scenario or a game asks for itself, or None."""

    @property
    def closure(self) -> str | None: ...

    @property
    def elasticities(self) -> str | None: ...


def central_choice(world: World, of: Settings, closure: str | None = None, elasticities: str | None = None) -> Choice:
    """The central combination: closure and elasticities as told, else those of the scenario or game, else
    "fixed-deficits" and the world's own. Raises InputError for an unknown one."""
    wanted = closure or of.closure or CLOSURES[0]
    check_closure(wanted, ["any"])
    own = str(world.provenance.get("elasticities", {}).get("name", WORLD_SETTING))
    chosen = elasticities or of.elasticities or own
    if chosen not in (own, *elasticity_sets()):
        sets = elasticity_sets()
        raise InputError("elasticities", "unknown set", found=chosen, allowed=sets, nearest=nearest(chosen, sets))
    return Choice(chosen, "central", wanted)


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


def solve_compiled(
    economy: World, compiled: Compiled, closure: str, start: Array | None = None, engine: str = "numpy"
) -> Solution:
    """Solve a compiled scenario under a closure, with its own targets where the closure needs them, after the wedges of
    measures sized by what was observed are found."""
    targets = targets_of(compiled, closure) or None
    shock = resolved(economy, compiled, closure).shock
    return solve(economy, shock, closure=closure, targets=targets, start=start, engine=engine)


class Shocked(Protocol):
    """A shock with the targets of the closure "targets-balanced"."""

    @property
    def shock(self) -> Shock: ...

    @property
    def targets(self) -> Sequence[str]: ...


def targets_of(shocked: Shocked, closure: str) -> Sequence[str]:
    """The targets where the closure asks for them. Raises InputError where it does and there are none."""
    targets = shocked.targets if closure == "targets-balanced" else ()
    if closure == "targets-balanced" and not targets:
        raise InputError(
            "closure", "targets-balanced needs an embargo or sanction measure, or targets: in the scenario"
        )
    return targets


@dataclass(frozen=True)
class Combinations:
    """Combinations on one World, each with its shock. start : the state of a solution close to all, where their
    searches begin; central : the solution of the first, if known."""

    world: World
    chosen: Sequence[Choice]
    shocked: Sequence[Shocked]
    start: Array | None = None
    central: Solution | None = None

    @classmethod
    def of(
        cls,
        world: World,
        chosen: Sequence[Choice],
        ready: Mapping[tuple[str, Level], Shocked],
        central: Solution | None = None,
        start: Array | None = None,
    ) -> Combinations:
        """ready : the shock under each elasticity set at each size level."""
        shocked = [ready[one.elasticities, one.level] for one in chosen]
        return cls(world, chosen, shocked, start if central is None else central.state, central)

    @cached_property
    def targets(self) -> list[Sequence[str]]:
        """Those of each combination, where its closure has some. Raises InputError where it needs them."""
        return [targets_of(given, choice.closure) for choice, given in zip(self.chosen, self.shocked, strict=True)]

    @cached_property
    def keys(self) -> list[Any]:
        """What tells equilibria apart: where a size has no range, its levels are one and the same."""
        return [
            (choice.elasticities, choice.closure, tuple(of), content(given.shock))
            for choice, of, given in zip(self.chosen, self.targets, self.shocked, strict=True)
        ]

    @property
    def apart(self) -> list[int]:
        """The combinations that have to be solved."""
        first: dict[Any, int] = {}
        for k, key in enumerate(self.keys):
            first.setdefault(key, k)
        return [k for k in first.values() if k > 0 or self.central is None]


def solve_together(several: Sequence[Combinations]) -> list[dict[Choice, Solution | NoSolutionError]]:
    """The solution or refusal of every combination. Those on one World are solved side by side, whatever their shocks:
    a pass for seventy costs little more than one for thirty-five.

    Raises InputError where "targets-balanced" has no targets, and for a sector without supplier.
    """
    solved: list[dict[Any, Solution | NoSolutionError]] = [
        {} if one.central is None else {one.keys[0]: one.central} for one in several
    ]
    worlds: dict[int, list[tuple[int, int]]] = {}
    for number, one in enumerate(several):
        worlds.setdefault(id(one.world), []).extend((number, k) for k in one.apart)
    for cases in worlds.values():
        sets = {name: n for n, name in enumerate(dict.fromkeys(several[m].chosen[k].elasticities for m, k in cases))}
        cases.sort(key=lambda case: sets[several[case[0]].chosen[case[1]].elasticities])  # they share their responses
        asked = [(several[m], several[m].chosen[k], k) for m, k in cases]
        outcomes = solve_each(
            [with_set(one.world, choice.elasticities) for one, choice, _ in asked],
            [one.shocked[k].shock for one, _, k in asked],
            closure=[choice.closure for _, choice, _ in asked],
            targets=[one.targets[k] for one, _, k in asked],
            start=[one.start for one, _, _ in asked],
            tolerance=RANGE_TOLERANCE,
        )
        for (m, k), outcome in zip(cases, outcomes, strict=True):
            if isinstance(outcome, InputError):
                raise outcome
            solved[m][several[m].keys[k]] = outcome
    return [
        {choice: found[key] for choice, key in zip(one.chosen, one.keys, strict=True)}
        for one, found in zip(several, solved, strict=True)
    ]


def content(shock: Shock) -> tuple[Any, ...]:
    """What tells shocks apart: the same for two that change the same cells to the same values."""
    parts = (part if isinstance(part, tuple) else (part,) for part in vars(shock).values())
    return tuple(tuple(None if one is None else np.asarray(one).tobytes() for one in part) for part in parts)


@dataclass(frozen=True)
class Asked:
    """A range that is asked for: central : its first combination; near : the solution of that one, if known; start : a
    state close to all, where it is not."""

    world: World
    scenario: Scenario
    central: Choice
    year: int | None
    near: Solution | None = None
    start: Array | None = None


def run_ranges(asked: Sequence[Asked]) -> list[Range]:
    """Ranges over every combination; those without solution are kept with their reason. What is asked on one World is
    solved side by side."""
    plans = [_planned(one) for one in asked]
    solved = solve_together([plan.open for plan in plans])
    return [
        Range(variants_of(plan.chosen, {**plan.refused, **found}), plan.extreme)
        for plan, found in zip(plans, solved, strict=True)
    ]


class _Plan(NamedTuple):
    """A range before it is solved: what is open, what is refused already, and which sizes are out of the ordinary."""

    chosen: Sequence[Choice]
    open: Combinations
    refused: dict[Choice, NoSolutionError]
    extreme: tuple[tuple[Choice, str], ...]


def _planned(asked: Asked) -> _Plan:
    world, near = asked.world, asked.near
    chosen = list(choices(world, asked.central))
    ready: dict[tuple[str, Level], Compiled] = {}
    for choice in chosen:
        key = (choice.elasticities, choice.level)
        if key not in ready:
            economy = with_set(world, choice.elasticities)
            ready[key] = compile_scenario(economy, asked.scenario, year=asked.year, size_level=choice.level,
                                          words=False)  # fmt: skip
    refused: dict[Choice, NoSolutionError] = {}
    if any(compiled.to_find for compiled in ready.values()):
        open_, refused, ready = _with_wedges(world, chosen, ready, near)
    else:
        open_ = Combinations.of(world, chosen, ready, near, asked.start)
    extreme = tuple(
        (Choice(name, level, asked.central.closure), text)
        for (name, level), compiled in ready.items()
        for text in compiled.warnings
        if text.startswith(IMPLAUSIBLE)
    )
    return _Plan(chosen, open_, refused, extreme)


def _with_wedges(
    world: World, chosen: Sequence[Choice], ready: dict[tuple[str, Level], Compiled], near: Solution | None
) -> tuple[Combinations, dict[Choice, NoSolutionError], dict[tuple[str, Level], Compiled]]:
    """Combinations where wedges have to be found first, in every one its own; those that have none, refused; and what
    was compiled with the wedges of the central closure."""
    economies = [with_set(world, choice.elasticities) for choice in chosen]
    made = resolved_each(
        economies,
        [ready[choice.elasticities, choice.level] for choice in chosen],
        [choice.closure for choice in chosen],
        near,
    )
    open_ = [(choice, one) for choice, one in zip(chosen, made, strict=True) if isinstance(one, Compiled)]
    refused = {choice: one for choice, one in zip(chosen, made, strict=True) if isinstance(one, NoSolutionError)}
    central = {(c.elasticities, c.level): one for c, one in open_ if c.closure == chosen[0].closure}
    start = None if near is None else near.state
    left = Combinations(world, [choice for choice, _ in open_], [one for _, one in open_], start)
    return left, refused, {**ready, **central}


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
