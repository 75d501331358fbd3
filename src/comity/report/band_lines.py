"""Bands from draws beside a run: lines for the terminal and bands.csv."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from comity.outcomes.simulate import Outcomes, label
from comity.report.folder import write_csv
from comity.report.words import money, per_cent
from comity.uncertainty.bands import Band, Bands, bands

DRAWS, SEED = 200, 1
SHOWN = 8  # economies in the terminal
COUNT = "count"  # group of the source that says whose statistics hold


def bands_of(outcomes: Outcomes, draws: int | None, seed: int | None) -> Bands:
    """Bands of the scenario of a run, on its world, under its settings. Raises as `uncertainty.bands.bands`."""
    choice = outcomes.choice
    return bands(
        outcomes.world, outcomes.scenario, draws=DRAWS if draws is None else draws, seed=SEED if seed is None else seed,
        closure=choice.closure, elasticities=choice.elasticities, year=outcomes.year,
    )  # fmt: skip


def band_lines(found: Bands, outcomes: Outcomes) -> list[str]:
    """Real income of the parties (of those touched most, where a scenario is about all), and how bands were made."""
    codes = outcomes.parties or outcomes.others(SHOWN)
    lines = [f"In {100 * found.level:g} of 100 draws ({found.used} of {found.asked} draws solved, seed {found.seed}):"]
    for code in codes[:SHOWN]:
        income, amount = found.of("real_income_pct", code), found.of("equivalent_variation", code)
        name = label(code)[:1].upper() + label(code)[1:]
        lines.append(
            f"  {name}: real income {per_cent(income.estimate, income.low, income.high)}, "
            f"{money(amount.estimate, amount.low, amount.high, sign=True)} a year"
        )
    lines += [f"  Without solution: {reason}: {count}." for reason, count in found.failures.items()]
    lines += [f"  Drawn: {source.title} ({source.status})." for source in found.sources]
    lines += [f"  Not drawn: {source.title} ({source.status})." for source in found.left_out]
    if _mixed(found):
        lines.append("  Trade of a pair whose statistics differ has no band here: it is shown by count.")
    return lines


def write_bands(found: Bands, folder: Path) -> None:
    """bands.csv: every quantity with its band; pairs whose partners' statistics differ are left out, as said in it."""
    names = ["quantity", "of", "estimate", "low", "high", "level", "unit", "draws"]
    rows = [(b.quantity, b.label, b.estimate, b.low, b.high, b.level, b.unit, b.draws) for b in unmixed(found)]
    notes = [f"# {found.note}"]
    if _mixed(found):
        notes.append("# trade of the pair is left out: its statistics differ, and no band mixes two counts")
    write_csv(folder / "bands.csv", names, rows, notes)


def bands_json(found: Bands) -> dict[str, Any]:
    """Plain JSON types."""
    return {
        "level": found.level,
        "seed": found.seed,
        "draws": found.used,
        "asked": found.asked,
        "failures": found.failures,
        "drawn": {source.name: source.status for source in found.sources},
        "bands": [
            {"quantity": b.quantity, "of": b.label, "estimate": b.estimate, "low": b.low, "high": b.high}
            for b in unmixed(found)
        ],
    }


def unmixed(found: Bands) -> list[Band]:
    """The bands that do not mix two statistical counts."""
    return [band for band in found if not (_mixed(found) and band.quantity.startswith("pair_"))]


def _mixed(found: Bands) -> bool:
    return any(source.group == COUNT for source in found.sources)
