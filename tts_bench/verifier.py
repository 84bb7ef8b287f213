"""From scorers' numbers to the one value that guides a search."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from tts_bench.types import Key

Column = Sequence[float]  # one scorer's numbers for the candidates that every scorer gave one


def combine(
    rule: str, raw: Mapping[Key, Sequence[float | None]], weights: Sequence[float] = ()
) -> dict[Key, float | None]:
    """The verifier's value of every candidate of one prompt, from each scorer's number for it, by a rule of `RULES`.

    "single" is the number itself. "rank" is the paper's ensemble: the mean of the candidate's ranks under each scorer
    (Ma et al. 2025, section 3.2), the worst candidate ranking 1. The paper states no rule for ties; equal numbers share
    their mean rank, so that no order of candidates matters. "zscore" is the mean of (number - mean) / standard
    deviation (the population's, over the same candidates). "sum" adds the numbers themselves.

    `weights`, one a scorer and equal where none are given, make the means weighted (divided by the sum of |weight|)
    and multiply the terms of the sum; a negative one says that less of that number is better. A candidate that a scorer
    gave no finite number has no value and takes no rank, and what is no finite number in the end is no value either.
    Raises KeyError for another rule.
    """
    values: dict[Key, float | None] = dict.fromkeys(raw)
    scored = {key: [n for n in numbers if n is not None] for key, numbers in raw.items() if _whole(numbers)}
    columns = [RULES[rule](column) for column in zip(*scored.values(), strict=True)]
    shares = [float(weight) for weight in weights] or [1.0] * len(columns)
    whole = math.fsum(map(abs, shares)) if rule in MEANS else 1.0
    for key, row in zip(scored, zip(*columns, strict=True), strict=True):
        values[key] = _total(shares, row, whole)
    return values


def mean_ranks(numbers: Column) -> list[float]:
    """Ranks 1 (lowest) to n; equal numbers share the mean of their ranks."""
    ordered = sorted(numbers)
    first = {number: i for i, number in reversed(list(enumerate(ordered)))}
    last = {number: i for i, number in enumerate(ordered)}
    return [(first[number] + last[number]) / 2 + 1 for number in numbers]


def z_scores(numbers: Column) -> list[float]:
    """(number - mean) / population standard deviation; 0 for all where they are equal."""
    exponent = math.frexp(max(map(abs, numbers)))[1]
    scaled = [math.ldexp(number, -exponent) for number in numbers]  # exact, so that no square can overflow
    least = min(scaled)
    above = [number - least for number in scaled]  # equal numbers are 0 exactly, whatever their mean rounds to
    mean = math.fsum(above) / len(above)
    deviation = math.sqrt(math.fsum((number - mean) ** 2 for number in above) / len(above))
    return [(number - mean) / deviation if deviation else 0.0 for number in above]


RULES: Mapping[str, Callable[[Column], Column]] = {
    "single": lambda numbers: numbers,
    "rank": mean_ranks,
    "zscore": z_scores,
    "sum": lambda numbers: numbers,
}
MEANS = ("rank", "zscore")


def _whole(numbers: Sequence[float | None]) -> bool:
    return bool(numbers) and all(number is not None and math.isfinite(number) for number in numbers)


def _total(shares: Sequence[float], row: Column, whole: float) -> float | None:
    terms = [share * number for share, number in zip(shares, row, strict=True)]
    if not all(map(math.isfinite, terms)):
        return None
    try:
        return math.fsum(terms) / whole
    except OverflowError:
        return None
