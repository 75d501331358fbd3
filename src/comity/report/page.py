"""The report: one self-contained page, no external request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from comity import __version__
from comity.classifications.sectors import load_sectors
from comity.outcomes.simulate import OnCount, Outcomes, label
from comity.records import cite
from comity.report import charts, intervals, sections
from comity.report.among import among, count_lines
from comity.report.dossier_page import dossier_context, dossier_python
from comity.report.figures import Drawn, Jobs, draw_all, figure_jobs, finding, map_finding
from comity.report.headline import three
from comity.report.lead import lead
from comity.report.origins import origins
from comity.report.reasons import reasons
from comity.report.sectors import sector_finding
from comity.report.smoothed_rows import smoothed_rows, smoothed_sentence
from comity.report.terminal import verdict
from comity.report.words import change_in_per_cent, joined, money, per_cent, plain, power_of_ten, tight
from comity.scenario.explain import UNDATED, size_word

if TYPE_CHECKING:
    from comity.dossier.assess import Assessment

LIMITS = (
    "Each result is a long-run equilibrium of the base-year economy with the measures in force: no growth, inflation, "
    "capital or adjustment.",
    "Flows that are zero in the base year stay zero.",
    "Finance, payments, oil caps and everything below the sector are outside the model.",
    "No interval covers the choice of the model, of the base year and of the data.",
)


def page(
    outcomes: Outcomes,
    command: str,
    assessment: Assessment | None = None,
    figures: tuple[Jobs, Drawn] | None = None,
) -> str:
    """The whole HTML page; with the assessment of a dossier also its claims, commitments and what was observed.
    `figures` are the drawing jobs and what was drawn, where they are files beside the page: it then leads to them."""
    from comity.report.templates import report

    return report().render(context(outcomes, command, assessment, figures))


def context(
    outcomes: Outcomes,
    command: str,
    assessment: Assessment | None = None,
    figures: tuple[Jobs, Drawn] | None = None,
) -> dict[str, Any]:
    """Everything the template prints."""
    sentence, second = lead(outcomes, bool(assessment is not None and assessment.verdicts))
    jobs = figures[0] if figures else figure_jobs(outcomes, assessment)
    bars, flows = jobs["bars"]["rows"], jobs.get("flows", {}).get("rows", [])
    pictures = figures[1] if figures else draw_all(jobs)
    d = dossier_context(assessment, pictures) if assessment is not None else None
    compared = smoothed_rows(outcomes)
    found = {
        "d": d,
        "files": figures is not None,
        "version": __version__,
        "title": assessment.dossier.title if assessment is not None else outcomes.scenario.title,
        "scenario": outcomes.scenario,
        "world": outcomes.world,
        "elasticities": elasticity_title(outcomes),
        "closure": sections.CLOSURES.get(outcomes.choice.closure, outcomes.choice.closure),
        "year": outcomes.year,
        "lead": sections.accented(sentence),
        "second": second,
        "whys": reasons(outcomes),
        "zeros": smoothed_sentence(outcomes),
        "among": among_rows(outcomes),
        "among_notes": count_lines(outcomes),
        "three": three(outcomes),
        "finding": finding(bars),
        "bars": pictures["bars"],
        "bar_rows": [{**row, "text": money(row["value"], row["low"], row["high"], sign=True)} for row in bars],
        "whole": sections.whole(outcomes),
        "map": pictures["tile_map"],
        "map_finding": map_finding(outcomes),
        "map_key": sections.map_key(),
        "map_rows": map_rows(outcomes),
        "flows": pictures.get("flows"),
        "flow_finding": charts.flow_finding(flows),
        "flow_rows": [
            {**row, "text": f"{plain(row['before'], 1)} to {plain(row['after'], 1)}",
             "range": f"{plain(row['low'], 1)} to {plain(row['high'], 1)}",
             "change": change_in_per_cent(row["before"], row["after"])}
            for row in flows
        ],
        "trade_notes": sections.trade_notes(outcomes),
        "elsewhere": sections.elsewhere(outcomes),
        "sectors": pictures.get("sectors"),
        "sector_finding": sector_finding(jobs.get("sectors", {}).get("rows", [])),
        "sector_rows": [
            {**row, "before": plain(row["before"], 1), "after": plain(row["after"], 1),
             "change": change_in_per_cent(row["before"], row["after"])}
            for row in jobs.get("sectors", {}).get("rows", [])
        ],
        "by_sector": by_sector(outcomes),
        "smoothed": outcomes.smoothed,
        "smoothed_rows": compared,
        "smoothed_heading": sections.smoothed_heading(compared),
        "counts": count_rows(outcomes),
        "targets": outcomes.targets,
        "origins": origins(outcomes),
        "measures": outcomes.compiled.measures,
        "undated": UNDATED,
        "size_word": size_word,
        "tight": tight,
        "nothing": outcomes.compiled.nothing,
        "notes": [
            tight(note)
            for note in (
                *outcomes.compiled.left_out,
                *outcomes.compiled.regime_notes,
                *outcomes.compiled.warnings,
                *outcomes.range_notes()[1:],
            )
        ],
        "status_heading": sections.status_heading(outcomes),
        "statuses": statuses(outcomes),
        "sources": outcomes.world.provenance.get("sources", []),
        "assumptions": assumption_rows(outcomes),
        "interval": intervals.noun(outcomes),
        "interval_text": intervals.paragraph(outcomes),
        "interval_brief": intervals.brief(outcomes),
        "interval_lines": intervals.lines(outcomes),
        "range_lines": [*outcomes.range_notes()[:1], *intervals.names(outcomes)],  # which make its ends
        "refused": outcomes.refusals(),
        "residual": power_of_ten(outcomes.solution.residual),
        "moved": moved_benchmark(outcomes),
        "limits": list(LIMITS),
        "command": command,
        "python": python_lines(outcomes) if assessment is None else dossier_python(assessment),
        "yaml": outcomes.scenario.text if assessment is None else assessment.dossier.text,
        "cited": sections.cited(outcomes),
        "citations": cite(outcomes),
    }  # fmt: skip
    return {**found, "sections": sections.contents(outcomes, assessment, found)}


def elasticity_title(outcomes: Outcomes) -> str:
    """Whose trade elasticities, with the name of the set."""
    about = outcomes.solution.benchmark.provenance.get("elasticities", {})
    name = outcomes.choice.elasticities
    return f"{about['title']}, {name}" if about.get("title") and about.get("name") == name else name


def count_rows(outcomes: Outcomes) -> list[dict[str, Any]]:
    """Trade of the pair on every statistical count, with the verdict on each announced target."""
    pair = outcomes.main_pair()
    if pair is None or outcomes.runs[0].count is None:
        return []

    def row(run: OnCount) -> dict[str, Any]:
        numbers = outcomes.pair(run, *pair)
        after = numbers["after"]
        assert run.count is not None
        return {
            "name": run.count.name,
            "year": run.count.year,
            "source": run.count.source,
            "before": plain(numbers["before"].estimate, 1),
            "after": plain(after.estimate, 1),
            "range": f"{plain(after.low or 0, 0)} to {plain(after.high or 0, 0)}",
            "verdicts": [verdict(outcomes, numbers, target.million_usd) for target in outcomes.targets],
        }

    return [row(run) for run in outcomes.runs]


def among_rows(outcomes: Outcomes) -> list[dict[str, str]]:
    """Trade among three parties and more on every count: together, and each pair of few."""
    rows = []
    for run in outcomes.runs:
        on = f", {run.count.name}" if run.count and len(outcomes.runs) > 1 else ""
        for k, one in enumerate(among(outcomes, run)):
            name = "Together" if k == 0 else joined([label(code) for code in one.codes])
            rows.append({
                "name": f"{name}{on}", "before": plain(one.before, 0), "after": plain(one.after, 0),
                "change": change_in_per_cent(one.before, one.after),
                "range": f"{plain(one.low or 0, 0)} to {plain(one.high or 0, 0)}",
            })  # fmt: skip
    return rows


def by_sector(outcomes: Outcomes) -> list[dict[str, str]]:
    """Trade of the two parties by sector and direction: value before and after, change of value and of volume."""
    pair = outcomes.main_pair()
    if pair is None:
        return []
    names = load_sectors()
    columns = outcomes.trade.columns
    chosen = np.isin(columns["origin"], pair) & np.isin(columns["destination"], pair)
    rows = []
    for k in np.flatnonzero(chosen):
        code = str(columns["sector"][k])
        volume = float(columns["volume_hat"][k])
        rows.append(
            {
                "flow": f"{label(str(columns['origin'][k]))} to {label(str(columns['destination'][k]))}",
                "sector": names[code].name if code in names else code,
                "before": plain(columns["before"][k], 2),
                "after": plain(columns["after"][k], 2),
                "value": change_in_per_cent(columns["before"][k], columns["after"][k]),
                "volume": change_in_per_cent(1.0, volume) if np.isfinite(volume) else "no number",
            }
        )
    return sorted(rows, key=lambda row: row["flow"])


def statuses(outcomes: Outcomes) -> list[dict[str, str]]:
    """What is observed, borrowed, estimated for the parties and the most affected others."""
    about = outcomes.world.provenance.get("countries", {})
    codes = [*outcomes.parties[:12], *outcomes.others(4)]
    return [{"name": label(code), **about[code]} for code in codes if code in about]


def moved_benchmark(outcomes: Outcomes) -> list[str]:
    """Trade of the parties in the observed world and in the benchmark the closure moved it to."""
    world, moved = outcomes.world, outcomes.solution.benchmark
    if outcomes.choice.closure not in ("balanced", "targets-balanced"):
        return []
    lines = []
    for code in outcomes.parties[:6]:
        n = world.country(code)
        old, new = world.exports[:, n].sum(), moved.exports[:, n].sum()
        lines.append(f"{label(code)}: exports {money(old)} observed, {money(new)} in the moved benchmark")
    return lines


def map_rows(outcomes: Outcomes) -> list[dict[str, str]]:
    """The map as a table, largest changes first."""
    ranked = sorted(outcomes.welfare.rows, key=lambda row: -abs(row.real_income_pct))
    return [
        {"name": label(row.country),
         "text": per_cent(row.real_income_pct, row.real_income_low_pct, row.real_income_high_pct)}
        for row in ranked
    ]  # fmt: skip


def python_lines(outcomes: Outcomes) -> str:
    """Six lines of Python that repeat the run."""
    options = "".join(
        f', {key}="{value}"' for key, value in
        (("closure", outcomes.choice.closure), ("elasticities", outcomes.choice.elasticities))
    )  # fmt: skip
    when = f", year={outcomes.year}" if outcomes.year else ""
    return "\n".join(
        (
            "import comity",
            f'world = comity.load_world("{outcomes.world.name}")',
            'scenario = comity.load_scenario("scenario.yaml")  # the file beside this report',
            f"outcomes = comity.simulate(world, scenario{options}{when})",
            "print(outcomes.welfare.frame)  # real income by country, with ranges",
            "outcomes.trade.frame.head()  # bilateral flows by sector, before and after",
        )
    )


def assumption_rows(outcomes: Outcomes) -> list[dict[str, str]]:
    """The world's assumptions as readable rows."""

    def words(value: Any) -> str:
        if isinstance(value, dict):
            return ", ".join(f"{key} {words(part)}" for key, part in value.items())
        return ", ".join(map(words, value)) if isinstance(value, list) else str(value)

    rows = outcomes.world.provenance.get("assumptions", [])
    return [
        {
            **row,
            "key": re.sub(r"[._\[\]]+", " ", row["key"]).strip(),
            "value": words(row["value"]).removeprefix("value "),
        }
        for row in rows
    ]
