"""The report page and its figures: what the sentence says, where marks lie, that colours are tokens, seats for all."""

from __future__ import annotations

import re

import numpy as np
import pytest

from comity import Outcomes, load_world, simulate
from comity.report import among, charts, drawing, headline, lead, reasons, sectors, trade_drawing, vega_lite
from comity.report import words as words_module
from comity.report.page import by_sector, context, page
from comity.report.terminal import summary, verdict
from comity.scenario.load import parse_scenario
from tests.helpers import labelled_world

PAIR = """schema: 1
id: lower-duty
title: A lower duty
measures:
  - {id: a, kind: tariff, importers: [IRN], exporters: [BLR], size: {to: 0.0}, phase: {from: 2023, to: 2027}}
"""


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return simulate(labelled_world(), parse_scenario(PAIR))


@pytest.fixture(scope="module")
def drawn(outcomes: Outcomes) -> str:
    return page(outcomes, "comity run lower-duty.yaml")


def test_lead_names_trade_and_the_gain_or_loss_of_both(outcomes: Outcomes) -> None:
    """A loss must not hide behind trade that grows, nor behind the gain of the other."""
    first, second = lead.lead(outcomes)
    assert first == (
        "Carried out in full, these measures would raise goods trade between Iran and Belarus from 554 to about 592 "
        "million US dollars a year, raise real income in Belarus by about 0.47 per cent, and lower that in Iran by "
        "about 0.15 per cent."
    )
    cards = [card["big"] for card in headline.three(outcomes)]
    assert cards == ["592", "\u22120.15\u202f%", "+0.47\u202f%"]  # the same numbers, rounded alike
    assert second.startswith("Intervals of the 592 million: range over choices ")


def test_lead_names_every_one_of_three_parties_and_keeps_their_trade() -> None:
    """A new user's question: what if Russia joins? The loss of Iran stands in the first sentence."""
    between = PAIR.replace("importers: [IRN], exporters: [BLR]", "between: [IRN, BLR, RUS]").replace("2027", "2024")
    joined = simulate(load_world(), parse_scenario(between))
    first, second = lead.lead(joined)
    assert first == (
        "Carried out in full, these measures would raise real income in Belarus by about 0.026 per cent and in Russia by "
        "about 0.016 per cent, and lower that in Iran by about 0.052 per cent."
    )
    assert re.search(
        r"Goods trade among Iran, Belarus and Russia would rise from 35\.02 to about 37\.74 billion US dollars a year "
        r"\(range over choices 36\.43 to 49\.35\), the flows between Iran and Belarus on Iran's count; between Iran "
        r"and Belarus from 59 to about 243 million US dollars a year \(range over choices 136 to 248\)\.$",
        second,
    )
    flow = joined.solution.benchmark.goods_flow
    places = [joined.world.country(code) for code in ("IRN", "BLR", "RUS")]
    before = sum(flow[n, i] for n in places for i in places if n != i)
    found = among.among(joined, joined.runs[0])
    assert found[0].before == pytest.approx(before, rel=1e-12) and found[0].low <= found[0].after <= found[0].high
    assert [one.codes for one in found[1:]] == [("IRN", "BLR"), ("IRN", "RUS"), ("BLR", "RUS")]
    assert sum(one.after for one in found[1:]) == pytest.approx(found[0].after, rel=1e-12)
    pair = joined.pair(joined.runs[0], "IRN", "BLR")["after"]
    assert (found[1].after, found[1].high) == pytest.approx((pair.estimate, pair.high))
    text = summary(joined)
    assert "Goods trade among Iran, Belarus and Russia, million USD a year:" in text and first[:60] in text
    assert "    between Iran and Belarus: 59 to 243 (+312\u202f%) [136, 248]" in text
    assert "The counts differ in the flows between Iran and Belarus alone;" in text
    assert (
        "  Iran loses mainly because what it sells abroad gets cheaper against what it buys: \u2212186 of \u2212214 "
        in text
    )
    drawn = page(joined, "comity run x.yaml")
    assert "Among the parties, pair by pair" in drawn and "Iran and Belarus, Iran&#39;s count</th>" in drawn


