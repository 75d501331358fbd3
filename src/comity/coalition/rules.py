"""A game on a world: what each coalition changes, and the world it is measured against.

A cell of trade knows two things of a coalition: whether its importer is in, and whether its exporter is. So the effect
of every coalition is put together from three tables (importer in, exporter in, both), compiled once by the scenario's
own rules.

Where a regime of the game is in the base year, it is first lifted by every player, and the world so found is what the
game is measured against: coalitions then impose it, and the grand coalition leads back to the base year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.classifications.countries import REST_OF_WORLD
from comity.coalition.players import Player, Table
from comity.coalition.schema import OUTSIDERS, PLAYERS, CoalitionGame, roles_of
from comity.equilibrium.closures import benchmark_of
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import solve
from comity.errors import InputError, listing
from comity.scenario import findings, regimes
from comity.scenario.build import build
from comity.scenario.combine import Combined, check_contradictions, check_covers, combine
from comity.scenario.compile import Compiled, compile_scenario, make_setting
from comity.scenario.measures import Effect, Setting
from comity.scenario.schema import CostSize, Lifting, Sanction, Scenario
from comity.scenario.sizes import Level

Array = NDArray[np.float64]
Positions = NDArray[np.intp]
Need = tuple[bool, bool]  # importer in, exporter in
STATES: tuple[Need, ...] = ((False, False), (False, True), (True, False), (True, True))


@dataclass(frozen=True, eq=False)
class Rules:
    """What coalitions of `players` change on `world`: values by state of the importer and exporter, (4, C) for the C
    cells (positive flows) any coalition touches; None where no measure is of that sort."""

    world: World
    players: tuple[Player, ...]
    sector: Positions
    importer: Positions
    exporter: Positions
    log_cost: Array | None
    stopped: NDArray[np.bool_] | None
    tariff: Array | None
    export_tax: Array | None
    productivity: Array | None

    def members(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(N,) economies in a coalition, from (P,) players in it."""
        inside = np.zeros(len(self.world.countries), dtype=bool)
        for player in np.flatnonzero(mask):
            inside[list(self.players[player].positions)] = True
        return inside

    def shock(self, mask: NDArray[np.bool_]) -> Shock | None:
        """The Shock of a coalition; None where it changes nothing."""
        inside = self.members(mask)
        state = 2 * inside[self.importer] + inside[self.exporter]
        pick = (state, np.arange(len(state)))
        stopped = None if self.stopped is None else self.stopped[pick]
        iceberg = None
        if self.log_cost is not None or stopped is not None:
            hat = np.ones(len(state)) if self.log_cost is None else np.exp(self.log_cost[pick])
            iceberg = self._cells(hat if stopped is None else np.where(stopped, np.inf, hat), 1.0)
        rates = {}
        for name, table in (("tariff_new", self.tariff), ("export_tax_new", self.export_tax)):
            base = None if table is None else table[0]
            values = None if table is None else table[pick]
            if values is not None and stopped is not None:
                values = np.where(stopped, base, values)
            rates[name] = None if values is None else self._cells(values, base)
        productivity = None
        if self.productivity is not None and inside.any():
            productivity = np.where(inside, self.productivity, 1.0)
        if iceberg is None and productivity is None and all(cells is None for cells in rates.values()):
            return None
        return Shock(iceberg_hat=iceberg, productivity_hat=productivity, **rates)

    def _cells(self, values: Array, base: Any) -> Any:
        changed = np.flatnonzero(values != base)
        if not len(changed):
            return None
        return self.sector[changed], self.importer[changed], self.exporter[changed], values[changed]


@dataclass(frozen=True, eq=False)
class GameSetting(Setting):
    """A Setting whose measures stand elsewhere in the file: several of them may come from one."""

    origin: tuple[int, ...] = ()

    def where(self, *path: str | int) -> str:
        if len(path) > 1 and path[0] == "measures" and isinstance(path[1], int):
            path = ("measures", self.origin[path[1]], *path[2:])
        return super().where(*path)


@dataclass(frozen=True)
class Placed:
    """A measure with countries in place of `players`, and on which side a member of the coalition must stand."""

    index: int
    measure: Any
    need: Need


def placed_measures(world: World, game: CoalitionGame, players: Sequence[Player]) -> list[Placed]:
    """Every measure of the game for every player at once."""
    codes = tuple(world.countries[k] for player in players for k in player.positions)
    everyone = tuple(code for code in world.countries if code != REST_OF_WORLD)
    found = []
    measure: Any
    for index, measure in enumerate(game.measures):
        if measure.kind == "productivity":
            continue
        if getattr(measure, "regime", None) is not None:
            found += [Placed(index, *one) for one in _regime(world, game, index, codes)]
            continue
        sides = roles_of(measure)
        if "between" in sides:
            as_one = tuple(p.name for p in players if len(p.positions) > 1)
            update: dict[str, Any] = {"between": codes, "not_within": (*measure.not_within, *as_one)}
            found.append(Placed(index, measure.model_copy(update=update), (True, True)))
            continue
        update = {}
        for side, role in sides.items():
            if role == PLAYERS:
                update[side] = codes
            elif role == OUTSIDERS:
                rest = tuple(word for word in getattr(measure, side) if word.casefold() != OUTSIDERS)
                update[side] = (*everyone, *(word.upper() for word in rest))
        need = (sides["importers"] == PLAYERS, sides["exporters"] == PLAYERS)
        found.append(Placed(index, measure.model_copy(update=update), need))
    return found


