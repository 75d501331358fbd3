"""Notes of a check: what a careful author should know, and what, if anything, is to be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NOTHING = "Nothing to do."


@dataclass(frozen=True)
class Note:
    """A remark that is no mistake. todo : what to do about it; empty for nothing."""

    text: str
    todo: str = ""

    def __str__(self) -> str:
        return f"Note: {self.text} {self.todo or NOTHING}"


def several(count: int, noun: str) -> str:
    """1 claim, 2 claims."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def clean(notes: Sequence[Note]) -> str:
    """The last line of a check that found no mistake."""
    if not notes:
        return "No mistakes, no notes."
    asking = sum(bool(note.todo) for note in notes)
    return f"No mistakes. {several(len(notes), 'note')}, {asking or 'none'} of them with something to do."