def test_of_many_the_lead_names_both_ends_and_counts() -> None:
    text = PAIR.replace("importers: [IRN], exporters: [BLR], size: {to: 0.0}", "importers: all, exporters: [all, ROW], size: {change: 0.2}")  # fmt: skip  # noqa: E501
    everybody = simulate(labelled_world(), parse_scenario(text))
    first = lead.lead(everybody)[0]
    assert first.endswith("; of 5 economies 0 gain, 4 lose, and 1 cannot be told from zero.")
    assert (
        " lower real income in the rest of the world most in money, by about 5.3 per cent, and in China least " in first
    )


def test_why_names_the_largest_part_with_its_sign() -> None:
    said = reasons.sentence("Iran", np.array([-186.5, -27.9, 0.0, 0.0, 0.0]))
    assert said == (
        "Iran loses mainly because what it sells abroad gets cheaper against what it buys: \u2212186 of \u2212214 million "
        "US dollars a year; and less trade crosses its tariffs and export taxes: \u221228."
    )
    over = reasons.sentence("the rest of the world", np.array([-1.0, 0.0, 4.0, 0.0, 0.0]))
    assert over == (
        "The rest of the world gains mainly because what it buys abroad costs less to bring in: +4.0 million US dollars a "
        "year; against it, what it sells abroad gets cheaper against what it buys: \u22121.0."
    )
    assert reasons.sentence("Iran", np.zeros(5)) == ""


def test_lead_says_why_nothing_changes() -> None:
    nothing = simulate(labelled_world(), parse_scenario(PAIR), year=2023)
    first, second = lead.lead(nothing)
    assert first.startswith("Nothing changes, because ") and second == ""
    text = summary(nothing)
    assert "Nothing changes, because" in text and "Goods trade between" not in text


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (59.0, 100.8, "59 to about 101 million US dollars"),
        (0.42, 1.26, "0.4 to about 1.3 million US dollars"),
        (581236.0, 60326.0, "581.24 to about 60.33 billion US dollars"),
    ],
)
def test_levels_share_one_unit(before: float, after: float, words: str) -> None:
    assert words_module.levels(before, after) == words


def test_band_line_puts_marks_where_the_numbers_are() -> None:
    svg = headline.strip(50.0, 25.0, 100.0, [(0.0, "0")], (0.0, 100.0))
    # 250 px wide with a margin of 8: 0 -> 8, 25 -> 66.5, 50 -> 125, 100 -> 242
    assert 'x1="66.5" x2="242.0"' in svg and 'cx="125.0"' in svg and 'x1="8.0" x2="8.0"' in svg
    assert (
        f'fill="{drawing.ACCENT}"' in svg
        and 'role="img"' in svg
        and 'aria-label="Estimate: 50, range 25 to 100; marked: zero."' in svg
    )
    hollow = headline.strip(1.0, -1.0, 3.0, [(0.0, "0")], (-1.0, 3.0))
    assert '<circle cx="125.0" cy="14" r="5.5" fill="none"' in hollow  # a range that includes zero


def test_colours_are_tokens_with_a_dark_counterpart(outcomes: Outcomes) -> None:
    figures = context(outcomes, "x")
    known = {*drawing.DARK, drawing.WHITE, drawing.TILE_INK, drawing.TILE_INK_3, "none", "transparent"}
    for figure in ("bars", "map", "flows", "sectors"):
        for svg in figures[figure].values():
            used = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
            assert used <= known, f"{figure}: {used - known}"


def test_every_economy_has_its_own_seat() -> None:
    seats = charts.seats()
    assert len(set(seats.values())) == len(seats)
    for name in ("world-2022", "world-2019"):
        assert set(load_world(name).countries) <= set(seats)


