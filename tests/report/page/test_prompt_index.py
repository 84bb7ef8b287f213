"""The squares of the list of prompts: a submission's number as one of ten shades."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from tests.report.page.reading import parse, table
from tests.report.suite import METRICS
from tts_bench.report.board import MetricInfo
from tts_bench.report.page.element import joined
from tts_bench.report.page.prompt_index import prompt_index
from tts_bench.report.page.shown import Asked

SHARE = next(metric for metric in METRICS if metric.percent)
SCORE = next(metric for metric in METRICS if not metric.percent)


def shades(metric: MetricInfo, values: Sequence[float]) -> list[str]:
    asked = [Asked("a" * 16, 1, "001", "a cat", "single", "")]
    page = joined(prompt_index(asked, metric, {"a" * 16: values})).markup
    _, [row] = table(parse(f"<!doctype html><title>x</title>{page}"), "list")
    return [square.get("class") or "" for square in row["each submission"].iter("i")]


def test_a_share_is_shaded_by_tenths_and_all_of_it_is_the_fullest():
    assert shades(SHARE, [0.0, 0.05, 0.1, 0.55, 0.95, 1.0, math.nan]) == ["q0", "q0", "q1", "q5", "q9", "q9", "qx"]


@pytest.mark.parametrize(("least", "most"), [(-3.0, 5.0), (20.0, 21.0)])
def test_any_other_metric_is_shaded_from_its_least_to_its_most(least: float, most: float):
    values = [least, least + 0.34 * (most - least), most, math.nan]
    assert shades(SCORE, values) == ["q0", "q3", "q9", "qx"]
    assert shades(SCORE, [least, least]) == ["q0", "q0"], "no spread, no shade"
