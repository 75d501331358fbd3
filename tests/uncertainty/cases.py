"""Scenarios and worlds the tests of this folder share."""

from __future__ import annotations

from typing import Any

import numpy as np

from comity import World
from comity.benchmark.world import ARRAYS
from comity.scenario.load import parse_scenario
from tests.helpers import one_sector_world

EVERY_FORM = """
  - {id: ratio, kind: ntb, between: [IRN, BLR], sectors: [AGR],
     size: {trade_ratio: {low: 1.1, central: 1.3, high: 1.4}}}
  - {id: cost, kind: ntb, between: [IRN, RUS], sectors: [FOOD],
     size: {cost_change: {low: -0.01, central: -0.04, high: -0.05}}}
  - {id: hat, kind: ntb, between: [IRN, CHN], sectors: [MACH],
     size: {hat: {low: 0.99, central: 0.95, high: 0.9}}}
  - {id: days, kind: border_time, between: [BLR, RUS], sectors: [MACH],
     size: {days: {low: -1, central: -2, high: -5}, per_day: day-hummels-schaur}}
  - {id: days-trade, kind: corridor, between: [BLR, CHN], sectors: [AGR],
     size: {days: {low: -1, central: -2, high: -5}, per_day: day-edb-2024-trade}}
  - {id: duty, kind: tariff, importers: [BLR], exporters: [IRN], sectors: [AGR],
     size: {change: {low: 0.01, central: 0.02, high: 0.05}}}
  - {id: skill, kind: productivity, countries: [IRN], sectors: [AGR],
     size: {hat: {low: 1.01, central: 1.02, high: 1.05}}}
  - {id: aid, kind: transfer, from: RUS, to: BLR, size: {million_usd: {low: 1, central: 2, high: 5}}}
"""


def scenario(measures: str, name: str = "test") -> Any:
    """A scenario of these measures."""
    return parse_scenario(f"schema: 1\nid: {name}\ntitle: Test\nmeasures:\n{measures}")


def one_ratio(low: float, central: float, high: float) -> Any:
    """One agreement between Iran and Belarus."""
    return scenario(
        "  - {id: deal, kind: ntb, between: [IRN, BLR], sectors: all, "
        f"size: {{trade_ratio: {{low: {low!r}, central: {central!r}, high: {high!r}}}}}}}\n"
    )


def renamed(world: World, countries: tuple[str, ...], sectors: tuple[str, ...]) -> World:
    """The same world under other labels."""
    arrays = {name: getattr(world, name) for name in (*ARRAYS, "expenditure")}
    return World._frozen((countries, sectors), arrays, "renamed", 2022, "million USD", {})


def autarky_case(theta: float = 4.0) -> tuple[World, Any, float]:
    """One sector, no inputs, no tariffs; nobody trades any more. Real income becomes home share^(1/theta)
    (Arkolakis, Costinot & Rodriguez-Clare 2012). Returns the world, the scenario, Iran's home share."""
    world = renamed(one_sector_world(theta), ("IRN", "BLR", "RUS"), ("AGR",))
    measure = "  - {id: stop, kind: embargo, between: [IRN, BLR, RUS], sectors: all}\n"
    return world, scenario(measure), float(np.asarray(world.trade_share)[0, 0, 0])
