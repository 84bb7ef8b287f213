"""The page in a real browser, from the disk: by keyboard, on a phone's width, in both schemes, and with no script."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.report.page import gallery
from tests.report.page.browser import check, chromium, lax, missing_images, show

CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")
WIDTHS = pytest.mark.parametrize(("width", "dark"), [(390, False), (390, True), (1440, False), (1440, True)])


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gallery.write(tmp_path_factory.mktemp("page"))


def names(browser: webdriver.Chrome, of: str = "#board th") -> list[str]:
    script = (
        "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility()).map(e => e.innerText)"
    )
    return [text.split()[0] for text in browser.execute_script(script, of)]


def values(browser: webdriver.Chrome, column: int) -> list[str]:
    return browser.execute_script(
        "return [...document.querySelector('#board').rows].map(row => row.cells[arguments[0]].dataset.sort)", column
    )


def arrives(browser: webdriver.Chrome, prompt: int) -> None:
    """A page is there some time after the key that asked for it."""
    WebDriverWait(browser, 10).until(lambda it: f"prompt number {prompt}:" in it.title)


def sorted_as_asked(found: list[str], descending: bool) -> bool:
    numbers = [float(value) for value in found if value]
    return found[len(numbers) :] == [""] * (len(found) - len(numbers)) and numbers == sorted(
        numbers, reverse=descending
    )


def press_until(browser: webdriver.Chrome, reached: Callable[[], bool]) -> None:
    """Tab on until the focus is where it should be."""
    for _ in range(200):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        if reached():
            return
    raise AssertionError("not to be reached by keyboard")


@WIDTHS
def test_pages_fit_load_and_are_readable(browser: webdriver.Chrome, index: Path, width: int, dark: bool):
    for page in (index, next((index.parent / "prompts").iterdir())):
        show(browser, page, width, dark)
        browser.execute_script("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        whole = "const page = document.documentElement; return [page.scrollWidth, page.clientWidth, innerWidth]"
        wide, room, all_of_it = browser.execute_script(whole)
        assert wide <= room <= all_of_it == width
        ratio, text = browser.execute_script(CONTRAST)
        assert ratio >= 4.5, text
        back = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (int(re.findall(r"\d+", back)[0]) < 128) == dark
        browser.execute_script("window.scrollTo(0, 1e6)")
        assert missing_images(browser) == 0
        check(browser, index.parent)


ROWS = "return [...document.querySelectorAll('tr')].map(row => [row.getBoundingClientRect().height, row.innerText])"
LOOSE = "document.querySelectorAll('tr').forEach(row => { row.cells[0].style.lineHeight = '22.3px'; })"


@pytest.mark.parametrize("width", [390, 1440])
def test_rows_are_whole_pixels_high_so_that_lines_meet_in_the_column_that_stays(
    browser: webdriver.Chrome, index: Path, width: int
):
    """A browser moves a sticky cell to whole pixels by itself: beside rows of 54.4 its line lies elsewhere."""
    show(browser, index, width)
    rows = browser.execute_script(ROWS)
    assert len(rows) > 9 and [row for row in rows if row[0] % 1] == []
    browser.execute_script(LOOSE)
    assert [row for row in browser.execute_script(ROWS) if row[0] % 1], "the broken twin"


def test_images_load_from_the_folder_and_only_when_they_come_into_view(browser: webdriver.Chrome, index: Path):
    page = next((index.parent / "prompts").iterdir())
    show(browser, page, 390)
    asked = [url for url in check(browser, index.parent) if url.endswith(".png")]
    there = len(browser.find_elements(By.CSS_SELECTOR, "img"))
    assert 0 < len(asked) < there / 2
    assert browser.execute_script("return document.images[0].naturalWidth") == 32


def test_a_click_sorts_by_numbers_with_what_is_missing_last_in_both_directions(browser: webdriver.Chrome, index: Path):
    show(browser, index)
    before = names(browser)
    heads = browser.find_elements(By.CSS_SELECTOR, "table.board thead th")
    for column, head in enumerate(heads[:8]):
        if head.get_attribute("data-kind") != "number":
            continue
        for _ in range(2):
            browser.execute_script("arguments[0].scrollIntoView({inline: 'center', block: 'center'})", head)
            head.find_element(By.TAG_NAME, "button").click()
            direction = head.get_attribute("aria-sort")
            assert sorted_as_asked(values(browser, column), direction == "descending")
        assert len(browser.find_elements(By.CSS_SELECTOR, "table.board th[aria-sort]")) == 1
    heads[0].find_element(By.TAG_NAME, "button").click()
    assert names(browser) == before, "equal rows keep the order that the page brought"
    check(browser, index.parent)


def test_the_table_is_sorted_and_filtered_by_keyboard_alone(browser: webdriver.Chrome, index: Path):
    show(browser, index)
    before = names(browser)
    focus = browser.switch_to.active_element
    focus.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text.startswith("Skip")
    press_until(browser, lambda: browser.switch_to.active_element.get_attribute("data-find") is not None)
    assert browser.execute_script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.switch_to.active_element.send_keys("checker")
    assert names(browser) == ["random16-checker"]
    assert browser.find_element(By.CSS_SELECTOR, ".filters output").text == "1 of 6 submissions"
    browser.switch_to.active_element.send_keys(Keys.BACKSPACE * 7)
    press_until(browser, lambda: browser.switch_to.active_element.get_attribute("data-hide") == "oracle")
    browser.switch_to.active_element.send_keys(Keys.SPACE)
    assert names(browser) == [name for name in before if name != "random16-checker"]
    browser.switch_to.active_element.send_keys(Keys.SPACE)
    press_until(browser, lambda: browser.switch_to.active_element.text.startswith("submission"))
    outline = "return getComputedStyle(document.activeElement).outlineWidth"
    assert float(browser.execute_script(outline).removesuffix("px")) >= 2
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert names(browser) == sorted(before)
    browser.switch_to.active_element.send_keys(Keys.SPACE)
    assert names(browser) == sorted(before, reverse=True)
    check(browser, index.parent)


def test_what_is_looked_for_is_what_is_seen(browser: webdriver.Chrome, index: Path):
    """Badges are seen; the words for those who listen, beside each dagger, are not."""
    show(browser, index)
    cells = "return [...document.querySelectorAll('#board tr')].map(row => [...row.cells].map(each => each.innerText))"
    hidden = "return [...document.querySelectorAll('#board .hidden')].map(each => each.textContent)"
    rows, find = browser.execute_script(cells), browser.find_element(By.CSS_SELECTOR, "[data-find]")
    assert any("grades itself" in words for words in browser.execute_script(hidden))
    glued = rows[0][0].split()[0] + rows[0][1].split()[0]
    for looked_for, count in (("itself", 0), ("not ranked", 0), ("baseline", 1), ("ORACLE", 1), (glued, 0)):
        find.clear()
        find.send_keys(looked_for)
        assert len(names(browser)) == count, looked_for
    check(browser, index.parent)


def test_lists_narrow_by_verifier_and_by_category(browser: webdriver.Chrome, index: Path):
    show(browser, index)
    Select(browser.find_element(By.CSS_SELECTOR, '[data-select="verifier"]')).select_by_value("appeal")
    assert names(browser) == ["random16-appeal"]
    Select(browser.find_element(By.CSS_SELECTOR, '[data-select="category"]')).select_by_value("two")
    assert len(names(browser, "#list th")) == 1
    check(browser, index.parent)


def test_a_film_is_opened_and_prompts_are_walked_by_keyboard(browser: webdriver.Chrome, index: Path):
    show(browser, index)
    press_until(browser, lambda: "prompts/" in (browser.switch_to.active_element.get_attribute("href") or ""))
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    arrives(browser, 0)
    press_until(browser, lambda: browser.switch_to.active_element.tag_name == "summary")
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.execute_script("return document.querySelector('details').open")
    assert (
        len([frame for frame in browser.find_elements(By.CSS_SELECTOR, "details[open] li") if frame.is_displayed()])
        == 5
    )
    for key, number in (("j", 1), (Keys.ARROW_RIGHT, 2), ("k", 1), (Keys.ARROW_LEFT, 0), (Keys.ARROW_LEFT, 0)):
        browser.find_element(By.TAG_NAME, "body").send_keys(key)
        arrives(browser, number)
    press_until(browser, lambda: browser.switch_to.active_element.get_attribute("rel") == "next")
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    arrives(browser, 1)
    check(browser, index.parent)


def test_with_no_script_everything_is_there(browser: webdriver.Chrome, index: Path):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(browser, index)
        rows = browser.find_elements(By.CSS_SELECTOR, "#board tr")
        assert len(rows) == 6 and all(row.is_displayed() for row in rows)
        assert not [box for box in browser.find_elements(By.CSS_SELECTOR, ".filters") if box.is_displayed()]
        assert not browser.find_elements(By.CSS_SELECTOR, "th button")
        check(browser, index.parent)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def with_script(page: str, script: str) -> str:
    """The page with this at the end of its script, and its policy adjusted."""
    own = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert own is not None
    codes = (own[1], own[1] + script)
    old, new = (base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in codes)
    assert old in page
    return page.replace(old, new).replace(own[1], own[1] + script)


ELSEWHERE = '<img src="https://e.invalid/x.png" alt=""></main>'


TWINS: dict[str, Callable[[str], str]] = {
    "an image from elsewhere": lambda page: page.replace("</main>", ELSEWHERE),
    "an image from elsewhere, allowed": lambda page: lax(page).replace("</main>", ELSEWHERE),
    "a file of another folder, allowed": lambda page: lax(page).replace(
        "</main>", '<img src="../outside.png" alt=""></main>'
    ),
    "a handler": lambda page: page.replace("<main ", '<main onfocus="x()" ').replace(
        "</main>", '<img src="index.html" alt="" onerror="console.log(1)"></main>'
    ),
    "a script of another": lambda page: page.replace("</main>", "<script>let x = 1;</script></main>"),
    "an error in the script": lambda page: with_script(page, "\nnowhere();\n"),
}  # fmt: skip


@pytest.mark.parametrize("twin", TWINS)
def test_the_check_catches(browser: webdriver.Chrome, index: Path, tmp_path: Path, twin: str):
    page = index.read_text("utf-8")
    broken = TWINS[twin](page)
    assert broken != page
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text(broken, "utf-8")
    (tmp_path / "page" / f"{gallery.SUITE}-scaling.png").write_bytes((index.parent / "shapes-scaling.png").read_bytes())
    show(browser, tmp_path / "page" / "index.html")
    with pytest.raises(AssertionError):
        check(browser, tmp_path / "page")
