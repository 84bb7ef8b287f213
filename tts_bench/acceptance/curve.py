"""A result's curve: that it is there where the search has one, at which places and prices, and what it can say.

Its points are means over subsets of all candidates, of which the rows hold the pick alone. The last is of all of them,
and so the result's own mean, but for ties: there the curve takes the mean of those that tie, and a pick is one of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tts_bench.best_of_k import budgets
from tts_bench.errors import BadInput
from tts_bench.protocols import is_over_set
from tts_bench.registry import SCORERS, SEARCHES
from tts_bench.result_parts import CurvePoint
from tts_bench.results import Result
from tts_bench.suite import Suite

if TYPE_CHECKING:
    import pandas as pd

ROUNDING = 1e-9  # relative
MANY = 100  # picks of which no two have the same value of the verifier: it has too many values for candidates to tie


def curve_problems(
    result: Result, images: pd.DataFrame, suite: Suite, candidates: int, charged: int | None, file: str
) -> Iterator[BadInput]:
    """`candidates` of a search at random, 0 where unknown; `charged` for all of them, None where unknown."""
    found = [point.candidates for point in result.curve]
    wanted = budgets(candidates or max(found, default=1))
    if not _has_curve(result, suite):
        if found:
            yield BadInput.at(file, "curve", found, "is of no suite or search that has one; remove it")
        return
    if found != wanted:
        yield BadInput.at(file, "curve", found, f"must be at {wanted} candidates; evaluate again")
        return
    for point in result.curve:
        price = None if charged is None else charged * point.candidates / max(found)
        if price is not None and not _close(point.nfe, price):
            yield BadInput.at(file, f"curve.{point.candidates}.nfe", point.nfe, f"must be {price!r}")
        yield from _point(point, result, file)
    yield from _last(result, images, suite, file)


def _has_curve(result: Result, suite: Suite) -> bool:
    """As `Entry.has_curve`: candidates that are themselves final images, and are judged each by itself."""
    recipe: Mapping[str, Any] = result.recipe
    grids: Mapping[str, Any] = result.cards["grids"]  # type: ignore[assignment]  looked at before
    exchangeable = getattr(SEARCHES.load(recipe["search"]["name"]), "exchangeable", False)
    over_set = any(is_over_set(SCORERS.load(name)) for name in _guides(recipe) if name in SCORERS.targets)
    return suite.curve and exchangeable and grids["search"] == grids["final"] and not over_set


def _point(point: CurvePoint, result: Result, file: str) -> Iterator[BadInput]:
    """Every metric of prompts, of as many prompts as the result's, its value within its interval."""
    place = f"curve.{point.candidates}"
    for name in sorted(set(point.metrics) ^ set(result.of_prompts)):
        fix = "is no metric of this result; remove it" if name in point.metrics else "is missing; evaluate again"
        yield BadInput.at(file, place, name, fix)
    for name in sorted(set(point.metrics) & set(result.of_prompts)):
        told, whole = point.metrics[name], result.metrics[name]
        if told.n + told.unscored != whole.n + whole.unscored:
            fix = f"n and unscored must add up to {whole.n + whole.unscored}, as in metrics.{name}; evaluate again"
            yield BadInput.at(file, f"{place}.{name}", told.n + told.unscored, fix)
        if told.value is not None and told.low is not None and told.high is not None:
            reach = ROUNDING * max(1.0, abs(told.value))
            if not told.low - reach <= told.value <= told.high + reach:
                fix = f"must lie in its interval, {told.low!r} to {told.high!r}; evaluate again"
                yield BadInput.at(file, f"{place}.{name}", told.value, fix)


def _last(result: Result, images: pd.DataFrame, suite: Suite, file: str) -> Iterator[BadInput]:
    """Of all candidates: the result's own number, wherever ties can be no matter."""
    point = result.curve[-1]
    for name in [name for name in result.of_prompts if name in point.metrics and _settled(name, result, images, suite)]:
        told, whole = point.metrics[name].as_json(), result.metrics[name].as_json()
        for part in [part for part in told if not _close(told[part], whole[part])]:
            fix = f"must be {whole[part]!r}, as in metrics.{name}: it is of all candidates; evaluate again"
            yield BadInput.at(file, f"curve.{point.candidates}.{name}.{part}", told[part], fix)


def _settled(name: str, result: Result, images: pd.DataFrame, suite: Suite) -> bool:
    """Candidates that tie have the same number of this metric, since it is the verifier's; or no two ever tie."""
    guides, values = _guides(result.recipe), images["verifier"].to_numpy()
    if len(guides) != 1:  # ranks tie
        return False
    judges = next((metric.scorers for metric in suite.metrics if metric.name == name), ())
    if tuple(judges) == tuple(guides) and np.array_equal(values, images[name].to_numpy(), equal_nan=True):
        return True
    return len(values) >= MANY and len(np.unique(values[np.isfinite(values)])) == len(values)


def _guides(recipe: Mapping[str, Any]) -> Sequence[str]:
    return recipe["verifier"]["scorers"] if recipe["verifier"] else ()


def _close(told: float | None, found: float | None) -> bool:
    if told is None or found is None:
        return told is found
    return math.isclose(told, found, rel_tol=ROUNDING, abs_tol=ROUNDING)
