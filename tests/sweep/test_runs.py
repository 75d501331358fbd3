"""Runs: the same bits with every executor and number of workers, what rows hold, plans that grow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from comity import InputError, Shock, World, load_world, save_world, simulate, solve_many
from comity.benchmark.synthetic import synthetic_world
from comity.benchmark.world import ARRAYS
from comity.coalition.load import load_game
from comity.coalition.run import coalition
from comity.sweep import plan_sweep, read_store, run_sweep
from comity.sweep import rows as rows_module
from comity.sweep.shocks import scenario_at, shocks_of
from tests.sweep import cases

SAME = 1e-9  # real income of one scenario solved alone and beside others: both have a residual below 1e-10
HEAD = "schema: 1\ntype: sweep\nid: x\ntitle: X\n"


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("runs")
    sweep = cases.write(folder)
    report = run_sweep(plan_sweep(sweep), folder / "serial")
    assert (report.points, report.before, report.solved, report.statuses) == (144, 0, 144, {"converged": 144})
    return sweep, folder / "serial"


@pytest.mark.parametrize(("executor", "workers"), [("serial", 1), ("process", 1), ("process", 2)])
def test_same_bits(serial: tuple[Path, Path], tmp_path: Path, executor: str, workers: int) -> None:
    """The files are the same, byte by byte: so are the values."""
    run_sweep(plan_sweep(serial[0]), tmp_path / "store", executor=executor, workers=workers)
    assert cases.files(tmp_path / "store") == cases.files(serial[1])
    one, other = read_store(serial[1]).results, read_store(tmp_path / "store").results
    numbers = [frame.select_dtypes("float64").to_numpy() for frame in (one, other)]
    assert numbers[0].shape == (144, 17) and numbers[0].tobytes() == numbers[1].tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_same_bits_on_dask(serial: tuple[Path, Path], tmp_path: Path, workers: int) -> None:
    """On a cluster of processes that is started for it."""
    run_sweep(plan_sweep(serial[0]), tmp_path / "store", executor="dask", workers=workers)
    assert cases.files(tmp_path / "store") == cases.files(serial[1])


def test_same_bits_on_a_cluster_of_threads(serial: tuple[Path, Path], tmp_path: Path) -> None:
    """On a cluster that is there already, by its address; its one worker solves two chunks at a time."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, protocol="tcp",
                                  dashboard_address=None, silence_logs="CRITICAL") as cluster:  # fmt: skip
        run_sweep(plan_sweep(serial[0]), tmp_path / "store", executor="dask", cluster=cluster.scheduler_address)
    assert cases.files(tmp_path / "store") == cases.files(serial[1])


def test_rows_are_the_scenarios_results(serial: tuple[Path, Path]) -> None:
    """Points in the table against `simulate` on their scenario, one by one."""
    plan, rows = plan_sweep(serial[0]), read_store(serial[1]).results.set_index("point")
    assert (rows["residual"] <= 1e-10).all() and (rows["status"] == "converged").all()
    world = load_world(serial[0].parent / "small.npz")
    for number in (0, 17, 99, 143):
        point = plan.point(number)
        row = rows.loc[point.id]
        scenario = scenario_at(plan, point)
        solved = solve_many(
            world, [shocks_of(plan, [point])[0].shock], closure=point.closure, keep=("real_income_hat",)
        )
        for n, code in enumerate(world.countries):
            assert row[f"real_income_pct_{code}"] / 100 == pytest.approx(solved.real_income_hat[0, n] - 1, abs=SAME)
        assert row["number"] == number and row["closure"] == point.closure
        if point.level == "central":
            out = simulate(world, scenario, closure=point.closure)
            assert row["equivalent_variation_IRN"] == pytest.approx(
                out.of("IRN").equivalent_variation, abs=SAME * world.income.max()
            )


def test_rows_at_central_size_against_simulate(serial: tuple[Path, Path]) -> None:
    plan, store = plan_sweep(serial[0]), read_store(serial[1])
    number = store.fetch("SELECT max(number) FROM results WHERE sizes = 'central' AND closure = 'balanced'")[1][0][0]
    point = plan.point(number)
    world = load_world(serial[0].parent / "small.npz")
    out = simulate(world, scenario_at(plan, point), closure="balanced")
    names, rows = store.fetch(f"SELECT * FROM results WHERE number = {number}")
    row = dict(zip(names, rows[0], strict=True))
    pair = out.pair(out.runs[0], "IRN", "BLR")
    assert row["real_income_pct_BLR"] == pytest.approx(out.of("BLR").real_income_pct, abs=100 * SAME)
    for origin, destination, way in (("IRN", "BLR", "out"), ("BLR", "IRN", "in")):
        ratio = pair[f"{way}_after"].estimate / pair[f"{way}_before"].estimate
        assert row[f"trade_pct_{origin}_{destination}"] == pytest.approx(100 * (ratio - 1), rel=1e-6)
        # from the flow of the base year: a closure that moves the benchmark first is not the scenario's effect
        before = world.flow[:3, world.country(destination), world.country(origin)].sum()  # the fourth is services
        assert row[f"trade_new_{origin}_{destination}"] == pytest.approx(ratio * before, rel=1e-7)


