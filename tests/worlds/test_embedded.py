"""The embedded worlds: exact, non-negative, faithful to their sources, equal to what the build makes."""

from __future__ import annotations

import numpy as np
import pytest

from comity import InputError, Shock, World, load_world, solve
from comity.benchmark.bundle import DEFAULT_WORLD
from comity.benchmark.world import ARRAYS
from tests.helpers import shared

EXACT = 1e-12
REBUILT = 1e-9  # linear algebra libraries may differ in the last bits
NAMES = ("world-2022", "world-2019")


@pytest.fixture(scope="module", params=NAMES)
def world(request: pytest.FixtureRequest) -> World:
    return load_world(request.param)


def test_size_and_default(world: World) -> None:
    assert (len(world.countries), len(world.sectors)) == (82, 22)
    assert world.money_unit == "million USD" and f"world-{world.base_year}" == world.name
    assert DEFAULT_WORLD == "world-2022"


def test_zero_shock_changes_nothing(world: World) -> None:
    solution = solve(world, Shock())
    assert solution.residual < EXACT
    assert np.abs(solution.real_income_hat - 1).max() < EXACT and np.abs(solution.wage_hat - 1).max() < EXACT


def test_shares_are_shares(world: World) -> None:
    for name in ("trade_share", "input_share", "consumption_share", "value_added_share"):
        assert getattr(world, name).min() >= 0, name
    assert np.abs(world.consumption_share.sum(axis=0) - 1).max() < EXACT
    assert (world.value_added > 0).all() and (world.income > 0).all()
    assert abs(world.deficit.sum()) < 1e-3


def test_gdp_is_that_of_wdi(world: World) -> None:
    gdp = np.array([world.provenance["gdp"][code] for code in world.countries])
    assert np.abs((world.value_added + world.tariff_revenue) / gdp - 1).max() < EXACT
    assert gdp.sum() > 85e6


def test_flows_between_observed_economies_are_the_source_s(world: World) -> None:
    from comity.benchmark.aggregate import aggregate_flows, membership
    from comity.classifications.sectors import load_sectors
    from comity.sources.icio import read_icio

    raw = read_icio(shared("data", "oecd_icio_tariffwar", f"ICIO{world.base_year}.mat"))
    groups = membership(raw.sectors, [sector.icio for sector in load_sectors().values()])
    source = aggregate_flows(raw.flow, groups)
    observed = [code for code in raw.countries if code != "ROW"]
    here = [world.country(code) for code in observed]
    there = [raw.countries.index(code) for code in observed]
    sectors = range(22)
    ours, theirs = world.flow[np.ix_(sectors, here, here)], source[np.ix_(sectors, there, there)]
    assert np.abs(ours - theirs).max() < 1e-6 and np.abs(ours - theirs).sum() < 1e-9 * theirs.sum()
    assert world.flow.sum() == pytest.approx(source.sum(), rel=1e-12)


def test_tariff_traps_are_mended(world: World) -> None:
    union = [world.country(code) for code in ("RUS", "BLR", "KAZ")]
    assert not world.tariff[np.ix_(range(22), union, union)].any()
    assert not world.tariff[world.sector("SERV")].any()
    iran, belarus = world.country("IRN"), world.country("BLR")
    # the source has no tariffs on exports of ROW; Iran is charged what others are charged
    assert 0.02 < world.tariff[:-1, belarus, iran].mean() < 0.2
    assert world.tariff[world.sector("MACH"), iran, belarus] == pytest.approx(0.1497)
    assert world.tariff[world.sector("FOOD"), iran, belarus] == pytest.approx(0.3406)


def test_iran_is_what_the_assumptions_say(world: World) -> None:
    iran, belarus, china = (world.country(code) for code in ("IRN", "BLR", "CHN"))
    goods = slice(0, 21)
    assert world.flow[goods, belarus, iran].sum() == pytest.approx(15.0)
    assert world.flow[goods, iran, belarus].sum() == pytest.approx(44.0)
    assert world.imports[goods, iran].sum() == pytest.approx(41236, rel=1e-3)
    oil = world.flow[world.sector("OILGAS"), china, iran]
    named = {2022: 24000.0, 2019: 7000.0}[world.base_year]  # other wanted flows that did not fit elsewhere come on top
    assert named <= oil < 1.05 * named
    about = world.provenance["countries"]
    assert about["IRN"]["flows"] == "estimated" and about["IRN"]["input_output"] == "borrowed"
    assert about["BLR"]["flows"] == "observed" and about["DEU"]["input_output"] == "observed"
    assert sum(status["flows"] == "estimated" for status in about.values()) == 1


def test_every_touched_cell_is_in_the_record(world: World) -> None:
    record = {step["what"]: step for step in world.provenance["record"]}
    assert record["tariffs on services set to 0"]["count"] > 5000
    assert record["tariffs inside a customs union set to 0"]["count"] > 0
    assert any("flows taken from ROW" in what for what in record)
    assert any("cut to the limit" in what for what in record)
    assert record["imports scaled to the country's own total"]["detail"] == "factor 1.372"
    assert record["negative final demand of WIOD (stocks drawn down) set to 0"]["count"] == 11
    assert record["prior cells that were 0 where flows are not and got a trace"]["count"] == 17
    assert record["sectors without output in a country: prior cost shares kept"]["count"] == int(
        (world.output == 0).sum()
    )
    assert sum("sector list of its own" in what for what in record) == 2
    assert all({"step", "what", "count", "detail"} <= set(step) for step in record.values())
    assert len(world.provenance["sources"]) >= 6 and all(s["licence"] for s in world.provenance["sources"])
    assert all(row["status"] in {"observed", "estimated", "assumed"} for row in world.provenance["assumptions"])


@pytest.mark.parametrize("name", NAMES)
def test_committed_bundle_equals_the_rebuilt_one(name: str) -> None:
    pytest.importorskip("h5py", reason="needs the readers: pip install comity[worlds]")
    pytest.importorskip("pyarrow", reason="needs the readers: pip install comity[worlds]")
    from comity.benchmark.build import build_world

    built, kept = build_world(name, shared("data")), load_world(name)
    assert built.countries == kept.countries and built.sectors == kept.sectors
    for array in (*ARRAYS, "expenditure"):
        ours, theirs = getattr(built, array), getattr(kept, array)
        scale = np.abs(theirs).max() if array == "deficit" else np.maximum(np.abs(theirs), 1e-9)
        assert (np.abs(ours - theirs) / scale).max() < REBUILT, array
    import json

    plain = json.loads(json.dumps(built.provenance))
    mended = [{**step, "detail": str(step["detail"]).split("largest gap")[0]} for step in plain.pop("record")]
    stored = dict(kept.provenance)
    expected = [{**step, "detail": str(step["detail"]).split("largest gap")[0]} for step in stored.pop("record")]
    assert plain == stored and mended == expected


def test_build_refuses_by_name(tmp_path) -> None:
    from comity.benchmark.build import build_world

    with pytest.raises(InputError, match="cannot be built.*Did you mean world-2022"):
        build_world("world-2202", tmp_path)
    with pytest.raises(InputError, match="ICIO2022.mat.*is not there"):
        build_world("world-2022", tmp_path)
