"""Bands of a game: the same draws for every coalition, the same numbers as the bands of a scenario, failures counted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from comity import InputError, NoSolutionError, NotConvergedError, World, load_scenario, load_world, solve
from comity.coalition import bands as module
from comity.coalition.bands import check_draws, default_draws, game_band
from comity.coalition.drawn_rules import drawn_rules
from comity.coalition.load import load_game, parse_game
from comity.coalition.players import find_table
from comity.coalition.rules import coalition_scenario
from comity.coalition.run import coalition
from comity.coalition.study import Study
from comity.outcomes.ranges import Choice
from comity.report.coalition_figures import bystander_rows
from comity.report.coalition_page import page, write_folder
from comity.report.coalition_terminal import summary
from comity.uncertainty.bands import bands
from comity.uncertainty.study import each, prepare
from tests.coalition.files import CLUB, FRONT, SENDERS, UNION
from tests.helpers import labelled_world

WORLD = labelled_world()
DRAWN = 1e-6  # draws are solved to 1e-8 of incomes; of contributions about a hundredth of them no more than this
PRODUCTIVE = """\
schema: 1
type: coalition
id: productive
title: Members work better
players:
  members: [IRN, BLR, RUS]
  value: joint-gain
measures:
  - id: better
    kind: productivity
    countries: players
    size: {hat: {low: 1.01, central: 1.02, high: 1.05}}
"""


def study_of(text: str, world: World = WORLD, closure: str = "fixed-deficits") -> Study:
    game = parse_game(text)
    own = str(world.provenance.get("elasticities", {}).get("name", "world"))
    return Study(world, game, find_table(world, game), Choice(own, "central", closure))


@pytest.mark.parametrize(
    "text", [FRONT, SENDERS, CLUB, UNION, PRODUCTIVE], ids=["front", "senders", "club", "union", "p"]
)
@pytest.mark.parametrize("closure", ["fixed-deficits", "balanced"])
def test_rules_with_nothing_drawn_are_the_central_ones(text: str, closure: str) -> None:
    study = study_of(text, closure=closure)
    drawn = drawn_rules(study)
    found = drawn.at(study.reference.world.trade_elasticity, {})
    for name in ("log_cost", "tariff", "export_tax", "productivity", "stopped"):
        one, other = getattr(study.rules, name), getattr(found, name)
        neutral = one is None or (name == "stopped" and not one.any()) or (name == "log_cost" and not one.any())
        if neutral and other is None:
            continue
        if one is None:
            assert not np.asarray(other).any() or name != "stopped"
            continue
        # the exponential and its logarithm: rounding
        np.testing.assert_allclose(np.asarray(other, float), np.asarray(one, float), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("text", [FRONT, SENDERS, CLUB, UNION], ids=["front", "senders", "club", "union"])
def test_gains_of_members_are_those_of_a_scenario_with_bands(text: str) -> None:
    """Independent path: `uncertainty.bands` on the grand coalition as a scenario of its own, same seed."""
    study = study_of(text)
    everyone = study.table.everyone
    mask = [player in study.table.members for player in everyone]
    scenario = coalition_scenario(study.reference.world, study.game, everyone, mask)
    direct = bands(WORLD, scenario, draws=30, seed=5, workers=1)
    found = game_band(study, 30, 5, workers=1)
    low, high = found.of("variation")
    np.testing.assert_allclose(low, direct.low["equivalent_variation"], rtol=DRAWN, atol=DRAWN * np.abs(high).max())
    np.testing.assert_allclose(high, direct.high["equivalent_variation"], rtol=DRAWN, atol=DRAWN * np.abs(high).max())
    assert found.asked == 30 and not found.failures and found.residual <= 1e-8


def test_every_draw_is_a_game_of_its_own() -> None:
    """In each draw contributions are differences of that draw's values, and Shapley values add up to its v(N)."""
    found = game_band(study_of(FRONT), 20, 1, workers=1)
    games: Any = found.solved
    assert len(games) == 20
    for game in games:
        assert game.shapley.sum() == pytest.approx(game.whole, rel=1e-10)
        assert game.gain.sum() == pytest.approx(game.whole, rel=1e-10)
        assert game.own_loss == pytest.approx(-game.whole, rel=1e-10)
    assert np.ptp([game.whole for game in games]) > 0.1 * games[0].whole  # something was drawn


