"""What headings and figures of the report say: sums that must hold, words for known numbers."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from comity import Outcomes, load_scenario, load_world, simulate
from comity.outcomes.simulate import label
from comity.records import cite
from comity.report import figures, headline, lead, sections, sectors
from comity.report.folder import write_folder
from comity.report.page import page
from comity.report.words import levels_in, minutes, power_of_ten, two_digits, whom
from comity.scenario.load import parse_scenario
from tests.helpers import labelled_world

PAIR = """schema: 1
id: lower-duty
title: A lower duty
measures:
  - {id: a, kind: tariff, importers: [IRN], exporters: [BLR], size: {to: 0.0}}
"""
# sums of the same floating-point numbers in another order
ROUNDING = {"rel": 1e-12}


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return simulate(labelled_world(), parse_scenario(PAIR))


@pytest.fixture(scope="module")
def regime() -> Outcomes:
    """One target, forty senders."""
    return simulate(load_world("world-2019"), load_scenario("russia-2022"))


def test_sectors_of_a_direction_add_up_to_the_flow(outcomes: Outcomes) -> None:
    rows = sectors.sectors_data(outcomes)
    numbers = outcomes.pair(outcomes.runs[0], "IRN", "BLR")
    for name, side in (("Iran to Belarus", "out"), ("Belarus to Iran", "in")):
        for when in ("before", "after"):
            total = sum(row[when] for row in rows if row["panel"] == name)
            assert total == pytest.approx(numbers[f"{side}_{when}"].estimate, **ROUNDING)


def test_sectors_of_a_regime_show_both_directions(regime: Outcomes) -> None:
    rows = sectors.sectors_data(regime)
    assert list(dict.fromkeys(row["panel"] for row in rows)) == [
        "The 40 economies to Russia",
        "Russia to the 40 economies",
    ]
    # by hand: goods between Russia and the economies of the measure's pairs
    world, n = regime.world, regime.world.country("RUS")
    goods = np.array([code != "SERV" for code in world.sectors])
    senders = [world.country(importer) for importer, exporter in regime.compiled.pairs if exporter == "RUS"]
    by_hand = world.flow[goods][:, n, senders].sum(), world.flow[goods][:, senders, n].sum()
    sums = [
        sum(row["before"] for row in rows if row["panel"] == panel) for panel in dict.fromkeys(r["panel"] for r in rows)
    ]
    assert sums == pytest.approx(by_hand, **ROUNDING)
    # at most eight rows a panel, the last the sum of the rest
    assert all(
        sum(row["panel"] == panel for row in rows) == sectors.MOST + 1 for panel in {row["panel"] for row in rows}
    )
    assert rows[sectors.MOST]["code"] == "rest" and rows[sectors.MOST]["name"] == "14 other sectors"


def test_trade_touched_has_the_range_of_its_sum(regime: Outcomes) -> None:
    found = sectors.touched_trade(regime)
    assert found is not None
    whose, (before, after, low, high) = found
    assert whose == "Russia with the 40 economies" and low < after < high < before
    single = [card["title"] for card in headline.three(regime)]
    assert single[0] == "Real income, Russia" and single[1] == "Goods trade of Russia with the 40 economies"
    assert single[2].endswith("(largest elsewhere)") and len(single) == 3


def test_no_flow_is_touched_by_productivity() -> None:
    text = "schema: 1\nid: x\ntitle: X\nmeasures:\n  - {id: a, kind: productivity, countries: [IRN], sectors: all, size: {hat: 1.02}}\n"
    found = simulate(labelled_world(), parse_scenario(text))
    assert sectors.directions(found) == [] and sectors.touched_trade(found) is None
    assert sectors.sectors_data(found) == [] and sectors.sector_finding([]) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([("Chemicals", 20.0, 29.3), ("Food", 10.0, 14.6), ("Wood", 5.0, 4.0)],
         "Of 13 million US dollars more a year, 9.3 are chemicals and 4.6 food"),
        ([("Oil", 64500.0, 44500.0), ("Steel", 6800.0, 4300.0)],
         "Of 22 billion US dollars less a year, 20 are oil and 2.5 steel"),
        ([("Oil", 10.0, 12.0), ("Wood", 4.0, 2.0)], "Oil change most, from 10.0 to 12.0 million USD a year"),
    ],
)  # fmt: skip
def test_sector_finding(changes: list[tuple[str, float, float]], words: str) -> None:
    rows = [{"panel": "A", "code": name, "name": name, "before": old, "after": new} for name, old, new in changes]
    assert sectors.sector_finding(rows) == words


def test_map_finding_counts_what_is_beyond_the_smallest_class(outcomes: Outcomes, regime: Outcomes) -> None:
    rows = regime.welfare.rows
    sure = [row for row in rows if not row.real_income_low_pct <= 0 <= row.real_income_high_pct]
    gains = sum(row.real_income_pct >= 0.001 for row in sure)
    losses = sum(row.real_income_pct <= -0.001 for row in sure)
    assert figures.map_finding(regime) == (
        f"Of 82 economies, {gains} gain and {losses} lose at least 0.001 per cent of real income beyond the noise"
    )
    assert f"For {82 - gains - losses} economies the change is smaller" in figures.map_text(regime)
    nothing = simulate(labelled_world(), parse_scenario(PAIR.replace("{to: 0.0}", "{change: 0.0}")))
    assert figures.map_finding(nothing) == (
        "No economy's real income changes by 0.001 per cent or more beyond the noise"
    )


NAN = float("nan")


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        # estimate, low, high in per cent: one band reaches beyond a tenth, though both estimates lie below it
        ((0.012, -0.001, 0.017), (0.09, 0.06, 0.28), ""),
        ((0.012, -0.001, 0.017), (0.09, 0.06, 0.099), "Real income in either would move by less than one tenth of one per cent."),
        ((0.0012, 0.0007, 0.0018), (0.0054, 0.0033, 0.0083), "Real income in either would move by less than one hundredth of one per cent."),
        ((0.0002, 0.0001, 0.0004), (-0.0002, -0.0101, 0.0001), "Real income in either would move by less than one tenth of one per cent."),
        ((0.0002, NAN, NAN), (-0.0002, NAN, NAN), "Real income in either would move by less than one thousandth of one per cent."),
    ],
)  # fmt: skip
def test_less_than_holds_for_the_whole_interval_of_both(
    first: tuple[float, ...], second: tuple[float, ...], said: str
) -> None:
    names = ("real_income_pct", "real_income_low_pct", "real_income_high_pct")
    rows = {
        code: SimpleNamespace(**dict(zip(names, row, strict=True))) for code, row in (("IRN", first), ("BLR", second))
    }
    drawn = SimpleNamespace(of=rows.__getitem__, interval=SimpleNamespace(kind="band"))
    assert lead.either(drawn, ("IRN", "BLR")) == said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("combinations", "start"), [(36, "Over these choices real income in either moves by less"), (1, "")]
)
def test_before_there_are_draws_less_than_is_said_of_the_choices_alone(combinations: int, start: str) -> None:
    """The draws that follow reach further: a reader would see the sentence go."""
    row = SimpleNamespace(real_income_pct=0.01, real_income_low_pct=0.001, real_income_high_pct=0.02)
    outcomes = SimpleNamespace(of=lambda code: row, interval=SimpleNamespace(kind="range"),
                               range=SimpleNamespace(variants=[None] * combinations))  # fmt: skip
    said = lead.either(outcomes, ("IRN", "BLR"))  # type: ignore[arg-type]
    assert said.startswith(start) and bool(said) is bool(start)


def test_a_map_without_what_is_inside_the_noise_says_so(outcomes: Outcomes) -> None:
    """Two economies change by 0.001 per cent or more, one of them with a range around zero."""
    codes = outcomes.world.countries
    ends = {codes[0]: (0.09, 0.06, 0.28), codes[1]: (0.012, -0.001, 0.017)}
    rows = [
        SimpleNamespace(country=code, real_income_pct=at, real_income_low_pct=low, real_income_high_pct=high)
        for code in codes
        for at, low, high in [ends.get(code, (0.0, -1.0, 1.0))]
    ]
    found = SimpleNamespace(welfare=SimpleNamespace(rows=rows), interval=SimpleNamespace(kind="band"))
    assert figures.map_finding(found) == (  # type: ignore[arg-type]
        f"Only {label(codes[0])}'s real income changes by 0.001 per cent or more beyond the noise"
    )


def test_the_report_dates_its_measures(outcomes: Outcomes) -> None:
    assert "Dates: none given, in force from the start." in page(outcomes, "comity run x")
    dated = PAIR.replace("size: {to: 0.0}", "size: {to: 0.0}, phase: {from: 2025, to: 2027-07-01}")
    found = simulate(labelled_world(), parse_scenario(dated))
    assert "Dates: begins 2025-01-01, in force in full from 2027-07-01." in page(found, "comity run x")


def test_a_size_that_cites_nobody_is_no_citation(outcomes: Outcomes) -> None:
    notes = [entry for entry in cite(outcomes) if "comity_note" in entry]
    assert outcomes.compiled.measures[0].size_text == "rate 0 %"
    assert not any("rate 0 %" in note for note in notes)
    days = simulate(
        labelled_world(), parse_scenario(PAIR.replace("tariff", "border_time").replace("to: 0.0", "days: -2"))
    )
    assert sum("Hummels" in entry for entry in cite(days)) == 1


def test_finding_over_the_bars_in_one_unit() -> None:
    rows = [
        {"code": "A", "name": "A", "value": 3400.0, "color": "gain"},
        {"code": "B", "name": "B", "value": 890.0, "color": "gain"},
        {"code": "C", "name": "C", "value": -0.18, "color": "loss"},
        {"code": "D", "name": "D", "value": 9.0, "color": "noise"},
        {"code": "rest", "name": "70 others", "value": -900.0, "color": "loss"},
    ]
    assert figures.finding(rows) == "A and B gain most, 3.4 and 0.89 billion USD; C loses most, 0.18 million USD a year"


def test_trade_elsewhere_leaves_out_what_a_measure_touches(outcomes: Outcomes) -> None:
    touched = {"Belarus to Iran"}
    said = [line.split(":")[0] for _, lines in sections.elsewhere(outcomes) for line in lines]
    assert said and not touched & set(said)
    change = {f"{row.origin}-{row.destination}": row.change for row in outcomes.diversion.rows}
    falls = sections.elsewhere(outcomes)[0]
    least = min((value, key) for key, value in change.items() if key != "BLR-IRN")
    assert falls[0].startswith("Other flows, falling") and least[0] < 0 and len(falls[1]) >= 1


def test_sum_over_all_economies(outcomes: Outcomes) -> None:
    total = float(outcomes.solution.equivalent_variation.sum())
    assert sections.whole(outcomes).startswith("+" if total > 0 else "\N{MINUS SIGN}")


def test_citations_read_as_sentences(outcomes: Outcomes) -> None:
    assert sections.cited(outcomes)["method"][0] == (
        "Caliendo, Lorenzo and Parro, Fernando (2015). Estimates of the Trade and Welfare Effects of NAFTA. "
        "Review of Economic Studies 82."
    )
    entry = "@book{x, author={Doe, Jane}, title={A {Great} Book}, year={1999}}"
    assert sections.readable(entry) == "Doe, Jane (1999). A Great Book."


def test_main_number_of_the_sentence_is_marked_and_the_rest_escaped() -> None:
    text = "Trade of A & B from 59 to about 84 million US dollars a year, on A's count."
    assert sections.accented(text) == (
        "Trade of A &amp; B from 59 to about <em>84 million US dollars a year</em>, on A&#39;s count."
    )
    assert "<em>1.3 per cent</em>" in sections.accented("lower real income by about 1.3 per cent.")


def test_figures_lie_beside_the_page_in_three_forms(outcomes: Outcomes, tmp_path: Path) -> None:
    folder = write_folder(outcomes, tmp_path, "comity run x")
    for name in ("gains-and-losses", "map", "trade", "trade-by-sector"):
        for kind in ("svg", "png", "csv"):
            assert (folder / "figures" / f"{name}.{kind}").stat().st_size > 100
            assert f'href="figures/{name}.{kind}"' in (folder / "report.html").read_text()
    assert (folder / "figures" / "map.png").read_bytes().startswith(b"\x89PNG")
    lines = (folder / "figures" / "trade-by-sector.csv").read_text().splitlines()
    assert lines[0].startswith("# Goods trade by sector") and "million USD a year" in lines[1]
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert {row["panel"] for row in rows} == {"Iran to Belarus", "Belarus to Iran"}
    assert json.loads((folder / "results.json").read_text())["scenario"] == "lower-duty"


def test_words_for_small_things() -> None:
    assert [power_of_ten(value) for value in (3e-11, 9.6e-12, 0.0)] == ["3 × 10⁻¹¹", "1 × 10⁻¹¹", "0"]
    assert [minutes(value, year=False) for value in (1e-5, 0.0012, 0.11, 1.3)] == [
        "less than a minute",
        "6 minutes",
        "10 hours",
        "5 days",
    ]
    assert minutes(100 / 365) == "24 hours of a year's income gained"
    assert [two_digits(value) for value in (63.84, 4.1, 0.18, 116.4)] == ["64", "4.1", "0.18", "116"]
    assert levels_in(43.9, 62.4, scale=1.0) == "43.9 to 62.4 million USD"
    assert levels_in(453410.0, 48170.0, scale=1000.0, unit=False) == "453 to 48"
    assert whom("IRN-BLR", {"IRN": "Iran", "BLR": "Belarus"}.__getitem__) == "Iran and Belarus" and whom("", str) == ""
