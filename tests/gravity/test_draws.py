"""Draws: their spread, what they share, what fails; and the change of trade cost they imply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from comity import gravity
from comity.errors import InputError, NotConvergedError
from comity.gravity import draws as drawing
from comity.gravity.ppml import NoFit
from tests.gravity.made import flows

pytest.importorskip("pyfixest", reason="needs the extra: pip install comity[gravity]")

# a fit stops at 1e-12 of its deviance
EXACT = 1e-7


@pytest.fixture(scope="module")
def built() -> gravity.Panel:
    return gravity.build_panel(flows(16, noise=0.4, seed=3), policies=["rta"])


@pytest.fixture(scope="module")
def found(built: gravity.Panel) -> gravity.Estimates:
    return gravity.estimate(built)


def test_normal_draws_have_the_mean_and_variance_of_the_estimate(found: gravity.Estimates) -> None:
    count = 4000
    some = gravity.normal_draws(found, count, seed=5)
    error = found.by_sector["all"].standard_error[0]
    # three standard errors of a mean and of a standard deviation of `count` normal draws
    assert abs(some.coefficient.mean() - found.coefficients()[0, 0]) < 3 * error / np.sqrt(count)
    assert abs(some.spread[0, 0] / error - 1) < 3 / np.sqrt(2 * count)
    assert some.failed == 0 and some.method == "normal"


def test_bootstrap_by_pair_spreads_like_the_clustered_error(built: gravity.Panel, found: gravity.Estimates) -> None:
    count = 80
    some = gravity.bootstrap(built, found, by="pair", draws=count, seed=1)
    assert some.coefficient.shape == (count, 1, 1) and some.failed == 0
    error = found.by_sector["all"].standard_error[0]
    # three standard errors of the spread of that many draws; 10 % for what 120 pairs differ from infinitely many
    assert abs(some.spread[0, 0] / error - 1) < 3 / np.sqrt(2 * count) + 0.10
    assert abs(np.mean(some.coefficient) - found.coefficients()[0, 0]) < error


def test_bootstrap_by_country_triples_the_variance_of_independent_pairs(
    built: gravity.Panel, found: gravity.Estimates
) -> None:
    """Owen (2007): weights multiplied over two factors give three times the variance where only the cells are random, as
    in these panels, if there are many countries; with 16 it comes out between 1.8 and 2.8 (three panels, two seeds)."""
    count = 80
    some = gravity.bootstrap(built, found, by="country", draws=count, seed=1)
    ratio = (some.spread[0, 0] / found.by_sector["all"].standard_error[0]) ** 2
    # three standard errors of a variance from 80 draws are 47 %; below 1.6, weights by pair would pass as well
    assert 3 * 0.53 < ratio < 3 * 1.7


def test_weights_of_a_pair_and_of_a_country() -> None:
    table = pd.concat([flows(6, home=True)])
    some = gravity.build_panel(table, policies=["rta"])
    sample = drawing.Sample(np.arange(len(some.frame)), some.frame, {}, {}, ())
    weight = np.arange(1.0, 7.0)  # C00 has weight 1, C05 weight 6
    units, (place,) = drawing._units(some, [sample], "country")
    rows = dict(zip(zip(some.frame["exporter"], some.frame["importer"], strict=True), drawing._row_weights(weight, place), strict=True))  # fmt: skip
    assert units == 6 and rows["C01", "C04"] == rows["C04", "C01"] == 2 * 5 and rows["C05", "C05"] == 6
    for by, count in (("pair", 15 + 6), ("directed-pair", 30 + 6)):
        units, (place,) = drawing._units(some, [sample], by)
        values = pd.Series(drawing._row_weights(np.arange(float(units)), place))
        pair = some.frame["exporter"] + some.frame["importer"]
        if by == "pair":
            pair = pair.where(
                some.frame["exporter"] < some.frame["importer"], some.frame["importer"] + some.frame["exporter"]
            )
        assert units == count == values.groupby(pair).first().nunique() and (values.groupby(pair).nunique() == 1).all()


def test_sectors_share_their_weights_and_more_draws_change_none() -> None:
    one = flows(9, noise=0.5, seed=8)
    both = pd.concat([one.assign(sector="A"), one.assign(sector="B", flow=7 * one["flow"])])
    built = gravity.build_panel(both, policies=["rta"])
    found = gravity.estimate(built)
    few, more = (gravity.bootstrap(built, found, draws=n, seed=2) for n in (3, 5))
    assert few.coefficient[:, 0] == pytest.approx(few.coefficient[:, 1], abs=EXACT)
    assert np.array_equal(few.coefficient, more.coefficient[:3])
    assert not np.array_equal(few.coefficient, gravity.bootstrap(built, found, draws=3, seed=3).coefficient)
    with pytest.raises(InputError, match="not the panel of these estimates"):
        gravity.bootstrap(gravity.build_panel(both.iloc[:-1], policies=["rta"]), found, draws=3)


def test_failed_draws_are_counted_and_too_many_are_an_error(
    built: gravity.Panel, found: gravity.Estimates, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = drawing.poisson, []

    def sometimes(*args: object, **more: object) -> object:
        calls.append(0)
        if len(calls) % 10 == 3:
            raise NoFit("no convergence in 200 rounds: a first-order condition is 1.0e-01 off")
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(drawing, "poisson", sometimes)
    with pytest.raises(NotConvergedError, match=r"2 of 20 bootstrap draws failed, more than 5 %. no convergence"):
        gravity.bootstrap(built, found, draws=20)
    calls.clear()
    some = gravity.bootstrap(built, found, draws=20, failed_share=0.10)
    assert some.failed == 2 and len(some.coefficient) == 18 and some.failures == {"no convergence in 200 rounds": 2}
    assert set(some.band(4.0)["failed"]) == {2}


def test_refusals(built: gravity.Panel, found: gravity.Estimates) -> None:
    with pytest.raises(InputError, match="draws: too few"):
        gravity.bootstrap(built, found, draws=1)
    with pytest.raises(InputError, match="by: unknown unit"):
        gravity.bootstrap(built, found, by="sector")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="failed_share: not a share"):
        gravity.bootstrap(built, found, failed_share=1.0)
    with pytest.raises(InputError, match="names: not estimated"):
        gravity.normal_draws(found, names=["tariff"])
    some = gravity.normal_draws(found, 10)
    with pytest.raises(InputError, match=r"shape does not fit the draws.*\(10, 1\)"):
        some.cost([4.0, 5.0])
    with pytest.raises(InputError, match="level: not between 0 and 1"):
        some.band(4.0, 90)


# -- trade cost ----------------------------------------------------------------------------------------


def test_trade_cost_change_is_the_one_that_gives_the_change_of_trade() -> None:
    b, theta = np.array([-1.2, 0.0, 0.557]), np.array([2.0, 4.0, 6.0])
    hat = gravity.trade_cost_change(b, theta)
    assert hat**-theta == pytest.approx(np.exp(b), rel=1e-14)  # rounding
    assert hat[1] == 1.0 and hat[0] > 1 > hat[2]
    # two policies one after the other, and the trade-ratio sizes of scenarios: ratio^(-1/theta)
    both = gravity.trade_cost_change(b, 4.0) * gravity.trade_cost_change(-0.3, 4.0)
    assert both == pytest.approx(gravity.trade_cost_change(b - 0.3, 4.0), rel=1e-14)
    assert gravity.trade_cost_change(np.log(0.59), 5.0) == pytest.approx(0.59 ** (-1 / 5), rel=1e-14)
    assert np.isnan(gravity.trade_cost_change(np.nan, 4.0))


@pytest.mark.parametrize("theta", [0.0, -4.0, np.nan, np.inf])
def test_an_elasticity_that_is_not_positive_is_refused(theta: float) -> None:
    with pytest.raises(InputError, match="a trade elasticity must be positive and finite"):
        gravity.trade_cost_change(-0.5, [4.0, theta])


def test_an_infinite_estimate_and_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="Complete loss of trade is an embargo"):
        gravity.trade_cost_change(-np.inf, 4.0)
    with pytest.raises(InputError, match="shape does not fit"):
        gravity.trade_cost_change([1.0, 2.0], [4.0, 5.0, 6.0])


def test_bands_of_the_cost_use_the_draws_of_both(found: gravity.Estimates) -> None:
    some = gravity.normal_draws(found, 500, seed=1)
    band = some.band(4.0, 0.90).iloc[0]
    low, high = np.quantile(some.coefficient[:, 0, 0], [0.05, 0.95])
    # exp(-b/4) falls in b: the ends change places (the quantiles interpolate, hence not to the last digit)
    assert (band["low"], band["high"]) == pytest.approx((np.exp(-high / 4), np.exp(-low / 4)), rel=1e-4)
    assert band["kappa_hat"] == pytest.approx(np.exp(-found.coefficients()[0, 0] / 4))
    theta = np.exp(np.random.default_rng(0).normal(np.log(4.0), 0.3, size=(500, 1)))
    wide = some.band(theta).iloc[0]
    assert some.cost(theta)[7, 0, 0] == pytest.approx(np.exp(-some.coefficient[7, 0, 0] / theta[7, 0]))
    assert wide["high"] - wide["low"] > band["high"] - band["low"]
