"""Games on model worlds: values against direct solves, symmetries of players, references, what surrounds a coalition."""

from __future__ import annotations

import json
from dataclasses import replace
from math import log

import numpy as np
import pytest

from comity import InputError, NoSolutionError, Shock, World, compile_scenario, load_scenario, load_world, solve
from comity.benchmark.world import ARRAYS
from comity.coalition import values
from comity.coalition.game import membership, shapley
from comity.coalition.load import load_game, parse_game
from comity.coalition.players import find_table
from comity.coalition.rules import coalition_scenario, make_reference, make_rules
from comity.coalition.run import coalition
from comity.coalition.study import Study, measure, spread
from comity.coalition.values import Evaluator
from comity.outcomes.ranges import Choice
from comity.report.coalition_terminal import summary
from tests.coalition.files import CLUB, FRONT, SENDERS, UNION
from tests.helpers import labelled_world

NEAR = 1e-8  # two answers with residuals of 1e-10: real income apart by no more, with a margin of ten
WORLD = labelled_world()
GOODS = [0, 1, 2]


def study_of(text: str, world: World = WORLD, closure: str = "fixed-deficits", elasticities: str = "world") -> Study:
    game = parse_game(text)
    return Study(world, game, find_table(world, game), Choice(elasticities, "central", closure))


@pytest.mark.parametrize("text", [FRONT, SENDERS, CLUB, UNION], ids=["front", "senders", "club", "union"])
@pytest.mark.parametrize("closure", ["fixed-deficits", "balanced"])
def test_every_coalition_equals_its_own_scenario(text: str, closure: str) -> None:
    """The tables of importer in, exporter in, both give what compiling each coalition by itself gives."""
    study = study_of(text, closure=closure)
    world, everyone = study.reference.world, study.table.everyone
    masks = membership(len(everyone))
    rows = study.evaluator.rows(masks, keep_hat=True)
    assert rows.hat is not None
    changed = 0
    for mask, hat in zip(masks, rows.hat, strict=True):
        scenario = coalition_scenario(world, study.game, everyone, mask)
        nothing = study.rules.shock(mask) is None  # a scenario that changes nothing is refused; a coalition is not
        shock = Shock() if nothing else compile_scenario(world, scenario).shock
        direct = solve(world, shock, closure=closure)
        np.testing.assert_allclose(hat, direct.real_income_hat, rtol=NEAR)
        changed += abs(direct.real_income_hat - 1).max() > 1e-6
    assert changed >= 4  # the comparison is about something


def test_values_of_a_front() -> None:
    study = study_of(FRONT)
    theta, income = WORLD.trade_elasticity, WORLD.income
    # by hand: Iran and China, trade cost 1.5^(-1/theta) on goods, both ways
    cells = [(j, n, i) for j in GOODS for n, i in ((0, 3), (3, 0))]
    j, n, i = (np.array(part) for part in zip(*cells, strict=True))
    direct = solve(WORLD, Shock.from_cells(iceberg_hat=(j, n, i, 1.5 ** (-1 / theta[j]))))
    gain = income * (direct.real_income_hat - 1)
    assert study.v[0b1001] == pytest.approx(gain[0] + gain[3], abs=NEAR * income.max())
    assert study.v[0b1001] > 0
    assert study.v[0] == study.v[0b0001] == study.v[0b0110] == 0  # Belarus and Russia have no new pair between them
    np.testing.assert_allclose(study.every.gain[0b1001, :4], gain[:4], atol=NEAR * income.max())


def test_values_of_senders() -> None:
    """Target loss, own loss: by hand for Russia alone, a duty of 30 points more and no machines sold."""
    study = study_of(SENDERS)
    tariff = WORLD.tariff.copy()
    tariff[GOODS, 2, 0] += 0.3
    iceberg = np.ones_like(tariff)
    iceberg[2, 0, 2] = np.inf
    direct = solve(WORLD, Shock(tariff_new=tariff, iceberg_hat=iceberg))
    lost = WORLD.income * (1 - direct.real_income_hat)
    rows = study.every
    assert rows.value("target-loss")[0b10] == pytest.approx(lost[0], abs=NEAR * WORLD.income.max())
    assert rows.value("own-loss")[0b10] == pytest.approx(lost[2], abs=NEAR * WORLD.income.max())
    assert rows.value("target-loss")[0b10] > 0


