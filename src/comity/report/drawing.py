"""Vega-Lite charts from plain rows, and their SVG by vl-convert: only token colours, recoloured in dark mode.

Also a small program: it draws the charts of a report in a process of its own, while the first one still solves, because
the drawing engine needs a second to start. `Drawer` talks to it; without it the charts are drawn in place.
"""

from __future__ import annotations

import base64
import gc
import json
import os
import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from comity.caches import any_templates
from comity.report import vega_lite as vl

MINUS = "\N{MINUS SIGN}"
INK, INK2, INK3 = "#1b1e23", "#4a515b", "#646b76"
PAPER = "#ffffff"  # inside of hollow dots
RULE, RULE2, ACCENT, ZERO = "#dddcd6", "#8b909a", "#0b5f73", "#e9e9e5"
GAIN, LOSS = "#6a4fa3", "#a85205"
TILE_INK, WHITE = "#1b1e24", "#fffffe"
TILE_INK_3 = "#1b1e25"  # on the third loss class: dark text in both modes, because that tile is bright in the dark too
LOSSES = ("#8c4300", "#d17d1f", "#f2b56d", "#fbe0bf")
GAINS = ("#dcd6ee", "#b0a2d8", "#7a62b3", "#47267f")
BREAKS = (-1.0, -0.1, -0.01, -0.001, 0.001, 0.01, 0.1, 1.0)
CLASSES = (*LOSSES, ZERO, *GAINS)
ONE_LINE = 31  # characters of a name that fits at the left
NAMED_PARTIES = 6  # on a narrow map; with more their names would cover each other
WIDE, NARROW = 720, 328  # the narrow one fits a phone of 360 pixels between margins of 16
SIDE = 214  # room for names at the left of a wide drawing, a seventh more than the longest needs
NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'

# light token -> dark token, for `svg [fill="..."]` rules in the page
DARK = {
    INK: "#ebeae6", INK2: "#b9bdc4", INK3: "#979da7", RULE: "#343a42", RULE2: "#767d88", ACCENT: "#74c7da",
    ZERO: "#2b3037", GAIN: "#a896ea", LOSS: "#e39a50", PAPER: "#14171b",
    "#8c4300": "#ffc684", "#d17d1f": "#cd8633", "#f2b56d": "#76521f", "#fbe0bf": "#4a3925",
    "#dcd6ee": "#3a3354", "#b0a2d8": "#574a88", "#7a62b3": "#8d7bcb", "#47267f": "#cbbdf8",
}  # fmt: skip


def configured(chart: vl.Chart) -> vl.Chart:
    """The chart in the report's tokens."""
    axis = {
        "labelColor": INK3, "titleColor": INK2, "gridColor": RULE, "domainColor": RULE2, "tickColor": RULE2,
        "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "aria": False,
    }  # fmt: skip
    return chart.configured(
        background="transparent", font="sans-serif", aria=False, view={"stroke": None}, axis=axis,
        text={"fontSize": 13, "color": INK, "aria": False}, mark={"aria": False},
    )  # fmt: skip


def scaled(rows: list[dict[str, Any]], keys: tuple[str, ...]) -> tuple[float, str]:
    """What amounts in million USD are divided by, and the unit: billions from a thousand millions on."""
    largest = max((abs(row[key]) for row in rows for key in keys), default=0.0)
    return (1000.0, "billion USD") if largest >= 1000 else (1.0, "million USD")


def named_axis(rows: list[dict[str, Any]], wide: bool) -> Any:
    """The y channel of one row a name, in the given order: names at the left of a wide drawing, in a margin that leaves
    room for fonts wider than the one they were measured in; a narrow one has them above its marks (`names_above`)."""
    axis = vl.options(labelLimit=SIDE - 6, minExtent=SIDE, maxExtent=SIDE, labelColor=INK, labelFontSize=13,
                      ticks=False, domain=False, labelPadding=10, grid=True) if wide else None  # fmt: skip
    return vl.field("name:N", sort=[row["name"] for row in rows], title=None, axis=axis)


def names_above(base: Any, y: Any, plot: int, right: str) -> list[Any]:
    """Names at the left and the field `right` at the right, both above the marks of their row."""
    text: dict[str, Any] = {"dy": -15, "fontSize": 12.5, "aria": False}
    return [
        base.mark("text", align="left", color=INK, **text).encode(y=y, text=vl.field("name:N"), x=vl.value(0)),
        base.mark("text", align="right", color=INK2, **text).encode(y=y, text=vl.field(f"{right}:N"), x=vl.value(plot)),
    ]


def beside(rows: list[dict[str, Any]], width: int) -> bool:
    """Whether the names fit at the left of the plot: the drawing is wide and none is long."""
    return width == WIDE and max(len(row["name"]) for row in rows) <= ONE_LINE


def gains(rows: list[dict[str, Any]], width: int) -> Any:
    """Ranked bars with the money in billions where it is large."""
    return bars(rows, width, *scaled(rows, ("value", "low", "high")))


