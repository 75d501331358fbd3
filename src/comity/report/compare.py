"""Two runs side by side: what differs in what was asked, and in what came out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from comity import __version__
from comity.errors import InputError
from comity.outcomes.numbers import SCHEMA_VERSION
from comity.outcomes.simulate import label
from comity.report.drawing import ACCENT, INK2, INK3, PAPER, RULE, RULE2
from comity.report.words import decimals_for, money, per_cent, plain, power_of_ten, whom

RESULTS = "results.json"
SETTINGS = ("scenario", "world", "elasticities", "closure", "year", "residual")
MOST = 12
WORDS = {"closure": "trade deficits", "elasticities": "trade elasticities", "year": "measures in force"}
LENGTH, MARGIN = 230.0, 8.0  # of an axis, in pixels


@dataclass(frozen=True)
class Side:
    """One run: its settings and its numbers by (name, country)."""

    name: str
    settings: dict[str, Any]
    numbers: dict[tuple[str, str], dict[str, Any]]


@dataclass(frozen=True)
class Line:
    """One number on both sides; None where a side does not have it."""

    name: str
    country: str
    unit: str
    left: dict[str, Any] | None
    right: dict[str, Any] | None

    @property
    def difference(self) -> float | None:
        """Right less left, None where one of them is missing."""
        if self.left is None or self.right is None:
            return None
        return float(self.right["estimate"] - self.left["estimate"])


def side(given: str) -> Side:
    """A run folder (or its results.json), or a scenario that is solved now on its own world.

    Raises InputError if it is neither, or the folder is of another version of the format.
    """
    path = Path(given)
    file = path / RESULTS if path.is_dir() else path
    if file.name == RESULTS or path.is_dir():
        return _from_folder(file, path.name if path.is_dir() else path.parent.name)
    from comity import load_scenario, load_world, simulate
    from comity.benchmark.bundle import DEFAULT_WORLD
    from comity.report.folder import results_json

    scenario = load_scenario(given)
    outcomes = simulate(load_world(scenario.world or DEFAULT_WORLD), scenario)
    return _side(scenario.id, results_json(outcomes))


def _from_folder(file: Path, name: str) -> Side:
    try:
        text = file.read_text(encoding="utf-8")
        results = json.loads(text)
    except (OSError, ValueError) as problem:
        advice = "Give a folder that comity run wrote, or the name of a scenario."
        raise InputError(f"run {name}", f"no readable {RESULTS} in it", found=problem, advice=advice) from None
    if not isinstance(results, dict) or results.get("schema_version") != SCHEMA_VERSION:
        found = results.get("schema_version") if isinstance(results, dict) else type(results).__name__
        raise InputError(f"run {name}", "written in another format", found=str(found),
                         allowed=f"schema_version {SCHEMA_VERSION}", advice="Run the scenario again.")  # fmt: skip
    return _side(name, results)


def _side(name: str, results: dict[str, Any]) -> Side:
    numbers = {(number["name"], number["country"]): number for number in results["numbers"]}
    return Side(name, {key: results.get(key) for key in SETTINGS}, numbers)


def lines(left: Side, right: Side) -> list[Line]:
    """Every number that either side has, trade of the parties first, then economies by the size of the difference."""
    keys = list(dict.fromkeys([*left.numbers, *right.numbers]))
    found = []
    for key in keys:
        a, b = left.numbers.get(key), right.numbers.get(key)
        found.append(Line(*key, (a or b or {})["unit"], a, b))
    trade = [line for line in found if "trade" in line.name]
    incomes = [line for line in found if line.name == "equivalent variation"]
    incomes.sort(key=lambda line: -abs(line.difference or 0.0))
    rank = {line.country: k for k, line in enumerate(incomes)}
    rest = [line for line in found if line not in trade]
    rest.sort(key=lambda line: (rank.get(line.country, len(rank)), line.name))
    return trade + rest


def text(left: Side, right: Side) -> str:
    """Both runs in the terminal: settings, then numbers with their ranges and the difference."""
    parts = [f"{left.name}  against  {right.name}", ""]
    for key in SETTINGS:
        a, b = _setting(left.settings[key]), _setting(right.settings[key])
        parts.append(f"  {key:<13} {a:<34} {b}" + ("" if a == b or key == "residual" else "   <- differs"))
    parts.append("")
    shown = _chosen(lines(left, right))
    width = max(len(_title(line)) for line in shown)
    for line in shown:
        values = f"{_value(line, line.left):<44} {_value(line, line.right):<44}"
        parts.append(f"  {_title(line):<{width}}  {values} {_difference(line)}")
    return "\n".join([*parts, "", "Ranges are those of each run; the difference is of the central estimates."])


def as_json(left: Side, right: Side) -> dict[str, Any]:
    """Everything, ready for JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "left": {"name": left.name, **left.settings},
        "right": {"name": right.name, **right.settings},
        "numbers": [
            {"name": line.name, "country": line.country, "unit": line.unit, "left": line.left, "right": line.right,
             "difference": line.difference}
            for line in lines(left, right)
        ],
    }  # fmt: skip


