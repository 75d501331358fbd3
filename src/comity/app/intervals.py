"""What low and high of an answer are, in words: a band from draws, a range over choices, or nothing yet."""

from __future__ import annotations

from typing import Any

from comity.outcomes.drawn import DrawnBand
from comity.outcomes.simulate import Outcomes
from comity.report import intervals
from comity.uncertainty.interval import DRAWS, LEVEL

NONE, RANGE, BAND = "none", "range", "band"
INSIDE = f"in {100 * LEVEL:g} of 100 draws"  # report/intervals.py says the same
BEFORE_ENDS = {RANGE: "range", BAND: INSIDE, NONE: ""}  # what stands before "a to b"
HEADS = {RANGE: " [range]", BAND: f" [{INSIDE}]", NONE: ""}
ALONE = "The central combination alone; the range over elasticity sets, closures and sizes is not computed yet."
OF_CHOICES = "lowest and highest over the elasticity sets, closures and sizes tried"


def kind_of(outcomes: Outcomes, ranges: bool) -> str:
    """none, range or band."""
    return outcomes.interval.kind if ranges else NONE


def interval(outcomes: Outcomes, ranges: bool) -> dict[str, Any]:
    """Kind, words, and for a band its draws (asked for on each count), seed and level."""
    found = outcomes.interval
    kind = kind_of(outcomes, ranges)
    about: dict[str, Any] = {"kind": kind, "words": ALONE, "draws": None, "seed": None, "level": None,
                             "no_band": outcomes.no_band}  # fmt: skip
    if kind == RANGE:
        about["words"] = f"Range: {OF_CHOICES}; not a band with a probability."
        if outcomes.no_band:
            about["words"] += f" {outcomes.no_band}"
    if isinstance(found, DrawnBand):
        about |= {"words": _band(outcomes, found), "draws": found.asked, "seed": found.seed, "level": found.level}
    return about


def _band(outcomes: Outcomes, found: DrawnBand) -> str:
    each = " on each partner's statistics" if len(outcomes.runs) > 1 else ""
    return (
        f"Band: {INSIDE} the number lies inside; {found.asked} joint draws{each} (seed {found.seed}), "
        f"{intervals.failures(outcomes)} without solution. Drawn: {intervals.kinds(found)}.{_fixed(found)} Not in the "
        "band: the choice of the elasticity set and of what happens to trade deficits; the short ticks are the range, "
        f"{OF_CHOICES}."
    )


def _fixed(found: DrawnBand) -> str:
    return f" Known and not drawn: {'; '.join(found.fixed)}." if found.fixed else ""


__all__ = ["BAND", "BEFORE_ENDS", "DRAWS", "HEADS", "INSIDE", "NONE", "RANGE", "interval", "kind_of"]
