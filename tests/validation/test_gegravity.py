"""gegravity's documented example: reproduced where it can be, explained where it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from comity import ge_gravity
from comity.validation import gegravity as study
from comity.validation.rows import EXPLAINED, NOT_CHECKED, REPRODUCED, Absent, Row, published
from tests.helpers import shared


@pytest.fixture(scope="module")
def data() -> Path:
    return shared("data", "gegravity_sample").parent


@pytest.fixture(scope="module")
def rows(data: Path) -> list[Row]:
    return study.STUDY.rows(data)


def test_the_recorded_run_is_whole() -> None:
    lines = published("gegravity_0_3")
    assert len({line["label"] for line in lines}) == 30
    assert len({(line["table"], line["quantity"], line["label"]) for line in lines}) == len(lines) == 302
    by = {(line["table"], line["quantity"], line["label"]): float(line["value"]) for line in lines}
    assert by[study.DOCUMENTED, "GDP change", "CAN"] == pytest.approx(0.418, abs=5e-4)
    assert by[study.DOCUMENTED, "welfare statistic", "CAN"] == pytest.approx(0.9958, abs=5e-5)


def test_without_the_data_the_study_says_so(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="gegravity_sample/input_coefficients.csv"):
        study.rows(tmp_path)


def test_every_number_of_both_runs_is_reproduced(rows: list[Row]) -> None:
    checked = [row for row in rows if row.table in study.TOLERANCE]
    assert len(checked) == 300
    assert {row.status for row in checked} == {REPRODUCED}
    fine = [abs(row.difference or 0) for row in checked if row.table == study.FINE]
    assert max(fine) < 1e-10  # in per cent: both sides agree to a dozen digits


def test_the_full_equilibrium_differs_and_says_why(rows: list[Row]) -> None:
    full = [row for row in rows if row.table == study.FULL]
    assert len(full) == 32
    assert {row.status for row in full} == {EXPLAINED}
    sales = [row for row in full if row.quantity.startswith("sales")]
    assert all(abs(row.ours or 0) < 1e-10 < abs(row.published or 0) for row in sales)
    assert max(abs(row.difference or 0) for row in full if row.quantity == "GDP change") < 0.011


def test_stata_examples_are_named_as_not_at_hand(rows: list[Row]) -> None:
    stata = [row for row in rows if row.published is None]
    assert [row.label for row in stata] == ["ge_gravity2", "ge_gravity"]
    assert {row.status for row in stata} == {NOT_CHECKED}
    assert all(".dta" in row.note for row in stata)


def test_the_one_call_entry_gives_the_same_full_equilibrium(data: Path, rows: list[Row]) -> None:
    import pandas as pd

    example = study.read_example(data / "gegravity_sample")
    trade = pd.DataFrame(study.fitted_baseline(example).trade, example.countries, example.countries)
    table = trade.rename_axis("exporter").reset_index().melt("exporter", var_name="importer", value_name="trade")
    effect = {study.PAIR: example.effect, study.PAIR[::-1]: example.effect}
    result = ge_gravity(table, effect, study.THETA, closure="multiplicative-deficits", tolerance=1e-12)
    ours = {row.label: row.ours for row in rows if row.table == study.FULL and row.quantity == "GDP change"}
    assert 100 * (result.real_wage_hat - 1) == pytest.approx(np.array([ours[c] for c in result.countries]), abs=1e-10)


def test_fitted_trade_has_the_margins_of_the_data(data: Path) -> None:
    example = study.read_example(data / "gegravity_sample")
    trade = study.fitted_baseline(example).trade
    assert trade.sum(axis=1) == pytest.approx(example.output, rel=1e-13)
    assert trade.sum(axis=0) == pytest.approx(example.spending, rel=1e-13)
