"""Reports in a real browser: nothing fetched, readable on a phone, in the dark and on paper, by keyboard and by ear."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import emulate, opened, requests_of, resize

KINDS = ("scenario", "dossier", "compare")
ENOUGH = 4.5  # WCAG 2.2, success criterion 1.4.3: contrast of text of normal size
PHONE, TABLET = 360, 768
A4 = round((210 - 2 * 15) / 25.4 * 96)  # CSS pixels between the margins of the page that the style sheet asks for
SLACK = 1  # pixels: edges lie on fractions of one

CONTRAST = """
const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
const parse = text => text.match(/[\\d.]+/g).map(Number);
const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
                                                       if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
const found = [];
for (const e of document.querySelectorAll('h1,h2,h3,p,li,a,td,th,dt,dd,b,em,summary,caption,pre,figcaption,small,span,footer,svg text')) {
  if (!e.textContent.trim() || !e.getClientRects().length) continue;
  const word = e.tagName === 'text', fill = word ? getComputedStyle(e).fill : getComputedStyle(e).color;
  let under = ground(word ? e.closest('svg').parentElement : e);
  if (word) {  // a word on a tile of the map stands on the tile, not on the page
    const box = e.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
    for (const tile of e.closest('svg').querySelectorAll('path[fill^="#"]')) {
      const t = tile.getBoundingClientRect();
      if (t.width < 60 && t.x <= x && x <= t.right && t.y <= y && y <= t.bottom) under = parse(getComputedStyle(tile).fill);
    }
    if (fill === getComputedStyle(document.body).backgroundColor || fill === 'none') {
      if (e.getAttribute('stroke') && e.getAttribute('stroke') !== 'none') continue;  // the halo behind a word
    }
  }
  const a = light(parse(fill)), b = light(under);
  found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.tagName + ': ' + e.textContent.trim().slice(0, 40)]);
}
return [found.length, ...found.sort((x, y) => x[0] - y[0]).slice(0, 3)];
"""

# what lies beyond the right or the left edge; text that scrolls in a box of its own may
BEYOND = """
const wide = document.documentElement.clientWidth;
return [...document.querySelectorAll('p,h1,h2,h3,li,dd,caption,td,th,table,figure,svg,svg text')]
  .filter(e => e.getClientRects().length && !e.closest('pre') && !e.closest('.skip'))
  .filter(e => !(e.closest('thead') && e.closest('thead').offsetWidth < 2))  // for ears only where rows are stacked
  .filter(e => { const b = e.getBoundingClientRect(); return b.width && (b.right > wide + arguments[0] || b.left < -arguments[0]); })
  .map(e => e.tagName + ': ' + e.textContent.trim().slice(0, 40));
