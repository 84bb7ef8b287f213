"""Pages read back by a parser that follows the HTML standard."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib


def parse(page: bytes | str) -> Element:
    """The tree; an error of the parser is an AssertionError."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(page.decode() if isinstance(page, bytes) else page)
    assert not parser.errors, parser.errors[:3]
    return tree


def text(node: Element) -> str:
    return " ".join("".join(node.itertext()).split())


def find(tree: Element, tag: str, style: str = "") -> Iterator[Element]:
    """Elements of a tag, and of a class if that is given."""
    for node in tree.iter(tag):
        if not style or style in (node.get("class") or "").split():
            yield node


def table(tree: Element, name: str) -> tuple[list[str], list[dict[str, Element]]]:
    """The heads of the table whose body has this id, and its rows as cells by head."""
    found = next(t for t in tree.iter("table") if any(body.get("id") == name for body in t.iter("tbody")))
    heads = [text(head) for head in next(found.iter("thead")).iter("th")]
    body = next(found.iter("tbody"))
    return heads, [dict(zip(heads, row, strict=True)) for row in body.iter("tr")]
