"""assess: verdicts on worlds where the answer is known, shares and costs against separate solves."""

from __future__ import annotations

import json
from math import log

import numpy as np
import pytest

import comity
from comity import InputError, assess, load_scenario, load_world, simulate, solve
from comity.dossier.claims import UPPER_BOUND
from comity.dossier.combinations import explore
from comity.dossier.delay import forgone
from comity.dossier.recovered import imposed_share, lifted_share
from comity.dossier.runs import Runs
from comity.dossier.schema import Frictions
from comity.dossier.verdicts import BEFORE, CANNOT_TELL, CONTRADICTED, NOT_SUPPORTED, OUTSIDE, SUPPORTED
from comity.outcomes.counts import on_count
from comity.outcomes.ranges import Choice
from comity.scenario.compile import compile_scenario
from tests.dossier.small import (
    BETTER,
    CLOSER,
    FARM,
    MACHINES,
    PHASED,
    WORSE,
    claim,
    dossier,
    pair_trade,
    regime,
    scenario,
    two_counts,
)
from tests.helpers import labelled_world

SAME = 1e-8  # two solves of one equilibrium, each to 1e-10, and differences of their answers
PAIR = ["IRN", "BLR"]


def gain(at_least: float | str = 0, countries: tuple[str, ...] = ("IRN",), name: str = "s", **keys: object) -> dict:
    return {"kind": "gain", "scenario": name, "countries": list(countries), "at_least": str(at_least), **keys}


def target(amount: float, count: str = "", **keys: object) -> dict:
    return {"kind": "target", "scenario": "s", "between": PAIR, "at_least": amount, "count": count or "any", **keys}


# -- gain ---------------------------------------------------------------------------------------------


def test_gain_supported_contradicted_and_straddling() -> None:
    world, s = labelled_world(), scenario("s", BETTER)
    low, high = (float(end[0]) - 1 for end in simulate(world, s).range.of("real_income_hat"))
    assert 0 < low < high
    a = assess(
        world,
        dossier(
            {"s": s},
            claim("up", test=gain()),
            claim("least", test=gain(low * (1 - 1e-12))),
            claim("some", test=gain((low + high) / 2)),
            claim("none", test=gain(2 * high)),
        ),
    )
    assert [(v.mark, v.ending) for v in a.verdicts] == [
        (SUPPORTED, ""),
        (SUPPORTED, ""),
        (NOT_SUPPORTED, CANNOT_TELL),
        (NOT_SUPPORTED, CONTRADICTED),
    ]
    main = a.verdict("up").main
    assert main is not None and main.country == "IRN" and main.kind == "range" and main.status == "estimated"
    assert main.low == pytest.approx(100 * low) and main.high == pytest.approx(100 * high)
    assert main.estimate == pytest.approx(100 * (a.outcomes["s"].runs[0].solution.real_income_hat[0] - 1))
    assert a.verdict("none").needed == pytest.approx(200 * high)


def test_a_scenario_that_changes_nothing_is_no_gain() -> None:
    nothing = "{id: a, kind: productivity, countries: [IRN], sectors: all, size: {hat: 1.0}}"
    a = assess(labelled_world(), dossier({"s": scenario("s", nothing)}, claim("a", test=gain())))
    assert a.verdicts[0].words == f"Not supported ({CONTRADICTED})"


def test_the_smallest_gain_decides_and_is_named() -> None:
    a = assess(
        labelled_world(), dossier({"s": scenario("s", BETTER)}, claim("a", test=gain("1%", ("IRN", "BLR", "CHN"))))
    )
    v = a.verdicts[0]
    hats = a.outcomes["s"].runs[0].solution.real_income_hat
    worst = min((0, 1, 3), key=lambda k: hats[k])
    assert v.mark == NOT_SUPPORTED and v.main is not None
    assert v.main.country == ("IRN", "BLR", "RUS", "CHN")[worst]
    assert v.main.estimate == pytest.approx(100 * (hats[worst] - 1))
    assert len(v.figures) == 6 and {f.number.country for f in v.figures} == {"IRN", "BLR", "CHN"}


def test_a_negative_share_allows_a_small_loss() -> None:
    world, s = labelled_world(), scenario("s", WORSE)
    low = float(simulate(world, s).range.of("real_income_hat")[0][0]) - 1
    tests = [claim("a", test=gain(1.01 * low)), claim("b", test=gain(0)), claim("c", test=gain(0.5 * low))]
    marks = [v.mark for v in assess(world, dossier({"s": s}, *tests)).verdicts]
    assert marks == [SUPPORTED, NOT_SUPPORTED, NOT_SUPPORTED]


