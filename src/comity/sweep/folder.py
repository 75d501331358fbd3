"""The folder of a store: plan.json, one Parquet file a chunk, a journal, a lock.

A file of results is written under another name, flushed to the disk and renamed: a chunk is there whole or not at all.
What is done is what lies there; the journal is for people (and for the tests that count solves).
"""

from __future__ import annotations

import json
import os
import platform
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from comity import __version__
from comity.errors import InputError
from comity.sweep.extra import library
from comity.sweep.part import Job, Told
from comity.sweep.plan import FORMAT, Plan

PLAN, JOURNAL, LOCK, PARTS = "plan.json", "journal.csv", "lock", "parts"
HEAD = "time,event,plan,chunk,points,seconds\n"


@dataclass(frozen=True)
class Begun:
    """A plan of a store, in the order in which plans came. versions : of what computed its first results."""

    told: Told
    family: str
    points: int
    chunks: int
    worlds: dict[str, str]
    versions: dict[str, str]


class Folder:
    """A store on disk. Everything that writes is done by the one driver that holds the lock."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.parts = self.path / PARTS

    def part(self, job: Job) -> Path:
        return self.parts / f"part-{job.plan:02d}-{job.chunk:06d}.parquet"

    # -- plans ------------------------------------------------------------------------------------------

    def begun(self) -> list[Begun]:
        """The plans of the store; none where there is no store yet. Raises InputError for what is not one."""
        try:
            text = (self.path / PLAN).read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as problem:
            raise _unreadable(self.path / PLAN, problem) from None
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise InputError(f"store {self.path.name}", "another format of stores", found=data["format"],
                                 allowed=str(FORMAT), advice="Use the version of comity that wrote it.")  # fmt: skip
            return [Begun(**{**one, "told": Told(**one["told"], folder="")}) for one in data["plans"]]
        except (ValueError, KeyError, TypeError) as problem:
            raise _unreadable(self.path / PLAN, problem) from None

    def enter(self, plan: Plan) -> tuple[int, list[Begun]]:
        """The number of a plan in this store, written down if it is new there.

        Raises InputError for a store of something else.
        """
        plans = self.begun()
        for number, one in enumerate(plans):
            if one.told.hash == plan.hash:
                return number, plans
        if plans and plans[0].family != plan.family:
            raise InputError(
                f"store {self.path.name}",
                "holds another sweep: another scenario, other axes or other outputs",
                found=f"{plans[0].told.file}, hash {plans[0].told.hash[:12]}",
                allowed="the same sweep, with more or other values on its axes",
                advice="Give this sweep a --store of its own.",
            )
        if not plans and self.parts.exists() and any(self.parts.iterdir()):
            raise InputError(f"store {self.path.name}", f"has results, but no {PLAN}", advice="Use a new folder.")
        worlds = {name: world.hash for name, world in plan.worlds.items()}
        plans.append(Begun(Told.of(plan), plan.family, plan.count, plan.chunks, worlds, versions()))
        data = [asdict(one) for one in plans]
        for written in data:
            written["told"].pop("folder")  # of this machine
        text = json.dumps({"format": FORMAT, "plans": data}, indent=1, ensure_ascii=False) + "\n"
        self.write(self.path / PLAN, text.encode())
        return len(plans) - 1, plans

    # -- results ----------------------------------------------------------------------------------------

    def done(self) -> set[tuple[int, int]]:
        """(plan, chunk) of what is stored."""
        found = set()
        with suppress(FileNotFoundError):
            for entry in os.scandir(self.parts):
                name, kind = os.path.splitext(entry.name)
                if kind == ".parquet" and name.startswith("part-"):
                    _, plan, chunk = name.split("-")
                    found.add((int(plan), int(chunk)))
        return found

    def check(self, plans: list[Begun]) -> None:
        """Every file of results is readable and belongs to the plan and chunk of its name.

        Raises InputError naming the first that does not.
        """
        parquet = library("pyarrow.parquet")
        for plan, chunk in sorted(self.done()):
            path = self.part(Job(plan, chunk, 0))
            advice = "Delete the file: its points are then solved again."
            try:
                labels = parquet.read_schema(path).metadata or {}
            except Exception as problem:  # whatever a damaged file makes its reader raise
                raise InputError(path.name, "the file of results cannot be read", found=problem,
                                 advice=advice) from None  # fmt: skip
            known = plans[plan].told.hash if plan < len(plans) else "no such plan"
            if labels.get(b"comity.plan") != known.encode() or labels.get(b"comity.chunk") != str(chunk).encode():
                raise InputError(path.name, "the file of results belongs to another plan or chunk", advice=advice)

    def keep(self, job: Job, content: bytes, seconds: float) -> None:
        """A chunk's results, whole or not at all."""
        self.write(self.part(job), content)
        self.note("stored", job, seconds)

    def write(self, path: Path, content: bytes) -> None:
        """A whole file under its name, on the disk when this returns. Raises InputError where it cannot be written."""
        temporary = path.with_name(path.name + ".tmp")
        try:
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
            _sync(path.parent)
        except OSError as problem:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise _unwritable(self.path, problem) from None

    def note(self, event: str, job: Job | None = None, seconds: float | None = None) -> None:
        """A line of the journal."""
        about = ",,," if job is None else f"{job.plan},{job.chunk},{job.points},"
        line = f"{time.time():.3f},{event},{about}{'' if seconds is None else f'{seconds:.3f}'}\n"
        try:
            new = not (self.path / JOURNAL).exists()
            with open(self.path / JOURNAL, "ab", buffering=0) as file:
                file.write((HEAD * new + line).encode())
        except OSError as problem:
            raise _unwritable(self.path, problem) from None

    # -- one driver at a time ---------------------------------------------------------------------------

    @contextmanager
    def locked(self) -> Iterator[str]:
        """The store for this driver alone; gives a sentence on a driver that ended without giving it back, or "".

        The lock is the kernel's, on an open file: it goes with the driver however that ends, so a lock file that is
        left over holds nobody up. Raises InputError where another driver has the store, or it cannot be written.
        """
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            file = open(self.path / LOCK, "a+", encoding="utf-8")  # noqa: SIM115
        except OSError as problem:
            raise _unwritable(self.path, problem) from None
        with file:
            _take(file, self.path)
            file.seek(0)
            before = file.read().strip()
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%d %H:%M:%S')}\n")
            file.flush()
            for left in self.parts.glob("*.tmp"):  # of a driver that ended while writing
                left.unlink(missing_ok=True)
            try:
                yield f"A run ended without closing the store ({before}); what it stored is kept." if before else ""
            finally:
                file.truncate(0)


