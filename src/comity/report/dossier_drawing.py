"""Charts of a dossier report: the ruler of small effects, and what was promised, predicted and observed."""

from __future__ import annotations

from typing import Any

from comity.report.drawing import (
    ACCENT,
    GAIN,
    INK,
    INK2,
    INK3,
    LOSS,
    RULE2,
    WIDE,
    configured,
)

DECADES = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0]  # per cent
TIMES = [(1 / 5256, "minute"), (60 / 5256, "hour"), (1440 / 5256, "day"), (7 * 1440 / 5256, "week")]
PANEL = 344
SMALLEST, LARGEST = 1e-4, 20.0


def ruler(rows: list[dict[str, Any]], width: int) -> Any:
    """Changes of real income on one logarithmic ruler in per cent, each step ten times the last; above it the same as
    time: a year has 525,600 minutes. Rows: name, value, low, high (sizes, positive), color gain, loss or noise."""
    import altair as alt

    plot = width - (250 if width == WIDE else 150)
    shown = [
        {**row, "low": max(row["low"], SMALLEST), "high": max(row["high"], SMALLEST), "at": max(row["value"], SMALLEST)}
        for row in rows
    ]
    top = max([1.0, *(row["high"] for row in shown)]) * 1.3
    scale = alt.Scale(type="log", domain=[SMALLEST, top], nice=False)
    data = alt.Data(values=shown)
    axis = alt.Axis(values=[d for d in DECADES if d <= top], labelExpr="datum.value + ' %'", tickSize=8, grid=True,
                    labelAngle=0, labelOverlap=True)  # fmt: skip
    title = "change of real income, per cent (each step ten times the last)" if width == WIDE else "per cent"
    x = alt.X("at:Q", scale=scale, title=title, axis=axis)
    y = alt.Y("name:N", sort=[row["name"] for row in shown], title=None,
              axis=alt.Axis(labelLimit=230 if width == WIDE else 140, labelColor=INK, labelFontSize=13, ticks=False,
                            labelExpr="datum.label" if width == WIDE else "split(datum.label, ', ')",
                            domain=False))  # fmt: skip
    color = alt.Color(
        "color:N", scale=alt.Scale(domain=["gain", "loss", "noise"], range=[GAIN, LOSS, RULE2]), legend=None
    )
    base = alt.Chart(data, width=plot, height=alt.Step(34 if width == WIDE else 42))
    times = [{"at": at, "word": word} for at, word in TIMES if SMALLEST < at < top]
    if width != WIDE:
        times = [row for row in times if row["word"] in ("minute", "day")]
    clock = alt.Chart(alt.Data(values=times), width=plot, height=16)
    words = clock.mark_text(fontSize=12, color=INK3, aria=False).encode(
        x=alt.X("at:Q", scale=scale, axis=None), text="word:N"
    )
    bars = base.mark_rule(strokeWidth=6, opacity=0.35, aria=False).encode(x="low:Q", x2="high:Q", y=y, color=color)
    dots = (
        base.transform_filter("datum.color != 'noise'")
        .mark_point(filled=True, size=80, opacity=1, aria=False)
        .encode(x=x, y=y, color=color)
    )
    hollow = (
        base.transform_filter("datum.color == 'noise'")
        .mark_point(filled=False, size=70, color=INK3, aria=False)
        .encode(x=x, y=y)
    )
    return configured(alt.vconcat(words, alt.layer(bars, dots, hollow), spacing=2))


def monitor(rows: list[dict[str, Any]], width: int) -> Any:
    """One panel a statistical count, same axes. Rows: count, kind (observed, predicted, no deal, promised, signed),
    year (decimal), value, low, high, text."""
    import altair as alt

    counts = list(dict.fromkeys(row["count"] for row in rows))
    values = [row[key] for row in rows for key in ("value", "low", "high") if row.get(key) is not None]
    years = [row["year"] for row in rows]
    inner = PANEL - 60 if width == WIDE else width - 60
    # room at the right for the words at the ends of the lines
    x_scale = alt.Scale(domain=[min(years) - 0.3, max(years) + 2.6], nice=False)
    y_scale = alt.Scale(domain=[0, 1.12 * max(values)], nice=False)
    panels = [_panel(alt, [r for r in rows if r["count"] == name], name, (x_scale, y_scale), inner) for name in counts]
    joined = alt.hconcat(*panels, spacing=18) if width == WIDE else alt.vconcat(*panels, spacing=18)
    return configured(joined)


def _panel(alt: Any, rows: list[dict[str, Any]], name: str, scales: tuple[Any, Any], width: int) -> Any:
    ticks = alt.Axis(format="d", tickMinStep=1, tickCount=5, grid=False)
    x = alt.X("year:Q", scale=scales[0], title=None, axis=ticks)
    y = alt.Y("value:Q", scale=scales[1], title="million USD a year", axis=alt.Axis(tickCount=5))

    def of(kind: str) -> Any:
        return alt.Chart(alt.Data(values=[row for row in rows if row["kind"] == kind]), width=width, height=230)

    predicted = of("predicted")
    layers = [
        predicted.mark_area(color=ACCENT, opacity=0.18, aria=False).encode(
            x=x, y=alt.Y("low:Q", scale=scales[1]), y2="high:Q"
        ),
        of("promised").mark_line(color=INK2, strokeDash=[2, 3], strokeWidth=1.4, aria=False).encode(x=x, y=y),
        of("no deal").mark_line(color=RULE2, strokeDash=[6, 4], strokeWidth=1.6, aria=False).encode(x=x, y=y),
        predicted.mark_line(color=ACCENT, strokeWidth=2.2, aria=False).encode(x=x, y=y),
        of("observed").mark_line(color=INK, strokeWidth=1.6, aria=False).encode(x=x, y=y),
        of("observed").mark_point(color=INK, filled=True, size=60, opacity=1, aria=False).encode(x=x, y=y),
        of("signed").mark_rule(color=RULE2, aria=False).encode(x=x),
        _words(alt, rows, x, y, width),
    ]  # fmt: skip
    title = alt.TitleParams(name, fontSize=13, color=INK2, anchor="start", fontWeight="normal")
    return alt.layer(*layers).properties(title=title)


def _words(alt: Any, rows: list[dict[str, Any]], x: Any, y: Any, width: int) -> Any:
    """Words at the ends of the lines, moved apart where they would meet."""
    ends = []
    for kind in ("promised", "predicted", "no deal"):
        line = [row for row in rows if row["kind"] == kind]
        if line:
            ends.append({**max(line, key=lambda row: row["year"]), "text": kind})
    ends.sort(key=lambda row: row["value"])
    gap = 0.09 * max([row["value"] for row in rows if row["value"] is not None] + [1.0])
    for k in range(1, len(ends)):
        ends[k]["value"] = max(ends[k]["value"], ends[k - 1]["value"] + gap)
    chart = alt.Chart(alt.Data(values=ends), width=width, height=230)
    return chart.mark_text(align="left", dx=6, fontSize=12, color=INK2, aria=False).encode(x=x, y=y, text="text:N")
