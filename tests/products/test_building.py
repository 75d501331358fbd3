"""Building a ProductWorld: scaling, residual products, flows left out and counted, mistakes named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from comity import InputError, Shock
from comity.benchmark.products import HOME_SHARE, ProductWorld
from comity.benchmark.synthetic import synthetic_world
from comity.benchmark.synthetic_products import synthetic_flows, synthetic_product_world
from comity.equilibrium.product_solve import solve_products
from tests.helpers import labelled_world, one_sector_world

SHARES = 1e-14  # sums of a handful of shares
VALUES = 1e-12  # sums of money over a few thousand cells

WORLD = one_sector_world()  # AAA BBB CCC, one sector ONE
SECTOR = {"p": "ONE", "q": "ONE"}


def table(*rows: tuple[Any, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["product", "origin", "destination", "value"])


def test_products_add_up_to_the_sector_cell() -> None:
    products = ProductWorld(
        WORLD,
        table(("p", "BBB", "AAA", 2.0), ("q", "BBB", "AAA", 6.0), ("q", "CCC", "AAA", 5.0), ("p", "AAA", "BBB", 1.0)),
        SECTOR,
    )
    markets = products.markets
    cells = np.bincount(markets.cell, markets.share * markets.spending_share[markets.market], minlength=9)
    foreign = WORLD.trade_share[0] * (1 - np.eye(3))
    assert cells.reshape(3, 3) == pytest.approx(foreign, abs=SHARES)
    # AAA spends 0.15 on BBB, a quarter of it on p, and 0.05 on CCC, all q
    # markets in order: p in AAA, p in BBB, q in AAA, then residual ones
    assert markets.spending_share[[0, 2]] == pytest.approx([0.0375 / 0.2, 0.1625 / 0.2], rel=SHARES)
    # each product keeps the sector's home share
    assert markets.home[[0, 2]] == pytest.approx([0.8, 0.8], rel=SHARES)
    assert markets.share[[0, 2, 3]] == pytest.approx([0.2, 0.2 * 0.1125 / 0.1625, 0.2 * 0.05 / 0.1625], rel=SHARES)
    # suppliers in order: p of AAA and BBB, q of BBB and CCC, the residual product of all three; one flow each
    sold = np.bincount(markets.supplier, minlength=len(markets.supplier_cell))
    assert sold.tolist() == [1] * 7 and markets.supplier_cell.tolist() == [0, 1, 1, 2, 0, 1, 2]
    counts = products.counts
    assert (counts.given, counts.used, counts.cells, counts.cells_without_data) == (4, 4, 3, 3)
    flow = WORLD.flow[0]
    lost = flow[1, 2] + flow[2, 0] + flow[2, 1]
    assert counts.residual_share == pytest.approx(lost / (flow.sum() - np.trace(flow)), rel=VALUES)
    assert counts.home_share == HOME_SHARE and "assumed" in HOME_SHARE
    assert counts.scale[2] == pytest.approx(max(flow[0, 1] / 8, flow[0, 2] / 5, flow[1, 0]), rel=VALUES)


def test_flows_left_out_are_counted() -> None:
    world = labelled_world(zero_cells=0.5)
    food = world.sector("FOOD")
    flow = world.flow[food] * (1 - np.eye(5))
    importer, exporter = np.argwhere((flow == 0) & (np.eye(5) == 0))[0]
    there = np.argwhere(flow > 0)[0]
    name = world.countries
    flows = table(
        ("1001", name[there[1]], name[there[0]], 3.0),
        ("1002", name[there[1]], name[there[0]], 0.0),
        ("1001", name[exporter], name[importer], 5.0),
        ("1001", "IRN", "IRN", 7.0),
        ("9999", "IRN", "RUS", 11.0),
    )
    products = ProductWorld(world, flows, {"1001": "FOOD", "1002": "FOOD", "9999": None})
    counts = products.counts
    assert counts.given == 5 == counts.used + counts.zero + counts.within_country + counts.without_sector + 1
    assert (counts.used, counts.zero, counts.within_country, counts.without_sector) == (1, 1, 1, 1)
    assert (counts.in_empty_cells, counts.value_in_empty_cells) == (1, 5.0)
    assert (counts.value_used, counts.value_within_country, counts.value_without_sector) == (3.0, 7.0, 11.0)
    assert products.product_sector.tolist() == [food, food, -1]
    assert np.isnan(products.product_theta[2]) and products.product_theta[0] == world.trade_elasticity[food]
    assert counts.cells == 1 and counts.cells_without_data == (world.flow > 0).sum() - 20 - 1
    assert 0 < counts.residual_share < counts.residual_share_all < 1
    solve_products(products, Shock())


def test_tables_arrays_labels_and_any_order_say_the_same() -> None:
    rows = [("q", "BBB", "AAA", 6.0), ("p", "CCC", "AAA", 5.0), ("p", "BBB", "AAA", 2.0), ("q", "AAA", "CCC", 1.0)]
    plain = table(*rows)
    sorted_ = plain.astype({"product": "category", "origin": "category", "destination": "category"})
    labels = tuple(plain[name].to_numpy() for name in ("product", "destination", "origin", "value"))
    position = ([1, 0, 0, 1], [0, 0, 0, 2], [1, 2, 1, 0], [6.0, 5.0, 2.0, 1.0])
    built = [ProductWorld(WORLD, given, SECTOR) for given in (plain, sorted_, plain[::-1], labels, position)]
    for other in built[1:]:
        for field in ("share", "cell", "spending_share", "supplier", "turned_market"):
            assert np.array_equal(getattr(built[0].markets, field), getattr(other.markets, field)), field


def test_elasticities_by_code_by_position_and_by_sector() -> None:
    flows = table(("p", "BBB", "AAA", 2.0), ("q", "BBB", "AAA", 6.0))
    assert ProductWorld(WORLD, flows, SECTOR).product_theta.tolist() == [4.0, 4.0]
    assert ProductWorld(WORLD, flows, SECTOR, {"q": 7.0}).product_theta.tolist() == [4.0, 7.0]
    given = ProductWorld(WORLD, flows, SECTOR, [3.0, 7.0])
    assert given.product_theta.tolist() == [3.0, 7.0]
    assert given.markets.market_theta[:2].tolist() == [3.0, 7.0]
    assert not given.product_theta.flags.writeable and not given.markets.share.flags.writeable


GOOD = ("p", "BBB", "AAA", 2.0)
MISTAKES = {
    "columns missing": (table(GOOD).drop(columns="origin"), SECTOR, None),
    "1 unknown product label": (table(("r", "BBB", "AAA", 2.0)), SECTOR, None),
    "1 unknown country label": (table(("p", "BBC", "AAA", 2.0)), SECTOR, None),
    "lose their leading zero": (table((10121, "BBB", "AAA", 2.0)), {"010121": "ONE"}, None),
    "product codes are text": (table(GOOD), {10121: "ONE"}, None),
    "missing, infinite or negative": (table(("p", "BBB", "AAA", -2.0)), SECTOR, None),
    "nan in row 0": (table(("p", "BBB", "AAA", np.nan)), SECTOR, None),
    "more than once": (table(GOOD, GOOD), SECTOR, None),
    "unknown sector": (table(GOOD), {"p": "OEN"}, None),
    "a mapping from product to sector": (table(GOOD), ["ONE"], None),
    "a position out of range": (([2], [0], [1], [1.0]), SECTOR, None),
    "different length": (([0, 1], [0], [1], [1.0]), SECTOR, None),
    "four arrays": (([0], [0], [1]), SECTOR, None),
    r"1 elasticity\(ies\) not positive": (table(GOOD), SECTOR, [4.0, 0.0]),
    "unknown product": (table(GOOD), SECTOR, {"r": 4.0}),
    "one number a product": (table(GOOD), SECTOR, [4.0]),
    "numbers are needed": (([0], [0], [1], ["many"]), SECTOR, None),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_named(message: str) -> None:
    flows, sector, theta = MISTAKES[message]
    with pytest.raises(InputError, match=message) as refused:
        ProductWorld(WORLD, flows, sector, theta)
    assert refused.value.where.split(".")[0] in ("flows", "product_sector", "product_theta")


def test_a_world_is_needed() -> None:
    with pytest.raises(InputError, match="a World is needed"):
        ProductWorld("world-2022", table(GOOD), SECTOR)  # type: ignore[arg-type]


def test_labels_missing_in_a_categorical_column() -> None:
    flows = table(GOOD, ("p", "CCC", "AAA", 1.0)).astype({"origin": "category"})
    flows["origin"] = flows["origin"].cat.remove_categories("CCC")
    with pytest.raises(InputError, match=r"flows.origin: 1 label\(s\) missing"):
        ProductWorld(WORLD, flows, SECTOR)


def test_the_world_is_shown_in_one_line() -> None:
    assert repr(ProductWorld(WORLD, table(GOOD), SECTOR)).endswith("2 products, 1 observed flows")


def test_synthetic_flows_are_exactly_as_many_as_asked() -> None:
    world = synthetic_world(8, 3, seed=2, zero_cells=0.4)
    (product, importer, exporter, value), sector = synthetic_flows(world, 40, 700, seed=2)
    assert len(value) == 700 and (value > 0).all() and (importer != exporter).all()
    assert len(np.unique((product * 8 + importer) * 8 + exporter)) == 700
    assert world.sectors[-1] not in sector.values()
    position = np.array([world.sector(code) for code in sector.values()])
    assert (world.flow[position[product], importer, exporter] > 0).all()
    with pytest.raises(InputError, match="more flows than pairs"):
        synthetic_flows(world, 2, 700)
    again = synthetic_product_world(8, 40, 700, sectors=3, seed=2)
    assert again.counts.used == 700 and again.counts.in_empty_cells == 0