def test_a_draw_by_hand() -> None:
    """One draw, each coalition solved by itself at 1e-10."""
    study = study_of(FRONT)
    rules = drawn_rules(study)
    table = rules.table(5, 4)
    d, n = 3, 4
    at = {name: float(values[d]) for name, values in table.position.items()}
    world = WORLD.replace(trade_elasticity=table.theta[d])
    assert not table.node  # nothing of this world is drawn from a bank
    drawn = rules.at(table.theta[d], at)

    def gains(mask: list[bool]) -> np.ndarray:
        shock = drawn.shock(np.array(mask))
        hat = np.ones(5) if shock is None else solve(world, shock).real_income_hat
        return (world.income * (hat - 1))[[WORLD.country(code) for code in ("IRN", "BLR", "RUS", "CHN")]]

    found: Any = game_band(study, 5, 4, workers=1).solved[d]
    everyone = gains([True] * n)
    for k in range(n):
        without = gains([i != k for i in range(n)])
        left = np.delete(without, k).sum()
        assert found.last[k] == pytest.approx(everyone.sum() - left, rel=1e-4)  # draws are solved to 1e-8 of incomes
        assert found.stay[k] == pytest.approx(everyone[k] - without[k], rel=1e-4)
        assert found.alone[k] == 0  # nobody to agree with


def test_shares_recovered_are_those_of_two_scenarios_at_the_same_draws() -> None:
    world = load_world("world-2022")
    game = load_game("sanctioned-front")
    study = Study(world, game, find_table(world, game), Choice("fontagne", "central", "fixed-deficits"))
    found: Any = game_band(study, 6, 1, workers=1).solved
    iran = world.country("IRN")
    logs = []
    for name in ("sanctioned-front", "iran-2012"):
        one = prepare(world, load_scenario(name), counts=False)
        table = one.table(6, 1, None, drawn_rules(study).sources)
        every = tuple(drawn_rules(study).sources)
        logs.append(np.log(each(one, table, lambda s: float(s.real_income_hat[iran]), sources=every)))  # type: ignore[arg-type]
    # the lifting is solved to 1e-6 of incomes, and the loss is some hundredths
    np.testing.assert_allclose([game.recovered[0] for game in found], logs[0] / logs[1], rtol=1e-3)


def test_pairing_keeps_the_precision_of_a_difference() -> None:
    """Draws that pair v(N) of one draw with v(N - i) of another would spread contributions wider."""
    found: Any = game_band(study_of(FRONT), 60, 1, workers=1).solved
    whole = np.array([game.whole for game in found])
    last = np.array([game.last for game in found])
    without = whole[:, None] - last
    k = int(np.argmax(without.std(axis=0)))
    shuffled = whole - np.roll(without[:, k], 7)
    assert last[:, k].std() < 0.9 * shuffled.std()


def test_the_first_draws_of_more_are_the_same() -> None:
    study = study_of(SENDERS)
    few, many = (game_band(study, draws, 3, workers=1).solved for draws in (6, 12))
    for one, other in zip(few, many, strict=False):
        np.testing.assert_allclose(one.last, other.last, rtol=DRAWN)  # type: ignore[attr-defined]


def test_two_halves_give_what_one_gives() -> None:
    study = study_of(FRONT)
    one, two = game_band(study, 16, 2, workers=1), game_band(study, 16, 2, workers=2)
    np.testing.assert_allclose(one.of("last"), two.of("last"), rtol=DRAWN)


