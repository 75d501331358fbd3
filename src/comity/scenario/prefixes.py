"""The shock of the first measure, of the first two, and so on: what each measure adds in the order of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from comity.benchmark.world import World
from comity.scenario.build import build
from comity.scenario.combine import combine
from comity.scenario.compile import make_setting, make_shock
from comity.scenario.sizes import Level

if TYPE_CHECKING:
    from comity.equilibrium.shock import Shock
    from comity.scenario.observed import FoundWedge
    from comity.scenario.schema import Scenario


def prefix_shocks(
    world: World,
    scenario: Scenario,
    year: int | None = None,
    level: Level = "central",
    found: Sequence[FoundWedge] = (),
) -> list[tuple[str, Shock]]:
    """(id of the measure, Shock of all measures up to it) in file order, for a scenario that compiles as a whole.
    found : wedges of the measures sized by what was observed."""
    setting = make_setting(world, scenario, year, level, None, found)
    shocks, effects = [], []
    for index, measure in enumerate(scenario.measures):
        effects += build(setting, index)
        shocks.append((measure.id, make_shock(world, combine(world, effects))))
    return shocks
