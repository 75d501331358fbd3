"""Pictures of a coalition game: contributions, lattice of coalitions, frontier; drawn wide and narrow."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from comity.coalition.game import LARGEST
from comity.coalition.result import CoalitionResult
from comity.errors import InputError
from comity.outcomes.simulate import label
from comity.report import vega_lite as vl
from comity.report.drawing import (
    ACCENT,
    INK,
    INK2,
    INK3,
    NAMESPACES,
    NARROW,
    RULE,
    RULE2,
    WIDE,
    bars,
    beside,
    configured,
    named_axis,
    png,
    svg,
)
from comity.report.folder import write_csv
from comity.report.words import MINUS, THIN, plain, small_per_cent

if TYPE_CHECKING:
    from comity.coalition.result import Table

MOST = 10  # rows of a bar chart
# thousands apart by narrow spaces, a true minus
NUMBERS = f"replace(replace(format(datum.value, ',~f'), '-', '{MINUS}'), /,/g, '{THIN}')"
DRAWN = 5  # players up to whom the lattice is drawn
Rows = list[dict[str, Any]]


def lattice(rows: Rows, width: int) -> Any:
    """Coalitions by size from left to right, with their values; a line joins those that differ by one member.

    Rows: name, size, place (from 0 in its size), value (text), stable; `edges` [(size, place), ...] to smaller ones.
    """
    most = max(row["size"] for row in rows)
    tall = max(row["place"] for row in rows) + 1
    many = {row["size"]: sum(other["size"] == row["size"] for other in rows) for row in rows}

    def height(size: int, place: int) -> float:
        return place - (many[size] - 1) / 2

    # a narrow drawing has each member on a line of its own
    broken = " +\n" if width != WIDE else " + "
    lined = 1 if width == WIDE else max(row["name"].count(" + ") for row in rows) + 1
    nodes = [
        {**row, "name": row["name"].replace(" + ", broken), "lines": row["name"].replace(" + ", broken).count("\n") + 1,
         "y": height(row["size"], row["place"]), "edges": None}
        for row in rows
    ]  # fmt: skip
    lines = [
        {"x": size, "y": height(size, place), "x2": row["size"], "y2": height(row["size"], row["place"])}
        for row in rows for size, place in row["edges"]
    ]  # fmt: skip
    half, type_size = tall / 2, 12 if width == WIDE else 9
    scales = vl.options(domain=[-0.45, most + 0.45], nice=False), vl.options(domain=[half, -half], nice=False)
    size = {"width": width - 20, "height": max(tall * (46 if width == WIDE else 46 + 11 * lined), 150)}
    x, y = vl.field("size:Q", scale=scales[0], axis=None), vl.field("y:Q", scale=scales[1], axis=None)
    base = vl.chart(vl.held(nodes), **size)
    edges = vl.chart(vl.held(lines), **size).mark("rule", color=RULE, strokeWidth=1.2, aria=False)
    layers = [
        edges.encode(
            x=vl.field("x:Q", scale=scales[0], axis=None), x2=vl.end("x2"),
            y=vl.field("y:Q", scale=scales[1], axis=None), y2=vl.end("y2")
        ),
        base.where("datum.stable").mark("point", filled=True, color=ACCENT, size=110, opacity=1, aria=False)
        .encode(x=x, y=y),
        base.where("!datum.stable").mark("point", filled=False, color=INK3, size=90, aria=False)
        .encode(x=x, y=y),
        *(
            base.where(f"datum.lines == {count}")
            .mark("text", dy=-12 - 10 * (count - 1), fontSize=type_size, color=INK, lineBreak="\n", aria=False)
            .encode(x=x, y=y, text="name:N")
            for count in range(1, lined + 1)
        ),
        base.mark("text", dy=17, fontSize=type_size, color=INK2, aria=False).encode(x=x, y=y, text="value:N"),
    ]  # fmt: skip
    return configured(vl.layer(*layers))


def frontier(rows: Rows, width: int) -> Any:
    """Benefit against cost. Rows: cost, benefit, kind ("any", "best", "whole"), name; and x, y titles in every row."""
    plot: dict[str, Any] = {"width": width - 90, "height": 300 if width == WIDE else 240}
    x = vl.field("cost:Q", title=rows[0]["x"], axis=vl.options(tickCount=6, tickMinStep=1, labelExpr=NUMBERS))
    y = vl.field("benefit:Q", title=rows[0]["y"], axis=vl.options(tickCount=6, labelExpr=NUMBERS))

    def of(*kinds: str) -> Any:
        return vl.chart(vl.held(row for row in rows if row["kind"] in kinds), **plot)

    return configured(
        vl.layer(
            of("any").mark("point", filled=True, color=RULE2, size=14, opacity=0.6, aria=False).encode(x=x, y=y),
            of("best", "whole").mark("line", color=ACCENT, strokeWidth=1.6, aria=False).encode(x=x, y=y),
            of("best").mark("point", filled=True, color=ACCENT, size=45, opacity=1, aria=False).encode(x=x, y=y),
            of("whole").mark("point", filled=True, color=INK, size=80, opacity=1, aria=False).encode(x=x, y=y),
            of("whole")
            .mark("text", align="right", dx=-8, dy=-8, color=INK, aria=False)
            .encode(x=x, y=y, text="name:N"),
        )
    )


Sum = Callable[[Any], tuple[float, float]]


def bar_rows(
    names: list[str], values: Any, low: Any, high: Any, side: list[str], loss: bool = False, over: Sum | None = None
) -> Rows:
    """At most MOST rows, largest first, the rest summed. over : both ends of the sum of some rows; without it a range's
    ends are added, which is an upper figure."""
    order = np.argsort(-np.abs(np.nan_to_num(values)), kind="stable")
    shown = order if len(order) <= MOST else order[: MOST - 1]
    rows = [_bar(names[k], float(values[k]), float(low[k]), float(high[k]), side[k], loss) for k in shown]
    rest = order[len(shown) :]
    if len(rest):
        ends = over(rest) if over else (float(np.nansum(low[rest])), float(np.nansum(high[rest])))
        rows.append(_bar(f"{len(rest)} others together", float(np.nansum(values[rest])), *ends, "", loss))
    return rows


def _bar(name: str, value: float, low: float, high: float, side: str, loss: bool) -> dict[str, Any]:
    ends = (low, high) if np.isfinite(low) and np.isfinite(high) else (value, value)
    tone = "gain" if (value > 0) != loss else "loss"
    return {"name": name, "value": value, "low": ends[0], "high": ends[1], "percent": side,
            "color": "noise" if ends[0] <= 0 <= ends[1] else tone}  # fmt: skip


def _interval(result: CoalitionResult, table: str, stem: str) -> tuple[Any, Any]:
    """The band of a column, where there is none the range, where there is neither the number itself."""
    columns = getattr(result, table).columns
    name = {"": "variation" if table == "bystanders" else "incentive"}.get(stem, stem)
    prefix = f"{stem}_" if stem else ""
    found = []
    for end in ("low", "high"):
        values = columns[name].astype(float)
        for kind in ("range", "band"):
            given = columns.get(f"{prefix}{kind}_{end}", np.full(len(values), np.nan))
            values = np.where(np.isfinite(given), given, values)
        found.append(values)
    return found[0], found[1]


def other_sets(result: CoalitionResult, name: str) -> Any:
    """(sets, n) a number of the members at central sizes under every other elasticity set; short ticks beside bands."""
    here = result.study.choice
    chosen = [
        np.asarray(getattr(measured, name))[: result.study.n]
        for measured in result.spread.solved
        if (measured.choice.level, measured.choice.closure) == ("central", here.closure)
        and measured.choice.elasticities != here.elasticities
    ]
    return np.array(chosen).reshape(len(chosen), result.study.n)


def contribution_rows(result: CoalitionResult) -> Rows:
    """Marginal contributions to the grand coalition, with their bands or ranges."""
    c = result.contributions.columns
    sides = [f"{plain(100 * value, 0)} %" if np.isfinite(value) else "" for value in c["share"]]
    rows = bar_rows([str(name) for name in c["name"]], c["last"], *_interval(result, "contributions", "last"), sides,
                    result.game.players.value != "joint-gain", _summed(result, "last"))  # fmt: skip
    return _ticked(result, rows, "last")


def gain_rows(result: CoalitionResult) -> Rows:
    """What each member gains or loses itself."""
    c = result.contributions.columns
    rows = bar_rows([str(name) for name in c["name"]], c["gain"], *_interval(result, "contributions", "gain"),
                    [small_per_cent(v) for v in c["gain_pct"]], over=_summed(result, "gain"))  # fmt: skip
    return _ticked(result, rows, "gain")


def _ticked(result: CoalitionResult, rows: Rows, name: str) -> Rows:
    """With bands, the answers under the other elasticity sets beside them."""
    if result.band is None:
        return rows
    places = {str(label): k for k, label in enumerate(result.contributions.columns["name"])}
    sets = other_sets(result, name)
    return [{**row, "ticks": sets[:, places[row["name"]]].tolist() if row["name"] in places else []} for row in rows]


def member_bars(rows: Rows, width: int) -> Any:
    """`bars` with a short tick for every other elasticity set."""
    chart = bars(rows, width)
    ticks = [{"name": row["name"], "tick": value} for row in rows for value in row.get("ticks", ())]
    if ticks:
        marks = vl.chart(vl.held(ticks)).mark("tick", color=INK2, size=9, thickness=1.3, opacity=1, aria=False)
        chart = chart.with_layer(marks.encode(x=vl.field("tick:Q"), y=named_axis(rows, beside(rows, width))))
    return chart


def bystander_rows(result: CoalitionResult) -> Rows:
    """Third countries."""
    c = result.bystanders.columns
    names = [label(str(code))[:1].upper() + label(str(code))[1:] for code in c["country"]]
    return bar_rows(names, c["variation"], *_interval(result, "bystanders", ""),
                    [small_per_cent(v) for v in c["per_cent"]],
                    over=_summed(result, "variation", result.outside.position))  # fmt: skip


def _summed(result: CoalitionResult, name: str, places: Any = None) -> Sum | None:
    """The band of a sum: of the draws, not of the ends. None without draws."""
    band = result.band
    if band is None:
        return None

    def over(rest: Any) -> tuple[float, float]:
        chosen = rest if places is None else places[rest]
        return band.over(lambda game: float(getattr(game, name)[chosen].sum()))

    return over


def lattice_rows(result: CoalitionResult) -> Rows:
    """Nodes and edges of the lattice; none for more than DRAWN players."""
    n = len(result.names)
    if n > DRAWN:
        return []
    members = [player.label for player in result.study.table.members]
    sizes = [k.bit_count() for k in range(1 << n)]
    places = [sum(sizes[other] == sizes[k] for other in range(k)) for k in range(1 << n)]
    values = [plain(float(value), 0) if np.isfinite(value) else "no number" for value in result.study.v]
    stable = result.theory.stable_sets or ()
    return [
        {
            "name": " + ".join(name for i, name in enumerate(members) if k >> i & 1) or "nobody",
            "size": sizes[k], "place": places[k], "value": values[k],
            "stable": k in stable, "edges": [(sizes[k ^ 1 << i], places[k ^ 1 << i]) for i in range(n) if k >> i & 1],
        }
        for k in range(1 << n)
    ]  # fmt: skip


def frontier_rows(result: CoalitionResult) -> Rows:
    """Points of the frontier: target loss against own loss, or joint gain against size."""
    senders = result.game.players.value != "joint-gain"
    titles = {"x": "own loss of the members, million USD a year", "y": "loss of the target, million USD a year"}
    if not senders:
        titles = {"x": "members", "y": "joint gain, million USD a year"}
    cost, benefit = ("own_loss", "target_loss") if senders else ("size", "value")
    best = result.frontier.columns
    rows: Rows = []
    if len(result.names) <= LARGEST and len(result.coalitions) <= 1024:
        every = result.coalitions.columns
        rows = [_point(every, k, cost, benefit, "any") for k in range(len(every["size"]))]
    rows += [_point(best, k, cost, benefit, "best") for k in range(len(best["size"]))]
    whole = np.flatnonzero(best["size"] == len(result.names))
    rows += [{**_point(best, int(k), cost, benefit, "whole"), "name": "all members"} for k in whole]
    return [{**row, **titles} for row in rows if np.isfinite(row["cost"]) and np.isfinite(row["benefit"])]


def _point(columns: Any, k: int, cost: str, benefit: str, kind: str) -> dict[str, Any]:
    return {"cost": float(columns[cost][k]), "benefit": float(columns[benefit][k]), "kind": kind,
            "name": str(columns["coalition"][k])}  # fmt: skip


def figure_jobs(result: CoalitionResult) -> dict[str, dict[str, Any]]:
    """What the page draws, by name."""
    jobs = {
        "contributions": {"kind": member_bars, "rows": contribution_rows(result),
                          "text": "Contribution of each member to the grand coalition, million USD a year."},
        "gains": {"kind": member_bars, "rows": gain_rows(result),
                  "text": "Gains and losses of the members, million USD a year."},
        "lattice": {"kind": lattice, "rows": lattice_rows(result), "text": "Every coalition with its value."},
        "frontier": {"kind": frontier, "rows": frontier_rows(result), "text": "What coalitions reach at which cost."},
        "bystanders": {"kind": bars, "rows": bystander_rows(result),
                       "text": "Gains and losses of third countries, million USD a year."},
    }  # fmt: skip
    return {name: job for name, job in jobs.items() if job["rows"]}


def draw_jobs(jobs: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Every picture as SVG, wide and narrow."""
    return {
        name: {key: svg(job["kind"](job["rows"], width), job["text"])
               for key, width in (("wide", WIDE), ("narrow", NARROW))}
        for name, job in jobs.items()
    }  # fmt: skip