def test_regimes_of_the_game_are_lifted_in_every_draw() -> None:
    """Senders against Iran: what the senders impose leads back to the base year, at drawn sizes too."""
    world = load_world("world-2022")
    text = load_game("senders-iran").text.replace("[Iran sanctions coalition 2012]", "[TUR, DEU, ITA]")
    study = study_of(text.replace("candidates: all", "candidates: [CHN]"), world)
    found: Any = game_band(study, 6, 1, workers=1)
    low, high = found.of("target_loss")
    assert 0 < low < high
    rules = drawn_rules(study)
    assert rules.lift is not None and any(source.group == "sizes" for source in rules.sources)
    table = rules.table(6, 1)
    # by hand, the third draw: lifting by the three is what they take away again
    d = 2
    at = {name: float(values[d]) for name, values in table.position.items()}
    base = module._worlds(rules, table)[d]
    lifted = solve(base, rules.lift.shock(table.theta[d], at))
    iran = world.country("IRN")
    income = module._after(lifted).income[iran]
    expected = income * (1 - 1 / lifted.real_income_hat[iran])
    assert found.solved[d].target_loss == pytest.approx(expected, rel=1e-4)


def _failing(monkeypatch: pytest.MonkeyPatch, every: int) -> None:
    real = module.solve_each

    def some(worlds: Any, shocks: Any, **named: Any) -> Any:
        for number, outcome in enumerate(real(worlds, shocks, **named)):
            yield NoSolutionError("made up", reason="did not converge") if number % every == 0 else outcome

    monkeypatch.setattr(module, "solve_each", some)


def test_failed_draws_are_counted_and_too_many_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _failing(monkeypatch, 10_000)  # the first of every lot of draws
    found = game_band(study_of(SENDERS), 100, 1, workers=1)
    assert sum(found.failures.values()) == 1 and len(found.solved) == 99  # the same draw in every coalition
    with pytest.raises(NotConvergedError, match="draws have no solution, more than 0.5 %"):
        game_band(study_of(SENDERS), 100, 1, failed_share=0.005, workers=1)
    _failing(monkeypatch, 2)
    with pytest.raises(NotConvergedError, match="have no solution, more than 5 %"):
        coalition(WORLD, parse_game(SENDERS), ranges=False, draws=20)
    usual = coalition(WORLD, parse_game(SENDERS), ranges=False, draws="usual")
    assert usual.band is None and usual.no_band.startswith("No band: ")
    assert usual.no_band in summary(usual) and usual.as_json()["bands"] == {"none": usual.no_band}


def test_number_of_draws() -> None:
    assert [default_draws(n) for n in (2, 5, 8, 15, 36, 80)] == [200, 200, 200, 129, 54, 40]
    assert check_draws(0) == 0 and check_draws(None) is None and check_draws(2) == 2 and check_draws(5000) == 5000
    for wrong in (-1, 1, 5001, 2.5, "20", True):
        with pytest.raises(InputError, match="2 to 5000, or 0"):
            check_draws(wrong)


@pytest.fixture(scope="module")
def both() -> Any:
    return coalition(WORLD, parse_game(FRONT), draws=20)


def test_bands_and_ranges_stand_apart(both: Any) -> None:
    columns = both.contributions.columns
    for stem in ("gain", "alone", "last", "shapley"):
        assert (columns[f"{stem}_band_low"] <= columns[f"{stem}_band_high"]).all()
        assert (columns[f"{stem}_range_low"] <= columns[f"{stem}_range_high"]).all()
    assert not np.allclose(columns["last_band_high"], columns["last_range_high"])
    kinds = {number.name: number.kind for number in both.key_numbers()}
    assert kinds["last to join"] == kinds["Shapley value"] == kinds["value (joint-gain)"] == "band"
    content = both.as_json()
    assert content["bands"]["draws"] == 20 and content["bands"]["shapley"] == "band" and content["combinations"] > 1
    text = summary(both)
    assert "Brackets: in 90 of 100 draws" in text and "it is a range, not a band" in text
    assert "Range of the value:" in text
    assert not re.search(r"\bnan\b", text)


