"""The drawing process that starts before everything else: for whom, who takes it, and that it does not stay."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comity import __main__ as start
from comity import caches, cli
from comity.report import drawing, drawing_process
from comity.report.drawer import Drawer

JOB: dict[str, Any] = {"kind": "bars", "rows": drawing.REHEARSAL, "text": "Two bars", "png": False}


@pytest.fixture(autouse=True)
def figures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Where figures would be kept, in a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    yield tmp_path / "comity" / "figures"
    drawing_process.drop_early()


def test_a_drawer_takes_the_one_that_started_early() -> None:
    drawing_process.start_early()
    (early,) = drawing_process._early
    drawer = Drawer("tehran-2023")
    assert drawer.process is early and drawing_process._early == []
    assert drawer.draw([JOB]) == [drawing.draw(JOB)]
    assert early.wait(10) == 0
    another = Drawer("elmau-2022")
    assert another.process is not None and another.process is not early
    another.close()


def test_one_that_nobody_took_is_ended() -> None:
    drawing_process.start_early()
    (early,) = drawing_process._early
    drawing_process.drop_early()
    assert early.poll() is not None and drawing_process._early == []
    drawing_process.drop_early()


@pytest.mark.parametrize(
    ("arguments", "kept", "expected"),
    [
        (["run", "tehran-2023"], False, True),
        (["run"], False, True),
        (["run", "tehran-2023"], True, False),  # whether it is needed shows later
        (["check", "tehran-2023"], False, False),
        (["--help"], False, False),
        ([], False, False),
    ],
)
def test_it_starts_for_a_run_where_nothing_has_been_drawn(
    arguments: list[str], kept: bool, expected: bool, monkeypatch: pytest.MonkeyPatch, figures: Path
) -> None:
    if kept:
        figures.mkdir(parents=True)
    seen: list[bool] = []

    def command() -> None:
        seen.extend(process.poll() is None for process in drawing_process._early)
        raise SystemExit(2)

    monkeypatch.setattr(cli, "main", command)
    monkeypatch.setattr(sys, "argv", ["comity", *arguments])
    with pytest.raises(SystemExit):
        start.main()
    assert seen == [True] * expected and drawing_process._early == []


def test_it_compiles_the_templates_where_nobody_has(figures: Path) -> None:
    assert not caches.any_templates()
    Drawer().draw([JOB])
    names = {path.name for path in figures.parent.glob("templates-jinja-*/*")}
    assert caches.any_templates() and len(names) >= 5  # the report and its parts
