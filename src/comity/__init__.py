"""comity: a statement about sanctions or cooperation between states, as a number with a range.

The public names below load on first use, so that `import comity` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "World": "comity.benchmark.world",
    "load_world": "comity.benchmark.bundle",
    "save_world": "comity.benchmark.bundle",
    "embedded_worlds": "comity.benchmark.bundle",
    "Shock": "comity.equilibrium.shock",
    "Solution": "comity.equilibrium.solution",
    "Solutions": "comity.equilibrium.batch",
    "solve": "comity.equilibrium.solve",
    "solve_many": "comity.equilibrium.batch",
    "ProductWorld": "comity.benchmark.products",
    "solve_products": "comity.equilibrium.product_solve",
    "read_baci_products": "comity.sources.baci_products",
    "gradient": "comity.equilibrium.derivatives",
    "gradient_at": "comity.equilibrium.derivatives",
    "Gradient": "comity.equilibrium.derivatives",
    "Scenario": "comity.scenario.schema",
    "load_scenario": "comity.scenario.load",
    "compile_scenario": "comity.scenario.compile",
    "simulate": "comity.outcomes.simulate",
    "Outcomes": "comity.outcomes.simulate",
    "coalition": "comity.coalition.run",
    "load_game": "comity.coalition.load",
    "ge_gravity": "comity.outcomes.ge_gravity",
    "load_dossier": "comity.dossier.load",
    "assess": "comity.dossier.assess",
    "ComityError": "comity.errors",
    "InputError": "comity.errors",
    "NoSolutionError": "comity.errors",
    "NotConvergedError": "comity.errors",
}

_ROOMS = ("gravity", "sweep")  # packages whose names are used as comity.gravity.estimate

__all__ = [*_PUBLIC, *_ROOMS, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"comity.{name}")
    if name not in _PUBLIC:
        raise AttributeError(f"module 'comity' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
