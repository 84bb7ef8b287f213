from __future__ import annotations

import pytest

from tests.faults.payloads import PAYLOADS
from tests.report.page.reading import parse
from tts_bench.report import escape
from tts_bench.report.page.element import Html, element, joined, lines


def test_a_string_is_text_and_only_html_is_markup():
    made = element("p", {"class": "n"}, "<b>1</b>", element("b", {}, "2"), None)
    assert made.markup == '<p class="n">&lt;b&gt;1&lt;/b&gt;<b>2</b></p>'


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_payload_reads_back_from_text_and_from_an_attribute(payload: str):
    tree = parse(f"<!doctype html><title>x</title>{element('p', {'title': payload}, payload).markup}")
    [found] = list(tree.iter("p"))
    assert (found.text or "").strip() == escape.visible(payload) and found.attrib == {"title": escape.visible(payload)}


@pytest.mark.parametrize("name", ["onclick", "onload", "style", "ON", "a b", "x=y", ""])
def test_an_attribute_that_acts_or_is_none_is_refused(name: str):
    with pytest.raises(ValueError, match="no attribute"):
        element("p", {name: "x"})


@pytest.mark.parametrize(
    "place",
    [
        "javascript:alert(1)", "https://e.com/x.png", "//e.com/x", "/etc/passwd", "../../x", "data:image/png,x", "file:///x",
        "x y", "", "a/../../b", "a/..", "a/.b", "../../a", "../..", "a//b", "a/", "..", ".", "\\\\e.com\\x", "ａ.png",
    ],
)  # fmt: skip
def test_an_address_that_leads_out_of_the_folder_is_refused(place: str):
    for name, tag in (("href", "a"), ("src", "img")):
        with pytest.raises(ValueError, match="no place"):
            element(tag, {name: place})


@pytest.mark.parametrize(
    "place",
    [
        "index.html", "../index.html#prompts", "#main", "images/ab.png", "shapes-search.md", "a..b-scaling.png",
        "a.-_.b.csv", "../images/a...b.png",
    ],
)  # fmt: skip
def test_a_place_in_the_folder_stays_as_it_is(place: str):
    assert element("a", {"href": place}, "x").markup == f'<a href="{place}">x</a>'


@pytest.mark.parametrize("tag", ["SCRIPT", "p onclick=x", "", "a>b"])
def test_what_is_no_tag_is_refused(tag: str):
    with pytest.raises(ValueError, match="no tag"):
        element(tag)


def test_what_is_neither_text_nor_html_is_refused():
    with pytest.raises(TypeError):
        element("p", {}, 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="white space"):
        joined(["a"], "<br>")
    with pytest.raises(ValueError, match="holds nothing"):
        element("img", {}, "x")


def test_the_space_between_a_word_and_a_tag_stays():
    assert joined(["a ", element("b", {}, "b"), "\n c", " "]).markup == "a <b>b</b> c "


def test_lines_stand_on_lines_of_their_own():
    assert lines([Html("<i></i>"), None, "a"]).markup == "\n<i></i>\na\n"
