"""Eaton & Kortum (2002) from their data: estimates, worlds and counterfactuals against what other programs print."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from comity import InputError, Shock, solve
from comity.sources.eaton_kortum import COUNTRIES, EatonKortum, read_eaton_kortum
from comity.validation import eaton_kortum as study
from comity.validation.eaton_kortum_worlds import MAN, NUM, estimate, manufacturing_output, trade_shares
from comity.validation.rows import NOT_CHECKED, REPRODUCED, Absent, Row, published
from tests.helpers import shared

SIX_DIGITS = 5e-6  # half of the fifth decimal, as the notebook prints
ONE_DECIMAL = 0.05  # half of the printed digit, per cent
SOLVED = 1e-8  # of a logarithm, against a closed form
FIXED_POINT = 1e-12


@pytest.fixture(scope="module")
def data() -> EatonKortum:
    return read_eaton_kortum(shared("data", "eaton_kortum_2002_waugh"))


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return study.rows(shared("data", "eaton_kortum_2002_waugh").parent)


def number(rows: list[Row], *key: str) -> float:
    (row,) = [row for row in rows if (row.table, row.quantity, row.label) == key]
    assert row.ours is not None
    return row.ours


def test_every_printed_number_is_reproduced(rows: list[Row]) -> None:
    compared = [row for row in rows if row.published is not None]
    assert [row for row in compared if row.status != REPRODUCED] == []
    printed = [line for line in published(study.NAME) if line["table"] != "input"]
    assert len(compared) == len(printed) + 2
    assert [row.status for row in rows if row.published is None] == [NOT_CHECKED]


def test_ordinary_least_squares(data: EatonKortum) -> None:
    gravity = estimate(data, generalised=False)
    geography = [-3.10244, -3.66594, -4.03340, -4.21808, -6.06437, -6.55893, 0.30356, 0.51008, 0.03591, 0.53607]
    assert gravity.geography == pytest.approx(geography, abs=SIX_DIGITS)
    assert gravity.competitiveness[COUNTRIES.index("JPN")] == pytest.approx(4.19879, abs=SIX_DIGITS)
    assert gravity.destination[COUNTRIES.index("GRC")] == pytest.approx(-2.35641, abs=SIX_DIGITS)
    assert abs(gravity.competitiveness.sum()) < FIXED_POINT
    assert abs(gravity.destination.sum()) < FIXED_POINT


def test_generalised_least_squares(data: EatonKortum) -> None:
    gravity = estimate(data, generalised=True)
    assert gravity.own_variance == pytest.approx(0.1582666192392282, abs=FIXED_POINT)
    assert gravity.pair_variance == pytest.approx(0.05064992755973885, abs=FIXED_POINT)
    # the fitted barrier of Australia towards Austria, printed by the program in full
    assert gravity.barrier(data)[0, 1] == pytest.approx(-6.32308562884616, abs=1e-10)


@pytest.mark.parametrize(
    ("table", "quantity", "country", "printed"),
    [
        ("Table IX mobile labour", "welfare", "BEL", -10.2),
        ("Table IX mobile labour", "manufacturing price", "JPN", 1.3),
        ("Table IX mobile labour", "manufacturing labour", "CAN", -53.3),
        ("Table IX immobile labour", "welfare", "JPN", -0.3),
        ("Table IX immobile labour", "manufacturing price", "GRC", 117.2),
        ("Table IX immobile labour", "manufacturing wage", "DEU", -47.2),
        ("Table X zero gravity", "welfare", "USA", 15.8),
        ("Table X zero gravity", "manufacturing labour", "NZL", 308.6),
        ("Table X doubled trade", "welfare", "GRC", 3.8),
    ],
)
def test_gains_from_trade(rows: list[Row], table: str, quantity: str, country: str, printed: float) -> None:
    assert number(rows, table, quantity, country) == pytest.approx(printed, abs=ONE_DECIMAL)


def test_unrounded_wages_at_autarky(rows: list[Row]) -> None:
    """One number in full: the program iterates to an excess demand of 1e-9."""
    ours = number(rows, "Table IX immobile labour unrounded", "manufacturing wage", "AUS")
    assert ours == pytest.approx(54.236889020437516, abs=1e-6)


def test_autarky_in_closed_form(data: EatonKortum) -> None:
    """Each country, in a world of observed shares and in one of fitted shares."""
    parameters = study.model_parameters()
    observed = study.balanced_world(data, trade_shares(data.normalised_trade, parameters.beta), parameters)
    fitted = study.mobile_world(data, estimate(data, generalised=True), parameters)
    for world in (observed, fitted):
        assert study.autarky_welfare(world) == pytest.approx(study.closed_form(world, parameters), abs=SOLVED)


def test_trade_shares_give_the_data_back(data: EatonKortum) -> None:
    """(26): ln(pi_ni / pi_nn) - (1 - beta) / beta ln(pi_nn / pi_ii) is what went in."""
    beta = study.model_parameters().beta
    share = trade_shares(data.normalised_trade, beta)
    home = np.log(np.diagonal(share))
    back = np.log(share) - home[:, None] + (1 - beta) / beta * (home - home[:, None])
    assert back == pytest.approx(data.normalised_trade, abs=FIXED_POINT)
    assert share.sum(axis=1) == pytest.approx(np.ones(19), abs=FIXED_POINT)


@pytest.mark.parametrize("mobile", [True, False])
def test_the_numeraire_keeps_its_price(data: EatonKortum, mobile: bool) -> None:
    """What makes the two worlds the paper's: incomes outside manufacturing stay fixed in units of the numeraire."""
    parameters, gravity = study.model_parameters(), estimate(data, generalised=True)
    make = study.mobile_world if mobile else study.immobile_world
    world = make(data, gravity, parameters)
    solution = solve(world, study.barrier_shock(world, np.full((19, 19), 1.3)))
    assert solution.price_index_hat[NUM] == pytest.approx(np.ones(20), abs=SOLVED)
    if mobile:
        assert solution.wage_hat == pytest.approx(np.ones(20), abs=SOLVED)
        assert solution.income_new == pytest.approx(world.income, rel=SOLVED)


def test_worlds_are_equilibria(data: EatonKortum) -> None:
    parameters, gravity = study.model_parameters(), estimate(data, generalised=True)
    for make in (study.mobile_world, study.immobile_world):
        world = make(data, gravity, parameters)
        nothing = solve(world, Shock())
        assert nothing.real_income_hat == pytest.approx(np.ones(20), abs=SOLVED)
        output = manufacturing_output(world.trade_share[MAN, :19, :19], world.income[:19], parameters)
        assert world.output[MAN, :19] == pytest.approx(output, rel=SOLVED)


def test_absent_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="eaton_kortum_2002_waugh"):
        study.rows(tmp_path)


def test_incomplete_and_damaged_files_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "ek-data"
    folder.mkdir()
    with pytest.raises(InputError, match=r"ek-data\.csv"):
        read_eaton_kortum(tmp_path)
    (folder / "ek-data.csv").write_text("trade,importer,exporter\n0.0,1,1\n")
    with pytest.raises(InputError, match="pairs are missing"):
        read_eaton_kortum(tmp_path)
    (folder / "ek-data.csv").write_text("trade,importer,exporter\n0.0,1,20\n")
    with pytest.raises(InputError, match="line 2"):
        read_eaton_kortum(tmp_path)
    (folder / "ek-data.csv").write_text("trade,importer,exporter\nmuch,1,1\n")
    with pytest.raises(InputError, match="numbers are needed"):
        read_eaton_kortum(tmp_path)
