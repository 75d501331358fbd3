"""A dossier with bands: which interval judges a claim, and that all figures of one thing have the same one."""

from __future__ import annotations

import re
from functools import partial

import pytest

from comity import assess, load_world
from comity.dossier.assess import Assessment
from comity.dossier.load import parse_dossier
from comity.dossier.verdicts import UNDECIDED
from comity.report import intervals
from comity.report.dossier_drawing import ROOM, beyond, highest, steps
from comity.report.dossier_page import carried_by, commitment_row, ruler_bars, ruler_rows
from comity.report.headline import three
from comity.report.judged import judged_on
from comity.report.lead import lead
from comity.report.page import page
from comity.report.terminal import claim_lines
from comity.uncertainty.interval import with_bands

TEXT = """
schema: 1
type: dossier
id: two
title: What two economies agreed
main: programme
world: world-2022
signed: 2022-05-12
sources:
  - {id: text, title: Joint text, publisher: The two governments, published: 2022-05-12}
scenarios:
  - id: programme
    scenario:
      title: Simpler customs and visas
      measures:
        - {id: customs, kind: border_time, between: [KAZ, TUR], size: {size_of: border-days-tfa},
           phase: {from: 2022-05-12}, source: text}
        - {id: visas, kind: visa, between: [KAZ, TUR], size: {size_of: visa-two-sided-removed},
           phase: {from: 2022-05-12}, source: text}
commitments:
  - {id: customs, title: Customs, parties: [KAZ, TUR], field: trade, instrument: text, source: {id: text},
     measures: [programme/customs]}
  - {id: visas, title: Visas, parties: [KAZ, TUR], field: visas, instrument: text, source: {id: text},
     measures: [programme/visas]}
claims:
  - id: target
    statement: Trade reaches 10 billion USD a year by 2027
    by: the presidents
    source: {id: text, figures: [10 billion USD]}
    test: {kind: target, scenario: programme, between: [KAZ, TUR], at_least: 10000, by: 2027, count: A}
  - id: gain
    statement: Both gain
    by: the presidents
    source: {id: text}
    test: {kind: gain, scenario: programme, countries: [KAZ, TUR]}
observed:
  - id: pair
    title: Trade of the two
    between: [KAZ, TUR]
    series:
      - {count: A, setter: KAZ, rows: [{period: "2021", start: 2021-01-01, end: 2021-12-31, total: 4100, source: text}]}
      - {count: B, setter: TUR, rows: [{period: "2021", start: 2021-01-01, end: 2021-12-31, total: 5300, source: text}]}
"""


@pytest.fixture(scope="module")
def assessment() -> Assessment:
    return assess(load_world("world-2022"), parse_dossier(TEXT, "two.yaml"), bands=partial(with_bands, draws=40))


@pytest.fixture(scope="module")
def html(assessment: Assessment) -> str:
    return page(assessment.main, "comity run two.yaml", assessment)


def test_a_verdict_that_one_extreme_corner_decides_says_so(assessment: Assessment, html: str) -> None:
    """The range straddles 10 billion by one set with high sizes alone; the draws stay below."""
    verdict = assessment.verdict("target")
    assert verdict.outcome == UNDECIDED and verdict.main is not None
    said = judged_on(assessment, verdict)
    assert re.fullmatch(
        r"Judged on the range 5\.\d\d to 3\d\.\d\d billion USD; its upper end, of caliendo-parro with high sizes, lies "
        r"outside any plausible range\. In 90 of 100 draws 6\.\d\d to \d\.\d\d billion USD: none of it meets the test\.",
        said,
    )
    assert said in html and f"      {said}" in claim_lines(assessment)
    assert judged_on(assessment, assessment.verdict("gain")) == ""  # supported on both


def test_the_head_says_which_interval_the_verdicts_rest_on(assessment: Assessment) -> None:
    clause = " (verdicts on the claims rest on such ranges); in 90 of 100 draws "
    assert clause in lead(assessment.main, True)[1] and clause not in lead(assessment.main)[1]


