"""Trade-elasticity sets: what was regressed on what, and the one place that converts to theta."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError, listing, nearest

Array = NDArray[np.float64]

DEFAULT_SET = "fontagne"
SERVICES = ("SERV",)  # service elasticities are assumed as theta in every set, never converted


def elasticity_sets() -> list[str]:
    """Names of the sets, the default first."""
    return list(_about())


def elasticity_set(name: str, sectors: Sequence[str]) -> tuple[Array, dict[str, str]]:
    """theta (J,) > 0 of a named set for these sectors, and what to say about it.

    Raises InputError for an unknown set or a sector the set does not have.
    """
    sets = _about()
    if name not in sets:
        raise InputError("elasticities", "unknown set", found=name, allowed=list(sets), nearest=nearest(name, sets))
    about = sets[name]
    reported = _values()["fontagne" if name == "fontagne-minus-one" else name]
    missing = [code for code in sectors if code not in reported]
    if missing:
        raise InputError(
            f"elasticities {name}",
            "the set has no value for some sectors",
            found=listing(missing),
            allowed=list(reported),
            advice="Give theta as an array instead.",
        )
    theta = [reported[c] if c in SERVICES else to_theta(reported[c], about["conversion"]) for c in sectors]
    return np.array(theta), about


def to_theta(epsilon: float, conversion: str) -> float:
    """theta from a published elasticity (its sign turned).

    In this model trade at user prices responds to cost with -theta, border imports respond to 1 + tariff with
    -(1 + theta). A coefficient of tariff-inclusive trade is theta; one of border imports is 1 + theta.
    """
    if conversion == "theta = epsilon":
        return epsilon
    if conversion == "theta = epsilon - 1":
        if epsilon <= 1:
            raise InputError("elasticities", "epsilon - 1 is not positive", found=epsilon)
        return epsilon - 1
    raise InputError("elasticity_sets.csv", "unknown conversion", found=conversion)


@cache
def _about() -> dict[str, dict[str, str]]:
    text = (resources.files("comity.benchmark") / "elasticity_sets.csv").read_text(encoding="utf-8")
    return {row["set"]: {"name": row["set"], **row} for row in csv.DictReader(text.splitlines())}


@cache
def _values() -> dict[str, dict[str, float]]:
    text = (resources.files("comity.benchmark") / "elasticities.csv").read_text(encoding="utf-8")
    table: dict[str, dict[str, float]] = {}
    for row in csv.DictReader(text.splitlines()):
        table.setdefault(row["set"], {})[row["sector"]] = float(row["epsilon"])
    return table
