"""Notes of a check: what asks for something to be done, and what a careful author should merely know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """A remark that is no mistake. todo : what to do about it; empty where it only informs."""

    text: str
    todo: str = ""

    def __str__(self) -> str:
        return f"To do: {self.text} {self.todo}" if self.todo else f"Note: {self.text}"


def several(count: int, noun: str) -> str:
    """1 claim, 2 claims."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def clean(notes: Sequence[Note]) -> str:
    """The last line of a check that found no mistake: whether anything is left to be done."""
    asking = sum(bool(note.todo) for note in notes)
    told = len(notes) - asking
    informed = f" ({several(told, 'note')} for information.)" if told else ""
    if asking:
        return f"No mistakes; {several(asking, 'line')} above marked To do.{informed}"
    return f"No mistakes, nothing to do.{informed}"
