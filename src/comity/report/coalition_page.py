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
from comity.report.drawing import DARK
from comity.report.folder import check_folder, write_csv
from comity.report.words import money, plain

TABLES = (
    "contributions", "stability", "partners", "frontier", "steps", "coalitions", "transfers", "bystanders", "potential",
    "recovered", "published", "counts",
)  # fmt: skip


def page(result: CoalitionResult, command: str, pictures: dict[str, dict[str, str]] | None = None) -> str:
    """The whole HTML page, one file without external requests. With `pictures` it links to their files beside it."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("comity.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(DARK=DARK)
    return environment.get_template("coalition.html.j2").render(context(result, command, pictures))


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
        "partners": partner_lines(result)[1:-1], "potential": potential_lines(result)[1:-1],
        "bystanders": bystander_lines(result)[1:-1], "comparison": result.comparison, "notes": honesty_lines(result),
        "steps": result.steps.rows, "label": lambda name: label_of(result, name), "plain": plain, "money": money,
        "verdicts": result.stability.rows, "tried": result.spread.tried, "refused": result.spread.refused,
        "headings": headings(result), "sections": _sections(result),
        "command": command, "python": python_lines(result), "yaml": result.game.text, "finite": np.isfinite,
    }  # fmt: skip


def headings(result: CoalitionResult) -> dict[str, str]:
    """The finding of each section, as its heading."""
    most = max(result.contributions.rows, key=lambda row: abs(row.gain))
    adds = max(result.contributions.rows, key=lambda row: abs(row.last))
    verb = "gains" if most.gain >= 0 else "loses"
    whom = " and" if adds is most else f"; {label_of(result, adds.player)}"
    who, amount = label_of(result, most.player), money(abs(most.gain)).strip()
    found = {
        "members": f"{who} {verb} most itself, {amount} a year{whom} adds most to the others",
        "holds": _first(stability_lines(result)),
        "outside": _first(bystander_lines(result)[1:-1][-1:]) or "Nobody outside is touched",
        "reached": _first(potential_lines(result)[1:-1]) or "What coalitions of each size reach",
    }
    recovered = _first(recovered_lines(result)[1:-1])
    partners = _first(partner_lines(result)[1:-1])
    found["recovered"] = ":".join(recovered.split(":")[:2])
    found["partners"] = f"{partners.split(';')[0].replace(': ', ' would add most by joining, ', 1)}"
    return found


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
    return [
        {
            "name": label_of(result, row.player),
            "own": money(row.gain, row.gain_low, row.gain_high, sign=True).removesuffix(" million USD"),
            "percent": f"{plain(row.gain_pct, 4, sign=True)} %",
            "alone": plain(row.alone, 1),
            "shapley": plain(row.shapley, 1) if np.isfinite(row.shapley) else "no number",
            "error": plain(row.standard_error, 2) if row.standard_error > 0 else "",
            "last": f"{plain(row.last, 1)} [{plain(row.last_low, 1)}, {plain(row.last_high, 1)}]",
            "transfer": plain(sent[row.player], 1, sign=True) if np.isfinite(sent[row.player]) else "no number",
        }
        for row in result.contributions.rows
    ]


def python_lines(result: CoalitionResult) -> str:
    """Six lines of Python that repeat the run."""
    choice = result.study.choice
    return "\n".join(
        (
            "import comity",
            f'world = comity.load_world("{result.world.name}")',
            f'result = comity.coalition(world, "game.yaml", closure="{choice.closure}", '
            f'elasticities="{choice.elasticities}")  # the file beside this report',
            "print(result.contributions.frame)  # own gains, Shapley values, contributions, with ranges",
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
    )  # fmt: skip
    flags = {"--world": world and Path(world).name, "--closure": closure, "--elasticities": elasticities,
             "--orders": orders, "--seed": seed}  # fmt: skip
    given = [f"{flag} {value}" for flag, value in flags.items() if value is not None]
    command = " ".join([f"comity coalition {Path(name).name}", *given, *([] if ranges else ["--no-ranges"])])
    folder = write_folder(result, out, command)
    if as_json:
        return json.dumps({**result.as_json(), "folder": str(folder)}, indent=1, ensure_ascii=False)
    return f"{summary(result)}\n\nReport: {folder / 'report.html'}"
