"""Coefficients, standard errors and what is left out, on panels whose answer is known."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from comity import gravity
from comity.errors import InputError, NotConvergedError
from comity.gravity import ppml
from comity.gravity.sample import LEAST_SWITCHING, levels
from tests.gravity.made import flows

pytest.importorskip("pyfixest", reason="needs the extra: pip install comity[gravity]")

# the regression stops when the deviance changes by 1e-12 of itself; coefficients then move in the eighth digit
EXACT = 1e-7
# two programs, both converged; standard errors are square roots of sums over groups
SANDWICH = 1e-6


def panel(table: pd.DataFrame, **more: object) -> gravity.Panel:
    return gravity.build_panel(table, **{"policies": ["rta"], **more})  # type: ignore[arg-type]


def test_without_noise_the_effect_is_found_exactly() -> None:
    for home in (False, True):
        found = gravity.estimate(panel(flows(9, noise=0.0, effect=-0.7, home=home)))
        one = found.by_sector["all"]
        assert one.coefficient == pytest.approx([-0.7], abs=EXACT)
        assert one.gap < ppml.SOLVED and one.given == one.used == len(flows(9, home=home))


def test_the_effect_is_found_on_average() -> None:
    """25 panels with noise: the mean lies within three Monte Carlo standard errors of the truth."""
    estimates = [
        gravity.estimate(panel(flows(10, effect=0.5, noise=0.4, seed=seed))).coefficients()[0, 0] for seed in range(25)
    ]
    error = np.std(estimates, ddof=1) / np.sqrt(len(estimates))
    assert error < 0.03  # else the test would say nothing
    assert abs(np.mean(estimates) - 0.5) < 3 * error


def test_sectors_are_estimated_one_by_one() -> None:
    parts = [
        flows(8, effect=b, noise=0.0, seed=k).assign(sector=s) for k, (s, b) in enumerate((("A", 0.3), ("B", -0.2)))
    ]
    found = gravity.estimate(panel(pd.concat(parts)))
    assert found.sectors == ("A", "B")
    assert found.coefficients() == pytest.approx(np.array([[0.3], [-0.2]]), abs=EXACT)
    assert list(found.frame["sector"]) == ["A", "B"]


def newton(flow: np.ndarray, design: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Poisson maximum likelihood with all dummies written out: coefficients and fitted values."""
    eta = np.log((flow + flow.mean()) / 2)
    for _ in range(60):
        mu = np.exp(eta)
        root = np.sqrt(mu)
        beta = np.linalg.lstsq(design * root[:, None], (eta + flow / mu - 1) * root, rcond=None)[0]
        eta = design @ beta
    return beta, np.exp(eta)


