"""OECD Inter-Country Input-Output flows with bilateral tariffs, as packaged for MATLAB (v7.3 = HDF5)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError
from comity.sources import Source, missing_extra, require, unreadable

Array = NDArray[np.float64]

SOURCES = (
    Source(
        "oecd-icio",
        "OECD Inter-Country Input-Output Tables",
        "OECD (2025), Inter-Country Input-Output Tables, http://oe.cd/icio",
        "OECD terms: free use with attribution (CC BY 4.0 or alike)",
        "bilateral flows by sector with home sales; output",
        "@misc{oecd_icio_2025, author={{OECD}}, title={Inter-Country Input-Output Tables}, year={2025}}",
    ),
    Source(
        "teti-tariffs",
        "Global Tariff Database (bilateral applied tariffs)",
        "Teti, F. (2024), Missing Tariffs, CESifo Working Paper 11590",
        "redistribution terms of the bilateral rates not established: only 22-sector aggregates are stored",
        "tariffs, averaged over sectors with flow weights",
        "@techreport{teti_2024, author={Teti, Feodora}, title={Missing Tariffs}, institution={CESifo}, year={2024}}",
    ),
)
COUNT, SECTORS = 81, 28


@dataclass(frozen=True)
class Icio:
    """flow (J, N, N) million USD [sector, importer, exporter], home sales on the diagonal; tariff rates, same axes."""

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    flow: Array
    tariff: Array


def read_icio(path: Path) -> Icio:
    """Read one year. Raises InputError if the layout is not the expected one (81 economies x 28 sectors)."""
    try:
        import h5py
    except ImportError:
        raise missing_extra("h5py") from None
    require(path, "the ICIO file")
    try:
        with h5py.File(path) as file:
            countries, sectors, flow, tariff = _contents(file, path)
    except (OSError, KeyError, TypeError, ValueError) as problem:
        raise unreadable(path, problem) from None
    if flow.shape != (SECTORS, COUNT, COUNT) or tariff.shape != flow.shape or len(countries) != COUNT:
        raise InputError(path.name, "unexpected size", found=flow.shape, allowed=f"({SECTORS}, {COUNT}, {COUNT})")
    if (flow < 0).any() or not np.isfinite(flow).all():
        raise InputError(path.name, "flows must be finite and not negative")
    if not np.isfinite(tariff).all() or (tariff <= -1).any():
        raise InputError(path.name, "tariffs must be rates above -1")
    return Icio(countries, sectors, flow, tariff)


def _contents(file: Any, path: Path) -> tuple[tuple[str, ...], tuple[str, ...], Array, Array]:
    """Labels, flows and tariffs of the open file; h5py turns MATLAB's axes round: (sector, importer, exporter)."""
    if "data" not in file:
        raise InputError(path.name, "not the expected layout", found=list(file), allowed="a group 'data'")
    data = file["data"]

    def text(reference: Any) -> str:
        return "".join(map(chr, file[reference][:].ravel()))

    countries = tuple(text(reference) for reference in data["countries"][0])
    sectors = tuple(text(reference) for reference in data["sectors"][0])
    return countries, sectors, np.array(data["Xjik_3D"]), np.array(data["tjik_3D"])
