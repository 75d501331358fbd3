"""Altair charts from plain rows, and their SVG by vl-convert: only token colours, recoloured in dark mode.

Also a small program: it draws the charts of a report in a process of its own, while the first one still solves, because
the drawing engine needs a second to start. `Drawer` talks to it; without it the charts are drawn in place.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from typing import Any

MINUS = "\N{MINUS SIGN}"
INK, INK2, INK3 = "#1b1e23", "#4a515b", "#646b76"
RULE, RULE2, ACCENT, ZERO = "#dddcd6", "#8b909a", "#0b5f73", "#e9e9e5"
GAIN, LOSS = "#6a4fa3", "#a85205"
TILE_INK, WHITE = "#1b1e24", "#fffffe"
TILE_INK_3 = "#1b1e25"  # on the third loss class: dark text in both modes, because that tile is bright in the dark too
LOSSES = ("#8c4300", "#d17d1f", "#f2b56d", "#fbe0bf")
GAINS = ("#dcd6ee", "#b0a2d8", "#7a62b3", "#47267f")
BREAKS = (-1.0, -0.1, -0.01, -0.001, 0.001, 0.01, 0.1, 1.0)
CLASSES = (*LOSSES, ZERO, *GAINS)
WIDE, NARROW = 720, 340
NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'

# light token -> dark token, for `svg [fill="..."]` rules in the page
DARK = {
    INK: "#ebeae6", INK2: "#b9bdc4", INK3: "#979da7", RULE: "#343a42", RULE2: "#767d88", ACCENT: "#74c7da",
    ZERO: "#2b3037", GAIN: "#a896ea", LOSS: "#e39a50",
    "#8c4300": "#ffc684", "#d17d1f": "#cd8633", "#f2b56d": "#76521f", "#fbe0bf": "#4a3925",
    "#dcd6ee": "#3a3354", "#b0a2d8": "#574a88", "#7a62b3": "#8d7bcb", "#47267f": "#cbbdf8",
}  # fmt: skip


def configured(chart: Any) -> Any:
    """The chart in the report's tokens."""
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
    color = alt.Color(
        "color:N", scale=alt.Scale(domain=["gain", "loss", "noise"], range=[GAIN, LOSS, RULE2]), legend=None
    )
    layers = [
        sure.mark_bar(size=14, aria=False).encode(x=x, y=y, color=color),
        sure.mark_rule(color=INK2, strokeWidth=1.4, aria=False).encode(x="low:Q", x2="high:Q", y=y),
        base.transform_filter("datum.color == 'noise'")
        .mark_rule(color=RULE2, strokeWidth=1.4, aria=False)
        .encode(x="low:Q", x2="high:Q", y=y),
        base.transform_filter("datum.color == 'noise'")
        .mark_point(filled=False, color=INK3, size=50, aria=False)
        .encode(x="value:Q", y=y),
        alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=RULE2, aria=False).encode(x="zero:Q"),
    ]
    text = alt.Chart(data).mark_text(align="left", color=INK2, dx=4, aria=False)
    side = text.encode(y=y, text="percent:N", x=alt.value(plot + 2))
    return configured(alt.layer(*layers, side))


def tile_map(tiles: list[dict[str, Any]], width: int) -> Any:
    """Tile map of real-income changes in fixed classes; parties outlined."""
    import altair as alt

    step = 36 if width == WIDE else 17
    rows = [
        {**tile, "x": tile["column"] * step, "y": tile["line"] * step, "x2": tile["column"] * step + step - 2,
         "y2": tile["line"] * step + step - 2, "xm": tile["column"] * step + step / 2 - 1,
         "ym": tile["line"] * step + step / 2}
        for tile in tiles
    ]  # fmt: skip
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
    else:  # too small for codes in tiles: the parties stand named beside theirs
        named = base.transform_filter("datum.party").mark_text(fontSize=11, color=INK, align="left", dx=4, aria=False)
        x_side, y_side = alt.X("x2:Q", axis=None, scale=scale_x), alt.Y("ym:Q", axis=None, scale=scale_y)
        layers.append(named.encode(x=x_side, y=y_side, text="code:N"))
    outline = base.transform_filter("datum.party").mark_rect(filled=False, stroke=ACCENT, strokeWidth=2.5, aria=False)
    layers.append(outline.encode(**place))
    return configured(alt.layer(*layers))


