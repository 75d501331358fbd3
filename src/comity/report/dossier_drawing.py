"""Charts of a dossier report: the ruler of small effects, and what was promised, predicted and observed."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

from comity.report.drawing import (
    ACCENT,
    GAIN,
    INK,
    INK2,
    INK3,
    LOSS,
    PAPER,
    RULE2,
    SIDE,
    WIDE,
    beside,
    configured,
    held,
    named_axis,
    names_above,
)

DECADES = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0]  # per cent
TIMES = [(1 / 5256, "1 minute"), (60 / 5256, "1 hour"), (1440 / 5256, "1 day"), (7 * 1440 / 5256, "1 week")]
SPARSE = ("1 minute", "1 hour", "1 day")  # of a narrow drawing: day and week would touch
PANEL = 344
HEIGHT, LINE = 230, 15  # of a panel, and of a line of words in it, in pixels
ENDS = {"no deal": "without it"}  # words at the ends of lines, where they are not the kind itself
SMALLEST, LARGEST = 1e-4, 20.0


def ruler(rows: list[dict[str, Any]], width: int) -> Any:
    """Changes of real income on one logarithmic ruler in per cent, each step ten times the last; above it the same
    as time: a year has 525,600 minutes. Rows: name, value, low, high (sizes, positive), said, color (see `bars`)."""
    import altair as alt

    wide = beside(rows, width)
    plot = width - (SIDE + 125 if wide else 12)
    shown = [
        {**row, "low": max(row["low"], SMALLEST), "high": max(row["high"], SMALLEST), "at": max(row["value"], SMALLEST)}
        for row in rows
    ]
    top = max([1.0, *(row["high"] for row in shown)]) * 1.3
    scale = alt.Scale(type="log", domain=[SMALLEST, top], nice=False)
    axis = alt.Axis(values=[d for d in DECADES if d <= top], labelExpr="datum.value + ' %'", tickSize=6, grid=wide,
                    labelAngle=0, labelOverlap=False, labelFlush=False)  # fmt: skip
    title = "change of real income, per cent (each step ten times the last)"
    x = alt.X("at:Q", scale=scale, title=title if wide else "per cent, each step ten times the last", axis=axis)
    y = named_axis(shown, wide)
    color = alt.Color(
        "color:N", scale=alt.Scale(domain=["gain", "loss", "noise"], range=[GAIN, LOSS, RULE2]), legend=None
    )
    base = alt.Chart(width=plot, height=alt.Step(38 if wide else 44))
    times = [{"at": at, "word": word} for at, word in TIMES if SMALLEST < at < top and (wide or word in SPARSE)]
    clock = alt.Chart(held(times), width=plot, height=16)
    words = clock.mark_text(fontSize=12, color=INK3, aria=False).encode(
        x=alt.X("at:Q", scale=scale, axis=None), text=alt.Text("word:N")
    )
    marks = [
        base.mark_rule(strokeWidth=6, opacity=0.35, aria=False).encode(
            x=alt.X("low:Q"), x2=alt.X2("high:Q"), y=y, color=color
        ),
        base.transform_filter("datum.color != 'noise'")
        .mark_point(filled=True, size=80, opacity=1, aria=False)
        .encode(x=x, y=y, color=color),
        base.transform_filter("datum.color == 'noise'")
        .mark_point(filled=True, fill=PAPER, stroke=INK3, size=70, opacity=1, aria=False)
        .encode(x=x, y=y),
    ]
    if wide:
        side = base.mark_text(align="left", color=INK2, aria=False)
        marks.append(side.encode(y=y, text=alt.Text("said:N"), x=alt.XValue(plot + 12)))
    else:
        marks += names_above(base, y, plot, "said")
    return configured(alt.vconcat(words, alt.layer(*marks, data=held(shown)), spacing=2))


def monitor(rows: list[dict[str, Any]], width: int) -> Any:
    """One panel a statistical count, same axes. Rows: count, kind (observed, predicted, no deal, promised, signed),
    year (decimal), value, low, high, text."""
    import altair as alt

    counts = list(dict.fromkeys(row["count"] for row in rows))
    values = [row[key] for row in rows for key in ("value", "low", "high") if row.get(key) is not None]
    years = [row["year"] for row in rows]
    inner = PANEL - 64 if width == WIDE else width - 64
    # room at the right for the words at the ends of the lines
    x_scale = alt.Scale(domain=[min(years) - 0.3, max(years) + 2.6], nice=False)
    top = 1.12 * max(values)
    panels = [_panel(alt, [r for r in rows if r["count"] == name], name, x_scale, top, inner) for name in counts]
    joined = alt.hconcat(*panels, spacing=18) if width == WIDE else alt.vconcat(*panels, spacing=18)
    return configured(joined)


def _panel(alt: Any, rows: list[dict[str, Any]], name: str, x_scale: Any, top: float, width: int) -> Any:
    y_scale = alt.Scale(domain=[0, top], nice=False)
    years = [row["year"] for row in rows if row["kind"] != "signed"]
    first, last = ceil(min(years)), floor(max(years))  # no ticks where only the words at the lines' ends stand
    ticks = alt.Axis(format="d", values=list(range(last, first - 1, -2 if last - first > 4 else -1)), grid=False)
    x = alt.X("year:Q", scale=x_scale, title=None, axis=ticks)
    y = alt.Y("value:Q", scale=y_scale, title="million USD a year", axis=alt.Axis(tickCount=5))

    def of(kind: str) -> Any:
        return alt.Chart(held(row for row in rows if row["kind"] == kind), width=width, height=HEIGHT)

    predicted = of("predicted")
    layers = [
        predicted.mark_area(color=ACCENT, opacity=0.18, aria=False).encode(
            x=x, y=alt.Y("low:Q", scale=y_scale), y2=alt.Y2("high:Q")
        ),
        of("promised").mark_line(color=INK2, strokeDash=[2, 3], strokeWidth=1.4, aria=False).encode(x=x, y=y),
        of("no deal").mark_line(color=RULE2, strokeDash=[6, 4], strokeWidth=1.6, aria=False).encode(x=x, y=y),
        predicted.mark_line(color=ACCENT, strokeWidth=2.2, aria=False).encode(x=x, y=y),
        of("observed").mark_line(color=INK, strokeWidth=1.6, aria=False).encode(x=x, y=y),
        of("observed").mark_point(color=INK, filled=True, size=60, opacity=1, aria=False).encode(x=x, y=y),
        of("signed").mark_rule(color=RULE2, aria=False).encode(x=x),
        of("signed").mark_text(align="right", dx=-5, fontSize=12, color=INK3, aria=False)
        .encode(x=x, y=alt.YValue(6), text=alt.TextValue("signed")),
        _words(alt, rows, x, y, width, top),
    ]  # fmt: skip
    title = alt.TitleParams(name, fontSize=13, color=INK, anchor="start", fontWeight="bold")
    return alt.layer(*layers).properties(title=title)


def _words(alt: Any, rows: list[dict[str, Any]], x: Any, y: Any, width: int, top: float) -> Any:
    """Words at the ends of the lines, moved apart where they would meet on an axis that ends at `top`."""
    ends = []
    for kind in ("promised", "predicted", "no deal"):
        line = [row for row in rows if row["kind"] == kind]
        if line:
            ends.append({**max(line, key=lambda row: row["year"]), "text": ENDS.get(kind, kind)})
    ends.sort(key=lambda row: row["value"])
    gap = top * LINE / HEIGHT
    for k in range(1, len(ends)):
        ends[k]["value"] = max(ends[k]["value"], ends[k - 1]["value"] + gap)
    chart = alt.Chart(held(ends), width=width, height=HEIGHT)
    return chart.mark_text(align="left", dx=6, fontSize=12, color=INK2, aria=False).encode(
        x=x, y=y, text=alt.Text("text:N")
    )
