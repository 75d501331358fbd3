"""The figures of a report: what is drawn, and the files beside the page (SVG, PNG and the rows behind each as CSV)."""

from __future__ import annotations

import base64
import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.classifications.countries import spoken
from comity.outcomes.simulate import Outcomes
from comity.report import charts
from comity.report.dossier_page import dossier_figures
from comity.report.drawer import Drawer
from comity.report.drawing import NAMESPACES, draw
from comity.report.sectors import sector_finding, sectors_data
from comity.report.words import joined, two_digits
from comity.scenario.explain import capital

if TYPE_CHECKING:
    from comity.dossier.assess import Assessment

NAMES = {
    "bars": "gains-and-losses",
    "tile_map": "map",
    "flows": "trade",
    "sectors": "trade-by-sector",
    "ruler": "ruler",
    "monitor": "over-time",
}
UNITS = {  # what the columns of a figure's CSV mean; INTERVAL: which interval low and high are the ends of
    "bars": "value, low, high: equivalent variation, million USD a year; low and high: INTERVAL",
    "tile_map": "real income: per cent; low and high: INTERVAL; fill: its class; column, line: seat",
    "flows": "before, after, low, high: goods, million USD a year; low and high of after: INTERVAL",
    "sectors": "before, after: goods, million USD a year, central estimate",
    "ruler": "value, low, high: size of the change of real income, per cent; low, high: of `interval`; change: signed",
    "monitor": "value, low, high: goods both ways, million USD a year; year: middle of the period",
}
COUNTED = {0: "none", 1: "one"}
Jobs = dict[str, dict[str, Any]]
Drawn = dict[str, dict[str, str]]


def figure_jobs(outcomes: Outcomes, assessment: Assessment | None = None) -> Jobs:
    """Drawing jobs by kind, in the order of the page."""
    bars = charts.bars_data(outcomes)
    flows = charts.flows_data(outcomes)
    text = f"Ranked bars of gains and losses a year. {finding(bars)}."
    jobs: Jobs = {
        "bars": {"kind": "gains", "rows": bars, "text": text},
        "tile_map": {"kind": "tile_map", "rows": charts.map_data(outcomes), "text": map_text(outcomes)},
    }
    if flows:
        said = f"Goods trade before and after. {charts.flow_finding(flows)}."
        jobs["flows"] = {"kind": "flows", "rows": flows, "text": said}
    by_sector = sectors_data(outcomes)
    if by_sector:
        said = f"Goods trade by sector before and after. {sector_finding(by_sector)}."
        jobs["sectors"] = {"kind": "sector_panels", "rows": by_sector, "text": said}
    return jobs | (dossier_figures(assessment) if assessment is not None else {})


def map_text(outcomes: Outcomes) -> str:
    """What the map shows, in words: the finding, who gains and loses most, how many are in the class of zero."""
    gains, losses = _seen(outcomes)
    most = [f"{spoken(rows[0].country)} {word} most" for rows, word in ((gains, "gains"), (losses, "loses")) if rows]
    rest = len(outcomes.welfare.rows) - len(gains) - len(losses)
    said = [map_finding(outcomes), *([f"By per cent, {joined(most)}"] if len(gains) + len(losses) > 1 else []),
            f"For {rest} economies the change is smaller or its {outcomes.interval.kind} includes zero"]  # fmt: skip
    return f"Tile map of changes of real income. {'. '.join(said)}."


def map_finding(outcomes: Outcomes) -> str:
    """The heading over the map: whose real income changes by more than its smallest class; whose interval includes zero
    is left out, and the words say so."""
    gains, losses = _seen(outcomes)
    if not gains and not losses:
        return "No economy's real income changes by 0.001 per cent or more beyond the noise"
    names = [spoken(row.country) for row in (*gains, *losses)]
    if len(names) <= 3:
        whose = joined([f"{name}'s" for name in names])
        return f"Only {whose} real income changes by 0.001 per cent or more beyond the noise"
    parts = [f"{COUNTED.get(len(rows), len(rows))} {word}{'s' if len(rows) < 2 else ''}" for rows, word in
             ((gains, "gain"), (losses, "lose"))]  # fmt: skip
    count = len(outcomes.welfare.rows)
    return f"Of {count} economies, {joined(parts)} at least 0.001 per cent of real income beyond the noise"


def _seen(outcomes: Outcomes) -> tuple[list[Any], list[Any]]:
    """Who gains and who loses more than the smallest class of the map, by per cent, largest first."""
    rows = [row for row in outcomes.welfare.rows if not row.real_income_low_pct <= 0 <= row.real_income_high_pct]
    seen = [row for row in rows if abs(row.real_income_pct) >= charts.BREAKS_SMALLEST]
    gains = sorted((row for row in seen if row.real_income_pct > 0), key=lambda row: -row.real_income_pct)
    losses = sorted((row for row in seen if row.real_income_pct < 0), key=lambda row: row.real_income_pct)
    return gains, losses


def draw_all(jobs: Jobs, *, png: bool = False) -> Drawn:
    """Every job drawn wide and narrow, here and now; with `png` also as that."""
    return {kind: draw({**job, "png": png}) for kind, job in jobs.items()}


def send_all(jobs: Jobs, drawer: Drawer) -> None:
    """Hand every job that it does not have yet to the drawing process, PNG included; `collect_all` takes the figures
    back later."""
    known = len(drawer.sent)  # the first ones, in the order of the page
    drawer.send([{**job, "png": True} for job in list(jobs.values())[known:]])


def collect_all(jobs: Jobs, drawer: Drawer) -> Drawn:
    """The figures sent earlier, by kind."""
    return dict(zip(jobs, drawer.collect(), strict=True))


def write_figures(folder: Path, jobs: Jobs, drawn: Drawn, interval: str) -> None:
    """NAME.svg, NAME.png and NAME.csv of every figure; `interval` : what its low and high are."""
    folder.mkdir()
    for kind, job in jobs.items():
        name = NAMES[kind]
        svg = drawn[kind]["wide"].replace("<svg", f"<svg {NAMESPACES}", 1)
        (folder / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")
        if "png" in drawn[kind]:
            (folder / f"{name}.png").write_bytes(base64.b64decode(drawn[kind]["png"]))
        with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            file.write(f"# {job['text']}\n# {UNITS[kind].replace('INTERVAL', interval)}\n")
            writer = csv.DictWriter(file, list(job["rows"][0]), lineterminator="\n", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(job["rows"])


def finding(bars: list[dict[str, Any]]) -> str:
    """The heading over the bars: who gains most, who loses most, how much."""
    named = [row for row in bars if row["code"] != "rest"]
    gains = sorted((row for row in named if row["color"] == "gain"), key=lambda row: -row["value"])[:2]
    losses = sorted((row for row in named if row["color"] == "loss"), key=lambda row: row["value"])[:2]
    if not gains and not losses:
        return "No economy's gain or loss can be told from zero"
    parts = []
    for rows, one, many in ((gains, "gains", "gain"), (losses, "loses", "lose")):
        if rows:
            verb = one if len(rows) == 1 else many
            parts.append(f"{joined([spoken(row['code']) for row in rows])} {verb} most, {_amounts(rows)}")
    return capital(f"{'; '.join(parts)} a year")


def _amounts(rows: list[dict[str, Any]]) -> str:
    """Gains or losses in prose in one unit, without sign: the verb says it."""
    sizes = [abs(row["value"]) for row in rows]
    scale, unit = (1000, "billion USD") if max(sizes) >= 1000 else (1, "million USD")
    return f"{joined([two_digits(size / scale) for size in sizes])} {unit}"