def test_an_upper_bound_can_only_refute() -> None:
    a = assess(
        labelled_world(),
        dossier(
            {"s": scenario("s", BETTER), "f": Frictions(between=("IRN", "BLR", "RUS"), best_of=("IRN", "BLR", "RUS"))},
            claim("declared", test=gain(upper_bound="true")),
            claim("refuted", test=gain("90%", upper_bound="true")),
            claim("frictions", test=gain("-90%", name="f")),
        ),
    )
    assert [v.ending for v in a.verdicts] == [UPPER_BOUND, CONTRADICTED, UPPER_BOUND]
    assert all(v.mark == NOT_SUPPORTED for v in a.verdicts)
    assert "cannot support" in a.verdict("declared").notes[0]


# -- target and trade ---------------------------------------------------------------------------------


def test_target_met_before_reached_and_missed() -> None:
    world = labelled_world()
    before = pair_trade(world)
    s = scenario("s", CLOSER)
    run = simulate(world, s)
    after = run.pair(run.runs[0], "IRN", "BLR")["after"]
    assert after.low is not None and after.high is not None and before < after.low < after.high
    a = assess(
        world,
        dossier(
            {"s": s},
            claim("before", test=target(0.9 * before)),
            claim("reached", test=target((before + after.low) / 2)),
            claim("straddles", test=target((after.low + after.high) / 2)),
            claim("missed", test=target(1.1 * after.high)),
        ),
    )
    endings = [(v.mark, v.ending) for v in a.verdicts]
    assert endings == [
        (SUPPORTED, BEFORE),
        (SUPPORTED, ""),
        (NOT_SUPPORTED, CANNOT_TELL),
        (NOT_SUPPORTED, CONTRADICTED),
    ]
    main = a.verdict("missed").main
    assert main is not None and (main.low, main.high) == (pytest.approx(after.low), pytest.approx(after.high))
    assert main.estimate == pytest.approx(after.estimate)


def test_target_is_judged_on_the_setter_s_count_and_shown_on_the_other() -> None:
    world = two_counts(2.0)
    wanted = 1.5 * pair_trade(world)
    tests = [claim("own", test=target(wanted, "Iran's count")), claim("other", test=target(wanted, "Belarus's count"))]
    a = assess(world, dossier({"s": scenario("s", CLOSER)}, *tests))
    own, other = a.verdicts
    assert own.ending != BEFORE and (other.mark, other.ending) == (SUPPORTED, BEFORE)
    assert "already before" in " ".join(own.notes) and "On Iran's count" in " ".join(other.notes)
    assert own.main is not None and other.main is not None and other.main.estimate > 1.9 * own.main.estimate
    assert len(own.figures) == 4
    with pytest.raises(InputError, match="no statistical count"):
        assess(world, dossier({"s": scenario("s", CLOSER)}, claim("typo", test=target(1, "Irans count"))))


def test_target_in_a_year_has_only_what_is_in_force() -> None:
    world = labelled_world()
    before = pair_trade(world)
    d = dossier(
        {"s": scenario("s", PHASED)},
        *(claim(f"y{year}", test=target(1.0001 * before, by=year)) for year in (2022, 2025, 2026, 2030)),
        claim("full", test=target(1.0001 * before)),
    )
    values = [v.main.estimate for v in assess(world, d).verdicts if v.main]
    assert values[0] == pytest.approx(before) and before < values[1] < values[2] == values[3] == values[4]


def test_trade_by_named_measures_alone() -> None:
    world, s = labelled_world(), scenario("s", FARM, MACHINES)
    tests = [
        claim(name, test={"kind": "trade", "scenario": "s", "between": PAIR, **({"measures": ids} if ids else {})})
        for name, ids in {"up": ["farm"], "down": ["machines"], "both": ["farm", "machines"], "all": []}.items()
    ]
    a = assess(world, dossier({"s": s}, *tests))
    assert (a.verdict("up").mark, a.verdict("down").ending) == (SUPPORTED, CONTRADICTED)
    part = solve(world, compile_scenario(world, s, include=["farm"]).shock)
    change = part.flow_new[:3, 0, 1].sum() + part.flow_new[:3, 1, 0].sum() - pair_trade(world)
    main = a.verdict("up").main
    assert main is not None and main.estimate == pytest.approx(change, abs=SAME * pair_trade(world))
    both, whole = a.verdict("both").main, a.verdict("all").main
    assert both is not None and whole is not None and both.estimate == pytest.approx(whole.estimate)
    assert both.low == pytest.approx(whole.low)


