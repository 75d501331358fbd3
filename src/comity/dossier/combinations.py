"""Every combination of a range, and numbers made of them: what the tests of claims have in common."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.dossier.verdicts import Caution, mark_of
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import solve
from comity.outcomes.numbers import Number
from comity.outcomes.ranges import (
    LEVELS,
    Choice,
    Combinations,
    Range,
    Variant,
    choices,
    goods_flows,
    solve_together,
    variants_of,
    with_set,
)
from comity.outcomes.simulate import OnCount, label
from comity.scenario.sizes import Level

Array = NDArray[np.float64]

NOISE = 1e-9  # relative; below it a change cannot be told from zero at a residual of 1e-10
RANGE = "lowest to highest over elasticity sets, sizes and closures"
RANGE_WITHOUT_SIZES = "lowest to highest over elasticity sets and closures"
PER_CENT, MONEY = "per cent", "million USD a year"


class Ready(NamedTuple):
    """A shock ready to be solved, with the targets of the closure "targets-balanced"."""

    shock: Shock
    targets: Sequence[str] = ()


def explore(
    world: World,
    central: Choice,
    ready: Callable[[World, Level], Ready],
    levels: Sequence[Level] = LEVELS,
    *,
    known: Range | None = None,
    near: Array | None = None,
) -> tuple[Solution, Range]:
    """The central solution and every combination of a shock that no single scenario describes.

    `ready` makes the shock on the world under an elasticity set at a size level. known : the range, where it has been
    solved before; near : state of a solution near the central one. Raises NoSolutionError where the central combination
    has no solution; the others keep their reason.
    """
    if known is not None:
        made = ready(with_set(world, central.elasticities), central.level)
        return _middle(world, central, made, near), known
    chosen = [choice for choice in choices(world, central) if choice.level in levels]
    every: dict[tuple[str, Level], Ready] = {}
    for choice in chosen:
        key = (choice.elasticities, choice.level)
        if key not in every:
            every[key] = ready(with_set(world, choice.elasticities), choice.level)
    middle = _middle(world, chosen[0], every[chosen[0].elasticities, chosen[0].level], near)
    [found] = solve_together([Combinations.of(world, chosen, every, middle)])
    return middle, Range(variants_of(chosen, found))


def _middle(world: World, central: Choice, made: Ready, near: Array | None) -> Solution:
    targets = list(made.targets) if central.closure == "targets-balanced" else None
    return solve(
        with_set(world, central.elasticities), made.shock, closure=central.closure, targets=targets, start=near
    )


@dataclass(frozen=True)
class Quantity:
    """One quantity over all combinations that have a solution: value by combination, and which is the central one."""

    values: dict[Hashable, float]
    central: Hashable

    @property
    def estimate(self) -> float:
        """The central value; nan where the central combination gives none."""
        return self.values.get(self.central, float("nan"))

    @property
    def low(self) -> float:
        return min(self.values.values())

    @property
    def high(self) -> float:
        return max(self.values.values())

    def number(
        self, name: str, country: str, unit: str, year: int | None, status: str, scale: float = 1.0, level: str = RANGE
    ) -> Number:
        """As a Number, multiplied by `scale`."""
        low, high = scale * self.low, scale * self.high
        return Number(name, country, scale * self.estimate, low, high, "range", unit, year, status, level)


def over(run: OnCount, measure: Callable[[Variant], float]) -> Quantity:
    """`measure` of every solved combination of a run; the first combination of a range is the central one."""
    values: dict[Hashable, float] = {variant.choice: float(measure(variant)) for variant in run.range.solved}
    return Quantity(values, run.range.variants[0].choice)


def gain_of(country: int) -> Callable[[Variant], float]:
    """Reads the relative gain of real income of a country off a combination."""

    def read(variant: Variant) -> float:
        assert variant.real_income_hat is not None
        return float(variant.real_income_hat[country] - 1)

    return read


def variation_of(*countries: int) -> Callable[[Variant], float]:
    """Reads the equivalent variation of countries together off a combination, million USD."""

    def read(variant: Variant) -> float:
        assert variant.equivalent_variation is not None
        return float(variant.equivalent_variation[list(countries)].sum())

    return read


def both_ways(run: OnCount, pair: tuple[int, int]) -> tuple[float, Quantity]:
    """Goods trade of a pair both ways, million USD: before, and after in every combination.

    Combinations apply their ratio after/before to the central flow before: a closure's own first step is no effect of
    the measures.
    """
    a, b = pair
    before, _ = goods_flows(run.solution)

    def after(variant: Variant) -> float:
        ratio = variant.goods_ratio
        assert ratio is not None
        return float(before[a, b] * ratio[a, b] + before[b, a] * ratio[b, a])

    return float(before[a, b] + before[b, a]), over(run, after)


def judge(quantities: Iterable[Quantity], meets: Callable[[float], bool]) -> tuple[str, str]:
    """Mark and ending from a test on every combination of every count."""
    values = [value for quantity in quantities for value in quantity.values.values()]
    return mark_of(values, [meets(value) for value in values])


def unsolved(runs: Iterable[OnCount]) -> tuple[str, ...]:
    """A note that counts and names the combinations without solution; nothing where all have one."""
    variants = [variant for run in runs for variant in run.range.variants]
    failed = [str(variant.choice) for variant in variants if variant.refusal]
    if not failed:
        return ()
    return (f"{len(failed)} of {len(variants)} combinations have no solution: {'; '.join(failed)}.",)


def exact(name: str, country: str, value: float, unit: str, year: int | None, status: str) -> Number:
    """A number without range: a benchmark value or an observation; nan is "no number"."""
    return Number(name, country, value, None, None, "none", unit, year, status, "")


def on_label(run: OnCount) -> str:
    """ "on Belarus's count"; empty in a world with one count."""
    return f"on {run.count.name}" if run.count else ""


def labelled(*parts: str) -> str:
    """Parts of a label that are not empty, joined by commas."""
    return ", ".join(part for part in parts if part)


def whose(least: Quantity, gains: dict[str, Callable[[Variant], float]], run: OnCount, noun: str, central: str) -> str:
    """Whose numbers the smallest gain (or loss) is made of: its range need not be that of any one economy."""
    owners = {
        label(code)
        for code, read in gains.items()
        if any(least.values.get(key) == value for key, value in over(run, read).values.items())
    }
    if len(owners) == 1:
        return f"The smallest {noun} is that of {central} in every combination."
    return Caution(
        f"The number is the smallest {noun} in each combination, at central choices that of {central}; its range is "
        f"made of {len(owners)} economies."
    )
