"""The explorer as a browser test needs it: a server of its own on a free port, and small words to drive the page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import CHROMIUM, DRIVER, HEIGHT, resize

WAIT = 40.0  # seconds at most for anything the page does; a band takes 2 on a free machine, a step a fiftieth of one


@contextmanager
def serving() -> Iterator[str]:
    """Address of a running explorer with one worker. Skips where the server's libraries are absent."""
    if find_spec("uvicorn") is None or find_spec("fastapi") is None:
        pytest.skip("the extra `app` is not installed")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", "from comity.cli import main; main()", "serve", "--port", "0", "--workers", "1",
               "--engine", "numpy"]  # fmt: skip
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert started.stdout is not None
    try:
        yield started.stdout.readline().split()[1].rstrip("/")
    finally:
        started.terminate()
        started.wait(20)
        started.stdout.close()


@contextmanager
def browsers(profiles: Callable[[], Path]) -> Iterator[Callable[..., Any]]:
    """Starts browsers as the fixture `start` does, but with this machine's own address within reach."""
    if find_spec("selenium") is None:
        pytest.skip("selenium is not installed; it is among the development dependencies")
    binary, driver = shutil.which(CHROMIUM), shutil.which(DRIVER)
    if binary is None or driver is None:
        pytest.skip("no chromium with chromedriver here; Debian: apt-get install chromium chromium-driver")
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    begun: list[Any] = []

    def begin(width: int = 1280, scripts: bool = True) -> Any:
        options = ChromeOptions()
        options.binary_location = binary
        words = ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "disable-component-update",
                 "disable-background-networking", "hide-scrollbars", f"user-data-dir={profiles()}",
                 "host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", f"window-size={width},{HEIGHT}")  # fmt: skip
        for word in words:
            options.add_argument(f"--{word}")
        if not scripts:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        browser = Chrome(options=options, service=Service(driver))
        begun.append(browser)
        resize(browser, width)
        return browser

    try:
        yield begin
    finally:
        for browser in begun:
            browser.quit()


def until(browser: Any, what: Callable[[], Any], said: str = "") -> Any:
    """What `what` gives once it is true; elements that were replaced meanwhile are looked for again."""
    from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait

    ignored = [StaleElementReferenceException, NoSuchElementException]
    waiting = WebDriverWait(browser, WAIT, poll_frequency=0.03, ignored_exceptions=ignored)
    return waiting.until(lambda _: what(), said)


def at_rest(browser: Any) -> None:
    """Wait until nothing is under way and the numbers, where there are any, carry their band."""
    script = """
    const settled = document.readyState === 'complete' && !document.querySelector('main').hasAttribute('aria-busy');
    const kind = document.querySelector('[data-part=state]').dataset.kind;
    return settled && (kind === 'band' || kind === 'range' && !document.querySelector('#follow'));
    """
    until(browser, lambda: browser.execute_script(script), "the page does not come to rest")


def go(browser: Any, address: str) -> Any:
    """The browser on that page, at rest, what it logged before forgotten."""
    browser.get("about:blank")
    for log in ("performance", "browser"):
        browser.get_log(log)
    browser.get(address)
    at_rest(browser)
    return browser


def one(browser: Any, selector: str) -> Any:
    """The element."""
    from selenium.webdriver.common.by import By

    return browser.find_element(By.CSS_SELECTOR, selector)


def texts(browser: Any, selector: str) -> list[str]:
    """Texts of the elements, as they stand in the document."""
    script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent.trim())"
    found: list[str] = browser.execute_script(script, selector)
    return found


def query(browser: Any) -> str:
    """The state in the address."""
    return str(browser.current_url).partition("?")[2]