def test_map_classes_never_rescale(outcomes: Outcomes) -> None:
    tiles = {tile["code"]: tile["fill"] for tile in charts.map_data(outcomes)}
    for row in outcomes.welfare.rows:
        value = row.real_income_pct
        if row.real_income_low_pct <= 0 <= row.real_income_high_pct or abs(value) < 0.001:
            assert tiles[row.country] == drawing.ZERO
        elif value > 0:
            assert tiles[row.country] in drawing.GAINS
        else:
            assert tiles[row.country] in drawing.LOSSES


def test_bars_hold_everybody_once(outcomes: Outcomes) -> None:
    rows = charts.bars_data(outcomes)
    assert len(rows) <= 10 and {"IRN", "BLR"} <= {row["code"] for row in rows}
    assert sum(row["value"] for row in rows) == pytest.approx(outcomes.solution.equivalent_variation.sum())
    for row in rows:
        assert row["low"] <= row["value"] <= row["high"]
        assert (row["color"] == "noise") == (row["low"] <= 0 <= row["high"])


def test_value_and_volume_stand_side_by_side(outcomes: Outcomes) -> None:
    rows = by_sector(outcomes)
    assert {row["flow"] for row in rows} == {"Belarus to Iran", "Iran to Belarus"}
    assert all(row["value"].endswith("%") and row["volume"].endswith("%") for row in rows)


def test_verdict_on_a_target(outcomes: Outcomes) -> None:
    numbers = outcomes.pair(outcomes.runs[0], "IRN", "BLR")
    before, after = numbers["before"].estimate, numbers["after"]
    assert after.low is not None and after.high is not None
    assert verdict(outcomes, numbers, before / 2).startswith("already reached before the deal")
    assert verdict(outcomes, numbers, after.high * 2) == "reached in none of the combinations tried"
    assert "straddles" in verdict(outcomes, numbers, (after.low + after.high) / 2)


def test_page_is_one_file_that_asks_for_nothing(drawn: str) -> None:
    assert drawn.count("<h1") == 1
    assert not re.search(r'(?:src|href)="(?:https?:)?//', drawn) and "<script" not in drawn and "@import" not in drawn
    pictures = re.findall(r"<svg[^>]*>", drawn)
    assert len(pictures) == 12  # four figures in two widths, three band lines, the key of the map
    assert all('role="img"' in tag and re.search(r'aria-label="[^"]{5,}"', tag) for tag in pictures)
    assert "prefers-color-scheme:dark" in drawn and "comity run lower-duty.yaml" in drawn
    assert PAIR.splitlines()[1] in drawn  # the scenario itself, to run again


def test_figures_are_valid_vega_lite(outcomes: Outcomes) -> None:
    for width in (drawing.WIDE, drawing.NARROW):
        for chart in (
            drawing.bars(charts.bars_data(outcomes), width),
            drawing.tile_map(charts.map_data(outcomes), width),
        ):
            vega_lite.altair_chart(chart).to_dict(validate=True)
        spec = vega_lite.altair_chart(trade_drawing.flows(charts.flows_data(outcomes), width)).to_dict(validate=True)
        # range, hollow dot, filled dot, and the words: at the right, or above with the name
        assert len(spec["layer"]) == (4 if width == drawing.WIDE else 5)
        chart = trade_drawing.sector_panels(sectors.sectors_data(outcomes), width)
        panels = vega_lite.altair_chart(chart).to_dict(validate=True)
        joined = panels["hconcat" if width == drawing.WIDE else "vconcat"]
        assert [panel["title"]["text"] for panel in joined] == ["Iran to Belarus", "Belarus to Iran"]


def test_a_measure_on_everybody_has_no_party() -> None:
    text = PAIR.replace("importers: [IRN], exporters: [BLR], size: {to: 0.0}", "importers: all, exporters: [all, ROW], size: {change: 0.2}")  # fmt: skip  # noqa: E501
    everybody = simulate(labelled_world(), parse_scenario(text))
    assert everybody.parties == []
    largest = max(everybody.welfare.rows, key=lambda row: abs(row.equivalent_variation))
    assert charts.label(largest.country) in lead.lead(everybody)[0]
    assert len(headline.three(everybody)) == 3 and "Who else is affected" not in summary(everybody)
    assert len(charts.flows_data(everybody)) == 8
