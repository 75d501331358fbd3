"""Shock: what changes, as lists of changed cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.errors import InputError

Array = NDArray[np.float64]
Cells = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], Array]


@dataclass(frozen=True, eq=False)
class Shock:
    """Changes against the benchmark; None leaves a quantity unchanged.

    iceberg_hat (J, N, N): ratio of non-revenue trade cost, inf is an embargo
    tariff_new, export_tax_new (J, N, N): new rates (0.25 is 25 %)
    productivity_hat (J, N): ratio
    transfer (N,): received, in the world's money; adds to zero

    The three trade arrays may instead hold changed cells only, as made by `Shock.from_cells`.
    """

    iceberg_hat: Any = None
    tariff_new: Any = None
    export_tax_new: Any = None
    productivity_hat: Any = None
    transfer: Any = None

    @classmethod
    def from_cells(
        cls,
        *,
        iceberg_hat: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike] | None = None,
        tariff_new: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike] | None = None,
        export_tax_new: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike] | None = None,
        productivity_hat: ArrayLike | None = None,
        transfer: ArrayLike | None = None,
    ) -> Shock:
        """A Shock from changed cells: each trade argument is (sectors, importers, exporters, values), four equally
        long sequences of positions and values (scalars are repeated). A cell may be given once.

        Raises InputError for ragged lists and for a cell given twice.
        """
        return cls(
            iceberg_hat=_cells("iceberg_hat", iceberg_hat),
            tariff_new=_cells("tariff_new", tariff_new),
            export_tax_new=_cells("export_tax_new", export_tax_new),
            productivity_hat=productivity_hat,
            transfer=transfer,
        )


def _cells(name: str, given: Any) -> Cells | None:
    if given is None:
        return None
    if not isinstance(given, (tuple, list)) or len(given) != 4:
        raise InputError(
            name, "four lists are needed: sectors, importers, exporters, values", found=type(given).__name__
        )
    try:
        arrays = np.broadcast_arrays(*[np.atleast_1d(np.asarray(part)) for part in given])
        j, n, i = (np.ascontiguousarray(part, dtype=np.intp) for part in arrays[:3])
        values = np.ascontiguousarray(arrays[3], dtype=np.float64)
    except (ValueError, TypeError):
        raise InputError(name, "positions and numbers in four equally long lists are needed") from None
    if len(np.unique(np.stack([j, n, i]), axis=1).T) != len(j):
        raise InputError(name, "a cell is given more than once", advice="Combine the values before making the Shock.")
    return j, n, i, values