def test_values_of_a_club() -> None:
    """A duty of ten points on goods of everybody outside, the rest of the world included; none inside."""
    study = study_of(CLUB)
    tariff = WORLD.tariff.copy()
    for n in (0, 1):
        for i in (2, 3, 4):
            tariff[GOODS, n, i] += 0.1
    direct = solve(WORLD, Shock(tariff_new=tariff))
    np.testing.assert_allclose(
        study.every.gain[0b011, :3], (WORLD.income * (direct.real_income_hat - 1))[:3], atol=NEAR * WORLD.income.max()
    )


def test_a_bloc_that_acts_as_one() -> None:
    """Belarus and Russia are one player: nothing changes between them, and their gains are added."""
    study = study_of(UNION)
    assert [player.name for player in study.table.members] == ["Union State", "IRN", "CHN"]
    cells = [(j, n, i) for j in GOODS for n, i in ((0, 1), (1, 0), (0, 2), (2, 0))]
    j, n, i = (np.array(part) for part in zip(*cells, strict=True))
    direct = solve(WORLD, Shock.from_cells(iceberg_hat=(j, n, i, 0.9)))
    gain = WORLD.income * (direct.real_income_hat - 1)
    assert study.v[0b011] == pytest.approx(gain[[0, 1, 2]].sum(), abs=NEAR * WORLD.income.max())
    assert study.every.gain[0b011, 0] == pytest.approx(gain[1] + gain[2], abs=NEAR * WORLD.income.max())


def test_nothing_changes_inside_one_player() -> None:
    """The same with the two sides written out: flows between Belarus and Russia stay as they are."""
    pairs = UNION.replace("between: players", "importers: players\n    exporters: players")
    np.testing.assert_allclose(study_of(pairs).v, study_of(UNION).v, atol=NEAR * WORLD.income.max())
    rules = study_of(pairs).rules
    assert not (np.isin(rules.importer, [1, 2]) & np.isin(rules.exporter, [1, 2])).any()


def test_the_room_can_be_called() -> None:
    import comity.coalition

    result = comity.coalition(WORLD, parse_game(FRONT), ranges=False)  # type: ignore[operator]
    assert result.names == ["IRN", "BLR", "RUS", "CHN"] and comity.coalition.run.coalition is coalition


def test_a_player_without_measures_is_a_dummy() -> None:
    """China sells Iran no machines here, and the only measure is on machines of players to Iran."""
    cut = Shock.from_cells(iceberg_hat=(2, 0, 3, np.inf))
    found = solve(WORLD, cut)
    world = WORLD.replace(
        trade_share=found.trade_share_new,
        value_added=found.wage_hat * WORLD.value_added,
        deficit=found.deficit_new,
        expenditure=found.expenditure_new,
    )
    text = SENDERS.replace("[BLR, RUS]", "[BLR, RUS, CHN]").replace("  candidates: [CHN]\n", "")
    text = text[: text.index("  - id: imports")] + text[text.index("  - id: exports") :].replace("export_ban", "ntb")
    study = study_of(text + "    size: {hat: 1.3}\n", world)
    assert study.v[0b100] == 0
    np.testing.assert_allclose(study.v[4:], study.v[:4], atol=NEAR * world.income.max())
    share = shapley(study.v)
    assert abs(share[2]) <= NEAR * world.income.max() and share[:2].min() > 100 * abs(share[2])


def test_relabelling_players_permutes_the_results() -> None:
    first = coalition(WORLD, parse_game(FRONT), ranges=False)
    turned = FRONT.replace("[IRN, BLR, RUS, CHN]", "[CHN, RUS, IRN, BLR]")
    second = coalition(WORLD, parse_game(turned), ranges=False)
    order = [first.names.index(name) for name in second.names]
    assert order == [3, 2, 0, 1]
    scale = NEAR * WORLD.income.max()
    np.testing.assert_allclose(second.theory.shapley, first.theory.shapley[order], atol=scale)
    assert first.theory.core is not None and second.theory.core is not None
    assert first.theory.core.empty == second.theory.core.empty
    np.testing.assert_allclose(second.theory.core.point, first.theory.core.point[order], atol=100 * scale)
    np.testing.assert_allclose(second.transferred.received, first.transferred.received[order], atol=scale)
    assert second.outside.variation == pytest.approx(first.outside.variation, abs=scale)


