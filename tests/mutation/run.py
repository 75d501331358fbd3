"""Runs mutants: `python -m tests.mutation.run` reads them as JSON and prints which checks killed which.

Everything that does not need comity is loaded and computed first; each mutant then gets a forked process, puts its
sources in place of the package's, imports the package and runs the suite. A fork starts with no module of comity, so
no object of another mutant, or of the healthy code, is left anywhere.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from tests.mutation.errors import PACKAGE, Mutant

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2
LIMIT = 10  # seconds for one mutant; the check it is in then counts as failed, and the rest is not asked
Kills = dict[str, str]
CONTROL = "the code as it is"  # run last among the mutants of each process
UNUSED = "the error was not in place"  # never a kill: the tests refuse it


class Replaced(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Serves chosen modules of the package from other sources."""

    def __init__(self, sources: dict[str, str]) -> None:
        self.sources = {"comity." + file.removesuffix(".py").replace("/", "."): file for file in sources}
        self.codes = {file: compile(text, file, "exec") for file, text in sources.items()}
        self.used: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self.sources:
            return None
        return importlib.util.spec_from_file_location(name, PACKAGE / self.sources[name], loader=self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        file = self.sources[module.__name__]
        self.used.add(file)
        exec(self.codes[file], module.__dict__)


def killed(mutants: Sequence[Mutant], most: int | None = None, first: Sequence[str] = ()) -> dict[str, Kills]:
    """The checks that fail, by mutant, on two processes; `most` and `first` as in suite.failures."""
    parts = [mutants[k::WORKERS] for k in range(WORKERS)]
    with TemporaryDirectory() as folder, ThreadPoolExecutor(WORKERS) as pool:
        # forks share compiled files of what is not mutated, wherever the package lies and whoever may write there
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": "",
                       "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # fmt: skip

        def ask(part: Sequence[Mutant]) -> dict[str, Kills]:
            sources = {**{mutant.name: mutant.sources for mutant in part}, CONTROL: {}}
            return _ask({"most": most, "first": list(first), "mutants": sources}, environment)

        found = {name: kills for answer in pool.map(ask, parts) for name, kills in answer.items()}
    return {mutant.name: found[mutant.name] for mutant in mutants}


def _ask(question: dict[str, Any], environment: dict[str, str]) -> dict[str, Kills]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutation.run"], input=json.dumps(question), capture_output=True, text=True,
        cwd=ROOT, env=environment, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    answer: dict[str, Kills] = json.loads(done.stdout)
    healthy = answer.pop(CONTROL)
    if healthy:  # then nothing that was found says anything about the mutants
        raise RuntimeError(f"the suite fails without any error put in: {healthy}")
    return answer


def in_a_fork(sources: dict[str, str], most: int | None, first: Sequence[str]) -> Kills:
    """What kills one mutant."""
    finder = Replaced(sources)  # a source that does not compile ends the run here: it is no mutant
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        with os.fdopen(reader) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        return json.loads(text) if text else {"runner": UNUSED}
    os.close(reader)
    signal.signal(signal.SIGALRM, _too_late)
    signal.alarm(LIMIT)
    found = _inside(finder, most, first)
    with os.fdopen(writer, "w") as pipe:
        json.dump(found, pipe)
    os._exit(0)


def _too_late(*_: object) -> None:
    raise TimeoutError


def _inside(finder: Replaced, most: int | None, first: Sequence[str]) -> Kills:
    from tests.mutation.suite import failures

    if any(name.partition(".")[0] == "comity" for name in sys.modules):
        return {"runner": UNUSED}  # a module of the healthy package would be left in place
    sys.meta_path.insert(0, finder)
    try:
        found = failures(most, first)
    except BaseException as problem:
        return {"import": type(problem).__name__}
    if not found and finder.used != set(finder.codes):
        return {"runner": UNUSED}  # it survived because it was never imported
    return found


def main() -> None:
    """Read, warm up, fork, print."""
    from tests.mutation import reference, suite  # noqa: F401  (loaded once, inherited by every fork)

    question = json.load(sys.stdin)
    reference.warm()
    answer = {
        name: in_a_fork(sources, question["most"], question["first"]) for name, sources in question["mutants"].items()
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
