"""The fonts that figures are drawn with."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
import vl_convert

from comity.report import drawing
from comity.report.drawer import Drawer

JOB = {"kind": "bars", "rows": drawing.REHEARSAL, "text": "Two bars"}


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Folders that the engine is told of, of one that exists and one that does not."""
    folders: list[str] = []
    monkeypatch.setattr(drawing, "FONT_FOLDERS", (str(tmp_path), str(tmp_path / "missing")))
    monkeypatch.setattr(vl_convert, "register_font_directory", folders.append)
    drawing._see_all_fonts.cache_clear()
    return folders


def test_names_in_latin_and_cyrillic_need_no_further_fonts(registered: list[str]) -> None:
    drawing._fonts_for('{"name": "Türkiye, Беларусь, Ελλάδα: \N{MINUS SIGN}0.5\N{NARROW NO-BREAK SPACE}% → ≥ ‘x’"}')
    assert registered == []


@pytest.mark.parametrize("name", ["ایران", "中国", "საქართველო"])
def test_other_scripts_take_the_fonts_of_the_machine(name: str, registered: list[str], tmp_path: Path) -> None:
    drawing._fonts_for(f'{{"name": "{name}"}}')
    assert registered == [str(tmp_path)]


def test_the_drawing_process_is_given_no_folder_of_fonts() -> None:
    folders = [element.text for element in ElementTree.parse(drawing.OWN_FONTS).getroot().iter("dir")]
    assert len(folders) == 1 and folders[0] is not None and not Path(folders[0]).exists()


def test_a_figure_drawn_here_is_the_one_of_the_drawing_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FONTCONFIG_FILE", "/somebody/elses.conf")
    drawing._engine.cache_clear()
    job = {**JOB, "png": True}
    assert Drawer().draw([job]) == [drawing.draw(job)]
    assert os.environ["FONTCONFIG_FILE"] == "/somebody/elses.conf"


def test_the_drawing_process_draws_other_scripts_too() -> None:
    rows = [{**drawing.REHEARSAL[0], "name": "ایران", "percent": "+1\N{NARROW NO-BREAK SPACE}%"}]
    drawer = Drawer()
    drawn = drawer.draw([JOB, {**JOB, "rows": rows}])
    assert drawer.process is not None and drawer.process.returncode == 0
    assert [figure["wide"].count("<svg") for figure in drawn] == [1, 1]
    assert "ایران" in drawn[1]["wide"]
