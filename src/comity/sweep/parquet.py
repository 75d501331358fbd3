"""Columns -> the bytes of a Parquet file: the same columns, the same bytes.

Arrays are laid out here, by Arrow's columnar format, because `pyarrow.array` imports pandas, which would be most of the
time a worker needs to start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import numpy as np

from comity.sweep.extra import library

Kind = Literal["text", "whole", "count", "number", "flag"]


@dataclass(frozen=True)
class Column:
    """A column with its unit and definition. values : None (nan for numbers) where there is none."""

    name: str
    kind: Kind
    values: Sequence[Any] | np.ndarray
    unit: str = ""
    definition: str = ""


def parquet(columns: Iterable[Column], labels: dict[str, str]) -> bytes:
    """A Parquet file with one row group. labels : what the file says of itself."""
    pa, pq = library("pyarrow"), library("pyarrow.parquet")
    kinds = {"text": pa.string(), "whole": pa.int64(), "count": pa.int32(), "number": pa.float64(), "flag": pa.bool_()}
    fields, arrays = [], []
    for column in columns:
        kind = kinds[column.kind]
        fields.append(pa.field(column.name, kind, metadata={"unit": column.unit, "definition": column.definition}))
        arrays.append(pa.Array.from_buffers(kind, len(column.values), _buffers(pa, column)))
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=labels))
    stream = BytesIO()
    # numbers hardly repeat, words do
    words = [field.name for field in fields if field.type == pa.string()]
    pq.write_table(table, stream, compression="zstd", use_dictionary=words, write_statistics=False)
    return stream.getvalue()


def _buffers(pa: Any, column: Column) -> list[Any]:
    """Which values are there, one bit each, and the values themselves."""
    values = column.values
    if column.kind == "text":
        encoded = [b"" if value is None else str(value).encode() for value in values]
        ends = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
        return [_bits(pa, [value is not None for value in values]), pa.py_buffer(ends.tobytes()),
                pa.py_buffer(b"".join(encoded))]  # fmt: skip
    if column.kind == "flag":
        return [_bits(pa, [value is not None for value in values]), _bits(pa, [bool(value) for value in values], True)]
    if column.kind == "number":
        numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        there = ~np.isnan(numbers)
        return [_bits(pa, there), pa.py_buffer(np.where(there, numbers, 0.0).tobytes())]
    whole = np.array([0 if value is None else value for value in values],
                     dtype=np.int64 if column.kind == "whole" else np.int32)  # fmt: skip
    return [_bits(pa, [value is not None for value in values]), pa.py_buffer(whole.tobytes())]


def _bits(pa: Any, flags: Sequence[bool] | np.ndarray, always: bool = False) -> Any:
    """Flags packed, the first in the lowest bit; None where all are set and nobody needs to be told."""
    array = np.asarray(flags, dtype=bool)
    if array.all() and not always:
        return None
    return pa.py_buffer(np.packbits(array, bitorder="little").tobytes())
