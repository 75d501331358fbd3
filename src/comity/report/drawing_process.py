"""The process that draws: started before all else where pictures will be needed, since its engine takes a second."""

from __future__ import annotations

import subprocess
import sys

_early: list[subprocess.Popen[str]] = []


def start() -> subprocess.Popen[str] | None:
    """One that was started early and nobody has taken yet, or a new one; None where there can be none."""
    if _early:
        return _early.pop()
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "comity.report.drawing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
    except OSError:
        return None


def start_early() -> None:
    """Start one for whoever asks first."""
    started = start()
    if started is not None:
        _early.append(started)


def drop_early() -> None:
    """End the one that nobody has taken."""
    while _early:
        unused = _early.pop()
        unused.kill()
        unused.communicate()
