"""What narrows a list down. The script shows these; without it everything is there to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tts_bench.report.page.element import Html, element


def filters(of: str, what: str, selects: Mapping[str, Iterable[str]], checks: Mapping[str, str] | None = None) -> Html:
    """Controls for the rows of the table body with the id `of`: a text to look for, for each of `selects` (data
    attribute to its values) a list, for each of `checks` (data attribute to a label) a box that hides what has it."""
    parts = [
        element("label", {}, "Find ", element("input", {"type": "search", "data-find": True, "autocomplete": "off"})),
        *(_select(name, values) for name, values in selects.items()),
        *(
            element("label", {}, element("input", {"type": "checkbox", "data-hide": name}), f" {label}")
            for name, label in (checks or {}).items()
        ),
        element("output", {"aria-live": "polite", "data-what": what}),
    ]
    return element(
        "div", {"class": "filters", "data-of": of, "role": "search", "aria-label": what, "hidden": True}, *parts
    )


def _select(name: str, values: Iterable[str]) -> Html | None:
    known = list(dict.fromkeys(values))
    if len(known) < 2:
        return None
    options = [element("option", {"value": value}, value) for value in known]
    every = element("option", {"value": ""}, "all")
    return element("label", {}, f"{name} ".capitalize(), element("select", {"data-select": name}, every, *options))
