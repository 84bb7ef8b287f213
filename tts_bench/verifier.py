"""From scorers' numbers to the one value that guides a search."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tts_bench.types import Key


def combine(rule: str, raw: Mapping[Key, Sequence[float | None]]) -> dict[Key, float | None]:
    """The verifier's value of every candidate of one prompt, from each scorer's number for it.

    "single" is the number itself. "rank" is the paper's ensemble: the unweighted mean of the candidate's ranks under
    each scorer (Ma et al. 2025, section 3.2), the worst candidate ranking 1. The paper states no rule for ties; equal
    numbers share their mean rank, so that no order of candidates matters. A candidate that a scorer gave no finite
    number has no value.
    """
    if rule == "single":
        return {key: numbers[0] if numbers else None for key, numbers in raw.items()}
    scored = {key: [n for n in numbers if n is not None] for key, numbers in raw.items() if _whole(numbers)}
    columns = [mean_ranks([numbers[i] for numbers in scored.values()]) for i in range(_width(scored))]
    values: dict[Key, float | None] = dict.fromkeys(raw)
    for row, key in enumerate(scored):
        values[key] = math.fsum(column[row] for column in columns) / len(columns)
    return values


def mean_ranks(numbers: Sequence[float]) -> list[float]:
    """Ranks 1 (lowest) to n; equal numbers share the mean of their ranks."""
    ordered = sorted(numbers)
    first = {number: i for i, number in reversed(list(enumerate(ordered)))}
    last = {number: i for i, number in enumerate(ordered)}
    return [(first[number] + last[number]) / 2 + 1 for number in numbers]


def _whole(numbers: Sequence[float | None]) -> bool:
    return bool(numbers) and all(number is not None and math.isfinite(number) for number in numbers)


def _width(scored: Mapping[Key, Sequence[float]]) -> int:
    return len(next(iter(scored.values()))) if scored else 0
