"""The structural-gravity guide (Yotov et al. 2016): estimates and country results of its experiments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from comity.errors import InputError
from comity.sources.agtpa import read_panel, read_results
from comity.validation import agtpa_experiments
from comity.validation.agtpa import BORDERS, STUDY, Comparison, book_iteration, solved
from comity.validation.agtpa_experiments import Experiment, borders, fitted_world, pair_effects, read_frame, scaled
from comity.validation.rows import EXPLAINED, REPRODUCED, Absent, Row
from tests.helpers import shared


@pytest.fixture(scope="module")
def folder() -> Path:
    pytest.importorskip("rdata", reason="needs the readers: pip install comity[validation]")
    return shared("data", "agtpa")


@pytest.fixture(scope="module")
def table(folder: Path) -> list[Row]:
    try:
        return STUDY.rows(folder.parent)
    except Absent as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def no_borders(folder: Path) -> Experiment:
    """Application 1 with the printed coefficients, so that no regression has to be run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agtpa_experiments, "ppml", lambda formula, frame: dict(BORDERS[""]))
        return borders(read_frame(folder / "agtpa_applications.rda"))


@pytest.fixture(scope="module")
def comparison(folder: Path, no_borders: Experiment) -> list[Row]:
    published = read_results(folder, no_borders.results)
    return Comparison("borders", no_borders, fitted_world(no_borders), published, ("USA", "HKG")).rows()


def pick(rows: list[Row], table: str, quantity: str, label: str) -> Row:
    """The one row of a quantity; its table and label are given by their beginnings."""
    (row,) = [
        row for row in rows if row.table.startswith(table) and row.quantity == quantity and row.label.startswith(label)
    ]
    return row


def ours(rows: list[Row], table: str, quantity: str, label: str = "largest") -> float:
    """Our number in that row."""
    value = pick(rows, table, quantity, label).ours
    assert value is not None
    return value


def test_no_row_fails_and_only_hong_kong_needs_an_explanation(table: list[Row]) -> None:
    by_status = {status: [row for row in table if row.status == status] for status in (REPRODUCED, EXPLAINED)}
    assert len(by_status[REPRODUCED]) + len(by_status[EXPLAINED]) == len(table)
    assert len(by_status[EXPLAINED]) == 6
    assert {row.table for row in by_status[EXPLAINED]} == {"AGTPA application 1: no borders, 2006"}
    assert all("Hong Kong" in row.note for row in by_status[EXPLAINED])


def test_gravity_estimates_are_the_printed_ones(table: list[Row]) -> None:
    traditional = {row.label: row.ours for row in table if row.table.startswith("AGTPA traditional")}
    assert traditional == pytest.approx(
        {"ln_distance": -0.840927, "cntg": 0.437443, "lang": 0.247477, "clny": -0.222490}, abs=1e-6
    )
    assert ours(table, "AGTPA application 2", "coefficient", "rta") == pytest.approx(0.5571853, abs=1e-7)
    assert ours(table, "AGTPA exercise 2", "coefficient", "nafta") == pytest.approx(0.9475133, abs=1e-7)


@pytest.mark.parametrize("experiment", ["AGTPA application 1", "AGTPA application 2", "AGTPA exercise 2"])
def test_baseline_and_conditional_equilibrium_are_the_published_ones(table: list[Row], experiment: str) -> None:
    for quantity in (
        "baseline: exports",
        "baseline: inward resistance",
        "conditional: value of output",
        "conditional: exports",
    ):
        assert ours(table, experiment, quantity) < 2e-5, quantity
    assert ours(table, experiment, "conditional: price index") < 5e-6


@pytest.mark.parametrize(
    ("experiment", "price", "index", "gdp", "exports"),
    [
        ("AGTPA application 1", 0.463, 0.971, 0.513, 2.16),
        ("AGTPA application 2", 0.115, 0.081, 0.035, 0.547),
        ("AGTPA exercise 2", 0.207, 0.148, 0.059, 1.058),
    ],
)
def test_distance_of_the_published_full_equilibrium_from_the_exact_one(
    table: list[Row], experiment: str, price: float, index: float, gdp: float, exports: float
) -> None:
    found = [row.ours for row in table if row.table.startswith(experiment) and row.label.startswith("largest")]
    assert found[-4:] == pytest.approx([price, index, gdp, exports], abs=6e-3)


@pytest.mark.parametrize("experiment", ["AGTPA application 1", "AGTPA application 2", "AGTPA exercise 2"])
def test_the_stopped_iteration_explains_all_of_the_distance(table: list[Row], experiment: str) -> None:
    assert ours(table, experiment, "the book's iteration repeated: price") < 1e-5
    assert ours(table, experiment, "its last imbalances as a shock: relative price") < 1e-5


