"""Plans: how many points, what each does, ids of the content, chunks by number."""

from __future__ import annotations

import itertools
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from comity import InputError, load_scenario, load_world, save_world
from comity.equilibrium.shock import Shock
from comity.scenario.compile import compile_scenario
from comity.scenario.load import gallery
from comity.sweep import plan_sweep, sweeps
from comity.sweep.plan import MOST_POINTS, Plan
from comity.sweep.shocks import scenario_at, shocks_of
from tests.helpers import labelled_world
from tests.sweep import cases

HEAD = "schema: 1\ntype: sweep\nid: x\ntitle: X\n"
SHOCK = ("iceberg_hat", "tariff_new", "export_tax_new", "productivity_hat", "transfer")


def _points(plan: Plan) -> list:
    return [point for chunk in range(plan.chunks) for point in plan.points(chunk)]


def _same(one: Shock, other: Shock) -> None:
    """The same cells with the same bits."""
    for name in SHOCK:
        left, right = getattr(one, name), getattr(other, name)
        assert (left is None) == (right is None), name
        if left is not None:
            for a, b in zip(left, right, strict=True):
                assert np.array_equal(a, b), name


def test_points_are_the_product_without_what_says_nothing(tmp_path: Path) -> None:
    plan = plan_sweep(cases.write(tmp_path))
    # 4 sizes x (5 rates + the duty off) x 2 closures x 3 levels
    assert len(plan) == plan.count == 144 and plan.chunks == 5
    points = _points(plan)
    assert [point.number for point in points] == list(range(144))
    assert len({point.id for point in points}) == 144
    off = [point for point in points if not point.shown["duty_on"]]
    assert len(off) == 24 and all(point.shown["rate"] is None and point.off == {0} for point in off)
    assert {point.shown["rate"] for point in points if point.shown["duty_on"]} == {0.05, 0.1, 0.2, 0.3, 0.4}
    combinations = {(p.closure, p.level, p.shown["border_cost_change"], p.shown["rate"]) for p in points}
    assert len(combinations) == 144
    with pytest.raises(IndexError):
        plan.point(144)


def test_ids_are_of_the_content(tmp_path: Path) -> None:
    """More values, another order, another title or other outputs leave the ids of points; other content does not."""
    first = plan_sweep(cases.write(tmp_path))
    ids = {point.id for point in _points(first)}
    more = cases.SWEEP.replace('"5%", "10%"', '"1%", "10%", "5%"').replace("title: Sizes", "title: More sizes")
    more = more.replace("welfare: all", "welfare: [IRN]").replace("[low, central, high]", "[high, low, central]")
    second = plan_sweep(cases.write(tmp_path, more, "more.yaml"))
    assert second.hash != first.hash
    found = {point.id for point in _points(second)}
    assert ids < found and len(found) == 4 * 7 * 2 * 3
    text = (tmp_path / "small-scenario.yaml").read_text(encoding="utf-8")
    other = text.replace("title: Four measures", "title: The four measures").replace("id: small\n", "id: renamed\n")
    (tmp_path / "small-scenario.yaml").write_text(other, encoding="utf-8")
    assert {point.id for point in _points(plan_sweep(tmp_path / "sweep.yaml"))} == ids
    (tmp_path / "small-scenario.yaml").write_text(text.replace("central: 0.95", "central: 0.94"), encoding="utf-8")
    assert not ids & {point.id for point in _points(plan_sweep(tmp_path / "sweep.yaml"))}


def test_ids_do_not_depend_on_the_process(tmp_path: Path) -> None:
    """Ids written down by an earlier version: a change of them would have every store solved again.

    They rest on the tables of sizes, regimes and blocs too, so the tables' digest is taken out here.
    """
    import hashlib

    from comity.sweep import plan as module

    plan = plan_sweep(cases.write(tmp_path))
    original = module.tables
    module.tables = lambda: "tables"
    try:
        found = plan_sweep(tmp_path / "sweep.yaml").point(0).id
    finally:
        module.tables = original
    shared = '{"regimes":[],"schema_version":"1","targets":[]}'
    measures = [
        '{"adds_to":[],"exporters":["CHN","RUS"],"id":"duty","importers":["IRN"],"kind":"tariff","not_within":[],'
        '"overrides":[],"sectors":["goods"],"size":{"to":{"central":0.05,"high":0.05,"low":0.05}}}',
        '{"adds_to":[],"between":["IRN","BLR"],"id":"border","kind":"border_time","not_within":[],"overrides":[],'
        '"sectors":["goods"],"size":{"cost_change":{"central":-0.01,"high":-0.01,"low":-0.01}}}',
        '{"adds_to":[],"between":["BLR","RUS"],"id":"pact","kind":"ntb","not_within":[],"overrides":[],'
        '"sectors":["all"],"size":{"hat":{"central":0.95,"high":0.9,"low":0.98}}}',
        '{"adds_to":[],"giver":"CHN","id":"gift","kind":"transfer","overrides":[],"receiver":"BLR",'
        '"size":{"million_usd":{"central":0.01,"high":0.01,"low":0.01}}}',
    ]
    world = next(iter(plan.worlds.values())).hash
    text = f"1\x1f{shared}\x1ftables\x1f" + "\x1f".join([world, "fixed-deficits", "None", "low", *measures])
    assert found == hashlib.sha256(text.encode()).hexdigest()[:32]


