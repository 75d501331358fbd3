"""YAML as strings with line numbers: what a complaint needs to say where.

Every value stays a string (PyYAML's base resolver), so that `no`, `1e3` or `2023-03-13` mean what they look like.
Built from parser events in a loop: no recursion, no anchors, no tags, no key twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from comity.errors import InputError

Path = tuple[str | int, ...]
Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
MAX_BYTES = 1_000_000
MAX_DEPTH = 30


@dataclass
class Located:
    """Plain strings, lists and dicts, and the line (from 1) on which each path begins."""

    value: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int | None:
        """The line of that path, or of the nearest place above it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


@dataclass
class _Open:
    """A list or mapping that is still being read."""

    value: Any
    path: Path
    key: str | None = None


def read_yaml(text: str, file: str) -> Located:
    """Parse `text`. Raises InputError naming file and line for anything that is not plain YAML."""
    if len(text) > MAX_BYTES:
        raise InputError(file, "the file is too long", found=f"{len(text)} characters", allowed=f"up to {MAX_BYTES}")
    try:
        return _build(text, file)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None) or getattr(problem, "context_mark", None)
        where = f"{file}, line {mark.line + 1}" if mark is not None else file
        said = getattr(problem, "problem", None) or getattr(problem, "reason", None) or "not readable"
        raise InputError(where, "not valid YAML", found=said, advice=_advice(said)) from None
    except (ValueError, UnicodeError) as problem:
        raise InputError(file, "not valid YAML", found=problem) from None


def _advice(said: str) -> str:
    """What most often lies behind a complaint of the YAML reader."""
    if "mapping values are not allowed" in said:
        return 'A text with a colon stands in quotation marks: title: "Customs: two days less".'
    if "tab" in said:
        return "Indent with blanks, not with tabs."
    return "Check indentation, colons and quotes."


def _build(text: str, file: str) -> Located:
    located = Located(None)
    stack: list[_Open] = []
    documents = 0
    for event in yaml.parse(text, Loader=Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise InputError(f"{file}, line {line}", "one document per file", found="a second one after '---'")
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            stack.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        _refuse_special(event, f"{file}, line {line}")
        if isinstance(event, yaml.ScalarEvent):
            _place(located, stack, event.value, line, file, scalar=True)
            continue
        fresh: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        path = _place(located, stack, fresh, line, file, scalar=False)
        stack.append(_Open(fresh, path))
        if len(stack) > MAX_DEPTH:
            raise InputError(f"{file}, line {line}", "nested too deeply", allowed=f"up to {MAX_DEPTH} levels")
    return located


def _refuse_special(event: Any, where: str) -> None:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise InputError(where, "anchors and aliases are not used here", found=event.anchor, advice="Write it out.")
    if event.tag is not None and event.tag not in ("!", "tag:yaml.org,2002:str"):
        raise InputError(where, "tags are not used here", found=event.tag, advice="Write the plain value.")


def _place(located: Located, stack: list[_Open], value: Any, line: int, file: str, *, scalar: bool) -> Path:
    """Put a new value where it belongs; returns its path."""
    if not stack:
        located.value = value
        located.lines[()] = line
        return ()
    top = stack[-1]
    if isinstance(top.value, list):
        path = (*top.path, len(top.value))
        top.value.append(value)
    elif top.key is None:
        if not scalar:
            raise InputError(f"{file}, line {line}", "a key must be a plain word", found="a list or mapping as key")
        if value in top.value:
            first = located.lines[(*top.path, value)]
            raise InputError(f"{file}, line {line}", f"key {value!r} stands twice", found=f"first on line {first}")
        top.key = value
        path = (*top.path, value)
        top.value[value] = None
        located.lines[path] = line
        return path
    else:
        path = (*top.path, top.key)
        top.value[top.key] = value
        top.key = None
    located.lines.setdefault(path, line)
    return path


def place(file: str, line: int | None, path: Path) -> str:
    """ "file, line 12, measures[0].importers"."""
    key = ""
    for step in path:
        key += f"[{step}]" if isinstance(step, int) else f".{step}" if key else str(step)
    parts = [file, f"line {line}" if line else "", key]
    return ", ".join(part for part in parts if part)