def test_rows_show_what_the_book_prints(table: list[Row]) -> None:
    canada = pick(table, "AGTPA application 2", "full: exports", "CAN")
    assert (canada.published, canada.ours) == pytest.approx((37.455143, 36.707861), abs=1e-4)
    iran = pick(table, "AGTPA application 1", "full: real GDP", "IRN")
    assert (iran.published, iran.ours) == pytest.approx((49.7261, 49.8112), abs=1e-3)


def test_printed_coefficients_give_the_same_without_a_regression(comparison: list[Row]) -> None:
    assert ours(comparison, "borders", "conditional: exports", "USA") == pytest.approx(359.9808, abs=1e-3)
    assert ours(comparison, "borders", "conditional: exports") < 2e-4
    assert ours(comparison, "borders", "the book's iteration repeated: price index") < 1e-4
    assert ours(comparison, "borders", "its last imbalances as a shock: relative price") < 1e-4


def test_the_books_iteration_does_not_end_in_an_equilibrium(no_borders: Experiment) -> None:
    """Run on to its limit it clears the markets but still lets Hong Kong buy 5 % more than its spending."""
    world = fitted_world(no_borders)
    end, hong_kong = book_iteration(no_borders, stop=1e-11), world.country("HKG")
    sold = end.supply_hat * end.price * no_borders.output
    assert np.ptp(end.supply_hat) / end.supply_hat.mean() < 1e-8
    excess = (sold + end.deficit) / (sold * no_borders.spending / no_borders.output)
    assert excess[hong_kong] == pytest.approx(1.0505, abs=1e-3)
    exact = solved(no_borders, world, "multiplicative-deficits").price
    gap = 100 * np.abs(end.price / exact - 1)
    assert gap.argmax() == hong_kong
    assert gap.max() == pytest.approx(0.30, abs=0.01)


def test_scaling_gives_the_margins() -> None:
    rng = np.random.default_rng(1)
    cost, output, spending = rng.uniform(0.1, 1, (4, 4)), rng.uniform(1, 2, 4), rng.uniform(1, 2, 4)
    spending *= output.sum() / spending.sum()
    exporter, importer = scaled(cost, output, spending, reference=2)
    fitted = cost * exporter * importer[:, None]
    assert importer[2] == 1
    np.testing.assert_allclose(fitted.sum(axis=0), output, rtol=1e-12)
    np.testing.assert_allclose(fitted.sum(axis=1), spending, rtol=1e-12)


def test_pair_effects_are_found_again() -> None:
    rng = np.random.default_rng(2)
    effect = rng.uniform(0.1, 0.5, (5, 5))
    effect = effect + effect.T
    effect[0, 1] = effect[1, 0] = 0.0  # a pair that never trades
    np.fill_diagonal(effect, 1.0)
    agreements = np.exp(0.5 * rng.integers(0, 2, (3, 5, 5)) * (1 - np.eye(5)))
    trade = agreements * effect * rng.uniform(1, 2, (3, 1, 5)) * rng.uniform(1, 2, (3, 5, 1))
    np.testing.assert_allclose(pair_effects(trade, agreements), effect, rtol=1e-8)


def test_readers_name_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="FULL_PROD.dta"):
        read_results(tmp_path, "FULL")
    for side in ("PROD", "CONS"):
        pd.DataFrame({"country": ["IRN"], side: [1.0]}).to_stata(tmp_path / f"FULL_{side}.dta", write_index=False)
    with pytest.raises(InputError, match="columns missing"):
        read_results(tmp_path, "FULL")


def test_panel_has_69_countries_and_21_years(folder: Path) -> None:
    panel = read_panel(folder / "agtpa_applications.rda")
    assert panel["exporter"].nunique() == panel["importer"].nunique() == 69
    assert len(panel) == 69 * 69 * 21
    assert {"IRN", "ROM"} <= set(panel["exporter"])


def test_damaged_panel_is_named(tmp_path: Path) -> None:
    pytest.importorskip("rdata", reason="needs the readers: pip install comity[validation]")
    (tmp_path / "panel.rda").write_bytes(b"not R data at all")
    with pytest.raises(InputError, match="panel.rda"):
        read_panel(tmp_path / "panel.rda")


def test_missing_data_is_absent_not_an_error(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="agtpa/agtpa_applications.rda"):
        STUDY.rows(tmp_path)
