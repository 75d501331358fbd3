"""Who solves the chunks: this process, workers of its own, or a Dask cluster. All give the same bits.

Workers of `process` are fresh interpreters, not forked copies (a copy of a process with threads, such as pyarrow's, may
hang) and not multiprocessing's (which run the caller's script again). Each has one chunk at a time; the chunk of one
that dies is given to a new one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pickle import UnpicklingError
from signal import SIG_IGN, SIGINT, signal
from threading import current_thread, main_thread
from typing import Any

from comity.errors import ComityError, InputError
from comity.sweep.part import Job, Part, Told, Work, part_of

Results = Generator[tuple[Job, Part], None, None]
Note = Callable[[str, Job], None]  # "started", or "lost" with the worker that had it
EXECUTORS = ("serial", "process", "dask")
WORKER = "from comity.sweep.worker import main; main()"
DEATHS = 10  # of workers over one chunk, before it is the chunk that must be at fault
STARTS = 5  # of a cluster
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def serial(work: Work, jobs: Iterator[Job], note: Note) -> Results:
    """One chunk after the other, here."""
    for job in jobs:
        note("started", job)
        yield job, work.part(job)


class _Worker:
    """A process that solves chunks, and the chunk it has."""

    def __init__(self, told: tuple[Told, ...], job: Job) -> None:
        self.ours, theirs = Pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(theirs.fileno()), str(os.getpid())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            start_new_session=True,  # Ctrl-C is for the driver
        )
        theirs.close()
        with suppress(OSError):  # dead already: found out when its answer is asked for
            self.ours.send(told)
        self.give(job)

    def give(self, job: Job) -> None:
        self.job = job
        with suppress(OSError):
            self.ours.send(job)

    def answer(self) -> Part | Exception | None:
        """What it sent; None if it died."""
        try:
            found: Part | Exception = self.ours.recv()
            return found
        except (EOFError, OSError, UnpicklingError):
            return None

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.ours.close()


def process(told: tuple[Told, ...], jobs: Iterator[Job], note: Note, count: int) -> Results:
    """Workers on this machine."""
    deaths: Counter[Job] = Counter()
    workers: dict[Connection, _Worker] = {}

    def hire(job: Job) -> None:
        worker = _Worker(told, job)
        workers[worker.ours] = worker

    try:
        for job in jobs:
            note("started", job)
            hire(job)
            if len(workers) == count:
                break
        while workers:
            for ready in wait(list(workers)):
                assert isinstance(ready, Connection)
                worker = workers[ready]
                found, job = worker.answer(), worker.job
                if found is None:
                    worker.end()
                    del workers[ready]
                    deaths[job] += 1
                    if deaths[job] == DEATHS:
                        raise _deadly(job)
                    note("lost", job)
                    note("started", job)
                    hire(job)
                    continue
                if isinstance(found, Exception):
                    raise found
                coming = next(jobs, None)  # before the results are written: nobody waits for the disk
                if coming is None:
                    worker.end()
                    del workers[ready]
                else:
                    note("started", coming)
                    worker.give(coming)
                yield job, found
    finally:
        for worker in workers.values():
            worker.end()


def _deadly(job: Job) -> ComityError:
    return ComityError(
        f"Chunk {job.chunk} of plan {job.plan} ended {DEATHS} workers, one after the other. Is there enough memory? "
        "`chunk:` in the sweep file makes chunks smaller. What is stored stays."
    )


def dask(told: tuple[Told, ...], jobs: Iterator[Job], note: Note, count: int, address: str | None) -> Results:
    """Workers of a Dask cluster: at an address, or started here."""
    from comity.sweep.extra import library

    distributed: Any = library("distributed")
    settings: Any = library("dask").config
    # how often a chunk's worker may die is counted here
    patient = settings.set({"distributed.scheduler.allowed-failures": DEATHS})
    with patient, _cluster(distributed, count, address) as cluster, _client(distributed, cluster, address) as client:
        yield from _on_cluster(distributed, client, told, jobs, note)


def _cluster(distributed: Any, count: int, address: str | None) -> Any:
    """A cluster of `count` processes with one thread each, or the address of one that is there."""
    from contextlib import nullcontext

    if address is not None:
        return nullcontext(address)
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    main = current_thread() is main_thread()
    # what children take over when they start: one BLAS thread each, and that Ctrl-C is for the driver
    os.environ.update(ONE_THREAD)
    interrupt = signal(SIGINT, SIG_IGN) if main else None
    try:
        for _ in range(STARTS):
            # a worker that is killed while it starts takes the whole cluster with it
            with suppress(RuntimeError):
                return distributed.LocalCluster(n_workers=count, threads_per_worker=1, processes=True,
                                                dashboard_address=None, silence_logs="CRITICAL")  # fmt: skip
        raise ComityError(f"A Dask cluster of {count} processes did not start, {STARTS} times. Use --executor process.")
    finally:
        if interrupt is not None:
            signal(SIGINT, interrupt)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _client(distributed: Any, cluster: Any, address: str | None) -> Any:
    try:
        return distributed.Client(cluster, timeout=10, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as problem:
        raise InputError("--cluster", "no Dask scheduler answers there", found=address,
                         allowed="an address such as tcp://10.0.0.5:8786", advice=str(problem)) from None  # fmt: skip


def _on_cluster(distributed: Any, client: Any, told: tuple[Told, ...], jobs: Iterator[Job], note: Note) -> Results:
    """Two chunks for every thread of the cluster at a time: one that is solved, one that waits."""
    running: dict[Any, Job] = {}
    deaths: Counter[Job] = Counter()
    finished = distributed.as_completed(loop=client.loop)

    def send(job: Job) -> None:
        note("started", job)
        future = client.submit(part_of, told, job, pure=False)
        running[future] = job
        finished.add(future)

    def fill() -> None:
        room = 2 * max(1, sum(client.nthreads().values()))  # workers come and go
        for _, job in zip(range(room - len(running)), jobs, strict=False):
            send(job)

    fill()
    for future in finished:
        job = running.pop(future)
        if future.status != "finished":
            problem = future.exception()
            if not isinstance(problem, distributed.KilledWorker):
                raise problem if isinstance(problem, ComityError) else _strange(problem)
            deaths[job] += 1
            if deaths[job] == DEATHS:
                raise _deadly(job)
            note("lost", job)
            send(job)
            continue
        part = future.result()
        future.release()
        fill()
        yield job, part


def _strange(problem: BaseException | None) -> InputError:
    """What a future that brought no part says; None where its cluster is gone."""
    if problem is None or type(problem).__name__.endswith("CancelledError"):
        return InputError("--cluster", "the cluster does not answer any more",
                          advice="What is stored stays; run again to go on.")  # fmt: skip
    return InputError(
        "--cluster",
        "a worker of the cluster could not solve a chunk",
        found=f"{type(problem).__name__}: {problem}",
        advice="Workers need the same version of comity, and the same files of worlds.",
    )