def test_shocks_are_those_of_compile_scenario(tmp_path: Path) -> None:
    """The quick way gives the same cells with the same bits as the scenario's own compiler, for every point."""
    plan = plan_sweep(cases.write(tmp_path))
    points = _points(plan)
    for point, made in zip(points, shocks_of(plan, points), strict=True):
        economy = plan.economy(point.world, point.elasticities)
        found = compile_scenario(economy, scenario_at(plan, point), size_level=point.level, words=False)
        assert made.shock is not None
        _same(made.shock, found.shock)


@pytest.mark.parametrize("name", sorted(set(gallery()) - {"russia-2022", "sanctioned-front-with-unions"}))
def test_shocks_of_the_gallery(name: str) -> None:
    """Every scenario that stands on world-2022, its first sized measure varied, in three years."""
    scenario = load_scenario(name)
    world = load_world()
    sized = [m for m in scenario.measures if m.kind in ("tariff", "agreement", "border_time") and m.size is not None]
    axes = "  - {kind: sizes, values: [low, high]}\n  - {kind: year, values: [2022, 2024, 2040]}\n"
    if sized:
        form = "to" if sized[0].kind == "tariff" else "cost_change"
        values = "[0.05, 0.3]" if form == "to" else "[-0.02, -0.1]"
        axes += f"  - {{kind: size, measure: {sized[0].id}, form: {form}, values: {values}}}\n"
    plan = plan_sweep(f"{HEAD}scenario: {name}\nworld: world-2022\naxes:\n{axes}")
    points = _points(plan)
    for point, made in zip(points, shocks_of(plan, points), strict=True):
        try:
            found = compile_scenario(world, scenario_at(plan, point), year=point.year, size_level=point.level)
        except InputError as problem:
            assert made.shock is None and made.refusal == problem.message
            continue
        assert made.shock is not None
        _same(made.shock, found.shock)


def test_participants() -> None:
    """Each economy of a bloc with one that is always there; every pair; lists as written."""
    axis = "  - {kind: participants, measure: new-pairs, side: between, %s}\n"
    base = f"{HEAD}scenario: sanctioned-front\nworld: world-2022\naxes:\n"
    each = plan_sweep(base + axis % "each_of: [RUS, CHN, IRN], with: [IRN]")
    assert [point.shown["new_pairs_between"] for point in _points(each)] == ["IRN+RUS", "IRN+CHN"]
    assert any("IRN is always there" in note for note in each.notes)
    pairs = plan_sweep(base + axis % "pairs_of: [BLR, IRN, RUS]")
    assert [point.shown["new_pairs_between"] for point in _points(pairs)] == ["BLR+IRN", "BLR+RUS", "IRN+RUS"]
    # Belarus and Russia have an agreement already: the scenario leaves the pair out, and the point says so
    made = shocks_of(pairs, _points(pairs))
    assert made[1].shock is None and "no pair of countries is left" in made[1].refusal
    assert made[0].shock is not None and made[2].shock is not None
    lists = plan_sweep(base + axis % "values: [[IRN, RUS], [IRN, BLR, CHN]]")
    sizes = [len(found.shock.iceberg_hat[0]) for found in shocks_of(lists, _points(lists)) if found.shock]
    assert len(sizes) == 2 and 2.5 * sizes[0] < sizes[1] <= 3 * sizes[0]  # three pairs against one, some flows zero


def test_coalitions_are_all_subsets(tmp_path: Path) -> None:
    cases.write(tmp_path)
    plan = plan_sweep(cases.write(tmp_path, f"{HEAD}coalitions: small-game.yaml\n", "game.yaml"))
    assert plan.count == 8
    assert [point.mask for point in _points(plan)] == list(range(8))
    assert len({point.id for point in _points(plan)}) == 8