def test_what_is_kept_does_not_change_the_numbers(serial: tuple[Path, Path], tmp_path: Path) -> None:
    """Without trade another part of the solver is read: the same welfare, against the closure's own benchmark."""
    plan = plan_sweep(
        cases.write(serial[0].parent, cases.SWEEP.replace(", trade: [[IRN, BLR], [BLR, IRN]]", ""), "w.yaml")
    )
    run_sweep(plan, tmp_path / "store")
    one, other = read_store(serial[1]).results, read_store(tmp_path / "store").results
    assert one["point"].tolist() == other["point"].tolist()
    income = load_world(serial[0].parent / "small.npz").income.max()
    for code in ("IRN", "BLR", "RUS", "CHN", "ROW"):
        for name, scale in ((f"real_income_pct_{code}", 100.0), (f"equivalent_variation_{code}", income)):
            assert np.allclose(one[name], other[name], rtol=0, atol=SAME * scale)


def test_failed_points_stay_as_rows(tmp_path: Path) -> None:
    """A transfer beyond all exports has no solution; a duty on oneself does not compile; both are rows with their
    reason, and the solved one beside them is not touched."""
    cases.write(tmp_path)
    head = f"{HEAD}scenario: small-scenario.yaml\naxes:\n"
    gift = "  - {kind: size, measure: gift, form: million_usd, values: [0.01, 5000]}\n"
    who = "  - {kind: participants, measure: duty, side: exporters, values: [[CHN], [IRN]]}\n"
    plan = plan_sweep(cases.write(tmp_path, head + gift + who, "bad.yaml"))
    report = run_sweep(plan, tmp_path / "store")
    rows = read_store(tmp_path / "store").results.sort_values("number")
    assert report.statuses == rows["status"].value_counts().to_dict() and sum(report.statuses.values()) == 4
    assert rows["status"].tolist() == ["converged", "refused", "surplus-exceeds-exports", "refused"]
    assert rows["real_income_pct_IRN"].isna().tolist() == [False, True, True, True]
    assert "no pair of countries is left" in rows["message"].iloc[1] and rows["message"].iloc[2]
    assert rows["message"].isna().iloc[0]
    # and it is done: nothing is tried again
    assert run_sweep(plan, tmp_path / "store").solved == 0