def test_trade_needs_every_count() -> None:
    world = two_counts(2.0)
    own = simulate(world, scenario("s", CLOSER))
    high = own.pair(own.runs[0], "IRN", "BLR")["after"].high
    assert high is not None
    more = 1.2 * (high - pair_trade(world))
    test = {"kind": "trade", "scenario": "s", "between": PAIR, "more_than": more}
    v = assess(world, dossier({"s": scenario("s", CLOSER)}, claim("a", test=test))).verdicts[0]
    # contradicted on one count, met by some of the other: the claim as a whole cannot be told
    assert (v.mark, v.ending) == (NOT_SUPPORTED, CANNOT_TELL)
    assert any(note.startswith("On Iran's count: not supported (contradicted") for note in v.notes)


# -- ranking ------------------------------------------------------------------------------------------


def test_ranking_by_gain_and_loss() -> None:
    def rank(name: str, country: str, most: str, *among: str) -> dict:
        test = {
            "kind": "ranking",
            "scenario": name,
            "country": country,
            "most": most,
            **({"among": list(among)} if among else {}),
        }
        return claim(f"{name}-{country}-{most}".lower(), test=test)

    a = assess(
        labelled_world(),
        dossier(
            {"up": scenario("up", BETTER), "down": scenario("down", WORSE)},
            rank("up", "IRN", "gain"),
            rank("up", "BLR", "gain", "IRN", "BLR"),
            rank("down", "IRN", "loss"),
            rank("down", "IRN", "gain"),
        ),
    )
    assert [v.mark for v in a.verdicts] == [SUPPORTED, NOT_SUPPORTED, SUPPORTED, NOT_SUPPORTED]
    main = a.verdict("down-irn-loss").main
    assert main is not None and main.estimate < 0 and main.unit == "million USD a year"


# -- recovered ----------------------------------------------------------------------------------------


def recovered(at_least: str, *codes: str, **keys: object) -> dict:
    return {
        "kind": "recovered",
        "cooperation": "coop",
        "regimes": dict.fromkeys(codes, "regime"),
        "at_least": at_least,
        **keys,
    }


def test_share_recovered_in_force_by_hand() -> None:
    world, coop, lift = labelled_world(), scenario("coop", CLOSER), regime("lifting", "full")
    a = assess(world, dossier({"coop": coop, "regime": lift}, claim("a", test=recovered("90%", "IRN"))))
    v = a.verdicts[0]

    def w(s: object, level: str, closure: str = "fixed-deficits") -> float:
        shock = compile_scenario(world, s, size_level=level).shock  # type: ignore[arg-type]
        return log(solve(world, shock, closure=closure).real_income_hat[0])

    assert v.main is not None and v.main.estimate == pytest.approx(100 * w(coop, "central") / w(lift, "central"))
    figures = {figure.label: figure.number for figure in v.figures}
    high = figures["Iran: high size of the cooperation"]
    assert high.estimate == pytest.approx(100 * w(coop, "high") / w(lift, "central"))
    assert figures["Iran: what the regime costs"].estimate == pytest.approx(100 * w(lift, "central"))
    shares = a.runs.ranges_on(["regime"], None, Choice("world", "central", "fixed-deficits"))["regime"]
    assert len(shares.solved) == len(a.outcomes["coop"].range.solved)
    crossed = 100 * w(coop, "low", "balanced") / w(lift, "high", "balanced")
    assert v.main.low is not None and v.main.high is not None
    assert v.main.low <= crossed * (1 + SAME) and crossed <= v.main.high * (1 + SAME)


def test_share_recovered_when_imposed_by_hand() -> None:
    world, coop, impose = labelled_world(), scenario("coop", CLOSER), regime("sanction", "none")
    d = dossier({"coop": coop, "regime": impose}, claim("a", test=recovered("90%", "IRN")))
    v = assess(world, d).verdicts[0]
    s = solve(world, compile_scenario(world, impose).shock)
    both = scenario(
        "both",
        CLOSER,
        "{id: r, kind: sanction, regime: own}",
        head=impose.text.split("title: regime\n")[1].split("measures")[0],
    )
    together = solve(world, compile_scenario(world, both).shock)
    share = (log(together.real_income_hat[0]) - log(s.real_income_hat[0])) / -log(s.real_income_hat[0])
    assert v.main is not None and v.main.estimate == pytest.approx(100 * share, rel=1e-6)


