"""Dossiers made in a few lines, on small worlds."""

from __future__ import annotations

from typing import Any

from comity.benchmark.world import World
from comity.dossier.schema import Dossier
from comity.scenario.load import parse_scenario
from tests.helpers import labelled_world

SOURCE = {"id": "article"}

# scenarios whose effects on the labelled world are known by construction
BETTER = "{id: a, kind: productivity, countries: [IRN], sectors: all, size: {hat: 1.02}}"
WORSE = "{id: a, kind: productivity, countries: [IRN], sectors: all, size: {hat: 0.98}}"
CLOSER = "{id: a, kind: ntb, between: [IRN, BLR], size: {hat: {low: 0.98, central: 0.95, high: 0.9}}}"
PHASED = CLOSER[:-1] + ", phase: {from: 2023, to: 2026}}"
FARM = "{id: farm, kind: ntb, between: [IRN, BLR], sectors: [AGR], size: {hat: 0.95}}"
MACHINES = "{id: machines, kind: ntb, between: [IRN, BLR], sectors: [MACH], size: {hat: 1.05}}"
OWN_REGIME = """regimes:
  - {id: own, title: Own, senders: [CHN], targets: [IRN], from: 2012, in_benchmark: {labelled: STATE},
     size: {target_exports: sanction-iran-2012-target-exports, target_imports: sanction-iran-2012-target-imports}}
"""


def scenario(name: str, *measures: str, head: str = "") -> Any:
    """A scenario from measures written on one line each."""
    lines = "".join(f"  - {measure}\n" for measure in measures)
    return parse_scenario(f"schema: 1\nid: {name}\ntitle: {name}\n{head}measures:\n{lines}", name)


def regime(kind: str, state: str) -> Any:
    """A scenario that lifts or imposes a regime of China on Iran."""
    measure = "{id: r, kind: KIND, regime: own}".replace("KIND", kind)
    return scenario("regime", measure, head=OWN_REGIME.replace("STATE", state))


def claim(name: str, **keys: Any) -> dict[str, Any]:
    """A claim; `test` is a mapping."""
    return {"id": name, "statement": f"claim {name}", "source": SOURCE, **keys}


def dossier(scenarios: dict[str, Any], *claims: dict[str, Any], main: str | None = None, **keys: Any) -> Dossier:
    """A dossier whose scenarios are given as objects."""
    made = Dossier.model_validate(
        {
            "schema": "1",
            "type": "dossier",
            "id": "small",
            "title": "A small dossier",
            "main": main or next(iter(scenarios)),
            "sources": [{"id": "article", "title": "An article"}],
            "scenarios": [{"id": name, "use": name} for name in scenarios],
            "claims": list(claims),
            **keys,
        }
    )
    made._scenarios = dict(scenarios)
    return made


def two_counts(factor: float = 2.0) -> World:
    """The labelled world with two counts of the trade of Iran and Belarus: its own, and one `factor` times as large."""
    world = labelled_world()
    goods = world.flow[:3].sum(axis=0)
    rows = []
    for origin, destination in (("IRN", "BLR"), ("BLR", "IRN")):
        value = float(goods[world.country(destination), world.country(origin)])
        for name, setter, inside, scale in (
            ("Iran's count", "IRN", True, 1.0),
            ("Belarus's count", "BLR", False, factor),
        ):
            rows.append(
                {"origin": origin, "destination": destination, "name": name, "setter": setter, "year": "2022",
                 "in_world": inside, "value": scale * value, "source": "made up"}
            )  # fmt: skip
    return world.replace(provenance={**world.provenance, "counts": rows})


def pair_trade(world: World) -> float:
    """Goods trade of Iran and Belarus both ways."""
    goods = world.flow[:3].sum(axis=0)
    return float(goods[0, 1] + goods[1, 0])
