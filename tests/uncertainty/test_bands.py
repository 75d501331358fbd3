"""Bands against closed forms, their coverage of a known truth, what fails, and what comes from which source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from comity import InputError, NotConvergedError, load_scenario, load_world, solve
from comity.errors import NoSolutionError
from comity.gravity.draws import Draws
from comity.outcomes.ranges import goods_flows
from comity.scenario.compile import compile_scenario
from comity.uncertainty import study as study_module
from comity.uncertainty.bands import bands
from comity.uncertainty.difference import difference
from comity.uncertainty.variance import decompose_variance
from tests.helpers import labelled_world
from tests.uncertainty.cases import autarky_case, one_ratio, scenario

SOLVER = 1e-9  # ten times the solver's tolerance, in ratios; per cent are 100 times that
MONTE_CARLO = 4.0  # standard errors
Z95 = 1.6448536269514722  # standard normal quantile of 0.95
TWO = (
    "  - {id: ratio, kind: ntb, between: [IRN, BLR], sectors: all,"
    " size: {trade_ratio: {low: 1.1, central: 1.3, high: 1.4}}}\n"
    "  - {id: cost, kind: ntb, between: [IRN, RUS], sectors: all,"
    " size: {cost_change: {low: -0.01, central: -0.02, high: -0.03}}}\n"
)


def spread_file(folder: Path, log_sd: float) -> Path:
    file = folder / f"spread-{log_sd}.csv"
    head = "source,set,key,kind,value,status,citation,note\n"
    file.write_text(f"{head}theta,*,*,log_sd,{log_sd!r},assumed,test,\n", encoding="utf-8")
    return file


def test_no_spread_gives_the_central_solution(tmp_path: Path) -> None:
    world, asked = labelled_world(), one_ratio(1.3, 1.3, 1.3)
    found = bands(world, asked, draws=20, spreads=spread_file(tmp_path, 0.0), workers=1)
    exact = solve(world, compile_scenario(world, asked).shock).real_income_hat
    assert found.sample.values["real_income_pct"] / 100 + 1 == pytest.approx(np.tile(exact, (20, 1)), abs=SOLVER)
    for ends in (found.low, found.high, found.estimates):
        assert ends["real_income_pct"] / 100 + 1 == pytest.approx(exact, abs=SOLVER)


def test_trade_of_a_draw_is_that_of_its_solution(tmp_path: Path) -> None:
    world, asked = labelled_world(), one_ratio(1.1, 1.3, 1.4)
    found = bands(world, asked, draws=5, workers=1)
    theta = found.table.theta[2]
    shock = found.study.plan.shock(theta, {"size:deal": float(found.table.position["size:deal"][2])})
    before, after = goods_flows(solve(world.with_elasticities(theta), shock))
    money = 1e-6  # million USD: solver tolerance times flows of the order of 100
    assert found.sample.values["pair_trade"][2, 0] == pytest.approx(after[0, 1] + after[1, 0], abs=money)
    change = after[0, 1] + after[1, 0] - before[0, 1] - before[1, 0]
    assert found.sample.values["pair_trade_change"][2, 0] == pytest.approx(change, abs=money)
    exports = after[:, 0].sum() - after[0, 0]
    assert found.sample.values["exports"][2, 0] == pytest.approx(exports, abs=money)


def test_quantiles_against_the_gains_from_trade(tmp_path: Path) -> None:
    """Autarky: W = home share^(1/theta), falling in the draw of theta, so its quantiles are known."""
    world, asked, home = autarky_case(theta=4.0)
    count, sigma = 1000, 0.3
    found = bands(world, asked, draws=count, spreads=spread_file(tmp_path, sigma), workers=2)
    income = found.sample.values["real_income_pct"][:, 0] / 100 + 1
    assert income == pytest.approx(home ** (1 / found.table.theta[:, 0]), abs=SOLVER)
    band = found.of("real_income_pct", "IRN")
    assert band.estimate / 100 + 1 == pytest.approx(home ** (1 / 4.0), abs=SOLVER)
    # theta grows in z and income with it (home < 1); read the ends back as shares of the draws
    ends = np.log(np.log(home) / np.log(np.array([band.low, band.high]) / 100 + 1) / 4.0) / sigma
    # standard error of a sample quantile: sqrt(p(1-p)/n) / density
    error = np.sqrt(0.05 * 0.95 / count) / (np.exp(-(Z95**2) / 2) / np.sqrt(2 * np.pi))
    assert np.abs((ends - [-Z95, Z95]) / error).max() < MONTE_CARLO


def test_coverage_of_a_known_truth(tmp_path: Path) -> None:
    """An analyst gets theta and the size each off by a draw from their stated spread, and reports a band around them.

    For effects this small the answer is nearly linear in ln theta and ln size, so that errors and draws have the same
    distribution around each other. With D draws and quantiles read between neighbours a band of level p covers
    p (D - 1)/(D + 1) of fresh draws: its ends are order statistics.
    """
    world = labelled_world()
    repeats, count, level, sigma, half = 120, 59, 0.8, 0.05, 0.02
    file = spread_file(tmp_path, sigma)
    centre = np.log(1.1)
    shock = compile_scenario(world, one_ratio(1.1, 1.1, 1.1)).shock
    truth = 100 * (solve(world, shock).real_income_hat - 1)
    random = np.random.default_rng(20)
    inside = np.zeros((repeats, 2))
    for r in range(repeats):
        theta = world.trade_elasticity * np.exp(sigma * random.standard_normal(len(world.sectors)))
        middle = centre + half * random.triangular(-1, 0, 1)
        asked = one_ratio(*(float(np.exp(middle + place * half)) for place in (-1, 0, 1)))
        study = study_module.prepare(world.replace(trade_elasticity=theta), asked, spreads=file)
        sample = study_module.run(study, study.table(count, 1000 + r))
        income = sample.values["real_income_pct"][:, :2]
        low, high = np.quantile(income, [(1 - level) / 2, (1 + level) / 2], axis=0)
        inside[r] = (low <= truth[:2]) & (truth[:2] <= high)
    expected = level * (count - 1) / (count + 1)
    error = np.sqrt(expected * (1 - expected) / repeats)
    assert np.abs((inside.mean(axis=0) - expected) / error).max() < MONTE_CARLO


def test_one_source_alone_varies_alone() -> None:
    found = decompose_variance(labelled_world(), scenario(TWO), draws=60, workers=1)
    assert set(found.alone) == {"elasticities", "size:ratio", "size:cost"}
    table = found.study.table(60, 1, ["size:ratio"])
    assert (table.theta == found.study.world.trade_elasticity).all()
    assert set(table.position) == {"size:ratio"}
    parts = found.of("real_income_pct", "IRN")
    assert parts[-1].source == "interaction"
    assert sum(part.share for part in parts) == pytest.approx(1, abs=1e-12)  # by construction; rounding
    only = decompose_variance(labelled_world(), scenario(TWO), draws=60, sources=["size:cost"], workers=1)
    alone, rest = only.of("real_income_pct", "IRN")
    assert alone.share == pytest.approx(1, abs=1e-12)
    assert rest.share == pytest.approx(0, abs=1e-12)
    assert alone.error < 1e-12
    spread = only.whole.values["real_income_pct"][:, 0].std(ddof=1)
    assert alone.sd == pytest.approx(spread, rel=1e-12)


def test_shares_of_a_product_of_two_sizes() -> None:
    """Small, nearly linear effects add up: the share of each size is its variance over the sum."""
    shape = "  - {{id: {0}, kind: ntb, between: [{1}], sectors: all, size: {{hat: {{low: {2}, central: 0.99, high: {3}}}}}}}\n"
    asked = scenario(shape.format("near", "IRN, BLR", 0.999, 0.981) + shape.format("far", "IRN, CHN", 0.993, 0.987))
    found = decompose_variance(labelled_world(), asked, draws=150, sources=["sizes"], workers=2)
    parts = {part.source: part for part in found.of("real_income_pct", "IRN")}
    # whole variance = sum of both + 2 covariance of the draws, which has expectation 0
    interaction = parts["interaction"]
    assert abs(interaction.share) < MONTE_CARLO * interaction.error
    assert parts["size:near"].share + parts["size:far"].share == pytest.approx(1 - interaction.share, abs=1e-12)


def failing(monkeypatch: pytest.MonkeyPatch, which: set[int]) -> None:
    """The solver refuses the draws `which` of the only group."""
    real = study_module.solve_each

    def solve_some(*given, **named):  # type: ignore[no-untyped-def]
        for d, outcome in enumerate(real(*given, **named)):
            yield NoSolutionError("made up", reason="one-way-trade") if d in which else outcome

    monkeypatch.setattr(study_module, "solve_each", solve_some)


def test_failures_are_counted_and_too_many_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    world, asked = labelled_world(), one_ratio(1.1, 1.3, 1.4)
    whole = bands(world, asked, draws=40, workers=1)
    failing(monkeypatch, {3, 7})
    found = bands(world, asked, draws=40, workers=1)  # two of forty: five per cent, not above
    assert (found.asked, found.used, found.failures) == (40, 38, {"one-way-trade": 2})
    assert "38 of 40 draws" in found.note
    assert "one-way-trade: 2" in found.note
    assert np.isnan(found.sample.values["real_income_pct"][[3, 7]]).all()
    kept = np.delete(whole.sample.values["real_income_pct"], [3, 7], axis=0)
    assert found.low["real_income_pct"] == pytest.approx(np.quantile(kept, 0.05, axis=0), abs=100 * SOLVER)
    failing(monkeypatch, {1})  # on top of the other two
    with pytest.raises(NotConvergedError, match=r"3 of 40 draws have no solution, more than 5 %: one-way-trade: 3"):
        bands(world, asked, draws=40, workers=1)
    assert bands(world, asked, draws=40, workers=1, failed_share=0.1).used == 37
    with pytest.raises(NotConvergedError):
        decompose_variance(world, asked, draws=40, workers=1)


def test_workers_do_not_change_the_draws() -> None:
    world, asked = labelled_world(), scenario(TWO)
    one, two = (bands(world, asked, draws=30, workers=workers) for workers in (1, 2))
    # what a draw is solved beside differs: answers agree within the solver's tolerance
    assert two.sample.values["real_income_pct"] == pytest.approx(one.sample.values["real_income_pct"], abs=100 * SOLVER)
    assert (one.table.theta == two.table.theta).all()


def test_estimated_effects_are_drawn_with_theta() -> None:
    world, asked = labelled_world(), one_ratio(1.3, 1.3, 1.3)
    random = np.random.default_rng(2)
    b = 0.2 + 0.05 * random.standard_normal((50, len(world.sectors), 1))
    given = Draws(b, world.sectors, ("deal",), np.full((len(world.sectors), 1), 0.2), "normal", 50, {}, 2)
    found = bands(world, asked, draws=12, estimated={"deal": ("deal", given)}, workers=1)
    assert [source.status for source in found.sources if source.group == "estimates"] == ["estimated"]
    row, theta = int(found.table.estimate["estimate:deal"][5]), found.table.theta[5]
    iceberg = found.study.plan.shock(theta, {}, {"estimate:deal": row}).iceberg_hat
    j = iceberg[0]
    assert np.log(iceberg[3]) == pytest.approx(-b[row, j, 0] / theta[j], abs=1e-12)
    point = solve(world, found.study.plan.shock(world.trade_elasticity, {})).real_income_hat
    assert found.estimates["real_income_pct"] / 100 + 1 == pytest.approx(point, abs=SOLVER)
    with pytest.raises(InputError, match="no measure of that id"):
        bands(world, asked, estimated={"other": ("deal", given)})


def test_difference_is_that_of_the_same_draws() -> None:
    world, first, second = labelled_world(), one_ratio(1.1, 1.3, 1.4), scenario(TWO.replace("ratio,", "deal,"))
    apart = [bands(world, asked, draws=80, workers=1) for asked in (first, second)]
    found = difference(world, first, second, draws=80, workers=1)
    values = [one.sample.values["real_income_pct"][:, 0] for one in apart]
    expected = np.quantile(values[1] - values[0], [0.05, 0.95])
    band = found.of("real_income_pct", "IRN")
    assert [band.low, band.high] == pytest.approx(expected, abs=200 * SOLVER)
    assert band.estimate == pytest.approx(
        float(apart[1].estimates["real_income_pct"][0] - apart[0].estimates["real_income_pct"][0]), abs=200 * SOLVER
    )
    # theta and the common measure cancel in part
    assert found.gain("real_income_pct", "IRN") < 0.9
    nothing = difference(world, first, first, draws=10, workers=1).of("real_income_pct", "IRN")
    assert (nothing.low, nothing.estimate, nothing.high) == (0.0, 0.0, 0.0)


def test_bad_requests_say_what_is_wrong() -> None:
    world, asked = labelled_world(), one_ratio(1.1, 1.3, 1.4)
    for named, complaint in (
        ({"level": 0}, "level: a share is needed"),
        ({"level": 90}, "level: a share is needed"),
        ({"failed_share": 1}, "failed_share: a share is needed"),
        ({"workers": 3}, "workers: one process or two"),
        ({"sources": ["size:del"]}, "Did you mean size:deal"),
        ({"elasticities": "fontagn"}, "Did you mean fontagne"),
        ({"closure": "none"}, "unknown closure"),
        ({"draws": "many"}, "draws: a whole number is needed"),
    ):
        with pytest.raises(InputError, match=complaint):
            bands(world, asked, **named)  # type: ignore[arg-type]
    found = bands(world, asked, draws=4, workers=1)
    with pytest.raises(InputError, match="Did you mean real_income_pct"):
        found.of("real_income", "IRN")
    with pytest.raises(InputError, match="real_income_pct is not known of"):
        found.of("real_income_pct", "XXX")


def test_flagship() -> None:
    found = bands(load_world(), load_scenario("tehran-2023"), draws=40)
    assert (found.asked, found.used, found.failures) == (40, 40, {})
    for quantity, label in (
        ("real_income_pct", "IRN"),
        ("real_income_pct", "BLR"),
        ("equivalent_variation", "IRN"),
        ("pair_trade_change", "IRN-BLR"),
    ):
        band = found.of(quantity, label)
        assert band.low <= band.estimate <= band.high
        assert band.low < band.high
        assert set(band.ticks) == {"fontagne-minus-one", "caliendo-parro", "uniform-4"}
    # both partners' figures before the measures lie 41 million USD apart: 59 and 100.3
    wide = found.of("pair_trade", "IRN-BLR")
    assert wide.high - wide.low > 41
    assert [source.name for source in found.left_out] == ["openness:IRN"]
    assert len(list(found)) == 6 * 82 + 2