def test_all_of_a_regime_is_recovered_by_lifting_it() -> None:
    world, lift = labelled_world(), regime("lifting", "full")
    # one size only: the same lifting is the cooperation and the regime, so the share is one wherever the sizes agree
    d = dossier({"coop": lift, "regime": lift}, claim("a", test=recovered("50%", "IRN"), why="known"))
    v = assess(world, d).verdicts[0]
    assert v.main is not None and v.main.estimate == pytest.approx(100.0)


def test_no_ratio_over_a_loss_that_is_none_or_too_small() -> None:
    one, two = (Choice("world", level, "balanced") for level in ("low", "central"))
    coop = {two: np.array([1.01])}

    def reason(*values: float) -> str:
        lifted = {choice: np.array([value]) for choice, value in zip((one, two), values, strict=True)}
        return lifted_share(coop, lifted, 0, two).reason

    assert reason(1.001, 1.01) == ""
    assert reason(1.00005, 1.01) == "the loss can be below 0.01 per cent of real income"
    assert reason(0.99, 1.01) == "the range of the loss includes 0"
    assert reason(0.98, 0.99) == "lifting it lowers real income"
    assert imposed_share({(two, "low"): np.array([1.0])}, {two: np.array([1.1])}, 0, two).reason
    assert lifted_share(coop, {two: np.array([1.02])}, 0, two).ratio.values == {(two, "central"): log(1.01) / log(1.02)}


def test_an_economy_without_ratio_cannot_support() -> None:
    world, lift = labelled_world(), regime("lifting", "full")
    d = dossier({"coop": lift, "regime": lift}, claim("a", test=recovered("1%", "IRN", "BLR")))
    v = assess(world, d).verdicts[0]
    # lifting what China has on Iran turns trade away from Belarus: no loss of Belarus to win back
    assert v.mark == NOT_SUPPORTED and any("No number for Belarus" in note for note in v.notes)
    assert v.main is not None and v.main.country == "IRN"
    json.dumps(assess(world, d).as_json(), allow_nan=False)


# -- delay --------------------------------------------------------------------------------------------


def test_forgone_is_the_sum_of_both_paths() -> None:
    path = [0.0, 1.0, 3.0, 3.0]
    shifted = [0.0, *path[:-1]]
    assert forgone(path) == sum(path) - sum(shifted)
    assert forgone(path, 0.1) == pytest.approx(1 / 1.1 + 2 / 1.1**2)


@pytest.mark.parametrize("measure", [PHASED, CLOSER, PHASED.replace("2026", "2024-07-01")])
def test_delay_is_the_sum_over_years(measure: str) -> None:
    world, s = labelled_world(), scenario("s", measure)
    test = {"kind": "delay", "scenario": "s", "countries": PAIR}
    v = assess(world, dossier({"s": s}, claim("a", test=test), signed="2023-03-13")).verdicts[0]
    paths = [[float(simulate(world, s, year=y).solution.equivalent_variation[:2].sum()) for y in range(2022, 2028)]]
    if measure == CLOSER:
        paths[0] = [0.0, *paths[0][1:]]  # undated: nothing before the signing
    total = sum(now - earlier for earlier, now in zip([0.0, *paths[0]], paths[0], strict=False))
    assert v.main is not None and v.main.estimate == pytest.approx(total, abs=SAME * world.income[:2].sum())
    assert v.main.unit == "million USD per year of delay" and v.mark == SUPPORTED


# -- growth -------------------------------------------------------------------------------------------


def observed(*rows: tuple[str, str, float], both: bool = True) -> list[dict]:
    series = {}
    for count, period, total in rows:
        row = {
            "period": period,
            "start": f"{period}-01-01",
            "end": f"{period}-12-31",
            "total": total,
            "source": "article",
        }
        series.setdefault(count, []).append(row)
    return [
        {
            "id": "pair",
            "title": "Trade of the two",
            "between": PAIR,
            "series": [{"count": count, "setter": count, "rows": rows} for count, rows in series.items()],
        }
    ]


