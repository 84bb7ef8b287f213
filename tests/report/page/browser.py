"""Debian's Chromium, headless: what it logs, and what it asks for."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

FLAGS = (
    "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


@contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    """Skips where there is none."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip("no Chromium here (apt-get install chromium chromium-driver)")
    options = Options()
    options.binary_location = browser
    for flag in (*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield found
    finally:
        found.quit()


def show(browser: webdriver.Chrome, page: Path, width: int = 1440, dark: bool = False) -> None:
    """Open a page, with the logs of what was before emptied."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.get(page.as_uri())


def check(browser: webdriver.Chrome, folder: Path) -> list[str]:
    """AssertionError for anything on the console, and for a request that leaves the folder; the requests."""
    entries: list[dict[str, Any]] = browser.get_log("browser")
    assert not entries, [entry["message"] for entry in entries]
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    outside = [url for url in asked if not url.startswith(f"{folder.as_uri()}/")]
    assert not outside, outside
    return asked


def missing_images(browser: webdriver.Chrome) -> int:
    """Images in view that did not load."""
    return browser.execute_script(
        "return [...document.images].filter(image => image.complete && !image.naturalWidth).length"
    )


def lax(page: str) -> str:
    """A page without its policy."""
    return re.sub("<meta http-equiv[^>]*>", "", page)
