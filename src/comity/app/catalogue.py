"""What there is to choose from: worlds, countries, blocs, sectors, elasticity sets, closures, scenarios, measures."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache
from typing import Any

from comity.app.edit import added_slider
from comity.app.kinds import ADDED, TITLES
from comity.app.state import world_names
from comity.benchmark.bundle import embedded_worlds, load_world, smoothed_worlds
from comity.benchmark.elasticities import elasticity_sets
from comity.benchmark.world import World
from comity.classifications.countries import load_blocs
from comity.classifications.sectors import is_goods, load_sectors
from comity.equilibrium.closures import CLOSURES
from comity.errors import InputError, nearest
from comity.outcomes.simulate import label
from comity.scenario.load import gallery, load_scenario


@dataclass(frozen=True)
class Catalogue:
    """Everything as plain data: worlds, scenarios, blocs, sectors, closures, elasticities, measures (kinds that can be
    added)."""

    worlds: tuple[dict[str, Any], ...]
    scenarios: tuple[dict[str, Any], ...]
    blocs: tuple[dict[str, Any], ...]
    sectors: tuple[dict[str, Any], ...]
    closures: tuple[str, ...]
    elasticities: tuple[str, ...]
    measures: tuple[dict[str, Any], ...]


@cache
def world_named(name: str) -> World:
    """An embedded world or smoothed sibling, loaded once. Raises InputError for any other name: a request names no
    file."""
    known = world_names()
    if name not in known:
        raise InputError("world", "no embedded world of that name", found=name, allowed=known,
                         nearest=nearest(name[:80], known))  # fmt: skip
    return load_world(name)


@cache
def catalogue() -> Catalogue:
    """Everything there is to choose from."""
    return Catalogue(
        worlds=tuple(_world(name) for name in (*embedded_worlds(), *smoothed_worlds())),
        scenarios=tuple(_scenario(name) for name in gallery()),
        blocs=tuple(_bloc(name) for name in load_blocs()),
        sectors=tuple({"code": code, "name": about.name, "goods": bool(is_goods([code])[0])}
                      for code, about in load_sectors().items()),
        closures=tuple(CLOSURES),
        elasticities=tuple(elasticity_sets()),
        measures=tuple(_kind(kind) for kind in ADDED),
    )  # fmt: skip


def _world(name: str) -> dict[str, Any]:
    world = world_named(name)
    about = world.provenance["countries"]
    return {
        "name": name, "base_year": world.base_year, "hash": world.hash, "money_unit": world.money_unit,
        "elasticities": world.provenance["elasticities"]["name"],
        "countries": [{"code": code, "name": label(code), "flows": about.get(code, {}).get("flows", "not stated")}
                      for code in world.countries],
        "sectors": list(world.sectors),
    }  # fmt: skip


def _scenario(name: str) -> dict[str, Any]:
    scenario = load_scenario(name)
    first = scenario.description.split(". ")[0].rstrip(".")
    return {"name": name, "title": scenario.title, "sentence": f"{first}." if first else scenario.title,
            "world": scenario.world or ""}  # fmt: skip


def _bloc(name: str) -> dict[str, Any]:
    bloc = load_blocs()[name]
    today = datetime.date.today()
    return {"name": name, "members": list(bloc.members(today)), "note": bloc.note}


def _kind(kind: str) -> dict[str, Any]:
    slider = added_slider(kind)
    control = None if slider is None else {
        "form": slider.form, "default": slider.default, "minimum": slider.minimum, "maximum": slider.maximum,
        "step": slider.step, "unit": slider.unit, "low": slider.low, "high": slider.high, "citation": slider.citation,
    }  # fmt: skip
    return {"kind": kind, "title": TITLES[kind], "size": ADDED[kind], "control": control}
