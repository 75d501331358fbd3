"""What a measure on tariffs starts from, in words, and whose external tariff is shared."""

from __future__ import annotations

import numpy as np
import pytest

from comity import load_world
from comity.benchmark.world import World
from comity.scenario.compile import compile_scenario
from comity.scenario.load import parse_scenario
from comity.scenario.today import direction_means
from tests.helpers import labelled_world


@pytest.fixture(scope="module")
def world() -> World:
    return load_world("world-2022")


def measure(text: str) -> str:
    return f"schema: 1\nid: a\ntitle: A\nmeasures: [{{id: m, {text}}}]"


def test_two_directions_are_told_one_by_one_weighted_by_trade(world: World) -> None:
    report = compile_scenario(
        world, parse_scenario(measure("kind: tariff, between: [IRN, BLR], size: {to: 0}"))
    ).measures[0]
    iran, belarus = world.country("IRN"), world.country("BLR")
    means = []
    for n, i in ((iran, belarus), (belarus, iran)):
        border, rate = world.flow[:, n, i], world.tariff[:, n, i]
        goods = rate > 0
        means.append(100 * float((border * rate)[goods].sum() / border[goods].sum()))
    assert means == pytest.approx([18.0, 10.7], abs=0.05)
    assert report.today == (
        "In 2022 the rates were 18.0 % in Iran on what comes from Belarus and 10.7 % in Belarus on what comes from Iran, "
        "on average."
    )
    assert report.sentence.endswith(report.today)


def test_of_many_directions_both_ends_are_told(world: World) -> None:
    found = compile_scenario(world, parse_scenario(measure("kind: tariff, between: [IRN, BLR, RUS], size: {to: 0}")))
    assert found.measures[0].today == (
        "In 2022 the averages ran from 0 % (in Belarus on what comes from Russia) to 18.0 % (in Iran on what comes from "
        "Belarus)."
    )


def test_other_measures_and_flows_that_are_zero_have_no_rates() -> None:
    made = labelled_world()
    other = compile_scenario(made, parse_scenario(measure("kind: ntb, between: [IRN, BLR], size: {hat: 0.9}")))
    assert other.measures[0].today == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: tariff, between: [IRN, BLR], size: {to: 0}", "Belarus belongs to the Eurasian Economic Union, whose members "
         "share one external tariff: in practice it could not change it alone."),
        ("kind: tariff, between: [IRN, BLR, RUS], size: {to: 0}", "Belarus and Russia belong to the Eurasian Economic Union, "
         "whose members share one external tariff: in practice they could not change it alone."),
        ("kind: tariff, importers: [EAEU], exporters: [IRN], size: {to: 0}", ""),  # all of its members that the world has
        ("kind: tariff, importers: [IRN], exporters: [BLR], size: {to: 0}", ""),  # the union's own tariff stays
        ("kind: tariff, between: [RUS, BLR], size: {to: 0}", ""),  # inside the union
        ("kind: ntb, between: [IRN, BLR], size: {hat: 0.9}", ""),
    ],
)  # fmt: skip
def test_members_of_a_customs_union_are_told_that_they_share_a_tariff(world: World, text: str, said: str) -> None:
    notes = [
        note
        for note in compile_scenario(world, parse_scenario(measure(text))).regime_notes
        if "external tariff" in note
    ]
    assert notes == ([said] if said else [])


def test_means_are_those_of_the_flows(world: World) -> None:
    class Fake:
        what = "tariff"
        pairs = (np.array([0, 1]), np.array([1, 0]))
        cells = np.arange(0)

    shape = world.tariff.shape
    Fake.cells = np.concatenate([np.ravel_multi_index(([j, j], [0, 1], [1, 0]), shape) for j in (0, 1)])
    border, rate = world.flow[:2], world.tariff[:2]
    wanted = [(border * rate)[:, n, i].sum() / border[:, n, i].sum() for n, i in ((0, 1), (1, 0))]
    assert direction_means(world, Fake()) == pytest.approx(wanted, rel=1e-12)  # type: ignore[arg-type]
