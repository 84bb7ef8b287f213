"""What a stranger might write, and every field of a leaderboard in which a stranger writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd

from tts_bench.report.board import MetricInfo
from tts_bench.results import Result

ESC, BELL, C1 = "\x1b", "\x07", "\x9b"
PAYLOADS = [
    # HTML
    "<script>alert(1)</script>", "</td></tr></table><h1>x", "<img src=x onerror=alert(1)>", "<b>bold</b>", "<!-- x",
    "<a href=javascript:alert(1)>x</a>", "&lt;script&gt;", "&#60;b&#62;", "<svg/onload=alert(1)>", "<x\n>",
    '" onmouseover="alert(1)', "' onmouseover='alert(1)", "x onmouseover=alert(1)", "` onmouseover=x", "a\" b='c' d=e>",
    "<?php x ?>", "<![CDATA[x]]>", "<style>*{}</style>", "</textarea><b>",
    # Markdown
    "a | b", "a \\| b", "a \\\\| b", "|", "\\", "a\\", "line\n\n# heading", "line\r\n| x | y |", "x\n---\ny", "`code`",
    "`` a | b ``", "**bold**", "_under_ __both__", "~~struck~~", "[link](javascript:alert(1))", "![x](http://e.com/x)",
    "[x]: http://e.com", "<http://e.com>", "$x^2$ $$y$$", "# heading", "- item", "1. item", "+ item", "> quote",
    "::: note", ":---:", "{{ 7*7 }}",
    # spreadsheets
    "=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(1+1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", '=HYPERLINK("x","y")',
    'a"b,c\n"d', "＝1+1",
    # terminals
    f"{ESC}[31mred{ESC}[0m", f"{ESC}]8;;http://e.com{BELL}x{ESC}]8;;{BELL}", f"{C1}31mred", "x\b\b\by", "x\x00y\x7f",
    "[bold red]x[/]", "[link=http://e.com]x[/link]", "[/]", "x[", "\\[bold]x",
    # what is not seen
    "user\u202egnp.exe", "a\u2066b\u2069", "zero\u200bwidth\ufeff", "a\u2028b\u2029c", "\U000e0041tag", "\ud800x",
]  # fmt: skip
HARMLESS = "plain"
METRIC = MetricInfo("accuracy", "share right", True, True, ("checker",))


@dataclass
class Story:
    """Everything a leaderboard is made of, with one field in a stranger's hand."""

    result: Result
    rows: pd.DataFrame
    metric: MetricInfo = METRIC
    title: str = "Shapes"


def _recipe(story: Story, **parts: Any) -> Story:
    return replace(story, result=replace(story.result, recipe={**story.result.recipe, **parts}))


def _group(kind: str, story: Story, text: str) -> Story:
    groups = {**story.result.groups, kind: {text: story.result.metrics}}
    return _column(replace(story, result=replace(story.result, groups=groups)), kind, text)


def _column(story: Story, name: str, text: str) -> Story:
    column = pd.Series([text] * len(story.rows), dtype=object)  # pandas' own strings refuse a lone surrogate
    return replace(story, rows=story.rows.assign(**{name: column}))


def _metric_name(story: Story, text: str) -> Story:
    result = story.result
    metrics = {text: result.metrics["accuracy"]}
    groups = {kind: dict.fromkeys(of_kind, metrics) for kind, of_kind in result.groups.items()}
    metric = replace(story.metric, name=text)
    columns = [text if column == "accuracy" else column for column in story.rows.columns]
    rows = story.rows.set_axis(pd.Index(columns, dtype=object), axis="columns")
    return replace(story, result=replace(result, metrics=metrics, groups=groups), rows=rows, metric=metric)


FIELDS: dict[str, Callable[[Story, str], Story]] = {
    "model name": lambda story, text: _recipe(story, model={"name": text}),
    "search name": lambda story, text: _recipe(story, search={"name": text}),
    "search parameter": lambda story, text: _recipe(story, search={"name": "random", text: 1}),
    "search value": lambda story, text: _recipe(story, search={"name": "random", "rule": text}),
    "verifier": lambda story, text: _recipe(story, verifier={"scorers": [text], "combine": "single"}),
    "verifier rule": lambda story, text: _recipe(story, verifier={"scorers": ["a", "b"], "combine": text}),
    "flag": lambda story, text: replace(story, result=replace(story.result, flags=[text])),
    "category": partial(_group, "category"),
    "split": partial(_group, "split"),
    "prompt text": lambda story, text: _column(story, "text", text),
    "title": lambda story, text: replace(story, title=text),
    "metric name": _metric_name,
    "metric title": lambda story, text: replace(story, metric=replace(story.metric, title=text)),
    "metric scorer": lambda story, text: replace(story, metric=replace(story.metric, scorers=(text,))),
}  # fmt: skip
