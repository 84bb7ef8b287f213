"""Films in a real browser: what is opened stays where it was pressed, and cards stay in their order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.report.page import gallery
from tests.report.page.browser import check, chromium, lax, show

TOPS = "return [...document.querySelectorAll('summary')].map(each => each.getBoundingClientRect().top)"
PLACES = """return [...document.querySelectorAll('.card')].map(each => each.getBoundingClientRect())
  .map(box => [Math.round(box.top), box.left])"""


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gallery.write(tmp_path_factory.mktemp("page"))


def far_down(browser: webdriver.Chrome, summary: int) -> float:
    """Where in the window a film's summary stands, with the page scrolled so that it is near the lower edge."""
    browser.execute_script(
        "document.querySelectorAll('summary')[arguments[0]].scrollIntoView({block: 'end'}); scrollBy(0, 20)", summary
    )
    return browser.execute_script(TOPS)[summary]


def open_and_close(browser: webdriver.Chrome, page: Path, width: int) -> None:
    """By keyboard, each film in turn: AssertionError where what was pressed moves off, or cards change places."""
    show(browser, page, width)
    browser.execute_script("document.querySelector('main').style.paddingBlock = '90rem'")  # room on both sides
    summaries = browser.find_elements(By.TAG_NAME, "summary")
    assert len(summaries) > 4
    for i, summary in enumerate(summaries):
        before = far_down(browser, i)
        for key in (Keys.ENTER, Keys.SPACE):
            summary.send_keys(key)
            browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
            assert abs(browser.execute_script(TOPS)[i] - before) < 2, f"film {i} left the place where it was pressed"
            assert browser.switch_to.active_element == summary
            places = browser.execute_script(PLACES)
            assert places == sorted(places), "cards are seen in another order than Tab goes"
            assert (summary.find_element(By.XPATH, "..").get_attribute("open") is not None) == (key == Keys.ENTER)


@pytest.mark.parametrize("width", [390, 1440])
def test_a_film_that_is_opened_stays_where_it_was_pressed(browser: webdriver.Chrome, index: Path, width: int):
    open_and_close(browser, next((index.parent / "prompts").iterdir()), width)
    check(browser, index.parent)


@pytest.mark.parametrize(
    ("own", "broken", "why"),
    [
        ("event.preventDefault();", "return;", "left the place"),
        ("overflow-anchor: none", "grid-auto-flow: dense", "in another order"),
    ],
    ids=["what is pressed moves", "cards change places"],
)
def test_films_that_move_are_caught(
    browser: webdriver.Chrome, index: Path, tmp_path: Path, own: str, broken: str, why: str
):
    page = next((index.parent / "prompts").iterdir()).read_text("utf-8")
    assert own in page
    (tmp_path / "page.html").write_text(lax(page).replace(own, broken), "utf-8")
    with pytest.raises(AssertionError, match=why):
        open_and_close(browser, tmp_path / "page.html", 1440)
