"""World Input-Output Database, release of 2013: full tables (40 countries and RoW, 35 sectors), current prices."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError
from comity.sources import Source, check_columns, require, unreadable

Array = NDArray[np.float64]

SOURCE = Source(
    "wiod-2013",
    "World Input-Output Database, release 2013, as published with the R package wiod",
    "Timmer, Dietzenbacher, Los, Stehrer, de Vries (2015), Review of International Economics 23(3), 575-605",
    "CC BY 4.0",
    "validation against the gains from trade of Costinot and Rodriguez-Clare (2014)",
    "@article{timmer_2015, author={Timmer, Marcel P. and Dietzenbacher, Erik and Los, Bart and Stehrer, Robert and de "
    "Vries, Gaaitzen J.}, title={An Illustrated User Guide to the World Input-Output Database}, journal={Review of "
    "International Economics}, volume={23}, number={3}, pages={575--605}, year={2015}}",
)

PARTS = ("year", "countries", "industries", "inter", "final", "output")
FINAL_USES = 5  # households, non-profit bodies, government, fixed capital formation, change in stocks
CUT = 1e-3  # cells are cut to whole millions: rows fall short of output by 44 on average, 5e-4 of the world total


@dataclass(frozen=True)
class Wiot:
    """A world table in million USD: use (N, J, N, J) inputs of (seller, its sector) by (buyer, its sector),
    final (N, J, N, 5) final uses by (seller, its sector) of each buyer, output (N, J).

    The last final use is the change in stocks, which may be negative.
    """

    year: int
    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    use: Array
    final: Array
    output: Array


def read_wiot(path: Path) -> Wiot:
    """Read wiot_YEAR.RData.

    Raises
    ------
    InputError : the package rdata is missing; a file that is not there or damaged; parts missing or of another shape;
        rows that do not add up to output; cells in another order.
    """
    parts = _parts(path)
    countries, sectors = (tuple(map(str, parts[name])) for name in ("countries", "industries"))
    n, j = len(countries), len(sectors)
    shapes = {"inter": (n * j, n * j), "final": (n * j, n * FINAL_USES), "output": (n * j,)}
    inter, final, output = (_array(parts, name, shape, path.name) for name, shape in shapes.items())
    _check(inter, final, output, (n, j), path.name)
    return Wiot(
        int(parts["year"][0]),
        countries,
        sectors,
        inter.reshape(n, j, n, j),
        final.reshape(n, j, n, FINAL_USES),
        output.reshape(n, j),
    )


def _parts(path: Path) -> Mapping[str, Any]:
    """The named parts of the one object in the file."""
    try:
        from rdata import read_rda
        from rdata.conversion import DEFAULT_CLASS_MAP
    except ImportError:
        raise InputError(
            "package rdata", "needed to read R data, not installed", advice="pip install 'comity[validation]'"
        ) from None
    # the tables carry an R class of their own, "iot", which is a plain list
    classes = {**DEFAULT_CLASS_MAP, "iot": lambda thing, attributes: thing}
    require(path, "the WIOD table")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Unknown file type", category=UserWarning)
            objects = read_rda(path, constructor_dict=classes)
    except Exception as problem:  # a damaged file ends the parser in many ways
        raise unreadable(path, problem) from None
    table = objects.get(path.stem)
    if not isinstance(table, Mapping):
        raise InputError(path.name, f"no table {path.stem} in it", found=", ".join(map(str, objects)))
    check_columns([str(name) for name in table], list(PARTS), path.name)
    return table


def _array(parts: Mapping[str, Any], name: str, shape: tuple[int, ...], where: str) -> Array:
    """A part as numbers of the expected shape."""
    array = np.asarray(parts[name], dtype=np.float64)
    if array.shape != shape:
        raise InputError(f"{where}, {name}", "another shape than the labels ask for", found=array.shape, allowed=shape)
    return array


def _check(inter: Array, final: Array, output: Array, shape: tuple[int, int], where: str) -> None:
    """Raise InputError unless rows add up to output and run by country, then sector.

    The matrices have no row names; at home countries buy most of their inputs, which holds in no other order.
    """
    gap = np.abs(inter.sum(axis=1) + final.sum(axis=1) - output).sum() / output.sum()
    if not gap <= CUT:
        raise InputError(where, "rows do not add up to output", found=f"{gap:.2g} of world output apart")
    home = np.einsum("ijik->", inter.reshape(*shape, *shape)) / inter.sum()
    if not home > 0.5:
        raise InputError(where, "cells are not ordered by country, then sector", found=f"home share {home:.2f}")
