"""Read the files of coalition games and their gallery; every mistake one clear complaint with file, line and key."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

from comity.coalition.schema import CoalitionGame
from comity.errors import InputError, nearest
from comity.scenario.load import (
    Grammar,
    ScenarioError,
    check_references,
    exists,
    gallery,
    is_measure,
    read_file,
    validate_model,
)
from comity.scenario.located import read_yaml
from comity.scenario.schema import KINDS

TYPE = "coalition"
LONGEST = 120  # characters of a name that are repeated in a complaint


def games() -> dict[str, Path]:
    """Names and files of the coalition games that come with comity."""
    folder = Path(str(resources.files("comity.coalition") / "gallery"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_game(name: str | os.PathLike[str]) -> CoalitionGame:
    """The gallery game of that name, or the file at that path.

    Raises InputError (a ScenarioError for the content) saying where, what was found and what is allowed.
    """
    known, text = games(), os.fspath(name)
    path = known.get(text)
    if path is None:
        path = Path(text)
        if not exists(path):
            shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
            raise InputError(f"coalition game {shown!r}", "no gallery game and no file of that name",
                             allowed=[*known, "a path to a .yaml file"], nearest=nearest(text, known))  # fmt: skip
    return parse_game(read_file(path, "a coalition game"), path.name)


def is_game(name: str | os.PathLike[str]) -> bool:
    """True for a file with the keys of a coalition game, and for a gallery game whose name no scenario has. False for
    whatever cannot be read: loading says why."""
    text = os.fspath(name)
    if text in games():
        return text not in gallery()
    path = Path(text)
    if not exists(path):
        return False
    try:
        value = read_yaml(read_file(path), path.name).value
    except InputError:
        return False
    return isinstance(value, dict) and ("players" in value or value.get("type") == TYPE)


def parse_game(text: str, file: str = TYPE) -> CoalitionGame:
    """A CoalitionGame from YAML text. `file` is the name used in complaints."""
    located = read_yaml(text, file)
    if not isinstance(located.value, dict):
        found = "nothing" if located.value is None else type(located.value).__name__
        raise InputError(file, "a coalition game is a mapping of keys", found=found,
                         allowed="schema, type, id, title, players, measures, ...")  # fmt: skip
    if "players" not in located.value and located.value.get("type") != TYPE:
        raise InputError(file, "no coalition game: nobody plays", found="no 'players'",
                         allowed="type: coalition, and players: {members: [...], value: ...}")  # fmt: skip
    game = validate_model(located, file, Grammar(CoalitionGame, KINDS, is_measure, "measure"))
    assert isinstance(game, CoalitionGame)
    game._text, game._file, game._lines = text, file, located.lines
    check_references(game)
    _check_published(game)
    return game


def _check_published(game: CoalitionGame) -> None:
    known = [source.id for source in game.sources if source.id]
    problems = [
        InputError(game.where("published", k, "source"), "no source of that id in this file", found=row.source,
                   allowed=known or "no source to name", nearest=nearest(row.source, known))
        for k, row in enumerate(game.published)
        if row.source not in known
    ]  # fmt: skip
    if problems:
        raise ScenarioError(problems)