def test_transfers_equalise() -> None:
    """They add to zero, and the change they give is between the smallest and largest without them."""
    result = coalition(WORLD, parse_game(FRONT), ranges=False)
    received = result.transferred.received
    assert abs(received.sum()) <= NEAR * WORLD.income.max() and np.abs(received).max() > 1e-3
    percent = 100 * result.central.gain[:4] / result.central.base[:4]
    assert percent.min() < result.transferred.common < percent.max()
    direct = solve(
        WORLD, compile_scenario(WORLD, coalition_scenario(WORLD, result.game, result.study.table.everyone, [True] * 4)).shock,
        equalise=["IRN", "BLR", "RUS", "CHN"],
    )  # fmt: skip
    np.testing.assert_allclose(received, direct.transfer_new[:4], atol=NEAR * WORLD.income.max())


def test_stability_is_read_off_payoffs() -> None:
    """Leaving alone, solved by hand: the payoff of a member of the rest without it."""
    result = coalition(WORLD, parse_game(SENDERS), ranges=False)
    rows = {row.player: row for row in result.stability.rows}
    study = result.study
    masks = np.array([[True, True, False], [False, True, False], [True, True, True]])
    gain = study.evaluator.rows(masks).gain
    assert rows["BLR"].incentive == pytest.approx(gain[0, 0] - gain[1, 0]) and rows["BLR"].role == "member"
    assert rows["CHN"].incentive == pytest.approx(gain[2, 2] - gain[0, 2]) and rows["CHN"].role == "candidate"
    assert (rows["BLR"].verdict == "stays") == (rows["BLR"].incentive > 0)
    partner = result.partners.rows[0]
    target = study.evaluator.rows(masks).target_loss
    assert partner.player == "CHN" and partner.adds == pytest.approx(target[2] - target[0])


def test_diversion_is_trade_with_the_target() -> None:
    """China's goods trade with Iran, both ways, before and after, from a solve of its own."""
    result = coalition(WORLD, parse_game(SENDERS), ranges=False)
    scenario = coalition_scenario(WORLD, result.game, result.study.table.everyone, [True, True, False])
    after = solve(WORLD, compile_scenario(WORLD, scenario).shock).flow_new
    expected = sum((after - WORLD.flow)[GOODS, n, i].sum() for n, i in ((0, 3), (3, 0)))
    row = next(row for row in result.bystanders.rows if row.country == "CHN")
    assert row.trade_with_parties == pytest.approx(expected, rel=1e-6) and abs(expected) > 1e-3
    assert row.diverts == (row.variation > 0 and expected > 0)


def test_ranges_hold_the_central_value_and_name_their_ends() -> None:
    study = study_of(FRONT)
    central = measure(study, True)
    found = spread(study, central)
    assert found.tried == 45 and found.refused == ()  # five elasticity sets, three sizes, three closures
    for name in ("gain", "last", "shapley", "whole"):
        low, high = found.of(name)
        value = getattr(central, name)
        assert (low <= value).all() and (value <= high).all() and (high > low).any()


def test_memory_is_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coalitions are handed to the solver CHUNK at a time, and only what a game needs is kept of them."""
    asked: list[int] = []
    real = values.solve_many

    def counted(world, shocks, **rest):
        asked.append(len(shocks))
        return real(world, shocks, **rest)

    monkeypatch.setattr(values, "solve_many", counted)
    monkeypatch.setattr(values, "CHUNK", 4)
    rows = study_of(FRONT).evaluator.rows(membership(4))
    assert max(asked) == 4 and sum(asked) == 10  # 16 less nobody, four alone and Belarus with Russia
    assert rows.hat is None and rows.gain.shape == (16, 4)


def test_a_coalition_without_equilibrium_is_named_not_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of sixteen refused: no Shapley values, no core, the reason said; what does not rest on it stays."""
    real = values.solve_many

    def refused(world, shocks, **rest):
        found = real(world, shocks, **rest)
        if len(shocks) > 6:
            found.status[2], found.kept["real_income_hat"][2] = "not-converged", np.nan
            found = replace(found, messages=(*found.messages[:2], "refused here", *found.messages[3:]))
        return found

    monkeypatch.setattr(values, "solve_many", refused)
    result = coalition(WORLD, parse_game(FRONT), ranges=False)
    assert np.isnan(result.theory.shapley).all() and result.theory.core is None
    assert result.theory.why_not == "1 of 16 coalitions have no equilibrium"
    assert "refused here" in result.notes and np.isfinite(result.central.gain).all()
    assert "Core: no number. 1 of 16 coalitions have no equilibrium." in summary(result)
    assert json.loads(json.dumps(result.as_json(), allow_nan=False))["core"] is None


