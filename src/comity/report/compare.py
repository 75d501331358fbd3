"""Two runs side by side: what differs in what was asked, and in what came out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from comity import __version__
from comity.errors import InputError
from comity.outcomes.numbers import SCHEMA_VERSION
from comity.outcomes.simulate import label
from comity.report.drawing import DARK
from comity.report.headline import strip
from comity.report.words import decimals_for, money, per_cent, plain

RESULTS = "results.json"
SETTINGS = ("scenario", "world", "elasticities", "closure", "year", "residual")
MOST = 12


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
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("comity.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    rows = [
        {"title": _title(line), "left": _value(line, line.left), "right": _value(line, line.right),
         "left_strip": _strip(line, line.left), "right_strip": _strip(line, line.right),
         "difference": _difference(line)}
        for line in _chosen(lines(left, right))
    ]  # fmt: skip
    settings = [
        {"name": key, "left": _setting(left.settings[key]), "right": _setting(right.settings[key])} for key in SETTINGS
    ]
    return environment.get_template("compare.html.j2").render(
        left=left.name, right=right.name, settings=settings, rows=rows, version=__version__, DARK=DARK
    )


def _chosen(found: list[Line]) -> list[Line]:
    """Trade before and after, and the real income of the economies that differ most."""
    trade = [line for line in found if line.name.split(",")[0] in ("goods trade before", "goods trade after")]
    incomes = [line for line in found if line.name in ("real income", "equivalent variation")]
    kept = [line for line in incomes if line.difference is None or abs(line.difference) > 0]
    return (trade + (kept or incomes))[: len(trade) + 2 * MOST]


def _title(line: Line) -> str:
    where = line.country if "-" in line.country else label(line.country)
    return f"{line.name}, {where}"


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
    return money(gap, sign=True) if abs(gap) > 1e-3 else "no difference"


def _strip(line: Line, number: dict[str, Any] | None) -> Markup:
    """The band line of one side, on an axis both sides share."""
    if number is None or number["low"] is None:
        return Markup("")
    ends = [0.0]
    for each in (line.left, line.right):
        if each is not None and each["low"] is not None:
            ends += [each["low"], each["high"]]
    return strip(number["estimate"], number["low"], number["high"], [(0.0, "0")], (min(ends), max(ends)))


def _setting(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.0e}"
    return "full implementation" if value is None else str(value)