"""

# words of one drawing that lie on each other
COLLIDING = """
const found = [];
for (const svg of document.querySelectorAll('figure svg, .three svg')) {
  if (!svg.getClientRects().length) continue;
  const words = [...svg.querySelectorAll('text')].filter(e => e.textContent.trim() && !+e.getAttribute('stroke-width'))
    .map(e => [e.textContent, e.getBoundingClientRect()]);
  for (let i = 0; i < words.length; i++) for (let j = 0; j < i; j++) {
    const [a, b] = [words[i][1], words[j][1]];
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 1 && down > 0.35 * Math.min(a.height, b.height)) found.push(words[i][0] + ' | ' + words[j][0]);
  }
}
return found;
"""


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_fetched_and_nothing_complains(browser: Any, pages: dict[str, Path], kind: str) -> None:
    opened(browser, pages[kind])
    browser.execute_script("document.querySelectorAll('details').forEach(e => e.open = true)")
    asked = requests_of(browser)
    assert asked == [pages[kind].as_uri()]
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def test_the_log_of_requests_sees_what_is_asked_for(browser: Any, tmp_path: Path) -> None:
    """The test above can fail: a page with an outside picture is caught, and no name resolves."""
    page = tmp_path / "page.html"
    page.write_text('<!doctype html><title>x</title><img src="https://example.org/x.png" alt="x">', encoding="utf-8")
    opened(browser, page)
    assert "https://example.org/x.png" in requests_of(browser)
    assert any("ERR_NAME_NOT_RESOLVED" in entry["message"] for entry in browser.get_log("browser"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [PHONE, TABLET, 1280])
def test_everything_fits_the_width(browser: Any, pages: dict[str, Path], kind: str, width: int) -> None:
    resize(browser, width)
    opened(browser, pages[kind])
    assert browser.execute_script("return document.documentElement.clientWidth") == width
    for open_too in (False, True):
        if open_too:
            browser.execute_script("document.querySelectorAll('details').forEach(e => e.open = true)")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert browser.execute_script(BEYOND, SLACK) == []


@pytest.mark.parametrize("kind", ["scenario", "dossier"])
@pytest.mark.parametrize("width", [PHONE, 1280])
def test_words_in_drawings_stand_apart(browser: Any, pages: dict[str, Path], kind: str, width: int) -> None:
    resize(browser, width)
    opened(browser, pages[kind])
    assert browser.execute_script(COLLIDING) == []
    smallest = browser.execute_script(
        "return Math.min(...[...document.querySelectorAll('svg text')].filter(e => e.getClientRects().length)"
        ".map(e => parseFloat(getComputedStyle(e).fontSize) * e.closest('svg').getBoundingClientRect().width"
        " / e.closest('svg').viewBox.baseVal.width))"
    )
    assert smallest >= 9.5  # CSS pixels on the screen, after the drawing is fitted to the column


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_schemes(browser: Any, pages: dict[str, Path], kind: str, scheme: str) -> None:
    emulate(browser, scheme=scheme)
    opened(browser, pages[kind])
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[scheme]
    count, *worst = browser.execute_script(CONTRAST)
    assert count > 50 and worst[0][0] >= ENOUGH, worst


@pytest.mark.parametrize("kind", KINDS)
def test_headings_landmarks_and_figures_speak(browser: Any, pages: dict[str, Path], kind: str) -> None:
    opened(browser, pages[kind])
    levels = browser.execute_script("return [...document.querySelectorAll('h1,h2,h3,h4')].map(e => +e.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    assert browser.execute_script("return document.documentElement.lang") == "en"
    assert browser.execute_script("return document.querySelectorAll('main').length") == 1
    names = browser.execute_script(
        "return [...document.querySelectorAll('svg')].filter(e => e.getAttribute('aria-hidden') !== 'true')"
        ".map(e => e.getAttribute('role') + '|' + e.getAttribute('aria-label'))"
    )
    assert len(names) > 5
    for name in names:  # a sentence: capital, full stop, more than a title
        role, _, said = name.partition("|")
        assert role == "img" and re.fullmatch(r"[A-Z].{25,}\.", said), name
    # the findings of the figures stand in their names, and so do numbers
    findings = browser.execute_script(
        "return [...document.querySelectorAll('figure .wide svg')].map(e => e.getAttribute('aria-label'))"
    )
    assert kind == "compare" or (len(findings) >= 4 and all(re.search(r"\d", said) for said in findings))
    # links lead to parts of the page or to files beside it
    targets = browser.execute_script("return [...document.querySelectorAll('a')].map(e => e.getAttribute('href'))")
    for target in targets:
        if target.startswith("#"):
            assert browser.execute_script("return !!document.getElementById(arguments[0])", target[1:]), target
        else:
            assert (pages[kind].parent / target).is_file(), target


@pytest.mark.parametrize("kind", KINDS)
def test_paper(browser: Any, pages: dict[str, Path], kind: str) -> None:
    emulate(browser, media="print", scheme="dark")  # the reader's screen may be dark, paper is not
    resize(browser, A4)
    opened(browser, pages[kind])
    assert browser.execute_script("return getComputedStyle(document.body).color") == "rgb(27, 30, 35)"
    assert browser.execute_script(BEYOND, SLACK) == []
    heights = browser.execute_script(
        "return [...document.querySelectorAll('figure')].map(e => e.getBoundingClientRect().height)"
    )
    # a figure that avoids breaks fits a page: A4 less the margins of the style sheet
    assert all(height < (297 - 16 - 18) / 25.4 * 96 for height in heights)
    shown = browser.execute_script("return document.querySelector('main').innerText")
    if kind != "compare":  # what the numbers rest on and what was used is printed, not only folded away
        for words in ("What was used, and for what", "Caliendo", "Assumptions behind the world", "comity run"):
            assert words in shown, words
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})
    document = base64.b64decode(printed["data"])
    count = len(re.findall(rb"/Type\s*/Page\b(?!s)", document))
    assert document.startswith(b"%PDF") and {"scenario": 5, "dossier": 7, "compare": 2}[kind] <= count <= 16
    boxes = set(re.findall(rb"/MediaBox\s*\[([^\]]+)\]", document))
    assert {tuple(round(float(edge)) for edge in box.split()) for box in boxes} == {(0, 0, 595, 842)}  # A4 in points


def test_no_script_is_needed(start: Callable[..., Any], pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.by import By

    browser = opened(start(1280, scripts=False), pages["dossier"])
    assert "scripts run" not in browser.page_source and "<script" not in browser.page_source
    assert browser.find_element(By.TAG_NAME, "h1").text.startswith("Carried out in full")
    assert len(browser.find_elements(By.CSS_SELECTOR, "[id^=claim-]")) == 3
    pictures = browser.find_elements(By.CSS_SELECTOR, "figure .wide svg")
    assert len(pictures) == 6 and all(picture.size["height"] > 40 for picture in pictures)


@pytest.mark.parametrize("kind", ["scenario", "dossier"])
def test_details_open_by_keyboard_with_a_visible_focus(browser: Any, pages: dict[str, Path], kind: str) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    opened(browser, pages[kind])
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    first = browser.switch_to.active_element
    assert first.text == "Skip to the report" and first.location["x"] >= 0  # comes into sight when it has the focus
    seen = set()
    for _ in range(60):
        focused = browser.switch_to.active_element
        seen.add(focused.tag_name)
        assert focused.value_of_css_property("outline-style") == "solid", focused.tag_name
        assert float(focused.value_of_css_property("outline-width").removesuffix("px")) >= 2
        if focused.tag_name == "summary":
            break
        focused.send_keys(Keys.TAB)
    assert seen == {"a", "summary"}
    focused.send_keys(Keys.ENTER)
    assert browser.execute_script("return document.activeElement.parentElement.open") is True