def test_a_grand_coalition_without_equilibrium_is_refused() -> None:
    """Everybody stops all trade with Iran, deficits stay: no equilibrium, or no supplier."""
    text = SENDERS.replace("[BLR, RUS]", "[BLR, RUS, CHN, KAZ]").replace("  candidates: [CHN]\n", "")
    text = text.replace("kind: tariff", "kind: embargo").replace("    size: {change: 0.3}\n", "    sectors: all\n")
    text = text.replace("sectors: [MACH]", "sectors: all")
    with pytest.raises(NoSolutionError, match="The grand coalition has no equilibrium"):
        # the fifth economy under a name of its own: the rest of the world cannot play
        coalition(_with_a_fifth_name(), parse_game(text), ranges=False)


def _with_a_fifth_name() -> World:
    """The labelled world with Kazakhstan in place of the rest of the world."""
    arrays = {name: getattr(WORLD, name) for name in (*ARRAYS, "expenditure")}
    return World._frozen(((*WORLD.countries[:4], "KAZ"), WORLD.sectors), arrays, "fifth", 2022, "million USD", {})


# -- the embedded worlds ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> World:
    return load_world("world-2022")


@pytest.fixture(scope="module")
def front(world: World):
    return coalition(world, "sanctioned-front", ranges=False)


def test_the_front_is_the_gallery_scenario(world: World, front) -> None:
    """The grand coalition is the scenario of the same name, and the share won back follows from two solves."""
    together = solve(world, compile_scenario(world, load_scenario("sanctioned-front")).shock)
    lifted = solve(world, compile_scenario(world, load_scenario("iran-2012")).shock)
    np.testing.assert_allclose(front.central.hat, together.real_income_hat, rtol=NEAR)
    assert front.names == ["BLR", "IRN", "RUS"] and front.study.table.complete == "3 of 7 members"
    iran = world.country("IRN")
    expected = log(together.real_income_hat[iran]) / log(lifted.real_income_hat[iran])
    found = next(row for row in front.recovered.rows if row.player == "IRN" and row.size == "central")
    assert found.share == pytest.approx(expected, rel=1e-4)  # a ratio of changes of 4e-4 known to 1e-10
    assert [row.count for row in front.counts.rows][::3] == ["Iran's count", "Belarus's count"]


def test_the_front_with_unions_is_the_other_gallery_scenario(world: World, front) -> None:
    both = solve(world, compile_scenario(world, load_scenario("sanctioned-front-with-unions")).shock)
    joint = (world.income * (both.real_income_hat - 1))[[world.country(code) for code in front.names]].sum()
    unions = front.yardsticks[0]
    assert unions.value == pytest.approx(joint, rel=1e-5)
    assert unions.share == pytest.approx(front.central.whole / joint, rel=1e-5)


def test_bystanders_of_the_front(world: World, front) -> None:
    table = front.bystanders.columns
    assert len(table["country"]) == len(world.countries) - 3
    losses = -np.minimum(table["variation"], 0).sum()
    assert front.outside.compensation == pytest.approx(losses) and front.outside.enough is True
    direct = (world.income * (front.central.hat - 1))[world.country("TUR")]
    assert table["variation"][list(table["country"]).index("TUR")] == pytest.approx(direct)


