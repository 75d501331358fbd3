"""How much of what could be had a coalition gets: share of an embargo, of a global regime, of a frictionless bloc."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

import numpy as np

from comity.coalition.players import Player
from comity.coalition.rules import make_rules
from comity.coalition.schema import CoalitionGame
from comity.coalition.study import Measured, Study
from comity.coalition.values import Evaluator
from comity.equilibrium.batch import solve_many
from comity.scenario.schema import Embargo


@dataclass(frozen=True)
class Potential:
    """One yardstick: its value, million USD a year, and the share of it that the coalition reaches (nan without
    solution, with the reason)."""

    name: str
    value: float
    share: float
    reason: str = ""


def potentials(study: Study, central: Measured) -> list[Potential]:
    """The yardsticks that fit the game's value."""
    if study.game.players.value == "joint-gain":
        return _blocs(study, central)
    return _regimes(study, central)


def _regimes(study: Study, central: Measured) -> list[Potential]:
    """Target loss: an embargo by the same members, the same measures by everybody, an embargo by everybody."""
    world, table = study.reference.world, study.table
    everybody = tuple(Player(code, (k,)) for k, code in enumerate(world.countries) if k not in table.targets)
    embargo = _embargo(study.game, [world.countries[k] for k in table.targets])
    cases = (
        ("the same members under a goods embargo", embargo, table.members),
        ("the same measures by every economy", study.game, everybody),
        ("a goods embargo by every economy", embargo, everybody),
    )
    found = []
    for name, game, players in cases:
        rules = make_rules(world, game, players, study.choice.level)
        rows = Evaluator(rules, study.choice.closure, table.targets).rows(np.ones((1, len(players)), dtype=bool))
        found.append(_one(name, float(rows.target_loss[0]), central.target_loss, rows.messages[0]))
    return found


def _embargo(game: CoalitionGame, targets: list[str]) -> CoalitionGame:
    """The game with a goods embargo both ways in place of its measures."""
    both = (
        Embargo(id="imports", kind="embargo", importers=("players",), exporters=tuple(targets)),
        Embargo(id="exports", kind="embargo", importers=tuple(targets), exporters=("players",)),
    )
    return game.model_copy(update={"measures": both})


def _blocs(study: Study, central: Measured) -> list[Potential]:
    """Joint gain: existing unions included, and trade costs inside at the lowest observed."""
    found = []
    world, everyone = study.reference.world, study.table.members
    within = [measure for measure in study.game.measures if getattr(measure, "not_within", ())]
    if within:
        measures = tuple(
            measure.model_copy(update={"not_within": ()}) if measure in within else measure
            for measure in study.game.measures
        )
        rules = make_rules(world, study.game.model_copy(update={"measures": measures}), everyone, study.choice.level)
        rows = Evaluator(rules, study.choice.closure).rows(np.ones((1, len(everyone)), dtype=bool))
        value = float(rows.value("joint-gain")[0])
        found.append(_one("the same with pairs inside existing unions", value, central.whole, rows.messages[0]))
    if study.game.frictionless:
        found.append(_frictionless(study, central))
    return found


def _frictionless(study: Study, central: Measured) -> Potential:
    # the bound of lowest observed frictions is a dossier's: a later stage, looked up only when asked for
    later, schema = import_module("comity.dossier.frictions"), import_module("comity.dossier.schema")
    world = study.reference.world
    codes = tuple(world.countries[k] for player in study.table.members for k in player.positions)
    wanted = schema.Frictions(between=codes, best_of=study.game.frictionless)
    shock, _ = later.frictions_shock(world, wanted, where=study.game.where("frictionless"))
    found = solve_many(world, [shock], closure=study.choice.closure)
    inside = [world.country(code) for code in codes]
    value = float((world.income * (found.real_income_hat[0] - 1))[inside].sum()) if found.converged[0] else np.nan
    return _one("trade costs inside at the lowest observed, no duties", value, central.whole, found.messages[0])


def _one(name: str, value: float, reached: float, message: str) -> Potential:
    if not np.isfinite(value):
        return Potential(name, value, float("nan"), message)
    if value <= 0:
        return Potential(name, value, float("nan"), "it is not positive, so there is no share of it")
    return Potential(name, value, reached / value)
