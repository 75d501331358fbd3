"""The settings a sweep may vary: worlds, elasticity sets, closures, years, levels of cited sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from comity.benchmark.bundle import DEFAULT_WORLD, embedded_worlds, load_world, smoothed_worlds
from comity.benchmark.elasticities import elasticity_sets
from comity.benchmark.world import World
from comity.coalition.load import parse_game
from comity.errors import InputError, nearest
from comity.outcomes.ranges import CLOSURES, WORLD_SETTING
from comity.scenario.load import exists, parse_scenario
from comity.scenario.schema import Scenario
from comity.sweep.axes import Ready, setting_axis
from comity.sweep.schema import SETTINGS, SweepFile


def parse_base(sweep: SweepFile, text: str, file: str) -> Scenario:
    """The scenario or game a sweep is about."""
    return parse_scenario(text, file) if sweep.scenario is not None else parse_game(text, file)


def own_set(world: World) -> str:
    """Name of the elasticity set a world comes with."""
    return str(world.provenance.get("elasticities", {}).get("name", WORLD_SETTING))


def find_settings(sweep: SweepFile, base: Scenario, folder: Path) -> tuple[dict[str, World], list[Ready]]:
    """The worlds by name, and one axis for each setting in the order of SETTINGS: the slowest to change first.

    An axis that the file does not name has the scenario's own value alone; None for elasticities is each world's own
    set, for years full implementation. Raises InputError for unknown worlds, sets, and closures without targets.
    """
    given: dict[str, tuple[int, Any]] = {axis.kind: (k, axis) for k, axis in enumerate(sweep.axes)}

    def where(kind: str) -> str:
        return sweep.where("axes", given[kind][0], "values") if kind in given else sweep.where(kind)

    names = [sweep.world or base.world or DEFAULT_WORLD]
    if "world" in given:
        names = list(given["world"][1].values)
    worlds = {Path(name).name if "/" in name else name: _world(name, folder, where("world")) for name in names}
    hashes = [world.hash for world in worlds.values()]
    if len(worlds) < len(names) or len(set(hashes)) < len(hashes):
        raise InputError(where("world"), "a world stands twice", found=", ".join(names))
    sets: list[Any] = [base.elasticities]
    if "elasticities" in given:
        sets = _sets(given["elasticities"][1].values, worlds, where("elasticities"))
    closures = list(given["closure"][1].values) if "closure" in given else [base.closure or CLOSURES[0]]
    years: list[Any] = list(given["year"][1].values) if "year" in given else [base.year]
    levels = list(given["sizes"][1].values) if "sizes" in given else ["central"]
    values: list[list[Any]] = [list(worlds), sets, closures, years, levels]
    return worlds, [setting_axis(name, found, where(name)) for name, found in zip(SETTINGS, values, strict=True)]


def _world(name: str, folder: Path, where: str) -> World:
    beside = folder / name
    known = {**embedded_worlds(), **smoothed_worlds()}
    try:
        return load_world(beside if name not in known and exists(beside) else name)
    except InputError as problem:
        raise InputError(where, problem.message) from None


def _sets(words: tuple[str, ...], worlds: dict[str, World], where: str) -> list[str]:
    """Names of elasticity sets; `all` is every set."""
    known = elasticity_sets()
    if [word.casefold() for word in words] == ["all"]:
        return known
    allowed = [*known, *(own_set(world) for world in worlds.values())]
    for word in words:
        if word not in allowed:
            raise InputError(where, "unknown set", found=word, allowed=dict.fromkeys(allowed),
                             nearest=nearest(word, allowed))  # fmt: skip
    return list(words)
