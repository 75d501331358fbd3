"""A full report or a figure in a process of its own: it draws for seconds, and can be ended.

`python -m comity.app.child report|svg|png FIGURE DRAWS COMMAND` reads a scenario text from standard input and writes
the file to standard output. What is wrong with the text has been said before it is started.
"""

from __future__ import annotations

import base64
import os
import resource
import signal
import subprocess
import sys

from comity.app import limits
from comity.errors import ComityError

FIGURES = {"figure": "bars", "map": "tile_map", "trade": "flows", "sectors": "sectors"}
PATIENT = 5  # nice: a report waits for slider steps, and gets a quarter of what any other program gets
WAIT = 3 * limits.REPORT_SECONDS  # the time of a report counts where it works; so long it may wait for a processor


class DrawingError(ComityError):
    """A report or figure could not be made within its time."""

    exit_code = 3


def drawn(what: str, figure: str, text: str, command: str, draws: int = 0) -> bytes:
    """The file, made in another process. draws : behind its bands, 0 for ranges. Raises DrawingError."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "comity.app.child", what, figure, str(draws), command], input=text.encode(),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=WAIT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise DrawingError(f"Not drawn within {WAIT:g} seconds. `comity run` has no such limit.") from None
    if done.returncode == -signal.SIGXCPU:
        limit = f"{limits.REPORT_SECONDS:g} seconds of processor time"
        raise DrawingError(f"Not drawn within {limit}. `comity run` has no such limit.")
    if done.returncode == 4:
        raise DrawingError(f"There is no such figure for this scenario: {figure}.")
    if done.returncode or not done.stdout:
        raise DrawingError("The drawing process ended without a file. `comity run` says more.")
    return done.stdout


def main(arguments: list[str]) -> int:
    """The body of the process."""
    os.nice(PATIENT)
    resource.setrlimit(resource.RLIMIT_CPU, (int(limits.REPORT_SECONDS), int(limits.REPORT_SECONDS) + 5))
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from comity.app.solving import read_text, solved
    from comity.report.drawing import NAMESPACES, draw
    from comity.report.figures import figure_jobs
    from comity.report.page import page

    what, figure, draws, command = arguments
    outcomes = solved(read_text(sys.stdin.buffer.read().decode()), True, int(draws))
    if what == "report":
        sys.stdout.buffer.write(page(outcomes, command).encode())
        return 0
    job = figure_jobs(outcomes).get(FIGURES[figure])
    if job is None:
        return 4
    made = draw({**job, "png": what == "png"})
    svg = made["wide"].replace("<svg", f"<svg {NAMESPACES}", 1)
    sys.stdout.buffer.write(base64.b64decode(made["png"]) if what == "png" else svg.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
