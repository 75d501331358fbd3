"""A state or a scenario text -> Answer: the numbers of `simulate` with the words of the report, as plain data."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from math import isfinite
from time import perf_counter
from typing import Any

import numpy as np

from comity.app.cards import headlines, pair_rows
from comity.app.edit import quick_scenario_of, scenario_of
from comity.app.intervals import DRAWS, interval
from comity.app.solving import read_text, solved
from comity.app.state import DEFAULT_WORLD, State, controls_of
from comity.classifications.sectors import load_sectors
from comity.errors import InputError
from comity.outcomes.counts import Count, counts_of
from comity.outcomes.ranges import goods_flows
from comity.outcomes.simulate import OnCount, Outcomes, label
from comity.report.among import FEW, differing
from comity.report.intervals import borrowed_lines
from comity.report.lead import lead
from comity.report.reasons import reasons
from comity.report.sectors import sectors_data
from comity.report.smoothed_rows import WORTH_SAYING, empty_words, smoothed_answer
from comity.report.words import per_cent

PAIRS_SHOWN = 12  # flows among the parties; more are in the tables


@dataclass(frozen=True)
class Answer:
    """What the explorer says of a scenario; docs/explorer-api.md describes every key. `csv` is key_results.csv of
    `comity run`, empty without ranges."""

    content: Mapping[str, Any]
    csv: str = ""
    later: Callable[[], Mapping[str, Any]] | None = None  # keys that not every reader needs, made when asked for

    def __post_init__(self) -> None:
        for key in self.content.keys() - self.__dict__.keys():  # the page reads them a hundred times
            self.__dict__[key] = self.content[key]

    @cached_property
    def whole(self) -> Mapping[str, Any]:
        """All keys."""
        return self.content if self.later is None else {**self.content, **self.later()}

    def as_json(self) -> dict[str, Any]:
        """Plain data; no NaN: what is no number is None."""
        return dict(self.whole)

    @cached_property
    def body(self) -> bytes:
        """The answer as JSON."""
        try:
            return _json(self.whole)
        except ValueError:  # a number that JSON has not, where `_whole` did not look
            return _json(_finite(self.whole))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or self.__dict__.get("later") is None or name not in self.whole:
            raise AttributeError(name)
        return self.whole[name]


def answer(state: State, ranges: bool = True, draws: int = 0) -> Answer:
    """The answer for a state. ranges=False : one solve at the central sizes on the first statistical count; draws : so
    many joint draws on each count make the intervals bands, 0 leaves ranges.

    Raises InputError for what the parser or the compiler refuses, NoSolutionError where the central combination has no
    solution, NotConvergedError where too many of an unusual number of draws have none.
    """
    if not ranges:
        with suppress(InputError):  # said below, where lines are known
            return _answered(quick_scenario_of(state), None, state, ranges, draws)
    scenario, text = scenario_of(state)
    return _answered(scenario, text, state, ranges, draws)


def answer_text(text: str, ranges: bool = True, draws: int = 0) -> Answer:
    """The answer for a whole scenario text from a request. Raises as `answer` does."""
    return _answered(read_text(text), text, None, ranges, draws)


def _answered(scenario: Any, text: str | None, state: State | None, ranges: bool, draws: int) -> Answer:
    """text : of the scenario; None where it is that of the state, to be written when asked for."""
    start = perf_counter()
    outcomes = solved(scenario, ranges, draws)
    milliseconds = 1000 * (perf_counter() - start)
    sentence, second = lead(outcomes)
    world, solution = outcomes.world, outcomes.solution
    settings = {"elasticities": outcomes.choice.elasticities, "closure": outcomes.choice.closure, "year": outcomes.year}
    about = interval(outcomes, ranges)
    estimated = [code for code in world.countries if outcomes.status(code) == "estimated"]
    share = outcomes.compiled.empty_share
    nothing = _nothing(outcomes, state)
    if nothing is not None:  # the controls know more of the reason than the file: there a measure is off or absent
        sentence, second = nothing[0], ""
    content: dict[str, Any] = {
        "state": None if state is None else state.as_json(),
        "query": "" if state is None else state.query,
        "name": scenario.id,
        "title": scenario.title,
        "description": scenario.description,
        "changed": state is not None and state != State(state.scenario),
        "sentence": sentence,
        "second_sentence": second,
        "nothing": None if nothing is None else " ".join(nothing).strip(),
        "world": {
            "name": world.name, "economies": len(world.countries), "sectors": len(world.sectors),
            "base_year": world.base_year, "hash": world.hash,
        },
        "settings": settings,
        "solve": {
            "milliseconds": round(milliseconds, 1), "residual": float(solution.residual),
            "iterations": int(solution.iterations),
        },
        "interval": about,
        "headlines": headlines(outcomes, about["kind"]),
        "pairs": pair_rows(outcomes, about["kind"]),
        "reasons": reasons(outcomes) if draws else [],
        "smoothed": smoothed_answer(outcomes) if draws and share >= WORTH_SAYING else "",
        "countries": _countries(outcomes, ranges),
        "counts": _counts(outcomes, ranges),
        "sectors": _sectors(outcomes),
        "estimated": [{"code": code, "name": label(code)} for code in estimated],
        "borrowed": borrowed_lines(outcomes),
        "empty": {"share": share, "words": empty_words(share) if share > 0 else ""},
        "notes": [*outcomes.compiled.left_out, *outcomes.compiled.regime_notes, *outcomes.compiled.warnings,
                  *(outcomes.range_notes() if ranges and nothing is None else [])],
        "without_solution": outcomes.refusals(),
        "controls": [] if state is None else [control.as_json() for control in controls_of(state)],
        "today": {report.id: report.today for report in outcomes.compiled.measures if report.today},
    }  # fmt: skip
    if text is not None:
        content["reproduce"] = reproduce(scenario, text, state, draws)
    found = _whole(content, _csv(outcomes) if ranges else "")
    return found if text is not None or state is None else replace(found, later=partial(_again, state, draws))


def _again(state: State, draws: int) -> dict[str, Any]:
    return {"reproduce": reproduce(*scenario_of(state), state, draws)}


def _whole(content: dict[str, Any], text: str) -> Answer:
    """The Answer, None in place of what is no number: JSON has no other word for it. Rare, so that it is looked for
    before everything is gone through: a sum with such a value is none either."""
    rows = [*content["countries"], *content["headlines"], *content["sectors"], content["solve"], content["empty"],
            *(flow for count in content["counts"] for flow in count["flows"])]  # fmt: skip
    total = sum([value for row in rows for value in row.values() if type(value) is float])
    return Answer(content if isfinite(total) else _finite(content), text)


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _finite(thing: Any) -> Any:
    """NaN and infinity as None: JSON has no such number."""
    if isinstance(thing, dict):
        return {key: _finite(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [_finite(value) for value in thing]
    return None if isinstance(thing, float) and not np.isfinite(thing) else thing


def _nothing(outcomes: Outcomes, state: State | None) -> tuple[str, str] | None:
    """Why nothing changes and, for a state, which control would change something; None where something does."""
    reason = outcomes.compiled.nothing
    if reason is None:
        return None
    said = f"Nothing changes, because {reason}."
    if state is None:
        return said, ""
    controls = controls_of(state)
    off = [control for control in controls if not control.on]
    if not controls:
        return said, "Add a measure to change something."
    if len(off) == len(controls):
        return "Nothing changes, because every measure is switched off.", f"Switch on: {off[0].title}."
    if outcomes.year is not None and all(measure.in_force == 0 for measure in outcomes.compiled.measures):
        return said, "Choose a later year, or no year for the measures carried out in full."
    moving = [control for control in controls if control.on and control.value is not None]
    return said, f"Move the slider of: {moving[0].title}." if moving else ""


_ENDS = ("real_income_low_pct", "real_income_high_pct", "equivalent_variation_low", "equivalent_variation_high")


def _countries(outcomes: Outcomes, ranges: bool) -> list[dict[str, Any]]:
    parties, solution, columns = set(outcomes.parties), outcomes.solution, outcomes.welfare.columns
    floor = 10 * solution.residual * solution.benchmark.income  # below it a solve cannot tell an effect from zero
    noise = np.abs(columns["equivalent_variation"]) <= floor
    if ranges:
        noise |= (columns["real_income_low_pct"] <= 0) & (columns["real_income_high_pct"] >= 0)
    absent: list[float | None] = [None] * len(noise)
    ends = [columns[key].tolist() if ranges else absent for key in _ENDS]
    values = (columns[key].tolist() for key in ("country", "real_income_pct", "equivalent_variation"))
    return [
        {"code": code, "name": label(code), "party": code in parties, "status": outcomes.status(code),
         "real_income_pct": pct, "low_pct": low_pct, "high_pct": high_pct, "usd": usd, "low_usd": low_usd,
         "high_usd": high_usd, "noise": inside}
        for code, pct, usd, inside, low_pct, high_pct, low_usd, high_usd
        in zip(*values, noise.tolist(), *ends, strict=True)
    ]  # fmt: skip


def _counts(outcomes: Outcomes, ranges: bool) -> list[dict[str, Any]]:
    """Goods flows among the parties on every statistical count; without ranges the later counts are named with their
    flows before, and `after` is None."""
    runs: list[tuple[Count | None, OnCount | None]] = [(run.count, run) for run in outcomes.runs]
    if not ranges:
        runs += [(count, None) for count in counts_of(outcomes.world, outcomes.compiled.named_pairs)[1:]]
    flows = [None if run is None else goods_flows(run.solution) for _, run in runs]
    pairs = _flow_pairs(outcomes, flows[0])
    return [{"name": count.name if count else "the world's own figures", "year": count.year if count else
             str(outcomes.world.base_year), "source": count.source if count else "",
             "own": differing(list(count.values), outcomes.parties) if count and len(runs) > 1 else "",
             "incomes": _incomes(outcomes, run) if run and ranges and len(runs) > 1 else "",
             "flows": [_flow(outcomes, count, run, pair, both, ranges) for pair in pairs]}
            for (count, run), both in zip(runs, flows, strict=True)]  # fmt: skip


def _incomes(outcomes: Outcomes, run: OnCount) -> str:
    """Real income of up to four parties on one statistical count, with its interval."""
    low, high = (100 * (end - 1) for end in run.interval.of("real_income_hat"))
    said = []
    for code in outcomes.parties[:FEW]:
        n = outcomes.world.country(code)
        value = 100 * float(run.solution.real_income_hat[n] - 1)
        said.append(f"{label(code)} {per_cent(value, float(low[n]), float(high[n]))}")
    return "; ".join(said)


def _flow_pairs(outcomes: Outcomes, flows: Any) -> list[tuple[str, str]]:
    """(origin, destination) among the parties where there are few; else the touched flows that change most. flows :
    goods before and after on the first count."""
    parties = outcomes.parties
    if 2 <= len(parties) <= 4:
        return [(a, b) for a in parties for b in parties if a != b]
    before, after = flows
    pairs, cells = outcomes.compiled.pairs, outcomes.compiled.pair_cells
    change = np.abs(after - before)[cells[:, 0], cells[:, 1]]
    first = np.argsort(-change, kind="stable")[:PAIRS_SHOWN]
    return [(pairs[k][1], pairs[k][0]) for k in first]


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
        low, high = run.interval.over(lambda variant: found["before"] * variant.goods_ratio[n, i])  # type: ignore[index]
        found |= {"low": low, "high": high}
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


def reproduce(scenario: Any, text: str, state: State | None, draws: int = 0) -> dict[str, str]:
    """The same numbers elsewhere: the file, the command line, Python. What the command line does by itself, it is not
    told."""
    from comity.dossier.load import is_dossier

    same = state is not None and state == State(state.scenario) and state.scenario
    source = scenario.id if same else f"{scenario.id}.yaml"
    claims = " --no-claims" if same and is_dossier(source) else ""
    world = scenario.world or DEFAULT_WORLD
    python = (
        f'import comity\n\nworld = comity.load_world("{world}")\nscenario = comity.load_scenario("{source}")\n'
        f"outcomes = comity.simulate(world, scenario{f', draws={draws}' if draws else ''})\nprint(outcomes.welfare)\n"
    )
    told = "" if draws == DRAWS else f" --draws {draws}"
    return {"yaml": text, "cli": f"comity run {source}{told}{claims}", "python": python}


__all__ = ["Answer", "answer", "answer_text", "read_text", "solved"]
