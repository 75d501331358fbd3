"""What models read from a file have in common: nothing unknown, nothing changed, and the place of every key."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, PrivateAttr

from comity.scenario.located import Path, place


class Strict(BaseModel):
    """No unknown key, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


class FromFile(Strict):
    """What a file holds, with its text, its name and the line of every key; `_prefix` is where it stands, where it is
    part of a file."""

    _text: str = PrivateAttr(default="")
    _file: str = PrivateAttr(default="scenario")
    _lines: dict[Path, int] = PrivateAttr(default_factory=dict)
    _prefix: Path = PrivateAttr(default=())

    @property
    def text(self) -> str:
        return self._text

    @property
    def path(self) -> str:
        return self._file

    def where(self, *path: str | int) -> str:
        """Place of a key for a complaint: file, line, measures[0].importers."""
        held = self.__pydantic_private__ or {}  # reading private attributes one by one is slow, and every solve asks
        lines = held["_lines"]
        line = next((lines[path[:k]] for k in range(len(path), -1, -1) if path[:k] in lines), None) if lines else None
        return place(held["_file"], line, (*held["_prefix"], *path))
