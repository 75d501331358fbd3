"""What a dossier adds to the report: how small, claims with verdicts, commitments, promised - predicted - observed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comity.classifications.countries import spoken
from comity.dossier.notes import several
from comity.outcomes.simulate import Outcomes, label
from comity.report import intervals
from comity.report.dossier_drawing import beyond
from comity.report.judged import judged_on
from comity.report.verdict_rows import tally, verdict_row
from comity.report.words import joined, minutes, plain, small_per_cent, tight
from comity.scenario.explain import people

if TYPE_CHECKING:
    from comity.dossier.assess import Assessment

NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()
RULED = 7  # rows of the ruler at most
LONG = 24  # characters of a title that stands before a name on the ruler


def dossier_figures(assessment: Assessment) -> dict[str, dict[str, Any]]:
    """Drawing jobs of the dossier's own figures, by name; none where there is nothing to draw."""
    jobs = {}
    rows = ruler_rows(assessment)
    if rows:
        jobs["ruler"] = {"kind": "ruler", "rows": rows, "text": f"Ruler of small effects. {ruler_heading(rows)}."}
    lines = monitor_rows(assessment)
    if lines:
        jobs["monitor"] = {"kind": "monitor", "rows": lines, "text": _monitor_text(assessment)}
    return jobs


def dossier_context(assessment: Assessment, pictures: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Everything the dossier's sections print; `pictures` are the drawn figures by name."""
    dossier = assessment.dossier
    rows = [verdict_row(verdict, judged_on(assessment, verdict)) for verdict in assessment.verdicts]
    ruled, titles = ruler_rows(assessment), _titles(assessment)
    carried, reported = carried_by(assessment, titles), observed_rows(dossier)
    whose = "its source" if len(reported) == 1 else "their sources"
    return {
        "rows": rows,
        "cautions": assessment.cautions,
        "tally": tally(assessment.verdicts),
        "claims_heading": f"{_number(len(rows))} statements from the source, and what the model can say about each",
        "title": dossier.title,
        "commitments": [
            commitment_row(state, {} if carried else titles, idle_of(assessment)) for state in assessment.commitments
        ],
        "carried_by": carried,
        "commitments_heading": commitments_heading(assessment),
        "sources": [source_row(source) for source in dossier.sources],
        "assumptions": [assumption.text for assumption in dossier.assumptions],
        "leaves_out": list(dossier.leaves_out),
        "observed": reported,
        "observed_heading": f"{several(len(reported), 'reported number')} and {whose}",
        "ruler": pictures.get("ruler"),
        "ruler_rows": ruled,
        "ruler_heading": ruler_heading(ruled),
        "ruler_bars": ruler_bars(ruled, intervals.short(assessment.main)),
        "monitor": pictures.get("monitor"),
        "monitor_rows": [monitor_line(row) for row in monitor_rows(assessment)],
        "monitor_heading": monitor_heading(assessment),
        "monitor_kinds": monitor_kinds(assessment),
        "monitor_cut": monitor_cut(assessment),
        "monitor_notes": [tight(note) for note in assessment.monitor.notes],
    }


def _number(count: int) -> str:
    word = NUMBERS[count] if count < len(NUMBERS) else str(count)
    return word[:1].upper() + word[1:]


def source_row(source: Any) -> dict[str, Any]:
    """A source in one line."""
    parts = [source.title or source.citation, source.publisher, source.published]
    return {"text": ", ".join(str(part) for part in parts if part), "url": source.url, "id": source.id}


def _channel(measures: Any, titles: dict[str, str]) -> str:
    """ "The roadmap: border procedures and visas" from roadmap/border-procedures and roadmap/visas; without titles the
    names of the measures alone."""
    by_scenario: dict[str, list[str]] = {}
    for measure in measures or ():
        scenario, _, name = measure.rpartition("/")
        by_scenario.setdefault(titles.get(scenario, scenario) if titles else "", []).append(name.replace("-", " "))
    return "; ".join(f"{title}: {joined(names)}" if title else joined(names) for title, names in by_scenario.items())


def carried_by(assessment: Assessment, titles: dict[str, str]) -> str:
    """The title of the scenario that all commitments rest on; empty where there are several, or one commitment."""
    measures = [name for state in assessment.commitments for name in state.commitment.measures or ()]
    names = {measure.rpartition("/")[0] for measure in measures}
    return titles.get(names.pop(), "") if len(names) == 1 and len(measures) > 1 else ""


def commitment_row(state: Any, titles: dict[str, str], idle: dict[str, str]) -> dict[str, Any]:
    """A commitment with what became of it and whether the model has a channel for it; `titles` of scenarios by id."""
    commitment = state.commitment
    return {
        "title": commitment.title,
        "parties": people(commitment.parties),
        "instrument": commitment.instrument,
        "signed_by": commitment.signed_by,
        "status": state.status,
        "history": [{"date": event.date, "status": event.status, "what": event.what} for event in commitment.history],
        "channel": _channel(commitment.measures, titles),
        "outside": commitment.outside,
        "idle": [
            f"{name.rpartition('/')[2]} does nothing on this world: {idle[name]}"
            for name in commitment.measures
            if name in idle
        ],
    }


def commitments_heading(assessment: Assessment) -> str:
    """How many commitments have a trade channel."""
    states = assessment.commitments
    inside = sum(bool(state.commitment.measures) for state in states)
    verb = "has" if inside == 1 else "have"
    text = f"{_number(inside)} of {_number(len(states)).lower()} commitments {verb} a trade channel in the model"
    idle = idle_of(assessment)
    still = sum(bool(c.measures) and all(name in idle for name in c.measures) for c in (s.commitment for s in states))
    return f"{text}, {_number(still).lower()} of them without effect on this world" if still else text


def idle_of(assessment: Assessment) -> dict[str, str]:
    """Measures ("scenario/measure") that do nothing on this world, with the reason."""
    return {
        f"{name}/{report.id}": report.idle
        for name, outcomes in assessment.outcomes.items()
        if isinstance(outcomes, Outcomes)
        for report in outcomes.compiled.measures
        if report.idle
    }


def observed_rows(dossier: Any) -> list[dict[str, str]]:
    """Every observed number with its count, period and source."""
    rows = []
    for observed in dossier.observed:
        for series in observed.series:
            for row in series.rows:
                total = row.total if row.total is not None else sum(row.flows.values())
                flows = ", ".join(f"{pair} {plain(value, 1)}" for pair, value in row.flows.items())
                rows.append(
                    {"count": series.count, "period": row.period, "total": plain(total, 1), "flows": flows,
                     "source": row.source, "note": row.note or ""}
                )  # fmt: skip
    return rows


def ruler_rows(assessment: Assessment) -> list[dict[str, Any]]:
    """Real income of the parties under every scenario of the dossier that names few parties: how small is this? Where
    the main one has a single party, the others most affected by it stand beside that party."""
    rows: list[dict[str, Any]] = []
    main = assessment.dossier.main
    for name, outcomes in assessment.outcomes.items():
        if not isinstance(outcomes, Outcomes):
            continue
        codes = _targets(outcomes)
        if name == main:
            codes = outcomes.parties[:3]
            codes += outcomes.others(3 - len(codes)) if len(codes) < 2 else []
        rows += [_ruler_row(_short(assessment, outcomes, name), outcomes, code, name == main) for code in codes]
    rows.sort(key=lambda row: (not row["main"], row["value"]))
    return rows[:RULED]


def _ruler_row(title: str, outcomes: Outcomes, code: str, main: bool) -> dict[str, Any]:
    row = outcomes.of(code)
    here = outcomes.world.country(code)
    # the interval of every other figure: draws of the main scenario, ranges of the claims' own, which are not drawn
    low, high = (100 * float(end[here] - 1) for end in outcomes.interval.of("real_income_hat"))
    value = row.real_income_pct
    noise = low <= 0 <= high
    sizes = sorted((abs(low), abs(high)))
    return {
        "name": f"{title}, {label(code)}", "country": spoken(code), "scenario": title, "value": abs(value),
        "low": 0.0 if noise else sizes[0], "high": sizes[1],
        "color": "noise" if noise else "gain" if value > 0 else "loss",
        "said": "inside the noise" if noise else small_per_cent(value), "main": main,
        "change": value, "change_low": low, "change_high": high,
        "interval": outcomes.interval.kind,
    }  # fmt: skip


def ruler_bars(rows: list[dict[str, Any]], draws: str) -> str:
    """What the bars of the ruler are; `draws` says what a band is."""
    kinds = {row["interval"] for row in rows}
    if kinds == {"band", "range"}:
        return f"band of these measures ({draws}), range over choices of all others"
    return f"band ({draws})" if kinds == {"band"} else "range over choices"


def monitor_rows(assessment: Assessment) -> list[dict[str, Any]]:
    """The rows of the first observed pair, as the chart takes them."""
    if not assessment.monitor or not assessment.dossier.observed:
        return []
    return [row.as_dict() for row in assessment.monitor.of(assessment.dossier.observed[0].id)]


def _monitor_text(assessment: Assessment) -> str:
    """What the chart shows, in words: the finding, and on each count what was observed last and is predicted last."""
    rows = monitor_rows(assessment)
    said = [f"Trade over time. {monitor_heading(assessment)}."]
    for count in dict.fromkeys(row["count"] for row in rows):
        parts = []
        for kind in ("observed", "predicted"):
            line = [row for row in rows if row["count"] == count and row["kind"] == kind]
            if line:
                last = max(line, key=lambda row: row["year"])
                ends = "" if last["low"] is None else f" ({plain(last['low'], 0)} to {plain(last['high'], 0)})"
                parts.append(f"{kind} {plain(last['value'], 0)}{ends} in {int(last['year'])}")
        said.append(f"On {count}, million USD a year: {joined(parts)}.")
    return " ".join(said)


KINDS = ("promised", "predicted", "observed")


def monitor_kinds(assessment: Assessment) -> list[str]:
    """Which of promised, predicted and observed the section on time has."""
    there = {row["kind"] for row in monitor_rows(assessment)}
    return [kind for kind in KINDS if kind in there]


def monitor_cut(assessment: Assessment) -> str:
    """Where ranges end that the chart over time cuts at its frame; empty where it cuts none."""
    ends = beyond(monitor_rows(assessment))
    return "it reaches " + joined([f"{plain(end, 0)} on {count}" for count, end in ends.items()]) if ends else ""


def observed_pair(assessment: Assessment) -> str:
    """The trade of the pair that the section on time is about."""
    return f"the trade of {people(assessment.dossier.observed[0].between)}"


def monitor_line(row: dict[str, Any]) -> dict[str, str]:
    """One row of the monitor's table."""
    year = f"{row['year']:.1f}" if row["year"] % 1 else f"{row['year']:.0f}"
    return {
        "count": row["count"],
        "kind": row["kind"],
        "when": year,
        "value": "" if row["value"] is None else plain(row["value"], 1),
        "range": "" if row["low"] is None else f"{plain(row['low'], 0)} to {plain(row['high'], 0)}",
        "note": row["text"],
    }


def monitor_heading(assessment: Assessment) -> str:
    """Whether the counts agree on the target, in words."""
    rows = monitor_rows(assessment)
    promised = [row for row in rows if row["kind"] == "promised"]
    held = [row for row in rows if row["kind"] == "no deal"]
    before = {row["count"]: row["value"] for row in held}
    periods = {row["count"]: row["text"].partition("(")[2].partition(")")[0] for row in held}
    if not promised or not before:
        if not assessment.dossier.observed:
            return "What was observed"
        return f"What was observed of {observed_pair(assessment)}"
    target = promised[0]["value"]
    met = [count for count, value in before.items() if value >= target]
    if met and len(met) < len(before):
        return (
            f"Whether the target was met depends on whose statistics are read: on {joined(met)} it was before the deal"
        )
    if len(before) == 1:
        (count,), verb = before, "had been" if met else "had not been"
        return f"On {count} the target {verb} met before the deal, by the last observation ({periods[count]})"
    if met:
        return "The target had been met before the deal, by the last observation on every count"
    return "The target had not been met before the deal, by the last observation on any count"


def dossier_python(assessment: Assessment) -> str:
    """Six lines of Python that repeat the assessment."""
    return "\n".join(
        (
            "import comity",
            f'world = comity.load_world("{assessment.world.name}")',
            'dossier = comity.load_dossier("dossier.yaml")  # the file beside this report',
            "assessment = comity.assess(world, dossier)",
            "print(assessment.frame)  # every claim with its verdict and number",
            f'assessment.outcomes["{assessment.dossier.main}"].welfare.frame  # and everything behind it',
        )
    )


def _titles(assessment: Assessment) -> dict[str, str]:
    """Titles of the dossier's scenarios by id."""
    named = {item.id: item.title for item in assessment.dossier.scenarios if item.title}
    solved = {name: found.scenario.title for name, found in assessment.outcomes.items() if isinstance(found, Outcomes)}
    return solved | named


def _targets(outcomes: Outcomes) -> list[str]:
    """Whom a lifting or a regime is about; nobody for other scenarios, which the verdict table covers."""
    lifts = any(measure.kind in ("lifting", "sanction") for measure in outcomes.compiled.measures)
    return outcomes.compiled.targets[:2] if lifts else []


def _short(assessment: Assessment, outcomes: Outcomes, name: str) -> str:
    """The dossier's own title of a scenario, else the scenario's; of the main one a short word for a long title."""
    named = {item.id: item.title for item in assessment.dossier.scenarios}
    title = named.get(name) or outcomes.scenario.title
    return "These measures" if name == assessment.dossier.main and len(title) > LONG else title


def ruler_heading(rows: list[dict[str, Any]]) -> str:
    """The finding over the ruler: time for the dossier's measures, time for the largest other row."""
    own = [row for row in rows if row["main"] and row["color"] != "noise"]
    others = [row for row in rows if not row["main"]]
    if not own:
        return "How small or large the changes are, on one ruler"
    word = {"gain": "gains", "loss": "loses"}
    said = joined([f"{row['country']} {word[row['color']]} about {minutes(row['value'], year=False)}"
                   for row in sorted(own, key=lambda row: -row["value"])])  # fmt: skip
    text = f"{said[:1].upper()}{said[1:]} of a year's income"
    if others:
        other = max(others, key=lambda row: row["value"])
        text += (
            f"; largest beside it: {other['scenario'][:1].lower()}{other['scenario'][1:]}, {other['country']}, about "
        )
        text += minutes(other["value"], year=False)
    return text
