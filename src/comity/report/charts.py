"""The rows behind each figure of the report, and the charts of notebook tables."""

from __future__ import annotations

import csv
from functools import cache, partial
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from comity.classifications.countries import find_country, spoken
from comity.outcomes.simulate import label
from comity.report import drawing, trade_drawing
from comity.report import vega_lite as vl
from comity.report.drawing import ACCENT, BREAKS, CLASSES, TILE_INK, TILE_INK_3, WHITE, WIDE
from comity.report.words import levels, small_per_cent

if TYPE_CHECKING:
    from comity.outcomes.ranges import Variant
    from comity.outcomes.simulate import Outcomes, Table


NOISE = "inside the noise"  # said instead of a per cent where the range includes zero
BREAKS_SMALLEST = 0.001  # per cent: the first class of the map


@cache
def seats() -> dict[str, tuple[int, int]]:
    """(column, row) of every economy on the tile map."""
    text = (resources.files("comity.report") / "tilegrid.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["iso3"]: (int(row["col"]), int(row["row"])) for row in rows}


def bars_data(outcomes: Outcomes) -> list[dict[str, Any]]:
    """Rows of the gains-and-losses figure: parties always, the largest others, the rest summed; at most ten."""
    parties = outcomes.parties
    if len(parties) > 6:
        parties = sorted(parties, key=lambda code: -abs(outcomes.of(code).equivalent_variation))[:5]
    named = parties + outcomes.others(9 - len(parties))
    rows = [_bar(code, label(code), outcomes.of(code), code in outcomes.parties) for code in named]
    rest = [n for n, code in enumerate(outcomes.world.countries) if code not in named]
    low, high = outcomes.interval.over(lambda v: v.equivalent_variation[rest].sum())  # type: ignore[index]
    total = float(outcomes.welfare.columns["equivalent_variation"][rest].sum())
    rows.sort(key=lambda row: -row["value"])
    rows.append(
        {"code": "rest", "name": f"{len(rest)} others together", "value": total, "low": low, "high": high,
         "percent": NOISE if low <= 0 <= high else "", "party": False, "color": _tone(low, high, total)}
    )  # fmt: skip
    return rows


def _bar(code: str, name: str, row: Any, party: bool) -> dict[str, Any]:
    low, high, value = row.equivalent_variation_low, row.equivalent_variation_high, row.equivalent_variation
    tone = _tone(low, high, value)
    return {
        "code": code, "name": name[:1].upper() + name[1:],
        "value": float(value), "low": float(low), "high": float(high),
        "percent": NOISE if tone == "noise" else small_per_cent(row.real_income_pct), "party": party, "color": tone,
    }  # fmt: skip


def _tone(low: float, high: float, value: float) -> str:
    """gain, loss, or noise where the range includes zero."""
    if low <= 0 <= high:
        return "noise"
    return "gain" if value > 0 else "loss"


def map_data(outcomes: Outcomes) -> list[dict[str, Any]]:
    """Tiles of the map: seat, class colour, party; a range that includes zero is class zero."""
    rows = []
    for row in outcomes.welfare.rows:
        if row.country not in seats():
            continue
        column, line = seats()[row.country]
        sure = not row.real_income_low_pct <= 0 <= row.real_income_high_pct
        rank = int(np.searchsorted(BREAKS, row.real_income_pct if sure else 0.0))
        rows.append(
            {"code": row.country, "real_income_pct": row.real_income_pct, "low_pct": row.real_income_low_pct,
             "high_pct": row.real_income_high_pct, "column": column, "line": line, "fill": CLASSES[rank],
             "party": row.country in outcomes.parties, "ink": _tile_ink(rank)}
        )  # fmt: skip
    return rows


def _tile_ink(rank: int) -> str:
    """Ink of a tile's code that reads on its class in light and in dark."""
    if rank in (0, 7, 8):
        return WHITE
    return TILE_INK_3 if rank == 1 else TILE_INK


def flows_data(outcomes: Outcomes, most: int = 8) -> list[dict[str, Any]]:
    """Directed goods flows before and after: those among the parties first, else the ones that change most."""
    everything = outcomes.diversion.rows
    touched = {(importer, exporter) for importer, exporter in outcomes.compiled.pairs}
    inside = [row for row in everything if row.among_parties and (row.destination, row.origin) in touched]
    chosen = inside or everything
    if len(chosen) > most:
        chosen = sorted(chosen, key=lambda row: -abs(row.change))[:most]
    world = outcomes.world
    rows = []
    for row in chosen:
        n, i = world.country(row.destination), world.country(row.origin)
        name = f"{label(row.origin)} to {label(row.destination)}"
        low, high = outcomes.interval.over(partial(_ratio, n, i))
        rows.append(
            {"name": name[:1].upper() + name[1:], "before": row.before, "after": row.after,
             "low": float(row.before * low), "high": float(row.before * high)}
        )  # fmt: skip
    return sorted(rows, key=lambda row: -row["after"])


def _ratio(importer: int, exporter: int, variant: Variant) -> float:
    assert variant.goods_ratio is not None
    return float(variant.goods_ratio[importer, exporter])


def flow_finding(flows: list[dict[str, Any]]) -> str:
    """The heading over the trade figure."""
    if not flows:
        return ""
    most = max(flows, key=lambda row: abs(row["after"] - row["before"]))
    verb = "grows" if most["after"] >= most["before"] else "falls"
    return f"Goods trade from {_in_a_sentence(most['name'])} {verb} from {levels(most['before'], most['after'])} a year"


def _in_a_sentence(flow: str) -> str:
    """The name of a flow after "from": with the articles that its row in the figure has no room for."""
    ends = [find_country(end) for end in flow.split(" to ")]
    named = zip(ends, flow.split(" to "), strict=True)
    said = " to ".join(spoken(code) if code else name for code, name in named)
    return said.replace("The rest of", "the rest of", 1)


def plot_table(table: Table) -> Any:
    """The chart of a table of Outcomes, for notebooks."""
    outcomes = table.outcomes
    if table.name == "welfare":
        return vl.altair_chart(drawing.bars(bars_data(outcomes), WIDE))
    if table.name in ("trade", "diversion", "totals"):
        return vl.altair_chart(trade_drawing.flows(flows_data(outcomes), WIDE))
    column = {"prices": "price_pct", "production": "change", "revenue": "tariff_revenue_after"}.get(
        table.name, "equivalent_variation"
    )
    frame = table.frame
    chosen = frame[frame["country"].isin(outcomes.parties)] if outcomes.parties else frame
    chosen = chosen.reindex(chosen[column].abs().sort_values(ascending=False).index).head(20)
    keys = [name for name in ("country", "measure", "part", "partner", "sector") if name in chosen]
    rows: list[dict[str, Any]] = []
    for _, row in chosen.iterrows():
        rows.append({"name": " ".join(str(row[k]) for k in keys), "value": float(row[column])})  # noqa: PERF401
    chart = (
        vl.chart(vl.held(rows), width=400, height=vl.step(20))
        .mark("bar", color=ACCENT, aria=False)
        .encode(x=vl.field("value:Q", title=column), y=vl.field("name:N", sort=None, title=None))
    )
    return vl.altair_chart(drawing.configured(chart))
