"""A headless chromium of the system, without network, and the three kinds of pages; tests skip with a reason where the
browser is absent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from comity import assess, load_scenario, load_world, simulate
from comity.dossier.load import parse_dossier
from comity.report.compare import page as compare_page
from comity.report.compare import side
from comity.report.folder import write_folder
from tests.browser.small import DOSSIER

CHROMIUM, DRIVER = "chromium", "chromedriver"
HEIGHT = 1000  # of the window, in CSS pixels


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """Starts a browser with a profile of its own: start(width, scripts=True)."""
    if find_spec("selenium") is None:
        pytest.skip("selenium is not installed; it is among the development dependencies")
    binary, driver = shutil.which(CHROMIUM), shutil.which(DRIVER)
    if binary is None or driver is None:
        pytest.skip("no chromium with chromedriver here; Debian: apt-get install chromium chromium-driver")
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    opened: list[Any] = []

    def begin(width: int = 1280, scripts: bool = True) -> Any:
        options = ChromeOptions()
        options.binary_location = binary
        profile = tmp_path_factory.mktemp("profile")
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-component-update",
            "--disable-background-networking",
            "--hide-scrollbars",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # no name resolves: nothing outside can answer
            f"--user-data-dir={profile}",
            f"--window-size={width},{HEIGHT}",
        ):
            options.add_argument(argument)
        if not scripts:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        browser = Chrome(options=options, service=Service(driver))
        opened.append(browser)
        resize(browser, width)
        return browser

    yield begin
    for browser in opened:
        browser.quit()


@pytest.fixture(scope="session")
def shared(start: Callable[..., Any]) -> Any:
    """One browser for most tests; `browser` gives it in a known state."""
    return start()


@pytest.fixture
def browser(shared: Any) -> Iterator[Any]:
    """The shared browser, 1280 pixels wide, on the screen, light; put back so afterwards."""
    yield shared
    emulate(shared)
    resize(shared, 1280)


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The three kinds of pages as files: a scenario's report, a dossier's, a comparison; each with every section."""
    folder, world = tmp_path_factory.mktemp("reports"), load_world()
    scenario = load_scenario("tehran-2023")
    first = write_folder(simulate(world, scenario), folder, "comity run tehran-2023")
    second = write_folder(simulate(world, scenario, closure="balanced"), folder, "comity run tehran-2023")
    assessed = assess(world, parse_dossier(DOSSIER))
    dossier = write_folder(assessed.main, folder, "comity run small-dossier.yaml", assessment=assessed)
    compared = folder / "compare.html"
    compared.write_text(compare_page(side(str(first)), side(str(second))), encoding="utf-8")
    return {"scenario": first / "report.html", "dossier": dossier / "report.html", "compare": compared}


def resize(browser: Any, width: int, height: int = HEIGHT) -> None:
    """A viewport of that many CSS pixels, a phone's below 500."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def emulate(browser: Any, media: str = "", scheme: str = "light") -> None:
    """Screen or print, light or dark."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def opened(browser: Any, path: Path) -> Any:
    """The browser with the page in it; what it logged before is forgotten."""
    browser.get("about:blank")
    for log in ("performance", "browser"):
        browser.get_log(log)
    browser.get(path.as_uri())
    return browser


def requests_of(browser: Any) -> list[str]:
    """Addresses that the browser asked for since the last call, its own internal ones left out."""
    found = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.append(message["params"]["request"]["url"])
    return [address for address in found if not address.startswith(("data:", "chrome:", "about:"))]
