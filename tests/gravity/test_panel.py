"""What the panel builder accepts, counts and refuses; zeros that look like missing reports."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from comity import gravity
from comity.errors import InputError
from comity.gravity.flaws import SHARE
from tests.gravity.made import YEARS, flows, handbook, penppml


def table() -> pd.DataFrame:
    return flows(14, noise=0.4, seed=6)


def test_what_was_given_is_counted() -> None:
    made = table()
    home = pd.DataFrame({"country": ["C00", "C01"], "year": [2000, 2004], "flow": [5.0, 6.0]})
    given = made.drop(index=[3, 4, 5])
    given.loc[10, "flow"] = np.nan
    given.loc[11, "flow"] = 0.0
    cells = made.loc[made["rta"] == 1, ["exporter", "importer", "year"]]
    # a country that is not there, and a cell of home sales, where no policy between countries can be
    strange = pd.DataFrame({"exporter": ["ZZZ", "C00"], "importer": ["C00", "C00"], "year": [2000, 2000]})
    policy = gravity.Policy("deal", "agreement", pd.concat([cells, strange]))
    panel = gravity.build_panel(given, home=home, policies=[policy])
    report = panel.report
    assert (report.given, report.home, report.unreported, report.absent) == (len(made) - 4, 2, 1, 3)
    assert (report.zeros, report.filled) == (1, 0)
    assert report.home_missing == 14 * len(YEARS) - 2
    assert report.placed["deal"] == len(panel.frame.merge(cells))
    assert report.unplaced["deal"] == len(cells) - len(panel.frame.merge(cells)) + 2
    assert panel.frame.query("exporter == importer")["deal"].sum() == 0
    assert panel.countries == tuple(f"C{k:02d}" for k in range(14)) and panel.years == YEARS
    text = "\n".join(report.lines())
    assert "3 cells of the full square have no row, 1 are given as missing" in text and "home sales are missing" in text


def test_missing_as_zero_fills_the_square_and_says_so() -> None:
    made = table()[["exporter", "importer", "year", "flow"]]
    panel = gravity.build_panel(made.drop(index=[3, 4, 5]), missing="zero")
    assert panel.report.filled == panel.report.zeros == panel.report.absent == 3
    assert len(panel.frame) == len(made) == 14 * 13 * len(YEARS)
    with pytest.raises(InputError, match="rows cannot be added where columns of flows hold other values. Found: rta"):
        gravity.build_panel(table().drop(index=[3]), policies=["rta"], missing="zero")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="flow"), "flows: columns missing"),
        (lambda t: t.assign(flow=t["flow"].where(t.index != 7, -2.0)), "negative flows in 1 rows"),
        (lambda t: t.assign(flow=t["flow"].where(t.index != 7, np.inf)), "not a finite number"),
        (lambda t: t.assign(flow=t["flow"].astype(object).where(t.index != 7, "n/a")), "not a finite number. Found: n/a"),
        (lambda t: t.assign(year=t["year"].astype(object).where(t.index != 7, "2o04")), "not a year. Found: 2o04"),
        (lambda t: t.assign(exporter=t["exporter"].where(t.index != 7, "")), "a row without a country"),
        (lambda t: pd.concat([t, t.iloc[[7]]]), "1 rows are there twice"),
        (lambda t: t.assign(rta=t["rta"].where(t.index != 7, 2.0)), "policy rta: a dummy must be 0 or 1. Found: 2"),
        (lambda t: t.assign(rta=t["rta"].where(t.index != 7)), "column rta: no finite value in 1 rows"),
        (lambda t: t.assign(rta=0.0), "policy rta: it is 1 nowhere in the panel"),
        (lambda t: t.rename(columns={"rta": "rtas"}), "no such column. Found: rta. Did you mean rtas"),
    ],
)  # fmt: skip
def test_bad_tables_are_refused(change: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        gravity.build_panel(change(table()), policies=["rta"])  # type: ignore[operator]


def test_bad_requests_are_refused() -> None:
    made = table()
    with pytest.raises(InputError, match="unknown rule for missing"):
        gravity.build_panel(made, missing="drop")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="a name is used twice"):
        gravity.build_panel(made, policies=["rta"], covariates=["rta"])
    with pytest.raises(InputError, match="sanctions: not a column named in policies"):
        gravity.build_panel(made, policies=["rta"], sanctions=["ban"])
    far = made[["exporter", "importer", "distance"]].drop_duplicates()
    with pytest.raises(InputError, match="column distance: no finite value in 4 rows"):
        gravity.build_panel(made.drop(columns="distance"), covariates=["distance"], bilateral=far.iloc[1:])
    with pytest.raises(InputError, match="bilateral: 1 rows are there twice"):
        gravity.build_panel(made, covariates=["distance"], bilateral=pd.concat([far, far.iloc[[0]]]))


def test_bilateral_covariates_find_their_rows() -> None:
    made = table()
    far = made[["exporter", "importer", "distance"]].drop_duplicates()
    panel = gravity.build_panel(made.drop(columns="distance"), covariates=["distance"], bilateral=far)
    both = panel.frame.merge(made, on=["exporter", "importer", "year"], suffixes=("", "_given"))
    assert (both["distance"] == both["distance_given"]).all() and len(both) == len(made)


# -- zeros that look like missing reports ----------------------------------------------------------------


def test_a_complete_panel_is_not_suspicious() -> None:
    flaws = gravity.build_panel(table()).report.flaws
    assert not flaws.suspicious and len(flaws.silent) == len(flaws.implausible) == 0 and flaws.large_cells > 100


def test_a_silent_year_is_found_by_name() -> None:
    made = table()
    made.loc[(made["exporter"] == "C03") & (made["year"] == 2004), "flow"] = 0.0
    flaws = gravity.build_panel(made).report.flaws
    assert flaws.suspicious
    assert flaws.silent[["side", "country", "year", "usual_partners"]].values.tolist() == [
        ["exporter", "C03", 2004, 13]
    ]
    assert flaws.lines()[0] == "silent years: exports all 0 in 1 country-years: C03 2004"


def test_zeros_of_large_pairs_are_found_by_name_unless_a_sanction_explains_them() -> None:
    made = table()
    size = made.groupby("exporter")["flow"].transform("sum")
    largest = made.assign(share=made["flow"] / size).groupby(["exporter", "importer"])["share"].median().nlargest(20)
    hit = pd.MultiIndex.from_frame(made[["exporter", "importer"]]).isin(largest.index) & (made["year"] == 2008)
    made.loc[hit, "flow"] = 0.0
    flaws = gravity.build_panel(made).report.flaws
    assert len(flaws.implausible) == 20 and flaws.share > SHARE and flaws.suspicious
    first = flaws.implausible.iloc[0]
    assert f"{first['exporter']}->{first['importer']} 2008" in flaws.lines()[0]
    explained = gravity.build_panel(made.assign(ban=hit.astype(float)), policies=["ban"], sanctions=["ban"])
    assert explained.report.flaws.under_sanction == 20 and not explained.report.flaws.suspicious


def test_a_sanction_is_not_estimated_on_such_a_panel_unless_told_otherwise() -> None:
    pytest.importorskip("pyfixest", reason="needs the extra: pip install comity[gravity]")
    made = table()
    made.loc[(made["exporter"] == "C03") & (made["year"] == 2004), "flow"] = 0.0
    made["ban"] = ((made["importer"] == "C05") & (made["year"] >= 2008)).astype(float) * (made["exporter"] < "C09")
    panel = gravity.build_panel(made, policies=["rta", "ban"], sanctions=["ban"])
    with pytest.raises(
        InputError, match=r"sanction ban: zeros of this panel look like missing.*C03 2004.*accept_flaws"
    ):
        gravity.estimate(panel)
    assert gravity.estimate(panel, policies=["rta"]).flawed  # an agreement is estimated, and the result says it
    told = gravity.estimate(panel, accept_flaws=True)
    assert set(told.by_sector["all"].names) == {"rta", "ban"} and "look like missing reports" in told.lines()[-1]


def test_the_penppml_panel_is_found_out() -> None:
    trade = penppml()
    trade = trade.assign(iran=((trade["importer"] == "IRN") & (trade["year"] >= 2012)).astype(float))
    panel = gravity.build_panel(trade, policies=["iran"], sanctions=["iran"])
    flaws = panel.report.flaws
    # counts of the file itself, with our thresholds
    assert (panel.report.given, panel.report.zeros) == (316317, 125104)
    assert len(flaws.implausible) == 792 and flaws.large_cells == 15327 and len(flaws.silent) == 0
    belarus = flaws.implausible.query("exporter == 'RUS' and importer == 'BLR'")
    assert sorted(belarus["year"]) == [2000, 2004, 2008] and "RUS->BLR 2000-2008 (3)" in flaws.lines()[0]
    with pytest.raises(InputError, match="sanction iran: zeros of this panel look like missing reports"):
        gravity.estimate(panel)


def test_years_that_iran_did_not_report_are_silent_once_missing_is_zero() -> None:
    flaws = gravity.build_panel(penppml(), missing="zero").report.flaws
    silent = flaws.silent.query("side == 'exporter' and country == 'IRN'")
    assert sorted(silent["year"]) == [1980, 1984, 1988, 1992, 1996, 2008, 2012]


def test_the_handbook_panel_is_not_suspicious() -> None:
    flaws = gravity.build_panel(handbook()).report.flaws
    # 34 zeros such as KOR->CHN 1986; MMR->USA 2006 is an import ban
    assert len(flaws.implausible) == 34 and flaws.large_cells == 3990 and not flaws.suspicious
