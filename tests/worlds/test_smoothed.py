"""Smoothed worlds: exact, with the totals of the plain ones, without needless zeros, equal to what the build makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from comity import InputError, Shock, World, load_scenario, load_world, simulate, solve
from comity.benchmark import smooth
from comity.benchmark.smooth_record import FITTED_COUNT, compare, correlation, deviance_explained, moved
from comity.outcomes.counts import counts_of
from comity.sources import geodist
from tests.helpers import labelled_world, shared

EXACT = 1e-12  # residual without shock
MARGIN = 1e-12  # totals by country and sector, relative to the largest of the sector
REBUILT = 1e-5  # a regression stops at a tolerance of its own; linear algebra libraries differ on the way
NAMES = ("world-2022", "world-2019")
CODES = ("IRN", "BLR", "ROM")


@pytest.fixture(scope="module", params=NAMES)
def both(request: pytest.FixtureRequest) -> tuple[World, World]:
    return load_world(request.param), load_world(f"{request.param}-smoothed")


def abroad(world: World) -> np.ndarray:
    """(J, N, N) border flows between different economies, ROW left out (0)."""
    flow = world.flow * ~np.eye(len(world.countries), dtype=bool)
    flow[:, world.country("ROW"), :] = flow[:, :, world.country("ROW")] = 0.0
    return flow


def test_smoothed_world_is_an_exact_equilibrium(both: tuple[World, World]) -> None:
    plain, smoothed = both
    solution = solve(smoothed, Shock())
    assert solution.residual < EXACT
    assert np.abs(solution.real_income_hat - 1).max() < EXACT
    assert smoothed.name == f"{plain.name}-smoothed" and smoothed.base_year == plain.base_year
    assert smoothed.hash != plain.hash
    assert smoothed.provenance["smoothing"]["of"] == plain.name
    assert smoothed.provenance["smoothing"]["hash"] == plain.hash


def test_totals_by_country_and_sector_stay(both: tuple[World, World]) -> None:
    plain, smoothed = both
    for name in ("input_share", "consumption_share", "value_added_share", "tariff", "trade_elasticity", "value_added"):
        assert np.array_equal(getattr(plain, name), getattr(smoothed, name)), name
    sums = {name: (getattr(plain, name), getattr(smoothed, name)) for name in ("output", "expenditure", "exports")}
    sums["imports at user prices"] = tuple((abroad(w) * (1 + w.tariff)).sum(axis=2) for w in both)
    for name, (old, new) in sums.items():
        assert (np.abs(new - old) / old.max(axis=1, keepdims=True)).max() < MARGIN, name
    assert np.abs(smoothed.income / plain.income - 1).max() < MARGIN
    # revenue and deficits move against each other, and nothing else
    change = smoothed.tariff_revenue - plain.tariff_revenue
    assert np.abs(change).max() > 100
    np.testing.assert_allclose(smoothed.deficit - plain.deficit, -change, atol=1e-4)
    assert change.sum() == pytest.approx(0, abs=1e-3)


def test_home_sales_and_row_are_as_observed(both: tuple[World, World]) -> None:
    plain, smoothed = both
    row, scale = plain.country("ROW"), plain.flow.max()
    home = [np.diagonal(world.flow, axis1=1, axis2=2) for world in both]
    assert np.abs(home[0] - home[1]).max() < MARGIN * scale
    assert np.abs(plain.flow[:, row, :] - smoothed.flow[:, row, :]).max() < MARGIN * scale
    assert np.abs(plain.flow[:, :, row] - smoothed.flow[:, :, row]).max() < MARGIN * scale


def test_no_zero_where_both_margins_are_positive(both: tuple[World, World]) -> None:
    plain, smoothed = both
    seen, fitted = abroad(plain), abroad(smoothed)
    able = (seen.sum(axis=1)[:, None, :] > 0) & (seen.sum(axis=2)[:, :, None] > 0)
    able &= ~np.eye(len(plain.countries), dtype=bool)
    assert (fitted[able] > 0).all()
    revived = {"world-2022": 8374, "world-2019": 7461}[str(plain.name)]
    assert int((seen[able] == 0).sum()) == revived
    assert sum(row["revived_cells"] for row in smoothed.provenance["smoothing"]["sectors"]) == revived
    # what stays 0 has no trade at all on one side, and the record says whose
    notes = {row["sector"]: " ".join(row["notes"]) for row in smoothed.provenance["smoothing"]["sectors"]}
    idle = seen.sum(axis=1) == 0
    for j, sector in enumerate(plain.sectors):
        for n in np.flatnonzero(idle[j]):
            assert plain.countries[n] == "ROW" or plain.countries[n] in notes[sector]


def test_every_sector_says_how_it_was_fitted(both: tuple[World, World]) -> None:
    plain, smoothed = both
    sectors = smoothed.provenance["smoothing"]["sectors"]
    assert [row["sector"] for row in sectors] == list(plain.sectors)
    for row in sectors:
        estimate, error = row["coefficients"]["ln_distance"]
        assert -2.5 < estimate < -0.1 and 0 < error < 0.3, row["sector"]
        assert 6000 <= row["observations"] <= 80 * 81
        assert row["pseudo_r2"] > 0.8 and row["correlation"] > 0.8
        assert abs(row["tariff_tilt"]) < 0.5, row["sector"]  # the regression has the tariff; little is left to do
    assert all(row["coefficients"]["both_eaeu"][0] > 0.5 for row in sectors)
    largest = smoothed.provenance["smoothing"]["largest_changes"]
    assert (largest[0]["sector"], largest[0]["origin"], largest[0]["destination"]) == ("SERV", "USA", "IRL")
    steps = [step for step in smoothed.provenance["record"] if step["step"] == "smooth"]
    assert [step["count"] for step in steps][:1] == [22] and "trade of IRN" in " ".join(s["detail"] for s in steps)
    about = smoothed.provenance["countries"]
    assert about["IRN"]["flows"] == "estimated" and "gravity fitted to estimates" in about["IRN"]["note"]
    assert about["BLR"]["flows"] == "smoothed" and about["ROW"]["flows"] == "observed"
    assert [s["id"] for s in smoothed.provenance["sources"]][-2:] == ["cepii-geodist", "dingel-tintelnot"]


def test_iran_and_belarus_before_and_after() -> None:
    plain, smoothed = load_world("world-2022"), load_world("world-2022-smoothed")
    table = compare(plain, smoothed).set_index(["origin", "destination"])
    there, back, everything = (table.loc[key] for key in (("IRN", "BLR"), ("BLR", "IRN"), ("all", "all")))
    assert (there["observed"], back["observed"]) == (pytest.approx(32.643, abs=1e-3), pytest.approx(74.478, abs=1e-3))
    assert (there["smoothed"], back["smoothed"]) == (pytest.approx(40.216, abs=0.01), pytest.approx(138.062, abs=0.01))
    assert (there["zero_observed"], there["zero_smoothed"]) == (14, 0) == (back["zero_observed"], back["zero_smoothed"])
    assert everything["change_pct"] == pytest.approx(0, abs=1e-9)
    assert everything["cells"] == 22 * 82 * 81
    assert (everything["zero_observed"], everything["zero_smoothed"]) == (9349, 975)
    assert everything["moved"] == pytest.approx(4_959_813, rel=1e-4)
    with pytest.raises(InputError, match="same countries and sectors"):
        compare(plain, labelled_world())


def test_partners_counts_still_rescale_the_pair() -> None:
    smoothed = load_world("world-2022-smoothed")
    counts = counts_of(smoothed, [("IRN", "BLR")])
    assert [count.name for count in counts] == [FITTED_COUNT, "Iran's count", "Belarus's count"]
    assert [count.in_world for count in counts] == [True, False, False]
    out = simulate(smoothed, load_scenario("tehran-2023"))
    before = [out.pair(run, "IRN", "BLR")["before"].estimate for run in out.runs]
    assert before == [pytest.approx(139.80, abs=0.05), pytest.approx(59.0), pytest.approx(100.3)]
    assert not any("zero in this world" in text for text in out.compiled.warnings)


# -- the parts -----------------------------------------------------------------------------------------


@pytest.fixture
def sector() -> dict[str, np.ndarray]:
    """Eight economies whose flows obey gravity exactly, with tariffs: distance -1.3, common border 0.7, tariff -3."""
    rng = np.random.default_rng(8)
    place = rng.uniform(0, 10, (8, 2))
    distance = np.log(1 + np.linalg.norm(place[:, None] - place[None], axis=2))
    border = np.triu(rng.integers(0, 2, (8, 8)), 1).astype(float)
    border += border.T
    factor = 1 + rng.uniform(0, 0.3, (8, 8)) * ~np.eye(8, dtype=bool)
    shape = np.exp(-1.3 * distance + 0.7 * border) * factor**-3.0 * ~np.eye(8, dtype=bool)
    flow = shape * rng.uniform(1, 50, 8) * rng.uniform(1, 50, 8)[:, None]
    return {"flow": flow, "factor": factor, "distance": distance, "border": border}


def test_projection_finds_the_flows_that_made_the_totals(sector: dict[str, np.ndarray]) -> None:
    prior = np.exp(-1.3 * sector["distance"] + 0.7 * sector["border"]) * ~np.eye(8, dtype=bool)
    fitted, tilt = smooth.project(prior, sector["factor"], sector["flow"])
    np.testing.assert_allclose(fitted, sector["flow"], rtol=1e-9)
    assert tilt == pytest.approx(-3.0, abs=1e-8)


def test_projection_keeps_margins_whatever_the_shape(sector: dict[str, np.ndarray]) -> None:
    flow, factor = sector["flow"], sector["factor"]
    fitted, _ = smooth.project(np.exp(-sector["distance"]) * (flow > 0), factor, flow)
    np.testing.assert_allclose(fitted.sum(axis=0), flow.sum(axis=0), rtol=1e-13)
    np.testing.assert_allclose((fitted * factor).sum(axis=1), (flow * factor).sum(axis=1), rtol=1e-13)
    assert np.abs(fitted / np.where(flow > 0, flow, 1) - 1)[flow > 0].max() > 0.1
    _, tilt = smooth.project(np.exp(-sector["distance"]) * (flow > 0), np.ones_like(factor), flow)
    assert tilt == 0.0


def test_projection_refuses_a_shape_without_room(sector: dict[str, np.ndarray]) -> None:
    prior = (sector["flow"] > 0) * 1.0
    prior[:, 3] = 0.0  # an exporter with sales and no cell to put them in
    with pytest.raises(InputError, match="smoothing of STEEL: a total is positive"):
        smooth.project(prior, sector["factor"], sector["flow"], "STEEL")


def test_regression_recovers_what_made_the_flows(sector: dict[str, np.ndarray]) -> None:
    pytest.importorskip("pyfixest", reason="needs pyfixest: pip install comity[worlds]")
    design = {
        "ln_distance": sector["distance"],
        "contiguity": sector["border"],
        "ln_tariff": np.log(sector["factor"]),
        "both_eu": np.zeros((8, 8)),
    }
    used = ~np.eye(8, dtype=bool)
    found = smooth.fit_sector(sector["flow"], design, used, "STEEL")
    assert found.coefficients == {
        "ln_distance": pytest.approx(-1.3, abs=1e-6),
        "contiguity": pytest.approx(0.7, abs=1e-6),
        "ln_tariff": pytest.approx(-3.0, abs=1e-6),
    }
    assert found.observations == 56
    fitted, tilt = smooth.project(smooth.shape(found, design, used), sector["factor"], sector["flow"])
    np.testing.assert_allclose(fitted, sector["flow"], rtol=1e-6)
    assert tilt == pytest.approx(0, abs=1e-6)


def test_regression_and_projection_agree_without_tariffs(sector: dict[str, np.ndarray]) -> None:
    """Scaling to the margins is what the two effects of the Poisson regression do."""
    pyfixest = pytest.importorskip("pyfixest", reason="needs pyfixest: pip install comity[worlds]")
    import warnings

    import pandas as pd

    used = ~np.eye(8, dtype=bool)
    noisy = sector["flow"] * np.random.default_rng(1).gamma(2.0, 0.5, (8, 8))
    found = smooth.fit_sector(noisy, {"ln_distance": sector["distance"]}, used, "STEEL")
    fitted, _ = smooth.project(smooth.shape(found, {"ln_distance": sector["distance"]}, used), np.ones((8, 8)), noisy)
    n, i = np.nonzero(used)
    frame = pd.DataFrame({"flow": noisy[used], "far": sector["distance"][used], "n": n, "i": i})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pyfixest.fepois("flow ~ far | i + n", data=frame, iwls_tol=1e-12).predict(type="response")
    np.testing.assert_allclose(fitted[used], np.asarray(theirs), rtol=1e-6)


def test_sample_names_what_has_no_trade() -> None:
    flow = np.ones((4, 4)) - np.eye(4)
    flow[:, 2] = 0.0  # C sells nothing
    flow[3, :2] = 0.0  # D buys from nobody
    flow[0, 1] = 0.0
    dummy = np.zeros((4, 4))
    dummy[0, 1] = 1.0
    used, notes = smooth.sample(flow, {"A_to_coalition": dummy, "ln_distance": np.ones((4, 4))}, ["A", "B", "C", "D"])
    assert notes[0].endswith("no exports inside the fitted economies: C")
    assert notes[1].endswith("no imports inside the fitted economies: D")
    assert notes[2] == "no trade where A_to_coalition: 1 cells stay 0"
    assert not used[:, 2].any() and not used[3].any() and not used[0, 1] and used[0, 3]


def test_covariates_follow_the_date() -> None:
    codes = ("GBR", "DEU", "RUS", "BLR", "IRN")
    flat = np.ones((5, 5))
    geography = geodist.Geodist(codes, 100 * flat, flat, flat, flat)
    early, late = smooth.covariates(geography, 2019), smooth.covariates(geography, 2022)
    assert early["both_eu"][0, 1] == 1 and late["both_eu"][0, 1] == 0
    assert late["both_eaeu"][2, 3] == late["both_eaeu"][3, 2] == 1
    assert late["other_agreement"][2, 3] == 0  # in the CIS, too, but the union counts
    # importer first: what Germany buys from Belarus, not what Belarus buys
    assert late["BLR_to_coalition"][1, 3] == 1 and late["BLR_to_coalition"][3, 1] == 0
    assert late["coalition_to_BLR"][3, 1] == 1
    assert "BLR_to_coalition" not in early and "RUS_to_coalition" in early


def test_thin_sectors_are_kept_and_named() -> None:
    world = labelled_world()
    flat = np.ones((4, 4))
    geography = geodist.Geodist(world.countries[:4], 100 * flat, flat, flat, flat)
    same = smooth.smooth_world(world, geography)
    np.testing.assert_allclose(same.trade_share, world.trade_share, rtol=1e-12)
    for row in same.provenance["smoothing"]["sectors"]:
        assert row["notes"] == ["kept as observed: only 12 positive flows"] and row["coefficients"] == {}
    with pytest.raises(InputError, match="the geography must hold the world's economies"):
        smooth.smooth_world(load_world(), geography)


def test_measures_of_fit() -> None:
    observed = np.array([1.0, 2.0, 0.0, 5.0])
    assert deviance_explained(observed, np.where(observed > 0, observed, 1e-300)) == pytest.approx(1.0)
    assert deviance_explained(observed, np.full(4, 2.0)) == pytest.approx(0.0)
    assert correlation(observed, 2 * observed + 1) == pytest.approx(1.0)
    assert np.isnan(correlation(observed, np.ones(4)))
    assert moved(observed, observed[::-1]) == pytest.approx(4 + 2 - 0.0)


# -- the source, the build -----------------------------------------------------------------------------


def test_geodist_reads_the_pairs() -> None:
    pytest.importorskip("rdata", reason="needs the readers: pip install comity[worlds]")
    pairs = geodist.read_geodist(shared("data", "cepii_geodist"), ["IRN", "BLR", "ROU", "COD", "RUS", "DEU", "AUT"])
    assert pairs.distance[0, 1] == pytest.approx(2814.897) == pairs.distance[1, 0]
    assert pairs.contiguity[1, 4] == 1 and pairs.contiguity[0, 1] == 0
    assert pairs.language[5, 6] == 1 and pairs.language[1, 4] == 0  # the source gives Belarus one official language
    assert (pairs.distance[2, 3] > 5000) and np.isfinite(pairs.distance).all()


def test_geodist_refuses_what_it_cannot_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import pandas as pd

    rows = [(o, d, 0.0, 0.0, 0.0, "." if {o, d} == {"IRN", "ROM"} else "12.5") for o in CODES for d in CODES]
    frame = pd.DataFrame(rows, columns=["iso_o", "iso_d", "contig", "comlang_off", "colony", "distw"])
    monkeypatch.setattr(geodist, "_frame", lambda path: frame)
    assert (geodist.read_geodist(tmp_path, ["IRN", "BLR"]).distance == 12.5).all()
    with pytest.raises(InputError, match="countries without a row.*ATL"):
        geodist.read_geodist(tmp_path, ["IRN", "ATL"])
    with pytest.raises(InputError, match="a pair without distance.*IRN and ROU"):
        geodist.read_geodist(tmp_path, ["IRN", "ROU", "BLR"])
    monkeypatch.setattr(geodist, "_frame", lambda path: frame.drop(columns="colony"))
    with pytest.raises(InputError, match="dist_cepii.rda: columns missing"):
        geodist.read_geodist(tmp_path, ["IRN"])


def test_geodist_refuses_other_files(tmp_path: Path) -> None:
    pytest.importorskip("rdata", reason="needs the readers: pip install comity[worlds]")
    with pytest.raises(InputError, match="dist_cepii.rda: the GeoDist table is not there"):
        geodist.read_geodist(tmp_path, ["IRN"])
    (tmp_path / "dist_cepii.rda").write_bytes(b"not R data at all")
    with pytest.raises(InputError, match="dist_cepii.rda: cannot be read"):
        geodist.read_geodist(tmp_path, ["IRN"])
    assert geodist.SOURCE.licence and geodist.SOURCE.bibtex.startswith("@")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_committed_bundle_equals_the_rebuilt_one(name: str) -> None:
    for package in ("h5py", "pyarrow", "rdata", "pyfixest"):
        pytest.importorskip(package, reason="needs the readers: pip install comity[worlds]")
    from comity.benchmark.build import build_world

    shared("data", "cepii_geodist")
    built, kept = build_world(f"{name}-smoothed", shared("data")), load_world(f"{name}-smoothed")
    assert built.countries == kept.countries and built.sectors == kept.sectors
    assert (np.abs(built.trade_share - kept.trade_share) / np.maximum(kept.trade_share, 1e-12)).max() < REBUILT
    for ours, theirs in zip(
        built.provenance["smoothing"]["sectors"], kept.provenance["smoothing"]["sectors"], strict=True
    ):
        assert ours["notes"] == theirs["notes"] and ours["observations"] == theirs["observations"]
        for key, pair in theirs["coefficients"].items():
            assert ours["coefficients"][key] == pytest.approx(pair, rel=1e-4, abs=1e-5), (ours["sector"], key)
