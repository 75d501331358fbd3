"""The tables of the scenario room: sizes, regimes, countries, blocs, and the page that describes them."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import numpy as np
import pytest

from comity import InputError
from comity.classifications.countries import bloc_members, find_country, load_blocs, load_countries, resolve
from comity.scenario.load import gallery, load_scenario
from comity.scenario.regimes import CONTAINED, DIRECTIONS, load_regimes
from comity.scenario.schema import KINDS
from comity.scenario.sizes import COST_UNITS, COVERS, PER_DAY_UNITS, RATE_UNITS, STATUSES, load_sizes, log_cost

ROUNDING = 1e-12
PAGE = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")


def test_every_size_has_unit_range_cover_and_citation() -> None:
    for size in load_sizes().values():
        assert size.unit in {*RATE_UNITS, *COST_UNITS, *PER_DAY_UNITS}, size.id
        low, central, high = size.levels
        assert min(low, high) <= central <= max(low, high), size.id
        assert size.covers and size.covers <= set(COVERS), size.id
        assert size.status in STATUSES and size.citation, size.id
        assert size.where or size.status == "assumed", f"{size.id} says no place and is not labelled assumed"


def test_figures_of_the_literature() -> None:
    """Numbers as published: a slip of a digit here would go unnoticed everywhere else."""
    sizes = load_sizes()
    assert (sizes["day-hummels-schaur"].levels.low, sizes["day-hummels-schaur"].levels.high) == (0.006, 0.021)
    assert sizes["visa-two-sided-removed"].levels.high == pytest.approx(1 / (1 - 0.28), abs=1e-4)
    assert sizes["sanction-iran-2012-target-exports"].levels.central == pytest.approx(1 - 0.41)
    assert sizes["sanction-iran-2012-target-imports"].levels.central == pytest.approx(1 - 0.83)
    assert sizes["sanction-russia-2014-target-exports"].levels.central == pytest.approx(1 - 0.36)
    assert sizes["sanction-russia-2014-target-imports"].levels.central == pytest.approx(1 - 0.30)
    assert sizes["iran-duty-on-eaeu"].levels.central == pytest.approx(4.5 / 30)
    assert sizes["iran-duty-on-eaeu"].levels.low == pytest.approx(4.5 / 12.9, abs=1e-3)
    assert sizes["eaeu-duty-on-iran"].levels.central == pytest.approx(1 - 0.87)


def test_mapping_to_trade_cost() -> None:
    theta = np.array([4.0, 8.0])
    np.testing.assert_allclose(np.exp(-theta * log_cost("trade_ratio", 1.2, theta)), 1.2, rtol=ROUNDING)
    np.testing.assert_allclose(np.exp(log_cost("cost_change", -0.05, theta)), 0.95, rtol=ROUNDING)
    np.testing.assert_allclose(log_cost("days", -10, theta, ("ad-valorem per day", 0.02)), -0.2, rtol=ROUNDING)
    by_trade = log_cost("days", -2, theta, ("trade ratio per day saved", 1.052))
    np.testing.assert_allclose(np.exp(-theta * by_trade), 1.052**2, rtol=ROUNDING)


def test_regimes_point_at_what_exists() -> None:
    for regime in load_regimes().values():
        assert set(regime.size) <= set(DIRECTIONS) and all(row in load_sizes() for row in regime.size.values())
        assert all(word in load_blocs() for word in regime.senders) and regime.citation
        assert set(regime.contained) == {"world-2019", "world-2022"}
        assert set(regime.contained.values()) <= set(CONTAINED)


def test_published_coalitions_have_their_size() -> None:
    """36 and 38 members in Chowdhry, Hinz, Kamin & Wanner (2024)."""
    assert len(bloc_members("Iran sanctions coalition 2012", 2012)) == 36
    assert len(bloc_members("Russia sanctions coalition 2014", 2015)) == 38


@pytest.mark.parametrize(
    ("bloc", "day", "country", "inside"),
    [
        ("EU", "2020-01-31", "GBR", True),
        ("EU", "2020-02-01", "GBR", False),
        ("EU", "2013-06-30", "HRV", False),
        ("SCO", "2023-07-03", "IRN", False),
        ("Shanghai Cooperation Organisation", "2023-07-04", "IRN", True),
        ("BRICS", "2023-12-31", "IRN", False),
        ("eaeu", "2015-08-12", "KGZ", True),
    ],
)
def test_membership_by_date(bloc: str, day: str, country: str, inside: bool) -> None:
    assert (country in bloc_members(bloc, datetime.date.fromisoformat(day))) == inside


def test_members_are_countries_and_stand_once_at_a_time() -> None:
    for bloc in load_blocs().values():
        assert all(m.iso3 in load_countries() for m in bloc.memberships), bloc.name
        today = bloc.members(datetime.date(2025, 6, 1))
        assert len(today) == len(set(today)), bloc.name


def test_names_people_write() -> None:
    assert [find_country(word) for word in ("Turkey", "türkiye", "Iran", "U.S.", "belarus", "Nowhere")] == [
        "TUR", "TUR", "IRN", "USA", "BLR", None,
    ]  # fmt: skip
    with pytest.raises(InputError, match="had no members on 1950-01-01"):
        bloc_members("EAEU", 1950)
    with pytest.raises(InputError, match="Did you mean Belarus"):
        resolve("Belarsu", date=2020)


def test_the_page_names_every_kind_and_every_scenario() -> None:
    kinds = PAGE.split("## Kinds and sizes")[1].split("##")[0]
    assert set(re.findall(r"`([a-z_]+)`", kinds)) >= set(KINDS)
    table = PAGE.split("## The gallery")[1]
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", table, re.MULTILINE)) == set(gallery())
    rows = PAGE.split("## Sizes from the literature")[1].split("##")[0]
    assert re.findall(r"^\| `([a-z0-9-]+)` \|", rows, re.MULTILINE) == list(load_sizes())


def test_gallery_sizes_all_come_from_the_table() -> None:
    for name in gallery():
        for measure in load_scenario(name).measures:
            size = getattr(measure, "size", None)
            assert size is None or size.size_of in load_sizes(), f"{name}: {measure.id}"
