"""Malformed and nonsensical games and command lines: exit code 2, one message saying where, found and allowed, nothing written.

The base is one game that solves; each row changes one thing in it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from comity import cli

GAME = """\
schema: 1
type: coalition
id: front
title: A front of three
players:
  members: [IRN, BLR, RUS]
  value: joint-gain
  candidates: [CHN]
recovers: {IRN: iran-2012}
sources:
  - {id: us, title: Our own}
measures:
  - id: pairs
    kind: agreement
    between: players
    not_within: [Union State]
    sectors: goods
    size: {trade_ratio: {low: 1.2, central: 1.5, high: 2}}
    phase: {from: 2023, to: 2033}
    source: us
"""
SENDERS = """\
schema: 1
type: coalition
id: senders
title: Three against one
targets: [IRN]
players:
  members: [BLR, RUS]
  value: target-loss
measures:
  - id: imports
    kind: tariff
    importers: players
    exporters: [IRN]
    size: {change: 0.3}
"""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
REGIME = "  - id: pairs\n    kind: sanction\n    regime: iran-1999\n    senders: players\n"

# name: (game, what is replaced, by what, words the message must hold)
ONE_CHANGE = {
    "unknown key": (GAME, "title: A", "titel: A", ["line 4", "titel", "title"]),
    "unknown key of players": (GAME, "  value:", "  worth: 2\n  value:", ["line 7", "players.worth", "value"]),
    "unknown key of a measure": (GAME, "    sectors: goods", "    sector: goods", ["line 17", "sector", "sectors"]),
    "a key twice": (GAME, "title: A", "id: again\ntitle: A", ["line 4", "id"]),
    "title empty": (GAME, "title: A front of three", 'title: ""', ["line 4", "title"]),
    "id with spaces": (GAME, "id: front", "id: my front", ["line 3", "id"]),
    "id leaves the folder": (GAME, "id: front", "id: ../../front", ["line 3", "id"]),
    "no id": (GAME, "id: front\n", "", ["id"]),
    "no schema": (GAME, "schema: 1\n", "", ["schema"]),
    "schema of the future": (GAME, "schema: 1", "schema: 99", ["line 1", "schema", "99"]),
    "type of something else": (GAME, "type: coalition", "type: coaliton", ["line 2", "coaliton", "coalition"]),
    "no measures": (GAME, GAME[GAME.index("measures:") :], "measures: []\n", ["measures"]),
    "measures a word": (GAME, GAME[GAME.index("measures:") :], "measures: all\n", ["line 12", "measures"]),
    "no members": (GAME, "  members: [IRN, BLR, RUS]\n", "", ["players.members"]),
    "members empty": (GAME, "[IRN, BLR, RUS]", "[]", ["line 6", "players.members"]),
    "members a mapping": (GAME, "[IRN, BLR, RUS]", "{a: b}", ["line 6", "players.members"]),
    "members numbers": (GAME, "[IRN, BLR, RUS]", "[1, 2]", ["line 6", "players.members"]),
    "members with nothing": (GAME, "[IRN, BLR, RUS]", "[IRN, null, RUS]", ["line 6", "players.members"]),
    "one player": (GAME, "[IRN, BLR, RUS]", "[IRN]", ["line 6", "two players", "IRN"]),
    "one bloc as one player": (GAME, "members: [IRN, BLR, RUS]", "members: [EU]\n  acting_as_one: [EU]", ["line 6", "two players"]),
    "a player twice": (GAME, "[IRN, BLR, RUS]", "[IRN, BLR, IRN]", ["line 6", "players.members", "IRN"]),
    "a player twice by name": (GAME, "[IRN, BLR, RUS]", "[IRN, BLR, Iran]", ["line 6", "players.members", "Iran"]),
    "player in two blocs that act": (GAME, "members: [IRN, BLR, RUS]", "members: [IRN, EU, FRA]\n  acting_as_one: [EU]", ["line 6", "FRA", "twice"]),
    "a bloc as one after its member": (GAME, "members: [IRN, BLR, RUS]", "members: [FRA, EU]\n  acting_as_one: [EU]", ["line 6", "EU", "France"]),
    "unknown player": (GAME, "[IRN, BLR, RUS]", "[IRN, BLR, Rusia]", ["line 6", "Rusia", "Russia"]),
    "player in the rest of the world": (GAME, "[IRN, BLR, RUS]", "[IRN, BLR, CUB]", ["line 6", "Cuba", "rest of the world"]),
    "rest of the world plays": (GAME, "[IRN, BLR, RUS]", "[IRN, BLR, ROW]", ["line 6", "ROW"]),
    "candidate is a member": (GAME, "[CHN]", "[RUS]", ["line 8", "RUS", "candidate"]),
    "candidate unknown": (GAME, "[CHN]", "[CHNN]", ["line 8", "CHNN"]),
    "acts as one, no bloc": (GAME, "  value:", "  acting_as_one: [IRN]\n  value:", ["acting_as_one", "IRN"]),
    "unknown value": (GAME, "joint-gain", "joint-gian", ["line 7", "joint-gian", "joint-gain"]),
    "value without target": (GAME, "value: joint-gain", "value: target-loss", ["targets"]),
    "target plays": (SENDERS, "targets: [IRN]", "targets: [RUS]", ["line 5", "targets", "RUS"]),
    "target unknown": (SENDERS, "targets: [IRN]", "targets: [IRM]", ["line 5", "IRM"]),
    "target on the players' side": (SENDERS, "exporters: [IRN]", "exporters: [IRN, RUS]", ["line 13", "RUS"]),
    "recovers of a sender game": (SENDERS, "targets: [IRN]", "targets: [IRN]\nrecovers: {RUS: russia-2014}", ["recovers"]),
    "recovers for no member": (GAME, "{IRN: iran-2012}", "{CHN: iran-2012}", ["line 9", "CHN", "member"]),
    "recovers an unknown regime": (GAME, "{IRN: iran-2012}", "{IRN: iran-2021}", ["line 9", "iran-2021", "iran-2012"]),
    "recovers another's regime": (GAME, "{IRN: iran-2012}", "{IRN: russia-2014}", ["line 9", "russia-2014"]),
    "unknown sector": (GAME, "sectors: goods", "sectors: [FOOOD]", ["line 17", "FOOOD"]),
    "unknown kind": (GAME, "kind: agreement", "kind: agreemnt", ["line 13", "agreemnt", "agreement"]),
    "unknown regime": (GAME, GAME[GAME.index("  - id: pairs") :], REGIME, ["iran-1999", "iran-2012"]),
    "nobody's measure": (GAME, "between: players", "between: [IRN, BLR]", ["pairs", "players"]),
    "size not a number": (GAME, "central: 1.5", "central: .nan", ["line 18", "number"]),
    "size infinite": (GAME, "high: 2}", "high: .inf}", ["line 18", "number"]),
    "size huge": (GAME, "high: 2}", "high: 1.0e+300}", ["line 18"]),
    "size beyond any number": (GAME, "high: 2}", "high: 1" + "0" * 400 + "}", ["line 18"]),
    "size negative": (GAME, "low: 1.2", "low: -1.2", ["line 18"]),
    "size a word": (GAME, "{trade_ratio: {low: 1.2, central: 1.5, high: 2}}", "large", ["line 18", "size"]),
    "size of no row": (GAME, "{trade_ratio: {low: 1.2, central: 1.5, high: 2}}", "{size_of: fta-distant-pear}", ["line 18", "fta-distant-pair"]),
    "no such date": (GAME, "from: 2023,", "from: 2023-02-31,", ["line 19", "from"]),
    "dates turned round": (GAME, "{from: 2023, to: 2033}", "{from: 2033, to: 2023}", ["line 19"]),
    "year beyond all years": (GAME, "to: 2033", "to: 20330", ["line 19", "20330"]),
    "unknown source": (GAME, "source: us", "source: them", ["line 20", "them", "us"]),
    "unknown closure": (GAME, "players:", "closure: opened\nplayers:", ["line 5", "opened"]),
    "unknown elasticities": (GAME, "players:", "elasticities: fontagné\nplayers:", ["fontagné", "fontagne"]),
    "unknown world": (GAME, "players:", "world: world-2033\nplayers:", ["world-2033", "world-2022"]),
    "tabs": (GAME, "  members:", "\tmembers:", ["line 6"]),
    "an anchor": (GAME, "title: A front of three", "title: &t A front of three\ndescription: *t", ["line 4|line 5", "anchor|alias"]),
    "a merge": (GAME, "  value: joint-gain", "  <<: {value: joint-gain}", ["line 7", "<<"]),
    "a tag": (GAME, "title: A front of three", "title: !!python/object/apply:os.system [ls]", ["line 4"]),
    "two documents": (GAME, "measures:", "---\nmeasures:", ["line 12|document"]),
    "open bracket": (GAME, "[IRN, BLR, RUS]", "[IRN, BLR, RUS", ["line"]),
}  # fmt: skip
FILES = {
    "empty file": (b"", ["game.yaml", "nothing|empty"]),
    "only a comment": (b"# nothing\n", ["game.yaml"]),
    "a list": (b"- 1\n- 2\n", ["game.yaml", "mapping"]),
    "a word": (b"front\n", ["game.yaml", "mapping"]),
    "binary": (bytes(range(256)) * 8, ["game.yaml"]),
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, ["game.yaml"]),
    "half of UTF-16": (GAME.encode("utf-16"), ["game.yaml"]),
    "latin-1": (GAME.replace("A front", "Türkiye").encode("latin-1"), ["game.yaml"]),
    "control characters": (GAME.replace("A front", "A \x00 front").encode(), ["game.yaml"]),
    "a bomb of aliases": (BOMB.encode(), ["game.yaml", "line 1|line 2", "anchor|alias"]),
    "deep nesting": (b"a: " + b"[" * 20_000 + b"]" * 20_000, ["game.yaml"]),
    "a scenario": (b"schema: 1\nid: x\ntitle: y\nmeasures: []\n", ["game.yaml", "coalition game"]),
    "JSON broken off": (b'{"type": "coalition", "players": {', ["game.yaml", "line 1|line 2"]),
}
# words after the file, what the message must hold
LINES = {
    "draws below zero": (["--draws", "-1"], ["draws", "-1", "0"]),
    "one draw": (["--draws", "1"], ["draws", "1", "2 to 5000"]),
    "too many draws": (["--draws", "1000000000"], ["draws", "5000"]),
    "draws a word": (["--draws", "many"], ["--draws"]),
    "draws a fraction": (["--draws", "2.5"], ["--draws", "integer"]),
    "draws nothing": (["--draws"], ["--draws"]),
    "seed below zero": (["--seed", "-1"], ["seed", "-1"]),
    "seed too large": (["--seed", "4294967296"], ["seed", "4294967296", "4294967295"]),
    "seed a word": (["--seed", "x"], ["--seed", "integer"]),
    "no orders": (["--orders", "0"], ["orders", "0", "4, 6, ... 10000"]),
    "orders below zero": (["--orders", "-5"], ["orders", "-5", "4, 6, ... 10000"]),
    "orders that are odd": (["--orders", "5"], ["orders", "5", "4, 6, ... 10000"]),
    "orders beyond reason": (["--orders", "1000000000"], ["orders", "1000000000", "4, 6, ... 10000"]),
    "unknown closure": (["--closure", "opened"], ["closure", "opened", "fixed-deficits"]),
    "closure without targets": (["--closure", "targets-balanced"], ["targets"]),
    "unknown elasticities": (["--elasticities", "fontagn"], ["elasticities", "fontagn", "fontagne"]),
    "unknown world": (["--world", "world-202"], ["world-202", "world-2022"]),
    "world a game": (["--world", "{file}"], ["game.yaml"]),
    "unknown option": (["--drawz", "3"], ["--drawz"]),
    "two games": (["another"], ["another"]),
    "out is a file": (["--out", "{file}"], ["--out"]),
    "out below a file": (["--out", "{file}/x"], ["--out"]),
}


def refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str]) -> str:
    """The message of a command line that must end with exit code 2."""
    monkeypatch.setattr(sys, "argv", ["comity", "coalition", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    out, err = capsys.readouterr()
    assert end.value.code == 2, err
    assert out == "" and "Traceback" not in err
    assert err.count("Error:") == 1 or err.count("Error") == 1, err
    return err


def check(message: str, wanted: list[str]) -> None:
    flat = re.sub(r"\s+", " ", message)
    assert len(flat) < 1500, flat
    for pattern in wanted:
        assert re.search("|".join(map(re.escape, pattern.split("|"))), flat), f"{pattern!r} is not in: {flat}"


@pytest.mark.parametrize("name", ONE_CHANGE)
def test_one_change(name: str, tmp_path: Path, capsys, monkeypatch) -> None:
    text, old, new, wanted = ONE_CHANGE[name]
    assert old in text
    file, out = tmp_path / "game.yaml", tmp_path / "out"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    check(refused(capsys, monkeypatch, [str(file), "--no-ranges", "--draws", "0", "--out", str(out)]), wanted)
    assert not out.exists() or not list(out.iterdir())


@pytest.mark.parametrize("name", FILES)
def test_no_game_at_all(name: str, tmp_path: Path, capsys, monkeypatch) -> None:
    content, wanted = FILES[name]
    file, out = tmp_path / "game.yaml", tmp_path / "out"
    file.write_bytes(content)
    check(refused(capsys, monkeypatch, [str(file), "--draws", "0", "--out", str(out)]), wanted)
    assert not out.exists()


@pytest.mark.parametrize("name", LINES)
def test_command_lines(name: str, tmp_path: Path, capsys, monkeypatch) -> None:
    words, wanted = LINES[name]
    file, out = tmp_path / "game.yaml", tmp_path / "out"
    file.write_text(GAME, encoding="utf-8")
    given = [word.replace("{file}", str(file)) for word in words]
    where = [] if "--out" in words else ["--out", str(out)]
    check(refused(capsys, monkeypatch, [str(file), "--no-ranges", *where, *given]), wanted)
    assert not out.exists() and [path.name for path in tmp_path.iterdir()] == ["game.yaml"]


def test_places_that_are_no_file(tmp_path: Path, capsys, monkeypatch) -> None:
    check(refused(capsys, monkeypatch, [str(tmp_path)]), [tmp_path.name])
    check(refused(capsys, monkeypatch, [str(tmp_path / "none.yaml")]), ["none.yaml", "no file"])
    check(refused(capsys, monkeypatch, ["sanctioned-frnt"]), ["sanctioned-frnt", "sanctioned-front"])
    check(refused(capsys, monkeypatch, [""]), ["coalition game|directory"])
    check(refused(capsys, monkeypatch, ["x" * 5000]), ["no gallery game|too long"])
    check(refused(capsys, monkeypatch, ["\0"]), ["no gallery game|cannot be read"])
    check(refused(capsys, monkeypatch, []), ["Missing argument"])
