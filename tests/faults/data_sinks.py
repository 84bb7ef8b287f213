"""How the leaderboard's LaTeX and JSON are parsed back: their structure, and the text that another parser reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

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
from tts_bench.report import escape
from tts_bench.report.board import make_boards
from tts_bench.report.data import data
from tts_bench.report.latex import latex


def boards_of(story: Story) -> list:
    return make_boards([story.result], {story.result.name: story.rows}, [story.metric])


def latex_structure(story: Story) -> tuple[list[str], str]:
    """The macros and environments that another parser finds, and the text that it reads."""
    groups = {kind: [str(value) for value in story.rows[kind].unique()] for kind in ("category", "split")}
    text = latex(boards_of(story), groups, story.title, "shapes")
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
