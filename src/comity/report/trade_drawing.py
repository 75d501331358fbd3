"""Charts of trade before and after: one row a flow, or one panel a direction with one row a sector."""

from __future__ import annotations

from typing import Any

from comity.report.drawing import (
    ACCENT,
    INK,
    INK2,
    PAPER,
    SIDE,
    WIDE,
    beside,
    configured,
    held,
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
    import altair as alt

    wide = beside(rows, width)
    scale, unit = scaled(rows, ("before", "after", "low", "high"))
    plot = width - (SIDE + 160 if wide else 12)
    shown = [{**_in(row, scale), "said": _said(row, scale, rows, per_cent=wide)} for row in rows]
    data = held(shown)
    base = alt.Chart(width=plot, height=alt.Step(ROW if wide else NAMED))
    y = named_axis(shown, wide)
    layers = _dots(alt, base, y, _x(alt, shown, unit, wide))
    if wide:
        side = base.mark_text(align="left", color=INK2, aria=False).encode(
            y=y, text=alt.Text("said:N"), x=alt.XValue(plot + 12)
        )
        return configured(alt.layer(*layers, side, data=data))
    return configured(alt.layer(*layers, *names_above(base, y, plot, "said"), data=data))


def sector_panels(rows: list[dict[str, Any]], width: int) -> Any:
    """One panel a direction, all on one scale. Rows: panel, name, before, after; the title of a panel says its sums."""
    import altair as alt

    wide = width == WIDE
    scale, unit = scaled(rows, ("before", "after"))
    names = list(dict.fromkeys(row["panel"] for row in rows))
    plot = (SINGLE if len(names) == 1 else PANEL) if wide else width - 12
    top = max(max(row["before"], row["after"]) for row in rows) / scale
    panels = []
    for name in names:
        mine = [row for row in rows if row["panel"] == name]
        shown = [{**_in(row, scale), "said": _said(row, scale, rows)} for row in mine]
        base = alt.Chart(width=plot, height=alt.Step(NAMED))
        y = named_axis(shown, False)
        layers = [
            *_dots(alt, base, y, _x(alt, shown, unit, False, top), ranged=False),
            *names_above(base, y, plot, "said"),
        ]
        sums = [sum(row[key] for row in mine) for key in ("before", "after")]
        title = alt.TitleParams(
            name, subtitle=levels_in(*sums, scale=1000.0 if max(sums) >= 1000 else 1.0), anchor="start", offset=14,
            fontSize=13, color=INK, fontWeight="bold", subtitleFontSize=13, subtitleColor=INK2,
        )  # fmt: skip
        panels.append(alt.layer(*layers, data=held(shown), title=title))
    return configured(alt.hconcat(*panels, spacing=GAP) if wide else alt.vconcat(*panels, spacing=GAP))


def _in(row: dict[str, Any], scale: float) -> dict[str, Any]:
    """The row with its amounts in the unit of the axis."""
    return {key: value / scale if isinstance(value, float) else value for key, value in row.items()}


def _said(row: dict[str, Any], scale: float, rows: list[dict[str, Any]], *, per_cent: bool = False) -> str:
    """ "44 to 62", with the change in per cent where there is room; decimals are those of the whole figure."""
    largest = max(max(other["before"], other["after"]) for other in rows) / scale
    text = levels_in(row["before"], row["after"], scale=scale, largest=largest, unit=False)
    return f"{text} ({change_in_per_cent(row['before'], row['after'])})" if per_cent and row["before"] > 0 else text


def _x(alt: Any, rows: list[dict[str, Any]], unit: str, grid: bool, top: float | None = None) -> Any:
    highest = top or max(max(row["before"], row["high"]) for row in rows)
    scale = alt.Scale(domain=[0, 1.04 * highest or 1.0], nice=False)
    axis = alt.Axis(tickCount=5, labelFlush=False, labelExpr=signed_axis(False), grid=grid)
    return alt.X("after:Q", title=f"{unit} a year", axis=axis, scale=scale)


def _dots(alt: Any, base: Any, y: Any, x: Any, *, ranged: bool = True) -> list[Any]:
    """Marks of a row: a thin line from before to after or the range, the hollow dot, the filled dot above it."""
    dot: dict[str, Any] = {"size": 80, "opacity": 1, "aria": False}
    line = (
        base.mark_rule(color=ACCENT, strokeWidth=6, opacity=0.32, aria=False).encode(
            x=alt.X("low:Q"), x2=alt.X2("high:Q"), y=y
        )
        if ranged
        else base.mark_rule(color=INK2, strokeWidth=1, aria=False).encode(
            x=alt.X("before:Q"), x2=alt.X2("after:Q"), y=y
        )
    )
    return [
        line,
        base.mark_point(filled=True, fill=PAPER, stroke=INK2, strokeWidth=1.6, **dot).encode(x=alt.X("before:Q"), y=y),
        base.mark_point(filled=True, color=ACCENT, **dot).encode(x=x, y=y),
    ]
