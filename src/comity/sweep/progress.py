"""How far a sweep is: a bar with the time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Any, TextIO

EVERY = 10.0  # seconds between two lines


class Progress:
    """Says nothing; what `run_sweep` tells."""

    def begin(self, total: int, before: int) -> None:
        """total : points to be solved; before : points that were stored already."""

    def done(self, solved: int) -> None:
        """solved : points of this run, so far."""

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        pass


quiet = Progress()


class Lines(Progress):
    """A line every EVERY seconds, with the time left at the rate of this run."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = monotonic) -> None:
        self.stream, self.clock = stream or sys.stderr, clock

    def begin(self, total: int, before: int) -> None:
        self.total, self.start = total, self.clock()
        self.last = self.start
        if before:
            self._say(f"{before:,} points are stored already")
        self._say(f"{total:,} points to solve")

    def done(self, solved: int) -> None:
        now = self.clock()
        if now - self.last >= EVERY or solved == self.total:
            left = (now - self.start) * (self.total - solved) / max(solved, 1)
            share = 100 * solved // max(self.total, 1)
            self._say(f"{solved:,} of {self.total:,} points, {share} %, {duration(left)} left")
            self.last = now

    def _say(self, text: str) -> None:
        print(f"sweep: {text}", file=self.stream, flush=True)


class Bar(Progress):
    """A bar on a terminal, by rich."""

    def __init__(self, rich: Any) -> None:
        from rich.console import Console

        self.bar = rich.Progress(
            rich.TextColumn("sweep"),
            rich.BarColumn(),
            rich.MofNCompleteColumn(),
            rich.TextColumn("{task.fields[rate]}"),
            rich.TimeRemainingColumn(elapsed_when_finished=True),
            console=Console(stderr=True),
            speed_estimate_period=120,  # chunks take seconds
        )

    def begin(self, total: int, before: int) -> None:
        self.start = monotonic()
        self.task = self.bar.add_task("sweep", total=total + before, completed=before, rate="")
        self.before = before

    def done(self, solved: int) -> None:
        rate = solved / max(monotonic() - self.start, 1e-9)
        self.bar.update(self.task, completed=self.before + solved, rate=f"{rate:,.0f}/s")

    def __enter__(self) -> Progress:
        self.bar.start()
        return self

    def __exit__(self, kind: type | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self.bar.stop()


def progress_for(stream: TextIO) -> Progress:
    """A bar where somebody looks on and rich is installed (Typer brings it), lines elsewhere."""
    if stream.isatty():
        try:
            import rich.progress
        except ImportError:
            return Lines(stream)
        return Bar(rich.progress)
    return Lines(stream)


def duration(seconds: float) -> str:
    """Roughly how long: 45 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
