"""WIOD 2014 input-output, value-added and final-demand structure (43 countries and ROW, 50 sectors)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError
from comity.sources import Source, check_columns, missing_extra, require, unreadable

Array = NDArray[np.float64]

SOURCE = Source(
    "wiod-2014",
    "World Input-Output Database, release 2016, year 2014",
    "Timmer, Dietzenbacher, Los, Stehrer, de Vries (2015), Review of International Economics 23(3), 575-605",
    "CC BY 4.0",
    "input-output, value-added and final-demand shares",
    "@article{timmer_2015, author={Timmer, Marcel P. and Dietzenbacher, Erik and Los, Bart and Stehrer, Robert and de "
    "Vries, Gaaitzen J.}, title={An Illustrated User Guide to the World Input-Output Database}, journal={Review of "
    "International Economics}, volume={23}, number={3}, pages={575--605}, year={2015}}",
)


@dataclass(frozen=True)
class Wiod:
    """use (K, J, N) inputs, value_added (J, N), final (J, N), in million USD of 2014.

    clipped: (cells, million USD) of negative final demand (stocks drawn down) that was set to 0.
    """

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    use: Array
    value_added: Array
    final: Array
    clipped: tuple[int, float]


def read_wiod(folder: Path) -> Wiod:
    """Read the tables of `folder` and put them on the money values of 2014.

    Trade shares, expenditure and tariffs give output; shares of it are turned back into values so that sectors can be
    added up. intermediate_share adds to one over inputs, hence the factor 1 - value-added share.
    """
    share = _table(folder, "trade_share", ["origin", "destination", "sector"])
    tariff = _table(folder, "tariff", ["origin", "destination", "sector"])
    spending = _table(folder, "expenditure", ["country", "sector"])
    countries, sectors = share[1][0], share[1][2]
    pairs = (countries, countries, sectors)
    ordered = [_ordered(share, pairs, "trade_share"), _ordered(tariff, pairs, "tariff")]
    expenditure = _ordered(spending, (countries, sectors), "expenditure")
    output = np.einsum("ond,nd->od", ordered[0] / ordered[1], expenditure).T
    factor = _ordered(_table(folder, "factor_share", ["sector", "country"]), (sectors, countries), "factor_share")
    inputs = _table(folder, "intermediate_share", ["input", "output", "country"])
    coefficients = _ordered(inputs, (sectors, sectors, countries), "intermediate_share")
    value_added = factor * output
    use = coefficients * (output - value_added)[None]
    final = expenditure.T - use.sum(axis=1)
    below = final < 0
    clipped = (int(below.sum()), float(-final[below].sum()))
    return Wiod(countries, sectors, use, value_added, np.maximum(final, 0.0), clipped)


def _table(folder: Path, name: str, keys: list[str]) -> tuple[Array, tuple[tuple[str, ...], ...]]:
    """A long table as a dense array with its labels along `keys`."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise missing_extra("pyarrow") from None
    path = require(folder / f"{name}.parquet", f"WIOD table {name}")
    try:
        frame = pyarrow.parquet.read_table(path)
    except (OSError, ValueError) as problem:  # pyarrow's own errors are kinds of these
        raise unreadable(path, problem) from None
    check_columns(frame.column_names, [*keys, "value"], f"{name}.parquet")
    labels, positions = [], []
    for key in keys:
        words, position = np.unique(frame.column(key).to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
        labels.append(tuple(words.tolist()))
        positions.append(position)
    dense = np.zeros([len(words) for words in labels])
    dense[tuple(positions)] = frame.column("value").to_numpy()
    return dense, tuple(labels)


def _ordered(table: tuple[Array, tuple[tuple[str, ...], ...]], labels: tuple[tuple[str, ...], ...], name: str) -> Array:
    """The table's values if its labels are the expected ones."""
    if table[1] != labels:
        lost = sorted(set(map(str, np.concatenate(labels))) ^ set(map(str, np.concatenate(table[1]))))
        raise InputError(f"{name}.parquet", "labels differ from those of trade_share.parquet", found=lost)
    return table[0]
