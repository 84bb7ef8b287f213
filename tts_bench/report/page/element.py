"""HTML that cannot be written without escaping: a string is always text, and markup is only what was made here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from tts_bench.report import escape


class Html:
    """Markup. Made by `element` and its kin alone; a string beside it is text."""

    __slots__ = ("markup",)

    def __init__(self, markup: str) -> None:
        self.markup = markup


Child: TypeAlias = "Html | str | None"
Attributes: TypeAlias = "Mapping[str, str | int | bool | None]"

_VOID = {"br", "img", "input", "meta"}
_SPECIAL = re.compile(r"[^A-Za-z0-9 ./_#,;:=+()-]+")  # all that could mean something between double quotes, and more
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z]+)*")
_PLACES = ("href", "src")
_PLACE = re.compile(r"(\.\./)?[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*(#[a-z-]+)?|#[a-z-]+")


def element(tag: str, attributes: Attributes | None = None, *children: Child) -> Html:
    """`<tag ...>children</tag>`: strings are escaped, None is left out, and so is an attribute that is None or False.

    ValueError for an attribute that would act (style, on...), and for an address that leads out of the page's folder.
    """
    if not _NAME.fullmatch(tag):
        raise ValueError(f"{tag!r} is no tag")
    opening = f"<{tag}{''.join(_attribute(name, value) for name, value in (attributes or {}).items())}>"
    if tag in _VOID:
        if children:
            raise ValueError(f"<{tag}> holds nothing")
        return Html(opening)
    return Html(f"{opening}{joined(children).markup}</{tag}>")


def joined(children: Iterable[Child], between: str = "") -> Html:
    """Side by side, with white space `between`."""
    if between.strip():
        raise ValueError(f"{between!r} is no white space")
    return Html(between.join(_markup(child) for child in children if child is not None))


def lines(children: Iterable[Child]) -> Html:
    """Each on a line of its own, so that two versions of a page can be compared."""
    return joined(["", *children, ""], "\n")


def _markup(child: Html | str) -> str:
    if isinstance(child, Html):
        return child.markup
    if not isinstance(child, str):
        raise TypeError(f"{child!r} is neither text nor Html")
    text = escape.html_text(child)
    before, after = (" " if end.isspace() else "" for end in (child[:1], child[-1:]))  # what parts a word from its tag
    return f"{before}{text}{after}" if text else before


def _attribute(name: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    if not _NAME.fullmatch(name) or name == "style" or name.startswith("on"):
        raise ValueError(f"{name!r} is no attribute of these pages")
    if value is True:
        return f" {name}"
    text = str(value)
    if name in _PLACES and not (_PLACE.fullmatch(text) and text.isascii()):
        raise ValueError(f"{text!r} is no place in the page's folder")
    plain = _SPECIAL.sub(lambda match: escape.html_attribute(match[0]), escape.visible(text))
    return f' {name}="{plain}"'
