"""The ranks of a board: which numbers of which submissions are compared, in one order of prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tts_bench import keys
from tts_bench.board_rows import numbers, texts
from tts_bench.errors import BadInput
from tts_bench.ranks import Rank, ranks
from tts_bench.results import Result

if TYPE_CHECKING:
    from tts_bench.board_rows import Rows
    from tts_bench.report.board import MetricInfo


def places_of(results: Sequence[Result], rows: Mapping[str, Rows], metric: MetricInfo) -> list[Rank]:
    """Of results under one protocol that compete in `metric`, by name in `rows`; the same seed for all of a suite.

    Prompts are resampled as the metric's interval does it: within each category where it is the mean of theirs. Of a
    number of the whole set it is the groups of images. BadInput where two are not of the same prompts.
    """
    sign, seed = -1 if metric.lower else 1, keys.seed("gain", results[0].suite.seed)
    if metric.of_set:
        values = np.stack([sign * result.pseudo_values(metric.name) for result in results], axis=-1)
        return ranks([values], seed, of_set=True)
    name = min(result.name for result in results)
    first = rows[name]
    columns = [numbers(in_order(rows[r.name], first, r.name, name), metric.name) for r in results]
    values = sign * np.stack(columns, axis=-1)
    return ranks([values[stratum] for stratum in metric.strata(texts(first, "category"))], seed, share=metric.percent)


def in_order(rows: Rows, others: Rows, name: str, other: str) -> Rows:
    """The rows of `name` in the order of those of `other`, whose prompts are the same; else BadInput."""
    if rows["prompt_id"].equals(others["prompt_id"]):
        return rows
    own, wanted = texts(rows, "prompt_id"), texts(others, "prompt_id")
    if set(own) != set(wanted):
        raise BadInput.at(name, "prompt_id", len(own), f"are not the prompts of {other}; evaluate again")
    places = {prompt: place for place, prompt in enumerate(own)}
    return _Ordered(rows, np.array([places[prompt] for prompt in wanted]))


@dataclass(frozen=True)
class _Ordered:
    rows: Rows
    places: np.ndarray

    def __getitem__(self, name: str) -> np.ndarray:
        return np.asarray(self.rows[name])[self.places]
