"""The sentences of the Markdown page as HTML.

In them all text of others stands as character references, so that what is left of Markdown is the project's own: `**`
and backticks in pairs.
"""

from __future__ import annotations

import re

from tts_bench.report.page.element import Html, element, joined

_REFERENCE = re.compile(r"&#([0-9]+);")
_PARTS = re.compile(r"\*\*(.+?)\*\*|`(.+?)`")


def inline(sentence: str) -> Html:
    """One escaped Markdown sentence; whatever it holds, no more than <b>, <samp> and text come of it."""
    parts, at = [], 0
    for match in _PARTS.finditer(sentence):
        bold, typed = match.groups()
        parts += [_text(sentence[at : match.start()]), element("b" if bold else "samp", {}, _text(bold or typed))]
        at = match.end()
    return joined([*parts, _text(sentence[at:])])


def paragraph(sentence: str) -> Html:
    return element("p", {}, inline(sentence))


def bullets(markdown: str) -> Html:
    """A Markdown list, one item a line."""
    return element("ul", {}, *[element("li", {}, inline(line.removeprefix("- "))) for line in markdown.splitlines()])


def _text(escaped: str) -> str:
    return _REFERENCE.sub(lambda match: chr(int(match[1])), escaped)
