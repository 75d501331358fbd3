"""The draw table and the shock of a draw: reproducible, paired, with the moments it says, exact."""

from __future__ import annotations

import numpy as np
import pytest

from comity import InputError, compile_scenario, load_scenario, load_world
from comity.benchmark.elasticities import elasticity_set
from comity.classifications.sectors import load_sectors
from comity.equilibrium.changes import changes_of
from comity.scenario.sizes import Levels
from comity.uncertainty.bank import node_of, world_at
from comity.uncertainty.draws import DrawTable, draw, triangular
from comity.uncertainty.shocks import Drawn, make_plan
from comity.uncertainty.sources import Source, choose, load_spreads, theta_log_sd
from comity.uncertainty.study import Study, prepare
from tests.helpers import labelled_world
from tests.uncertainty.cases import EVERY_FORM, one_ratio, scenario

ROUNDING = 1e-12  # of ln kappa_hat and rates: the same arithmetic on the same numbers, a few operations each
MONTE_CARLO = 4.0  # standard errors


@pytest.fixture(scope="module")
def study() -> Study:
    return prepare(labelled_world(), scenario(EVERY_FORM))


def flat(table: DrawTable) -> dict[str, np.ndarray]:
    return {"theta": table.theta, **table.position, **table.node}


def test_seed_decides_everything_and_short_runs_are_beginnings(study: Study) -> None:
    one, again, other, longer = (flat(study.table(n, seed)) for n, seed in ((50, 3), (50, 3), (50, 4), (80, 3)))
    assert len(one) == 10  # theta, eight sizes, the price of a day
    for name in one:
        assert (one[name] == again[name]).all()
        assert (one[name] != other[name]).any()
        assert (one[name] == longer[name][:50]).all()


def test_a_source_keeps_its_draws_in_other_scenarios_and_beside_other_sources() -> None:
    world = load_world()
    first, second = (prepare(world, load_scenario(name)) for name in ("tehran-2023", "sanctioned-front"))
    one, two = first.table(60, 7), second.table(60, 7)
    shared = {*one.position} & {*two.position}
    assert (one.theta == two.theta).all()
    for name in shared:
        assert (one.position[name] == two.position[name]).all()
    alone = first.table(60, 7, ["sizes"])
    assert (alone.theta == world.trade_elasticity).all()
    assert not alone.node
    for name, values in alone.position.items():
        assert (values == one.position[name]).all()


def test_log_normal_moments() -> None:
    theta, spread = np.array([4.0, 9.0]), np.array([0.49, 0.2])
    source = Source("elasticities", "elasticities", "", "", "assumed", "ours")
    count = 20_000
    logs = np.log(draw([source], theta, spread, ("A", "B"), draws=count, seed=5).theta / theta)
    assert np.abs(logs.mean(axis=0) / (spread / np.sqrt(count))).max() < MONTE_CARLO
    # variance of a sample variance of a normal: 2 sigma^4 / (n - 1)
    assert np.abs((logs.var(axis=0, ddof=1) / spread**2 - 1) / np.sqrt(2 / (count - 1))).max() < MONTE_CARLO
    assert abs(np.corrcoef(logs.T)[0, 1]) * np.sqrt(count) < MONTE_CARLO


def test_triangular_quantiles() -> None:
    # distribution function of the triangular on [-1, 1] with mode 0
    position = triangular(np.array([0.0, 0.125, 0.5, 0.875, 1.0]))
    assert position == pytest.approx([-1, -0.5, 0, 0.5, 1], abs=ROUNDING)


@pytest.mark.parametrize(("level", "place"), [("low", -1.0), ("central", 0.0), ("high", 1.0)])
@pytest.mark.parametrize("factor", [1.0, 0.6, 1.7])
def test_shock_is_that_of_compile_scenario(level: str, place: float, factor: float) -> None:
    world = labelled_world()
    asked = scenario(EVERY_FORM)
    theta = world.trade_elasticity * factor
    plan = make_plan(world, asked)
    position = {source.name: place for source in plan.sources}
    ours = changes_of(world, plan.shock(theta, position))
    theirs = changes_of(world, compile_scenario(world, asked, size_level=level, theta=theta).shock)  # type: ignore[arg-type]
    assert (ours.flat == theirs.flat).all()
    assert ours.log_cost() == pytest.approx(theirs.log_cost(), abs=ROUNDING)
    assert ours.tariff.new == pytest.approx(theirs.tariff.new, abs=ROUNDING)
    assert ours.productivity_hat == pytest.approx(theirs.productivity_hat, abs=ROUNDING)
    assert ours.transfer == pytest.approx(theirs.transfer, abs=ROUNDING)


@pytest.mark.parametrize("name", ["tehran-2023", "sanctioned-front", "iran-2012", "eaeu-iran-fta"])
def test_gallery_shocks_are_those_of_compile_scenario(name: str) -> None:
    world, asked = load_world(), load_scenario(name)
    plan = make_plan(world, asked)
    theta = world.trade_elasticity * np.linspace(0.5, 2, len(world.sectors))
    for level, place in (("low", -1.0), ("high", 1.0)):
        ours = changes_of(world, plan.shock(theta, {source.name: place for source in plan.sources}))
        compiled = compile_scenario(world, asked, year=asked.year, size_level=level, theta=theta, words=False)  # type: ignore[arg-type]
        theirs = changes_of(world, compiled.shock)
        assert (ours.flat == theirs.flat).all()
        assert ours.log_cost() == pytest.approx(theirs.log_cost(), abs=ROUNDING)


