"""The page of a coalition game in a browser: axe-core's rules, no sideways scrolling, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from comity.coalition.load import parse_game
from comity.coalition.run import coalition
from comity.report.coalition_page import page
from tests.browser.conftest import emulate, opened, resize
from tests.browser.test_axe import RUN, axe  # noqa: F401  a fixture
from tests.coalition.files import FRONT, SENDERS
from tests.helpers import labelled_world


@pytest.fixture(scope="module", params=[FRONT, SENDERS], ids=["front", "senders"])
def game_page(request: Any, tmp_path_factory: Any) -> Path:
    place = tmp_path_factory.mktemp("game") / "report.html"
    result = coalition(labelled_world(), parse_game(request.param), orders=4)
    place.write_text(page(result, "comity coalition game"), encoding="utf-8")
    return place


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_no_rule_is_broken(browser: Any, game_page: Path, axe: str, width: int, scheme: str) -> None:  # noqa: F811
    emulate(browser, scheme=scheme)
    resize(browser, width)
    opened(browser, game_page)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    browser.execute_script(axe)
    assert browser.execute_async_script(RUN) == []
