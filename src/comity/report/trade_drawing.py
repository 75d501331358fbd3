"""Charts of trade before and after: one row a flow, or one panel a direction with one row a sector."""

from __future__ import annotations

from typing import Any

from comity.report import vega_lite as vl
from comity.report.drawing import (
    ACCENT,
    INK,
    INK2,
    PAPER,
    SIDE,
    WIDE,
    beside,
    configured,
    named_axis,
    names_above,
    scaled,
    signed_axis,
)
from comity.report.words import change_in_per_cent, levels_in

GAP, PANEL, SINGLE = 32, 334, 560  # of the panels, in pixels
ROW = 34  # height of a row with its name at the left; with the name above it is NAMED
NAMED = 42


def flows(rows: list[dict[str, Any]], width: int) -> Any:
    """Hollow dot before, filled dot after, range of the after value. Rows: name, before, after, low, high."""
    wide = beside(rows, width)
    scale, unit = scaled(rows, ("before", "after", "low", "high"))
    plot = width - (SIDE + 160 if wide else 12)
    shown = [{**_in(row, scale), "said": _said(row, scale, rows, per_cent=wide)} for row in rows]
    data = vl.held(shown)
    base = vl.chart(width=plot, height=vl.step(ROW if wide else NAMED))
    y = named_axis(shown, wide)
    layers = _dots(base, y, _x(shown, unit, wide))
    if wide:
        side = base.mark("text", align="left", color=INK2, aria=False).encode(
            y=y, text=vl.field("said:N"), x=vl.value(plot + 12)
        )
        return configured(vl.layer(*layers, side, data=data))
    return configured(vl.layer(*layers, *names_above(base, y, plot, "said"), data=data))


def sector_panels(rows: list[dict[str, Any]], width: int) -> Any:
    """One panel a direction, all on one scale. Rows: panel, name, before, after; the title of a panel says its sums."""
    wide = width == WIDE
    scale, unit = scaled(rows, ("before", "after"))
    names = list(dict.fromkeys(row["panel"] for row in rows))
    plot = (SINGLE if len(names) == 1 else PANEL) if wide else width - 12
    top = max(max(row["before"], row["after"]) for row in rows) / scale
    panels = []
    for name in names:
        mine = [row for row in rows if row["panel"] == name]
        shown = [{**_in(row, scale), "said": _said(row, scale, rows)} for row in mine]
        base = vl.chart(width=plot, height=vl.step(NAMED))
        y = named_axis(shown, False)
        layers = [
            *_dots(base, y, _x(shown, unit, False, top), ranged=False),
            *names_above(base, y, plot, "said"),
        ]
        sums = [sum(row[key] for row in mine) for key in ("before", "after")]
        title: dict[str, Any] = vl.options(
            subtitle=levels_in(*sums, scale=1000.0 if max(sums) >= 1000 else 1.0), anchor="start", offset=14,
            fontSize=13, color=INK, fontWeight="bold", subtitleFontSize=13, subtitleColor=INK2,
        )  # fmt: skip
        panels.append(vl.layer(*layers, data=vl.held(shown)).titled(name, **title))
    return configured(vl.in_a_row(*panels, spacing=GAP) if wide else vl.stacked(*panels, spacing=GAP))


def _in(row: dict[str, Any], scale: float) -> dict[str, Any]:
    """The row with its amounts in the unit of the axis."""
    return {key: value / scale if isinstance(value, float) else value for key, value in row.items()}


def _said(row: dict[str, Any], scale: float, rows: list[dict[str, Any]], *, per_cent: bool = False) -> str:
    """ "44 to 62", with the change in per cent where there is room; decimals are those of the whole figure."""
    largest = max(max(other["before"], other["after"]) for other in rows) / scale
    text = levels_in(row["before"], row["after"], scale=scale, largest=largest, unit=False)
    return f"{text} ({change_in_per_cent(row['before'], row['after'])})" if per_cent and row["before"] > 0 else text


def _x(rows: list[dict[str, Any]], unit: str, grid: bool, top: float | None = None) -> Any:
    highest = top or max(max(row["before"], row["high"]) for row in rows)
    scale = vl.options(domain=[0, 1.04 * highest or 1.0], nice=False)
    axis = vl.options(tickCount=5, labelFlush=False, labelExpr=signed_axis(False), grid=grid)
    return vl.field("after:Q", title=f"{unit} a year", axis=axis, scale=scale)


def _dots(base: Any, y: Any, x: Any, *, ranged: bool = True) -> list[Any]:
    """Marks of a row: a thin line from before to after or the range, the hollow dot, the filled dot above it."""
    dot: dict[str, Any] = {"size": 80, "opacity": 1, "aria": False}
    line = (
        base.mark("rule", color=ACCENT, strokeWidth=6, opacity=0.32, aria=False).encode(
            x=vl.field("low:Q"), x2=vl.end("high"), y=y
        )
        if ranged
        else base.mark("rule", color=INK2, strokeWidth=1, aria=False).encode(
            x=vl.field("before:Q"), x2=vl.end("after"), y=y
        )
    )
    return [
        line,
        base.mark("point", filled=True, fill=PAPER, stroke=INK2, strokeWidth=1.6, **dot).encode(
            x=vl.field("before:Q"), y=y
        ),
        base.mark("point", filled=True, color=ACCENT, **dot).encode(x=x, y=y),
    ]