@pytest.mark.parametrize(
    ("rows", "signed", "mark", "ending"),
    [
        ([("A", "2021", 10.0), ("A", "2022", 30.0), ("B", "2021", 1.0), ("B", "2022", 3.5)], "2022-06-01", SUPPORTED, ""),
        ([("A", "2021", 10.0), ("A", "2022", 30.0)], "2023-03-13", SUPPORTED, BEFORE),
        ([("A", "2021", 10.0), ("A", "2022", 30.0)], "2022-12-31", SUPPORTED, BEFORE),
        ([("A", "2021", 10.0), ("A", "2022", 30.0), ("B", "2021", 1.0), ("B", "2022", 2.0)], "2023", NOT_SUPPORTED, CANNOT_TELL),
        ([("A", "2021", 10.0), ("A", "2022", 29.0), ("B", "2021", 1.0), ("B", "2022", 2.0)], "2023", NOT_SUPPORTED, CONTRADICTED),
        ([("A", "2021", 10.0), ("A", "2022", 30.0), ("B", "2022", 2.0)], "2023", NOT_SUPPORTED, "cannot tell: not reported on B"),
        ([("A", "2022", 30.0)], "2023", NOT_SUPPORTED, CANNOT_TELL),
    ],
)  # fmt: skip
def test_growth_on_every_count(rows: list, signed: str, mark: str, ending: str) -> None:
    test = {"kind": "growth", "observed": "pair", "since": "2021", "until": "2022", "at_least": 3}
    d = dossier({"s": scenario("s", BETTER)}, claim("a", test=test), observed=observed(*rows), signed=signed)
    v = assess(labelled_world(), d).verdicts[0]
    assert (v.mark, v.ending) == (mark, ending)
    assert v.main is None or v.main.kind == "none"
    one = "One side's statistics: A. In money of each year, prices included."
    assert (one in v.notes) == (len({count for count, _, _ in rows}) == 1)


# -- outside, commitments, output ---------------------------------------------------------------------


def test_outside_keeps_the_nearest_answer_as_a_figure() -> None:
    claims = [claim("a", outside="no channel", nearest=gain()), claim("b", outside="no size")]
    a = assess(labelled_world(), dossier({"s": scenario("s", BETTER)}, *claims))
    first, second = a.verdicts
    assert (first.mark, first.main, first.figures[0].label) == (
        OUTSIDE,
        None,
        "nearest answer, real income of Iran",
    )
    assert first.figures[0].number.unit == "per cent" and second.figures == ()


def test_a_scenario_refused_on_another_world_is_named_and_a_mistake_on_its_own() -> None:
    contained = regime("sanction", "full")
    parts = {"s": scenario("s", BETTER), "r": contained}
    a = assess(labelled_world(), dossier(parts, claim("a", test=gain(name="r")), claim("b", test=gain())))
    assert a.verdict("a").mark == OUTSIDE and "lifting" in a.verdict("a").notes[0]
    assert a.verdict("b").mark == SUPPORTED and list(a.refused) == ["r"] and list(a.outcomes) == ["s"]
    with pytest.raises(InputError, match="lifting"):
        assess(labelled_world(), dossier(parts, claim("a", test=gain(name="r")), world="labelled"))
    with pytest.raises(InputError, match="lifting"):
        assess(labelled_world(), dossier(parts, main="r"))


def test_mistakes_in_a_test_are_complaints() -> None:
    parts = {"s": scenario("s", BETTER)}
    for wrong in (
        gain(countries=("XXX",)),
        gain(name="t"),
        {"kind": "growth", "observed": "x", "since": "a", "until": "b", "at_least": 1},
    ):
        with pytest.raises(InputError):
            assess(labelled_world(), dossier(parts, claim("a", test=wrong)))
    with pytest.raises(InputError, match="Dossier is needed"):
        assess(labelled_world(), "tehran-2023")  # type: ignore[arg-type]


def test_commitments_have_their_last_status() -> None:
    def commitment(name: str, *events: tuple[str, str], **keys: object) -> dict:
        history = [{"date": date, "status": status, "what": "x", "source": "article"} for date, status in events]
        return {"id": name, "title": name, "parties": PAIR, "field": "trade", "instrument": "memorandum",
                "source": {"id": "article"}, "history": history, **keys}  # fmt: skip

    d = dossier(
        {"s": scenario("s", BETTER)},
        commitments=[
            commitment("a", ("2025", "in force"), ("2023-03-13", "signed"), measures=["s/a"]),
            commitment("b", ("2023", "announced"), ("2023", "withdrawn"), outside="no channel"),
            commitment("c", outside="no channel"),
        ],
    )
    states = assess(labelled_world(), d).commitments
    assert [(s.status, s.channel) for s in states] == [
        ("in force", True),
        ("withdrawn", False),
        ("no history given", False),
    ]