def test_a_regime_is_lifted_then_imposed(world: World) -> None:
    """The grand coalition leads back to the base year; China's candidature is imposed with the same size."""
    text = load_game("senders-iran").text.replace("[Iran sanctions coalition 2012]", "[TUR, DEU, ITA]")
    game = parse_game(text.replace("candidates: all", "candidates: [CHN, USA]"))
    table = find_table(world, game)
    assert [player.name for player in table.candidates] == ["CHN"]
    assert "impose the regime already: USA" in " ".join(table.left_out)
    reference = make_reference(world, game, table, "fixed-deficits")
    assert reference.solution is not None
    evaluator = Evaluator(make_rules(reference.world, game, table.everyone), "fixed-deficits", table.targets)
    rows = evaluator.rows(np.array([[True, True, True, False], [True, False, True, False]]), keep_hat=True)
    assert rows.hat is not None
    np.testing.assert_allclose(rows.hat[0] * reference.solution.real_income_hat, 1, atol=NEAR)
    # without Germany: what lifting Germany's part alone gives
    lift = load_scenario("iran-2012")
    alone = lift.model_copy(update={"measures": (lift.measures[0].model_copy(update={"senders": ("DEU",)}),)})
    direct = solve(world, compile_scenario(world, alone).shock)
    np.testing.assert_allclose(rows.hat[1] * reference.solution.real_income_hat, direct.real_income_hat, rtol=10 * NEAR)
    assert rows.target_loss[0] > rows.target_loss[1] > 0


def test_published_memberships(world: World) -> None:
    iran, russia = load_game("senders-iran"), load_game("senders-russia")
    assert len(find_table(world, iran).members) == 36
    table = find_table(load_world("world-2019"), russia)
    assert len(table.members) == 35 and table.complete == "35 of 38 members"
    assert "Georgia, Albania, Montenegro" in table.left_out[0]
    union = find_table(world, load_game("tariff-club")).members[1]
    assert union.name == "EU" and len(union.positions) == 27


def test_many_senders_are_sampled(world: World) -> None:
    """Sixteen senders: Shapley values from orders add up to the value of all; each is near its contribution."""
    members = "[USA, CAN, JPN, AUS, KOR, CHE, NOR, TUR, DEU, FRA, ITA, ESP, NLD, BEL, AUT, GRC]"
    text = load_game("senders-iran").text.replace("[Iran sanctions coalition 2012]", members)
    game = parse_game(text.replace("candidates: all", "candidates: [CHN]"))
    result = coalition(world, game, ranges=False, orders=4)
    theory = result.theory
    assert theory.sampled is not None and theory.sampled.orders == 4 and theory.core is None
    assert theory.shapley.sum() == pytest.approx(result.central.whole, rel=1e-9)
    alone, last = result.central.alone, result.central.last
    low, high = 0.95 * np.minimum(alone, last), 1.05 * np.maximum(alone, last)
    assert ((theory.shapley >= low) & (theory.shapley <= high)).all()
    assert "16 players have 2^16 coalitions" in theory.why_not
    assert theory.steps[-1].joint == pytest.approx(-result.central.own_loss)
    first = theory.steps[0]
    assert first.joint == pytest.approx(-first.cost)  # alone, the joiner's cost is everybody's
    pair = np.isin(np.arange(16), [step.player for step in theory.steps[:2]])[None]
    own = result.study.evaluator.rows(result.study.padded(pair)).own_loss[0]
    assert theory.steps[1].joint == pytest.approx(-own)
    assert result.frontier.columns["own_loss"][-1] == pytest.approx(result.central.own_loss)
    assert len(theory.steps) == 16 and sum(step.benefit for step in theory.steps) == pytest.approx(result.central.whole)
    global_share = next(row.share for row in result.potential.rows if row.yardstick.startswith("the same measures"))
    assert 0 < global_share < 1


def test_json_has_no_number_that_is_none(front) -> None:
    text = json.dumps(front.as_json(), allow_nan=False)
    content = json.loads(text)
    assert content["schema_version"] == 1 and content["core"]["empty"] is False
    assert {row["name"] for row in content["numbers"]} >= {"Shapley value", "equivalent variation"}


def test_wrong_requests(world: World) -> None:
    with pytest.raises(InputError, match="no gallery game"):
        coalition(world, "sanctioned-frond")
    with pytest.raises(InputError, match="unknown closure"):
        coalition(WORLD, parse_game(FRONT), closure="open")
    with pytest.raises(InputError, match="targets-balanced needs targets"):
        coalition(WORLD, parse_game(FRONT), closure="targets-balanced")
    with pytest.raises(InputError, match="A CoalitionGame|a CoalitionGame is needed"):
        coalition(WORLD, 3)  # type: ignore[arg-type]
