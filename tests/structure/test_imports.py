"""One way through the house: a module never imports from a later stage, and the core stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import comity

PACKAGE = Path(comity.__file__).parent
ROOMS = (
    ("errors", "notation", "kept", "beside", "ending", "caches", "kernels"),
    ("classifications",),
    ("sources",),
    ("benchmark",),
    ("gravity",),
    ("scenario",),
    ("equilibrium",),
    ("outcomes",),
    ("coalition", "sweep", "uncertainty", "design"),
    ("validation",),
    ("dossier",),
    ("records",),
    ("report",),
    ("app",),
    ("cli", "__main__"),
)
RANK = {room: number for number, rooms in enumerate(ROOMS) for room in rooms}
ALLOWED = {
    # setting deficits to zero is a counterfactual: World.balanced is the one method that needs the solver
    ("benchmark/world.py", "equilibrium"),
    # a compiled scenario is a Shock: the one data type that crosses
    ("scenario/compile.py", "equilibrium"),
    ("scenario/combine.py", "equilibrium"),
    ("scenario/prefixes.py", "equilibrium"),
    # outcomes carry their run record
    ("outcomes/simulate.py", "records"),
}
LONGEST = 400


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem != "__init__")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_one_way_and_length(path: Path) -> None:
    relative = path.relative_to(PACKAGE)
    room = relative.parts[0].removesuffix(".py")
    assert room in RANK, f"{room} has no place in the order of rooms"
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    for node in ast.walk(ast.parse(text)):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{relative}: relative import"
            names = [node.module] if node.module != "comity" else [f"comity.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if not name.startswith("comity."):
                continue
            other = name.split(".")[1]
            if other in RANK and (relative.as_posix(), other) not in ALLOWED:
                assert RANK[other] <= RANK[room], f"{relative} imports {name}, a later stage"


def test_equilibrium_touches_no_files_and_no_pandas() -> None:
    for path in (PACKAGE / "equilibrium").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        for word in ("import pandas", "open(", "pathlib", "import yaml"):
            assert word not in text, f"{path.name}: {word}"


def test_import_is_lazy() -> None:
    code = (
        "import sys, comity; print([m for m in ('numpy', 'pandas', 'altair', 'pydantic', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_solving_needs_neither_pandas_nor_altair() -> None:
    code = (
        "import sys, comity; from comity.benchmark.synthetic import synthetic_world\n"
        "comity.solve(synthetic_world(3, 2), comity.Shock())\n"
        "print([m for m in ('pandas', 'altair', 'scipy', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_resolve() -> None:
    for name in comity.__all__:
        assert getattr(comity, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = comity.nonsense
