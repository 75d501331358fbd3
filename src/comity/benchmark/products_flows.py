"""Reading the flows a ProductWorld is given: a table with labels, or four arrays of labels or positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError, listing, nearest

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

COLUMNS = ("product", "origin", "destination", "value")


@dataclass(frozen=True, eq=False)
class Flows:
    """Observed flows: positions of product, importer and exporter, and the value; all (F,)."""

    product: Positions
    importer: Positions
    exporter: Positions
    value: Array


def read_flows(flows: Any, products: Sequence[str], countries: Sequence[str]) -> Flows:
    """Flows from a table (columns COLUMNS) or from (product, importer, exporter, value).

    Raises InputError for missing columns, unknown labels, positions out of range, values that are missing, infinite or
    negative.
    """
    table = hasattr(flows, "columns")
    if table:
        lost = [name for name in COLUMNS if name not in flows.columns]
        if lost:
            raise InputError("flows", "columns missing", found=list(flows.columns), allowed=COLUMNS)
        given = [flows[name] for name in ("product", "destination", "origin", "value")]
    else:
        if not isinstance(flows, (tuple, list)) or len(flows) != 4:
            raise InputError(
                "flows",
                "a table or four arrays are needed: product, importer, exporter, value",
                found=type(flows).__name__,
            )
        given = list(flows)
    if len({len(column) for column in given}) != 1:
        raise InputError("flows", "columns of different length", found=[len(column) for column in given])
    return Flows(
        product=_positions(given[0], products, "flows.product", "product", table),
        importer=_positions(given[1], countries, "flows.destination" if table else "flows.importer", "country", table),
        exporter=_positions(given[2], countries, "flows.origin" if table else "flows.exporter", "country", table),
        value=_values(given[3]),
    )


def repeated(flows: Flows, products: Sequence[str], countries: Sequence[str]) -> None:
    """Raise InputError if a flow is given more than once."""
    count = len(countries)
    key = (flows.product * count + flows.importer) * count + flows.exporter
    if len(key) < 2 or (key[1:] > key[:-1]).all():
        return
    ordered = np.sort(key)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(twice):
        pair, exporter = divmod(int(twice[0]), count)
        product, importer = divmod(pair, count)
        raise InputError(
            "flows",
            f"{len(twice)} flow(s) given more than once",
            found=f"{products[product]} {countries[importer]}<-{countries[exporter]}",
            advice="Add the values up before.",
        )


def _positions(column: Any, labels: Sequence[str], where: str, kind: str, table: bool) -> Positions:
    """(F,) positions in `labels`."""
    if hasattr(column, "cat"):  # a categorical column of a table: look the categories up once
        codes = np.asarray(column.cat.codes)
        found = _look_up(list(column.cat.categories), labels, codes, where, kind)
        if (codes < 0).any():
            raise InputError(where, f"{int((codes < 0).sum())} label(s) missing")
        return found[codes]
    array = np.asarray(column)
    if array.dtype.kind in "iu":
        return _whole_numbers(array, labels, where, kind, table)
    from pandas import factorize  # labels of millions of rows; loaded only here

    codes, words = factorize(array.astype(object), use_na_sentinel=False)
    return _look_up(list(words), labels, codes, where, kind)[codes]


def _look_up(words: list[Any], labels: Sequence[str], codes: Any, where: str, kind: str) -> Positions:
    position = {label: number for number, label in enumerate(labels)}
    found = np.array([position.get(word, -1) for word in words], dtype=np.intp)
    if (found < 0).any():
        used = np.zeros(len(words), dtype=bool)
        used[np.asarray(codes)[np.asarray(codes) >= 0]] = True  # a category nobody uses may be anything
        unknown = [words[k] for k in np.flatnonzero((found < 0) & used)]
        if unknown:
            raise InputError(
                where,
                f"{len(unknown)} unknown {kind} label(s)",
                found=listing(unknown, 6),
                nearest=nearest(unknown[0], labels),
                advice="HS codes read as numbers lose their leading zero." if kind == "product" else None,
            )
    return found


def _whole_numbers(array: Any, labels: Sequence[str], where: str, kind: str, table: bool) -> Positions:
    advice = "Product codes are text: HS codes read as numbers lose their leading zero." if kind == "product" else None
    if table:
        raise InputError(where, "labels are needed, not numbers", found=array[:1], advice=advice)
    if array.size and (array.min() < 0 or array.max() >= len(labels)):
        raise InputError(
            where, "a position out of range", found=array.max(), allowed=f"0 to {len(labels) - 1}", advice=advice
        )
    return array.astype(np.intp)


def _values(column: Any) -> Array:
    try:
        values = np.array(column, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("flows.value", "numbers are needed", found=np.asarray(column).dtype) from None
    bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        raise InputError(
            "flows.value",
            f"{int(bad.sum())} value(s) missing, infinite or negative",
            found=f"{values[bad][0]:g} in row {int(np.flatnonzero(bad)[0])}",
        )
    return values
