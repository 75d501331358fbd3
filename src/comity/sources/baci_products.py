"""BACI bilateral trade by HS6 product, from a user's own files (BACI_HS22_Y2022_V202501.csv and its country codes).

A year is about eleven million rows t (year), i (exporter), j (importer), k (product), v (thousand USD), q (tonnes, NA
where unknown). Countries are numbers that the second file turns into ISO3 codes, several numbers to one code
(Germany 276 and 280). Products are HS6 codes, six digits with leading zeros.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from comity.classifications.hs import check_hs6
from comity.errors import InputError, listing
from comity.sources import Source, check_columns, opened, require, unreadable

if TYPE_CHECKING:
    import pandas as pd

Positions = NDArray[np.intp]

SOURCE = Source(
    "baci-products",
    "BACI bilateral trade by HS6 product",
    "Gaulier, Zignago (2010), BACI: International Trade Database at the Product-Level, CEPII WP 2010-23",
    "Etalab Open Licence 2.0, attribution",
    "cross-border flows of product worlds, from the user's own file",
    "@techreport{gaulier_zignago_2010, author={Gaulier, Guillaume and Zignago, Soledad}, title={BACI: "
    "International Trade Database at the Product-Level}, institution={CEPII}, number={2010-23}, year={2010}}",
)
COLUMNS = ("t", "i", "j", "k", "v")
CODE_COLUMNS = ("country_code", "country_iso3")
OWN_CODES = {"S19": "TWN"}  # "Other Asia, nes": Taiwan, which the United Nations do not list, and little else
REST_OF_WORLD = "ROW"
CHUNK = 1_000_000  # rows read at a time


@dataclass(frozen=True, eq=False)
class BaciProducts:
    """`table`: product (HS6), origin (exporter), destination (importer), all categorical, and value (million USD), one
    row per product and pair: the `flows` of a ProductWorld. `products`: the HS6 codes that occur, ascending.

    rows : rows of the file;  merged : rows added to another of the same product and pair
    in_rest_of_world : economies that became part of ROW, by ISO3 code;  left_out : economies left out because the world
    has neither them nor ROW, by ISO3 code, with the value of their trade (million USD) in value_left_out
    """

    table: pd.DataFrame
    year: int
    products: tuple[str, ...]
    rows: int
    merged: int
    in_rest_of_world: tuple[str, ...]
    left_out: tuple[str, ...]
    value_left_out: float


def read_baci_products(
    path: Path | str, country_codes: Path | str, *, countries: Sequence[str] | None = None
) -> BaciProducts:
    """A year of BACI by product, optionally on the countries of a world.

    With `countries` every other economy becomes part of ROW (trade inside ROW included, as origin and destination ROW),
    or is left out and named if `countries` has no ROW.

    Raises
    ------
    InputError : no such file, a damaged one, other columns, several years, a country number the second file lacks,
        products that are not six digits, values that are missing or negative.
    """
    path, codes = Path(path), read_country_codes(Path(country_codes))
    read = _Reading(path.name, codes)
    for chunk in _chunks(path):
        read.add(chunk)
    if not read.rows:
        raise InputError(path.name, "no rows")
    return _collected(read, countries)


def read_country_codes(path: Path) -> dict[int, str]:
    """ISO3 code of each BACI country number. Raises InputError for other columns, or numbers that are none."""
    with opened(path, "the BACI country codes", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        check_columns(list(reader.fieldnames or []), list(CODE_COLUMNS), path.name)
        table = {}
        for line, row in enumerate(reader, start=2):
            number, code = row["country_code"] or "", (row["country_iso3"] or "").strip()
            if not number.strip().isdigit() or len(code) != 3:
                raise InputError(f"{path.name}, line {line}", "a number and an ISO3 code are needed", found=row)
            table[int(number)] = OWN_CODES.get(code, code)
    return table


class _Reading:
    """Rows read so far: country and product as small numbers, value as given."""

    def __init__(self, name: str, codes: dict[int, str]) -> None:
        self.name = name
        self.labels = tuple(sorted(set(codes.values())))
        place = {label: number for number, label in enumerate(self.labels)}
        self.place = np.full(max(codes, default=0) + 1, -1, dtype=np.int16)
        for number, label in codes.items():
            self.place[number] = place[label]
        self.products: dict[str, int] = {}
        self.parts: list[tuple[Any, Any, Any, Any]] = []
        self.year: int | None = None
        self.rows = 0

    def add(self, chunk: pd.DataFrame) -> None:
        from pandas import factorize

        if chunk.empty:
            return
        years = np.unique(chunk["t"].to_numpy())
        if len(years) != 1 or self.year not in (None, int(years[0])):
            raise InputError(
                self.name,
                "several years",
                found=listing({self.year, *years.tolist()} - {None}),
                advice="One file a year.",
            )
        self.year = int(years[0])
        numbers, words = factorize(chunk["k"].to_numpy(dtype=object))
        fresh = [word.strip() if isinstance(word, str) else word for word in words]
        for word in fresh:
            check_hs6(word, f"{self.name}, column k")
        product = np.array([self.products.setdefault(word, len(self.products)) for word in fresh], dtype=np.int32)
        value = chunk["v"].to_numpy(dtype=np.float64)
        bad = ~(np.isfinite(value) & (value >= 0))
        if bad.any():
            row = self.rows + int(np.flatnonzero(bad)[0]) + 2
            raise InputError(
                f"{self.name}, line {row}, column v", "a value is missing or negative", found=f"{value[bad][0]:g}"
            )
        exporter, importer = (self._country(chunk[column].to_numpy(), column) for column in "ij")
        self.parts.append((product[numbers], importer, exporter, value))
        self.rows += len(value)

    def _country(self, numbers: Any, column: str) -> Any:
        inside = (numbers >= 0) & (numbers < len(self.place))
        place = self.place[np.where(inside, numbers, 0)]
        place = np.where(inside, place, np.int16(-1))
        if (place < 0).any():
            unknown = np.unique(numbers[place < 0])
            raise InputError(
                f"{self.name}, column {column}",
                f"{len(unknown)} country number(s) the file of country codes lacks",
                found=listing(unknown.tolist(), 6),
                advice="Take the country codes that came with this edition of BACI.",
            )
        return place


def _chunks(path: Path) -> Any:
    """Tables of CHUNK rows, with the product as text. Quantities are not read: they are NA where unknown."""
    import pandas as pd

    with opened(require(path, "the BACI file"), "the BACI file", encoding="utf-8-sig") as file:
        header = next(csv.reader(file), [])
    header = [name.strip() for name in header]
    check_columns(header, list(COLUMNS), path.name)
    kinds = {"t": np.int32, "i": np.int32, "j": np.int32, "k": str, "v": np.float64}
    try:
        yield from pd.read_csv(
            path,
            names=header,
            header=0,
            usecols=list(COLUMNS),
            dtype=kinds,
            na_values=["NA", ""],
            keep_default_na=False,
            skipinitialspace=True,
            chunksize=CHUNK,
            encoding="utf-8-sig",
        )
    except (OSError, ValueError, UnicodeDecodeError) as problem:
        raise unreadable(path, problem) from None


def _collected(read: _Reading, countries: Sequence[str] | None) -> BaciProducts:
    import pandas as pd

    product, importer, exporter, value = (np.concatenate(column) for column in zip(*read.parts, strict=True))
    read.parts.clear()
    wanted = tuple(countries) if countries is not None else read.labels
    place = {label: number for number, label in enumerate(wanted)}
    rest = place.get(REST_OF_WORLD, -1)
    target = np.array([place.get(label, rest) for label in read.labels], dtype=np.int16)
    trading = np.zeros(len(read.labels), dtype=bool)
    trading[importer] = trading[exporter] = True
    foreign = [label for label, here in zip(read.labels, trading, strict=True) if here and label not in place]
    importer, exporter = target[importer], target[exporter]
    lost = (importer < 0) | (exporter < 0)
    value_lost = float(value[lost].sum() / 1000)
    kept = ~lost
    order = sorted(read.products)
    rank = np.empty(len(order), dtype=np.int64)
    rank[[read.products[code] for code in order]] = np.arange(len(order))
    count = len(wanted)
    key = (rank[product[kept]] * count + importer[kept]) * count + exporter[kept]
    key, value = _added_up(key, value[kept] / 1000)  # the file is in thousand USD
    pair = key // count
    return BaciProducts(
        table=pd.DataFrame(
            {
                "product": pd.Categorical.from_codes(pair // count, categories=pd.Index(order)),
                "origin": pd.Categorical.from_codes(key % count, categories=pd.Index(wanted)),
                "destination": pd.Categorical.from_codes(pair % count, categories=pd.Index(wanted)),
                "value": value,
            }
        ),
        year=int(read.year or 0),
        products=tuple(order),
        rows=read.rows,
        merged=int(kept.sum()) - len(key),
        in_rest_of_world=tuple(foreign) if rest >= 0 else (),
        left_out=() if rest >= 0 else tuple(foreign),
        value_left_out=value_lost,
    )


def _added_up(key: NDArray[np.int64], value: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ascending keys that occur, and the sum of the values of each."""
    if not len(key):
        return key, value
    order = np.argsort(key, kind="stable")
    key, value = key[order], value[order]
    start = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    return key[start], np.add.reduceat(value, start)
