"""How much of what the regimes cost the members a coalition wins back, at three sizes, by the rule of the dossiers:
(ln W[coalition] - ln W[benchmark]) / (ln W[lifted] - ln W[benchmark]), and no ratio where the loss is near zero."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from math import log

import numpy as np

from comity.benchmark.world import World
from comity.classifications.countries import name_of
from comity.coalition.game import VALUE_TOLERANCE
from comity.coalition.players import Table
from comity.coalition.schema import CoalitionGame
from comity.coalition.study import Spread, Study
from comity.equilibrium.batch import solve_many
from comity.errors import InputError, nearest
from comity.outcomes.ranges import LEVELS, Choice, with_set
from comity.scenario.compile import compile_scenario, make_setting
from comity.scenario.places import LAST_DAY, find_party
from comity.scenario.regimes import find_regime, load_regimes
from comity.scenario.schema import Lifting


@dataclass(frozen=True)
class Recovered:
    """A member's share at one size of the coalition's measures ("all" for every size together). gain and loss are
    changes of ln real income, times 100; nan and a `reason` where there is no ratio."""

    player: str
    regime: str
    size: str
    share: float
    low: float
    high: float
    gain: float
    loss: float
    reason: str = ""


def recovered(study: Study, spread: Spread) -> list[Recovered]:
    """One row a member and size. Raises InputError for a regime the world does not contain or an unknown member."""
    game, world = study.game, study.world
    if not game.recovers:
        return []
    check_recovers(world, game, study.table)
    choices = [measured.choice for measured in spread.solved]
    lifted = _lifted(study, list(dict.fromkeys(game.recovers.values())), choices)
    coalition = {measured.choice: measured.hat for measured in spread.solved}
    # the rule, its exceptions and its ranges are a dossier's: a later stage, looked up only when asked for
    later = import_module("comity.dossier.recovered")
    found: list[Recovered] = []
    for name, regime in game.recovers.items():
        country = world.country(name)
        share = later.lifted_share(coalition, lifted[regime], country, study.choice)
        gain, loss = (100 * log(hats[study.choice][country]) for hats in (coalition, lifted[regime]))
        for size in ("all", *LEVELS):
            values = {key: value for key, value in share.ratio.values.items() if size in ("all", key[1])}
            middle = values.get((study.choice, "central" if size == "all" else size), float("nan"))
            low, high = (min(values.values()), max(values.values())) if values else (float("nan"), float("nan"))
            found.append(Recovered(name, regime, size, middle, low, high, gain, loss, share.reason))
    return found


def check_recovers(world: World, game: CoalitionGame, table: Table) -> None:
    """Raise InputError where somebody who is no member, or a bloc, is to win something back, or from a regime that is
    not known, not in the base year, or not about this member."""
    known = {player.name: player for player in table.members}
    for name, regime in game.recovers.items():
        where = game.where("recovers", name)
        if name not in known:
            raise InputError(where, "only a member can win something back", found=name, allowed=list(known),
                             nearest=nearest(name, known))  # fmt: skip
        if len(known[name].positions) > 1:
            raise InputError(where, "an economy is needed, not a bloc", found=name)
        own = make_setting(world, game, game.year, "central", None).own_regimes
        found = find_regime(regime, where, own)
        if found.in_benchmark(world) == "none":
            raise InputError(where, f"the world {world.name or ''} does not contain this regime".replace("  ", " "),
                             found=regime, advice="Only what is in the base year can be won back.")  # fmt: skip
        if world.country(name) not in find_party(world, found.targets, LAST_DAY, where).positions:
            raise InputError(where, f"this regime is not about {name_of(name)}", found=regime,
                             allowed=[key for key, one in load_regimes().items() if name in one.targets]
                             or "no known regime is")  # fmt: skip


def _lifted(study: Study, names: list[str], chosen: list[Choice]) -> dict[str, dict[Choice, np.ndarray]]:
    """real_income_hat after lifting each regime, for every combination that has a solution."""
    found: dict[str, dict[Choice, np.ndarray]] = {name: {} for name in names}
    lifts = {
        name: study.game.model_copy(
            update={"measures": (Lifting(id="lift", kind="lifting", regime=name),), "targets": ()}
        )
        for name in names
    }
    world_codes = study.world.countries
    for closure in dict.fromkeys(choice.closure for choice in chosen):
        cases = [(name, choice) for name in names for choice in chosen if choice.closure == closure]
        worlds = [with_set(study.world, choice.elasticities) for _, choice in cases]
        shocks = [
            compile_scenario(world, lifts[name], size_level=choice.level).shock
            for world, (name, choice) in zip(worlds, cases, strict=True)
        ]
        targets = [world_codes[k] for k in study.table.targets] if closure == "targets-balanced" else None
        solved = solve_many(worlds, shocks, closure=closure, targets=targets, tolerance=VALUE_TOLERANCE)
        for k, (name, choice) in enumerate(cases):
            if solved.converged[k]:
                found[name][choice] = solved.real_income_hat[k]
    for name in names:
        if study.choice not in found[name]:
            raise InputError(study.game.where("recovers"), "lifting the regime has no solution", found=name)
    return found
