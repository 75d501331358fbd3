"""What the low and high of a report's numbers are, in words: a band from draws, or a range over choices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from comity.classifications.countries import spoken
from comity.outcomes.drawn import DrawnBand
from comity.outcomes.simulate import label
from comity.report.words import joined, per_cent, power_of_ten

if TYPE_CHECKING:
    from comity.outcomes.numbers import Number
    from comity.outcomes.simulate import Outcomes

TESTED = ("reached in all combinations tried", "reached in none of the combinations tried")


def noun(outcomes: Outcomes) -> str:
    """band or range."""
    return outcomes.interval.kind


def short(outcomes: Outcomes) -> str:
    """What stands behind a heading of numbers with intervals."""
    found = outcomes.interval
    return f"in {of_a_hundred(found.level)} draws" if isinstance(found, DrawnBand) else (
        "range over elasticity sets, sizes and closures"
    )  # fmt: skip


def of_a_hundred(level: float) -> str:
    """ "90 of 100"."""
    return f"{100 * level:g} of 100"


def paragraph(outcomes: Outcomes) -> str:
    """What the intervals of the page are, how they came about, and what they are not."""
    tried = sum(len(run.range.variants) for run in outcomes.runs)
    failed = len(outcomes.refusals())
    both = ", with both partners’ statistics" if len(outcomes.runs) > 1 else ""
    choices = (
        f"{tried} combinations of elasticity sets, sizes of the measures and treatments of trade deficits{both} "
        f"({failed or 'none'} without solution)"
    )
    found = outcomes.interval
    if not isinstance(found, DrawnBand):
        more = f" {outcomes.no_band}" if outcomes.no_band else ""
        return (
            f"Range: lowest to highest over {choices}. It is a range over choices, not a band with a probability."
            f"{more} Dot: the estimate at central choices; hollow: the range includes zero."
        )
    each = " on each partner’s statistics" if len(outcomes.runs) > 1 else ""
    return (
        f"Band: in {of_a_hundred(found.level)} draws the number lies inside; {found.asked} joint draws{each} (seed "
        f"{found.seed}), {failures(outcomes)} without solution. Drawn: {kinds(found)}. Dot: the estimate with nothing "
        "drawn; hollow: the band includes zero; short ticks: the estimate under other elasticity sets. Not in the "
        f"band: the choice of the elasticity set and of what happens to trade deficits. The range over {choices} "
        "stands under How sure."
    )


def brief(outcomes: Outcomes) -> str:
    """The same in two lines, where verdicts follow and the paragraph stands further down."""
    found = outcomes.interval
    if not isinstance(found, DrawnBand):
        tried = sum(len(run.range.variants) for run in outcomes.runs)
        what = (
            f"Range: lowest to highest over {tried} combinations, {len(outcomes.refusals()) or 'none'} without solution"
        )
        return f"{what}. Dot: the estimate at central choices; hollow: the range includes zero."
    each = " on each partner’s statistics" if len(outcomes.runs) > 1 else ""
    return (
        f"Band: where {of_a_hundred(found.level)} draws lie; {found.asked} joint draws{each}, {failures(outcomes)} "
        "without solution. Dot: the estimate with nothing drawn; hollow: the band includes zero; short ticks: other "
        "elasticity sets."
    )


def failures(outcomes: Outcomes) -> str:
    """How many draws have no solution, with the reasons."""
    found: dict[str, int] = {}
    for run in outcomes.runs:
        for reason, count in (run.band.failures if run.band else {}).items():
            found[reason] = found.get(reason, 0) + count
    if not found:
        return "none"
    return f"{sum(found.values())} ({'; '.join(f'{reason}: {count}' for reason, count in found.items())})"


def kinds(found: DrawnBand) -> str:
    """What was drawn, shortly: elasticities, so many sizes, the rest by name."""
    theta = [text for text in found.drawn if text.startswith("trade elasticities")]
    sizes = [text for text in found.drawn if text in found.sizes]
    rest = [text for text in found.drawn if text not in theta and text not in sizes]
    count = f"{len(sizes)} size{'s' if len(sizes) > 1 else ''} of measures"
    return joined([*theta, *([count] if sizes else []), *rest]) or "nothing"


def lines(outcomes: Outcomes) -> list[str]:
    """Everything a reader may want to know of the bands: sources, what was left out, the range beside them."""
    found = outcomes.interval
    if not isinstance(found, DrawnBand):
        return [outcomes.no_band] if outcomes.no_band else []
    worst = max(run.band.residual for run in outcomes.runs if run.band)
    fixed = f" Known and not drawn: {'; '.join(found.fixed)}." if found.fixed else ""
    return [
        f"Drawn: {'; '.join(found.drawn)}.{fixed}",
        f"Largest residual of the draws: {power_of_ten(worst)}.",
        *(f"Range over choices, {line}." for line in range_lines(outcomes)),
    ]


def range_lines(outcomes: Outcomes, most: int = 4) -> list[str]:
    """Real income of the parties (of those touched most, where none are named) with the range over choices."""
    codes = outcomes.parties or outcomes.others(most)
    low, high = (100 * (end - 1) for end in outcomes.range.of("real_income_hat"))
    rows = []
    for code in codes[:most]:
        n = outcomes.world.country(code)
        value = outcomes.of(code).real_income_pct
        rows.append(f"{label(code)}: {per_cent(value, float(low[n]), float(high[n]))}")
    return rows


def borrowed_lines(outcomes: Outcomes, most: int = 8) -> list[str]:
    """Whose input-output structure is borrowed, as one sentence."""
    names = [spoken(code) for code in outcomes.borrowed()]
    more = f" and {len(names) - most} more parties" if len(names) > most else ""
    said = f"{', '.join(names[:most])}{more}" if more else joined(names)
    return [f"Input-output structure borrowed from other countries: {said}."] if names else []


def reached(outcomes: Outcomes, low: float, high: float, target: float) -> str | None:
    """Whether a target is met with the whole interval or with none of it; None where it is straddled."""
    if low < target <= high:
        return None
    found = outcomes.interval
    if not isinstance(found, DrawnBand):
        return TESTED[0] if low >= target else TESTED[1]
    outer = 50 * (1 + found.level)
    return f"reached in at least {outer:g} of 100 draws" if low >= target else (
        f"reached in fewer than {100 - outer:g} of 100 draws"
    )  # fmt: skip


SETS = {
    "fontagne": "trade elasticities of Fontagné, Guimbard and Orefice (2022), taken as published",
    "fontagne-minus-one": "the same, each less one, as another reading of what they measure has it",
    "caliendo-parro": "trade elasticities of Caliendo and Parro (2015)",
    "uniform-4": "an elasticity of 4 in every sector",
}
DEFICITS = {
    "fixed-deficits": "trade deficits stay as they are in money",
    "balanced": "trade deficits are removed beforehand",
    "deficit-share-of-gdp": "trade deficits stay the same share of GDP",
    "multiplicative-deficits": "trade deficits move with income",
    "targets-balanced": "trade deficits of the targets are removed beforehand",
}


def names(outcomes: Outcomes) -> list[str]:
    """The elasticity sets and the closures of the range, each with what it means."""
    choices = [variant.choice for variant in outcomes.range.variants]
    told = []
    for head, words, used in (
        ("Elasticity sets", SETS, [choice.elasticities for choice in choices]),
        ("Treatments of trade deficits", DEFICITS, [choice.closure for choice in choices]),
    ):
        known = [f"{name}: {words[name]}" for name in dict.fromkeys(used) if name in words]
        told += [f"{head}. {'; '.join(known)}."] if known else []
    return told


def without_band(outcomes: Outcomes) -> Outcomes:
    """The same outcomes with ranges as intervals."""
    return replace(outcomes, runs=tuple(replace(run, band=None) for run in outcomes.runs))


def sets(outcomes: Outcomes) -> list[tuple[str, Any]]:
    """The central choice under every other elasticity set, where it has a solution: (name, Variant)."""
    here = outcomes.choice
    return [
        (variant.choice.elasticities, variant)
        for variant in outcomes.range.solved
        if (variant.choice.level, variant.choice.closure) == ("central", here.closure)
        and variant.choice.elasticities != here.elasticities
    ]


def interval_json(outcomes: Outcomes) -> dict[str, Any] | None:
    """What was drawn on each count, for programs; None without draws."""
    found = [run for run in outcomes.runs if run.band is not None]
    if not found:
        return None
    return {
        "level": found[0].band.level if found[0].band else None,
        "seed": found[0].band.seed if found[0].band else None,
        "counts": [
            {"count": run.count.name if run.count else None, "asked": run.band.asked, "draws": len(run.band.solved),
             "failures": dict(run.band.failures), "residual": run.band.residual}
            for run in found if run.band is not None
        ],
        "drawn": list(found[0].band.drawn) if found[0].band else [],
        "not_drawn": list(found[0].band.fixed) if found[0].band else [],
    }  # fmt: skip


def ranges(outcomes: Outcomes) -> list[Number]:
    """The key numbers with their ranges over choices, where bands stand in their place."""
    return without_band(outcomes).key_numbers() if noun(outcomes) == "band" else []
