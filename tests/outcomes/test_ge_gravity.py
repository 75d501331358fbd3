"""ge_gravity: identities, closed forms, the published iteration of Stata's command, and every refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from comity import InputError, NoSolutionError, Shock, ge_gravity, solve
from comity.outcomes.ge_gravity import GravityResult
from tests.helpers import one_sector_world

THETA = 4.0
TRADE = np.array([[90.0, 14, 6, 2], [10, 60, 9, 5], [8, 4, 45, 3], [1, 7, 2, 20]])
CODES = ("AAA", "BBB", "CCC", "DDD")
DEAL = {("AAA", "BBB"): 0.5, ("BBB", "AAA"): 0.5}
CLOSURES = ("fixed-deficits", "balanced", "deficit-share-of-gdp", "multiplicative-deficits")


def table(trade: np.ndarray = TRADE, codes: tuple[str, ...] = CODES) -> pd.DataFrame:
    rows = [(a, b, trade[i, n]) for i, a in enumerate(codes) for n, b in enumerate(codes)]
    return pd.DataFrame(rows, columns=["exporter", "importer", "trade"])


def matrix(effect: dict[tuple[str, str], float]) -> np.ndarray:
    out = np.zeros((4, 4))
    for (a, b), value in effect.items():
        out[CODES.index(a), CODES.index(b)] = value
    return out


def documented_iteration(effect: np.ndarray, multiplicative: bool) -> dict[str, np.ndarray]:
    """The fixed point that the help file of Stata's ge_gravity describes (its equations 3-5), written from the text."""
    share, output, spending = TRADE / TRADE.sum(axis=0), TRADE.sum(axis=1), TRADE.sum(axis=0)
    weight, deficit = share * np.exp(effect), TRADE.sum(axis=0) - TRADE.sum(axis=1)
    wage, power = np.ones(4), np.ones(4)
    for _ in range(3000):
        wage = (weight @ (spending / power) / output) ** (1 / (1 + THETA))
        wage *= output.sum() / (output * wage).sum()
        power = weight.T @ wage**-THETA
        spending = (output + deficit) * wage if multiplicative else output * wage + deficit
    price = power ** (-1 / THETA)
    welfare = wage / price if multiplicative else (output * wage + deficit) / (output + deficit) / price
    trade = weight * wage[:, None] ** -THETA / power * spending
    return {"wage": wage, "price": price, "welfare": welfare, "trade": trade}


@pytest.mark.parametrize("closure", CLOSURES)
def test_no_effect_changes_nothing(closure: str) -> None:
    result = ge_gravity(table(), {}, THETA, closure=closure)
    hats = result.frame().filter(like="_hat").to_numpy()
    assert hats == pytest.approx(np.ones_like(hats), abs=1e-10)
    assert result.flows()["trade_hat"].to_numpy() == pytest.approx(1, abs=1e-10)
    if closure != "balanced":
        assert result.trade_before == pytest.approx(TRADE, rel=1e-12)


@pytest.mark.parametrize("multiplicative", [False, True])
def test_agrees_with_the_iteration_stata_documents(multiplicative: bool) -> None:
    closure = "multiplicative-deficits" if multiplicative else "fixed-deficits"
    result = ge_gravity(table(), DEAL, THETA, closure=closure, tolerance=1e-12)
    stata = documented_iteration(matrix(DEAL), multiplicative)
    assert result.wage_hat == pytest.approx(stata["wage"], rel=1e-11)
    assert result.price_index_hat == pytest.approx(stata["price"], rel=1e-11)
    welfare = result.real_wage_hat if multiplicative else result.real_income_hat
    assert welfare == pytest.approx(stata["welfare"], rel=1e-11)
    # with `multiplicative` Stata's flows miss world output by one common factor, which ours do not
    factor = stata["trade"] / result.trade_new
    assert factor == pytest.approx(np.full((4, 4), factor[0, 0]), rel=1e-11)
    assert result.trade_new.sum() == pytest.approx(TRADE.sum(), rel=1e-11)
    assert (abs(factor[0, 0] - 1) > 1e-6) == multiplicative


def test_two_equal_countries_in_closed_form() -> None:
    trade = np.array([[70.0, 30], [30, 70]])
    both = {("A", "B"): 0.5, ("B", "A"): 0.5}
    result = ge_gravity(table(trade, ("A", "B")), both, THETA)
    total = 0.7 + 0.3 * np.exp(0.5)
    assert result.wage_hat == pytest.approx(1, abs=1e-11)
    assert result.price_index_hat == pytest.approx(total ** (-1 / THETA), rel=1e-11)
    assert result.trade_hat[0, 1] == pytest.approx(np.exp(0.5) / total, rel=1e-11)


