"""Gains from trade of the handbook chapter: the formulas against the solver, the data against concrete numbers."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from comity import InputError, Shock, solve
from comity.benchmark.synthetic import synthetic_world
from comity.sources.wiod2013 import SOURCE, Wiot, read_wiot
from comity.validation import handbook
from comity.validation.rows import DIFFERS, REPRODUCED, Absent, Row, published
from tests.helpers import shared

SOLVER = 1e-8  # the solver's own tolerance, on a fraction
SHOWN = 0.005  # half of the last digit of the numbers below, in per cent


def small_wiot() -> Wiot:
    """Two countries, two sectors, five final uses; country A drew down 1 of its own second good."""
    use = np.arange(1.0, 17.0).reshape(2, 2, 2, 2)
    final = np.full((2, 2, 2, 5), 10.0)
    final[0, 1, 0, 4] = -1.0
    return Wiot(2008, ("A", "B"), ("c1", "c2"), use, final, use.sum(axis=(2, 3)) + final.sum(axis=(2, 3)))


def test_gains_from_one_sector() -> None:
    gains = handbook.gains_one_sector(np.array([0.9, 1.0]), 5.0)
    np.testing.assert_allclose(gains, [0.020851637, 0.0], atol=1e-9)


def test_gains_with_inputs_are_what_the_solver_finds_when_borders_close() -> None:
    world = synthetic_world(5, 4, seed=3, deficits=0.0, tariffs=0.0)
    closed = np.full(world.trade_share.shape, np.inf)
    closed[:, range(5), range(5)] = 1.0
    autarky = solve(world, Shock(iceberg_hat=closed))
    home = np.einsum("snn->sn", world.trade_share)
    gains = handbook.gains_with_inputs(home, world.consumption_share, world.input_share, world.trade_elasticity)
    np.testing.assert_allclose(gains, 1 - autarky.real_income_hat, atol=SOLVER)
    without = handbook.gains_many_sectors(home, world.consumption_share, world.trade_elasticity)
    assert (without < gains).all()


def test_drawdowns_become_output_with_its_inputs() -> None:
    wiot = small_wiot()
    table = handbook.without_drawdowns(wiot)
    raised = table.output.T - wiot.output
    assert raised[0, 1] > 1.0 and (raised > 0).all()
    # output still serves exactly the inputs and what is finally used
    np.testing.assert_allclose(table.output.T, table.use.sum(axis=(2, 3)) + table.final.sum(axis=2), rtol=1e-12)
    np.testing.assert_allclose(table.use / table.output.T, wiot.use / wiot.output, rtol=1e-12)
    assert table.final[0, 1].tolist() == [40.0, 50.0]


def test_sectors_and_economies_kept() -> None:
    assert len(handbook.kept_sectors()) == 31
    assert not {5, 20, 34, 35} & set(handbook.kept_sectors())


def test_elasticities(tmp_path: Path) -> None:
    path = tmp_path / "elasticities.csv"
    path.write_text("\n".join(f"{number}\t{number + 0.5}" for number in range(1, 36)))
    found = handbook.read_elasticities(path)
    assert found[:5].tolist() == [1.5, 2.5, 3.5, 4.5, 6.5]
    assert (found[15:] == 5.0).all()
    path.write_text("1\t8.11")
    with pytest.raises(InputError, match="sectors 1 to 35 are needed"):
        handbook.read_elasticities(path)
    path.write_text("one\ttwo")
    with pytest.raises(InputError, match="a number and an elasticity"):
        handbook.read_elasticities(path)


def test_published_numbers_have_a_source() -> None:
    lines = published(handbook.NAME)
    assert len(lines) == 15 + 34
    assert {line["source"] for line in lines} == {"slides", "TradMod.jl"}
    assert handbook.STUDY.bibtex.startswith("@") and SOURCE.citation and SOURCE.licence


def test_data_or_reader_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Absent, match="wiot_2008.RData"):
        handbook.rows(tmp_path)
    monkeypatch.setitem(sys.modules, "rdata", None)
    with pytest.raises(InputError, match=r"comity\[validation\]"):
        read_wiot(tmp_path / "wiot_2008.RData")


def test_reader_refuses_what_is_not_a_table(tmp_path: Path) -> None:
    pytest.importorskip("rdata")
    path = tmp_path / "wiot_2008.RData"
    with pytest.raises(InputError, match="is not there"):
        read_wiot(path)
    path.write_bytes(b"not R data at all")
    with pytest.raises(InputError, match="cannot be read"):
        read_wiot(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, ""),
        ({"output": np.ones(4)}, "do not add up"),
        ({"inter": np.ones((3, 3))}, "another shape"),
        ({"inter": np.eye(4)[[2, 3, 0, 1]] * 99}, "not ordered by country"),
    ],
)
def test_reader_checks_the_table(tmp_path: Path, change: dict[str, np.ndarray], says: str) -> None:
    rdata = pytest.importorskip("rdata")
    path = tmp_path / "wiot_2008.RData"
    inter, final = np.eye(4) * 99, np.ones((4, 10))
    table = {
        "year": np.array([2008]),
        "countries": np.array(["A", "B"]),
        "industries": np.array(["c1", "c2"]),
        "inter": inter,
        "final": final,
        "output": inter.sum(axis=1) + final.sum(axis=1),
    }
    rdata.write_rda(path, {"wiot_2008": table | change})
    if says:
        with pytest.raises(InputError, match=says):
            read_wiot(path)
    else:
        wiot = read_wiot(path)
        assert (wiot.year, wiot.countries, wiot.sectors) == (2008, ("A", "B"), ("c1", "c2"))
        assert wiot.use.shape == (2, 2, 2, 2) and wiot.final.shape == (2, 2, 2, 5)


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, str], Row]:
    pytest.importorskip("rdata")
    data = shared("data", "wiod2013_bquast").parent
    return {(row.quantity, row.label): row for row in handbook.STUDY.rows(data)}


def test_no_row_differs_without_a_reason(rows: dict[tuple[str, str], Row]) -> None:
    assert len(rows) == 54
    assert [key for key, row in rows.items() if row.status == DIFFERS] == []


def test_printed_digits_reproduced(rows: dict[tuple[str, str], Row]) -> None:
    exact = {key for key, row in rows.items() if row.status == REPRODUCED}
    assert exact == {
        *(("one sector", code) for code in ("IRL", "DEU", "USA")),
        ("many sectors", "USA"),
        *(("US tariff of 40 %", code) for code in ("BRA", "CZE", "FRA", "ROM")),
    }


@pytest.mark.parametrize(
    ("quantity", "country", "ours"),
    [
        ("one sector", "BEL", 7.61),
        ("one sector", "CHN", 1.79),
        ("many sectors", "IRL", 23.06),
        ("many sectors", "BEL", 33.26),
        ("many sectors", "CHN", 2.63),
        ("many sectors and inputs", "IRL", 38.31),
        ("many sectors and inputs", "DEU", 22.61),
        ("many sectors and inputs", "USA", 8.00),
        ("many sectors and inputs (observed input shares)", "DEU", 21.41),
        ("many sectors and inputs (observed input shares)", "USA", 8.36),
        ("US tariff of 40 %", "USA", 0.61),
        ("US tariff of 40 %", "CAN", -2.33),
        ("US tariff of 40 %", "MEX", -1.69),
        ("US tariff of 40 %", "CHN", -0.33),
    ],
)
def test_our_numbers(rows: dict[tuple[str, str], Row], quantity: str, country: str, ours: float) -> None:
    assert rows[quantity, country].ours == pytest.approx(ours, abs=SHOWN)


def test_tariff_column_is_close_everywhere(rows: dict[tuple[str, str], Row]) -> None:
    apart = [abs(row.difference or 0.0) for key, row in rows.items() if key[0] == "US tariff of 40 %"]
    assert len(apart) == 34
    assert np.mean(apart) < 0.03  # printed numbers run from -2.28 to 0.63
