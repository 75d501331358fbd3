"""Words for a game's numbers: what stands in the brackets, what was drawn, and where no interval was computed."""

from __future__ import annotations

from math import isfinite
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from comity.coalition.numbers import shapley_note
from comity.coalition.result import CoalitionResult, label_of
from comity.report import intervals
from comity.report.words import decimals_for, joined, money, plain, power_of_ten
from comity.scenario.regimes import load_regimes

NOTHING = "no interval was computed"
RANGE = "range over elasticity sets, sizes and closures"


def of_kind(result: CoalitionResult, kind: str) -> str:
    """What stands in the brackets: "in 90 of 100 draws" for a band, what a range is over, or that there is nothing."""
    if kind == "band" and result.band is not None:
        return intervals.short(cast(Any, SimpleNamespace(interval=result.band)))
    return RANGE if kind == "range" else NOTHING


def brackets(result: CoalitionResult) -> str:
    """What stands in the brackets beside the members' numbers."""
    return of_kind(result, _kind(result))


def heading(result: CoalitionResult) -> str:
    """The same above a column: short, empty where there are no brackets."""
    if result.band is not None:
        return f" [{brackets(result)}]"
    return " [range]" if result.intervals.ranged else ""


def ends(row: Any, stem: str = "") -> tuple[float, float] | None:
    """The band of a row of a table, else its range; None where neither was computed."""
    prefix = f"{stem}_" if stem else ""
    for kind in ("band", "range"):
        low, high = (getattr(row, f"{prefix}{kind}_{end}", float("nan")) for end in ("low", "high"))
        if isfinite(low) and isfinite(high):
            return float(low), float(high)
    return None


def amount(value: float, between: tuple[float, float] | None, *, sign: bool = False) -> str:
    """Money with its interval in brackets, or alone."""
    return money(value, *(between or ()), sign=sign)


def figure(value: float, between: tuple[float, float] | None, *, sign: bool = False) -> str:
    """A bare number with its interval in brackets; decimals by the width of the interval, two at most."""
    if between is None:
        return plain(value, 1, sign=sign)
    digits = min(decimals_for(between[1] - between[0]), 2)
    inside = ", ".join(plain(end, digits, sign=sign) for end in between)
    return f"{plain(value, digits, sign=sign)} [{inside}]"


def whole_ends(result: CoalitionResult, name: str) -> tuple[float, float] | None:
    """The interval of a number of the grand coalition: whole, target_loss, own_loss."""
    low, high = result.intervals.shown(name, np.array(getattr(result.central, name)))
    return (float(low), float(high)) if np.isfinite(low) else None


def said(result: CoalitionResult, between: tuple[float, float] | None, sign: bool = False) -> str:
    """An interval of money as a clause: ", in 90 of 100 draws 104 to 544 million USD"; empty without one."""
    if between is None:
        return ""
    what = brackets(result) if result.band is not None else "range over choices"
    scale, unit = (1000.0, "billion USD") if max(map(abs, between)) >= 1000 else (1.0, "million USD")
    digits = 2 if scale > 1 else min(decimals_for(between[1] - between[0]), 2)
    low, high = (plain(end / scale, digits, sign=sign) for end in between)
    return f"{what} {low} to {high} {unit}"


def method_lines(result: CoalitionResult) -> list[str]:
    """How the intervals came about, what is not in them, and what has none."""
    band, tried, refused = result.band, result.spread.tried, len(result.spread.refused)
    lines = []
    if band is not None:
        failed = "; ".join(f"{reason}: {count}" for reason, count in band.failures.items())
        lost = f"{sum(band.failures.values())} ({failed})" if failed else "none"
        lines.append(
            f"Band: {brackets(result)} the number lies inside; {band.asked} joint draws (seed {band.seed}), the same "
            f"for every coalition, {lost} without solution; largest residual {power_of_ten(band.residual)}. Drawn: "
            f"{intervals.kinds(band)}. Not drawn: the elasticity set, what happens to trade deficits, candidates, "
            f"and {joined([text.split(' (')[0] for text in band.fixed]) or 'nothing else that is known'}."
        )
        if note := shapley_note(result):
            lines.append(f"Shapley values: {note}.")
        lines += _without_share(result)
    elif result.no_band:
        lines.append(result.no_band)
    if result.intervals.ranged:
        lines.append(
            f"Range over {tried} combinations of elasticity sets, sizes of the measures and closures, "
            f"{refused or 'none'} without solution; it is a range, not a band."
        )
        if band is not None:
            lines += range_lines(result)
    else:
        more = "" if band is not None else " and no band"
        lines.append(f"No range{more} was computed: other elasticity sets, sizes and closures were not tried.")
    return lines


