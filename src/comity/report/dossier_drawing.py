"""Charts of a dossier report: the ruler of small effects, and what was promised, predicted and observed."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

from comity.report import vega_lite as vl
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
    named_axis,
    names_above,
    signed_axis,
)

DECADES = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0]  # per cent
TIMES = [(1 / 5256, "1 minute"), (60 / 5256, "1 hour"), (1440 / 5256, "1 day"), (7 * 1440 / 5256, "1 week")]
SPARSE = ("1 minute", "1 hour", "1 day")  # of a narrow drawing: day and week would touch
PANEL = 344
HEIGHT, LINE = 230, 17  # of a panel, and of a line of words in it, in pixels
ENDS = {"no deal": "without it"}  # words at the ends of lines, where they are not the kind itself
SMALLEST, LARGEST = 1e-4, 20.0
HELD = 0.6  # years that the last step is drawn for, so that its level is seen
ROOM = 1.5  # a band that rises above all lines by more than this factor is cut at the frame: it would flatten them


def ruler(rows: list[dict[str, Any]], width: int) -> Any:
    """Changes of real income on one logarithmic ruler in per cent, each step ten times the last; above it the same
    as time: a year has 525 600 minutes. Rows: name, value, low, high (sizes, positive), said, color (see `bars`)."""
    wide = beside(rows, width)
    plot = width - (SIDE + 125 if wide else 12)
    shown = [
        {**row, "low": max(row["low"], SMALLEST), "high": max(row["high"], SMALLEST), "at": max(row["value"], SMALLEST)}
        for row in rows
    ]
    top = max([1.0, *(row["high"] for row in shown)]) * 1.3
    scale = vl.options(type="log", domain=[SMALLEST, top], nice=False)
    axis = vl.options(values=[d for d in DECADES if d <= top], labelExpr="datum.value + ' %'", tickSize=6, grid=wide,
                    labelAngle=0, labelOverlap=False, labelFlush=False)  # fmt: skip
    title = "change of real income, per cent (each step ten times the last)"
    x = vl.field("at:Q", scale=scale, title=title if wide else "per cent, each step ten times the last", axis=axis)
    y = named_axis(shown, wide)
    color = vl.field(
        "color:N", scale=vl.options(domain=["gain", "loss", "noise"], range=[GAIN, LOSS, RULE2]), legend=None
    )
    base = vl.chart(width=plot, height=vl.step(38 if wide else 44))
    times = [{"at": at, "word": word} for at, word in TIMES if SMALLEST < at < top and (wide or word in SPARSE)]
    clock = vl.chart(vl.held(times), width=plot, height=16)
    words = clock.mark("text", fontSize=12, color=INK3, aria=False).encode(
        x=vl.field("at:Q", scale=scale, axis=None), text=vl.field("word:N")
    )
    marks = [
        base.mark("rule", strokeWidth=6, opacity=0.35, aria=False).encode(
            x=vl.field("low:Q"), x2=vl.end("high"), y=y, color=color
        ),
        base.where("datum.color != 'noise'")
        .mark("point", filled=True, size=80, opacity=1, aria=False)
        .encode(x=x, y=y, color=color),
        base.where("datum.color == 'noise'")
        .mark("point", filled=True, fill=PAPER, stroke=INK3, size=70, opacity=1, aria=False)
        .encode(x=x, y=y),
    ]
    if wide:
        side = base.mark("text", align="left", color=INK2, aria=False)
        marks.append(side.encode(y=y, text=vl.field("said:N"), x=vl.value(plot + 12)))
    else:
        marks += names_above(base, y, plot, "said")
    return configured(vl.stacked(words, vl.layer(*marks, data=vl.held(shown)), spacing=2))


def monitor(rows: list[dict[str, Any]], width: int) -> Any:
    """One panel a statistical count, same axes. Rows: count, kind (observed, predicted, no deal, promised, signed),
    year (decimal), value, low, high, text."""
    counts = list(dict.fromkeys(row["count"] for row in rows))
    years = [row["year"] for row in rows]
    inner = PANEL - 64 if width == WIDE else width - 64
    # room at the right for the words at the ends of the lines
    x_scale = vl.options(domain=[min(years) - 0.3, max(years) + HELD + 2.6], nice=False)
    top = 1.12 * highest(rows)
    panels = [_panel([r for r in rows if r["count"] == name], name, x_scale, top, inner) for name in counts]
    joined = vl.in_a_row(*panels, spacing=18) if width == WIDE else vl.stacked(*panels, spacing=18)
    return configured(joined)


def highest(rows: list[dict[str, Any]]) -> float:
    """What the axis must reach: all lines, and their bands where these are not far above them."""
    lines = max(row["value"] for row in rows if row.get("value") is not None)
    bands = max((row["high"] for row in rows if row.get("high") is not None), default=lines)
    return max(lines, bands) if bands <= ROOM * lines else lines


def beyond(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Upper ends of the bands that are cut at the frame, by count."""
    ends: dict[str, float] = {}
    for row in rows:
        if row.get("high") is not None and row["high"] > 1.12 * highest(rows):
            ends[row["count"]] = max(ends.get(row["count"], 0.0), row["high"])
    return ends


