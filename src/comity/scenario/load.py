"""Read scenario files and the gallery; turn every mistake into one clear complaint with file and line."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from comity.errors import InputError, nearest, shorten
from comity.scenario.hints import hint, kind_for, misspelt, needed
from comity.scenario.located import MAX_BYTES, Located, place, read_yaml

if TYPE_CHECKING:
    from comity.scenario.schema import Scenario

SHOWN = 4


class ScenarioError(InputError):
    """One or more mistakes in a scenario file. `problems` holds each as an InputError of its own."""

    def __init__(self, problems: list[InputError]) -> None:
        first = problems[0]
        self.problems = problems
        super().__init__(
            first.where,
            first.problem,
            found=first.found,
            allowed=first.allowed,
            nearest=first.nearest,
            advice=first.advice,
        )

    @property
    def message(self) -> str:
        lines = [problem.message for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"... and {len(self.problems) - SHOWN} more.")
        return "\n".join(lines)


def gallery() -> dict[str, Path]:
    """Names and files of the scenarios that come with comity."""
    folder = Path(str(resources.files("comity.scenario") / "gallery"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_scenario(name: str | os.PathLike[str]) -> Scenario:
    """The gallery scenario of that name, or the scenario file at that path; of a dossier, its main scenario.

    Raises InputError (a ScenarioError for the content) saying where, what was found and what is allowed.
    """
    known = gallery()
    text = os.fspath(name)
    path = known.get(text)
    if path is None:
        # dossiers are a later stage: looked up only when a name is no scenario's
        later = import_module("comity.dossier.load")
        if later.is_dossier(text):
            dossier = later.load_dossier(text)
            return _main_of(dossier)
        path = Path(text)
        if not exists(path):
            names = [*known, *(name for name in later.dossiers() if name not in known)]
            raise InputError(
                f"scenario {shorten(text)!r}",
                "no gallery scenario and no file of that name",
                allowed=[*names, "a path to a .yaml file"],
                nearest=nearest(text, names),
            )
    return parse_scenario(read_file(path), path.name)


def _main_of(dossier: Any) -> Scenario:
    from comity.scenario.schema import Scenario

    main = dossier.found[dossier.main]
    if not isinstance(main, Scenario):
        raise InputError(dossier.where("main"), "the main scenario must have measures of its own", found=dossier.main)
    return main


def exists(path: Path) -> bool:
    """True if there is something of that name, readable or not."""
    try:
        return path.exists()
    except (OSError, ValueError):  # a name longer than file systems take, or with a NUL in it
        return False


def read_file(path: Path, what: str = "a scenario") -> str:
    """The text of a file a user names; `what` it should be. Raises InputError for anything that cannot be one."""
    name = path.name or str(path)  # "." and "/" have no name of their own
    try:
        if path.exists() and not path.is_file():
            kind = "Is a directory" if path.is_dir() else "is a device"
            raise InputError(name, "cannot be read", found=kind)
        if path.stat().st_size > MAX_BYTES:
            raise InputError(name, f"too large for {what}", found=f"{path.stat().st_size:,} bytes",
                             allowed=f"{MAX_BYTES:,}")  # fmt: skip
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise InputError(name, "not a text file in UTF-8", found=f"byte {problem.start}") from None
    except OSError as problem:
        raise InputError(name, "cannot be read", found=problem.strerror or problem) from None


def parse_scenario(text: str, file: str = "scenario") -> Scenario:
    """A Scenario from YAML text. `file` is the name used in complaints."""
    located = read_yaml(text, file)
    if not isinstance(located.value, dict):
        raise InputError(
            file,
            "a scenario is a mapping of keys",
            found=_shown("" if located.value is None else located.value),
            allowed="schema, id, title, measures, ...; of a dossier schema, type, id, title, main, ...",
        )
    if located.value.get("type") == "dossier":
        raise InputError(file, "a dossier, not a scenario", found="type: dossier",
                         advice="Use load_dossier; `comity check` and `comity explain` take both.")  # fmt: skip
    scenario = _validate(located, file)
    scenario._text = text
    check_references(scenario)
    return scenario


def scenario_of_values(value: dict[str, Any], file: str = "scenario") -> Scenario:
    """A Scenario from what `read_yaml` would read from a file: mappings, lists and strings. Complaints know no lines,
    and the Scenario has no text."""
    scenario = _validate(Located(value), file)
    check_references(scenario)
    return scenario


def _validate(located: Located, file: str) -> Scenario:
    from comity.scenario.schema import KINDS, Scenario

    grammar = Grammar(Scenario, KINDS, is_measure, "measure")
    scenario = validate_model(located, file, grammar)
    assert isinstance(scenario, Scenario)
    scenario._file = file
    scenario._lines = located.lines
    return scenario


@dataclass(frozen=True)
class Grammar:
    """A root model with its tagged union: the models by tag, and where in a path a tag may stand.

    noun : how complaints call what carries a tag; prefix : where the validated part begins in the file.
    """

    root: Any
    kinds: Mapping[str, Any]
    tagged: Callable[[tuple[Any, ...]], bool]
    noun: str
    prefix: tuple[Any, ...] = ()


def is_measure(path: tuple[Any, ...]) -> bool:
    """True where a measure stands in a scenario."""
    return len(path) == 2 and path[0] == "measures"


def validate_model(located: Located, file: str, grammar: Grammar, value: Any = None) -> Any:
    """The root model of what was read (or of `value`, a part of it at grammar.prefix). Raises ScenarioError."""
    from pydantic import ValidationError

    try:
        return grammar.root.model_validate(located.value if value is None else value)
    except ValidationError as problem:
        errors = misspelt(problem.errors(include_url=False))
        complaints = [_complaint(dict(error), located, file, grammar) for error in errors]
        raise ScenarioError(_without_echo(complaints)) from None


def _without_echo(complaints: list[InputError]) -> list[InputError]:
    """Each message once, in the order of the file."""
    return list({complaint.message: complaint for complaint in complaints}.values())


def _complaint(error: dict[str, Any], located: Located, file: str, grammar: Grammar) -> InputError:
    """One pydantic error as where, problem, found, allowed, nearest match."""
    path, model = _walk(error["loc"], grammar, ends_in_key=error["type"] == "extra_forbidden")
    full = (*grammar.prefix, *path)
    where = place(file, located.line(full), full)
    kind, found = error["type"], error.get("input")
    context = error.get("ctx") or {}
    if kind == "refused":
        advice = context.get("advice") or look_alikes(found)
        return InputError(where, context["problem"], found=_shown(found), allowed=context["allowed"], advice=advice)
    if kind == "extra_forbidden":
        keys = _keys(model)
        advice = hint(path[-1], keys)
        close = None if advice else nearest(path[-1], keys)
        return InputError(where, "unknown key", found=path[-1], allowed=keys, nearest=close, advice=advice)
    if kind == "missing":
        key = path[-1]
        return InputError(where, "a required key is missing", found=f"no {key!r}", allowed=_keys(model),
                          advice=needed(key))  # fmt: skip
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_kind(where, found, grammar)
    if kind == "literal_error":
        options = [option.strip("' ") for option in context["expected"].replace(" or ", ", ").split(",")]
        return InputError(where, "not one of the words known here", found=found, allowed=options,
                          nearest=nearest(found, options))  # fmt: skip
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        inner = _field_model(model, path[-1]) if path else model
        return InputError(where, "a mapping of keys is needed here", found=_shown(found), allowed=_keys(inner) or None)
    if kind in ("tuple_type", "list_type"):
        return InputError(where, "a list is needed here", found=_shown(found))
    return InputError(where, error["msg"].rstrip("."), found=_shown(found))


def _shown(found: Any) -> str:
    """What was found: a value as it was written, "nothing" for an empty one, else what kind of thing it is."""
    if isinstance(found, str):
        return found if found.strip() else "nothing"
    if isinstance(found, list):
        return f"a list, {found}" if found else "an empty list"
    if isinstance(found, Mapping):
        return f"a mapping with {', '.join(map(str, found))}" if found else "an empty mapping"
    return str(found)


def look_alikes(found: Any) -> str | None:
    """Advice on letters of another alphabet that look like Latin ones, and on marks one does not see."""
    names = {letter: unicodedata.name(letter, "a character without name") for letter in str(found)}
    odd = [letter for letter, name in names.items() if not letter.isascii() and not name.startswith("LATIN")]
    return f"It holds U+{ord(odd[0]):04X}, {names[odd[0]].lower()}." if odd and isinstance(found, str) else None


def _unknown_kind(where: str, found: Any, grammar: Grammar) -> InputError:
    kinds = list(grammar.kinds)
    if not isinstance(found, Mapping):
        return InputError(where, f"a {grammar.noun} is a mapping of keys", found=found, allowed="kind and its own keys")
    kind = found.get("kind")
    if kind is None:
        return InputError(where, f"the {grammar.noun} does not say its kind", found="no 'kind'", allowed=kinds)
    return InputError(f"{where}.kind", f"unknown kind of {grammar.noun}", found=kind, allowed=", ".join(kinds),
                      nearest=nearest(kind, kinds) or kind_for(kind, kinds))  # fmt: skip


def _walk(loc: tuple[Any, ...], grammar: Grammar, *, ends_in_key: bool) -> tuple[tuple[Any, ...], Any]:
    """The path in the file (pydantic's union tags left out) and the model that holds its last key.

    An unknown key may look like a union tag; where the complaint is about a key, the last step is one.
    """
    path: list[Any] = []
    model: Any = grammar.root
    owner: Any = grammar.root
    steps = list(loc)
    tagged = -1
    for k, step in enumerate(steps):
        if grammar.tagged(tuple(path)) and step in grammar.kinds and tagged != len(path):
            model = owner = grammar.kinds[step]
            tagged = len(path)
            continue
        named = ends_in_key and k == len(steps) - 1
        if isinstance(step, str) and not named and (step in _model_names() or "[" in step):
            model = _model_names().get(step, model)
            continue
        owner = model
        model = _field_model(model, step)
        path.append(step)
    return tuple(path), owner


def _model_names() -> dict[str, Any]:
    from comity.scenario import schema

    return {name: thing for name, thing in vars(schema).items() if isinstance(thing, type)}


def _fields(model: Any) -> dict[str, Any]:
    fields = getattr(model, "model_fields", None)
    if not isinstance(fields, dict):
        return {}
    return {field.alias or name: field for name, field in fields.items()}


def _keys(model: Any) -> list[str]:
    return list(_fields(model))


def _field_model(model: Any, step: Any) -> Any:
    """The model behind a key, found in its annotation; list positions keep the model of the list."""
    if isinstance(step, int):
        return model
    field = _fields(model).get(step)
    return _first_model(field.annotation) if field is not None else None


def _first_model(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    found = [_first_model(part) for part in get_args(annotation)]
    return next((model for model in found if model is not None), None)


def check_references(scenario: Scenario) -> None:
    """Ids stand once; overrides, adds_to and sources name something that exists."""
    problems = _repeated(scenario)
    ids = [measure.id for measure in scenario.measures]
    sources = [source.id for source in scenario.sources if source.id]
    for k, measure in enumerate(scenario.measures):
        for key in ("overrides", "adds_to"):
            others = [name for name in ids if name != measure.id]
            for name in getattr(measure, key):
                if name not in others:
                    problems.append(_dangling(scenario, ("measures", k, key), "measure", name, others))
        if isinstance(measure.source, str) and measure.source not in sources:
            problems.append(_dangling(scenario, ("measures", k, "source"), "source", measure.source, sources))
    if not problems and (cycle := _override_cycle(scenario)):
        problems.append(InputError(scenario.where("measures"), "measures override each other in a circle", found=cycle))
    if problems:
        raise ScenarioError(problems)


def _repeated(scenario: Scenario) -> list[InputError]:
    problems = []
    for key, items in (("measures", scenario.measures), ("sources", scenario.sources)):
        seen: set[str] = set()
        for k, item in enumerate(items):
            if item.id is not None and item.id in seen:
                problems.append(InputError(scenario.where(key, k, "id"), "the id stands twice", found=item.id))
            seen.add(item.id or "")
    return problems


def _dangling(scenario: Scenario, path: tuple[Any, ...], kind: str, name: str, known: list[str]) -> InputError:
    return InputError(
        scenario.where(*path),
        f"no other {kind} of that id in this file" if kind == "measure" else f"no {kind} of that id in this file",
        found=name,
        allowed=known or f"no {kind} to name",
        nearest=nearest(name, known),
    )


def _override_cycle(scenario: Scenario) -> str | None:
    graph = {measure.id: measure.overrides for measure in scenario.measures}
    for start in graph:
        reached, todo = set(), list(graph[start])
        while todo:
            name = todo.pop()
            if name == start:
                return start
            if name not in reached:
                reached.add(name)
                todo.extend(graph[name])
    return None