def write_figures(folder: Path, jobs: dict[str, dict[str, Any]], drawn: dict[str, dict[str, str]]) -> None:
    """NAME.svg, NAME.png and NAME.csv (the rows behind it) of every figure."""
    folder.mkdir()
    for name, job in jobs.items():
        text = drawn[name]["wide"].replace("<svg", f"<svg {NAMESPACES}", 1)
        (folder / f"{name}.svg").write_text(text + "\n", encoding="utf-8")
        (folder / f"{name}.png").write_bytes(base64.b64decode(png(drawn[name]["wide"])))
        names = [key for key in job["rows"][0] if key not in ("edges", "x", "y")]
        rows = ([_cell(row.get(key)) for key in names] for row in job["rows"])
        write_csv(folder / f"{name}.csv", names, rows, [f"# {job['text']}"])


def _cell(value: Any) -> Any:
    return " ".join(f"{one:.6g}" for one in value) if isinstance(value, list) else value


def plot_table(table: Table) -> Any:
    """The chart of a table, for notebooks. Raises InputError for a table that has none."""
    result: Any = table.outcomes
    if table.name == "contributions":
        return vl.altair_chart(member_bars(contribution_rows(result), WIDE))
    if table.name == "bystanders":
        return vl.altair_chart(bars(bystander_rows(result), WIDE))
    if table.name in ("frontier", "steps"):
        return vl.altair_chart(frontier(frontier_rows(result), WIDE))
    if table.name == "coalitions" and lattice_rows(result):
        return vl.altair_chart(lattice(lattice_rows(result), WIDE))
    keys = {"stability": ("incentive", ""), "partners": ("adds", "adds")}
    if table.name in keys and len(table):
        value, stem = keys[table.name]
        names = [str(name) for name in table.columns["name"]]
        rows = bar_rows(names, table.columns[value], *_interval(result, table.name, stem), [""] * len(names))
        return vl.altair_chart(bars(rows, WIDE))
    drawn = "contributions, bystanders, frontier, coalitions (up to five players), stability, partners"
    raise InputError(f"table {table.name}", "this table has no picture", allowed=drawn)
