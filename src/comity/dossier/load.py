"""Read dossier files and the gallery; every mistake one clear complaint with file, line and key."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from comity.dossier.schema import TESTS, Claim, Commitment, Dossier, Named
from comity.errors import InputError, nearest
from comity.scenario import quantities as q
from comity.scenario.load import (
    Grammar,
    ScenarioError,
    _check_references,
    _exists,
    _is_measure,
    _read,
    load_scenario,
    validate_model,
)
from comity.scenario.located import Located, read_yaml
from comity.scenario.schema import KINDS, Scenario

TYPE = "dossier"


def dossiers() -> dict[str, Path]:
    """Names and files of the dossiers that come with comity."""
    folder = Path(str(resources.files("comity.dossier") / "gallery"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def is_dossier(name: str | os.PathLike[str]) -> bool:
    """True for the name of a gallery dossier, or a file that says `type: dossier`."""
    text = os.fspath(name)
    if text in dossiers():
        return True
    path = Path(text)
    if not _exists(path) or not path.is_file():
        return False
    try:
        located = read_yaml(_read(path), path.name)
    except InputError:
        return False
    return isinstance(located.value, dict) and located.value.get("type") == TYPE


def load_dossier(name: str | os.PathLike[str]) -> Dossier:
    """The gallery dossier of that name, or the dossier file at that path, with its scenarios loaded.

    Raises InputError (a ScenarioError for the content) saying where, what was found and what is allowed.
    """
    known = dossiers()
    text = os.fspath(name)
    path = known.get(text)
    if path is None:
        path = Path(text)
        if not _exists(path):
            raise InputError(f"dossier {text!r}", "no gallery dossier and no file of that name",
                             allowed=[*known, "a path to a .yaml file"], nearest=nearest(text, known))  # fmt: skip
    return parse_dossier(_read(path), path.name, path.parent)


def parse_dossier(text: str, file: str = TYPE, folder: Path | None = None) -> Dossier:
    """A Dossier from YAML text. `file` is the name used in complaints; scenario files are looked up in `folder`."""
    located = read_yaml(text, file)
    if not isinstance(located.value, dict):
        found = "nothing" if located.value is None else type(located.value).__name__
        raise InputError(file, "a dossier is a mapping of keys", found=found, allowed="schema, type, id, title, ...")
    grammar = Grammar(Dossier, TESTS, _is_test, "kind of test", "a test")
    dossier = validate_model(located, file, grammar)
    assert isinstance(dossier, Dossier)
    dossier._text, dossier._file, dossier._lines = text, file, located.lines
    problems = [*_twice(dossier), *_unknown_sources(dossier)]
    for k, named in enumerate(dossier.scenarios):
        dossier._scenarios[named.id] = _scenario(dossier, located, k, named, folder)
    problems += [*_scenario_references(dossier), *_observed_problems(dossier)]
    if problems:
        raise ScenarioError(problems)
    return dossier


def _is_test(path: tuple[Any, ...]) -> bool:
    return len(path) == 3 and path[0] == "claims" and path[2] in ("test", "nearest")


# -- scenarios ------------------------------------------------------------------------------------------


def _scenario(dossier: Dossier, located: Located, k: int, named: Named, folder: Path | None) -> Any:
    """What one name stands for: a gallery scenario or file, a scenario written here, or the upper bound."""
    if named.frictions is not None:
        return named.frictions
    if named.use is not None:
        beside = folder / named.use if folder is not None else Path(named.use)
        try:
            return load_scenario(beside if beside.suffix and _exists(beside) else named.use)
        except ScenarioError:
            raise
        except InputError as problem:
            raise InputError(dossier.where("scenarios", k, "use"), problem.problem, found=named.use,
                             allowed=problem.allowed, nearest=problem.nearest) from None  # fmt: skip
    assert named.scenario is not None
    raw = dict(named.scenario)
    raw.setdefault("schema", "1")
    raw.setdefault("id", named.id)
    own = raw.get("sources") or []
    taken = {source.get("id") for source in own if isinstance(source, dict)}
    shared = [
        source.model_dump(exclude_none=True, exclude={"begins", "language"})
        for source in dossier.sources
        if source.id and source.id not in taken
    ]
    raw["sources"] = [*own, *shared]
    prefix = ("scenarios", k, "scenario")
    grammar = Grammar(Scenario, KINDS, _is_measure, "kind of measure", "a measure", prefix)
    scenario = validate_model(located, dossier.path, grammar, raw)
    scenario._file = dossier.path
    # lines of the part, as if it stood alone: complaints of later stages point into the dossier
    scenario._lines = {
        path[len(prefix) :]: line for path, line in located.lines.items() if path[: len(prefix)] == prefix
    }
    scenario._text = _yaml_of(raw)
    _check_references(scenario)
    return scenario


def _yaml_of(raw: dict[str, Any]) -> str:
    """The scenario as a file of its own, for the results folder."""
    import yaml

    return yaml.safe_dump(raw, sort_keys=False, allow_unicode=True, width=110)


# -- references -----------------------------------------------------------------------------------------


def _twice(dossier: Dossier) -> list[InputError]:
    """Ids that stand twice in one list."""
    problems = []
    for key in ("sources", "scenarios", "commitments", "claims", "observed", "assumptions"):
        seen: set[str] = set()
        for k, item in enumerate(getattr(dossier, key)):
            if item.id is not None and item.id in seen:
                problems.append(InputError(dossier.where(key, k, "id"), "the id stands twice", found=item.id))
            seen.add(item.id or "")
    return problems


def _unknown_sources(dossier: Dossier) -> list[InputError]:
    """Names of sources that the dossier does not have."""
    known = [source.id for source in dossier.sources if source.id]
    used: list[tuple[tuple[Any, ...], str | None]] = []
    for k, commitment in enumerate(dossier.commitments):
        used.append((("commitments", k, "source", "id"), commitment.source.id))
        used += [(("commitments", k, "history", j, "source"), e.source) for j, e in enumerate(commitment.history)]
    used += [(("claims", k, "source", "id"), claim.source.id) for k, claim in enumerate(dossier.claims)]
    used += [(("assumptions", k, "source"), item.source) for k, item in enumerate(dossier.assumptions)]
    for k, observed in enumerate(dossier.observed):
        for j, series in enumerate(observed.series):
            used += [(("observed", k, "series", j, "rows", i, "source"), r.source) for i, r in enumerate(series.rows)]
    return [
        _dangling(dossier, path, "source", name, known) for path, name in used if name is not None and name not in known
    ]


def _scenario_references(dossier: Dossier) -> list[InputError]:
    """Names of scenarios, measures and observed series that do not exist."""
    known = list(dossier.found)
    problems = []
    if dossier.main not in known:
        problems.append(_dangling(dossier, ("main",), "scenario", dossier.main, known))
    for k, commitment in enumerate(dossier.commitments):
        problems += _measure_problems(dossier, k, commitment)
    for k, claim in enumerate(dossier.claims):
        for key in ("test", "nearest"):
            problems += _test_problems(dossier, k, claim, key)
    return problems


def _measure_problems(dossier: Dossier, k: int, commitment: Commitment) -> Iterable[InputError]:
    for j, name in enumerate(commitment.measures):
        path = ("commitments", k, "measures", j)
        scenario, _, measure = name.partition("/")
        if not measure:
            yield InputError(dossier.where(*path), "a measure is named with its scenario", found=name,
                             allowed="scenario/measure, such as roadmap/visas")  # fmt: skip
        elif scenario not in dossier.found:
            yield _dangling(dossier, path, "scenario", scenario, list(dossier.found))
        else:
            ids = [m.id for m in getattr(dossier.found[scenario], "measures", ())]
            if measure not in ids:
                yield _dangling(dossier, path, f"measure of {scenario}", measure, ids)


def _test_problems(dossier: Dossier, k: int, claim: Claim, key: str) -> Iterable[InputError]:
    test: Any = getattr(claim, key)
    if test is None:
        return
    known = list(dossier.found)
    names = {"scenario": getattr(test, "scenario", None), "cooperation": getattr(test, "cooperation", None),
             "apart": getattr(test, "apart", None)}  # fmt: skip
    for field, name in names.items():
        if name is not None and name not in known:
            yield _dangling(dossier, ("claims", k, key, field), "scenario", name, known)
    for country, name in getattr(test, "regimes", {}).items():
        if name not in known:
            yield _dangling(dossier, ("claims", k, key, "regimes", country), "scenario", name, known)
    ids = [m.id for m in getattr(dossier.found.get(getattr(test, "scenario", "")), "measures", ())]
    for name in getattr(test, "measures", ()):
        if name not in ids:
            yield _dangling(dossier, ("claims", k, key, "measures"), f"measure of {test.scenario}", name, ids)
    if len(getattr(test, "between", (1, 2))) != 2:
        yield InputError(dossier.where("claims", k, key, "between"), "two economies are needed",
                         found=", ".join(test.between), allowed="such as [IRN, BLR]")  # fmt: skip
    if test.kind == "growth":
        yield from _growth_problems(dossier, k, key, test)


def _growth_problems(dossier: Dossier, k: int, key: str, test: Any) -> Iterable[InputError]:
    observed = {item.id: item for item in dossier.observed}
    if test.observed not in observed:
        yield _dangling(dossier, ("claims", k, key, "observed"), "observed series", test.observed, list(observed))
        return
    periods = [row.period for series in observed[test.observed].series for row in series.rows]
    for field in ("since", "until"):
        if getattr(test, field) not in periods:
            yield _dangling(dossier, ("claims", k, key, field), "period", getattr(test, field), periods)


def _observed_problems(dossier: Dossier) -> list[InputError]:
    """Observations whose dates, flows and totals do not agree."""
    problems = []
    for k, observed in enumerate(dossier.observed):
        pairs = {"-".join(observed.between), "-".join(reversed(observed.between))}
        if len(observed.between) != 2:
            problems.append(InputError(dossier.where("observed", k, "between"), "two economies are needed",
                                       found=", ".join(observed.between), allowed="such as [IRN, BLR]"))  # fmt: skip
            continue
        for j, series in enumerate(observed.series):
            for i, row in enumerate(series.rows):
                where = dossier.where("observed", k, "series", j, "rows", i)
                if q.date(row.end) < q.date(row.start):
                    problems.append(
                        InputError(where, "the period ends before it starts", found=f"{row.start} to {row.end}")
                    )
                problems += [
                    _dangling(
                        dossier, ("observed", k, "series", j, "rows", i, "flows"), "direction", name, sorted(pairs)
                    )
                    for name in row.flows
                    if name not in pairs
                ]
                amounts = [*row.flows.values(), *([] if row.total is None else [row.total])]
                if any(value < 0 for value in amounts):
                    problems.append(InputError(where, "a flow must not be negative", found=min(amounts)))
                both = row.total is not None and set(row.flows) == pairs
                if both and abs(sum(row.flows.values()) - (row.total or 0)) > 0.01 * (row.total or 0) + 0.5:
                    found = f"{sum(row.flows.values()):g}"
                    problems.append(InputError(where, "the directions do not add up to the total", found=found,
                                               allowed=f"{row.total:g}"))  # fmt: skip
    return problems


def _dangling(dossier: Dossier, path: tuple[Any, ...], kind: str, name: str, known: list[str]) -> InputError:
    return InputError(dossier.where(*path), f"no {kind} of that name in this dossier", found=name,
                      allowed=known or f"no {kind} to name", nearest=nearest(name, known))  # fmt: skip