def page(left: Side, right: Side) -> str:
    """One HTML page without external requests; both runs of a number share one axis."""
    from comity.report.templates import template

    found = lines(left, right)
    names = _names(left, right)
    settings = [
        {"name": WORDS.get(key, key), "left": _setting(left.settings[key]), "right": _setting(right.settings[key]),
         "differs": key != "residual" and left.settings[key] != right.settings[key]} for key in SETTINGS
    ]  # fmt: skip
    return template("compare.html.j2").render(
        left=names[0], right=names[1], folders=(left.name, right.name), title=heading(left, right),
        finding=finding(found), settings=settings, rows=_rows(_chosen(found), names), version=__version__
    )  # fmt: skip


def _differing(left: Side, right: Side) -> list[str]:
    return [key for key in SETTINGS[:-1] if left.settings[key] != right.settings[key]]


def _names(left: Side, right: Side) -> tuple[str, str]:
    """Short names of the columns: the one setting that differs, else the names of the runs."""
    keys = _differing(left, right)
    if len(keys) == 1:
        return _setting(left.settings[keys[0]]), _setting(right.settings[keys[0]])
    return (left.name, right.name) if left.name != right.name else (f"{left.name}, first", f"{right.name}, second")


def heading(left: Side, right: Side) -> str:
    """What is compared, in one line."""
    keys, (a, b) = _differing(left, right), _names(left, right)
    if keys == ["scenario"] or len(keys) != 1:
        return f"{a} against {b}"
    return f"{left.settings['scenario']}, {WORDS.get(keys[0], keys[0])}: {a} against {b}"


def finding(found: list[Line]) -> str:
    """The largest difference of trade and of gains or losses, in words."""
    parts = []
    for name, what in (("goods trade after", "goods trade after the measures"), ("equivalent variation", "")):
        some = [line for line in found if line.name.split(",")[0] == name and line.difference]
        if some:
            most = max(some, key=lambda line: abs(line.difference or 0.0))
            parts.append(f"{what or 'gain or loss'} of {whom(most.country, label)} {_difference(most)} a year")
    if not parts:
        return "No number that both runs have differs."
    return f"Largest differences, second less first: {'; '.join(parts)}."


def _rows(found: list[Line], names: tuple[str, str]) -> list[dict[str, Any]]:
    """Rows of the page: the two numbers of an economy's real income stand in one."""
    rows: dict[str, dict[str, Any]] = {}
    for line in found:
        title = _row_title(line)
        row = rows.setdefault(title, {"title": title, "left": [], "right": [], "difference": [], "axis": Markup("")})
        row["left"].append(_value(line, line.left).replace("million", "m"))
        row["right"].append(_value(line, line.right).replace("million", "m"))
        row["difference"].append(_difference(line).replace("million", "m"))
        row["axis"] = row["axis"] or _axis(line, names)
    return list(rows.values())