def flows(rows: list[dict[str, Any]], width: int) -> Any:
    """Hollow dot before, filled dot after, range of the after value."""
    import altair as alt

    for row in rows:
        row["name"] = row["name"][:1].upper() + row["name"][1:]
    data = alt.Data(values=rows)
    plot = width - (245 if width == WIDE else 150)
    y = alt.Y("name:N", sort=[row["name"] for row in rows], title=None,
              axis=alt.Axis(labelLimit=220 if width == WIDE else 135, labelColor=INK, labelFontSize=13, ticks=False,
                            domain=False, grid=True, labelPadding=8))  # fmt: skip
    base = alt.Chart(data, width=plot, height=alt.Step(34))
    x = alt.X(
        "after:Q",
        title="goods, million USD a year",
        axis=alt.Axis(tickCount=5, labelExpr=_minus()),
        scale=alt.Scale(zero=True),
    )
    return configured(
        alt.layer(
            base.mark_rule(color=ACCENT, strokeWidth=2, opacity=1, aria=False).encode(x="low:Q", x2="high:Q", y=y),
            base.mark_point(filled=True, color=ACCENT, size=90, opacity=1, aria=False).encode(x=x, y=y),
            base.mark_point(filled=False, color=INK2, size=90, strokeWidth=1.6, aria=False).encode(x="before:Q", y=y),
        )
    )


def _minus() -> str:
    return f"replace(replace(format(datum.value, ',~f'), '-', '{MINUS}'), /,/g, '\N{NARROW NO-BREAK SPACE}')"


def png(drawn: str) -> str:
    """A drawn figure as PNG on white, twice its size, in base64."""
    import vl_convert

    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    whole = re.sub(r"(<svg[^>]*>)", rf"\1{ground}", drawn, count=1).replace("<svg", f"<svg {NAMESPACES}", 1)
    return base64.b64encode(vl_convert.svg_to_png(whole, scale=2)).decode("ascii")


def svg(chart: Any, text: str) -> str:
    """The chart as SVG with one accessible name; nothing inside is announced."""
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(chart.to_dict(format="vega-lite", validate=False))
    drawn = re.sub(r' aria-[a-z]+="[^"]*"', "", drawn)
    drawn = re.sub(r' role="[^"]*"', "", drawn)
    drawn = re.sub(r' xmlns(:xlink)?="[^"]*"', "", drawn)
    safe = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return drawn.replace("<svg", f'<svg role="img" aria-label="{safe}"', 1)


REHEARSAL = [
    {"name": color, "value": 1.0, "low": 0.5, "high": 2.0, "percent": "", "color": color} for color in ("gain", "noise")
]
DRAWINGS = {"bars": bars, "tile_map": tile_map, "flows": flows}


def _figure(kind: str) -> Any:
    """The drawing function of a kind; a dossier's are in a module of their own."""
    if kind in DRAWINGS:
        return DRAWINGS[kind]
    from comity.report import dossier_drawing

    return {"ruler": dossier_drawing.ruler, "monitor": dossier_drawing.monitor}[kind]


def draw(job: dict[str, Any]) -> dict[str, str]:
    """Both widths of one figure: {"wide": svg, "narrow": svg}, and "png" (base64, on white) where `png` is asked for. A
    job has kind, rows and text."""
    figure = _figure(job["kind"])
    if job.get("png"):
        drawn = draw({**job, "png": False})
        return {**drawn, "png": png(drawn["wide"])}
    return {name: svg(figure(job["rows"], width), job["text"]) for name, width in (("wide", WIDE), ("narrow", NARROW))}


class Drawer:
    """A drawing process that starts at once and draws when asked."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.process: subprocess.Popen[str] | None
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "comity.report.drawing"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
        except OSError:
            self.process = None

    def send(self, jobs: list[dict[str, Any]]) -> None:
        """Hand over figures, at once or in parts; they are drawn while the caller goes on."""
        self.sent = self.sent + jobs
        if self.process is None or self.process.stdin is None:
            return
        try:
            self.process.stdin.write(json.dumps(jobs) + "\n")
            self.process.stdin.flush()
        except (OSError, ValueError):  # it died, or was closed
            self.close()
            self.process = None

    def collect(self) -> list[dict[str, str]]:
        """The figures that were sent, in order; falls back to drawing here if the process is gone."""
        if self.process is not None:
            try:
                text, _ = self.process.communicate(timeout=60)
                if self.process.returncode == 0:
                    drawn: list[dict[str, str]] = json.loads(text)
                    return drawn
            except (OSError, ValueError, subprocess.TimeoutExpired):  # it died, or was closed
                self.close()
        return [draw(job) for job in self.sent]

    def draw(self, jobs: list[dict[str, Any]]) -> list[dict[str, str]]:
        """Send and collect."""
        self.send(jobs)
        return self.collect()

    def close(self) -> None:
        """End the process if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                if stream is not None:
                    stream.close()


def _serve() -> None:
    """Start the engine, then read jobs from standard input and write figures to standard output."""
    from altair.utils import schemapi

    schemapi.disable_debug_mode()  # the charts are ours and validated in the tests; checking them here takes 0.6 s
    draw({"kind": "bars", "rows": REHEARSAL, "text": ""})  # the first picture is slow; this one nobody waits for
    drawn = [draw(job) for line in sys.stdin for job in json.loads(line)]
    sys.stdout.write(json.dumps(drawn))


if __name__ == "__main__":
    _serve()