def captions(result: CoalitionResult) -> dict[str, str]:
    """What the pictures show, by name."""
    whisker = {"band": f"whisker: {brackets(result)}; short ticks: the answer under other elasticity sets",
               "range": "whisker: lowest to highest over elasticity sets, sizes and closures",
               "none": "no band or range was computed"}[_kind(result)]  # fmt: skip
    noun = {"band": "band", "range": "range", "none": "interval"}[_kind(result)]
    losing = result.game.players.value != "joint-gain"
    adds = "would be smaller by" if losing else "would lack"
    hollow = "" if _kind(result) == "none" else f" A hollow dot without a bar: the {noun} includes zero."
    bystander = whisker.split("; short ticks")[0]
    return {
        "gains": "What each member itself gains or loses when all take part, million USD a year; at the right the "
        f"change of its real income; {whisker}.{hollow}",
        "contributions": f"What the coalition's value {adds} without this member (adds last), million USD a year; at "
        f"the right its share of the value by Shapley values; {whisker}.{hollow}",
        "frontier": "Each dot is a coalition: what the target loses against what its members lose. Line: those that "
        "none beats, no other takes more at a smaller loss of its own; with more than 15 players those of the greedy "
        "order. Black: all members."
        if losing
        else "Each dot is a coalition: its joint gain against its number of "
        "members. Line: the best coalitions of each size; with more than 15 players those of the greedy order. Black: "
        "all members.",
        "bystanders": f"Gain or loss of economies outside the coalition, million USD a year; {bystander}.{hollow}",
    }


def _kind(result: CoalitionResult) -> str:
    return "band" if result.band is not None else "range" if result.intervals.ranged else "none"


def _without_share(result: CoalitionResult) -> list[str]:
    """Members whose share recovered has no band because the loss is near zero in some draws."""
    lines = []
    assert result.band is not None
    for k, name in enumerate(result.game.recovers):
        none = sum(not np.isfinite(game.recovered[k]) for game in cast(Any, result.band.solved))
        if none:
            lines.append(
                f"Share recovered by {label_of(result, name)}: no band, because in {none} of "
                f"{len(result.band.solved)} draws the regime costs it less than 0.01 per cent."
            )
    return lines


def range_lines(result: CoalitionResult, most: int = 4) -> list[str]:
    """The range beside numbers that are shown with bands: the whole, and what the first members add last."""
    low, high = (float(end) for end in result.intervals.range_of("whole", np.array(result.central.whole)))
    rows = sorted(result.contributions.rows, key=lambda row: -abs(row.last))[:most]
    added = "; ".join(f"{row.name} {figure(row.last, (row.last_range_low, row.last_range_high))}" for row in rows)
    return [f"Range of the value: {money(result.central.whole, low, high)} a year. Of what is added last: {added}."]


def regime_title(name: str, game: Any) -> str:
    """The plain name of a regime, of the package or of the file itself."""
    known = load_regimes()
    own = {regime.id: regime.title for regime in game.regimes if not isinstance(regime, str)}
    title = known[name].title if name in known else own.get(name, name)
    return f"the {title[:1].lower()}{title[1:]}"


def in_per_cent(value: float) -> str:
    """A change of real income."""
    return f"{plain(value, min(decimals_for(abs(value)), 4), sign=True)} %"
