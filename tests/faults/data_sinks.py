"""How LaTeX, JSON and HTML of a leaderboard are parsed back: their structure, and the text that others read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from typing import Any
from unittest.mock import patch

import html5lib
from pylatexenc.latex2text import LatexNodes2Text
from pylatexenc.latexwalker import (
    LatexCommentNode,
    LatexEnvironmentNode,
    LatexGroupNode,
    LatexMacroNode,
    LatexMathNode,
    LatexSpecialsNode,
    LatexWalker,
)

from tests.faults.payloads import Story
from tts_bench.gallery.cards import models_of
from tts_bench.gallery.prompts import asked_of, values_of
from tts_bench.report import escape
from tts_bench.report.board import make_boards
from tts_bench.report.data import data
from tts_bench.report.latex import latex
from tts_bench.report.page import prompt_page
from tts_bench.report.page.leaderboard import leaderboard_page
from tts_bench.report.page.prompt_index import prompt_index
from tts_bench.report.page.shown import Entry, Frame, Shown


def boards_of(story: Story) -> list:
    return make_boards([story.result], {story.result.name: story.rows}, [story.metric])


def boards_of_two(story: Story) -> list:
    """Another submission beside it, with another model and another setting of the same search: these are told then."""
    recipe: Any = story.result.recipe
    search = {"name": recipe["search"]["name"], "setting": 1}
    other = replace(story.result, name="other", recipe={**recipe, "model": {"name": "another"}, "search": search})
    rows = {story.result.name: story.rows, "other": story.rows}
    return make_boards([story.result, other], rows, [story.metric])


def published(story: Story) -> dict[str, Any]:
    """A block of a card with a stranger's text wherever it can hold any."""
    return {"source": story.title, "run": [story.title, "x"], story.metric.name: [0.5, 0.25]}


def latex_structure(story: Story) -> tuple[list[str], str]:
    """The macros and environments that another parser finds, and the text that it reads."""
    groups = {kind: [str(value) for value in story.rows[kind].unique()] for kind in ("category", "split")}
    text = latex(boards_of_two(story), groups, story.title, "shapes", [published(story)])
    nodes, _, _ = LatexWalker(text).get_latex_nodes()
    shown = re.sub(r"\$([<>|])\$", r"\1", LatexNodes2Text(math_mode="verbatim").nodelist_to_text(nodes))
    shown = shown.replace("ˆ", "^").replace("˜", "~")
    return [name for name in _macros(nodes) if name not in LETTERS], shown


LETTERS = {
    "textbackslash", "textasciitilde", "textasciicircum", "textquotesingle", "textasciigrave",
    "#", "$", "%", "&", "_", "{", "}",
}  # fmt: skip


def _macros(nodes: Any) -> Iterator[str]:
    for node in nodes or []:
        if isinstance(node, LatexMacroNode):
            yield node.macroname
            yield from _macros(node.nodeargd.argnlist if node.nodeargd else [])
        elif isinstance(node, LatexEnvironmentNode):
            yield f"begin {node.environmentname}"
            yield from _macros(node.nodelist)
        elif isinstance(node, LatexGroupNode):
            yield from _macros(node.nodelist)
        elif isinstance(node, LatexMathNode) and node.latex_verbatim() in ("$<$", "$>$", "$|$"):
            continue
        elif isinstance(node, LatexSpecialsNode | LatexMathNode | LatexCommentNode):
            yield type(node).__name__ + getattr(node, "specials_chars", "")


def json_structure(story: Story) -> tuple[list[str], str]:
    found = json.loads(data(boards_of(story), story.title, "shapes"))
    texts: list[str] = []

    def walk(value: Any) -> str:
        if isinstance(value, dict):
            texts.extend(value)
            return f"{{{' '.join(walk(inner) for inner in value.values())}}}"
        if isinstance(value, list):
            return f"[{' '.join(map(walk, value))}]"
        texts.append(value) if isinstance(value, str) else None
        return type(value).__name__

    structure = walk(found)
    return [structure], escape.visible(" ".join(texts))


def html_pages(story: Story) -> dict[str, bytes]:
    """Every kind of page, with the story's fields wherever one shows them."""
    boards = boards_of(story)
    name = story.result.name
    groups = {kind: [str(value) for value in story.rows[kind].unique()] for kind in ("category", "split")}
    prompts = asked_of(boards, {name: story.rows}, 2)
    values = values_of(boards[0], {name: story.rows}, prompts)
    listed = prompt_index(prompts, boards[0].of_groups, values)
    odd = str(story.rows["text"][0])
    published = [{"source": odd, "submission": [name, odd], odd: [odd, 1.0], boards[0].main.name: [1.0, 2.0]}]
    index = leaderboard_page(boards, groups, story.title, "shapes", {}, published, prompts=listed)
    frame = Frame(None, 1.0, 0.5, scores=dict.fromkeys(_scorers(story), 0.5))
    shown = [Shown(None, [frame], {boards[0].main.name: 1.0}, note=odd), Shown(None, [frame] * 2)]
    model = models_of([line.result for line in boards_of_two(story)[0].lines])[name]
    entries = [Entry(boards[0].lines[0], boards[0].main.name, shown, odd, model)]
    with patch.object(prompt_page, "LONG", 1):  # so that a film has a page of its own
        pages = prompt_page.prompt_page(prompts[0], entries, [story.metric], story.title, prompts[1], prompts[1], 2)
    return {"index": index, **dict(zip(("prompt", "film"), pages.values(), strict=True))}


def _scorers(story: Story) -> list[str]:
    verifier: Any = story.result.recipe["verifier"]
    return [str(name) for name in verifier["scorers"]]


def html_structure(story: Story) -> tuple[list[str], str]:
    """Tags with the names of their attributes, comments too, as a parser of the standard finds them; all text, that of
    attributes and options included. Style and script are the package's files, byte for byte, and hold no text."""
    structure, texts = [], []
    for page in html_pages(story).values():
        markup = page.decode()
        for file in files("tts_bench.report.page").iterdir():
            if file.name in ("page.css", "page.js"):
                assert markup.count(file.read_text("utf-8")) == 1
                markup = markup.replace(file.read_text("utf-8"), "")
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        for node in parser.parse(markup).iter():
            structure.append(f"{node.tag} {sorted(node.attrib)}")
            structure += [node.get(name) for name in ("src", "http-equiv") if node.get(name)]
            texts += [*node.attrib.values(), node.text or "", node.tail or ""]
        structure += [str(error) for error in parser.errors]
    return structure, " ".join(texts)