def test_frame_json_and_look_up() -> None:
    a = assess(
        labelled_world(), dossier({"s": scenario("s", BETTER)}, claim("a", test=gain()), claim("b", outside="x"))
    )
    assert list(a.frame.columns) == ["id", "statement", "mark", "ending", "estimate", "low", "high", "unit", "needs"]
    assert a.frame["mark"].tolist() == [SUPPORTED, OUTSIDE]
    data = json.loads(json.dumps(a.as_json(), allow_nan=False))
    keys = {"name", "country", "estimate", "low", "high", "level", "kind", "unit", "base_year", "status"}
    assert data["schema_version"] == 1 and set(data["claims"][0]["number"]) == keys
    with pytest.raises(InputError, match="no claim of that id"):
        a.verdict("c")
    assert "a: Supported" in repr(a) and comity.assess is assess


def test_combinations_without_solution_are_counted_and_named() -> None:
    world = labelled_world()
    solved = simulate(world, scenario("s", BETTER))
    variants = list(solved.range.variants)
    broken = type(variants[3])(variants[3].choice, refusal="no equilibrium")
    object.__setattr__(solved.range, "variants", (*variants[:3], broken, *variants[4:]))
    runs = Runs(world, dossier({"s": scenario("s", BETTER)}, claim("a", test=gain())))
    runs._solved["s"] = solved
    from comity.dossier.claims import gain as test_gain

    first = runs.dossier.claims[0]
    v = test_gain(runs, first, first.test)  # type: ignore[arg-type]
    assert v.notes == (f"1 of {len(variants)} combinations have no solution: {variants[3].choice}.",)


def test_explore_is_the_range_of_simulate() -> None:
    world, s = labelled_world(), scenario("s", CLOSER)
    from comity.dossier.combinations import Ready

    known = simulate(world, s)
    _, found = explore(
        world, known.choice, lambda economy, level: Ready(compile_scenario(economy, s, size_level=level).shock)
    )
    assert [v.choice for v in found.variants] == [v.choice for v in known.range.variants]
    for one, other in zip(found.variants, known.range.variants, strict=True):
        assert one.real_income_hat is not None and other.real_income_hat is not None
        assert np.allclose(one.real_income_hat, other.real_income_hat, atol=SAME)


def test_world_2022_roadmap_and_front() -> None:
    world = load_world("world-2022")
    parts = {
        "roadmap": load_scenario("tehran-2023"),
        "coop": load_scenario("sanctioned-front"),
        "regime": load_scenario("iran-2012"),
    }
    c = {**target(100, "Belarus's count", by=2026), "scenario": "roadmap"}
    i = {"kind": "delay", "scenario": "roadmap", "countries": PAIR}
    d = dossier(
        parts, claim("c", test=c), claim("i", test=i), claim("b", test=recovered("90%", "IRN")), signed="2023-03-13"
    )
    a = assess(world, d)
    assert a.verdict("c").ending == BEFORE and any("Iran's count" in note for note in a.verdict("c").notes)
    b = a.verdict("b")
    assert (b.mark, b.ending) == (NOT_SUPPORTED, CONTRADICTED) and b.main is not None and 0 < b.main.estimate < 10
    # the regime is solved on both counts too, so that both terms of a ratio share one benchmark
    count = a.outcomes["coop"].runs[1].count
    assert count is not None
    economy = on_count(world, count)
    top, bottom = (
        log(solve(economy, compile_scenario(economy, parts[name]).shock).real_income_hat[world.country("IRN")])
        for name in ("coop", "regime")
    )
    figure = next(f for f in b.figures if f.label == "Iran: share won back, on Belarus's count")
    assert figure.number.estimate == pytest.approx(100 * top / bottom, rel=1e-5)
    full = a.outcomes["roadmap"].runs[0].solution.equivalent_variation
    main = a.verdict("i").main
    assert main is not None
    assert main.estimate == pytest.approx(full[world.country("IRN")] + full[world.country("BLR")], abs=1e-3)
