"""Game files: the gallery, and every mistake as one message with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity import InputError
from comity.coalition.load import games, load_game, parse_game
from comity.coalition.players import find_table
from comity.coalition.rules import make_rules
from tests.coalition.files import CLUB, FRONT, SENDERS, UNION
from tests.helpers import labelled_world


def test_gallery() -> None:
    known = games()
    assert sorted(known) == [
        "sanctioned-front", "sanctioned-front-wider", "senders-iran", "senders-russia", "tariff-club",
    ]  # fmt: skip
    for name in known:
        game = load_game(name)
        assert game.id == name and game.title and game.description and game.measures
        assert game.players.members


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "front.yaml"
    path.write_text(FRONT)
    game = load_game(path)
    assert game.path == "front.yaml" and game.text == FRONT and game.players.value == "joint-gain"


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (FRONT, "joint-gain", "joint-gains", r"line 7, players.value: not one of the words.*joint-gain"),
        (FRONT, "  value:", "  worth: 1\n  value:", r"line 7, players.worth: unknown key.*members, value"),
        (FRONT, "kind: agreement", "kind: agrement", r"unknown kind of measure.*Did you mean agreement"),
        (FRONT, "between: players", "between: [IRN, BLR]", "names no players"),
        (FRONT, "between: players", "between: [players, IRN]", "`between` mixes players with others"),
        (FRONT, "  - {id: us,", "  - {id: them,", r"no source of that id.*found: us|no source of that id"),
        (FRONT, "type: coalition", "type: dossier", "not one of the words known here"),
        (FRONT, "  value: joint-gain", "  value: target-loss", "the value target-loss needs targets"),
        (SENDERS, "importers: players", "importers: outsiders", "names no players"),
        (SENDERS, "targets: [IRN]", "targets: [IRN]\nrecovers: {BLR: iran-2012}", "belong to the value joint-gain"),
        (CLUB, CLUB[CLUB.index("    kind: tariff") :], "    kind: lifting\n    regime: iran-2012\n    senders: players\n", "a lifting has no place in a game"),
        (FRONT, "measures:", "published:\n  - {of: partners, source: us, where: here}\nmeasures:", "an ordering or a figure"),
        (FRONT, "measures:", "published:\n  - {of: partners, order: [CHN], source: x, where: y}\nmeasures:", "no source of that id"),
    ],
)  # fmt: skip
def test_mistakes_in_the_file(text: str, old: str, new: str, message: str) -> None:
    assert old in text
    with pytest.raises(InputError, match=rf"(?s){message}"):
        parse_game(text.replace(old, new, 1), "game.yaml")


def test_complaints_name_the_line() -> None:
    with pytest.raises(InputError, match=r"^game.yaml, line 6, players.members: "):
        parse_game(FRONT.replace("[IRN, BLR, RUS, CHN]", "{a: b}"), "game.yaml")


@pytest.mark.parametrize("text", ["", "[1, 2]", "schema: 1\nid: x\ntitle: y\nmeasures: []\n"])
def test_no_game(text: str) -> None:
    with pytest.raises(InputError, match="coalition game"):
        parse_game(text)


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (FRONT, "[IRN, BLR, RUS, CHN]", "[IRN]", "takes two players at least"),
        (FRONT, "[IRN, BLR, RUS, CHN]", "[IRN, BLR, FRA]", "has no such country"),
        (FRONT, "[IRN, BLR, RUS, CHN]", "[IRN, Irann]", "Did you mean"),
        (SENDERS, "targets: [IRN]", "targets: [BLR]", "a target cannot be a player"),
        (SENDERS, "candidates: [CHN]", "candidates: [RUS]", "a member or target cannot be a candidate"),
        (UNION, "acting_as_one: [Union State]", "acting_as_one: [EAEU]", "a bloc named among the members"),
    ],
)
def test_mistakes_on_a_world(text: str, old: str, new: str, message: str) -> None:
    game = parse_game(text.replace(old, new, 1), "game.yaml")
    with pytest.raises(InputError, match=message) as caught:
        find_table(labelled_world(), game)
    assert caught.value.message.startswith("game.yaml, line ")


def test_players_do_not_stand_on_both_sides() -> None:
    game = parse_game(SENDERS.replace("exporters: [IRN]", "exporters: [IRN, RUS]"), "game.yaml")
    world = labelled_world()
    with pytest.raises(
        InputError, match=r"measures\[0\].exporters: measure imports: a player stands on a side that names .*RUS\."
    ):
        make_rules(world, game, find_table(world, game).everyone)


def test_contradicting_measures_name_the_line() -> None:
    """Two rates on one flow: the scenario's own complaint, with the line in the game's file."""
    second = "  - id: again\n    kind: tariff\n    importers: players\n    exporters: [IRN]\n    size: {to: 0.5}\n"
    text = SENDERS.replace("{change: 0.3}", "{to: 0.3}") + second
    game, world = parse_game(text, "game.yaml"), labelled_world()
    with pytest.raises(InputError, match=r"line 25, measures\[2\].size: measures 'imports' and 'again' set two"):
        make_rules(world, game, find_table(world, game).everyone)
