"""Readers of raw sources: what they read from small files, and what they say to damaged or foreign ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from comity import InputError
from comity.benchmark.elasticities import elasticity_set, to_theta
from comity.classifications.sectors import load_sectors
from comity.sources import baci, elasticities, icio, penppml, wdi, wiod, wits
from tests.helpers import shared

ALL = (*icio.SOURCES, wiod.SOURCE, baci.SOURCE, wdi.SOURCE, wits.SOURCE, penppml.SOURCE)
WITS_HEAD = "Reporter,Partner,Product categories,Indicator Type,Indicator,2018"


def test_every_source_says_who_made_it_and_on_what_terms() -> None:
    assert len({source.id for source in ALL}) == len(ALL) == 7
    for source in ALL:
        assert source.citation and source.licence and source.used_for and source.bibtex.startswith("@")


def test_baci_keeps_blank_apart_from_zero(tmp_path: Path) -> None:
    (tmp_path / "country_labels.csv").write_text("name,iso3\nIran,IRN\nChina,CHN\n")
    (tmp_path / "trade_cepii.csv").write_text("a,b\n,1500\nNA,0\n")
    assert baci.read_baci_totals(tmp_path) == (("IRN", "CHN"), [[None, 1.5], [None, 0.0]])
    (tmp_path / "trade_cepii.csv").write_text("a,b\n,many\n,\n")
    with pytest.raises(InputError, match="trade_cepii.csv, line 2: a number or nothing.*many"):
        baci.read_baci_totals(tmp_path)
    (tmp_path / "trade_cepii.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="not a square table"):
        baci.read_baci_totals(tmp_path)
    (tmp_path / "country_labels.csv").write_text("name,code\nIran,IRN\n")
    with pytest.raises(InputError, match="country_labels.csv: columns missing"):
        baci.read_baci_totals(tmp_path)


def test_wdi_takes_one_year(tmp_path: Path) -> None:
    path = tmp_path / "gdp.csv"
    path.write_text("Country Code,Year,Value\nIRN,2022,4e11\nIRN,2021,3e11\n")
    assert wdi.read_wdi(path, 2022, 1e6) == {"IRN": 4e5}
    path.write_text("Country Code,Year,Value\nIRN,2022,many\n")
    with pytest.raises(InputError, match="gdp.csv, 2022: a number is needed"):
        wdi.read_wdi(path, 2022, 1e6)
    path.write_bytes(b"\xff\xfe\x00 not text")
    with pytest.raises(InputError, match="gdp.csv: cannot be read"):
        wdi.read_wdi(path, 2022, 1e6)
    with pytest.raises(InputError, match="other.csv: the WDI table is not there"):
        wdi.read_wdi(tmp_path / "other.csv", 2022, 1e6)


def test_wits_reads_world_rows_and_refuses_years_without_data(tmp_path: Path) -> None:
    path = tmp_path / "wits.CSV"
    rows = ["IRN,World,Fuels,Export,Share,70", "IRN,World,Metals,Export,Share,", "IRN,China,Fuels,Export,Share,9"]
    path.write_text("\n".join([WITS_HEAD, *rows]))
    assert wits.read_wits(path, "Share", "Export", 2018) == {"Fuels": 70.0}
    with pytest.raises(InputError, match="has no 'Value' of 2018"):
        wits.read_wits(path, "Value", "Export", 2018)
    with pytest.raises(InputError, match="columns missing.*2019"):
        wits.read_wits(path, "Share", "Export", 2019)


def test_damaged_hdf5_and_parquet_are_named(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="needs the readers: pip install comity[worlds]")
    pytest.importorskip("pyarrow", reason="needs the readers: pip install comity[worlds]")
    path = tmp_path / "ICIO2022.mat"
    path.write_bytes(b"not HDF5 at all" * 100)
    with pytest.raises(InputError, match="ICIO2022.mat: cannot be read"):
        icio.read_icio(path)
    with h5py.File(path, "w") as file:
        file["other"] = np.ones(3)
    with pytest.raises(InputError, match="not the expected layout.*other"):
        icio.read_icio(path)
    (tmp_path / "trade_share.parquet").write_bytes(b"PAR1 broken")
    with pytest.raises(InputError, match="trade_share.parquet: cannot be read"):
        wiod.read_wiod(tmp_path)


def test_truncated_icio_is_named(tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="needs the readers: pip install comity[worlds]")
    whole = shared("data", "oecd_icio_tariffwar", "ICIO2022.mat").read_bytes()
    path = tmp_path / "ICIO2022.mat"
    path.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(InputError, match="ICIO2022.mat: cannot be read"):
        icio.read_icio(path)


def test_wiod_adds_up_and_counts_what_it_clips() -> None:
    pytest.importorskip("pyarrow", reason="needs the readers: pip install comity[worlds]")
    tables = wiod.read_wiod(shared("data", "kite_wiod2014"))
    assert len(tables.countries) == 44 and len(tables.sectors) == 50
    assert tables.value_added.sum() == pytest.approx(74.2e6, rel=1e-3)  # by shares x output; the file says 74.8
    assert tables.clipped[0] == 11 and tables.clipped[1] == pytest.approx(3198.2, abs=0.1)


def test_pairs_named_in_the_assumptions_are_those_of_the_source() -> None:
    pytest.importorskip("pyreadr", reason="needs pyreadr to read R data")
    path = shared("data", "penppml", "trade.rda")
    assert penppml.read_pair(path, "IRN", "RUS", 2016) == pytest.approx(219, abs=0.5)
    assert penppml.read_pair(path, "RUS", "IRN", 2016) == pytest.approx(1493, abs=0.5)
    with pytest.raises(InputError, match="no report of IRN to BLR in 1998"):
        penppml.read_pair(path, "IRN", "BLR", 1998)


def test_elasticity_table_is_what_the_authors_published() -> None:
    folder = shared("data", "elasticities")
    fontagne = elasticities.read_icio_elasticities(folder / "icio28_epsilon_8_sources.csv", "FGO")
    parro = elasticities.read_caliendo_parro(folder / "caliendo_parro_2015_theta_20_sectors.txt")
    sectors = load_sectors()
    theta, about = elasticity_set("fontagne", list(sectors))
    for value, sector in zip(theta[:-1], list(sectors.values())[:-1], strict=True):
        assert {to_theta(fontagne[code], about["conversion"]) for code in sector.icio} == {value}, sector.code
    got = dict(zip(sectors, elasticity_set("caliendo-parro", list(sectors))[0], strict=True))
    assert got["WOOD"] == parro["Wood"] == 11.5 and got["PAPER"] == parro["Paper"] == 16.52
    assert got["VEH"] == got["OTREQ"] == parro["Auto"] == 8.22  # theirs; the full-sample estimate is 1.01
    assert got["ELEC"] == pytest.approx((parro["Office"] + parro["Communication"] + parro["Medical"]) / 3, abs=1e-5)
    assert (got["RUBPL"], got["NMM"], got["OMANF"]) == (parro["Plastic"], parro["Minerals"], parro["Other"])