def test_between_the_sizes_log_cost_is_linear() -> None:
    size = Drawn("size:x", Levels(1.1, 1.3, 1.4), None, "trade_ratio")
    assert np.log(size.at(0.5)) == pytest.approx((np.log(1.3) + np.log(1.4)) / 2, abs=ROUNDING)
    assert Drawn("x", Levels(-1, -2, -5), None, "days").at(-0.25) == pytest.approx(-1.75, abs=ROUNDING)
    # a published standard error of 0.2 around a ratio of 2 is 0.1 of its logarithm
    assert Drawn("x", Levels(2, 2, 2), 0.2, "trade_ratio").at(1.5) == pytest.approx(2 * np.exp(0.15), abs=ROUNDING)
    assert Drawn("x", Levels(2, 2, 2), 0.2, "days").at(1.5) == pytest.approx(2.3, abs=ROUNDING)


def test_published_standard_errors_and_the_assumed_spread() -> None:
    rows = load_spreads()
    sectors = list(load_sectors())
    theta, _ = elasticity_set("caliendo-parro", sectors)
    spread, source = theta_log_sd(rows, "caliendo-parro", sectors, theta)
    # agriculture: 9.11 with a standard error of 1.86
    assert spread[sectors.index("AGR")] == pytest.approx(np.sqrt(np.log(1 + (1.86 / 9.11) ** 2)), abs=ROUNDING)
    assert source.status == "published in 19 sectors, assumed in 3 sectors"
    sets = np.log([elasticity_set(name, sectors)[0] for name in ("fontagne", "caliendo-parro", "uniform-4")])
    two_digits = 0.005
    spread, source = theta_log_sd(rows, "fontagne", sectors, theta)
    assert source.status == "assumed"
    assert spread == pytest.approx(np.median(sets.std(axis=0, ddof=1)), abs=two_digits)


def test_bank_holds_the_drawn_flows() -> None:
    world = load_world()
    study = prepare(world, load_scenario("tehran-2023"))
    sources = study.sources
    chosen = {"count:BLR-IRN": 0.5, "flow:IRN CHN OILGAS": -0.5, "openness:IRN": 0.0}
    there = world_at(world, sources, node_of(sources, chosen))
    goods = np.array([code != "SERV" for code in world.sectors])
    iran, belarus, china, oil = world.country("IRN"), world.country("BLR"), world.country("CHN"), world.sector("OILGAS")
    balanced = 1e-9  # relative: what a World is checked to
    # Belarus counts 19 and 81.3, Iran 15 and 44; the world holds Iran's
    assert there.flow[goods, belarus, iran].sum() == pytest.approx((15 + 19) / 2, rel=balanced)
    assert there.flow[goods, iran, belarus].sum() == pytest.approx((44 + 81.3) / 2, rel=balanced)
    assert there.flow[oil, china, iran] == pytest.approx(world.flow[oil, china, iran] / 2, rel=balanced)
    assert world_at(world, sources, node_of(sources, chosen)) is there
    assert world_at(world, sources, node_of(sources, {"count:BLR-IRN": 0.0})) is world


@pytest.mark.parametrize("theta", [0.0, -4.0, np.nan])
def test_elasticities_that_are_not_positive_are_refused(theta: float) -> None:
    with pytest.raises(InputError, match="theta must be positive"):
        theta_log_sd(load_spreads(), "custom", ("A",), np.array([theta]))
    with pytest.raises(InputError, match="theta must be positive"):
        draw([], [theta], [0.1], ("A",))


def test_bad_requests_say_what_is_wrong(study: Study, tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="a spread is a number, not negative"):
        draw([], [4.0], [-0.1], ("A",))
    for draws in (1, 0, 2.5, True):
        with pytest.raises(InputError, match="draws: a whole number is needed"):
            study.table(draws, 1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="seed: a whole number is needed"):
        study.table(10, -1)
    with pytest.raises(InputError, match="Did you mean elasticities"):
        choose(study.sources, ["elasticity"])
    file = tmp_path / "mine.csv"
    head = "source,set,key,kind,value,status,citation,note\n"
    for row, complaint in (
        ("theta,*,*,log_sd,-1,assumed,ours,", "not negative"),
        ("theta,*,*,log_sd,x,assumed,ours,", "a number is needed"),
        ("theta,*,*,range,1,assumed,ours,", "unknown kind"),
        ("price,*,*,log_sd,1,assumed,ours,", "unknown source"),
        ("theta,*,*,log_sd,1,guessed,ours,", "unknown status"),
        ("theta,*,*,log_sd,1,assumed,,", "a citation is needed"),
        ("flow,*,IRN CHN AGR,relative_range,1,assumed,ours,", "leaves a flow positive"),
        ("theta,*,*,log_sd,1,assumed,ours,\ntheta,*,*,log_sd,2,assumed,ours,", "line 3: said twice"),
    ):
        file.write_text(head + row + "\n", encoding="utf-8")
        with pytest.raises(InputError, match=complaint):
            load_spreads(file)
    file.write_text(head + "theta,other,*,log_sd,1,assumed,ours,\n", encoding="utf-8")
    with pytest.raises(InputError, match="no spread for a sector"):
        prepare(labelled_world(), one_ratio(1.1, 1.2, 1.3), spreads=file)
