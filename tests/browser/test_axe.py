"""The rules of axe-core on every kind of page, wide and narrow, light and dark."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import emulate, opened, resize

RUN = """
const done = arguments[arguments.length - 1];
document.querySelectorAll('details').forEach(e => e.open = true);
axe.run(document, {resultTypes: ['violations']}).then(
  found => done(found.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', '))),
  problem => done(['axe did not run: ' + problem]));
"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The text of axe-core, from the package that carries it as a file."""
    found = find_spec("axe_core_python")
    if found is None or found.origin is None:
        pytest.skip("axe-core-python is not installed; it is among the development dependencies")
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["scenario", "dossier", "compare"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_no_rule_is_broken(browser: Any, pages: dict[str, Path], axe: str, kind: str, width: int, scheme: str) -> None:
    emulate(browser, scheme=scheme)
    resize(browser, width)
    opened(browser, pages[kind])
    browser.execute_script(axe)
    assert browser.execute_async_script(RUN) == []


def test_axe_can_complain(browser: Any, axe: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<!doctype html><title>x</title><main><h1>x</h1><svg role="img"></svg></main>', encoding="utf-8")
    opened(browser, page)
    browser.execute_script(axe)
    found = {line.split(":")[0] for line in browser.execute_async_script(RUN)}
    assert {"html-has-lang", "svg-img-alt"} <= found
