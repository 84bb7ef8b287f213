"""The list of prompts: what each asks, and how the submissions did on it, with a link to its page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache

from tts_bench.report import wording
from tts_bench.report.board import MetricInfo
from tts_bench.report.page.cells import header, number_cell, scroller
from tts_bench.report.page.element import Html, element, lines
from tts_bench.report.page.filters import filters
from tts_bench.report.page.shown import Asked

SHADES = 10
_READ = (
    "A prompt's page has the pick of every submission and its whole search. Here, one square a submission, in the "
    "order of the leaderboard: the fuller, the higher its {}; a dotted one has no number."
)


def prompt_index(prompts: Sequence[Asked], metric: MetricInfo, values: Mapping[str, Sequence[float]]) -> list[Html]:
    """The section. `values` holds by prompt key the metric of each submission, NaN where it has none; a metric of the
    whole set has no number a prompt, and is left out."""
    scale = None if metric.of_set else _Scale(metric, values)
    grouped = any(prompt.category for prompt in prompts)
    heads = [header("#", number=True, sorted_by="ascending"), header("prompt", number=False)]
    heads += [header("category", number=False)] if grouped else []
    if scale:
        heads += [header(f"mean {metric.name}", number=True), element("th", {"scope": "col"}, "each submission")]
    rows = [_row(prompt, grouped, scale, values.get(prompt.key, ())) for prompt in prompts]
    parts = [element("thead", {}, element("tr", {}, *heads)), element("tbody", {"id": "list"}, lines(rows))]
    return [
        element("h2", {"id": "prompts"}, "Prompts"),
        element("p", {}, _READ.format(metric.name) if scale else _READ.partition(" Here")[0]),
        filters("list", "prompts", {"category": [prompt.category for prompt in prompts]}),
        scroller("Prompts", element("table", {"class": "prompts sortable"}, *parts)),
    ]


class _Scale:
    """A metric's values of all prompts as shades, and as text in one number of places."""

    def __init__(self, metric: MetricInfo, values: Mapping[str, Sequence[float]]) -> None:
        known = [value for row in values.values() for value in row if not math.isnan(value)]
        self.metric, self.places = metric, wording.decimals(metric, known)
        self.low, self.high = (0.0, 1.0) if metric.percent else (min(known, default=0.0), max(known, default=1.0))

    def shade(self, value: float) -> Html:
        if math.isnan(value):
            return _square("x")
        part = (value - self.low) / (self.high - self.low or 1.0)
        return _square(str(min(SHADES - 1, max(0, int(part * SHADES)))))

    def mean(self, row: Sequence[float]) -> Html:
        known = [value for value in row if not math.isnan(value)]
        mean = math.fsum(known) / len(known) if known else None
        return number_cell(wording.number(mean, self.metric, self.places), mean)


@cache
def _square(shade: str) -> Html:
    return element("i", {"class": f"q{shade}"})


def _row(prompt: Asked, grouped: bool, scale: _Scale | None, row: Sequence[float]) -> Html:
    link = element("a", {"href": f"prompts/{prompt.key}.html"}, prompt.title)
    cells = [
        element("td", {"class": "n", "data-sort": prompt.number}, str(prompt.number)),
        element("th", {"scope": "row"}, link),
        *([element("td", {}, prompt.category)] if grouped else []),
    ]
    if scale:
        squares = element("span", {"class": "squares", "aria-hidden": "true"}, *map(scale.shade, row))
        cells += [scale.mean(row), element("td", {}, squares)]
    return element("tr", {"data-category": prompt.category if grouped else None}, *cells)