def test_a_number_out_of_range_is_the_points_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`solve_many` refuses a whole list for one shock out of range: the others are then solved one by one."""
    cases.write(tmp_path)
    text = f"{HEAD}scenario: small-scenario.yaml\naxes:\n"
    text += "  - {kind: size, measure: border, form: cost_change, values: [-0.01, -0.02, -0.03]}\n"
    plan = plan_sweep(cases.write(tmp_path, text, "range.yaml"))
    original = rows_module.solve_many
    bad = 1 - 0.02

    def strict(world: World, shocks: list[Shock], **named: Any) -> Any:
        if any(np.isclose(shock.iceberg_hat[3], bad, rtol=1e-12).any() for shock in shocks):
            raise InputError("iceberg_hat", "out of range", found=bad)
        return original(world, shocks, **named)

    monkeypatch.setattr(rows_module, "solve_many", strict)
    assert run_sweep(plan, tmp_path / "store").statuses == {"converged": 2, "refused": 1}
    rows = read_store(tmp_path / "store").results
    assert rows["status"].tolist() == ["converged", "refused", "converged"]
    assert "out of range" in rows["message"].iloc[1] and np.isnan(rows["real_income_pct_IRN"].iloc[1])


def test_more_values_solve_only_what_is_new(tmp_path: Path) -> None:
    first = plan_sweep(cases.write(tmp_path, cases.SWEEP.replace('"20%", "30%", "40%"', '"20%"')))
    store = tmp_path / "store"
    run_sweep(first, store)
    before = cases.files(store)
    second = plan_sweep(cases.write(tmp_path, cases.SWEEP, "more.yaml"))
    report = run_sweep(second, store)
    assert (first.count, second.count) == (4 * 4 * 6, 144)
    assert (report.before, report.solved) == (first.count, 144 - first.count)
    assert {name: content for name, content in cases.files(store).items() if name in before} == before
    rows = read_store(store).results
    assert len(rows) == 144 and rows["point"].nunique() == 144
    assert set(rows["point"]) == {second.point(k).id for k in range(144)}
    assert run_sweep(second, store).solved == run_sweep(first, store).solved == 0


def test_what_an_earlier_plan_began_is_finished_as_it_was_begun(tmp_path: Path) -> None:
    """A stop between two plans leaves no trace in the results."""
    small = cases.write(tmp_path, cases.SWEEP.replace('"20%", "30%", "40%"', '"20%"'))
    large = cases.write(tmp_path, cases.SWEEP, "more.yaml")
    for sweep in (small, large):
        run_sweep(plan_sweep(sweep), tmp_path / "whole")
    run_sweep(plan_sweep(small), tmp_path / "stopped")
    for number in (0, 2):
        (tmp_path / "stopped" / "parts" / f"part-00-{number:06d}.parquet").unlink()
    run_sweep(plan_sweep(large), tmp_path / "stopped")
    assert cases.files(tmp_path / "stopped") == cases.files(tmp_path / "whole")


def test_coalitions_are_those_of_the_game(tmp_path: Path) -> None:
    """Values of all coalitions, and from them Shapley values, as the game's own study has them."""
    cases.write(tmp_path)
    plan = plan_sweep(cases.write(tmp_path, f"{HEAD}coalitions: small-game.yaml\n", "game.yaml"))
    run_sweep(plan, tmp_path / "store")
    names, rows = read_store(tmp_path / "store").fetch("SELECT coalition, members, value FROM results ORDER BY number")
    assert names == ["coalition", "members", "value"]
    world = load_world(tmp_path / "small.npz")
    found = coalition(world, load_game(tmp_path / "small-game.yaml"), ranges=False)
    expected = found.study.v
    scale = abs(expected).max()
    assert [row[0] for row in rows] == list(range(8)) and rows[5][1] == "IRN+RUS" and rows[0][1] == ""
    assert np.allclose([row[2] for row in rows], expected, rtol=0, atol=1e-8 * scale)


def test_two_worlds(tmp_path: Path) -> None:
    """Worlds of different size in one table; what a world lacks is null."""
    cases.write(tmp_path)
    base = load_world(tmp_path / "small.npz")
    other = synthetic_world(6, 4, seed=3)
    arrays = {name: getattr(other, name) for name in ARRAYS}
    codes = ("IRN", "BLR", "RUS", "CHN", "VNM", "IND")
    second = World.from_arrays(countries=codes, sectors=base.sectors, name="second", base_year=2022,
                               money_unit="million USD", **arrays)  # fmt: skip
    save_world(second, tmp_path / "second.npz")
    text = cases.SWEEP.replace("axes:", "axes:\n  - {kind: world, values: [small.npz, second.npz]}")
    text = text.replace("count: 4", "count: 2")
    for outputs in ("{welfare: all, trade: [[IRN, VNM], [IRN, BLR]]}", "{}"):
        started = text.split("outputs:")[0] + f"outputs: {outputs}\nchunk: 144\n"  # one with both
        plan = plan_sweep(cases.write(tmp_path, started, "worlds.yaml"))
        assert plan.count == 2 * 2 * 6 * 2 * 3
        store = tmp_path / f"store{len(outputs)}"
        assert run_sweep(plan, store).statuses == {"converged": 144}
        rows = read_store(store).results
        here, there = (rows[rows["world"] == name] for name in ("small.npz", "second.npz"))
        assert here["real_income_pct_VNM"].isna().all() and there["real_income_pct_VNM"].notna().all()
        assert there["real_income_pct_ROW"].isna().all() and here["real_income_pct_ROW"].notna().all()
        if "trade" in outputs:
            assert here["trade_pct_IRN_VNM"].isna().all() and there["trade_pct_IRN_VNM"].notna().all()
            assert rows["trade_pct_IRN_BLR"].notna().all()


def test_plan_json_names_versions_and_no_path(serial: tuple[Path, Path]) -> None:
    text = (serial[1] / "plan.json").read_text(encoding="utf-8")
    data = json.loads(text)
    assert set(data["plans"][0]["versions"]) == {"comity", "python", "numpy", "pyarrow"}
    assert data["plans"][0]["points"] == 144 and str(serial[0].parent) not in text
