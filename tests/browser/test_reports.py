"""Reports in a real browser: nothing fetched, readable on a phone, in the dark and on paper, by keyboard and by ear."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import requests_of

KINDS = ("scenario", "dossier", "compare")
ENOUGH = 4.5  # WCAG 2.2, contrast of normal text
PHONE = 360
A4 = 794 - 2 * 38  # CSS pixels of an A4 page between margins of one centimetre

CONTRAST = """
const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
const parse = text => text.match(/[\\d.]+/g).map(Number);
const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
                                                        if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
const found = [];
for (const e of document.querySelectorAll('h1,h2,h3,p,li,td,th,dt,dd,summary,pre,figcaption,small,footer,svg text')) {
  if (!e.textContent.trim() || !e.getClientRects().length) continue;
  const style = getComputedStyle(e), ink = parse(e.tagName === 'text' ? style.fill : style.color);
  if (e.tagName === 'text') {
    const tile = e.closest('svg').querySelector('rect[fill]');  // words on map tiles have inks of their own
    if (/^[A-Z]{3}$/.test(e.textContent.trim())) continue;
  }
  const a = light(ink), b = light(ground(e.tagName === 'text' ? e.closest('svg').parentElement : e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  found.push([ratio, e.tagName + ': ' + e.textContent.trim().slice(0, 40)]);
}
return found.sort((x, y) => x[0] - y[0]).slice(0, 3);
"""


def opened(browser: Any, path: Path) -> Any:
    browser.get_log("performance")
    browser.get(path.as_uri())
    return browser


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_fetched_and_nothing_complains(wide: Any, pages: dict[str, Path], kind: str) -> None:
    opened(wide, pages[kind])
    asked = requests_of(wide)
    assert asked == [pages[kind].as_uri()]
    assert [entry["message"] for entry in wide.get_log("browser")] == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_sideways_scrolling_on_a_phone(start: Callable[..., Any], pages: dict[str, Path], kind: str) -> None:
    phone = opened(start(PHONE), pages[kind])
    assert phone.execute_script("return document.documentElement.clientWidth") == PHONE
    assert phone.execute_script("return document.documentElement.scrollWidth") <= PHONE
    beyond = phone.execute_script(
        "return [...document.querySelectorAll('p,h1,h2,h3,li,td,th,figure,svg,text')]"
        ".filter(e => e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1"
        " && !e.closest('pre') && !e.closest('details')).map(e => e.tagName + ': ' + e.textContent.slice(0, 40))"
    )
    assert beyond == []
    # opened, a wide table scrolls in its own frame
    phone.execute_script("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert phone.execute_script("return document.documentElement.scrollWidth") <= PHONE


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_schemes(wide: Any, pages: dict[str, Path], kind: str, scheme: str) -> None:
    feature = [{"name": "prefers-color-scheme", "value": scheme}]
    wide.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": feature})
    opened(wide, pages[kind])
    worst = wide.execute_script(CONTRAST)
    assert worst and worst[0][0] >= ENOUGH, worst


@pytest.mark.parametrize("kind", KINDS)
def test_headings_and_figures_speak(wide: Any, pages: dict[str, Path], kind: str) -> None:
    opened(wide, pages[kind])
    levels = wide.execute_script("return [...document.querySelectorAll('h1,h2,h3,h4')].map(e => +e.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    silent = wide.execute_script(
        "return [...document.querySelectorAll('svg')].filter(e => e.getAttribute('aria-hidden') !== 'true')"
        ".map(e => e.getAttribute('aria-label') || '').filter(t => t.split(' ').length < 3)"
    )
    assert silent == []
    assert wide.execute_script("return document.documentElement.lang") == "en"


@pytest.mark.parametrize("kind", KINDS)
def test_paper(wide: Any, pages: dict[str, Path], kind: str) -> None:
    opened(wide, pages[kind])
    wide.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        wide.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": A4, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
        )
        beyond = wide.execute_script(
            "return [...document.querySelectorAll('figure,svg,table')].filter(e => e.getClientRects().length"
            " && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName)"
        )
        assert beyond == []
        printed = wide.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
        document = base64.b64decode(printed["data"])
        assert document.startswith(b"%PDF") and 1 <= document.count(b"/Type /Page\n") <= 30
    finally:
        wide.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        wide.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 1280, "height": 1000, "deviceScaleFactor": 1, "mobile": False},
        )


def test_no_script_is_needed(start: Callable[..., Any], pages: dict[str, Path]) -> None:
    browser = opened(start(1280, scripts=False), pages["dossier"])
    from selenium.webdriver.common.by import By

    assert browser.find_element(By.TAG_NAME, "h1").text
    assert len(browser.find_elements(By.CSS_SELECTOR, "[id^=claim-]")) == 6
    assert all(picture.size["height"] > 40 for picture in browser.find_elements(By.CSS_SELECTOR, "figure .wide svg"))


def test_details_open_by_keyboard_with_a_visible_focus(wide: Any, pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    opened(wide, pages["scenario"])
    body = wide.find_element(By.TAG_NAME, "body")
    for _ in range(20):
        body.send_keys(Keys.TAB)
        focused = wide.switch_to.active_element
        if focused.tag_name == "summary":
            break
    assert focused.tag_name == "summary"
    assert "solid" in focused.value_of_css_property("outline-style")
    focused.send_keys(Keys.ENTER)
    assert wide.execute_script("return document.activeElement.parentElement.open") is True
