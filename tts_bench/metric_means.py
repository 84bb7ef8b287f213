"""From rows, one a prompt, to a suite's metrics: means with intervals, of everything and of each category and split.

Nothing here makes or needs a scorer, so that whoever has the rows can take the numbers again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tts_bench.macro import macro_estimate
from tts_bench.metric_card import Metric
from tts_bench.stats import Estimate, Numbers, mean_estimate

if TYPE_CHECKING:
    import pandas as pd


def estimates(metrics: Sequence[Metric], rows: pd.DataFrame) -> dict[str, Estimate]:
    """Of every metric, the mean over rows, one a prompt, of those categories that it judges."""
    categories = list(rows["category"])
    there = [metric for metric in metrics if metric.name in rows]
    found = {m.name: estimate(m, rows[m.name].to_numpy(), categories) for m in there}
    return {name: each for name, each in found.items() if each is not None}


def estimate(metric: Metric, values: Numbers, categories: Sequence[str]) -> Estimate | None:
    """The mean of one number a prompt, by the prompts' categories; None where the metric judges none of them."""
    judged = [place for place, category in enumerate(categories) if metric.judge(category) is not None]
    if not judged:
        return None
    kept, of = np.asarray(values, dtype=np.float64)[judged], [categories[place] for place in judged]
    if metric.macro and len(set(of)) > 1:
        return macro_estimate(kept, of, share=metric.percent)
    return mean_estimate(kept, share=metric.percent)


def groups(metrics: Sequence[Metric], rows: pd.DataFrame) -> dict[str, dict[str, dict[str, Estimate]]]:
    """Every metric within each category and split, in the suite's order."""
    return {by: _group(metrics, rows, by, dict.fromkeys(rows[by])) for by in ("category", "split")}


def _group(
    metrics: Sequence[Metric], rows: pd.DataFrame, by: str, names: Iterable[str]
) -> dict[str, dict[str, Estimate]]:
    return {name: estimates(metrics, rows.loc[rows[by] == name]) for name in names if name}
