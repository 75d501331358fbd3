"""What a user is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comity import InputError, NotConvergedError, Shock, solve
from comity.equilibrium import adjoint
from comity.equilibrium.derivatives import gradient, gradient_at
from tests.derivatives.economies import world


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (("real_incom_hat", "C01"), r"outcome: no such field\. Found: real_incom_hat\..*Did you mean real_income_hat\?"),
        (("real_income_hat", "C1"), r"unknown country\. Found: C1\..*Did you mean C"),
        (("output_new", "C01", "S9"), r"unknown sector\. Found: S9\. Allowed: S00, S01, S02\."),
        (("price_index_hat", "C01"), r"price_index_hat needs country, sector\."),
        (("real_income_hat",), r"real_income_hat needs country\."),
        (("real_income_hat", "C01", "S00"), r"real_income_hat needs country\."),
        (("flow_new", "C01"), r"flow_new needs importer, exporter, sector \(the sector may be left out: their sum\)"),
        (("trade_share_new", "C01", "C02"), r"trade_share_new needs importer, exporter, sector\."),
        ("real_income_hat", r"outcome: a field with its country is needed\. Found: real_income_hat\."),
        ({}, r"outcome: no field is given\."),
        ({"wages": [1.0]}, r"no such field\. Found: wages\."),
        ({"wage_hat": [1.0, 2.0]}, r"finite weights of the field's shape are needed\. Found: \(2,\)\. Allowed: \(4,\)\."),
        ({"wage_hat": [1.0, 2.0, np.nan, 0.0]}, r"finite weights"),
        ({"wage_hat": "all"}, r"an array of real numbers is needed"),
        ([], r"a field with its country is needed"),
        ((["wage_hat"], "C01"), r"no such field"),
    ],
)  # fmt: skip
def test_outcomes_are_refused_by_name(outcome: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        gradient(world(), Shock(), outcome)


@pytest.mark.parametrize(
    ("shock", "given", "message"),
    [
        ("tehran-2023", {}, r"shock: a Shock or a Scenario is needed\. Found: str\."),
        (Shock(), {"closure": "balance"}, r"unknown closure\. Found: balance\..*Did you mean balanced\?"),
        (Shock(), {"closure": "targets-balanced"}, r"targets-balanced needs targets"),
        (Shock(), {"tolerance": 0.5}, r"tolerance: a small positive number is needed"),
        (Shock(), {"year": 2025}, r"year: only a scenario has years"),
        (Shock(), {"iceberg_by_theta": np.zeros((7, 2))}, r"iceberg_by_theta: wrong shape\. Found: \(7, 2\)"),
        (Shock(), {"iceberg_by_theta": np.nan}, r"iceberg_by_theta: finite numbers are needed"),
    ],
)
def test_the_rest_is_refused_by_name(shock: Any, given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        gradient(world(), shock, ("real_income_hat", "C01"), **given)


def test_a_solution_of_another_world() -> None:
    solution = solve(world(), Shock())
    with pytest.raises(InputError, match="the solution does not start from this world"):
        gradient_at(world(), solution, ("real_income_hat", "C01"))
    moved = solve(world(), Shock(), closure="balanced")
    with pytest.raises(InputError, match="the solution does not start from this world"):
        gradient_at(world().with_elasticities([5.0, 6.0, 7.0]), moved, ("real_income_hat", "C01"))


def test_an_adjoint_that_stalls_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adjoint, "LIMIT", 4)
    with pytest.raises(NotConvergedError, match="of the adjoint equations after . passes, tolerance 1e-10") as caught:
        gradient(world(), Shock(), ("real_income_hat", "C01"))
    assert caught.value.residual is not None and caught.value.residual > 1e-10
    assert caught.value.exit_code == 3