def _panel(rows: list[dict[str, Any]], name: str, x_scale: Any, top: float, width: int) -> Any:
    y_scale = vl.options(domain=[0, top], nice=False)
    years = [row["year"] for row in rows if row["kind"] != "signed"]
    first, last = ceil(min(years)), floor(max(years))  # no ticks where only the words at the lines' ends stand
    ticks = vl.options(format="d", values=list(range(last, first - 1, -2 if last - first > 4 else -1)), grid=False)
    x = vl.field("year:Q", scale=x_scale, title=None, axis=ticks)
    axis = vl.options(tickCount=5, labelExpr=signed_axis(False))
    y = vl.field("value:Q", scale=y_scale, title="million USD a year", axis=axis)

    def of(kind: str) -> Any:
        return vl.chart(vl.held(row for row in rows if row["kind"] == kind), width=width, height=HEIGHT)

    predicted = vl.chart(vl.held(steps(rows)), width=width, height=HEIGHT)
    layers = [
        # a step a year: a row holds from its year's start, and nothing rises before the measures are in force
        predicted.mark("area", color=ACCENT, opacity=0.18, interpolate="step-after", clip=True, aria=False).encode(
            x=x, y=vl.field("low:Q", scale=y_scale), y2=vl.end("high")
        ),
        of("promised").mark("line", color=INK2, strokeDash=[2, 3], strokeWidth=1.4, aria=False).encode(x=x, y=y),
        of("no deal").mark("line", color=RULE2, strokeDash=[6, 4], strokeWidth=1.6, aria=False).encode(x=x, y=y),
        predicted.mark("line", color=ACCENT, strokeWidth=2.2, interpolate="step-after", aria=False).encode(x=x, y=y),
        of("observed").mark("line", color=INK, strokeWidth=1.6, aria=False).encode(x=x, y=y),
        of("observed").mark("point", color=INK, filled=True, size=60, opacity=1, aria=False).encode(x=x, y=y),
        of("signed").mark("rule", color=RULE2, aria=False).encode(x=x),
        of("signed").mark("text", align="right", dx=-5, fontSize=12, color=INK3, aria=False)
        .encode(x=x, y=vl.value(6), text=vl.value("signed")),
        _words(rows, x, y, width, top),
    ]  # fmt: skip
    return vl.layer(*layers).titled(name, fontSize=13, color=INK, anchor="start", fontWeight="bold")


def steps(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The predicted points as a line of steps draws them: from the signing on, and the last one held."""
    points = sorted((row for row in rows if row["kind"] == "predicted"), key=lambda row: row["year"])
    if not points:
        return []
    signed = next((row["year"] for row in rows if row["kind"] == "signed"), points[0]["year"])
    before = [{**row, "year": signed} for row in points if row["year"] < signed][-1:]
    last = {**points[-1], "year": points[-1]["year"] + HELD}
    return [*before, *(row for row in points if row["year"] >= signed), last]


def _words(rows: list[dict[str, Any]], x: Any, y: Any, width: int, top: float) -> Any:
    """Words at the ends of the lines, moved apart where they would meet on an axis that ends at `top`."""
    ends, right = [], max(row["year"] for row in [*rows, *steps(rows)])
    for kind in ("promised", "predicted", "no deal"):
        line = [row for row in rows if row["kind"] == kind]
        if line:
            ends.append({**max(line, key=lambda row: row["year"]), "year": right, "text": ENDS.get(kind, kind)})
    ends.sort(key=lambda row: row["value"])
    gap = top * LINE / HEIGHT
    for k in range(1, len(ends)):
        ends[k]["value"] = max(ends[k]["value"], ends[k - 1]["value"] + gap)
    chart = vl.chart(vl.held(ends), width=width, height=HEIGHT).encode(x=x, y=y, text=vl.field("text:N"))
    text: dict[str, Any] = {"align": "left", "dx": 6, "fontSize": 12, "aria": False}
    # on paper, so that no grid line strikes them through
    ground = chart.mark("text", color=PAPER, stroke=PAPER, strokeWidth=3.5, **text)
    return vl.layer(ground, chart.mark("text", color=INK2, **text))