@pytest.mark.parametrize("closure", CLOSURES)
def test_real_wage_is_the_home_share_formula(closure: str) -> None:
    """Arkolakis, Costinot & Rodriguez-Clare (2012): real wage = (change of the home share)^(-1/theta)."""
    result = ge_gravity(table(), DEAL, THETA, closure=closure)
    before, after = (np.diagonal(x) / x.sum(axis=0) for x in (result.trade_before, result.trade_new))
    assert result.real_wage_hat == pytest.approx((after / before) ** (-1 / THETA), rel=1e-10)
    if closure in ("balanced", "multiplicative-deficits"):
        ratio = result.real_income_hat / result.real_wage_hat
        assert ratio == pytest.approx(np.full(4, ratio[0]), rel=1e-10)


def test_accounts_add_up() -> None:
    result = ge_gravity(table(), DEAL, THETA)
    frame, flows = result.frame(), result.flows()
    assert result.residual < 1e-10
    assert flows["trade_new"].sum() == pytest.approx(TRADE.sum(), rel=1e-10)
    assert frame["output_hat"].to_numpy() == pytest.approx(frame["wage_hat"].to_numpy(), rel=1e-10)
    assert (frame["imports_new"] - frame["exports_new"]).to_numpy() == pytest.approx(
        (frame["imports_before"] - frame["exports_before"]).to_numpy(), abs=1e-8
    )
    assert (flows.loc[flows["effect"] == 0.5, "trade_hat"] > 1).all()
    assert "AAA" in repr(result) or "BBB" in repr(result)


def test_is_solve_on_the_same_world() -> None:
    world = one_sector_world(THETA, deficit=0.03)
    flows = table(world.flow[0].T, world.countries)
    result = ge_gravity(flows, {("AAA", "BBB"): 0.3}, THETA)
    shock = Shock.from_cells(iceberg_hat=(0, 1, 0, np.exp(-0.3 / THETA)))
    direct = solve(world, shock)
    assert result.wage_hat == pytest.approx(direct.wage_hat, rel=1e-10)
    assert result.real_income_hat == pytest.approx(direct.real_income_hat, rel=1e-10)
    assert result.trade_new == pytest.approx(direct.flow_new[0].T, rel=1e-9)


def test_three_ways_to_say_the_effect() -> None:
    column = table()
    column["beta"] = matrix(DEAL).ravel()
    other = pd.DataFrame([("AAA", "BBB", 0.5), ("BBB", "AAA", 0.5)], columns=["exporter", "importer", "effect"])
    results = [ge_gravity(column.sample(frac=1, random_state=1), effect, THETA) for effect in ("beta", DEAL, other)]
    for result in results[1:]:
        assert np.array_equal(result.wage_hat, results[0].wage_hat)
    renamed = column.rename(columns={"exporter": "iso_o", "importer": "iso_d", "trade": "flow"})
    again = ge_gravity(renamed, "beta", THETA, exporter="iso_o", importer="iso_d", flow="flow")
    assert np.array_equal(again.wage_hat, results[0].wage_hat)


def test_unit_of_money_does_not_matter() -> None:
    small, large = (ge_gravity(table(TRADE * unit), DEAL, THETA).frame().filter(like="_hat") for unit in (1e-6, 1e9))
    assert small.to_numpy() == pytest.approx(large.to_numpy(), rel=1e-9)


def test_embargo_is_minus_infinity() -> None:
    closed = {("AAA", "BBB"): -np.inf, ("BBB", "AAA"): -np.inf}
    result = ge_gravity(table(), closed, THETA)
    assert result.trade_new[0, 1] == 0 and result.trade_new[1, 0] == 0
    near = ge_gravity(table(), dict.fromkeys(closed, -20.0), THETA)
    assert result.real_income_hat == pytest.approx(near.real_income_hat, rel=1e-7)


def test_a_country_cut_off_has_no_nominal_number() -> None:
    trade = np.array([[90.0, 9, 6, 1], [9, 60, 5, 2], [6, 5, 45, 3], [1, 2, 3, 20]])  # every balance is zero
    closed = {(a, b): -np.inf for a in CODES for b in CODES if a != b and "DDD" in (a, b)}
    row = ge_gravity(table(trade), closed, THETA).frame().set_index("country").loc["DDD"]
    assert np.isnan(row["wage_hat"]) and np.isnan(row["price_index_hat"])
    assert row["real_wage_hat"] == pytest.approx((26 / 20) ** (-1 / THETA), rel=1e-9)
    trade[0, 3] = 4  # a deficit, and nobody left to lend
    with pytest.raises(NoSolutionError):
        ge_gravity(table(trade), closed, THETA)


def test_effect_on_an_empty_flow_is_named() -> None:
    trade = TRADE.copy()
    trade[0, 3] = 0
    result = ge_gravity(table(trade), {("AAA", "DDD"): 1.0}, THETA)
    assert result.moot == (("AAA", "DDD"),)
    assert result.wage_hat == pytest.approx(1, abs=1e-10)
    assert np.isnan(result.trade_hat[0, 3])


