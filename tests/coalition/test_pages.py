"""What a user sees: the page in the terminal, the HTML page, the folder, the pictures."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from comity import InputError
from comity.coalition.explain import check_game, explain_game
from comity.coalition.load import parse_game
from comity.coalition.run import coalition
from comity.report.coalition_figures import figure_jobs, lattice_rows
from comity.report.coalition_page import coalition_command, page, write_folder
from comity.report.coalition_terminal import summary
from tests.coalition.files import FRONT, SENDERS
from tests.helpers import labelled_world

PUBLISHED = """\
published:
  - {of: partners, order: [CHN, FRA], source: us, where: page 3, why: The worlds differ.}
  - {figure: share-of-global-regime, number: "58%", source: us, where: page 4}
"""


@pytest.fixture(scope="module")
def senders():
    text = SENDERS.replace("measures:", "sources:\n  - {id: us, title: Our own}\n" + PUBLISHED + "measures:", 1)
    return coalition(labelled_world(), parse_game(text), orders=4)


@pytest.fixture(scope="module")
def front():
    return coalition(labelled_world(), parse_game(FRONT))


def test_terminal_answers_on_one_page(front) -> None:
    text = summary(front)
    lines = text.splitlines()
    assert len(lines) <= 60
    whole = front.central.whole
    assert re.search(
        rf"would gain {whole:.0f}|would gain {whole / 1000:.2f}".replace(".", r"\."), text.replace("\u202f", "")
    )
    for answer in (
        "Does it hold?",
        "nternally stable",
        "The core is",
        "Equal shares",
        "To compensate",
        "range, not a band",
    ):
        assert answer in text
    assert "Iran is estimated" in text
    read = text.replace("\u202f", "").replace("\u2212", "-")
    assert all(f"{row.shapley:.1f}" in read for row in front.contributions.rows)


def test_terminal_of_senders(senders) -> None:
    text = summary(senders)
    assert "Together the members would take" in text and "to themselves" in text
    assert "Who would add most by joining" in text and "China" in text
    assert "of a goods embargo by every economy" in text or "a goods embargo by every economy" in text
    assert "published China, France; here China 1 of 1" in text and "not in this world: France" in text
    assert "published 58 %" in text


def test_page_is_one_file_with_one_heading(front) -> None:
    html = page(front, "comity coalition front")
    assert html.count("<h1") == 1 and "http://" not in html and "https://" not in html
    assert html.count('role="img"') == 2 * len(figure_jobs(front))
    assert "Every coalition with its value" in html and "comity coalition front" in html
    assert "between: players" in html  # the file itself
    assert "nan" not in re.sub(r"<[^>]*>", "", html).split("What these figures rest on")[0]


def test_lattice_of_small_games(front) -> None:
    rows = lattice_rows(front)
    assert len(rows) == 16 and sum(len(row["edges"]) for row in rows) == 4 * 8
    assert [row["name"] for row in rows if row["size"] == 4] == ["Iran + Belarus + Russia + China"]


def test_folder(front, tmp_path: Path) -> None:
    folder = write_folder(front, tmp_path, "comity coalition front")
    names = {path.name for path in folder.iterdir()}
    assert {"report.html", "game.yaml", "results.json", "contributions.csv", "coalitions.csv"} <= names
    assert (folder / "game.yaml").read_text() == FRONT
    assert json.loads((folder / "results.json").read_text())["game"] == "front"
    assert len((folder / "coalitions.csv").read_text().splitlines()) == 18  # note, header, 16 coalitions
    record = json.loads((folder / "record.json").read_text())
    assert record["game"]["sha256"] == hashlib.sha256(FRONT.encode()).hexdigest()
    html = (folder / "report.html").read_text()
    links = re.findall(r'href="(figures/[^"]*)"', html)
    assert len(links) == 3 * len(figure_jobs(front)) and all((folder / link).is_file() for link in links)
    assert len(json.loads((folder / "results.json").read_text())["tables"]["coalitions"]) == 16
    again = write_folder(front, tmp_path, "comity coalition front")
    assert again != folder and not list(tmp_path.glob(".writing*"))


def test_command(tmp_path: Path) -> None:
    text = coalition_command("sanctioned-front", None, tmp_path, False, None, None, None, None, ranges=False, draws=0)
    assert "Together the members would gain" in text
    assert "lifting the sanctions regime on Iran of 2012 would bring" in text and "log point" not in text
    assert text.splitlines()[-1].startswith("Report: ")
    page_file = Path(text.splitlines()[-1].removeprefix("Report: "))
    assert "comity coalition sanctioned-front --draws 0 --no-ranges" in page_file.read_text()
    with pytest.raises(InputError, match="Did you mean sanctioned-front"):
        coalition_command("sanctioned-fron", None, tmp_path, False, None, None, None, None)


@pytest.mark.parametrize("name", ["contributions", "bystanders", "frontier", "coalitions", "stability", "steps"])
def test_tables_draw_themselves(front, name: str) -> None:
    chart = getattr(front, name).plot().to_dict()
    assert chart["config"]["background"] == "transparent"


def test_tables_without_picture(front) -> None:
    with pytest.raises(InputError, match="has no picture"):
        front.transfers.plot()


def test_result_shows_itself_in_notebooks(front) -> None:
    assert "shapley" in front._repr_html_() and front.plot().to_dict() == front.contributions.plot().to_dict()


def test_game_is_explained_and_checked_without_solving(front) -> None:
    lines = explain_game(front.game, front.world)
    assert lines[1].startswith("4 players: Iran") and "With all members in:" in lines
    assert check_game(front.game, front.world).startswith("front: a coalition game of 4 players, 1 measure;")
