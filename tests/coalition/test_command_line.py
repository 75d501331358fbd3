"""A coalition game handed to the commands for scenarios: check and explain know it, run says where to go."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from comity import InputError
from comity.cli import app
from comity.coalition.load import games, is_game


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("game") / "club.yaml"
    file.write_text(games()["tariff-club"].read_text(encoding="utf-8"), encoding="utf-8")
    return file


def test_a_game_is_told_from_a_scenario(game: Path, tmp_path: Path) -> None:
    assert is_game(game) and is_game("tariff-club")
    assert not is_game("sanctioned-front")  # the scenario of that name; `comity coalition` plays the game
    assert not is_game(tmp_path) and not is_game(tmp_path / "none.yaml") and not is_game("iran-2012")


def test_check_and_explain(game: Path) -> None:
    checked = CliRunner().invoke(app, ["check", str(game)])
    assert checked.exit_code == 0
    assert checked.stdout == "tariff-club: a coalition game of 10 players, 1 measure; `comity coalition` solves it.\n"
    explained = CliRunner().invoke(app, ["explain", "tariff-club"])
    assert explained.exit_code == 0 and "10 players: " in explained.stdout
    assert "With all members in:" in explained.stdout


def test_run_says_which_command_plays_a_game(game: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["run", str(game), "--out", str(tmp_path)])
    assert isinstance(done.exception, InputError)
    assert "this is a coalition game" in str(done.exception) and "comity coalition" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("orders", ["0", "-1"])
def test_orders_that_cannot_be_are_refused(game: Path, tmp_path: Path, orders: str) -> None:
    done = CliRunner().invoke(app, ["coalition", str(game), "--orders", orders, "--out", str(tmp_path)])
    assert isinstance(done.exception, InputError) and "Allowed: 4, 6, ... 10000" in str(done.exception)
    assert list(tmp_path.iterdir()) == []