def test_the_ruler_has_the_interval_of_the_bars_and_the_map(assessment: Assessment, html: str) -> None:
    rows = ruler_rows(assessment)
    for row in rows:
        own = next(w for w in assessment.main.welfare.rows if row["name"].endswith(row["country"]) and
                   abs(w.real_income_pct) == pytest.approx(row["value"]))  # fmt: skip
        assert (row["low"], row["high"]) == pytest.approx((own.real_income_low_pct, own.real_income_high_pct))
    assert ruler_bars(rows, "in 90 of 100 draws") == "band (in 90 of 100 draws)"
    assert "bar: band (in 90 of 100 draws)" in html
    mixed = ruler_bars([*rows, {"interval": "range"}], "in 90 of 100 draws")
    assert mixed == "band of these measures (in 90 of 100 draws), range over choices of all others"


def test_parties_are_told_alike(assessment: Assessment) -> None:
    """One gains more than a tenth of one per cent, the other less: both have hours and dollars a person."""
    kaz, tur = (assessment.main.of(code).real_income_pct for code in ("KAZ", "TUR"))
    assert kaz > 0.1 > tur
    assert all("US dollars a person, or " in card["more"] for card in three(assessment.main)[1:])


def test_the_base_year_after_the_signing_is_told_on_one_base(assessment: Assessment) -> None:
    notes = assessment.verdict("target").notes
    assert any(
        note.startswith("64 per cent of the base year 2022 lies after the signing on 2022-05-12") for note in notes
    )
    assert any("the source 4.1 billion in 2021 (A; 21 per cent less)" in note for note in notes)
    told = assessment.monitor.notes
    assert sum("21 per cent less than the trade of world-2022" in note for note in told) == 1
    assert [note for note in told if "one count" in note] == [
        "world-2022 holds one count of this trade: what the measures add to it in per cent is added to A and B."
    ]


def test_lines_over_time_rise_after_the_signing_on_an_axis_of_lines(assessment: Assessment, html: str) -> None:
    rows = [row.as_dict() for row in assessment.monitor.of("pair") if row.count == "A"]
    drawn = steps(rows)
    signed = next(row["year"] for row in rows if row["kind"] == "signed")
    assert drawn[0]["year"] == signed and drawn[0]["value"] == 4100 < drawn[1]["value"]
    assert drawn[1]["year"] == 2023 and drawn[-1]["value"] == drawn[-2]["value"]
    assert highest(rows) == 10000  # the promise; the band goes far beyond
    assert beyond(rows)["A"] > ROOM * 10000
    assert "The range is cut at the frame; it reaches " in html
    near = [{**row, "high": 1.1 * row["value"]} if row["kind"] == "predicted" else row for row in rows]
    assert highest(near) == 10000 and beyond(near) == {}
    assert steps([]) == []


def test_the_one_scenario_of_the_commitments_is_named_once(assessment: Assessment, html: str) -> None:
    assert carried_by(assessment, {"programme": "Simpler"}) == "Simpler"
    assert commitment_row(assessment.commitments[0], {}, {})["channel"] == "customs"
    assert commitment_row(assessment.commitments[0], {"programme": "Simpler"}, {})["channel"] == "Simpler: customs"
    assert html.count("Simpler customs and visas”") == 1


def test_sources_of_sizes_and_of_measures_stand_apart(html: str) -> None:
    assert (
        "The measure is written in: Joint text, The two governments, 2022-05-12. Size, with its source in brackets"
        in html
    )
    assert "kappa" not in html and "tariff and tax rates, and trade costs and productivity in logarithms" in html


def test_names_of_the_choices_are_explained_once(assessment: Assessment, html: str) -> None:
    sets, deficits = intervals.names(assessment.main)
    assert (
        "fontagne-minus-one: the same, each less one" in sets
        and "deficit-share-of-gdp: trade deficits stay" in deficits
    )
    assert html.count("deficit-share-of-gdp: trade deficits stay") == 1
    assert "(none without solution) stands below" in html and "Band: where 90 of 100 draws lie; 40 joint draws" in html
