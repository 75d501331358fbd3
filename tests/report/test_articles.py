"""Countries inside sentences have their article: the United Arab Emirates, not a bare United Arab Emirates."""

from __future__ import annotations

import re

import pytest

from comity import assess, load_world
from comity.dossier.assess import Assessment
from comity.dossier.load import parse_dossier
from comity.report.charts import flow_finding
from comity.report.dossier_page import dossier_context
from comity.report.figures import figure_jobs, finding
from comity.report.sections import status_heading
from comity.report.terminal import pair_lines
from tests.dossier.test_newcomers import other

EMIRATES = "United Arab Emirates"
BARE = re.compile(rf"(?<!\bthe )(?<!^The ){EMIRATES}")


@pytest.fixture(scope="module")
def assessment() -> Assessment:
    """The manual's template with the United Arab Emirates in the place of Türkiye, and one observed row."""
    text = re.sub(r' +- \{period: "2017".*\n', "", other("ARE"))
    text = re.sub(r"  - id: doubled\n(?:    .*\n)+", "", text)
    return assess(load_world("world-2022"), parse_dossier(text, "my.yaml"))


def test_sentences_of_a_report_have_articles(assessment: Assessment) -> None:
    outcomes, context = assessment.main, dossier_context(assessment, {})
    said = [
        context["ruler_heading"],
        *(row["parties"] for row in context["commitments"]),
        *(row["country"] for row in context["rows"]),
        *(row["needs"] for row in context["rows"]),
        status_heading(outcomes),
        pair_lines(outcomes)[0],
        *outcomes.range_notes(),
        *(job["text"] for job in figure_jobs(outcomes, assessment).values()),
    ]
    assert sum(EMIRATES in text for text in said) >= 6
    assert [text for text in said if BARE.search(text)] == []
    assert context["commitments"][0]["parties"] == f"Kazakhstan and the {EMIRATES}"


def test_one_reported_number_has_one_source(assessment: Assessment) -> None:
    assert dossier_context(assessment, {})["observed_heading"] == "1 reported number and its source"


def test_headings_start_with_a_capital() -> None:
    bar = {"code": "ARE", "name": EMIRATES, "color": "gain", "value": 5.0}
    assert finding([bar]) == f"The {EMIRATES} gains most, 5.0 million USD a year"
    flow = {"name": f"The rest of the world to {EMIRATES}", "before": 10.0, "after": 20.0}
    assert flow_finding([flow]).startswith(f"Goods trade from the rest of the world to the {EMIRATES} grows from 10")
    assert flow_finding([{**flow, "name": "A to B"}]).startswith("Goods trade from A to B grows")
