"""What a worker is told, and what it gives back: plans as texts in, one Parquet file a chunk out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from threading import local
from time import perf_counter

from comity import __version__
from comity.errors import InputError
from comity.sweep.plan import Plan, Point, make_plan
from comity.sweep.rows import Solver

HELD = b"comity.plan", b"comity.chunk"


@dataclass(frozen=True)
class Told:
    """A plan as texts: what another process needs to make it again. hash : by which it knows that it has the same."""

    text: str
    file: str
    folder: str
    base_text: str
    base_file: str
    hash: str
    version: str = __version__

    @classmethod
    def of(cls, plan: Plan) -> Told:
        return cls(plan.sweep.text, plan.sweep.path, str(plan.folder), plan.base.text, plan.base.path, plan.hash)

    def plan(self) -> Plan:
        """The plan. Raises InputError where this process has other files, or another version of comity."""
        if self.version != __version__:
            raise InputError("sweep", "worker and driver have different versions of comity", found=__version__,
                             allowed=self.version)  # fmt: skip
        found = make_plan(self.text, self.file, Path(self.folder), self.base_text, self.base_file)
        if found.hash != self.hash:
            raise InputError(self.file, "the plan is not what it was: a world or a table of sizes has changed",
                             found=found.hash[:12], allowed=self.hash[:12], advice="Use a new store.")  # fmt: skip
        return found


@dataclass(frozen=True)
class Job:
    """A chunk of one of the plans of a store. points : how many it solves."""

    plan: int
    chunk: int
    points: int


@dataclass(frozen=True)
class Part:
    """A chunk solved: the file, how many points came out how, and how long it took."""

    content: bytes
    statuses: dict[str, int]
    seconds: float


class Work:
    """Solves chunks of the plans of a store. A point that an earlier plan holds is solved there."""

    def __init__(self, told: tuple[Told, ...], plans: tuple[Plan, ...] = ()) -> None:
        self.told = told
        self._plans: dict[int, Plan] = dict(enumerate(plans))
        self._solvers: dict[int, Solver] = {}

    def plan(self, number: int) -> Plan:
        if number not in self._plans:
            self._plans[number] = self.told[number].plan()
        return self._plans[number]

    def points(self, number: int, chunk: int) -> list[Point]:
        """The points a chunk solves."""
        plan, earlier = self.plan(number), [self.plan(k) for k in range(number)]
        return [
            point
            for point in plan.points(chunk)
            if not any(other.holds(point, plan.worlds[point.world].hash) for other in earlier)
        ]

    def part(self, job: Job) -> Part:
        """The chunk solved."""
        begin = perf_counter()
        if job.plan not in self._solvers:
            self._solvers[job.plan] = Solver(self.plan(job.plan))
        points = self.points(job.plan, job.chunk)
        labels = {"comity.plan": self.told[job.plan].hash, "comity.chunk": str(job.chunk)}
        content, statuses = self._solvers[job.plan].table(points, labels)
        return Part(content, dict(Counter(statuses)), perf_counter() - begin)


_kept = local()  # threads of one worker do not share what a solver keeps


def part_of(told: tuple[Told, ...], job: Job) -> Part:
    """The chunk solved, in whatever process and thread this is."""
    if getattr(_kept, "told", None) != told:
        _kept.told, _kept.work = told, Work(told)
    work: Work = _kept.work
    return work.part(job)