def test_page_says_what_whiskers_are(both: Any, tmp_path: Path) -> None:
    html = page(both, "comity coalition front --draws 20")
    assert "whisker: in 90 of 100 draws; short ticks: the answer under other elasticity sets" in html
    assert "in brackets: in 90 of 100 draws. Alone" in html and "own gain [range]" in html
    assert "20 joint draws, none without solution" in html
    folder = write_folder(both, tmp_path, "comity coalition front --draws 20")
    assert json.loads((folder / "record.json").read_text())["band"]["asked"] == 20
    header = (folder / "contributions.csv").read_text().splitlines()[1]
    assert "last_band_low,last_band_high,last_range_low,last_range_high" in header
    assert {"core.csv", "stability.csv"} <= {path.name for path in folder.iterdir()}
    assert "nan" not in (folder / "core.csv").read_text()


def test_nothing_computed_is_said_and_not_shown_as_an_interval() -> None:
    bare = coalition(WORLD, parse_game(FRONT), ranges=False)
    text = summary(bare)
    assert "No range and no band was computed" in text and "No interval was computed" in text
    rows = [line for line in text.splitlines() if line.startswith(("  Iran ", "  China ", "  Russia ", "  Belarus "))]
    assert rows and not any("[" in row for row in rows)
    assert np.isnan(bare.contributions.columns["last_range_low"]).all()
    assert {number.kind for number in bare.key_numbers()} == {"none"}
    html = page(bare, "comity coalition front --no-ranges --draws 0")
    assert "no band, no range" in html and "no band or range was computed" in html


def test_shapley_of_larger_games_has_no_band_and_says_so() -> None:
    world = load_world("world-2022")
    text = load_game("sanctioned-front").text.replace("[Sanctioned economies]", "[IRN, BLR, RUS, CHN, KAZ, IND]")
    text = text.replace("  candidates: [SCO, MMR]\n", "").replace("BLR: belarus-2022, RUS: russia-2014", "")
    result = coalition(world, parse_game(text.replace("iran-2012, }", "iran-2012}")), ranges=False, draws=4)
    assert np.isfinite(result.contributions.columns["last_band_low"]).all()
    assert np.isnan(result.contributions.columns["shapley_band_low"]).all()
    note = "no band: 2^6 solves per draw"
    assert note in summary(result) and note in page(result, "x") and note in result.as_json()["bands"]["shapley"]


def test_what_is_drawn_together_has_the_band_of_its_sum() -> None:
    """The last row of the picture of third countries: percentiles of the draws' sums, not sums of percentiles."""
    result = coalition(load_world("world-2022"), "sanctioned-front", ranges=False, draws=8)
    rest = bystander_rows(result)[-1]
    assert rest["name"].endswith("others together")
    order = np.argsort(-np.abs(result.bystanders.columns["variation"]), kind="stable")[9:]
    positions = result.outside.position[order]
    assert result.band is not None
    sums = [game.variation[positions].sum() for game in result.band.solved]  # type: ignore[attr-defined]
    assert (rest["low"], rest["high"]) == pytest.approx(tuple(np.quantile(sums, [0.05, 0.95])))


@pytest.mark.parametrize("closure", ["targets-balanced", "balanced", "multiplicative-deficits"])
def test_other_closures(closure: str) -> None:
    """Whatever happens to deficits, the central number of a game whose sizes hardly vary lies inside its draws."""
    result = coalition(WORLD, parse_game(SENDERS), closure=closure, draws=12, ranges=False)
    assert result.band is not None and not result.band.failures
    values = [game.target_loss for game in result.band.solved]  # type: ignore[attr-defined]
    assert min(values) < result.central.target_loss < max(values)
