"""A coalition game's HTML page, its folder of results, and what the command line does."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from comity import __version__
from comity.benchmark.bundle import DEFAULT_WORLD
from comity.coalition.result import CoalitionResult, label_of
from comity.errors import InputError
from comity.report.coalition_figures import draw_jobs, figure_jobs, write_figures
from comity.report.coalition_record import game_record
from comity.report.coalition_terminal import (
    VALUES,
    bystander_lines,
    honesty_lines,
    partner_lines,
    potential_lines,
    recovered_lines,
    stability_lines,
    summary,
    worth_sentence,
)
from comity.report.coalition_words import amount, brackets, captions, ends, figure, heading
from comity.report.folder import check_folder, write_csv
from comity.report.words import money, plain

TABLES = (
    "contributions", "stability", "core", "partners", "frontier", "steps", "coalitions", "transfers", "bystanders",
    "potential", "recovered", "published", "counts",
)  # fmt: skip


def page(result: CoalitionResult, command: str, pictures: dict[str, dict[str, str]] | None = None) -> str:
    """The whole HTML page, one file without external requests. With `pictures` it links to their files beside it."""
    from comity.report.templates import template

    return template("coalition.html.j2").render(context(result, command, pictures))


def context(result: CoalitionResult, command: str, pictures: dict[str, dict[str, str]] | None = None) -> dict[str, Any]:
    """Everything the template prints."""
    files = pictures is not None
    pictures = draw_jobs(figure_jobs(result)) if pictures is None else pictures
    world = result.world
    return {
        "version": __version__, "game": result.game, "world": world, "choice": result.study.choice,
        "players": result.study.n, "complete": result.study.table.complete, "lead": worth_sentence(result),
        "value": VALUES[result.game.players.value], "pictures": pictures, "files": files, "rows": _rows(result),
        "stability": stability_lines(result), "recovered": recovered_lines(result)[1:-1],
        "titles": {"recovered": recovered_lines(result)[:1], "partners": partner_lines(result)[:1],
                   "bystanders": bystander_lines(result)[:1]},
        "partners": partner_lines(result)[1:-1], "potential": potential_lines(result)[1:-1],
        "bystanders": bystander_lines(result)[1:-1], "comparison": result.comparison, "notes": honesty_lines(result),
        "steps": result.steps.rows, "label": lambda name: label_of(result, name), "plain": plain, "money": money,
        "verdicts": _verdicts(result), "intervals": interval_note(result), "inside": _inside(result),
        "captions": captions(result), "ranges": _range_rows(result),
        "core": result.core.rows,
        "headings": headings(result), "sections": _sections(result),
        "command": command, "python": python_lines(result), "yaml": result.game.text, "finite": np.isfinite,
    }  # fmt: skip


def headings(result: CoalitionResult) -> dict[str, str]:
    """The finding of each section, as its heading."""
    most = max(result.contributions.rows, key=lambda row: abs(row.gain))
    adds = max(result.contributions.rows, key=lambda row: abs(row.last))
    verb = "gains" if most.gain >= 0 else "loses"
    whom = ", and" if adds is most else f"; {label_of(result, adds.player)}"
    who, amount = label_of(result, most.player), money(abs(most.gain)).strip()
    found = {
        "members": f"{who} {verb} most itself, {amount} a year{whom} adds most to the others",
        "holds": _first(stability_lines(result)),
        "outside": _first(bystander_lines(result)[1:-1][-1:]) or "Nobody outside is touched",
        "reached": _first(potential_lines(result)[1:-1]) or "What coalitions of each size reach",
    }
    recovered = _first(recovered_lines(result)[1:-1])
    partners = _first(partner_lines(result)[1:-1])
    found["recovered"] = _won_back(recovered)
    found["partners"] = f"{partners.split(';')[0].replace(': ', ' would add most by joining, ', 1)}"
    return found


def _won_back(line: str) -> str:
    """The first line of the shares recovered as a finding."""
    who, _, rest = line.partition(": ")
    if not rest or rest.startswith("no number"):
        return line
    return f"{who} wins back {rest.split('. ')[0]} of what the sanctions cost it"


def _first(lines: list[str]) -> str:
    """The first of some lines as a heading: no indent, no full stop."""
    return lines[0].strip().rstrip(".") if lines else ""


def _sections(result: CoalitionResult) -> list[tuple[str, str]]:
    """Anchors and words of the contents line."""
    return [
        ("members", "Members"), ("holds", "Stability"), *([("recovered", "Recovered")] if result.recovery else []),
        *([("partners", "Partners")] if result.partners.rows else []), ("reached", "Reach"),
        ("outside", "Third countries"),
        *([("published", "Published results")] if result.comparison else []), ("rests", "What it rests on"),
        ("again", "Reproduce"),
    ]  # fmt: skip


def _rows(result: CoalitionResult) -> list[dict[str, Any]]:
    """Members for the page's table."""
    sent = {row.player: row.received for row in result.transfers.rows}
    drawn = _shapley_interval(result)
    return [
        {
            "name": row.name,
            "own": amount(row.gain, ends(row, "gain"), sign=True).removesuffix(" million USD"),
            "percent": f"{plain(row.gain_pct, 4, sign=True)} %",
            "alone": plain(row.alone, 1),
            "shapley": "no number" if not np.isfinite(row.shapley)
            else figure(row.shapley, ends(row, "shapley") if drawn else None),
            "error": plain(row.standard_error, 2) if row.standard_error > 0 else "",
            "last": figure(row.last, ends(row, "last")),
            "transfer": plain(sent[row.player], 1, sign=True) if np.isfinite(sent[row.player]) else "no number",
        }
        for row in result.contributions.rows
    ]  # fmt: skip


