"""The plots that lie beside the page, each with words for those who cannot see it."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from tts_bench.report.page.element import Html, element

_KNOWN = {
    "scaling": ("Score against compute", "Curves of the main metric against charged NFE, one a submission"),
    "frontier": ("Quality and compute", "Every submission by charged NFE and main metric, and the front of the best"),
    "categories": ("By category", "Bars of the main metric by category of prompts, a few submissions each"),
    "hacking": ("Verifier hacking", "Gain in the verifier's own metric against gain in the main metric"),
    "verifiers": ("What each verifier buys", "Heat map of each verifier's gain over the baseline, by metric"),
    "sets": ("Numbers of whole sets against compute", "Curves of FID and its kin against charged NFE"),
    "search-scaling": ("Search at equal NFE", "Curves of the main metric against charged NFE, one a search"),
    "search-hacking": ("Verifier hacking", "What verifiers say of their picks against what the main metric says"),
}
_SIZE = slice(16, 24)  # of a PNG: width and height in its header


def plots(files: Mapping[str, bytes], suite: str) -> list[Html]:
    """A figure for each PNG among `files` (name to content) of the suite."""
    found = {name: content for name, content in files.items() if name.endswith(".png")}
    return [
        _figure(name, content, name.removeprefix(f"{suite}-")[:-4], f"{name[:-4]}.svg" in files)
        for name, content in found.items()
    ]


def _figure(name: str, content: bytes, kind: str, drawn: bool) -> Html:
    """`drawn`: there is an SVG beside it."""
    title, alt = _KNOWN.get(kind, (kind.replace("-", " ").capitalize(), f"The figure {kind.replace('-', ' ')}"))
    width, height = struct.unpack(">II", content[_SIZE]) if len(content) >= _SIZE.stop else (None, None)
    image = element(
        "img",
        {"src": name, "alt": f"{alt}; the table has the numbers", "width": width, "height": height, "loading": "lazy"},
    )
    other = (" ", element("a", {"href": f"{name[:-4]}.svg"}, "SVG")) if drawn else ()
    return element("figure", {"class": "plot"}, element("figcaption", {}, title, *other), image)
