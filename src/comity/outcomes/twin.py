"""The same question on smoothed trade: where a world has a sibling whose flows structural gravity fitted, both answers.

Flows that are zero stay zero in exact changes, and a thin pair's observed cell is noise; on the sibling neither holds
(Dingel & Tintelnot 2020; docs/worlds.md). It is no better count of a pair's trade: both answers stand side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from comity.benchmark.bundle import SMOOTHED, load_world, smoothed_worlds
from comity.errors import InputError, NoSolutionError
from comity.outcomes.numbers import Number
from comity.outcomes.simulate import Outcomes, simulate

WITHOUT = "no answer on smoothed trade"


@dataclass(frozen=True)
class Twin:
    """One quantity on the world as it is and on its smoothed sibling."""

    quantity: str
    country: str
    plain: Number
    smoothed: Number


@dataclass(frozen=True, eq=False)
class Smoothed:
    """A scenario on the smoothed sibling of its world: quantities side by side, and the share of the measures'
    potential trade that falls on empty flows in each (shares of one). `reason` says why there is no answer."""

    world: str
    rows: tuple[Twin, ...]
    empty_plain: float
    empty_smoothed: float
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types; no number is None."""
        empty = {"plain": self.empty_plain, "smoothed": None if self.reason else self.empty_smoothed}
        rows = [
            {"quantity": r.quantity, "country": r.country, "plain": r.plain.as_dict(), "smoothed": r.smoothed.as_dict()}
            for r in self.rows
        ]
        return {"world": self.world, "reason": self.reason, "rows": rows, "weight_on_empty_flows": empty}


def on_smoothed(outcomes: Outcomes) -> Smoothed | None:
    """The scenario of `outcomes` on the smoothed sibling of its world, under the same settings; None where the world
    has no sibling."""
    name = f"{outcomes.world.name}{SMOOTHED}"
    if name not in smoothed_worlds() or outcomes.compiled.nothing:
        return None
    try:
        twin = simulate(
            load_world(name),
            outcomes.scenario,
            closure=outcomes.choice.closure,
            elasticities=outcomes.choice.elasticities,
            year=outcomes.year,
            all_counts=False,
        )
    except (InputError, NoSolutionError) as refusal:
        text = refusal.message if isinstance(refusal, InputError) else str(refusal)
        return Smoothed(name, (), outcomes.compiled.empty_share, float("nan"), f"{WITHOUT}: {text}")
    rows = [
        Twin("real income", code, _real_income(outcomes, code), _real_income(twin, code))
        for code in outcomes.parties[:8]
    ]
    pair = outcomes.main_pair()
    if pair is not None:
        growth = [_growth(which, pair) for which in (outcomes, twin)]
        rows.append(Twin("goods trade, change", "-".join(pair), *growth))
    return Smoothed(name, tuple(rows), outcomes.compiled.empty_share, twin.compiled.empty_share)


def _real_income(outcomes: Outcomes, code: str) -> Number:
    here = outcomes.world.country(code)  # ranges on both sides: the twin is not drawn
    low, high = (100 * float(end[here] - 1) for end in outcomes.range.of("real_income_hat"))
    return Number(
        "real income",
        code,
        outcomes.of(code).real_income_pct,
        low,
        high,
        "range",
        "per cent",
        outcomes.world.base_year,
        outcomes.status(code),
    )


def _growth(outcomes: Outcomes, pair: tuple[str, str]) -> Number:
    """Change of the pair's goods trade, per cent, on the first count of the world."""
    numbers = outcomes.pair(replace(outcomes.runs[0], band=None), *pair)
    before, after = numbers["before"].estimate, numbers["after"]
    if not before > 0:
        return Number("goods trade, change", after.country, np.nan, None, None, "none", "per cent", None, after.status)
    low, high = ((100 * (end / before - 1)) if end is not None else None for end in (after.low, after.high))
    change = 100 * (after.estimate / before - 1)
    return Number(
        "goods trade, change", after.country, change, low, high, "range", "per cent", after.base_year, after.status
    )
