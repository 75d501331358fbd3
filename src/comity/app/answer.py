"""A state or a scenario text -> Answer: the numbers of `simulate` with the words of the report, as plain data."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from comity.app.edit import scenario_of
from comity.app.solving import read_text, solved
from comity.app.state import DEFAULT_WORLD, State, controls_of
from comity.classifications.sectors import load_sectors
from comity.outcomes.counts import Count, counts_of
from comity.outcomes.ranges import goods_flows
from comity.outcomes.simulate import OnCount, Outcomes, label
from comity.report.headline import lead
from comity.report.sectors import sectors_data, touched_trade
from comity.report.words import change_in_per_cent, decimals_for, minutes, money, per_cent, plain, spans_zero

if TYPE_CHECKING:
    pass

PAIRS_SHOWN = 12  # flows among the parties; more are in the tables
INTERVAL = {
    "range": "Lowest and highest over the elasticity sets, closures and sizes tried; not a band with a probability.",
    "none": "The central combination alone; the range over elasticity sets, closures and sizes is not computed yet.",
}


@dataclass(frozen=True)
class Answer:
    """What the explorer says of a scenario; docs/explorer-api.md describes every key. `csv` is key_results.csv of
    `comity run`, empty without ranges."""

    content: Mapping[str, Any]
    csv: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain data; no NaN: what is no number is None."""
        return dict(self.content)

    @cached_property
    def body(self) -> bytes:
        """The answer as JSON."""
        return json.dumps(self.content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self.content:
            raise AttributeError(name)
        return self.content[name]


def answer(state: State, ranges: bool = True) -> Answer:
    """The answer for a state. ranges=False : one solve at the central sizes on the first statistical count.

    Raises InputError for what the parser or the compiler refuses, NoSolutionError where the central combination has no
    solution.
    """
    scenario, text = scenario_of(state)
    return _answered(scenario, text, state, ranges)


def answer_text(text: str, ranges: bool = True) -> Answer:
    """The answer for a whole scenario text from a request. Raises InputError, NoSolutionError."""
    return _answered(read_text(text), text, None, ranges)


def _answered(scenario: Any, text: str, state: State | None, ranges: bool) -> Answer:
    start = perf_counter()
    outcomes = solved(scenario, ranges)
    milliseconds = 1000 * (perf_counter() - start)
    sentence, second = lead(outcomes)
    world, solution = outcomes.world, outcomes.solution
    settings = {"elasticities": outcomes.choice.elasticities, "closure": outcomes.choice.closure, "year": outcomes.year}
    kind = "range" if ranges else "none"
    estimated = [code for code in world.countries if outcomes.status(code) == "estimated"]
    share = outcomes.compiled.empty_share
    content: dict[str, Any] = {
        "state": None if state is None else state.as_json(),
        "query": "" if state is None else state.query,
        "name": scenario.id,
        "title": scenario.title,
        "description": scenario.description,
        "changed": state is not None and state != State(state.scenario),
        "sentence": sentence,
        "second_sentence": second,
        "nothing": _nothing(outcomes, state),
        "world": {
            "name": world.name, "economies": len(world.countries), "sectors": len(world.sectors),
            "base_year": world.base_year, "hash": world.hash,
        },
        "settings": settings,
        "solve": {
            "milliseconds": round(milliseconds, 1), "residual": float(solution.residual),
            "iterations": int(solution.iterations),
        },
        "interval": {"kind": kind, "words": INTERVAL[kind]},
        "headlines": headlines(outcomes, ranges),
        "countries": _countries(outcomes, ranges),
        "counts": _counts(outcomes, ranges),
        "sectors": _sectors(outcomes),
        "estimated": [{"code": code, "name": label(code)} for code in estimated],
        "empty": {"share": share, "words": f"{share:.0%} of the measures' potential trade is on flows that are zero in "
                  "this world and stay zero." if share > 0 else ""},
        "notes": [*outcomes.compiled.left_out, *outcomes.compiled.regime_notes, *outcomes.compiled.warnings,
                  *(outcomes.range_notes() if ranges else [])],
        "without_solution": outcomes.refusals(),
        "controls": [] if state is None else [control.as_json() for control in controls_of(state)],
        "reproduce": reproduce(scenario, text, state),
    }  # fmt: skip
    return _whole(content, _csv(outcomes) if ranges else "")


def _whole(content: dict[str, Any], text: str) -> Answer:
    """The Answer, its JSON made here and now: in the thread that solves, not in the one that serves."""
    found = Answer(content, text)
    try:
        found.body  # noqa: B018
    except ValueError:  # a number that JSON has not: rare, so nothing looks for it before
        found = Answer(_finite(content), text)
        found.body  # noqa: B018
    return found


def _finite(thing: Any) -> Any:
    """NaN and infinity as None: JSON has no such number."""
    if isinstance(thing, dict):
        return {key: _finite(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [_finite(value) for value in thing]
    return None if isinstance(thing, float) and not np.isfinite(thing) else thing


def _nothing(outcomes: Outcomes, state: State | None) -> str | None:
    """Why nothing changes and, for a state, which control would change something; None where something does."""
    reason = outcomes.compiled.nothing
    if reason is None:
        return None
    said = f"Nothing changes, because {reason}."
    if state is None:
        return said
    controls = controls_of(state)
    off = [control for control in controls if not control.on]
    if not controls:
        return f"{said} Add a measure to change something."
    if len(off) == len(controls):
        return f"Nothing changes, because every measure is switched off. Switch on: {off[0].title}."
    if outcomes.year is not None and all(measure.in_force == 0 for measure in outcomes.compiled.measures):
        return f"{said} Choose a later year, or no year for the measures carried out in full."
    moving = [control for control in controls if control.on and control.value is not None]
    return f"{said} Move the slider of: {moving[0].title}." if moving else said


def headlines(outcomes: Outcomes, ranges: bool) -> list[dict[str, Any]]:
    """Up to three numbers, chosen as in the report (report/headline.py): trade of the two parties, real income of the
    parties, trade that the measures touch, who else is affected most."""
    pair = outcomes.main_pair()
    cards = []
    if pair:
        numbers = outcomes.pair(outcomes.runs[0], *pair)
        count = outcomes.runs[0].count
        after = numbers["after"]
        title = f"Goods trade between {label(pair[0])} and {label(pair[1])}{f', on {count.name}' if count else ''}"
        levels = (numbers["before"].estimate, after.estimate, after.low, after.high)
        cards.append(_level_card(title, levels, ranges))
    order = list(outcomes.parties) if pair else sorted(
        outcomes.parties or list(outcomes.world.countries), key=lambda c: -abs(outcomes.of(c).equivalent_variation)
    )  # fmt: skip
    parties = order[: 3 - len(cards)]
    touched = touched_trade(outcomes) if len(cards) + len(parties) < 3 else None
    others = outcomes.others(3)[: 3 - len(cards) - len(parties) - (touched is not None)]
    cards += [_income_card(outcomes, code, ranges) for code in parties]
    cards += [_level_card(f"Goods trade of {touched[0]}", touched[1], ranges)] if touched else []
    return cards + [_income_card(outcomes, code, ranges) for code in others]


def _level_card(title: str, levels: tuple[float, float, Any, Any], ranges: bool) -> dict[str, Any]:
    before, after, low, high = levels
    scale, unit = (1000.0, "billion USD") if max(before, after) >= 1000 else (1.0, "million USD")
    digits = decimals_for(high - low, 2 if scale > 1 else 0) if ranges and high is not None else 2 if scale > 1 else 0
    ends = f", range {plain(low / scale, digits)} to {plain(high / scale, digits)}" if ranges else ""
    return {
        "title": title, "value": after, "low": low if ranges else None, "high": high if ranges else None,
        "unit": "million USD a year", "before": before,
        "words": f"{plain(after / scale, digits)} {unit} a year{ends}",
        "equivalent": f"From {plain(before / scale, digits)} ({change_in_per_cent(before, after)})",
    }  # fmt: skip


def _income_card(outcomes: Outcomes, code: str, ranges: bool) -> dict[str, Any]:
    row = outcomes.of(code)
    ends = (row.real_income_low_pct, row.real_income_high_pct) if ranges else (None, None)
    usd = (row.equivalent_variation_low, row.equivalent_variation_high) if ranges else (None, None)
    more = f"{money(row.equivalent_variation, *usd, sign=True)} a year"
    people = outcomes.world.provenance.get("population", {}).get(code)
    if abs(row.real_income_pct) < 0.1:
        if people:
            dollars = 1e6 * row.equivalent_variation / people
            more += (
                f": {plain(dollars, decimals_for(abs(dollars)) if abs(dollars) < 10 else 0, sign=True)} USD a person"
            )
        more += f", or {minutes(row.real_income_pct)}"
    note = " (estimated)" if outcomes.status(code) == "estimated" else ""
    return {
        "title": f"Real income, {label(code)}{note}", "value": row.real_income_pct, "low": ends[0], "high": ends[1],
        "unit": "per cent", "before": 0.0, "words": per_cent(row.real_income_pct, *ends), "equivalent": more,
    }  # fmt: skip


def _countries(outcomes: Outcomes, ranges: bool) -> list[dict[str, Any]]:
    parties, solution = set(outcomes.parties), outcomes.solution
    floor = 10 * solution.residual * solution.benchmark.income  # below it a solve cannot tell an effect from zero
    rows = []
    for row, least in zip(outcomes.welfare.rows, floor, strict=True):
        pct, usd = row.real_income_pct, row.equivalent_variation
        ends = (row.real_income_low_pct, row.real_income_high_pct, row.equivalent_variation_low,
                row.equivalent_variation_high)  # fmt: skip
        rows.append({
            "code": row.country, "name": label(row.country), "party": row.country in parties,
            "status": outcomes.status(row.country), "real_income_pct": pct,
            "low_pct": ends[0] if ranges else None, "high_pct": ends[1] if ranges else None,
            "usd": usd, "low_usd": ends[2] if ranges else None, "high_usd": ends[3] if ranges else None,
            "noise": bool(abs(usd) <= least or (ranges and spans_zero(ends[0], ends[1]))),
        })  # fmt: skip
    return rows


def _counts(outcomes: Outcomes, ranges: bool) -> list[dict[str, Any]]:
    """Goods flows among the parties on every statistical count; without ranges the later counts are named with their
    flows before, and `after` is None."""
    runs: list[tuple[Count | None, OnCount | None]] = [(run.count, run) for run in outcomes.runs]
    if not ranges:
        runs += [(count, None) for count in counts_of(outcomes.world, outcomes.compiled.pairs)[1:]]
    pairs = _flow_pairs(outcomes)
    flows = [None if run is None else goods_flows(run.solution) for _, run in runs]
    return [{"name": count.name if count else "the world's own figures", "year": count.year if count else
             str(outcomes.world.base_year), "source": count.source if count else "",
             "flows": [_flow(outcomes, count, run, pair, both, ranges) for pair in pairs]}
            for (count, run), both in zip(runs, flows, strict=True)]  # fmt: skip


def _flow_pairs(outcomes: Outcomes) -> list[tuple[str, str]]:
    """(origin, destination) among the parties where there are few; else the touched flows that change most."""
    world, parties = outcomes.world, outcomes.parties
    if 2 <= len(parties) <= 4:
        return [(a, b) for a in parties for b in parties if a != b]
    before, after = goods_flows(outcomes.solution)
    seats = {code: n for n, code in enumerate(world.countries)}
    change = {(i, n): abs(after[seats[n], seats[i]] - before[seats[n], seats[i]]) for n, i in outcomes.compiled.pairs}
    return sorted(change, key=lambda pair: -change[pair])[:PAIRS_SHOWN]


def _flow(
    outcomes: Outcomes, count: Count | None, run: OnCount | None, pair: tuple[str, str], flows: Any, ranges: bool
) -> dict[str, Any]:
    i, n = (outcomes.world.country(code) for code in pair)
    found: dict[str, Any] = {
        "origin": pair[0], "destination": pair[1], "origin_name": label(pair[0]), "destination_name": label(pair[1]),
        "before": None, "after": None, "low": None, "high": None,
    }  # fmt: skip
    if run is None:
        return found | {"before": None if count is None else count.values.get(pair)}
    before, after = flows
    found |= {"before": float(before[n, i]), "after": float(after[n, i])}
    if ranges:
        ratios = [float(v.goods_ratio[n, i]) for v in run.range.solved if v.goods_ratio is not None]
        found |= {"low": min(ratios) * found["before"], "high": max(ratios) * found["before"]}
    return found


def _sectors(outcomes: Outcomes) -> list[dict[str, Any]]:
    names = load_sectors()
    rows = sectors_data(outcomes)
    return [{"sector": row["code"], "name": names[row["code"]].name if row["code"] in names else row["name"],
             "direction": row["panel"], "before": row["before"], "after": row["after"]} for row in rows]  # fmt: skip


def _csv(outcomes: Outcomes) -> str:
    rows = [number.as_dict() for number in outcomes.key_numbers()]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(list(rows[0]))
    for row in rows:
        fields = ["" if v is None or v != v else f"{v:.10g}" if isinstance(v, float) else v for v in row.values()]
        writer.writerow(fields)
    return out.getvalue()


def reproduce(scenario: Any, text: str, state: State | None) -> dict[str, str]:
    """The same numbers elsewhere: the file, the command line, Python."""
    from comity.dossier.load import is_dossier

    same = state is not None and state == State(state.scenario) and state.scenario
    source = scenario.id if same else f"{scenario.id}.yaml"
    claims = " --no-claims" if same and is_dossier(source) else ""
    world = scenario.world or DEFAULT_WORLD
    python = (
        f'import comity\n\nworld = comity.load_world("{world}")\nscenario = comity.load_scenario("{source}")\n'
        "outcomes = comity.simulate(world, scenario)\nprint(outcomes.welfare)\n"
    )
    return {"yaml": text, "cli": f"comity run {source}{claims}", "python": python}


__all__ = ["Answer", "answer", "answer_text", "read_text", "solved"]