def _inside(result: CoalitionResult) -> str:
    """What the brackets of the members' table are."""
    words = heading(result).strip(" []")
    if not words:
        return "; no band or range was computed"
    drawn = "" if _shapley_interval(result) or result.theory.sampled else " (Shapley values have none)"
    return f"; in brackets: {words}{drawn}"


def _shapley_interval(result: CoalitionResult) -> bool:
    """Whether Shapley values have an interval of the kind the other columns have."""
    other = "band" if result.band is not None else "range"
    return result.intervals.kind("shapley", result.central.shapley) == other


def _verdicts(result: CoalitionResult) -> list[dict[str, Any]]:
    """Who would leave, who would join; the interval of a member may be a band, that of a candidate is a range."""
    rows = []
    for row in result.stability.rows:
        kind = "band" if np.isfinite(row.band_low) else "range" if np.isfinite(row.range_low) else "none"
        rows.append({
            "name": row.name, "role": row.role, "inside": plain(row.inside, 1, sign=True),
            "outside": plain(row.outside, 1, sign=True), "difference": figure(row.incentive, ends(row), sign=True),
            "kind": {"band": brackets(result), "range": "range", "none": ""}[kind], "verdict": row.verdict,
        })  # fmt: skip
    return rows


def _range_rows(result: CoalitionResult) -> list[dict[str, str]]:
    """The ranges of the members' numbers, where bands stand in the first table."""
    if result.band is None or not result.intervals.ranged:
        return []
    found = []
    for row in result.contributions.rows:
        shown = {"name": row.name}
        for key in ("gain", "last", "shapley"):
            between = getattr(row, f"{key}_range_low"), getattr(row, f"{key}_range_high")
            shown[key] = figure(getattr(row, key), between) if np.isfinite(between[0]) else "no range"
        found.append(shown)
    return found


def interval_note(result: CoalitionResult) -> str:
    """What the page's intervals are, for its head."""
    if result.band is not None:
        return f"{result.band.asked} joint draws, {sum(result.band.failures.values()) or 'none'} without solution"
    if result.intervals.ranged:
        refused = len(result.spread.refused) or "none"
        return f"range over {result.spread.tried} combinations, {refused} without solution"
    return "no band, no range"


