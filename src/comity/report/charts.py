"""Altair charts, one spec for notebook and report; SVG by vl-convert, only token colours, recoloured in dark mode."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from comity.outcomes.simulate import label
from comity.report.words import MINUS, THIN, decimals_for, plain

if TYPE_CHECKING:
    from comity.outcomes.simulate import Outcomes, Table

INK, INK2, INK3 = "#1b1e23", "#4a515b", "#646b76"
RULE, RULE2, ACCENT, ZERO = "#dddcd6", "#8b909a", "#0b5f73", "#e9e9e5"
GAIN, LOSS = "#6a4fa3", "#a85205"
TILE_INK, WHITE = "#1b1e24", "#fffffe"
LOSSES = ("#8c4300", "#d17d1f", "#f2b56d", "#fbe0bf")
GAINS = ("#dcd6ee", "#b0a2d8", "#7a62b3", "#47267f")
BREAKS = (-1.0, -0.1, -0.01, -0.001, 0.001, 0.01, 0.1, 1.0)
CLASSES = (*LOSSES, ZERO, *GAINS)
WIDE, NARROW = 720, 340

# light token -> dark token, for `svg [fill="..."]` rules in the page
DARK = {
    INK: "#ebeae6", INK2: "#b9bdc4", INK3: "#979da7", RULE: "#343a42", RULE2: "#767d88", ACCENT: "#74c7da",
    ZERO: "#2b3037", GAIN: "#a896ea", LOSS: "#e39a50",
    "#8c4300": "#ffc684", "#d17d1f": "#cd8633", "#f2b56d": "#76521f", "#fbe0bf": "#4a3925",
    "#dcd6ee": "#3a3354", "#b0a2d8": "#574a88", "#7a62b3": "#8d7bcb", "#47267f": "#cbbdf8",
}  # fmt: skip


@cache
def seats() -> dict[str, tuple[int, int]]:
    """(column, row) of every economy on the tile map."""
    text = (resources.files("comity.report") / "tilegrid.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["iso3"]: (int(row["col"]), int(row["row"])) for row in rows}


def _configured(chart: Any) -> Any:
    axis = {
        "labelColor": INK3, "titleColor": INK2, "gridColor": RULE, "domainColor": RULE2, "tickColor": RULE2,
        "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "aria": False,
    }  # fmt: skip
    return (
        chart.configure(background="transparent", font="sans-serif", aria=False)
        .configure_view(stroke=None)
        .configure_axis(**axis)
        .configure_text(fontSize=13, color=INK, aria=False)
        .configure_mark(aria=False)
    )


def bars_data(outcomes: Outcomes) -> list[dict[str, Any]]:
    """Rows of the gains-and-losses figure: parties always, the largest others, the rest summed; at most ten."""
    frame = outcomes.welfare.frame.set_index("country")
    parties = [code for code in outcomes.parties if code in frame.index]
    if len(parties) > 6:
        parties = sorted(parties, key=lambda code: -abs(frame.loc[code, "equivalent_variation"]))[:5]
    named = parties + outcomes.others(9 - len(parties))
    rows = []
    for code in named:
        row = frame.loc[code]
        rows.append(_bar(code, label(code), row, code in outcomes.parties))
    rest = [n for n, code in enumerate(frame.index) if code not in named]
    variants = [v.equivalent_variation[rest].sum() for v in outcomes.range.solved if v.equivalent_variation is not None]
    total = float(frame["equivalent_variation"].to_numpy()[rest].sum())
    rows.sort(key=lambda row: -row["value"])
    rows.append(
        {"code": "rest", "name": f"{len(rest)} others together", "value": total, "low": float(min(variants)),
         "high": float(max(variants)), "percent": "", "party": False, "color": _tone(min(variants), max(variants), total)}
    )  # fmt: skip
    return rows


def _bar(code: str, name: str, row: Any, party: bool) -> dict[str, Any]:
    low, high, value = row["equivalent_variation_low"], row["equivalent_variation_high"], row["equivalent_variation"]
    change = row["real_income_pct"]
    return {
        "code": code, "name": name[:1].upper() + name[1:], "value": float(value), "low": float(low), "high": float(high),
        "percent": f"{plain(change, decimals_for(abs(change)), sign=True)}{THIN}%", "party": party,
        "color": _tone(low, high, value),
    }  # fmt: skip


def _tone(low: float, high: float, value: float) -> str:
    """gain, loss, or noise where the range includes zero."""
    if low <= 0 <= high:
        return "noise"
    return "gain" if value > 0 else "loss"


def bars(rows: list[dict[str, Any]], width: int) -> Any:
    """Ranked bars in million USD; whisker is the range; a range that includes zero has a hollow dot and no bar."""
    import altair as alt

    data = alt.Data(values=rows)
    order = [row["name"] for row in rows]
    plot = width - (250 if width == WIDE else 165)
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=170 if width == WIDE else 120, labelColor=INK,
              labelFontSize=13, ticks=False, domain=False))  # fmt: skip
    x = alt.X("value:Q", title="million USD a year", axis=alt.Axis(tickCount=5, labelExpr=_minus()))
    base = alt.Chart(data, width=plot, height=alt.Step(30))
    sure = base.transform_filter("datum.color != 'noise'")
    color = alt.Color("color:N", scale=alt.Scale(domain=["gain", "loss", "noise"], range=[GAIN, LOSS, RULE2]), legend=None)
    layers = [
        sure.mark_bar(size=14, aria=False).encode(x=x, y=y, color=color),
        base.mark_rule(color=INK2, strokeWidth=1.4, aria=False).encode(x="low:Q", x2="high:Q", y=y),
        base.transform_filter("datum.color == 'noise'")
        .mark_point(filled=False, color=INK3, size=50, aria=False)
        .encode(x="value:Q", y=y),
        alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=RULE2, aria=False).encode(x="zero:Q"),
    ]
    text = alt.Chart(data).mark_text(align="left", color=INK2, dx=4, aria=False)
    side = text.encode(y=y.axis(None) if hasattr(y, "axis") else y, text="percent:N", x=alt.value(plot + 2))
    return _configured(alt.layer(*layers, side))


def tile_map(outcomes: Outcomes, width: int) -> Any:
    """Tile map of real-income changes in fixed classes; parties outlined; a range that includes zero is class zero."""
    import altair as alt

    step = 36 if width == WIDE else 17
    rows = []
    for row in outcomes.welfare.frame.itertuples(index=False):
        if row.country not in seats():
            continue
        column, line = seats()[row.country]
        sure = not row.real_income_low_pct <= 0 <= row.real_income_high_pct
        value = row.real_income_pct if sure else 0.0
        rank = int(np.searchsorted(BREAKS, value))
        rows.append(
            {"code": row.country, "x": column * step, "y": line * step, "x2": column * step + step - 2,
             "y2": line * step + step - 2, "fill": CLASSES[rank], "party": row.country in outcomes.parties,
             "ink": WHITE if rank in (0, 7, 8) else TILE_INK,
             "xm": column * step + step / 2 - 1, "ym": line * step + step / 2}
        )  # fmt: skip
    size = {"width": max(r["x2"] for r in rows) + 4, "height": max(r["y2"] for r in rows) + 4}
    data = alt.Data(values=rows)
    scale_x = alt.Scale(domain=[0, size["width"]], nice=False, zero=False)
    scale_y = alt.Scale(domain=[size["height"], 0], nice=False, zero=False)
    place = {
        "x": alt.X("x:Q", axis=None, scale=scale_x), "x2": "x2:Q",
        "y": alt.Y("y:Q", axis=None, scale=scale_y), "y2": "y2:Q",
    }  # fmt: skip
    fill = alt.Fill("fill:N", scale=None, legend=None)
    base = alt.Chart(data, **size)
    layers = [base.mark_rect(aria=False).encode(**place, fill=fill)]
    if width == WIDE:
        layers.append(
            base.mark_text(fontSize=11.5, aria=False).encode(
                x=alt.X("xm:Q", axis=None, scale=scale_x), y=alt.Y("ym:Q", axis=None, scale=scale_y), text="code:N",
                color=alt.Color("ink:N", scale=None, legend=None),
            )
        )  # fmt: skip
    outline = base.transform_filter("datum.party").mark_rect(
        fillOpacity=0, stroke=ACCENT, strokeWidth=2.5, aria=False
    )
    layers.append(outline.encode(**place))
    return _configured(alt.layer(*layers))


def flows_data(outcomes: Outcomes, most: int = 8) -> list[dict[str, Any]]:
    """Directed goods flows before and after: those among the parties first, else the ones that change most."""
    frame = outcomes.diversion.frame
    if not len(outcomes.parties):
        return []
    inside = frame[frame["among_parties"]]
    chosen = inside if 0 < len(inside) <= most else frame.assign(size=frame["change"].abs())
    if "size" in chosen:
        pool = chosen[chosen["among_parties"]] if len(inside) else chosen
        chosen = pool.sort_values("size", ascending=False).head(most)
    world = outcomes.world
    low, high = outcomes.range.of("goods_ratio")
    rows = []
    for row in chosen.itertuples(index=False):
        n, i = world.country(row.destination), world.country(row.origin)
        rows.append(
            {"name": f"{label(row.origin)} to {label(row.destination)}", "before": row.before, "after": row.after,
             "low": float(row.before * low[n, i]), "high": float(row.before * high[n, i])}
        )  # fmt: skip
    return sorted(rows, key=lambda row: -row["after"])


def flows(rows: list[dict[str, Any]], width: int) -> Any:
    """Hollow dot before, filled dot after, range of the after value."""
    import altair as alt

    for row in rows:
        row["name"] = row["name"][:1].upper() + row["name"][1:]
    data = alt.Data(values=rows)
    plot = width - (245 if width == WIDE else 150)
    y = alt.Y("name:N", sort=[row["name"] for row in rows], title=None,
              axis=alt.Axis(labelLimit=220 if width == WIDE else 135, labelColor=INK, labelFontSize=13, ticks=False,
                            domain=False, grid=True))  # fmt: skip
    base = alt.Chart(data, width=plot, height=alt.Step(34))
    x = alt.X("after:Q", title="goods, million USD a year", axis=alt.Axis(tickCount=5), scale=alt.Scale(zero=True))
    return _configured(
        alt.layer(
            base.mark_rule(color=ACCENT, strokeWidth=2, opacity=1, aria=False).encode(x="low:Q", x2="high:Q", y=y),
            base.mark_point(filled=True, color=ACCENT, size=90, opacity=1, aria=False).encode(x=x, y=y),
            base.mark_point(filled=False, color=INK2, size=90, strokeWidth=1.6, aria=False).encode(x="before:Q", y=y),
        )
    )


def _minus() -> str:
    return f"replace(format(datum.value, ',~f'), '-', '{MINUS}')"


def svg(chart: Any, text: str) -> str:
    """The chart as SVG with one accessible name; nothing inside is announced."""
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(chart.to_dict(format="vega-lite"))
    drawn = re.sub(r' aria-[a-z]+="[^"]*"', "", drawn)
    drawn = re.sub(r' role="[^"]*"', "", drawn)
    drawn = re.sub(r' xmlns(:xlink)?="[^"]*"', "", drawn)
    safe = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return drawn.replace("<svg", f'<svg role="img" aria-label="{safe}"', 1)


def plot_table(table: Table) -> Any:
    """The chart of a table of Outcomes, for notebooks."""
    import altair as alt

    outcomes = table.outcomes
    if table.name == "welfare":
        return bars(bars_data(outcomes), WIDE)
    if table.name in ("trade", "diversion", "totals"):
        return flows(flows_data(outcomes), WIDE)
    column = {"prices": "price_pct", "production": "change", "revenue": "tariff_revenue_after"}[table.name]
    frame = table.frame
    chosen = frame[frame["country"].isin(outcomes.parties)] if outcomes.parties else frame
    chosen = chosen.reindex(chosen[column].abs().sort_values(ascending=False).index).head(20)
    keys = [name for name in ("country", "sector") if name in chosen]
    rows = [{"name": " ".join(str(row[k]) for k in keys), "value": float(row[column])} for _, row in chosen.iterrows()]
    return _configured(
        alt.Chart(alt.Data(values=rows), width=400, height=alt.Step(20))
        .mark_bar(color=ACCENT, aria=False)
        .encode(x=alt.X("value:Q", title=column), y=alt.Y("name:N", sort=[r["name"] for r in rows], title=None))
    )