def sandwich(design: np.ndarray, flow: np.ndarray, mu: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Clustered variance from the scores of all parameters, factor G/(G-1)."""
    bread = np.linalg.pinv(design.T @ (design * mu[:, None]))
    labels, code = np.unique(groups, return_inverse=True)
    scores = np.zeros((len(labels), design.shape[1]))
    np.add.at(scores, code, design * (flow - mu)[:, None])
    return len(labels) / (len(labels) - 1) * bread @ (scores.T @ scores) @ bread


@pytest.mark.parametrize("cluster", ["pair", "directed-pair", "exporter"])
def test_clustered_errors_are_those_of_the_sandwich_formula(cluster: str) -> None:
    table = flows(10, noise=0.6, seed=4)
    one = gravity.estimate(panel(table), cluster=cluster).by_sector["all"]
    frame = panel(table).frame
    dummies = [pd.get_dummies(levels(frame, name)[0]) for name in ("exporter-year", "importer-year", "pair")]
    design = np.column_stack([frame["rta"], *dummies]).astype(float)
    flow = frame["flow"].to_numpy() / frame["flow"].mean()
    beta, mu = newton(flow, design)
    assert one.coefficient[0] == pytest.approx(beta[0], abs=EXACT)
    groups = levels(frame, cluster)[0]
    assert one.vcov[0, 0] == pytest.approx(sandwich(design, flow, mu, groups)[0, 0], rel=SANDWICH)
    assert one.clusters == len(np.unique(groups))


def test_two_way_errors_add_the_ways_and_take_off_the_pairs() -> None:
    """Cameron, Gelbach & Miller (2011), with the smaller number of groups in the factor of all three parts."""
    table = flows(11, noise=0.6, seed=4)
    frame = panel(table).frame
    dummies = [pd.get_dummies(levels(frame, name)[0]) for name in ("exporter-year", "importer-year", "pair")]
    design = np.column_stack([frame["rta"], *dummies]).astype(float)
    flow = frame["flow"].to_numpy() / frame["flow"].mean()
    mu = newton(flow, design)[1]
    parts = {}
    for way in ("exporter", "importer", "directed-pair"):
        groups = levels(frame, way)[0]
        count = len(np.unique(groups))
        parts[way] = sandwich(design, flow, mu, groups)[0, 0] * (count - 1) / count
    expected = (parts["exporter"] + parts["importer"] - parts["directed-pair"]) * 11 / 10
    one = gravity.estimate(panel(table), cluster="countries").by_sector["all"]
    # a difference of sums ten times its size
    assert one.vcov[0, 0] == pytest.approx(expected, rel=10 * SANDWICH) and one.clusters == 11


def test_separated_and_single_rows_are_named_and_do_not_matter() -> None:
    table = flows(9, noise=0.4, seed=2)
    clean = gravity.estimate(panel(table)).by_sector["all"]
    never = pd.DataFrame(
        [("C00", "XXX", 2000, 0.0, 0.0), ("C01", "XXX", 2000, 0.0, 0.0), ("C02", "YYY", 2004, 3.0, 0.0)],
        columns=["exporter", "importer", "year", "flow", "rta"],
    )
    one = gravity.estimate(panel(pd.concat([table, never]))).by_sector["all"]
    assert one.separated == {"importer-year": 2} and one.separated_levels["importer-year"] == ("XXX 2000",)
    assert sum(one.singletons.values()) == 1
    assert one.given == len(table) + 3 and one.used == len(table)
    assert one.coefficient == pytest.approx(clean.coefficient, abs=EXACT)
    assert one.vcov == pytest.approx(clean.vcov, rel=SANDWICH)
    text = "\n".join(one.lines())
    assert "2 rows left out, no trade by importer-year (XXX 2000)" in text and "1 rows left out, alone" in text


def test_a_dummy_without_trade_has_no_estimate_and_its_rows_are_counted() -> None:
    table = flows(9, noise=0.4, seed=2)
    ban = (table["exporter"] == "C03") & (table["year"] == 2012)
    table.loc[ban & (table["importer"] < "C08"), "flow"] = 0.0
    table["ban"] = (ban & (table["importer"] < "C08")).astype(float)
    found = gravity.estimate(panel(table, policies=["rta", "ban"]))
    one = found.by_sector["all"]
    assert one.names == ("rta",) and one.separated["ban"] == int(table["ban"].sum()) == 7
    assert "separated: no trade in any of the 7 rows" in one.absent["ban"]
    # what is left of that exporter-year is one row; without any of its rows the estimate is the same
    rest = gravity.estimate(panel(table[~ban], policies=["rta"])).by_sector["all"]
    assert one.coefficient == pytest.approx(rest.coefficient, abs=EXACT)
    assert np.isnan(found.coefficients()[0, 1])
    with pytest.raises(InputError, match="no estimate: separated"):
        one.interval("ban")


def test_separation_that_only_the_regressors_together_show() -> None:
    """A dummy that is 1 in all trade of some exporter-years and in none elsewhere is found by the rectifier."""
    table = flows(9, noise=0.4, seed=2)
    late = (table["exporter"] == "C01") & (table["year"] == 2012)
    # trade of C01 in 2012 only where x is 0; elsewhere x is 0 too: x = 1 goes with no trade
    table["x"] = (late & (table["importer"] > "C05")).astype(float) * 2.0
    table.loc[table["x"] == 2.0, "flow"] = 0.0
    built = gravity.build_panel(table, policies=["rta"], covariates=["x"])
    one = gravity.estimate(built).by_sector["all"]
    assert one.separated == {"regressors together": 3} and one.used == len(table) - 3
    assert "x" in one.absent and one.names == ("rta",)


def test_collinear_and_constant_regressors_are_named() -> None:
    table = flows(9, noise=0.4)
    table["ln_distance"] = np.log(table["distance"])
    table["twice"] = 2 * table["rta"]
    table["seven"] = 7.0
    built = gravity.build_panel(table, policies=["rta"], covariates=["ln_distance", "twice", "seven"])
    one = gravity.estimate(built).by_sector["all"]
    assert one.names == ("rta",)
    assert one.absent["ln_distance"] == one.absent["twice"] == "collinear with the effects or the other regressors"
    assert "does not vary" in one.absent["seven"]
    alone = gravity.estimate(built, covariates=[], effects=("exporter-year", "importer-year", "pair")).by_sector["all"]
    assert one.coefficient == pytest.approx(alone.coefficient, abs=EXACT)


def test_few_switching_pairs_are_refused_because_their_error_would_be_nothing() -> None:
    table = flows(12, noise=0.5, effect=0.0)
    pairs = [("C00", "C01"), ("C02", "C03"), ("C04", "C05"), ("C06", "C07"), ("C08", "C09")]
    for count in (LEAST_SWITCHING - 1, LEAST_SWITCHING):
        some = set(pairs[:count])
        table["few"] = [
            # that of C10 and C11 is 1 in all years: a pair effect absorbs it
            float(((a, b) in some and year >= 2008) or (a, b) == ("C10", "C11"))
            for a, b, year in zip(table["exporter"], table["importer"], table["year"], strict=True)
        ]
        built = panel(table, policies=["rta", "few"])
        one = gravity.estimate(built, effects=("exporter-year", "importer-year", "directed-pair")).by_sector["all"]
        assert one.switching["few"] == count
        assert ("few" in one.names) == (count == LEAST_SWITCHING)
    assert "few rests on 5 pairs; its standard error is too small" in "\n".join(one.lines())


def test_refusals() -> None:
    table = flows(9)
    built = panel(table)
    with pytest.raises(InputError, match="effects: unknown name.*Did you mean exporter-year"):
        gravity.estimate(built, effects=("exporter-yaer",))
    with pytest.raises(InputError, match="policies: unknown name. Found: rtaa.*Did you mean rta"):
        gravity.estimate(built, policies=["rtaa"])
    with pytest.raises(InputError, match="nothing to estimate"):
        gravity.estimate(built, policies=[])
    with pytest.raises(InputError, match="gravity needs effects"):
        gravity.estimate(built, effects=())
    with pytest.raises(InputError, match="9 clusters are too few; at least 10"):
        gravity.estimate(built, cluster="exporter")
    with pytest.raises(InputError, match="rows for .* effects and coefficients are too few"):
        gravity.estimate(panel(flows(5, (2000, 2004))), effects=("exporter-year", "importer-year", "directed-pair"))
    one = gravity.estimate(built).by_sector["all"]
    with pytest.raises(InputError, match="level: not between 0 and 1"):
        one.interval("rta", 95)
    with pytest.raises(InputError, match="not estimated"):
        one.interval("tariff")


def test_one_sector_without_estimate_does_not_stop_the_others() -> None:
    good, bad = flows(9, noise=0.3).assign(sector="A"), flows(9, noise=0.3, seed=1).assign(sector="B", rta=0.0)
    found = gravity.estimate(panel(pd.concat([good, bad])))
    assert found.sectors == ("A",) and "rta: it does not vary" in found.refused["B"]
    assert any(line.startswith("B: no estimate") for line in found.lines())


def test_a_regression_that_stops_early_is_not_taken_for_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ppml, "ROUNDS", 2)
    with pytest.raises(NotConvergedError, match="no convergence in 2 rounds: a first-order condition is"):
        gravity.estimate(panel(flows(9)))


def test_first_order_gap_is_the_share_of_trade_in_the_wrong_place() -> None:
    flow, fitted = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.5, 1.5, 3.5, 3.5])
    dummy = np.array([[0.0], [1.0], [0.0], [0.0]])
    level = np.array([0, 0, 1, 1])
    # by level all is well; where the dummy is 1, a quarter of the trade is missing
    assert ppml.first_order_gap(flow, fitted, dummy, [level]) == pytest.approx(0.25)
    assert ppml.first_order_gap(flow, fitted, 0 * dummy, [np.array([0, 1, 0, 1])]) == pytest.approx(2 / 10)


def test_without_pyfixest_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyfixest", None)
    with pytest.raises(InputError, match=r"pip install 'comity\[gravity\]'"):
        ppml.poisson(np.ones(3), {"x": np.arange(3.0)}, [np.array([0, 0, 1])])
