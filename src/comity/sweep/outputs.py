"""What is kept of every solve: whose welfare, whose trade, and in which columns."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from comity.benchmark.world import World
from comity.classifications.countries import EVERYBODY
from comity.coalition.players import Table
from comity.errors import InputError
from comity.scenario.places import LAST_DAY, find_party
from comity.scenario.schema import Scenario
from comity.sweep.schema import SweepFile


@dataclass(frozen=True, eq=False)
class Kept:
    """codes : by world, positions of the economies whose welfare is kept; columns : unit and definition of each."""

    codes: dict[str, dict[str, int]]
    columns: dict[str, tuple[str, str]]


def find_kept(sweep: SweepFile, base: Scenario, worlds: dict[str, World], table: Table | None) -> Kept:
    """What the file asks to be kept. Raises InputError for economies that a world lacks."""
    codes = {name: _codes(sweep, base, world, table) for name, world in worlds.items()}
    money = next(iter(worlds.values())).money_unit or "the world's money"
    columns: dict[str, tuple[str, str]] = {}
    if table is not None:
        columns["value"] = (money, "the game's value of the coalition")
        columns["target_loss"] = (money, "what the targets lose together")
    for code in dict.fromkeys(code for found in codes.values() for code in found):
        columns[f"real_income_pct_{code}"] = ("per cent", f"change of real income, {code}")
        columns[f"equivalent_variation_{code}"] = (money, f"benchmark income x change of real income, {code}")
    for k, (origin, destination) in enumerate(sweep.outputs.trade):
        _check_pair(sweep, worlds, table, k)
        about = f"goods trade, {origin} to {destination}"
        columns[f"trade_pct_{origin}_{destination}"] = ("per cent", f"change of {about}")
        columns[f"trade_new_{origin}_{destination}"] = (money, f"{about}: flow of the base year x change")
    return Kept(codes, columns)


def _codes(sweep: SweepFile, base: Scenario, world: World, table: Table | None) -> dict[str, int]:
    """Those asked for, else all; of a game its players and targets."""
    words = sweep.outputs.welfare
    if words is not None and [word.casefold() for word in words] != [EVERYBODY]:
        day = _day(base, world)
        positions = find_party(world, words, day, sweep.where("outputs", "welfare")).positions
    elif words is None and table is not None:
        positions = [k for player in table.members for k in player.positions] + list(table.targets)
    else:
        positions = list(range(len(world.countries)))
    return {world.countries[k]: k for k in positions}


def _day(base: Scenario, world: World) -> datetime.date:
    """As of when blocs are taken: the first date among the measures, else the scenario's year, else the world's."""
    starts = [measure.phase.start for measure in base.measures if measure.phase is not None]
    if starts:
        return min(starts)
    year = base.year or world.base_year
    return datetime.date(year, 1, 1) if year else LAST_DAY


def _check_pair(sweep: SweepFile, worlds: dict[str, World], table: Table | None, k: int) -> None:
    where = sweep.where("outputs", "trade", k)
    if table is not None:
        raise InputError(where, "trade is not kept of coalitions", allowed="welfare")
    for code in sweep.outputs.trade[k]:
        if not any(code in world.countries for world in worlds.values()):
            try:
                next(iter(worlds.values())).country(code)
            except InputError as problem:
                raise InputError(where, problem.message) from None
