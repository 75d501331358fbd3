"""Runs mutants one after another, each in a process of its own: reads them as JSON, writes which checks killed which.

python -m tests.mutants.run < mutants.json > killed.json
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import json
import os
import signal
import sys
from pathlib import Path

import numpy  # noqa: F401  (imported once, before the forks)

LIMIT = 8  # seconds; a mutant that runs on is killed by its own clock


class _Patched(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Serves chosen modules of the package from mutated sources."""

    def __init__(self, package: Path, files: dict[str, str]) -> None:
        self.package = package
        self.sources = {"comity." + file.removesuffix(".py").replace("/", "."): text for file, text in files.items()}

    def find_spec(self, name, path=None, target=None):  # noqa: ANN001, ANN201
        return importlib.util.spec_from_loader(name, self) if name in self.sources else None

    def exec_module(self, module) -> None:  # noqa: ANN001
        exec(compile(self.sources[module.__name__], module.__name__, "exec"), module.__dict__)


def _killers(files: dict[str, str]) -> list[str]:
    """What kills one mutant, asked in a forked process."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        signal.alarm(LIMIT)
        try:
            sys.meta_path.insert(0, _Patched(Path(), files))
            from tests.mutants.suite import failures

            said = failures(first_only=True)
        except BaseException as problem:  # a mutant that cannot even be imported is dead
            said = [f"import: {type(problem).__name__}"]
        with os.fdopen(writer, "w") as pipe:
            json.dump(said, pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else ["time limit"]


def main() -> None:
    json.dump({name: _killers(files) for name, files in json.load(sys.stdin).items()}, sys.stdout)


if __name__ == "__main__":
    main()
