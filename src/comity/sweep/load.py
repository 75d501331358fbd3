"""Read sweep files and their gallery; every mistake one clear complaint with file, line and key."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import Any

from comity.errors import InputError, nearest
from comity.scenario.load import Grammar, exists, read_file, validate_model
from comity.scenario.located import read_yaml
from comity.sweep.schema import AXES, SweepFile

TYPE = "sweep"


def sweeps() -> dict[str, Path]:
    """Names and files of the sweeps that come with comity."""
    folder = Path(str(resources.files("comity.sweep") / "gallery"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_sweep(name: str | os.PathLike[str]) -> tuple[str, str, Path]:
    """Text, name for complaints and folder of the gallery sweep of that name, of the file at that path, or of a text.

    A text is known by its line breaks. Raises InputError.
    """
    known, text = sweeps(), os.fspath(name)
    if "\n" in text:
        return text, TYPE, Path.cwd()
    path = known.get(text)
    if path is None:
        path = Path(text)
        if not exists(path):
            raise InputError(f"sweep {text!r}", "no gallery sweep and no file of that name",
                             allowed=[*known, "a path to a .yaml file"], nearest=nearest(text, known))  # fmt: skip
    return read_file(path, "a sweep"), path.name, path.resolve().parent


def parse_sweep(text: str, file: str = TYPE) -> SweepFile:
    """A SweepFile from YAML text. `file` is the name used in complaints."""
    located = read_yaml(text, file)
    if not isinstance(located.value, dict):
        found = "nothing" if located.value is None else type(located.value).__name__
        raise InputError(file, "a sweep is a mapping of keys", found=found,
                         allowed="schema, type, id, title, scenario or coalitions, axes, ...")  # fmt: skip
    if located.value.get("type") != TYPE:
        raise InputError(file, "no sweep", found=f"type: {located.value.get('type', '(none)')}", allowed="type: sweep")
    sweep = validate_model(located, file, Grammar(SweepFile, AXES, _is_axis, "axis"))
    assert isinstance(sweep, SweepFile)
    sweep._text, sweep._file, sweep._lines = text, file, located.lines
    return sweep


def _is_axis(path: tuple[Any, ...]) -> bool:
    return len(path) == 2 and path[0] == "axes"


def read_base(sweep: SweepFile, folder: Path) -> tuple[str, str]:
    """Text and file name of the scenario or game a sweep is about: of a gallery, beside the sweep file, or a path.

    Raises InputError for a name that is neither.
    """
    from comity.coalition.load import games, load_game
    from comity.scenario.load import load_scenario

    name = sweep.scenario if sweep.scenario is not None else sweep.coalitions
    assert name is not None
    beside = folder / name
    found = str(beside) if name.endswith((".yaml", ".yml")) and exists(beside) else name
    try:
        if sweep.scenario is not None:
            scenario = load_scenario(found)
            return scenario.text, scenario.path
        if found in games() or exists(Path(found)):
            game = load_game(found)
            return game.text, game.path
    except InputError as problem:
        raise InputError(sweep.where("scenario" if sweep.scenario else "coalitions"), problem.message) from None
    raise InputError(sweep.where("coalitions"), "no coalition game of that name", found=name,
                     allowed=[*games(), "a path to a .yaml file"], nearest=nearest(name, games()))  # fmt: skip