def bars(rows: list[dict[str, Any]], width: int, scale: float = 1.0, unit: str = "million USD") -> Any:
    """Ranked bars in million USD (or what `scale` and `unit` say); whisker is the range; a range that includes zero has
    a hollow dot and no bar. Rows: name, value, low, high, color, percent."""
    wide = beside(rows, width)
    shown = [{**row, **{key: row[key] / scale for key in ("value", "low", "high")}} for row in rows]
    plot = width - (SIDE + 145 if wide else 12)
    y = named_axis(shown, wide)
    axis = vl.options(tickCount=5, labelFlush=False, labelExpr=signed_axis(True), grid=wide)
    x = vl.field("value:Q", title=f"{unit} a year", axis=axis)
    data = vl.held(shown)
    base = vl.chart(width=plot, height=vl.step(30 if wide else 42))
    sure = base.where("datum.color != 'noise'")
    noise = base.where("datum.color == 'noise'")
    color = vl.field(
        "color:N", scale=vl.options(domain=["gain", "loss", "noise"], range=[GAIN, LOSS, RULE2]), legend=None
    )
    # one line, or where names stand above the marks a short one a row, which does not cross them
    zero = vl.chart(vl.held([{"zero": 0}])).mark("rule", color=RULE2, aria=False).encode(x=vl.field("zero:Q"))
    if not wide:
        zero = base.mark("tick", color=RULE2, size=20, thickness=1, aria=False).encode(x=vl.datum(0), y=y)
    layers = [
        sure.mark("bar", size=14, opacity=0.45, aria=False).encode(x=x, y=y, color=color),
        zero,
        sure.mark("rule", strokeWidth=1.8, aria=False).encode(x=vl.field("low:Q"), x2=vl.end("high"), y=y, color=color),
        sure.mark("point", filled=True, size=60, opacity=1, aria=False).encode(x=vl.field("value:Q"), y=y, color=color),
        noise.mark("rule", color=RULE2, strokeWidth=1.6, aria=False)
        .encode(x=vl.field("low:Q"), x2=vl.end("high"), y=y),
        noise.mark("point", filled=True, fill=PAPER, stroke=INK3, size=55, strokeWidth=1.4, opacity=1, aria=False)
        .encode(x=vl.field("value:Q"), y=y),
    ]  # fmt: skip
    if not wide:
        return configured(vl.layer(*layers, *names_above(base, y, plot, "percent"), data=data))
    side = base.mark("text", align="left", color=INK2, aria=False)
    return configured(vl.layer(*layers, side.encode(y=y, text=vl.field("percent:N"), x=vl.value(plot + 12)), data=data))


def tile_map(tiles: list[dict[str, Any]], width: int) -> Any:
    """Tile map of real-income changes in fixed classes; parties outlined."""
    step = 35 if width == WIDE else 16
    rows = [
        {**tile, "x": tile["column"] * step, "y": tile["line"] * step, "x2": tile["column"] * step + step - 2,
         "y2": tile["line"] * step + step - 2, "xm": tile["column"] * step + step / 2 - 1,
         "ym": tile["line"] * step + step / 2}
        for tile in tiles
    ]  # fmt: skip
    size = {"width": max(r["x2"] for r in rows) + 4, "height": max(r["y2"] for r in rows) + 4}
    data = vl.held(rows)
    scale_x = vl.options(domain=[0, size["width"]], nice=False, zero=False)
    scale_y = vl.options(domain=[size["height"], 0], nice=False, zero=False)
    place = {
        "x": vl.field("x:Q", axis=None, scale=scale_x), "x2": vl.end("x2"),
        "y": vl.field("y:Q", axis=None, scale=scale_y), "y2": vl.end("y2"),
    }  # fmt: skip
    fill = vl.field("fill:N", scale=None, legend=None)
    base = vl.chart(**size)
    layers = [base.mark("rect", aria=False).encode(**place, fill=fill)]
    if width == WIDE:
        layers.append(
            base.mark("text", fontSize=11.5, aria=False).encode(
                x=vl.field("xm:Q", axis=None, scale=scale_x), y=vl.field("ym:Q", axis=None, scale=scale_y),
                text=vl.field("code:N"), color=vl.field("ink:N", scale=None, legend=None),
            )
        )  # fmt: skip
    elif sum(row["party"] for row in rows) <= NAMED_PARTIES:  # too small for codes: parties are named beside their tile
        x_side, y_side = vl.field("x2:Q", axis=None, scale=scale_x), vl.field("ym:Q", axis=None, scale=scale_y)
        text: dict[str, Any] = {"fontSize": 11.5, "align": "left", "dx": 3, "aria": False}
        named = base.where("datum.party").encode(x=x_side, y=y_side, text=vl.field("code:N"))
        layers += [
            named.mark("text", color=PAPER, stroke=PAPER, strokeWidth=3.5, **text),
            named.mark("text", color=INK, **text),
        ]
    outline = base.where("datum.party").mark("rect", filled=False, stroke=ACCENT, strokeWidth=2.5, aria=False)
    layers.append(outline.encode(**place))
    return configured(vl.layer(*layers, data=data))


