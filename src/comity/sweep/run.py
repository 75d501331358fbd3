"""run_sweep: a plan and a folder -> the folder with every point of the plan in it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from time import perf_counter

from comity.errors import InputError, nearest
from comity.sweep import executors
from comity.sweep.executors import EXECUTORS, Results
from comity.sweep.extra import library
from comity.sweep.folder import Begun, Folder, versions
from comity.sweep.part import Job, Told, Work
from comity.sweep.plan import Plan
from comity.sweep.progress import Progress, quiet


@dataclass(frozen=True)
class Report:
    """What a run did. points : of the plan; before, solved : points that were stored before, and by this run;
    statuses : of the points solved now; notes : what a reader should know."""

    points: int
    before: int
    solved: int
    chunks: int
    seconds: float
    statuses: dict[str, int]
    notes: tuple[str, ...]


def run_sweep(
    plan: Plan,
    store: str | os.PathLike[str],
    *,
    executor: str = "serial",
    workers: int | None = None,
    cluster: str | None = None,
    progress: Progress = quiet,
) -> Report:
    """Solve what the store does not have yet.

    It may be killed at any moment and run again: a chunk is in the store whole or not at all, and one that is there is
    not solved again. The same plan gives the same bits with any executor and number of workers (on one kind of
    processor, with one version of NumPy).

    Parameters
    ----------
    store : a folder, made if it is not there; of this plan, or of one with fewer values on the same axes
    executor : "serial", "process" (workers on this machine), or "dask"
    workers : processes; default: one for each processor
    cluster : address of a Dask scheduler; without one, a cluster is started here
    progress : told how many points are done

    Raises
    ------
    InputError : unknown executor, no such cluster, a store of something else, in use, damaged or not writable
    """
    count = _workers(executor, workers, cluster)
    library("pyarrow.parquet")
    folder = Folder(store)
    begin = perf_counter()
    with folder.locked() as left:
        number, plans = folder.enter(plan)
        folder.check(plans)
        told = tuple(_told(one, plan) for one in plans[: number + 1])
        work = Work(told, () if number else (plan,))
        jobs, before = _jobs(work, folder, plan, number)
        total = sum(job.points for job in jobs)
        notes = [left, *plan.notes, _other_versions(plans[number])]
        progress.begin(total, before)
        folder.note("begin")
        results = _results(executor, work, iter(jobs), folder, count, cluster)
        statuses: Counter[str] = Counter()
        solved = 0
        with closing(results), progress:
            for job, part in results:
                folder.keep(job, part.content, part.seconds)
                solved += job.points
                statuses.update(part.statuses)
                progress.done(solved)
        folder.note("end")
    return Report(plan.count, before, solved, len(jobs), perf_counter() - begin, dict(statuses),
                  tuple(note for note in notes if note))  # fmt: skip


def _results(
    executor: str, work: Work, jobs: Iterator[Job], folder: Folder, count: int, cluster: str | None
) -> Results:
    def note(event: str, job: Job) -> None:
        folder.note(event, job)

    if executor == "serial":
        return executors.serial(work, jobs, note)
    if executor == "process":
        return executors.process(work.told, jobs, note, count)
    return executors.dask(work.told, jobs, note, count, cluster)


def _workers(executor: str, workers: int | None, cluster: str | None) -> int:
    if executor not in EXECUTORS:
        raise InputError("--executor", "unknown executor", found=executor, allowed=EXECUTORS,
                         nearest=nearest(executor, EXECUTORS))  # fmt: skip
    if cluster is not None and executor != "dask":
        raise InputError("--cluster", "goes with the executor dask", found=executor, allowed="--executor dask")
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or not 1 <= workers <= 1024):
        raise InputError("--workers", "a number of processes is needed", found=workers, allowed="1 to 1024")
    if executor == "serial" and workers not in (None, 1):
        raise InputError("--workers", "the executor serial is one process", found=workers,
                         allowed="--executor process or dask")  # fmt: skip
    if cluster is not None and workers is not None:
        raise InputError("--workers", "the cluster has its workers", found=workers, allowed="--cluster alone")
    return workers or os.cpu_count() or 1


def _told(begun: Begun, plan: Plan) -> Told:
    """A plan of the store, with the folder in which its files of worlds are looked for."""
    return replace(begun.told, folder=str(plan.folder))


def _jobs(work: Work, folder: Folder, plan: Plan, number: int) -> tuple[list[Job], int]:
    """The chunks to be solved, and how many of the plan's points are stored.

    What an earlier plan began is finished as it was begun, as far as this one needs it: what a point is solved beside
    then depends on the plans alone, not on when a run was stopped.
    """
    done = folder.done()
    if number == 0:
        sizes = [min(plan.chunk_size, plan.count - k * plan.chunk_size) for k in range(plan.chunks)]
        jobs = [Job(0, k, size) for k, size in enumerate(sizes) if (0, k) not in done]
        return jobs, plan.count - sum(job.points for job in jobs)
    jobs, missing = [], 0
    for k in range(number):
        earlier = work.plan(k)
        for chunk in range(earlier.chunks):
            if (k, chunk) not in done:
                points = work.points(k, chunk)
                wanted = sum(plan.holds(point, earlier.worlds[point.world].hash) for point in points)
                missing += wanted
                if wanted:
                    jobs.append(Job(k, chunk, len(points)))
    for chunk in range(plan.chunks):
        if (number, chunk) not in done:
            points = work.points(number, chunk)
            missing += len(points)
            if points:
                jobs.append(Job(number, chunk, len(points)))
    return jobs, plan.count - missing


def _other_versions(begun: Begun) -> str:
    """A sentence where results were begun with other versions."""
    now = versions()
    other = [
        f"{name} {begun.versions.get(name)}, now {now[name]}" for name in now if begun.versions.get(name) != now[name]
    ]
    return f"Begun with {'; '.join(other)}: last digits may differ between the two." if other else ""
