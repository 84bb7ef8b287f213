"""Two sides for the tests of comparisons: results made up, of numbers that the test gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tests.fake_results import CATEGORIES, fake_result
from tts_bench.comparing.pairing import Side
from tts_bench.comparing.pairs import Evaluated, Pairs
from tts_bench.report.board import MetricInfo
from tts_bench.stats import Estimate

ACCURACY = MetricInfo("accuracy", "share right", True, True, ("checker",))
APPEAL = MetricInfo("appeal", "appeal of the image", False, False, ("appeal",))
FID = MetricInfo("fid", "distance", False, False, ("network",), lower=True, of_set=True)
METRICS = {"shapes": [ACCURACY, APPEAL]}


def evaluated(name: str = "none", n: int = 84, changes: Mapping[str, Any] | None = None, **numbers: Any) -> Evaluated:
    """A result of the suite shapes; `numbers` a metric take the place of its own, NaN is unscored; `changes` of it."""
    result, rows = fake_result(name, n=n)
    result = replace(result, metrics={metric.name: result.metrics[metric.name] for metric in (ACCURACY, APPEAL)})
    rows = rows.assign(**{metric: np.broadcast_to(np.asarray(values, float), n) for metric, values in numbers.items()})
    return Evaluated(replace(result, **(changes or {})), rows)


def of_set(side: Evaluated, metric: str, groups: Sequence[float]) -> Evaluated:
    """With a number of the whole set, whose pseudo-values are `groups`."""
    values = np.asarray(groups, dtype=float)
    left_out = values.mean() - (values - values.mean()) / (values.size - 1)
    estimate = Estimate(float(values.mean()), None, None, side.result.suite.n, 0)
    metrics = {**side.result.metrics, metric: estimate}
    return replace(side, result=replace(side.result, metrics=metrics, left_out={metric: left_out.tolist()}))


def side(label: str, *results: Evaluated) -> Side:
    return Side(label, {"shapes": {each.result.name: each for each in results}})


def pairs(head: Any, base: Any = 0.0, metric: MetricInfo = APPEAL, categories: Sequence[str] = ()) -> Pairs:
    first = np.asarray(head, dtype=float)
    of = categories or [CATEGORIES[i % len(CATEGORIES)] for i in range(first.size)]
    return Pairs(metric, np.broadcast_to(np.asarray(base, float), first.shape), first, of, first.size)
