"""Escape at the sink: one function for each place where text of a submission, a card or a prompt comes to stand.

Every function first drops what acts instead of being seen: control and format characters (ESC, bidi overrides,
zero-width ones) and lone surrogates; every run of white space, line breaks included, becomes one space.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence

from tts_bench.types import Json

_ACTING = {"Cc", "Cf", "Cs"}
# Whatever means something to CommonMark or GitHub: tables, HTML, links, mathematics, mentions, emoji. An underscore
# inside a word means nothing and stays, so that names remain readable.
_MARKDOWN = re.compile(r"[\\`*\[\]<>&|~$#@{}^]|:(?=\S)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<=www)\.", re.IGNORECASE)
_LINE_START = re.compile(r"[-+=]|[0-9]+[.)]")
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


_LATEX = {
    **{character: f"\\{character}" for character in "#$%&_{}"}, "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "$<$", ">": "$>$", "|": "$|$",
    "'": "\\textquotesingle{}", "`": "\\textasciigrave{}",
    "[": "{[}", "]": "{]}", "†": "\\textdagger{}", "–": "\\textendash{}",
    "↓": "$\\downarrow$",
}  # fmt: skip


def visible(text: str) -> str:
    """`text` on one line, with what acts left out."""
    kept = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in _ACTING)
    return " ".join("".join(kept).split())


def markdown_cell(text: str) -> str:
    """For a cell of a Markdown table, a heading or a paragraph.

    Character references, because renderers differ on a backslash before a pipe but not on these. GitHub still makes a
    mailto link of an e-mail address.
    """
    escaped = _MARKDOWN.sub(_reference, visible(text))
    return _reference(start) + escaped[start.end() :] if (start := _LINE_START.match(escaped)) else escaped


def csv_cell(text: str) -> str:
    """For a cell of a CSV file: what a spreadsheet would take for a formula gets an apostrophe; plain numbers stay.

    Quoting is the csv module's.
    """
    shown = visible(text)
    return f"'{shown}" if shown.startswith(_FORMULA) and not _NUMBER.fullmatch(shown) else shown


def terminal(text: str) -> str:
    """For text that rich prints with its markup on."""
    from rich.markup import escape

    return escape(visible(text))


def html_text(text: str) -> str:
    """For text between HTML tags; not inside script or style."""
    return html.escape(visible(text))


def html_attribute(text: str) -> str:
    """For the value of an attribute that holds text, quoted or not; never for href, src, style or on... ones."""
    return re.sub(r"[^A-Za-z0-9]", _reference, visible(text))


def latex(text: str) -> str:
    """For LaTeX outside of mathematics and of commands that read their argument letter by letter."""
    escaped = "".join(_LATEX.get(character, character) for character in visible(text))
    return re.sub("-(?=-)", "-{}", escaped)  # two would be a dash


def xml(text: str) -> str:
    """For an attribute or text of XML that a library writes: what XML 1.0 has no way to hold is left out too."""
    return "".join(character for character in visible(text) if ord(character) & 0xFFFE != 0xFFFE)


def yaml(value: Json) -> str:
    """A value as YAML on one line: JSON, which is YAML as it stands, but for two characters and what acts."""
    if isinstance(value, str):
        return json.dumps(re.sub("[\ufffe\uffff]", "", visible(value)), ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{yaml(str(key))}: {yaml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(yaml, value))}]"
    return json.dumps(value, allow_nan=False)


def figure(text: str) -> str:
    """For matplotlib, which reads what stands between dollar signs as mathematics."""
    return visible(text).replace("$", r"\$")


def _reference(match: re.Match[str]) -> str:
    return "".join(f"&#{ord(character)};" for character in match[0])
