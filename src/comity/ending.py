"""The end of a command that holds much memory: giving it back object by object takes a quarter of a second."""

from __future__ import annotations

import os
import sys

_told: list[bool] = []


def end_at_once() -> None:
    """Everything is written and closed but what has been printed: the process may end without taking itself apart."""
    _told.append(True)


def start() -> None:
    """A new command: what was said at the end of others in this process is forgotten."""
    _told.clear()


def end_if_told() -> None:
    """End the process here if it was told to, with all that was printed. Raises BrokenPipeError where nobody reads."""
    if _told:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