def python_lines(result: CoalitionResult) -> str:
    """Six lines of Python that repeat the run."""
    choice = result.study.choice
    return "\n".join(
        (
            "import comity",
            f'world = comity.load_world("{result.world.name}")',
            f'result = comity.coalition(world, "game.yaml", closure="{choice.closure}", '
            f'elasticities="{choice.elasticities}", draws={0 if result.band is None else result.band.asked})',
            "print(result.contributions.frame)  # own gains, Shapley values, contributions",
            "print(result.stability.frame)  # who would leave, who would join",
            "result.contributions.plot()",
        )
    )


def write_folder(result: CoalitionResult, out: Path, command: str) -> Path:
    """Write report.html, game.yaml, results.json, record.json, figures and a CSV of every table into a dated folder
    below `out`."""
    check_folder(out)
    name = f"{date.today().isoformat()}-coalition-{result.game.id}"
    if (result.game.world or DEFAULT_WORLD) != result.world.name:
        name += f"-{result.world.name or 'world'}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=out))
    except OSError as problem:
        found = problem.strerror or problem
        raise InputError(f"--out {out.name}", "results cannot be written there", found=found) from None
    try:
        for table in TABLES:
            columns = getattr(result, table).columns
            rows = zip(*(values.tolist() for values in columns.values()), strict=True)
            write_csv(temporary / f"{table}.csv", list(columns), rows, ["# million USD a year where no unit is named"])
        content = json.dumps(result.as_json(), indent=1, ensure_ascii=False)
        (temporary / "results.json").write_text(content + "\n", encoding="utf-8")
        (temporary / "game.yaml").write_text(result.game.text, encoding="utf-8")
        record = json.dumps(game_record(result), indent=1, ensure_ascii=False)
        (temporary / "record.json").write_text(record + "\n", encoding="utf-8")
        jobs = figure_jobs(result)
        pictures = draw_jobs(jobs)
        write_figures(temporary / "figures", jobs, pictures)
        (temporary / "report.html").write_text(page(result, command, pictures), encoding="utf-8")
        os.chmod(temporary, 0o755)
        place, number = out / name, 1
        while place.exists():
            number += 1
            place = out / f"{name}-{number}"
        temporary.rename(place)
        return place
    except OSError as problem:
        found = problem.strerror or problem
        raise InputError(f"--out {out.name}", "results cannot be written there", found=found) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def coalition_command(
    name: str,
    world: str | None,
    out: Path,
    as_json: bool,
    closure: str | None,
    elasticities: str | None,
    orders: int | None,
    seed: int | None,
    ranges: bool = True,
    draws: int | None = None,
) -> str:
    """What `comity coalition` does: solve, write the folder, hand back what the terminal prints."""
    from comity.benchmark.bundle import load_world
    from comity.coalition.load import load_game
    from comity.coalition.run import ORDERS, coalition

    check_folder(out)
    game = load_game(name)
    result = coalition(
        load_world(world or game.world or DEFAULT_WORLD), game, closure=closure, elasticities=elasticities,
        orders=ORDERS if orders is None else orders, seed=1 if seed is None else seed, ranges=ranges,
        draws="usual" if draws is None else draws,
    )  # fmt: skip
    flags = {"--world": world and Path(world).name, "--closure": closure, "--elasticities": elasticities,
             "--orders": orders, "--seed": seed, "--draws": draws}  # fmt: skip
    given = [f"{flag} {value}" for flag, value in flags.items() if value is not None]
    command = " ".join([f"comity coalition {Path(name).name}", *given, *([] if ranges else ["--no-ranges"])])
    folder = write_folder(result, out, command)
    if as_json:
        return json.dumps({**result.as_json(), "folder": str(folder)}, indent=1, ensure_ascii=False)
    return f"{summary(result)}\n\nReport: {folder / 'report.html'}"
