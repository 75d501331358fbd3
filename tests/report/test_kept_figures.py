"""A figure that has been drawn is not drawn again; one that would look otherwise is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from comity.report import drawer as drawer_module
from comity.report import drawing, kept_figures
from comity.report.drawer import Drawer

JOB: dict[str, Any] = {"kind": "bars", "rows": drawing.REHEARSAL, "text": "Two bars", "png": False}
OTHER = {**JOB, "rows": [{**drawing.REHEARSAL[0], "value": 1.5}]}
PERSIAN = {**JOB, "rows": [{**drawing.REHEARSAL[0], "name": "ایران"}]}


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "comity" / "figures"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What each drawing process was given."""
    given: list[str] = []
    popen = subprocess.Popen

    class Watched(popen):  # type: ignore[type-arg, valid-type, misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            given.append("")
            super().__init__(*args, **kwargs)
            write = self.stdin.write

            def noted(text: str) -> int:
                given[-1] += text
                return int(write(text))

            self.stdin.write = noted  # type: ignore[method-assign]

    monkeypatch.setattr(drawer_module.subprocess, "Popen", Watched)
    return given


def test_what_was_drawn_is_not_drawn_again(started: list[str]) -> None:
    first = Drawer("tehran-2023").draw([JOB, OTHER])
    assert len(started) == 1 and len(json.loads(started[0])) == 2
    second = Drawer("tehran-2023")
    assert second.draw([JOB, OTHER]) == first == [drawing.draw(JOB), drawing.draw(OTHER)]
    assert len(started) == 1 and second.process is None


def test_only_what_has_changed_is_drawn(started: list[str]) -> None:
    Drawer("tehran-2023").draw([JOB])
    drawer = Drawer("tehran-2023")
    drawer.send([JOB])
    drawer.send([OTHER])
    assert drawer.collect() == [drawing.draw(JOB), drawing.draw(OTHER)]
    assert json.loads(started[1]) == [OTHER]


def test_the_process_starts_at_once_for_what_was_not_asked_before(started: list[str]) -> None:
    Drawer("tehran-2023").draw([JOB])
    for asked, processes in (("tehran-2023", 1), ("elmau-2022", 2), ("", 3)):
        Drawer(asked).close()
        assert len(started) == processes


@pytest.mark.parametrize("change", ["text", "rows", "kind", "png"])
def test_another_figure_is_another(change: str) -> None:
    kept_figures.keep(JOB, {"wide": "w", "narrow": "n"})
    assert kept_figures.find(JOB) == {"wide": "w", "narrow": "n"}
    other = {"text": "Three bars", "rows": OTHER["rows"], "kind": "gains", "png": True}[change]
    assert kept_figures.find({**JOB, change: other}) is None


def test_other_code_draws_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    kept_figures.keep(JOB, {"wide": "w", "narrow": "n"})
    monkeypatch.setattr(kept_figures, "_drawn_by", lambda: "another version")
    assert kept_figures.find(JOB) is None


def test_what_needs_fonts_of_the_machine_is_not_kept(place: Path) -> None:
    kept_figures.keep(PERSIAN, {"wide": "w", "narrow": "n"})
    assert kept_figures.find(PERSIAN) is None and not place.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"wide": "w"}', '{"wide": "w", "narrow": "n", "png": "p"}', "\x00\xff"]
)
def test_what_cannot_be_read_is_drawn_again(text: str, place: Path) -> None:
    kept_figures.keep(JOB, {"wide": "w", "narrow": "n"})
    (file,) = place.iterdir()
    file.write_bytes(text.encode("latin-1"))
    assert kept_figures.find(JOB) is None


def test_where_nothing_can_be_kept_figures_are_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert Drawer("tehran-2023").draw([JOB]) == [drawing.draw(JOB)]


def test_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setattr(kept_figures, "MOST", 3)
    for k in range(5):
        kept_figures.keep({**JOB, "text": str(k)}, {"wide": "w", "narrow": "n"})
        os.utime(place / kept_figures._name({**JOB, "text": str(k)}), (k, k))
    kept_figures.expect("tehran-2023")
    left = [k for k in range(5) if kept_figures.find({**JOB, "text": str(k)})]
    assert left == [3, 4] and kept_figures.expected("tehran-2023")
    assert not [path for path in place.iterdir() if path.name.startswith(".")]


def test_a_process_that_dies_is_replaced_by_drawing_here(started: list[str]) -> None:
    drawer = Drawer("tehran-2023")
    drawer.close()
    assert drawer.draw([JOB]) == [drawing.draw(JOB)]
