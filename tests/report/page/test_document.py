from __future__ import annotations

import base64
import hashlib
import re

import pytest

from tests.report.page import gallery
from tests.report.page.reading import parse, text
from tts_bench.report.page.document import document
from tts_bench.report.page.element import element
from tts_bench.report.page.prompt_page import prompt_page


def policy_of(page: bytes) -> dict[str, list[str]]:
    tree = parse(page)
    [meta] = [m for m in tree.iter("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    return {name: rest for name, *rest in (part.split() for part in (meta.get("content") or "").split(";"))}


def check_policy(page: bytes) -> None:
    """What the policy allows is this page's own style and script, by digests taken anew from what the page holds."""
    tree, policy = parse(page), policy_of(page)
    own = {}
    for tag in ("style", "script"):
        [node] = list(tree.iter(tag))
        assert not node.attrib
        own[tag] = base64.b64encode(hashlib.sha256((node.text or "").encode()).digest()).decode()
    assert policy == {
        "default-src": ["'none'"], "img-src": ["'self'"], "base-uri": ["'none'"], "form-action": ["'none'"],
        "style-src": [f"'sha256-{own['style']}'"], "script-src": [f"'sha256-{own['script']}'"],
    }  # fmt: skip
    head = [node.tag for node in tree.find("head") or []]
    assert head.index("style") > 1, "the policy must come before what it governs"
    assert [node.get("charset") or node.get("http-equiv") for node in tree.iter("meta")][:2] == [
        "utf-8", "Content-Security-Policy",
    ]  # fmt: skip
    for node in tree.iter():
        assert not [name for name in node.attrib if name == "style" or name.startswith("on")]
        for name in ("src", "href"):
            assert re.fullmatch(r"(\.\./)?[\w./#-]+", node.get(name) or "x")


def pages() -> list[bytes]:
    boards, rows = gallery.boards()
    [prompt] = gallery.asked_of(boards, rows, 1)
    of = gallery.entries(boards[0], prompt, 120)
    return [gallery.index(boards, rows, [prompt]), *prompt_page(prompt, of, gallery.METRICS, "Suite").values()]


def test_every_page_has_a_policy_that_allows_itself_and_nothing_else():
    made = pages()
    assert len(made) == 2 + 6  # the films of six submissions are long
    for page in made:
        check_policy(page)


BROKEN = {
    "a changed script": (b"Sorts, filters", b"sorts, filters"),
    "a handler": (b"<main ", b'<main onclick="x()" '),
    "a style": (b"<main ", b'<main style="color:red" '),
    "a script of another": (b"</main>", b'<script src="https://e.com/x.js"></script></main>'),
    "a laxer policy": (b"img-src &#39;self&#39;", b"img-src *"),
    "an address outside": (b"</main>", b'<a href="https://e.com/">x</a></main>'),
}  # fmt: skip


@pytest.mark.parametrize("change", BROKEN)
def test_the_check_catches(change: str):
    page = document("title", [element("p", {}, "text")])
    check_policy(page)
    old, new = BROKEN[change]
    assert old in page
    with pytest.raises((AssertionError, ValueError)):
        check_policy(page.replace(old, new))


def test_a_page_says_its_language_title_width_and_both_schemes():
    tree = parse(document("A < B", [], [element("h1", {}, "A < B")]))
    assert tree.get("lang") == "en" and text(next(tree.iter("title"))) == "A < B"
    named = {node.get("name"): node.get("content") for node in tree.iter("meta")}
    assert named["viewport"] == "width=device-width, initial-scale=1" and named["color-scheme"] == "light dark"
    assert next(tree.iter("a")).get("href") == "#main"
