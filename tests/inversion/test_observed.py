"""Scenario files whose measures are sized by what was observed: known wedges come back, in every way one can run them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from comity import World, compile_scenario, simulate
from comity.equilibrium.solution import Solution
from comity.errors import InputError, NoSolutionError
from comity.outcomes import observed
from comity.outcomes.ranges import Asked, Choice, run_ranges, solve_compiled, with_set
from comity.scenario.explain import explain
from comity.scenario.load import parse_scenario
from tests.helpers import labelled_world

RECOVERED = 1e-8  # of a wedge: ratios are met to 1e-9 and a wedge moves by 1/theta of that
MET = 1.1e-8  # of a ratio of trade: `invert` and the batches accept 1e-9, the range is solved again to 1e-8 of the residual
DRAWN = 2e-7  # of a ratio of trade in a draw: accepted at 1e-7, then solved again

IRN, BLR, RUS, CHN, ROW = range(5)
AGR, FOOD, MACH, SERV = range(4)
CLOSURES = ("fixed-deficits", "balanced", "deficit-share-of-gdp", "multiplicative-deficits", "targets-balanced")


@pytest.fixture(scope="module")
def world() -> World:
    return labelled_world()


def scenario(*measures: str, extra: str = "") -> Any:
    listed = "".join(f"  - {{{measure}}}\n" for measure in measures)
    return parse_scenario(f"schema: 1\nid: test\ntitle: Test\n{extra}measures:\n{listed}", "test.yaml")


def sanction(name: str, size: str, places: str = "importers: [IRN, CHN], exporters: [RUS]", more: str = "") -> str:
    return f"id: {name}, kind: sanction, {places}, size: {{{size}}}{more}"


def fell(change: object, more: str = "") -> str:
    """A size by an observed change."""
    return f"observed: {{change: {change}, source: a table{more}}}"


def central(world: World, scen: Any, closure: str = "fixed-deficits", year: int | None = None) -> Solution:
    return solve_compiled(world, compile_scenario(world, scen, year=year), closure)


def ratio(solution: Solution, sectors: Any, importers: Any, exporters: Any) -> float:
    """Trade of these cells after over before."""
    cells = np.ix_(np.atleast_1d(sectors), np.atleast_1d(importers), np.atleast_1d(exporters))
    return float(solution.flow_new[cells].sum() / solution.benchmark.flow[cells].sum())


def refusal(run: Any, kind: type[Exception] = InputError) -> str:
    with pytest.raises(kind) as caught:
        run()
    return str(caught.value)


# -- round trips ------------------------------------------------------------------------------------


@pytest.mark.parametrize("closure", CLOSURES)
def test_a_known_wedge_comes_back(world: World, closure: str) -> None:
    imposed = central(world, scenario(sanction("s", "hat: 1.3", more=", sectors: MACH")), closure)
    change = ratio(imposed, MACH, [IRN, CHN], RUS) - 1
    told = scenario(sanction("s", fell(repr(change), ", of: exports"), more=", sectors: MACH"))
    found = observed.resolved(world, compile_scenario(world, told), closure)
    (wedge,) = found.found
    assert wedge.hat == pytest.approx(1.3, rel=RECOVERED)
    assert wedge.residual <= MET
    again = central(world, told, closure)
    np.testing.assert_allclose(again.real_income_hat, imposed.real_income_hat, rtol=RECOVERED)
    np.testing.assert_allclose(again.flow_new, imposed.flow_new, rtol=1e-7)  # theta x the wedge's own distance


def test_by_sector_each_its_own(world: World) -> None:
    hats = {"AGR": 1.1, "FOOD": 1.25, "MACH": 0.95}
    made = [sanction(code, f"hat: {hat}", more=f", sectors: {code}") for code, hat in hats.items()]
    imposed = central(world, scenario(*made))
    changes = [ratio(imposed, j, [IRN, CHN], RUS) - 1 for j in (AGR, FOOD, MACH)]
    sizes = ", ".join(f"{code}: {change!r}" for code, change in zip(hats, changes, strict=True))
    told = scenario(sanction("s", f"observed: {{by_sector: {{{sizes}}}, source: a table}}"))
    found = observed.resolved(world, compile_scenario(world, told), "fixed-deficits").found
    assert {w.sectors[0]: w.hat for w in found} == pytest.approx(hats, rel=RECOVERED)
    # the change of one sector by name, that of the others together: two wedges, the others' common to them
    rest = ratio(central(world, told), [AGR, MACH], [IRN, CHN], RUS) - 1
    some = f"observed: {{change: {rest!r}, by_sector: {{FOOD: {changes[1]!r}}}, wedges: common, source: a table}}"
    partly = observed.resolved(world, compile_scenario(world, scenario(sanction("s", some))), "fixed-deficits")
    assert [wedge.sectors for wedge in partly.found] == [("FOOD",), ("AGR", "MACH")]
    solution = solve_compiled(world, partly, "fixed-deficits")
    assert ratio(solution, FOOD, [IRN, CHN], RUS) == pytest.approx(1 + changes[1], rel=MET)
    assert ratio(solution, [AGR, MACH], [IRN, CHN], RUS) == pytest.approx(1 + rest, rel=MET)


def test_one_change_is_that_of_every_sector(world: World) -> None:
    solution = central(world, scenario(sanction("s", fell("-41%"))))
    for j in (AGR, FOOD, MACH):
        assert ratio(solution, j, [IRN, CHN], RUS) == pytest.approx(0.59, rel=MET)
    # services are not among the goods
    assert abs(ratio(solution, SERV, [IRN, CHN], RUS) - 0.59) > 0.2


def test_two_measures_beside_others_that_act(world: World) -> None:
    others = (
        "id: duty, kind: tariff, importers: [IRN], exporters: [RUS], size: {change: 0.1}",
        "id: shut, kind: embargo, importers: [BLR], exporters: [CHN], sectors: FOOD",
    )
    first = sanction("first", fell(-0.3, ", wedges: common"))
    second = sanction("second", fell("0.2"), "between: [IRN, BLR]").replace("kind: sanction", "kind: agreement")
    solution = central(world, scenario(*others, first, second))
    assert ratio(solution, [AGR, FOOD, MACH], [IRN, CHN], RUS) == pytest.approx(0.7, rel=MET)
    for j in (AGR, FOOD, MACH):  # trade both ways together, as `between` says
        cells = solution.flow_new[j, [IRN, BLR], [BLR, IRN]].sum() / world.flow[j, [IRN, BLR], [BLR, IRN]].sum()
        assert cells == pytest.approx(1.2, rel=MET)
    assert (solution.trade_share_new[FOOD, BLR, CHN]) == 0
    # the change holds whatever the duty is: it moves the wedge, not the trade
    free = scenario(first, second)
    wedges = [observed.resolved(world, compile_scenario(world, s), "fixed-deficits").found[0].hat
              for s in (scenario(*others, first, second), free)]  # fmt: skip
    assert wedges[0] < wedges[1] * 0.99


def test_a_phase_scales_the_logarithm(world: World) -> None:
    phased = sanction("s", fell(-0.41), more=", sectors: MACH, phase: {from: 2024, to: 2028}")
    full = observed.resolved(world, compile_scenario(world, scenario(phased)), "fixed-deficits")
    half = observed.resolved(world, compile_scenario(world, scenario(phased), year=2026), "fixed-deficits")
    assert half.found == full.found
    log = [np.log(one.shock.iceberg_hat[3]) for one in (full, half)]  # type: ignore[index]
    # 2026-01-01 lies 2 of 4 years into the phase
    np.testing.assert_allclose(log[1], 0.5 * log[0], rtol=1e-12)
    before = compile_scenario(world, scenario(phased), year=2020)
    assert before.to_find == () and before.nothing is not None
    assert before.shock.iceberg_hat is None


# -- ranges, counts, draws ----------------------------------------------------------------------------


@pytest.mark.parametrize("closure", ["fixed-deficits", "targets-balanced"])
def test_every_combination_of_a_range_reproduces_the_change(world: World, closure: str) -> None:
    change = "{low: -0.2, central: -0.41, high: -0.6}"
    told = scenario(sanction("s", fell(change, ", wedges: common"), "importers: [IRN], exporters: [RUS]"))
    outcomes = simulate(world, told, closure=closure)
    assert len(outcomes.range.variants) >= 18 and not outcomes.refusals()
    wanted = {"low": 0.8, "central": 0.59, "high": 0.4}
    for variant in outcomes.range.variants:
        assert variant.goods_ratio is not None
        assert variant.goods_ratio[IRN, RUS] == pytest.approx(wanted[variant.choice.level], rel=MET), variant.choice
    # wedges differ where elasticities do
    sets = {variant.choice.elasticities for variant in outcomes.range.variants}
    hats = set()
    for name in sets:
        economy = with_set(world, name)
        hats.add(round(observed.resolved(economy, compile_scenario(economy, told), closure).found[0].hat, 6))
    assert len(hats) == len(sets)


def test_side_by_side_agrees_with_one_by_one(world: World) -> None:
    told = scenario(sanction("s", fell(-0.41)), sanction("t", fell(0.3), "importers: [BLR], exporters: [CHN]"))
    cases = [observed.case_of(world, compile_scenario(world, told), closure) for closure in CLOSURES[:4]]
    together = observed.find_each(cases)
    for case, found in zip(cases, together, strict=True):
        assert not isinstance(found, NoSolutionError)
        alone = observed.find(case)
        np.testing.assert_allclose([w.hat for w in found], [w.hat for w in alone], rtol=RECOVERED)
        np.testing.assert_allclose([w.partial_hat for w in found], [w.partial_hat for w in alone], rtol=1e-12)


def test_every_draw_reproduces_the_change(world: World) -> None:
    told = scenario(sanction("s", fell("{low: -0.3, central: -0.41, high: -0.5}", ", wedges: common"),
                             "importers: [IRN], exporters: [RUS]"))  # fmt: skip
    from comity.uncertainty.study import each, prepare

    study = prepare(world, told, counts=False)
    assert any(
        source.name == "size:s" and "observed change of trade" in source.distribution for source in study.sources
    )
    table = study.table(12, 3)
    drawn = each(study, table, lambda s: ratio(s, [AGR, FOOD, MACH], IRN, RUS))
    low, middle, high = (math.log(r) for r in (0.7, 0.59, 0.5))
    for place, got in zip(table.position["size:s"], drawn, strict=True):
        end = high if place > 0 else low
        assert got == pytest.approx(math.exp(middle + abs(place) * (end - middle)), rel=DRAWN)
    assert len({round(float(p), 6) for p in table.position["size:s"]}) == 12


def test_a_search_that_fails_side_by_side_is_made_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told = scenario(sanction("s", fell(-0.41), more=", sectors: MACH"))
    case = observed.case_of(world, compile_scenario(world, told), "fixed-deficits")
    monkeypatch.setattr(observed, "ROUNDS", 1)
    (found,) = observed.find_each([case])
    assert not isinstance(found, NoSolutionError) and found == observed.find(case)


def test_scenarios_without_observed_sizes_search_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*given: Any, **named: Any) -> Any:
        raise AssertionError("searched")

    for name in ("find", "find_each", "resolved_each", "_key"):
        monkeypatch.setattr(observed, name, never)
    monkeypatch.setattr("comity.outcomes.ranges.resolved_each", never)
    outcomes = simulate(world, scenario(sanction("s", "hat: 1.1")))
    assert len(outcomes.wedges) == 0 and list(outcomes.wedges.columns)[:2] == ["count", "measure"]


def test_a_range_takes_few_equilibria(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # counted, not timed: the search must stay a small multiple of the range itself
    rounds: list[int] = []
    plain = observed.solve_each

    def counted(worlds: Any, *given: Any, **named: Any) -> Any:
        rounds.append(len(worlds))
        return plain(worlds, *given, **named)

    monkeypatch.setattr(observed, "solve_each", counted)
    fresh = labelled_world(seed=2)
    told = scenario(sanction("s", fell(-0.41)))
    near = central(fresh, told)
    asked = Asked(fresh, told, Choice("world", "central", "fixed-deficits"), None, near)
    [found] = run_ranges([asked])
    assert len(rounds) <= 14 and sum(rounds) <= 12 * len(found.variants)
    rounds.clear()
    run_ranges([asked])
    assert rounds == []  # remembered


# -- what is told ---------------------------------------------------------------------------------------


def test_words_before_and_after(world: World) -> None:
    told = scenario(
        sanction("s", fell("{low: -0.3, central: -0.41, high: -0.5}", ", of: exports, by_sector: {FOOD: 0}"))
    )
    before = "\n".join(explain(world, compile_scenario(world, told)))
    for words in (
        "sized by what was observed: exports −41 % in each of the other sectors; FOOD +0 %",
        "−41 % (low −30 %, high −50 %)", "[a table]", "found when the scenario is solved",
    ):  # fmt: skip
        assert words in before, words
    outcomes = simulate(world, told)
    (report,) = outcomes.compiled.measures
    assert "wedges found: x " in report.size_text and "(MACH)" in report.size_text
    assert report.range == (-0.3, -0.41, -0.5)
    rows = {row.sectors: row for row in outcomes.wedges.rows}
    assert rows["MACH"].observed_change_pct == pytest.approx(-41)
    assert rows["MACH"].recomputed_change_pct == pytest.approx(-41, abs=100 * MET)
    assert rows["FOOD"].recomputed_change_pct == pytest.approx(0, abs=100 * MET)
    assert rows["MACH"].residual <= MET and rows["MACH"].wedge > 1 and rows["MACH"].partial_wedge > 1
    # the attribution adds up with the wedge in it
    shares = [row.contribution_pct for row in outcomes.measures.rows if row.country == "IRN"]
    assert sum(shares) == pytest.approx(100 * math.log(outcomes.solution.real_income_hat[IRN]), rel=1e-6)


def test_flows_without_trade_stay_out(world: World) -> None:
    sparse = labelled_world(zero_cells=0.4)
    empty = [(j, n, i) for j, n, i in zip(*np.nonzero(sparse.flow[:SERV] == 0), strict=True) if n != i]
    j, n, i = next((j, n, i) for j, n, i in empty if sparse.flow[:SERV, n, i].any() and ROW not in (n, i))
    places = f"importers: [{sparse.countries[n]}], exporters: [{sparse.countries[i]}]"
    found = observed.resolved(sparse, compile_scenario(sparse, scenario(sanction("s", fell(-0.2), places))),
                              "fixed-deficits").found  # fmt: skip
    active = {sparse.sectors[k] for k in range(SERV) if sparse.flow[k, n, i] > 0}
    assert {wedge.sectors[0] for wedge in found} == active
    named = fell(-0.2, f", by_sector: {{{sparse.sectors[j]}: 0.5}}")
    message = refusal(lambda: central(sparse, scenario(sanction("s", named, places))))
    assert "no trade in the benchmark" in message
    assert "test.yaml, line 5, measures[0].size.observed" in message and sparse.sectors[j] in message
    alone = sanction("s", fell(0.5), places, f", sectors: {sparse.sectors[j]}")
    assert "nothing would change" in refusal(lambda: compile_scenario(sparse, scenario(alone)))


# -- refusals -------------------------------------------------------------------------------------------

PLACE = "test.yaml, line 5, measures[0].size"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ("observed: {change: -0.4}", ["measures[0].size.observed.source", "a required key is missing", "no 'source'"]),
        ("observed: {source: x}", ["does not say how much trade changed", "change, by_sector or both"]),
        ("observed: {change: -0.4, source: x}, hat: 1.1", ["exactly one of its forms (here hat and observed)"]),
        ("observed: {change: -100%, source: x}", [f"{PLACE}.observed.change", "a fall of 100 % is an embargo"]),
        ("observed: {change: -1.2, source: x}", ["a fall of 100 % is an embargo"]),
        ("observed: {change: -41, source: x}", ["a bare -41 is not taken for -41 per cent", '"-41%"']),
        ("observed: {change: {low: -0.1, central: -0.2}, source: x}", ["three sizes are needed"]),
        ("observed: {change: -0.4, of: oil, source: x}", ["not one of the words known here", "exports", "Found: oil"]),
        ("observed: {change: -0.4, source: x, wedge: one}", ["unknown key", "Did you mean wedges?"]),
        ("observed: {change: -0.4, source: x}, per_day: day-hummels-schaur", ["`per_day` prices days"]),
        ("observed: {by_sector: {FOOD: -1}, source: x}", ["by_sector.FOOD"]),
    ],
)
def test_mistakes_in_the_file(size: str, words: list[str]) -> None:
    message = refusal(lambda: scenario(sanction("s", size)))
    for word in ["test.yaml, line 5", *words]:
        assert word in message, message


@pytest.mark.parametrize(
    ("measures", "words"),
    [
        ([sanction("s", fell(-0.4, ", by_sector: {FOD: -0.2}"))], ["by_sector.FOD", "unknown sector", "mean FOOD?"]),
        ([sanction("s", fell(-0.4, ", by_sector: {SERV: -0.2}"))], ["not among the measure's sectors"]),
        ([sanction("s", fell(-0.4, ", by_sector: {goods: -0.2, FOOD: -0.3}"))], ["has two observed changes", "FOOD"]),
        ([sanction("s", fell(-0.4, ", by_sector: {goods: -0.2}"))], ["so this one is of nothing", "Leave `change` out"]),
        ([sanction("s", "observed: {by_sector: {FOOD: -0.2}, source: x}")], ["no observed change", "AGR, MACH"]),
        ([sanction("s", fell(-0.4, ", of: exports"), "between: [IRN, RUS]")], ["size.observed.of", "trade both ways"]),
        (
            [sanction("s", fell(-0.4)), sanction("t", fell(-0.3), "importers: [IRN], exporters: [RUS, BLR]")],
            ["3 flow(s) are in two observed changes", "s and t"],
        ),
        ([sanction("s", fell(-0.4)), sanction("t", "hat: 1.1", more=", overrides: [s]")], ["cannot be overridden"]),
    ],
)  # fmt: skip
def test_mistakes_that_need_a_world(world: World, measures: list[str], words: list[str]) -> None:
    message = refusal(lambda: compile_scenario(world, scenario(*measures)))
    for word in ["test.yaml, line 5, measures[0].size.observed", *words]:
        assert word in message, message


def test_changes_that_no_wedge_makes(world: World) -> None:
    place = "test.yaml, line 5, measures[0].size.observed; MACH"
    rising = scenario(sanction("s", fell("5000%"), more=", sectors: MACH"))
    with pytest.raises((InputError, NoSolutionError)) as caught:
        simulate(world, rising)
    assert place in str(caught.value)
    shut = "id: shut, kind: embargo, importers: [IRN, CHN], exporters: [RUS], sectors: MACH"
    message = refusal(lambda: simulate(world, scenario(sanction("s", fell(-0.5), more=", sectors: MACH"), shut)))
    assert "an embargo of the other measures closes all these cells" in message and place in message
    # half of the flow is shut, so the rest would have to grow: asked of a single exporter with little else to sell
    partly = shut.replace("[IRN, CHN]", "[CHN]")
    share = world.flow[MACH, IRN, RUS] / world.flow[MACH, [IRN, CHN], RUS].sum()
    solution = central(
        world, scenario(sanction("s", fell(repr(0.9 * float(share) - 1)), more=", sectors: MACH"), partly)
    )
    assert ratio(solution, MACH, [IRN, CHN], RUS) == pytest.approx(0.9 * share, rel=MET)


def test_a_combination_without_wedge_is_a_refusal_of_the_range(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told = scenario(sanction("s", fell("{low: -0.1, central: -0.41, high: 9000%}"), more=", sectors: MACH"))
    outcomes = simulate(world, told)
    refused = outcomes.refusals()
    assert refused and all("high sizes" in text and "measures[0].size.observed" in text for text in refused)


def test_whoever_cannot_find_wedges_says_so(world: World) -> None:
    from comity.scenario.prefixes import prefix_shocks

    told = scenario(sanction("s", fell(-0.4)))
    compiled = compile_scenario(world, told)
    assert len(compiled.to_find) == 3
    for run in (lambda: compiled.shock, lambda: prefix_shocks(world, told)):
        message = refusal(run)
        assert "measure s: sized by what was observed" in message and "size: {hat: ...}" in message


def test_no_slider() -> None:
    from comity.app.sliders import slider_of

    assert slider_of(scenario(sanction("s", fell(-0.4))).measures[0]) is None


def test_an_observed_change_contains_the_others(world: World) -> None:
    beside = "id: cost, kind: ntb, importers: [IRN], exporters: [RUS], sectors: MACH, size: {hat: 1.2}"
    told = sanction("s", fell(-0.41), more=", sectors: MACH")
    solution = central(world, scenario(beside, told))
    assert ratio(solution, MACH, [IRN, CHN], RUS) == pytest.approx(0.59, rel=MET)
    # an author who says what the wedge covers is taken at that word
    said = refusal(lambda: compile_scenario(world, scenario(beside, told + ", covers: ntb")))
    assert "adds_to" in said


def test_each_statistical_count_has_its_own_wedge() -> None:
    from comity import load_world

    places = "importers: [BLR], exporters: [IRN]"
    told = scenario(sanction("s", fell(-0.41, ", wedges: common"), places))
    outcomes = simulate(load_world("world-2022"), told)
    names = [run.count.name for run in outcomes.runs if run.count is not None]
    assert len(names) == 2 and [row.count for row in outcomes.wedges.rows] == names
    first, second = outcomes.wedges.columns["wedge"]
    assert first != second
    for run in outcomes.runs:
        n, i = outcomes.world.country("BLR"), outcomes.world.country("IRN")
        goods = [variant.goods_ratio[n, i] for variant in run.range.solved]  # type: ignore[index]
        assert goods == pytest.approx([0.59] * len(goods), rel=MET)
