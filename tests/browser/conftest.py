"""A headless chromium of the system, without network; tests skip with a reason where it is absent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from comity import assess, load_dossier, load_scenario, load_world, simulate
from comity.outcomes.simulate import Outcomes
from comity.report.compare import page as compare_page
from comity.report.compare import side
from comity.report.folder import write_folder

CHROMIUM, DRIVER = "chromium", "chromedriver"


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """Starts a browser: start(width, scripts=True)."""
    selenium = pytest.importorskip("selenium", reason="selenium is not installed")
    del selenium
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    binary, driver = shutil.which(CHROMIUM), shutil.which(DRIVER)
    if binary is None or driver is None:
        pytest.skip("no chromium with chromedriver here; Debian: apt-get install chromium chromium-driver")
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
            "--host-resolver-rules=MAP * ~NOTFOUND",  # no name resolves: nothing outside can answer
            f"--user-data-dir={profile}",
            f"--window-size={width},1000",
        ):
            options.add_argument(argument)
        if not scripts:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        browser = Chrome(options=options, service=Service(driver))
        opened.append(browser)
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        return browser

    yield begin
    for browser in opened:
        browser.quit()


@pytest.fixture(scope="session")
def wide(start: Callable[..., Any]) -> Any:
    """A browser 1280 pixels wide."""
    return start(1280)


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The three kinds of pages as files: a scenario's report, a dossier's, a comparison."""
    folder = tmp_path_factory.mktemp("reports")
    world = load_world()
    outcomes: Outcomes = simulate(world, load_scenario("tehran-2023"))
    scenario = write_folder(outcomes, folder, "comity run tehran-2023 --no-claims")
    other = write_folder(simulate(world, load_scenario("tehran-2023"), closure="balanced"), folder, "comity run")
    dossier = load_dossier("elmau-2022")
    assessed = assess(load_world(dossier.world or ""), dossier)
    claims = write_folder(assessed.main, folder, "comity run elmau-2022", assessment=assessed)
    compared = folder / "compare.html"
    compared.write_text(compare_page(side(str(scenario)), side(str(other))), encoding="utf-8")
    return {"scenario": scenario / "report.html", "dossier": claims / "report.html", "compare": compared}


def requests_of(browser: Any) -> list[str]:
    """Addresses that the browser asked for since the last call, its own internal ones left out."""
    found = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.append(message["params"]["request"]["url"])
    return [address for address in found if not address.startswith(("data:", "chrome:", "about:"))]
