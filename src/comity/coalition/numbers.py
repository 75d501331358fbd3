"""The numbers of a game for programs: one list with intervals, and everything as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from comity.coalition.stability import words
from comity.coalition.study import SMALL
from comity.outcomes.numbers import SCHEMA_VERSION, Number

if TYPE_CHECKING:
    from comity.coalition.result import CoalitionResult

MONEY = "million USD a year"
RANGE_WORDS = "lowest to highest over elasticity sets, sizes and closures"


def key_numbers(result: CoalitionResult) -> list[Number]:
    """Gains, contributions and Shapley values of the members, the value of the whole, shares recovered."""
    year, beside, central, found = result.world.base_year, result.intervals, result.central, []
    n = len(result.names)

    def add(what: str, who: str, value: float, name: str, like: Any, place: Any, unit: str = MONEY) -> None:
        kind = beside.kind(name, like)
        low, high = (float(end[place]) for end in beside.shown(name, like))
        sure = kind != "none" and np.isfinite(low)
        about = result.status(result.names if who == "all members" else [who])
        kind = kind if sure else "none"
        found.append(Number(what, who, value, low if sure else None, high if sure else None, kind, unit, year, about,
                            level_of(result, kind)))  # fmt: skip

    add(f"value ({result.game.players.value})", "all members", central.whole, "whole", np.array(central.whole), ())
    gains = central.gain[:n]
    for k, player in enumerate(result.names):
        add("equivalent variation", player, float(gains[k]), "gain", gains, k)
        add("alone", player, float(central.alone[k]), "alone", central.alone, k)
        add("last to join", player, float(central.last[k]), "last", central.last, k)
        add("Shapley value", player, float(result.theory.shapley[k]), "shapley", central.shapley, k)
    for row in result.recovered.rows:
        if row.size != "all" or not np.isfinite(row.share):
            continue
        kind = "band" if np.isfinite(row.band_low) else "range" if np.isfinite(row.range_low) else "none"
        ends = {"band": (row.band_low, row.band_high), "range": (row.range_low, row.range_high)}.get(kind)
        found.append(Number("share of the regime's loss recovered", row.player, 100 * row.share,
                            100 * ends[0] if ends else None, 100 * ends[1] if ends else None, kind, "per cent",
                            year, result.status([row.player]), level_of(result, kind)))  # fmt: skip
    return found


def as_json(result: CoalitionResult) -> dict[str, Any]:
    """Settings, numbers and every table, in plain JSON types; a number that is none is null."""
    theory = result.theory
    centre = None
    if theory.core is not None:
        centre = {
            "empty": theory.core.empty,
            "excess": theory.core.excess,
            "point": dict(zip(result.names, theory.core.point.tolist(), strict=True)),
        }
    tables = ("contributions", "stability", "core", "partners", "frontier", "steps", "transfers", "bystanders",
              "potential", "recovered", "published", "counts", "coalitions")  # fmt: skip
    return {
        "schema_version": SCHEMA_VERSION,
        "game": result.game.id,
        "value": result.game.players.value,
        "world": result.world.name,
        "elasticities": result.study.choice.elasticities,
        "closure": result.study.choice.closure,
        "exact": result.study.exact,
        "orders": theory.sampled.orders if theory.sampled else None,
        "seed": theory.sampled.seed if theory.sampled else None,
        "bands": band_json(result),
        "combinations": result.spread.tried if result.intervals.ranged else 0,
        "without_solution": [f"{choice}: {reason}" for choice, reason in result.spread.refused],
        "core": centre,
        "internally_stable": result.internally_stable,
        "externally_stable": result.externally_stable,
        "stable_coalitions": [words(k, result.names) for k in theory.stable_sets or ()],
        "notes": list(result.notes),
        "numbers": [_plain(number.as_dict()) for number in result.key_numbers()],
        "tables": {name: [_plain(vars(row)) for row in getattr(result, name).rows] for name in tables},
    }


def level_of(result: CoalitionResult, kind: str) -> str:
    """What the ends of an interval are."""
    if kind == "band" and result.band is not None:
        return result.band.words
    return RANGE_WORDS if kind == "range" else "no interval was computed"


def band_json(result: CoalitionResult) -> dict[str, Any] | None:
    """What was drawn, for programs; None without draws."""
    band = result.band
    if band is None:
        return {"none": result.no_band} if result.no_band else None
    return {
        "level": band.level, "seed": band.seed, "asked": band.asked, "draws": len(band.solved),
        "failures": dict(band.failures), "residual": band.residual, "drawn": list(band.drawn),
        "not_drawn": list(band.fixed), "shapley": shapley_note(result) or "band",
    }  # fmt: skip


def shapley_note(result: CoalitionResult) -> str:
    """Why Shapley values have no band although others do; empty where they have one."""
    if result.band is None or np.isfinite(result.band.of("shapley")[0]).any():
        return ""
    n = result.study.n
    return f"no band: 2^{n} solves per draw would be needed (bands of Shapley values: up to {SMALL} players)"


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in row.items()}
