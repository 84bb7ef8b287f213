"""A whole page: its head, its policy, its style and its script, which stand in the page itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from tts_bench.report.page.element import Html, element, lines


def document(title: str, main: Sequence[Html], top: Sequence[Html] = (), skip: str = "to the content") -> bytes:
    """UTF-8 of a page with `top` in its header and `main` below it.

    Its policy allows pictures from its own folder, this style and this script by their digests, and nothing else: no
    request leaves the folder, and no markup that slipped through could act.
    """
    head = element(
        "head", {},
        element("meta", {"charset": "utf-8"}),
        element("meta", {"http-equiv": "Content-Security-Policy", "content": policy()}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("meta", {"name": "color-scheme", "content": "light dark"}),
        element("meta", {"name": "referrer", "content": "no-referrer"}),
        element("title", {}, title),
        _own("style", "page.css"),
    )  # fmt: skip
    body = element(
        "body", {},
        element("a", {"class": "skip", "href": "#main"}, f"Skip {skip}"),
        element("header", {}, *top),
        element("main", {"id": "main", "tabindex": "-1"}, lines(main)),
        _own("script", "page.js"),
    )  # fmt: skip
    page = element("html", {"lang": "en"}, lines([head, body]))
    return f"<!doctype html>\n{page.markup}\n".encode()


@cache
def policy() -> str:
    """The content-security policy, for a meta element."""
    return (
        f"default-src 'none'; img-src 'self'; style-src '{_digest('page.css')}'; script-src '{_digest('page.js')}'; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _source(name: str) -> str:
    return files("tts_bench.report.page").joinpath(name).read_text("utf-8")


def _own(tag: str, name: str) -> Html:
    """A file of the package, which is not text to be escaped."""
    return Html(f"<{tag}>{_source(name)}</{tag}>")


def _digest(name: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(_source(name).encode()).digest()).decode('ascii')}"
