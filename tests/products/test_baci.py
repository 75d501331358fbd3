"""The reader of a user's BACI file: values, codes and traps of the format; one clear message for each mistake."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from comity import InputError, Shock
from comity.benchmark.products import ProductWorld
from comity.classifications.hs import hs_sectors
from comity.equilibrium.product_solve import solve_products
from comity.sources import baci_products
from comity.sources.baci_products import read_baci_products, read_country_codes
from tests.helpers import labelled_world, shared

MONEY = 1e-12  # thousand to million USD and a sum of two

CODES = """country_code,country_name,country_iso2,country_iso3
112,Belarus,BY,BLR
156,China,CN,CHN
276,Germany,DE,DEU
280,Fed. Rep. of Germany (...1990),DE,DEU
364,Iran,IR,IRN
490,"Other Asia, nes",,S19
516,Namibia,NA,NAM
643,Russian Federation,RU,RUS
"""
# quantities are NA where unknown, numbers are padded, 010121 keeps its zero
ROWS = """t,i,j,k,v,q
2022,364,112,010121,      12.500,          NA
2022,364,112,080620,    1500.000,     900.000
2022,276,364,847130,     100.000,       1.000
2022,280,364,847130,      20.000,          NA
2022,490,156,854231,    7000.000,          NA
2022,516,276,710231,       3.000,          NA
2022,643,112,270900,   90000.000,  100000.000
"""


def write(folder: Path, rows: str = ROWS, codes: str = CODES) -> tuple[Path, Path]:
    flows, table = folder / "BACI_HS22_Y2022_V202501.csv", folder / "country_codes_V202501.csv"
    flows.write_text(rows, encoding="utf-8")
    table.write_text(codes, encoding="utf-8")
    return flows, table


def rows_of(table: pd.DataFrame) -> list[tuple[str, str, str, float]]:
    return [tuple(row) for row in table.astype(object).to_numpy()]


def test_values_and_codes(tmp_path: Path) -> None:
    read = read_baci_products(*write(tmp_path))
    assert (read.year, read.rows, read.merged) == (2022, 7, 1)
    assert read.products == ("010121", "080620", "270900", "710231", "847130", "854231")
    found = {row[:3]: row[3] for row in rows_of(read.table)}
    assert found["010121", "IRN", "BLR"] == pytest.approx(0.0125, rel=MONEY)  # million USD
    assert found["847130", "DEU", "IRN"] == pytest.approx(0.12, rel=MONEY)  # both numbers of Germany
    assert found["854231", "TWN", "CHN"] == pytest.approx(7.0, rel=MONEY)  # Other Asia, nes
    assert found["710231", "NAM", "DEU"] == pytest.approx(0.003, rel=MONEY)  # NA is Namibia's code, nothing missing
    assert len(found) == 6
    assert (read.in_rest_of_world, read.left_out, read.value_left_out) == ((), (), 0.0)


def test_on_the_countries_of_a_world(tmp_path: Path) -> None:
    files = write(tmp_path)
    read = read_baci_products(*files, countries=("IRN", "BLR", "RUS", "CHN", "ROW"))
    found = {row[:3]: row[3] for row in rows_of(read.table)}
    assert found["847130", "ROW", "IRN"] == pytest.approx(0.12, rel=MONEY)
    assert found["710231", "ROW", "ROW"] == pytest.approx(0.003, rel=MONEY)  # left out by the ProductWorld, counted
    assert read.in_rest_of_world == ("DEU", "NAM", "TWN") and read.left_out == ()
    smaller = read_baci_products(*files, countries=("IRN", "BLR", "RUS", "CHN"))
    assert smaller.left_out == ("DEU", "NAM", "TWN") and smaller.in_rest_of_world == ()
    assert smaller.value_left_out == pytest.approx(7.123, rel=MONEY)
    assert len(smaller.table) == 3


def test_small_chunks_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write(tmp_path)
    whole = read_baci_products(*files)
    monkeypatch.setattr(baci_products, "CHUNK", 2)
    assert rows_of(read_baci_products(*files).table) == rows_of(whole.table)


def test_from_the_file_to_an_answer(tmp_path: Path) -> None:
    world = labelled_world()  # IRN BLR RUS CHN ROW; AGR FOOD MACH SERV
    read = read_baci_products(*write(tmp_path), countries=world.countries)
    known = {code: sector if sector in world.sectors else None for code, sector in hs_sectors(read.products).items()}
    products = ProductWorld(world, read.table, known)
    counts = products.counts
    assert (counts.given, counts.used, counts.without_sector, counts.within_country) == (6, 2, 3, 1)
    assert counts.value_used == pytest.approx(1.5125, rel=MONEY)
    shock = Shock.from_cells(iceberg_hat=([0, 1], [1, 1], [0, 0], 0.9))
    assert solve_products(products, shock).residual < 1e-8


FLAWED = {
    "columns missing": ROWS.replace("t,i,j,k,v,q", "year,exporter,importer,product,value,quantity"),
    "no rows": "t,i,j,k,v,q\n",
    "several years": ROWS + "2021,364,112,010121,1.0,NA\n",
    r"1 country number\(s\) the file of country codes lacks. Found: 999": ROWS + "2022,999,112,010121,1.0,NA\n",
    "column k: six digits are needed. Found: '10121'": ROWS + "2022,364,643,10121,1.0,NA\n",
    "line 9, column v: a value is missing or negative": ROWS + "2022,364,643,010121,NA,1.0\n",
    "negative. Found: -4": ROWS + "2022,364,643,010121,-4,1.0\n",
    "cannot be read": ROWS + "2022,Iran,643,010121,1.0,1.0\n",
}


@pytest.mark.parametrize("message", FLAWED)
def test_flawed_files_are_refused_with_one_message(message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as refused:
        read_baci_products(*write(tmp_path, FLAWED[message]))
    assert "\n" not in str(refused.value) and refused.value.where.startswith("BACI_HS22_Y2022_V202501.csv")


def test_a_quantity_column_is_not_needed(tmp_path: Path) -> None:
    rows = "\n".join(line.rsplit(",", 1)[0] for line in ROWS.splitlines()) + "\n"
    assert read_baci_products(*write(tmp_path, rows)).rows == 7


def test_flawed_country_codes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="country_codes_V202501.csv: columns missing"):
        read_baci_products(*write(tmp_path, codes=CODES.replace("country_iso3", "iso3")))
    with pytest.raises(InputError, match="line 10: a number and an ISO3 code"):
        read_baci_products(*write(tmp_path, codes=CODES + "x,Nowhere,,XXX\n"))
    with pytest.raises(InputError, match="the BACI file is not there"):
        read_baci_products(tmp_path / "absent.csv", write(tmp_path)[1])


def test_the_real_country_codes() -> None:
    codes = read_country_codes(shared("data", "baci_totals_liberation", "country_codes_V202501.csv"))
    assert len(codes) == 238
    # numbers that are not those of ISO 3166
    assert [codes[number] for number in (251, 579, 699, 757, 842, 490)] == ["FRA", "NOR", "IND", "CHE", "USA", "TWN"]
    assert codes[276] == codes[280] == "DEU" and codes[516] == "NAM"