def signed_axis(signed: bool) -> str:
    """Numbers at an axis: a true minus, narrow spaces between thousands, on changes a plus; zero without sign."""
    plus = "datum.value == 0 ? '0' : " if signed else ""
    form = "+,~f" if signed else ",~f"
    return f"{plus}replace(replace(format(datum.value, '{form}'), '-', '{MINUS}'), /,/g, '\N{NARROW NO-BREAK SPACE}')"


OWN_FONTS = Path(__file__).with_name("fonts.conf")
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
# Latin, Greek and Cyrillic, punctuation, arrows and mathematical signs
IN_OWN_FONTS = re.compile(r"[\x00-\u052f\u2000-\u22ff]*")
A_LETTER: dict[str, Any] = {
    "width": 9, "height": 9, "marks": [{"type": "text", "encode": {"enter": {"text": {"value": "a"}}}}],
}  # fmt: skip


@cache
def _engine() -> Any:
    """vl_convert with the fonts it brings along, so that a report has the same pictures on every machine; those of a
    machine would also be read anew from their files for every text that is measured (half a second a report)."""
    import vl_convert

    before = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(OWN_FONTS)  # read once, with the first text
    try:
        vl_convert.vega_to_svg(A_LETTER)
    finally:
        if before is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = before
    return vl_convert


def _fonts_for(text: str) -> None:
    """Let the engine see the fonts of this machine too where its own lack a letter of the text."""
    if not IN_OWN_FONTS.fullmatch(text):
        _see_all_fonts()


@cache
def _see_all_fonts() -> None:
    for folder in map(os.path.expanduser, FONT_FOLDERS):
        if os.path.isdir(folder):
            _engine().register_font_directory(folder)


def png(drawn: str) -> str:
    """A drawn figure as PNG on white, twice its size, in base64."""
    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    whole = re.sub(r"(<svg[^>]*>)", rf"\1{ground}", drawn, count=1).replace("<svg", f"<svg {NAMESPACES}", 1)
    return base64.b64encode(_engine().svg_to_png(whole, scale=2)).decode("ascii")


def svg(chart: vl.Chart, text: str) -> str:
    """The chart as SVG with one accessible name; nothing inside is announced."""
    return _named(_drawn(chart), text)


def _drawn(chart: vl.Chart) -> str:
    return str(_engine().vegalite_to_svg(chart.to_dict()))


def _named(drawn: str, text: str) -> str:
    drawn = re.sub(r' aria-[a-z]+="[^"]*"', "", drawn)
    drawn = re.sub(r' role="[^"]*"', "", drawn)
    drawn = re.sub(r' xmlns(:xlink)?="[^"]*"', "", drawn)
    safe = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return drawn.replace("<svg", f'<svg role="img" aria-label="{safe}"', 1)


REHEARSAL = [
    {"name": color, "value": 1.0, "low": 0.5, "high": 2.0, "percent": "", "color": color} for color in ("gain", "noise")
]
DRAWINGS = {"bars": bars, "gains": gains, "tile_map": tile_map}


def _figure(kind: str) -> Any:
    """The drawing function of a kind; those of trade and of a dossier are in modules of their own."""
    if kind in DRAWINGS:
        return DRAWINGS[kind]
    from comity.report import dossier_drawing, trade_drawing

    return {
        "flows": trade_drawing.flows,
        "sector_panels": trade_drawing.sector_panels,
        "ruler": dossier_drawing.ruler,
        "monitor": dossier_drawing.monitor,
    }[kind]


def draw(job: dict[str, Any]) -> dict[str, str]:
    """Both widths of one figure: {"wide": svg, "narrow": svg}, and "png" (base64, on white) where `png` is asked for. A
    job has kind, rows and text."""
    figure = _figure(job["kind"])
    if job.get("png"):
        drawn = draw({**job, "png": False})
        return {**drawn, "png": png(drawn["wide"])}
    _fonts_for(json.dumps(job["rows"], ensure_ascii=False))
    wide, narrow = (figure(job["rows"], width) for width in (WIDE, NARROW))
    first = _named(_drawn(wide), job["text"])
    return {"wide": first, "narrow": first if narrow == wide else _named(_drawn(narrow), job["text"])}


def _serve() -> None:
    """Start the engine, then read jobs from standard input and write figures to standard output."""
    draw({"kind": "bars", "rows": REHEARSAL, "text": ""})  # the first picture is slow; this one nobody waits for
    if not any_templates():  # while nothing is asked for yet; who writes the page finds what has been compiled
        import_module("comity.report.templates").report()
    drawn = [draw(job) for line in sys.stdin for job in json.loads(line)]
    sys.stdout.write(json.dumps(drawn))


if __name__ == "__main__":
    gc.disable()  # a process of seconds
    _serve()
    sys.stdout.flush()
    os._exit(0)  # taking the engine apart takes as long as a figure, and somebody waits