def _regime(world: World, game: CoalitionGame, index: int, codes: tuple[str, ...]) -> list[tuple[Any, Need]]:
    """A named regime as measures with its cited sizes, one per direction of trade."""
    measure: Any = game.measures[index]
    regime = _find_regime(world, game, index)
    sides: dict[str, tuple[dict[str, Any], Need]] = {
        "target_exports": ({"importers": codes, "exporters": regime.targets}, (True, False)),
        "target_imports": ({"importers": regime.targets, "exporters": codes}, (False, True)),
    }
    return [
        (
            Sanction(
                id=measure.id, kind="sanction", title=measure.title, source=measure.source, phase=measure.phase,
                sectors=regime.sectors, size=CostSize(size_of=row), **places,
            ),
            need,
        )
        for direction, row in regime.size.items()
        for places, need in (sides[direction],)
    ]  # fmt: skip


def _find_regime(world: World, game: CoalitionGame, index: int) -> regimes.Regime:
    """The named regime of a measure, of regimes.csv or of the file itself."""
    measure: Any = game.measures[index]
    own = make_setting(world, game, game.year, "central", None).own_regimes
    return regimes.find_regime(measure.regime, game.where("measures", index, "regime"), own)


def make_rules(world: World, game: CoalitionGame, players: Sequence[Player], level: Level = "central") -> Rules:
    """The rules of a game on the world it is measured against.

    Raises InputError as compiling a scenario does, and for a measure that has players on its other side as well.
    """
    placed = placed_measures(world, game, players)
    whole = game.model_copy(update={"measures": tuple(one.measure for one in placed)})
    plain = make_setting(world, whole, game.year, level, None)
    setting = GameSetting(
        **{f.name: getattr(plain, f.name) for f in fields(Setting)}, origin=tuple(one.index for one in placed)
    )
    owner = np.full(len(world.countries), -1)
    for number, player in enumerate(players):
        owner[list(player.positions)] = number
    tables: dict[Need, Combined] = {}
    for need in STATES[1:]:
        indices = [k for k, one in enumerate(placed) if one.need == need]
        effects = [effect for k in indices for effect in build(setting, k)]
        _check_fixed_side(setting, game, effects, owner)
        check_contradictions(setting, effects)
        check_covers(setting, effects)
        tables[need] = combine(world, effects)
        findings.check_rates(setting, tables[need])
    productivity = _productivity(world, game, level)
    return _lay_out(world, tuple(players), tables, owner, productivity)


def _check_fixed_side(setting: GameSetting, game: CoalitionGame, effects: list[Effect], owner: Positions) -> None:
    """Nobody plays on a side of a measure that names countries."""
    for effect in effects:
        sides = roles_of(game.measures[setting.origin[effect.index]])
        for side, positions in zip(("importers", "exporters"), effect.pairs, strict=True):
            # the targets of a regime cannot play either: find_table sees to that
            playing = sorted({int(k) for k in positions if owner[k] >= 0})
            if sides.get(side) == "fixed" and playing:
                codes = listing(setting.world.countries[k] for k in playing)
                raise InputError(setting.where("measures", effect.index, side),
                                 f"measure {effect.id}: a player stands on a side that names countries", found=codes,
                                 allowed="players, outsiders, or countries that do not play")  # fmt: skip


def productivity_measures(world: World, game: CoalitionGame) -> tuple[Any, ...]:
    """The productivity measures of a game, in every economy."""
    chosen = [measure for measure in game.measures if measure.kind == "productivity"]
    return tuple(measure.model_copy(update={"countries": tuple(world.countries)}) for measure in chosen)


def _productivity(world: World, game: CoalitionGame, level: Level) -> Array | None:
    """(J, N) productivity of an economy that is in the coalition."""
    measures = productivity_measures(world, game)
    if not measures:
        return None
    chosen = [k for k, measure in enumerate(game.measures) if measure.kind == "productivity"]
    plain = make_setting(world, game.model_copy(update={"measures": measures}), game.year, level, None)
    setting = GameSetting(**{f.name: getattr(plain, f.name) for f in fields(Setting)}, origin=tuple(chosen))
    hat = combine(world, [effect for k in range(len(chosen)) for effect in build(setting, k)]).productivity_hat
    return None if hat is None else hat.reshape(len(world.sectors), len(world.countries))


