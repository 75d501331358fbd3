"""Dummies from dated tables and from a file of the Global Sanctions Data Base."""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd
import pytest

from comity import gravity
from comity.errors import InputError
from comity.sources.gsdb import read_gsdb

YEARS = (2010, 2011, 2012, 2013)

GSDB = """case_id,sanctioned_state,sanctioned_state_iso3,sanctioning_state,sanctioning_state_iso3,year,arms,military,trade,descr_trade,financial,travel,other,target_mult,sender_mult,objective,success
1,Targetland,TTT,Senderland,SSS,2011,0,0,1,"exp_part, imp_compl",1,0,0,0,0,policy_change,ongoing
"1,2",Targetland,TTT,Senderland,SSS,2012,0,0,1,"exp_part, imp_compl",1,0,0,0,0,policy_change,ongoing
2,Targetland,TTT,Senderland,SSS,2012,1,0,1,exp_compl,0,0,0,0,0,policy_change,ongoing
3,Otherland,OOO,Senderland,SSS,2012,1,0,0,,0,1,0,0,0,policy_change,ongoing
4,Goneland,,Senderland,SSS,2012,1,0,0,,0,0,0,0,0,policy_change,ongoing
"""


def cells(policy: gravity.Policy) -> list[tuple[str, str, int]]:
    return [(a, b, int(year)) for a, b, year in policy.cells.itertuples(index=False)]


def frame(columns: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def test_an_agreement_counts_from_the_middle_of_its_first_year() -> None:
    dates = frame(
        "country_a country_b from to",
        ("AAA", "BBB", "2011-07-01", None),
        ("AAA", "CCC", "2011-07-02", "2013-07-01"),
        ("BBB", "CCC", 2012, 2013),
    )
    found = cells(gravity.agreement("deal", dates, YEARS))
    assert {c[2] for c in found if set(c[:2]) == {"AAA", "BBB"}} == {2011, 2012, 2013}
    assert {c[2] for c in found if set(c[:2]) == {"AAA", "CCC"}} == {2012}  # `to` is the first day without it
    assert {c[2] for c in found if set(c[:2]) == {"BBB", "CCC"}} == {2012}
    assert len(found) == 2 * (3 + 1 + 1) == len(set(found))  # both ways, nothing twice


def test_members_of_a_bloc_have_it_with_each_other_only() -> None:
    dates = frame(
        "bloc member from to",
        ("one", "AAA", 2010, None), ("one", "BBB", 2012, None), ("two", "CCC", 2010, None), ("two", "AAA", 2013, ""),
    )  # fmt: skip
    found = cells(gravity.agreement("deal", dates, YEARS))
    expected = [("AAA", "BBB", 2012), ("AAA", "BBB", 2013), ("AAA", "CCC", 2013)]
    assert found == sorted([*expected, *((b, a, year) for a, b, year in expected)])


def test_a_sanction_has_two_directions() -> None:
    dates = frame("target sender from to", ("IRN", "DEU", datetime.date(2012, 3, 23), datetime.date(2013, 1, 1)))
    out, into = gravity.sanction("iran", dates, YEARS)
    assert (out.name, into.name) == ("iran_exports", "iran_imports") and out.kind == into.kind == "sanction"
    assert cells(out) == [("DEU", "IRN", 2012)] and cells(into) == [("IRN", "DEU", 2012)]


def test_dates_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="not a date. Found: 2012-13-01"):
        gravity.sanction("x", frame("target sender from to", ("A", "B", "2012-13-01", None)), YEARS)
    with pytest.raises(InputError, match="an end that is not after its beginning"):
        gravity.agreement("x", frame("country_a country_b from to", ("A", "B", 2012, 2012)), YEARS)
    with pytest.raises(InputError, match="columns missing"):
        gravity.sanction("x", frame("target from to", ("A", 2012, None)), YEARS)
    with pytest.raises(InputError, match="no years"):
        gravity.sanction("x", frame("target sender from to", ("A", "B", 2012, None)), [])


def test_gsdb_pairs_of_a_year_become_one_row(tmp_path: Path) -> None:
    path = tmp_path / "GSDB_V4_dyadic.csv"
    path.write_text(GSDB, encoding="utf-8")
    gsdb = read_gsdb(path)
    assert gsdb.without_code == 1 and len(gsdb.table) == 3
    row = gsdb.table.query("target == 'TTT' and year == 2012").iloc[0]
    assert [row[k] for k in ("arms", "financial", "exp_compl", "exp_part", "imp_compl", "imp_part")] == [
        1,
        1,
        1,
        1,
        1,
        0,
    ]


def test_gsdb_dummies_go_the_way_that_is_restricted(tmp_path: Path) -> None:
    path = tmp_path / "GSDB_V4_dyadic.csv"
    path.write_text(GSDB, encoding="utf-8")
    complete, partial, arms = gravity.gsdb_sanctions(read_gsdb(path), other_kinds=["arms"])
    assert cells(complete) == [("SSS", "TTT", 2012), ("TTT", "SSS", 2011), ("TTT", "SSS", 2012)]
    assert cells(partial) == [("SSS", "TTT", 2011)]  # in 2012 exports are restricted completely
    assert set(cells(arms)) == {
        (a, b, 2012) for a, b in (("SSS", "TTT"), ("TTT", "SSS"), ("SSS", "OOO"), ("OOO", "SSS"))
    }
    only = gravity.gsdb_sanctions(read_gsdb(path), other_kinds=["arms"], targets=["OOO"])
    assert [len(policy.cells) for policy in only] == [0, 0, 2]
    with pytest.raises(InputError, match="unknown kind of sanction"):
        gravity.gsdb_sanctions(read_gsdb(path), other_kinds=["trade"])
    with pytest.raises(InputError, match="no sanctions on this state"):
        gravity.gsdb_sanctions(read_gsdb(path), targets=["XXX"])


def test_gsdb_as_stata_file_with_dates_for_years(tmp_path: Path) -> None:
    source, path = tmp_path / "GSDB_V4_dyadic.csv", tmp_path / "GSDB_V4_dyadic.dta"
    source.write_text(GSDB, encoding="utf-8")
    table = pd.read_csv(source, keep_default_na=False)
    table["year"] = pd.to_datetime(table["year"].astype(str), format="%Y")
    table.to_stata(path, write_index=False, convert_dates={"year": "ty"})
    pd.testing.assert_frame_equal(read_gsdb(path).table, read_gsdb(source).table, check_dtype=False)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("exp_compl", "exp_total", "column descr_trade: unknown word. Found: exp_total"),
        (",2011,0,0,1,", ",2011,0,3,1,", "column military: a dummy must be 0 or 1. Found: 3"),
        (",2011,", ",spring,", "column year: not a year. Found: spring"),
        ("sanctioned_state_iso3", "iso3", "columns missing"),
    ],
)
def test_gsdb_files_with_another_layout_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "GSDB_V4_dyadic.csv"
    path.write_text(GSDB.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_gsdb(path)


def test_gsdb_file_of_cases_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "GSDB_V3.csv"
    path.write_text("case_id,sanctioned_state,sanctioning_state,begin,end,trade\n1,A,B,1949,1973,0\n", encoding="utf-8")
    with pytest.raises(InputError, match="this is the file of cases.*Take the file of pairs"):
        read_gsdb(path)
    with pytest.raises(InputError, match="not a file this reader knows"):
        read_gsdb(tmp_path.joinpath("gsdb.xlsx").touch() or tmp_path / "gsdb.xlsx")
    with pytest.raises(InputError, match="is not there"):
        read_gsdb(tmp_path / "none.csv")