def _chosen(found: list[Line]) -> list[Line]:
    """Trade before and after, and the real income of the economies that differ most."""
    trade = [line for line in found if line.name.split(",")[0] in ("goods trade before", "goods trade after")]
    incomes = [line for line in found if line.name in ("real income", "equivalent variation")]
    kept = [line for line in incomes if line.difference is None or abs(line.difference) > 0]
    return (trade + (kept or incomes))[: len(trade) + 2 * MOST]


def _title(line: Line) -> str:
    return f"{line.name}, {whom(line.country, label)}"


def _row_title(line: Line) -> str:
    """On the page, money and per cent of real income stand in one row."""
    name = "real income" if line.name == "equivalent variation" else line.name
    return f"{name[:1].upper()}{name[1:]}, {whom(line.country, label)}"


def _value(line: Line, number: dict[str, Any] | None) -> str:
    if number is None:
        return "no number"
    estimate, low, high = number["estimate"], number["low"], number["high"]
    if line.unit == "per cent":
        return per_cent(estimate, low, high)
    signed = line.name == "equivalent variation"
    return money(estimate, low, high, sign=signed) if low is not None else money(estimate, sign=signed)


def _difference(line: Line) -> str:
    gap = line.difference
    if gap is None:
        return "on one side only"
    if line.unit == "per cent":
        return (
            f"{plain(gap, decimals_for(abs(gap)), sign=True)} percentage points" if abs(gap) > 1e-7 else "no difference"
        )
    if abs(gap) < 1:
        return f"{plain(gap, decimals_for(abs(gap), 3), sign=True)} million USD" if abs(gap) > 1e-3 else "no difference"
    return money(gap, sign=True)


def _axis(line: Line, names: tuple[str, str]) -> Markup:
    """Both runs' ranges and estimates on one axis, the first above the second; nothing where neither has a range."""
    sides = [(name, side) for name, side in zip(names, (line.left, line.right), strict=True) if side]
    ranged = [(name, side) for name, side in sides if side["low"] is not None]
    if not ranged:
        return Markup("")
    ends = [0.0, *(side[key] for _, side in ranged for key in ("low", "high"))]
    left, span = min(ends), max(ends) - min(ends) or 1.0

    def at(value: float) -> str:
        return f"{MARGIN + (LENGTH - 2 * MARGIN) * (value - left) / span:.1f}"

    parts = [f'<line x1="{at(0.0)}" x2="{at(0.0)}" y1="2" y2="38" stroke="{RULE2}"/>']
    for k, side in enumerate((line.left, line.right)):
        if side is None or side["low"] is None:
            continue
        y = 11 + 18 * k
        dot = f'fill="{ACCENT}"' if k == 0 else f'fill="{PAPER}" stroke="{INK2}" stroke-width="1.6"'
        tone = ACCENT if k == 0 else RULE2
        parts.append(f'<line x1="{MARGIN}" x2="{LENGTH - MARGIN}" y1="{y}" y2="{y}" stroke="{RULE}"/>')
        parts.append(f'<line x1="{at(side["low"])}" x2="{at(side["high"])}" y1="{y}" y2="{y}" stroke="{tone}" '
                     'stroke-width="7" stroke-opacity="0.4"/>')  # fmt: skip
        parts.append(f'<circle cx="{at(side["estimate"])}" cy="{y}" r="4.6" {dot}/>')
    parts.append(f'<text x="{at(0.0)}" y="50" font-size="12" text-anchor="middle" fill="{INK3}">0</text>')
    said = " and ".join(f"{name} {side['estimate']:.3g}, range {side['low']:.3g} to {side['high']:.3g}"
                        for name, side in ranged)  # fmt: skip
    words = escape(f"{_row_title(line)} in {line.unit}: {said}.")
    return Markup(
        f'<svg viewBox="0 0 {LENGTH:.0f} 54" width="{LENGTH:.0f}" height="54" role="img" aria-label="{words}">'
        + "".join(parts) + "</svg>"
    )  # fmt: skip


def _setting(value: Any) -> str:
    if isinstance(value, float):
        return power_of_ten(value)
    return "full implementation" if value is None else str(value)
