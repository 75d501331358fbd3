"""The shock of a draw: the compiled measures with drawn sizes at drawn elasticities, put together as always.

A draw of a size is a position: -1 is low, 0 central, 1 high, straight between them on the scale on which the size
enters the logarithm of trade cost. Where the literature gives a standard error the position is in units of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.shock import Shock
from comity.errors import InputError
from comity.outcomes.observed import Case, Wedges
from comity.scenario import findings, sizes
from comity.scenario.build import build
from comity.scenario.combine import combine
from comity.scenario.compile import Compiled, compile_scenario, make_setting, make_shock
from comity.scenario.measures import Effect, Setting
from comity.scenario.observed import at_position, in_full, log_wedges, pending
from comity.scenario.sizes import Level, Levels, Size
from comity.uncertainty.sources import Source

if TYPE_CHECKING:
    from comity.gravity.draws import Draws

Array = NDArray[np.float64]
LEVELS: tuple[Level, ...] = ("low", "central", "high")
RELATIVE = ("cost_change", "observed")
LOGARITHMIC = ("trade_ratio", "hat", "trade ratio per day saved")


@dataclass(frozen=True)
class Drawn:
    """A size that can be drawn: name of its source, its levels or standard error, the form that tells its scale."""

    source: str
    levels: Levels
    standard_error: float | None
    form: str

    def at(self, position: float) -> float:
        """The size at a position."""
        if self.standard_error is not None:
            central = self.levels.central
            if self.form in LOGARITHMIC:
                return central * math.exp(position * self.standard_error / central)
            return central + position * self.standard_error
        # the three sizes themselves, without the rounding of the scale and back
        for exact, value in zip((-1.0, 0.0, 1.0), self.levels, strict=True):
            if position == exact:
                return value
        low, central, high = (self._scaled(value) for value in self.levels)
        end = high if position > 0 else low
        return self._unscaled(central + abs(position) * (end - central))

    def _scaled(self, value: float) -> float:
        if self.form in LOGARITHMIC:
            return math.log(value)
        return math.log1p(value) if self.form in RELATIVE else value

    def _unscaled(self, value: float) -> float:
        if self.form in LOGARITHMIC:
            return math.exp(value)
        return math.expm1(value) if self.form in RELATIVE else value

    @property
    def uncertain(self) -> bool:
        return self.levels.ranged or self.standard_error is not None


def drawn_sizes(effect: Effect) -> tuple[Drawn | None, Drawn | None]:
    """The size of an effect and the price of a day, where it has them."""
    levels, row = effect.shown.get("levels"), effect.shown.get("row")
    if "observed" in effect.shown:  # one position for the changes of all its sectors
        changes = [group.change for group in effect.shown["groups"]]
        levels = next((change for change in changes if change.ranged), changes[0])
    size = (
        None if levels is None else Drawn(_name(row, effect), levels, row and row.standard_error, effect.shown["form"])
    )
    priced = effect.shown.get("per_day")
    return size, None if priced is None else Drawn(_name(priced, effect), priced.levels, priced.standard_error,
                                                   priced.unit)  # fmt: skip


def _name(row: Size | None, effect: Effect) -> str:
    """One row of sizes.csv is one unknown number, whichever measures and scenarios use it."""
    return f"size:{effect.id}" if row is None else f"size:{row.id}"


@dataclass(frozen=True, eq=False)
class Plan:
    """A scenario on a world, ready to be drawn from.

    compiled : at central sizes; estimated : draws of estimated effects by id of the measure whose size they replace,
    as (name of the coefficient, gravity Draws).
    """

    world: World
    scenario: Any
    compiled: Compiled
    setting: Setting
    estimated: Mapping[str, tuple[str, Draws]]

    @cached_property
    def effects(self) -> list[Effect]:
        """Every effect at central sizes."""
        return [effect for index in range(len(self.scenario.measures)) for effect in build(self.setting, index)]

    @cached_property
    def _high(self) -> list[Effect]:
        high = replace(self.setting, level="high")
        return [effect for index in range(len(self.scenario.measures)) for effect in build(high, index)]

    @cached_property
    def sources(self) -> list[Source]:
        """Sizes with a range or a standard error, then estimated effects."""
        found: dict[str, Source] = {}
        for effect in self.effects:
            if effect.id in self.estimated:
                name, draws = self.estimated[effect.id]
                found[f"estimate:{effect.id}"] = Source(
                    f"estimate:{effect.id}", "estimates", f"{effect.id}: estimated {name}", draws.method, "estimated",
                    "gravity estimate handed in",
                )  # fmt: skip
                continue
            for size, row in zip(drawn_sizes(effect), (effect.shown.get("row"), effect.shown.get("per_day")),
                                 strict=True):  # fmt: skip
                if size is not None and size.uncertain:
                    found[size.source] = _size_source(size, row, effect)
        return list(found.values())

    @cached_property
    def observed(self) -> bool:
        """True where a measure in force is sized by what was observed: its wedge is another one in every draw."""
        effects = [effect for effect in self.effects if effect.id not in self.estimated]
        return any(pending(effect) and effect.share > 0 for effect in effects)

    def shock(
        self,
        theta: Array,
        position: Mapping[str, float],
        estimate: Mapping[str, int] | None = None,
        found: Wedges = (),
    ) -> Shock:
        """The Shock at elasticities theta (J,), sizes at `position` (0 where not named) and rows of estimates (the
        point estimate where not named), with the wedges found of the observed changes. Raises InputError for rates out
        of range."""
        fresh = self._with_found(self._effects(theta, position, estimate), found)
        combined = combine(self.world, fresh)
        findings.check_rates(self.setting, combined)
        return make_shock(self.world, combined)

    def _effects(self, theta: Array, position: Mapping[str, float], estimate: Mapping[str, int] | None) -> list[Effect]:
        return [self._effect(k, theta, position, estimate or {}) for k in range(len(self.effects))]

    def _with_found(self, effects: list[Effect], found: Wedges) -> list[Effect]:
        if not found:
            return effects
        setting = replace(self.setting, found={w.measure: [o for o in found if o.measure == w.measure] for w in found})
        sized = []
        for effect in effects:
            column = log_wedges(setting, effect.id) if pending(effect) else None
            sized.append(effect if column is None else replace(effect, log_cost=column[self._sector(effect)]))
        return sized

    def case(
        self,
        economy: World,
        closure: str,
        position: Mapping[str, float],
        estimate: Mapping[str, int] | None = None,
    ) -> Case:
        """The wedges to find in a draw, on an economy that has its elasticities and flows."""
        effects = self._effects(economy.trade_elasticity, position, estimate)
        changes = {effect.id: self._changes(effect, position) for effect in effects if pending(effect)}
        setting = replace(self.setting, world=economy, theta=economy.trade_elasticity)
        base = make_shock(economy, combine(economy, in_full(effects)))
        return Case(economy, base, tuple(at_position(setting, effects, changes)), closure, tuple(self.compiled.targets))

    def _changes(self, effect: Effect, position: Mapping[str, float]) -> list[float]:
        name = f"size:{effect.id}"
        drawn = [Drawn(name, group.change, None, "observed") for group in effect.shown["groups"]]
        return [one.at(position.get(name, 0.0)) for one in drawn]

    def _effect(self, k: int, theta: Array, position: Mapping[str, float], estimate: Mapping[str, int]) -> Effect:
        effect = self.effects[k]
        if effect.id in self.estimated:
            name, draws = self.estimated[effect.id]
            row = estimate.get(f"estimate:{effect.id}", -1)
            p = draws.names.index(name)
            b = draws.point[:, p] if row < 0 else draws.coefficient[row, :, p]
            return replace(effect, log_cost=(-b / theta)[self._sector(effect)])
        size, priced = drawn_sizes(effect)
        if size is None:
            return effect
        value = size.at(position.get(size.source, 0.0))
        if pending(effect):
            return effect
        if effect.what == "cost":
            rate = None if priced is None else (priced.form, priced.at(position.get(priced.source, 0.0)))
            sign = -1.0 if effect.first else 1.0
            column = sign * sizes.log_cost(size.form, value, theta, rate)
            return replace(effect, value=value, log_cost=column[self._sector(effect)])
        if effect.what == "transfer":
            return replace(effect, value=value, vector=np.sign(cast(Array, self._high[k].vector)) * value)
        return replace(effect, value=value)

    def _sector(self, effect: Effect) -> NDArray[np.intp]:
        return effect.cells // len(self.world.countries) ** 2


def _size_source(size: Drawn, row: Size | None, effect: Effect) -> Source:
    low, central, high = size.levels
    about = f"triangular between {low:g}, {central:g} and {high:g}, as likely weaker as stronger than the central size"
    if size.form == "observed":
        about = f"observed change of trade, {about}"
    if size.standard_error is not None:
        kind = "log-normal" if size.form in LOGARITHMIC else "normal"
        about = f"{kind} around {central:g}, standard error {size.standard_error:g}"
    title = effect.id if row is None else row.title
    status = "assumed" if row is None else row.status
    cited = "the scenario's own sizes" if row is None else row.citation
    if "observed" in effect.shown:
        cited = effect.shown["observed"].source
    return Source(size.source, "sizes", title, about, status, cited, normal=size.standard_error is not None)


def make_plan(
    world: World,
    scenario: Any,
    year: int | None = None,
    estimated: Mapping[str, tuple[str, Draws]] | None = None,
) -> Plan:
    """A Plan; the scenario is compiled at all three sizes first, so that what is wrong with it is said at once.

    Raises InputError as `compile_scenario`, and for estimates that do not fit.
    """
    at = scenario.year if year is None else year
    compiled = {level: compile_scenario(world, scenario, year=at, size_level=level, words=False) for level in LEVELS}
    setting = make_setting(world, scenario, at, "central", None)
    plan = Plan(world, scenario, compiled["central"], setting, dict(estimated or {}))
    costs = [effect.id for effect in plan.effects if effect.what == "cost"]
    for key, (name, draws) in plan.estimated.items():
        if key not in costs:
            raise InputError("estimated", "no measure of that id has a trade cost", found=key, allowed=costs)
        if name not in draws.names:
            raise InputError("estimated", "no such coefficient in the draws", found=name, allowed=draws.names)
        if tuple(draws.sectors) != tuple(world.sectors):
            raise InputError("estimated", "the draws are of other sectors", found=draws.sectors, allowed=world.sectors)
        if not np.isfinite(draws.coefficient[:, :, draws.names.index(name)]).all():
            raise InputError("estimated", "a sector has no estimate", found=key,
                             advice="Fill it and say with what.")  # fmt: skip
    return plan