def test_missing_as_zero_and_domestic_effects() -> None:
    short = table()
    short = short[~((short.exporter == "AAA") & (short.importer == "DDD"))]
    trade = TRADE.copy()
    trade[0, 3] = 0
    zero = ge_gravity(short, DEAL, THETA, missing="zero")
    assert np.array_equal(zero.wage_hat, ge_gravity(table(trade), DEAL, THETA).wage_hat)
    home = {**DEAL, ("CCC", "CCC"): 0.2}
    left_out = ge_gravity(table(), home, THETA, domestic_effect="zero")
    assert np.array_equal(left_out.wage_hat, ge_gravity(table(), DEAL, THETA).wage_hat)
    kept = ge_gravity(table(), home, THETA, domestic_effect="keep")
    assert kept.real_income_hat[2] > left_out.real_income_hat[2] + 0.01


def changed(column: str, row: int, value: Any) -> pd.DataFrame:
    flows = table()
    flows[column] = flows[column].astype(object)
    flows.loc[row, column] = value
    return flows


BAD: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"flows": table().rename(columns={"exporter": "Exporter_"})}, ("no column 'exporter'", "Exporter_?")),
    ({"effect": "bta", "flows": table().assign(beta=0.0)}, ("no column 'bta'", "Did you mean beta?")),
    ({"flows": [1, 2]}, ("a pandas table", "list")),
    ({"flows": table().iloc[:0]}, ("a pandas table",)),
    ({"flows": table().drop(index=[1, 7])}, ("2 of the 16 pairs are missing", "AAA-BBB, BBB-DDD", "missing='zero'")),
    ({"flows": pd.concat([table(), table().iloc[[1]]])}, ("more than once", "AAA-BBB", "one year")),
    ({"flows": changed("trade", 1, -3.0)}, ("not negative", "AAA-BBB -3")),
    ({"flows": changed("trade", 2, np.nan)}, ("finite", "AAA-CCC nan")),
    ({"flows": changed("trade", 2, np.inf)}, ("finite", "AAA-CCC inf")),
    ({"flows": changed("trade", 2, "1,000")}, ("AAA-CCC", "a number is needed", "1,000")),
    ({"flows": changed("trade", 5, 0.0)}, ("domestic sales", "BBB")),
    ({"flows": table().drop(index=5), "missing": "zero"}, ("domestic sales", "BBB")),
    ({"flows": changed("importer", 3, None)}, ("1 row(s) without exporter or importer",)),
    ({"effect": {("AAA", "BB"): 0.5}}, ("unknown country", "Did you mean BBB?")),
    ({"effect": {("AAA", "BBB"): np.nan}}, ("a number is needed", "AAA-BBB")),
    ({"effect": {("AAA", "BBB"): np.inf}}, ("infinite gain", "-inf is an embargo")),
    ({"effect": {("AAA", "BBB"): 65.0}}, ("log points", "AAA-BBB 65")),
    ({"effect": {("AAA", "BBB"): "much"}}, ("a number is needed", "much")),
    ({"effect": {"AAA": 0.5}}, ("pairs (exporter, importer)", "AAA")),
    ({"effect": {("AAA", "AAA"): 0.5}}, ("touches domestic sales", "AAA-AAA 0.5", "domestic_effect='zero'")),
    ({"effect": {("AAA", "AAA"): -np.inf}, "domestic_effect": "keep"}, ("touches domestic sales", "AAA-AAA -inf")),
    ({"effect": 0.5}, ("a column name, a mapping of pairs or a table", "float")),
    ({"effect": table()}, ("no column 'effect'",)),
    ({"theta": -4}, ("theta", "positive", "-4")),
    ({"theta": 0}, ("theta", "positive")),
    ({"theta": np.inf}, ("theta", "positive")),
    ({"theta": "4"}, ("theta", "positive")),
    ({"closure": "multiplicative"}, ("unknown closure", "multiplicative-deficits")),
    ({"missing": "drop"}, ("missing", "error, zero")),
    ({"domestic_effect": "use"}, ("domestic_effect", "keep")),
    ({"tolerance": 0}, ("tolerance",)),
]


@pytest.mark.parametrize(("request_", "words"), BAD, ids=[words[-1] for _, words in BAD])
def test_refusals_name_the_place(request_: dict[str, Any], words: tuple[str, ...]) -> None:
    arguments = {"flows": table(), "effect": DEAL, "theta": THETA} | request_
    with pytest.raises(InputError) as caught:
        ge_gravity(**arguments)
    for word in words:
        assert word in str(caught.value)


def test_result_is_frozen() -> None:
    result = ge_gravity(table(), DEAL, THETA)
    assert isinstance(result, GravityResult)
    with pytest.raises(AttributeError):
        result.theta = 5.0  # type: ignore[misc]


def test_the_example_of_the_docs_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "gravity.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(page.split("```python")[1].split("```")[0], names)
    assert "real_income_hat" in capsys.readouterr().out
    gain = 100 * (names["result"].real_income_hat - 1)
    assert gain == pytest.approx([0.31, 0.39, -0.007], abs=0.005)
