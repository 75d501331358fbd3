"""Build steps on small tables worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from comity import InputError, Shock, World, solve
from comity.benchmark.aggregate import aggregate_flows, aggregate_tariffs, clean_tariffs, membership, usual_rate
from comity.benchmark.assumptions import read_assumptions
from comity.benchmark.balance import accounts, balance_country, fit, shift_value_added
from comity.benchmark.carve import Request, carve_country, fit_to_stages
from comity.benchmark.elasticities import elasticity_set, elasticity_sets, to_theta
from comity.classifications.sectors import is_goods, load_sectors
from tests.helpers import labelled_world

EXACT = 1e-12
SOLVED = 1e-12


def test_sectors_table() -> None:
    sectors = load_sectors()
    assert len(sectors) == 22 and list(sectors)[0] == "AGR" and list(sectors)[-1] == "SERV"
    assert is_goods(list(sectors)).sum() == 21
    assert sectors["SERV"].wiod[0] == "C23" and len(sectors["SERV"].wiod) == 28
    assert is_goods(["X1", "Services (aggregate)", "SERV"]).tolist() == [True, False, False]


def test_aggregation_weights_tariffs_by_flows() -> None:
    matrix = membership(["a", "b", "c"], [["a", "b"], ["c"]])
    flow = np.zeros((3, 2, 2))
    flow[0, 0, 1], flow[1, 0, 1] = 10.0, 30.0
    tariff = np.zeros((3, 2, 2))
    tariff[0, 0, 1], tariff[1, 0, 1], tariff[0, 1, 0] = 0.1, 0.2, 0.4
    assert aggregate_flows(flow, matrix)[0, 0, 1] == 40.0
    got = aggregate_tariffs(tariff, flow, matrix)
    assert got[0, 0, 1] == pytest.approx((1 + 6) / 40) and got[0, 1, 0] == pytest.approx(0.2)  # simple mean: no flow
    with pytest.raises(InputError, match="exactly one group"):
        membership(["a", "b"], [["a"]])


def test_tariffs_are_cleaned_and_counted() -> None:
    tariff = np.full((2, 3, 3), 0.1)
    flow = np.ones((2, 3, 3))
    fresh, record = clean_tariffs(tariff, flow, np.array([True, False]), [[0, 1]])
    assert not fresh[1].any() and fresh[0, 0, 1] == 0 and fresh[0, 0, 2] == 0.1 and fresh[0, 2, 2] == 0
    assert [entry["count"] for entry in record] == [9, 3, 2]


def test_usual_rate_is_the_median_of_what_is_charged() -> None:
    tariff = np.array([[[0.0, 0.1, 0.3], [0.0, 0.0, 0.0], [0.2, 0.0, 0.0]]])
    assert usual_rate(tariff)[0] == pytest.approx([0.2, 0.0, 0.2])


def test_fit_meets_totals_and_keeps_zeros() -> None:
    prior = np.array([[1.0, 2.0, 0.0], [3.0, 1.0, 1.0]])
    table, rounds, gap = fit(prior, np.array([6.0, 4.0]), np.array([3.0, 5.0, 2.0]))
    assert np.abs(table.sum(axis=1) - [6, 4]).max() < 1e-10 and np.abs(table.sum(axis=0) - [3, 5, 2]).max() < 1e-10
    assert table[0, 2] == 0 and gap < 1e-10 and rounds > 1
    with pytest.raises(InputError, match="totals differ"):
        fit(prior, np.array([6.0, 4.0]), np.array([3.0, 5.0, 3.0]))
    with pytest.raises(InputError, match="every cell of the prior is zero"):
        fit(np.array([[0.0, 1.0], [0.0, 1.0]]), np.array([1.0, 1.0]), np.array([1.0, 1.0]))


def test_value_added_shares_move_by_one_logit_constant() -> None:
    share, output = np.array([0.3, 0.5, 0.8]), np.array([10.0, 20.0, 5.0])
    moved, largest = shift_value_added(share, output, 20.0)
    assert (moved * output).sum() == pytest.approx(20.0, abs=1e-12)
    shift = np.log(moved / (1 - moved)) - np.log(share / (1 - share))
    assert np.ptp(shift) < 1e-9 and largest == pytest.approx(np.abs(moved - share).max())
    with pytest.raises(InputError):
        shift_value_added(share, output, 36.0)


def test_balanced_country_adds_up() -> None:
    inputs, final = np.array([[2.0, 1.0], [1.0, 4.0]]), np.array([5.0, 6.0])
    share = np.array([0.5, 0.4])
    output = np.array([8.0, 10.0])
    expenditure = np.array([9.0, 11.0])
    income = expenditure.sum() - ((1 - share) * output).sum()
    shares, alpha, gap = balance_country(inputs, final, share, expenditure, output, income)
    assert np.abs(shares.sum(axis=0) + share - 1).max() < EXACT and alpha.sum() == pytest.approx(1.0)
    used = (shares * output).sum(axis=1) + alpha * income
    assert np.abs(used - expenditure).max() < 1e-10 and gap < EXACT


def test_carving_keeps_the_world_total() -> None:
    """Any country can be carved: nothing is created, ROW gives what the new country gets, limits hold."""
    rng = np.random.default_rng(0)
    flow = rng.uniform(10, 20, (3, 4, 4))
    flow[:, 3, 3] = 500.0
    exports, imports = np.zeros((3, 4)), np.zeros((3, 4))
    exports[0, 0], exports[1, 3], imports[2, 1], imports[0, 2] = 2.0, 5.0, 3.0, 1e6
    request = Request("NEW", exports, imports, np.array([20.0, 30.0, 10.0]), np.full(4, 0.5))
    wide, names, record = carve_country(flow, ("A", "B", "C", "ROW"), request)
    assert names == ("A", "B", "C", "NEW", "ROW")
    assert wide.sum() == pytest.approx(flow.sum()) and (wide >= 0).all()
    assert wide[0, 0, 3] == 2.0 and wide[0, 0, 4] == pytest.approx(flow[0, 0, 3] - 2.0)
    assert wide[0, 3, 2] == pytest.approx(flow[0, 3, 2] / 2)  # half of ROW's cell, not a million
    assert wide[1, 4, 3] == 5.0 and wide[1, 3, 3] == pytest.approx(25.0)
    observed = np.ix_(range(3), range(3), range(3))
    assert np.array_equal(wide[observed], flow[observed])
    assert record[-1]["count"] == 1 and "999," in str(record[-1]["detail"])
    with pytest.raises(InputError, match="own market is too small"):
        carve_country(flow, ("A", "B", "C", "ROW"), Request("NEW", exports, imports, np.full(3, 1e4), np.ones(4)))


def test_stage_totals_are_met_without_touching_partner_totals() -> None:
    flows = np.array([[4.0, 1.0], [2.0, 2.0], [1.0, 5.0]])
    stage = np.array(["raw", "capital", "capital"])
    fitted = fit_to_stages(flows, stage, {"raw": 1.0, "capital": 3.0})
    assert np.abs(fitted.sum(axis=0) - flows.sum(axis=0)).max() < 1e-9
    assert fitted[0].sum() / fitted.sum() == pytest.approx(0.25, abs=1e-9)


def test_elasticity_sets_convert_in_one_place() -> None:
    codes = list(load_sectors())
    assert elasticity_sets() == ["fontagne", "fontagne-minus-one", "caliendo-parro", "uniform-4"]
    default, about = elasticity_set("fontagne", codes)
    lower, _ = elasticity_set("fontagne-minus-one", codes)
    assert default[0] == 2.91 and default[-1] == 4.5 and default.min() > 2.9 and default.max() == 10.56
    assert np.abs(default[:-1] - lower[:-1] - 1).max() < EXACT and lower[-1] == 4.5
    assert "reported" in about and about["citation"]
    assert elasticity_set("caliendo-parro", codes)[0][codes.index("PETRO")] == 64.85
    assert set(elasticity_set("uniform-4", codes)[0]) == {4.0}
    assert to_theta(5.0, "theta = epsilon - 1") == 4.0
    with pytest.raises(InputError, match="not positive"):
        to_theta(0.9, "theta = epsilon - 1")
    with pytest.raises(InputError, match="no value for some sectors"):
        elasticity_set("fontagne", ["AGR", "HATS"])


def test_with_flows_is_an_exact_equilibrium_that_changes_only_the_pair() -> None:
    world = labelled_world()
    total = world.flow[:, 1, 0].sum()
    fresh = world.with_flows({("IRN", "BLR"): 2 * total, ("BLR", "IRN", "AGR"): 1.5})
    assert fresh.flow[:, 1, 0].sum() == pytest.approx(2 * total) and fresh.flow[0, 0, 1] == pytest.approx(1.5)
    assert np.abs(fresh.output / world.output - 1).max() < 1e-10
    assert np.array_equal(fresh.value_added, world.value_added)
    assert solve(fresh, Shock()).residual < SOLVED
    untouched = [2, 3, 4]
    assert np.array_equal(fresh.input_share[:, :, untouched], world.input_share[:, :, untouched])
    with pytest.raises(InputError, match="does not produce that much"):
        world.with_flows({("IRN", "BLR", "AGR"): 1e9})
    with pytest.raises(InputError, match="unknown country.*Did you mean"):
        world.with_flows({("IRM", "BLR"): 1.0})
    with pytest.raises(InputError, match="not negative"):
        world.with_flows({("IRN", "BLR"): -1.0})


def test_with_tariffs_keeps_flows() -> None:
    world = labelled_world()
    fresh = world.with_tariffs({("BLR", "IRN"): 0.5})
    assert (fresh.tariff[:3, 0, 1] == 0.5).all() and fresh.tariff[3, 0, 1] == 0
    assert np.abs(fresh.flow - world.flow).max() < 1e-9 * world.flow.max()
    assert solve(fresh, Shock()).residual < SOLVED
    with pytest.raises(InputError, match="services carry no tariff"):
        world.with_tariffs({("BLR", "IRN", "SERV"): 0.1})


def test_balanced_world_has_no_deficits() -> None:
    fresh: World = labelled_world().balanced()
    assert not fresh.deficit.any() and solve(fresh, Shock()).residual < 1e-10


def test_accounts_of_a_small_table() -> None:
    flow = np.array([[[8.0, 2.0], [1.0, 9.0]]])
    tariff = np.array([[[0.0, 0.5], [0.0, 0.0]]])
    got = accounts(flow, tariff)
    assert got.expenditure.tolist() == [[11.0, 10.0]] and got.output.tolist() == [[9.0, 11.0]]
    assert got.revenue.tolist() == [1.0, 0.0] and got.deficit.tolist() == [1.0, -1.0]


def test_assumptions_file_mistakes_are_named(tmp_path) -> None:
    assert set(read_assumptions()["carve_out"]) == {"IRN"}
    bad = tmp_path / "mine.yaml"
    bad.write_text("gdb: {}\n")
    with pytest.raises(InputError, match="mine.yaml.*unknown key.*Did you mean gdp"):
        read_assumptions(bad)
    bad.write_text("gdp: [")
    with pytest.raises(InputError, match="cannot be read"):
        read_assumptions(bad)
