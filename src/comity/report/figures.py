"""The figures of a report: what is drawn, and the files beside the page (SVG, PNG and the rows behind each as CSV)."""

from __future__ import annotations

import base64
import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.outcomes.simulate import Outcomes, label
from comity.report import charts
from comity.report.dossier_page import dossier_figures
from comity.report.drawing import NAMESPACES, Drawer, draw
from comity.report.words import joined

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
Jobs = dict[str, dict[str, Any]]
Drawn = dict[str, dict[str, str]]


def figure_jobs(outcomes: Outcomes, assessment: Assessment | None = None) -> Jobs:
    """Drawing jobs by kind, in the order of the page."""
    bars = charts.bars_data(outcomes)
    flows = charts.flows_data(outcomes)
    text = f"Gains and losses in million USD a year. {finding(bars)}"
    jobs: Jobs = {
        "bars": {"kind": "bars", "rows": bars, "text": text},
        "tile_map": {"kind": "tile_map", "rows": charts.map_data(outcomes), "text": map_text(outcomes)},
    }
    if flows:
        said = f"Goods trade before and after. {charts.flow_finding(flows)}"
        jobs["flows"] = {"kind": "flows", "rows": flows, "text": said}
    sectors = charts.sectors_data(outcomes)
    if sectors:
        said = f"Goods trade by sector before and after. {charts.sector_finding(sectors)}"
        jobs["sectors"] = {"kind": "flows", "rows": sectors, "text": said}
    return jobs | (dossier_figures(assessment) if assessment is not None else {})


def map_text(outcomes: Outcomes) -> str:
    """What the map shows, in words: how many economies gain or lose beyond the smallest class, and who most."""
    rows = [row for row in outcomes.welfare.rows if not row.real_income_low_pct <= 0 <= row.real_income_high_pct]
    seen = [row for row in rows if abs(row.real_income_pct) >= charts.BREAKS_SMALLEST]
    gains = sorted((row for row in seen if row.real_income_pct > 0), key=lambda row: -row.real_income_pct)
    losses = sorted((row for row in seen if row.real_income_pct < 0), key=lambda row: row.real_income_pct)
    said = []
    for rows, word in ((gains, "gain"), (losses, "lose")):
        if rows:
            most = f"{label(rows[0].country)} most"
            said.append(f"{len(rows)} econom{'y gains' if word == 'gain' else 'y loses'}" if len(rows) == 1
                        else f"{len(rows)} economies {word}")  # fmt: skip
            said[-1] += f" at least 0.001 per cent, {most}"
    rest = len(outcomes.welfare.rows) - len(gains) - len(losses)
    said.append(f"for {rest} the change is smaller or its range includes zero")
    return f"Tile map of changes of real income: {'; '.join(said)}."


def draw_all(jobs: Jobs) -> Drawn:
    """Every job drawn wide and narrow, here and now."""
    return {kind: draw(job) for kind, job in jobs.items()}


def send_all(jobs: Jobs, drawer: Drawer) -> None:
    """Hand every job that it does not have yet to the drawing process, PNG included; `collect_all` takes the figures
    back later."""
    known = len(drawer.sent)  # the first ones, in the order of the page
    drawer.send([{**job, "png": True} for job in list(jobs.values())[known:]])


def collect_all(jobs: Jobs, drawer: Drawer) -> Drawn:
    """The figures sent earlier, by kind."""
    return dict(zip(jobs, drawer.collect(), strict=True))


def write_figures(folder: Path, jobs: Jobs, drawn: Drawn) -> None:
    """NAME.svg, NAME.png and NAME.csv of every figure."""
    folder.mkdir()
    for kind, job in jobs.items():
        name = NAMES[kind]
        svg = drawn[kind]["wide"].replace("<svg", f"<svg {NAMESPACES}", 1)
        (folder / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")
        if "png" in drawn[kind]:
            (folder / f"{name}.png").write_bytes(base64.b64decode(drawn[kind]["png"]))
        with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(job["rows"][0]), lineterminator="\n", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(job["rows"])


def finding(bars: list[dict[str, Any]]) -> str:
    """The heading over the bars: who gains most, who loses most."""
    gains = [row for row in bars if row["color"] == "gain" and row["code"] != "rest"]
    losses = [row for row in bars if row["color"] == "loss" and row["code"] != "rest"]

    def first(rows: list[dict[str, Any]], reverse: bool) -> str:
        ranked = sorted(rows, key=lambda row: row["value"], reverse=reverse)
        return joined([row["name"] for row in ranked[:2]])

    if not gains and not losses:
        return "No economy's gain or loss can be told from zero over the choices tried"
    parts = []
    if gains:
        parts.append(f"{first(gains, True)} gain{'s' if len(gains) == 1 else ''} most")
    if losses:
        parts.append(f"{first(losses, False)} lose{'s' if len(losses) == 1 else ''} most")
    return "; ".join(parts)
