"""Read dossier files and the gallery; every mistake one clear complaint with file, line and key."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import Any

from comity.dossier.references import reference_problems
from comity.dossier.schema import TESTS, Dossier, Named
from comity.errors import InputError, nearest, shorten
from comity.scenario.load import (
    Grammar,
    ScenarioError,
    check_references,
    exists,
    gallery,
    is_measure,
    load_scenario,
    parse_scenario,
    read_file,
    validate_model,
)
from comity.scenario.located import Located, read_yaml
from comity.scenario.schema import KINDS, Scenario

TYPE = "dossier"
OWN_KEYS = ("type", "claims", "commitments", "scenarios")  # a scenario has none of them
NOT_IN_SCENARIOS = ("begins", "language")  # keys of a dossier's sources that a scenario's sources do not have


def dossiers() -> dict[str, Path]:
    """Names and files of the dossiers that come with comity."""
    folder = Path(str(resources.files("comity.dossier") / "gallery"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def is_dossier(name: str | os.PathLike[str]) -> bool:
    """True for a gallery dossier, and for a file with keys that only a dossier has.

    A name that is both a dossier and a scenario means the dossier. False for whatever cannot be read: loading says why.
    """
    text = os.fspath(name)
    if text in dossiers():
        return True
    path = Path(text)
    if not exists(path):
        return False
    try:
        value = read_yaml(read_file(path), path.name).value
    except InputError:
        return False
    return isinstance(value, dict) and any(key in value for key in OWN_KEYS)


def name_beside(dossier: Dossier, asked: str) -> str:
    """The name by which the dossier runs from its results folder: that of the gallery, or of the copy written there. A
    dossier that uses files beside it keeps its own name, since they are not written there."""
    alone = all(named.use is None or named.use in gallery() for named in dossier.scenarios)
    return "dossier.yaml" if alone and asked not in dossiers() else asked


def load_dossier(name: str | os.PathLike[str]) -> Dossier:
    """The gallery dossier of that name, or the dossier file at that path, with its scenarios loaded.

    Raises InputError (a ScenarioError for the content) saying where, what was found and what is allowed.
    """
    known = dossiers()
    text = os.fspath(name)
    path = known.get(text)
    if path is None:
        path = Path(text)
        if not exists(path):
            raise InputError(f"dossier {shorten(text)!r}", "no gallery dossier and no file of that name",
                             allowed=[*known, "a path to a .yaml file"], nearest=nearest(text, known),
                             advice="It is a scenario: use it without --claims." if text in gallery() else None,
                             )  # fmt: skip
    return parse_dossier(read_file(path, "a dossier"), path.name, path.parent)


def parse_dossier(text: str, file: str = TYPE, folder: Path | None = None) -> Dossier:
    """A Dossier from YAML text. `file` is the name used in complaints; scenario files are looked up in `folder`."""
    located = read_yaml(text, file)
    _expect_dossier(located.value, file)
    dossier = validate_model(located, file, Grammar(Dossier, TESTS, _is_test, "test"))
    assert isinstance(dossier, Dossier)
    dossier._text, dossier._file, dossier._lines = text, file, located.lines
    problems: list[InputError] = []
    for k, named in enumerate(dossier.scenarios):
        try:
            dossier._scenarios.setdefault(named.id, _scenario(dossier, located, k, named, folder or Path()))
        except ScenarioError as several:
            problems += several.problems
        except InputError as one:
            problems.append(one)
    problems += reference_problems(dossier)
    if problems:
        raise ScenarioError(problems)
    return dossier


def _expect_dossier(value: Any, file: str) -> None:
    allowed = "schema, type, id, title, main, sources, scenarios, ..."
    if not isinstance(value, dict):
        found = "nothing" if value is None else type(value).__name__
        raise InputError(file, "a dossier is a mapping of keys", found=found, allowed=allowed)
    if not any(key in value for key in OWN_KEYS) and "measures" in value:
        raise InputError(file, "a scenario, not a dossier", found="measures, and no 'type: dossier'", allowed=allowed,
                         advice="Use load_scenario, or name it in the `scenarios` of a dossier.")  # fmt: skip


def _is_test(path: tuple[Any, ...]) -> bool:
    """True where a test stands in a dossier."""
    return len(path) == 3 and path[0] == "claims" and path[2] in ("test", "nearest")


# -- scenarios ------------------------------------------------------------------------------------------


def _scenario(dossier: Dossier, located: Located, k: int, named: Named, folder: Path) -> Any:
    """What one name stands for: a gallery scenario or file, a scenario written here, or the upper bound."""
    if named.frictions is not None:
        return named.frictions
    if named.use is not None:
        scenario = _used(dossier, k, named.use, folder)
        return scenario.model_copy(update={"title": named.title}) if named.title else scenario
    return _inline(dossier, located, k, named)


def _used(dossier: Dossier, k: int, name: str, folder: Path) -> Scenario:
    """The gallery scenario of that name, or the file at that path from the folder of the dossier."""
    where = dossier.where("scenarios", k, "use")
    path = folder / name
    if name not in gallery() and not exists(path):
        raise InputError(where, "no gallery scenario of that name, and no such file beside the dossier", found=name,
                         allowed=[*gallery(), "a path from the dossier's folder"],
                         nearest=nearest(name, gallery()),
                         advice="It is a dossier: name one of its scenarios." if name in dossiers() else None,
                         )  # fmt: skip
    try:
        # a path is read as a scenario and nothing else: a dossier that uses itself would never end
        return load_scenario(name) if name in gallery() else parse_scenario(read_file(path), path.name)
    except InputError as problem:
        each = problem.problems if isinstance(problem, ScenarioError) else [problem]
        raise ScenarioError(
            [InputError(where, "the scenario it names cannot be used", found=name, advice=one.message) for one in each]
        ) from None


def _inline(dossier: Dossier, located: Located, k: int, named: Named) -> Scenario:
    """The scenario written in the dossier; the dossier's sources and regimes belong to it too."""
    raw = _merged(named, located.value)
    prefix = ("scenarios", k, "scenario")
    scenario = validate_model(located, dossier.path, Grammar(Scenario, KINDS, is_measure, "measure", prefix), raw)
    assert isinstance(scenario, Scenario)
    scenario._text, scenario._file, scenario._prefix = _yaml_of(raw), dossier.path, prefix
    # lines of the part as if it stood alone, so that complaints of later stages point into the dossier
    scenario._lines = {
        path[len(prefix) :]: line for path, line in located.lines.items() if path[: len(prefix)] == prefix
    }
    check_references(scenario)
    return scenario


def _merged(named: Named, dossier: dict[str, Any]) -> dict[str, Any]:
    """The inline scenario as it would stand in a file of its own. What is no list stays for validation to refuse."""
    assert named.scenario is not None
    raw = {"schema": "1", "id": named.id, **named.scenario}
    if named.title:
        raw["title"] = named.title
    for key in ("sources", "regimes"):
        own = raw.get(key, [])
        if not isinstance(own, list):
            continue
        taken = [item.get("id") for item in own if isinstance(item, dict)]
        shared = [item for item in dossier.get(key, []) if item.get("id") not in taken]
        if own or shared:
            raw[key] = [*own, *({a: b for a, b in item.items() if a not in NOT_IN_SCENARIOS} for item in shared)]
    return raw


def _yaml_of(raw: dict[str, Any]) -> str:
    """The scenario as a file of its own, for the results folder."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # writes the same, seven times as fast
    return str(yaml.dump(raw, Dumper=dumper, sort_keys=False, allow_unicode=True, width=110))
