"""The rules of a game at a draw: the cells and states of the central ones, with drawn sizes at drawn elasticities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.coalition.rules import STATES, Need, Rules, lifting_step, placed_measures, productivity_measures
from comity.coalition.study import Study
from comity.equilibrium.shock import Shock
from comity.outcomes.ranges import with_set
from comity.scenario.schema import Lifting
from comity.uncertainty.draws import DrawTable, draw
from comity.uncertainty.shocks import Plan, make_plan
from comity.uncertainty.sources import Source, choose, flow_sources, load_spreads, theta_log_sd

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DrawnRules:
    """A game ready to be drawn from.

    world : under its elasticity set, on one statistical count, before any closure; central : the rules at central sizes
    plans : the measures of each state of importer and exporter; productivity : those of members
    lift : the regimes of the game that the base year holds, lifted first; recovers : position and the lifting of the
    regime of each member that may win something back
    """

    world: World
    central: Rules
    plans: Mapping[Need, Plan]
    productivity: Plan | None
    lift: Plan | None
    recovers: tuple[tuple[int, Plan], ...]
    theta: Source
    log_sd: Array
    flows: tuple[Source, ...]

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Everything that can be drawn: one source a name, whichever of the plans it stands in."""
        plans = [*self.plans.values(), self.productivity, self.lift, *(plan for _, plan in self.recovers)]
        sizes = {source.name: source for plan in plans if plan is not None for source in plan.sources}
        return (self.theta, *sizes.values(), *self.flows)

    def table(self, draws: int, seed: int) -> DrawTable:
        """Joint draws of all sources but the optional ones."""
        world = self.world
        return draw(self.sources, world.trade_elasticity, self.log_sd, world.sectors, draws=draws, seed=seed,
                    drawn=choose(self.sources, None))  # fmt: skip

    def at(self, theta: Array, position: Mapping[str, float]) -> Rules:
        """The rules at elasticities theta (J,) and sizes at `position`. Raises InputError for rates out of range."""
        central = self.central
        shocks = {need: plan.shock(theta, position) for need, plan in self.plans.items()}
        cells = central.sector, central.importer, central.exporter
        base = {"tariff_new": central.world.tariff[cells], "export_tax_new": central.world.export_tax[cells]}
        stopped = None
        iceberg = self._stacked(shocks, "iceberg_hat", np.ones(len(central.sector)))
        if iceberg is not None and np.isinf(iceberg).any():
            stopped = np.isinf(iceberg)
            iceberg = np.where(stopped, 1.0, iceberg)
        hat = None if self.productivity is None else self.productivity.shock(theta, position).productivity_hat
        shape = len(central.world.sectors), len(central.world.countries)
        return replace(
            central,
            log_cost=None if iceberg is None else np.log(iceberg),
            stopped=stopped,
            tariff=self._stacked(shocks, "tariff_new", base["tariff_new"]),
            export_tax=self._stacked(shocks, "export_tax_new", base["export_tax_new"]),
            productivity=None if hat is None else np.broadcast_to(np.asarray(hat, dtype=float), shape),
        )

    def _stacked(self, shocks: Mapping[Need, Shock], name: str, base: Array) -> Array | None:
        """(4, C) values by state; None where no measure is of that sort."""
        if all(getattr(shock, name) is None for shock in shocks.values()):
            return None
        rows = [base]
        for state in STATES[1:]:
            given = getattr(shocks[state], name) if state in shocks else None
            rows.append(base if given is None else self._scattered(given, base))
        return np.stack(rows)

    def _scattered(self, given: Any, base: Array) -> Array:
        sector, importer, exporter, values = given
        place = self._place[sector, importer, exporter]
        inside = place >= 0  # the rest: flows inside a bloc that acts as one, and empty ones
        found = base.copy()
        found[place[inside]] = np.asarray(values)[inside]
        return found

    @cached_property
    def _place(self) -> NDArray[np.intp]:
        """(J, N, N) place of a flow among the cells of the rules; -1 where it is none of them."""
        central = self.central
        place = np.full(central.world.trade_share.shape, -1, dtype=np.intp)
        place[central.sector, central.importer, central.exporter] = np.arange(len(central.sector))
        return place


def drawn_rules(study: Study) -> DrawnRules:
    """A game ready to be drawn from. Raises InputError as compiling does."""
    game, players = study.game, study.table.everyone
    economy = with_set(study.world, study.choice.elasticities)
    reference = study.reference.world
    placed = placed_measures(reference, game, players)
    plans = {}
    for need in STATES[1:]:
        measures = tuple(one.measure for one in placed if one.need == need)
        if measures:
            plans[need] = make_plan(reference, game.model_copy(update={"measures": measures}))
    of_members = productivity_measures(reference, game)
    productive = make_plan(reference, game.model_copy(update={"measures": of_members})) if of_members else None
    step = lifting_step(economy, game, study.table)
    lift = None if step is None else make_plan(economy, step)
    recovers = []
    for name, regime in game.recovers.items():
        one = game.model_copy(update={"measures": (Lifting(id="lift", kind="lifting", regime=regime),), "targets": ()})
        recovers.append((economy.country(name), make_plan(economy, one)))
    rows = load_spreads()
    log_sd, theta = theta_log_sd(rows, study.choice.elasticities, economy.sectors, economy.trade_elasticity)
    every = [*plans.values(), *(plan for plan in (productive, lift) if plan), *(plan for _, plan in recovers)]
    touched = {code for plan in every for pair in plan.compiled.pairs for code in pair}
    touched |= {economy.countries[k] for player in players for k in player.positions}
    touched |= {economy.countries[k] for k in study.table.targets}
    return DrawnRules(
        world=economy,
        central=study.rules,
        plans=plans,
        productivity=productive,
        lift=lift,
        recovers=tuple(recovers),
        theta=theta,
        log_sd=log_sd,
        flows=tuple(flow_sources(economy, rows, touched)),
    )
