"""The ranks of a board: which numbers of which submissions are compared, in one order of prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.ranks import Rank, ranks
from tts_bench.results import Result

if TYPE_CHECKING:
    import pandas

    from tts_bench.report.board import MetricInfo
    from tts_bench.stats import Estimate


def places_of(
    results: Sequence[Result],
    rows: Mapping[str, pandas.DataFrame],
    metric: MetricInfo,
    gains: Sequence[Estimate | None],
) -> list[Rank]:
    """Of results under one protocol that compete in `metric`, by name in `rows`; the same seed for all of a suite.
    What is better or worse than the baseline, which has no gain, is what its gain says.

    Prompts are resampled as the metric's interval does it: within each category where it is the mean of theirs. Of a
    number of the whole set it is the groups of images. BadInput where two are not of the same prompts.
    """
    sign, seed = -1 if metric.lower else 1, keys.seed("gain", results[0].suite.seed)
    baseline = [place for place, gain in enumerate(gains) if gain is None]
    sides = [metric.side(gain) if gain else 0 for gain in gains]
    known = (baseline[0], sides) if len(baseline) == 1 else None
    if metric.of_set:
        values = np.stack([sign * result.pseudo_values(metric.name) for result in results], axis=-1)
        return ranks([values], seed, of_set=True, known=known)
    name = min(result.name for result in results)
    first = rows[name]
    columns = [in_order(rows[r.name], first, r.name, name)[metric.name].to_numpy(dtype=np.float64) for r in results]
    values = sign * np.stack(columns, axis=-1)
    return ranks([values[stratum] for stratum in metric.strata(first["category"].tolist())], seed, known=known)


def in_order(rows: pandas.DataFrame, others: pandas.DataFrame, name: str, other: str) -> pandas.DataFrame:
    """The rows of `name` in the order of those of `other`, whose prompts are the same; else BadInput."""
    if rows["prompt_id"].equals(others["prompt_id"]):
        return rows
    own = rows.set_index("prompt_id", drop=False)
    if set(own.index) != set(others["prompt_id"]):
        raise BadInput.at(name, "prompt_id", len(own), f"are not the prompts of {other}; evaluate again")
    return own.reindex(others["prompt_id"])