def test_a_plan_of_a_million_is_not_listed() -> None:
    """Any point at once, the last one too; what a chunk needs and no more."""
    head = f"{HEAD}coalitions: tariff-club\naxes:\n"
    axes = "  - {kind: closure, values: [fixed-deficits, balanced]}\n  - {kind: elasticities, values: all}\n"
    plan = plan_sweep(head + axes)
    values = ", ".join(f"{0.001 * k:.3f}" for k in range(1, 101))
    text = f"{HEAD}scenario: us-china-tariffs\nworld: world-2022\naxes:\n"
    ids = [measure.id for measure in load_scenario("us-china-tariffs").measures][:3]
    text += "".join(f"  - {{kind: size, measure: {name}, form: to, values: [{values}]}}\n" for name in ids)
    large = plan_sweep(text)
    assert large.count == 100 ** len(ids) and plan.count == 1024 * 2 * len(plan.choices[1])
    tracemalloc.start()
    begin = time.perf_counter()
    last = list(large.points(large.chunks - 1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert last[-1].number == large.count - 1
    # a chunk of 1,024 points with their ids: a fraction of a second, a few megabytes
    assert time.perf_counter() - begin < 5 and peak < 30e6


def test_gallery_sweeps_are_plans() -> None:
    found = {name: plan_sweep(name) for name in sweeps()}
    assert len(found) >= 3
    for plan in found.values():
        assert 1 < plan.count <= MOST_POINTS
        assert len({point.id for point in itertools.islice(plan.points(0), 64)}) == min(64, plan.count, plan.chunk_size)
        assert plan.sweep.description


def test_logspace_and_spelling_of_numbers(tmp_path: Path) -> None:
    axis = "  - {kind: size, measure: pact, form: hat, %s}\n"
    head = f"{HEAD}scenario: small-scenario.yaml\naxes:\n"
    cases.write(tmp_path)
    plan = plan_sweep(cases.write(tmp_path, head + axis % "logspace: {from: 0.5, to: 2, count: 5}", "log.yaml"))
    values = [point.shown["pact_hat"] for point in _points(plan)]
    assert np.allclose(np.diff(np.log(values)), np.log(4) / 4, rtol=1e-12)  # equal ratios, up to rounding
    written = plan_sweep(cases.write(tmp_path, head + axis % 'values: ["0.5", ".9"]', "values.yaml"))
    spaced = plan_sweep(cases.write(tmp_path, head + axis % "linspace: {from: 0.5, to: 0.9, count: 2}", "lin.yaml"))
    assert [point.id for point in _points(written)] == [point.id for point in _points(spaced)]


def test_points_that_cannot_be_compiled_say_what_the_compiler_says(tmp_path: Path) -> None:
    """A rate below -100 %, a measure on flows that are zero, two rates on one flow."""
    world = labelled_world(zero_cells=0.3)
    save_world(world, tmp_path / "zeros.npz")
    j, n, i = np.argwhere((world.trade_share == 0) & ~np.eye(5, dtype=bool))[0]
    goods = [code for k, code in enumerate(world.sectors) if code != "SERV" and world.trade_share[k, 0, 1] > 0]
    seller, buyer, sector = world.countries[i], world.countries[n], world.sectors[j]
    (tmp_path / "bad.yaml").write_text(
        f"""
schema: 1
id: bad
title: Bad
world: zeros.npz
measures:
  - {{id: fall, kind: tariff, importers: [IRN], exporters: [BLR], sectors: [{goods[0]}], size: {{change: 0.1}}}}
  - {{id: fix, kind: tariff, importers: [IRN], exporters: [BLR], sectors: [{goods[0]}], size: {{to: 0.1}}}}
  - {{id: other, kind: tariff, importers: [IRN], exporters: [BLR], sectors: [{goods[0]}], size: {{to: 0.2}}}}
  - {{id: empty, kind: ntb, importers: [{buyer}], exporters: [{seller}], sectors: [{sector}], size: {{hat: 0.9}}}}
""",
        encoding="utf-8",
    )
    text = f"{HEAD}scenario: bad.yaml\naxes:\n"
    text += "  - {kind: size, measure: fall, form: change, values: [0.1, -1.5]}\n"
    text += "".join(f"  - {{kind: switch, measures: [{name}]}}\n" for name in ("fall", "fix", "other", "empty"))
    plan = plan_sweep(cases.write(tmp_path, text, "bad-sweep.yaml"))
    points, said = _points(plan), set()
    for point, made in zip(points, shocks_of(plan, points), strict=True):
        try:
            found = compile_scenario(world, scenario_at(plan, point), words=False)
        except InputError as problem:
            assert made.shock is None and made.refusal == problem.message
            said.add(next(word for word in ("would fall to", "nothing would change", "two different rates")
                          if word in problem.message))  # fmt: skip
        else:
            assert made.shock is not None
            _same(made.shock, found.shock)
    assert said == {"would fall to", "nothing would change", "two different rates"}


def test_the_page_is_right(tmp_path: Path) -> None:
    """The file that docs/sweeps.md shows is a plan, of the size it says; so are those of the gallery."""
    page = (Path(__file__).parents[2] / "docs" / "sweeps.md").read_text(encoding="utf-8")
    (tmp_path / "my-scenario.yaml").write_text(cases.SCENARIO, encoding="utf-8")
    (tmp_path / "shown.yaml").write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    assert plan_sweep(tmp_path / "shown.yaml").count == 160 and "= 160, not 240" in page
    for name in sweeps():
        assert f"`{name}` ({plan_sweep(name).count:,}" in page