def _lay_out(
    world: World,
    players: tuple[Player, ...],
    tables: dict[Need, Combined],
    owner: Positions,
    productivity: Array | None,
) -> Rules:
    """The cells any state touches, with their value in each."""
    positive = world.trade_share.ravel() > 0
    touched = np.zeros_like(positive)
    for table in tables.values():
        touched[table.cells] = True
    flat = np.flatnonzero(touched & positive)
    sector, importer, exporter = np.unravel_index(flat, world.trade_share.shape)
    # two economies of one player are in and out together: nothing changes between them
    apart = (owner[importer] < 0) | (owner[importer] != owner[exporter])
    flat, sector, importer, exporter = flat[apart], sector[apart], importer[apart], exporter[apart]

    def stacked(name: str, base: Array) -> Array | None:
        if all(getattr(table, name) is None for table in tables.values()):
            return None
        rows = [base]
        for state in STATES[1:]:
            values, there = getattr(tables[state], name), np.isin(flat, tables[state].cells)
            row = base.copy()
            if values is not None:
                row[there] = values[np.searchsorted(tables[state].cells, flat[there])]
            rows.append(row)
        return np.stack(rows)

    stopped = stacked("stopped", np.zeros(len(flat)))
    return Rules(
        world=world,
        players=players,
        sector=sector,
        importer=importer,
        exporter=exporter,
        log_cost=stacked("log_cost", np.zeros(len(flat))),
        stopped=None if stopped is None else stopped.astype(bool),
        tariff=stacked("tariff", world.tariff.ravel()[flat]),
        export_tax=stacked("export_tax", world.export_tax.ravel()[flat]),
        productivity=productivity,
    )


@dataclass(frozen=True, eq=False)
class Reference:
    """The world a game is measured against. `lift` is the step that led there where a regime of the game was in the
    base year (with its solution), None where there was none to lift."""

    world: World
    lift: Compiled | None = None
    solution: Solution | None = None


def lifting_step(world: World, game: CoalitionGame, table: Table) -> CoalitionGame | None:
    """The lifting, by the members, of every regime of the game that the world contains; None where there is none."""
    codes = tuple(world.countries[k] for player in table.members for k in player.positions)
    lifted = []
    measure: Any
    for index, measure in enumerate(game.measures):
        named = getattr(measure, "regime", None) is not None
        if named and _find_regime(world, game, index).in_benchmark(world) != "none":
            lifted.append(Lifting(id=measure.id, kind="lifting", regime=measure.regime, senders=codes))
    return game.model_copy(update={"measures": tuple(lifted)}) if lifted else None


def make_reference(
    world: World, game: CoalitionGame, table: Table, closure: str, level: Level = "central"
) -> Reference:
    """The benchmark under a closure, with every regime of the game that it contains lifted by the members.

    Raises InputError for a regime without members among its senders, NoSolutionError where the step has no solution.
    """
    targets = [world.countries[k] for k in table.targets] or None
    step = lifting_step(world, game, table)
    if step is None:
        return Reference(benchmark_of(world, closure, targets))
    compiled = compile_scenario(world, step, size_level=level)
    found = solve(world, compiled.shock, closure=closure, targets=targets if closure == "targets-balanced" else None)
    after = found.benchmark.replace(
        trade_share=found.trade_share_new,
        value_added=found.wage_hat * found.benchmark.value_added,
        deficit=found.deficit_new,
        expenditure=found.expenditure_new,
    )
    return Reference(after, compiled, found)


def coalition_scenario(world: World, game: CoalitionGame, players: Sequence[Player], mask: Sequence[bool]) -> Scenario:
    """The game's measures for one coalition as a scenario of its own, with countries in place of words; what `simulate`
    and `compile_scenario` take. World is the one the game is measured against."""
    inside = [player for player, taken in zip(players, mask, strict=True) if taken]
    codes = {world.countries[k] for player in inside for k in player.positions}
    measures = []
    for one in placed_measures(world, game, inside) if inside else []:
        measure, original = one.measure, game.measures[one.index]
        if one.need == (True, True) and len(inside) < 2:
            continue
        update = {
            side: tuple(code for code in getattr(measure, side) if code not in codes)
            for side, role in roles_of(original).items()
            if role == OUTSIDERS
        }
        measures.append(measure.model_copy(update=update) if update else measure)
    measures += [
        measure.model_copy(update={"countries": tuple(sorted(codes))})
        for measure in game.measures
        if measure.kind == "productivity" and codes
    ]
    twice = [measure.id for measure in measures]
    named = [
        measure.model_copy(update={"id": f"{measure.id}-{k}"}) if twice.count(measure.id) > 1 else measure
        for k, measure in enumerate(measures, 1)
    ]
    return Scenario.model_construct(
        **{name: getattr(game, name) for name in Scenario.model_fields if name != "measures"}, measures=tuple(named)
    )