def versions() -> dict[str, str]:
    """Versions of what decides the last bits of results."""
    names = ("numpy", "pyarrow")
    return {"comity": __version__, "python": platform.python_version(), **{name: version(name) for name in names}}


def _take(file: Any, path: Path) -> None:
    try:
        import fcntl
    except ImportError:
        raise InputError("--store", "stores need a system with POSIX file locks", found=platform.system()) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise InputError(f"store {path.name}", "another run is writing it", found=file.read().strip() or "no name",
                         advice="Wait for it, or stop it; what it has stored stays.") from None  # fmt: skip
    except OSError as problem:
        raise InputError(f"store {path.name}", "cannot be locked", found=problem.strerror or problem,
                         advice="Put the store on a disk that knows file locks.") from None  # fmt: skip


def _sync(folder: Path) -> None:
    """The name of a new file, on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unreadable(path: Path, problem: Exception) -> InputError:
    return InputError(f"store {path.parent.name}", f"{path.name} cannot be read", found=problem,
                      advice="Use a new folder, or put the file back.")  # fmt: skip


def _unwritable(path: Path, problem: OSError) -> InputError:
    return InputError("--store", "the folder cannot be written", found=f"{path.name}: {problem.strerror or problem}",
                      advice="What is stored already stays; run again with room and rights to write.")  # fmt: skip
