"""Drawing in a process of its own, beside the solving."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from comity.report import drawing_process, kept_figures
from comity.report.drawing import draw

Job = dict[str, Any]
Drawn = dict[str, str]


class Drawer:
    """Figures that are drawn while the caller goes on; those that have been drawn before are only looked up.

    asked : what the figures are for, in words. The drawing process starts at once, since its engine needs a second; but
    where all had been kept when the same was asked last, it starts when something has to be drawn.
    """

    def __init__(self, asked: str = "") -> None:
        self.asked = asked
        self.sent: list[Job] = []
        self.process: subprocess.Popen[str] | None = None
        self._known: dict[int, Drawn] = {}  # by the place of the job
        self._lost = False
        if not (asked and kept_figures.expected(asked)):
            self._start()

    def _start(self) -> None:
        self.process = drawing_process.start()
        self._lost = self.process is None

    def send(self, jobs: list[Job]) -> None:
        """Hand over figures, at once or in parts; they are drawn while the caller goes on."""
        first = len(self.sent)
        self.sent = self.sent + jobs
        found = {first + k: kept_figures.find(job) for k, job in enumerate(jobs)}
        self._known |= {k: drawn for k, drawn in found.items() if drawn is not None}
        missing = [self.sent[k] for k, drawn in found.items() if drawn is None]
        if missing and self.process is None and not self._lost:
            self._start()
        if not missing or self.process is None or self.process.stdin is None:
            return
        try:
            self.process.stdin.write(json.dumps(missing) + "\n")
            self.process.stdin.flush()
        except (OSError, ValueError):  # it died, or was closed
            self.close()
            self.process, self._lost = None, True

    def collect(self) -> list[Drawn]:
        """The figures that were sent, in order; falls back to drawing here if the process is gone."""
        missing = [k for k in range(len(self.sent)) if k not in self._known]
        for k, drawn in zip(missing, self._drawn([self.sent[k] for k in missing]), strict=True):
            self._known[k] = drawn
            kept_figures.keep(self.sent[k], drawn)
        self.close()
        if self.asked:
            kept_figures.expect(self.asked)
        return [self._known[k] for k in range(len(self.sent))]

    def _drawn(self, jobs: list[Job]) -> list[Drawn]:
        """What the process has drawn of these, all that were handed to it."""
        if jobs and self.process is not None:
            try:
                text, _ = self.process.communicate(timeout=60)
                if self.process.returncode == 0:
                    drawn: list[Drawn] = json.loads(text)
                    return drawn
            except (OSError, ValueError, subprocess.TimeoutExpired):  # it died, or was closed
                self.close()
        return [draw(job) for job in jobs]

    def draw(self, jobs: list[Job]) -> list[Drawn]:
        """Send and collect."""
        self.send(jobs)
        return self.collect()

    def close(self) -> None:
        """End the process if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                if stream is not None:
                    stream.close()
