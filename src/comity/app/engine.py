"""What solves slider steps: NumPy, or compiled passes where the extra `fast` is installed.

Compiling takes half a minute, once: `python -m comity.app.engine` does it, in a process that gives way to all else, and
leaves the result and a mark in the user's cache folder. A worker that finds the mark loads it in a second; until then
NumPy solves. Answers of the two differ by less than the tolerance.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from comity.caches import of_kernels
from comity.equilibrium.shock import Shock
from comity.equilibrium.solve import solve

VARIABLE = "COMITY_SERVE_ENGINE"
ENGINES = ("auto", "numpy")
PATIENCE = 19  # nice of the process that compiles
_chosen = ["numpy"]


def chosen() -> str:
    """The engine of a step, for `solve`."""
    return _chosen[0]


async def make_ready() -> None:
    """Turn to compiled passes where they can be had, compiled first if need be: minutes where the machine is busy."""
    if os.environ.get(VARIABLE, "auto") == "numpy" or any(find_spec(name) is None for name in ("numba", "scipy")):
        return
    if not _mark().exists():
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "comity.app.engine", stdin=DEVNULL)
        try:
            await process.wait()
        finally:  # the worker ends first: nobody would use it
            if process.returncode is None:
                process.kill()
    if _mark().exists():
        await asyncio.to_thread(_load)
        _chosen[0] = "numba"


def _mark() -> Path:
    return of_kernels() / "single"


def _load() -> None:
    """Have the passes loaded, or compiled where they are not."""
    from comity.benchmark.synthetic import synthetic_world

    solve(synthetic_world(3, 2, seed=1), Shock(), engine="numba")


def main() -> None:
    """Compile, one process at a time, and leave the mark; nothing where the folder cannot be written."""
    from comity.app.aside import give_way

    give_way(PATIENCE)
    try:
        of_kernels().mkdir(parents=True, exist_ok=True)
        with open(of_kernels() / "lock", "w") as lock:
            with suppress(ImportError):
                import fcntl  # not on Windows: there two workers may compile the same side by side

                fcntl.flock(lock, fcntl.LOCK_EX)
            if not _mark().exists():
                _load()
                _mark().touch()
    except OSError:
        sys.exit(1)


if __name__ == "__main__":
    main()
