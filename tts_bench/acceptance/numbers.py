"""Every number of the table, taken again from the rows.

Not so a metric of a whole set of images, nor the points of a curve: the rows do not hold what those are made of. Of the
first the interval is taken again, from the metric's values without a group of images each.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tts_bench import metric_means
from tts_bench.errors import BadInput
from tts_bench.metrics.jackknife import limits_of
from tts_bench.per_prompt import by_prompt
from tts_bench.results import Metrics, Result
from tts_bench.stats import UNBOUNDED, Estimate, grouped_estimate
from tts_bench.suite import Suite

if TYPE_CHECKING:
    import pandas as pd

ROUNDING = 1e-9  # relative: other processors add in another order
SHARE = (0.0, 1.0)
HUGE = 1e100  # of a number in a row


def number_problems(result: Result, rows: pd.DataFrame, suite: Suite, file: str) -> Iterator[BadInput]:
    """`rows`, one a prompt, with a column for each of the result's metrics of images."""
    named = list(_metric_names(result, rows, suite, file))
    yield from named
    used = [metric for metric in suite.metrics if metric.name in result.of_prompts]
    of_sets = {name: again for name in result.left_out if (again := _of_set(result, name, suite)) is not None}
    whole = {**metric_means.estimates(used, rows), **of_sets}
    yield from _differences(result.metrics, whole, "metrics", file)
    again = metric_means.groups(used, rows)
    for kind in ("category", "split"):
        for group in dict.fromkeys([*again[kind], *result.groups[kind]]):
            told = result.groups[kind].get(group, {})
            yield from _differences(told, again[kind].get(group, {}), f"groups.{kind}.{group!a}", file)


def range_problems(result: Result, rows: pd.DataFrame, suite: Suite, file: str) -> Iterator[BadInput]:
    """A share lies in 0 to 1, in the rows, on the curve and over the whole set; NFE and diversity where they can be."""
    limits = {metric.name: SHARE if metric.percent else UNBOUNDED for metric in suite.metrics}
    limits |= {"diversity": SHARE, "nfe": (0.0, math.inf)}
    for name in [name for name in limits if name in rows.columns]:
        yield from _outside(f"column {name}", [float(v) for v in rows[name] if not math.isnan(v)], limits[name], file)
    limits |= {metric.name: limits_of(metric.made) for metric in suite.set_metrics}
    told = [("metrics", result.metrics), *((f"curve.{p.candidates}", p.metrics) for p in result.curve)]
    for place, metrics in told:
        for name, estimate in metrics.items():
            ends = [v for v in (estimate.value, estimate.low, estimate.high) if v is not None]
            yield from _outside(f"{place}.{name}", ends, limits.get(name, UNBOUNDED), file)
    for name, values in result.left_out.items():
        yield from _outside(f"left_out.{name}", list(values), limits.get(name, UNBOUNDED), file)


def huge_problems(table: pd.DataFrame, file: str) -> Iterator[BadInput]:
    """No number is so large that sums and squares of them could be none."""
    for name, column in table.select_dtypes("number").items():
        odd = [value for value in column if abs(value) > HUGE]
        if odd:
            yield BadInput.at(file, f"column {name}", odd[0], f"must lie in {-HUGE:g} to {HUGE:g}; evaluate again")


def image_problems(images: pd.DataFrame, rows: pd.DataFrame, result: Result, file: str) -> Iterator[BadInput]:
    """Rows of prompts are the means of those of their images."""
    again = by_prompt(images, result.of_prompts, result.suite.images)
    for name in [name for name in rows.columns if name in again.columns]:
        for place, (told, found) in enumerate(zip(rows[name], again[name], strict=True)):
            same = told == found if isinstance(told, str) else _close(told, found)
            if not same:
                fix = f"row {place} must be {found!a}, from the rows of its images; evaluate again"
                yield BadInput.at(file, f"column {name}", told, fix)
                break


def _metric_names(result: Result, rows: pd.DataFrame, suite: Suite, file: str) -> Iterator[BadInput]:
    """The card's metrics, of which only the optional may be left out, and no others."""
    of_images = {metric.name: metric for metric in suite.metrics}
    of_sets = {metric.name: metric for metric in suite.set_metrics}
    for name in result.metrics:
        known = of_sets if name in result.left_out else of_images
        if name not in known:
            yield BadInput.at(file, f"metrics.{name}", name, "is no metric of the suite's card; remove it")
    categories = set(rows["category"])
    judged = [m for m in suite.metrics if not m.optional and any(m.judge(category) for category in categories)]
    for name in [*(m.name for m in judged), *(m.name for m in suite.set_metrics if not m.optional)]:
        if name not in result.metrics:
            yield BadInput.at(file, "metrics", sorted(result.metrics), f"lacks the suite's {name}; evaluate again")


def _of_set(result: Result, name: str, suite: Suite) -> Estimate | None:
    """With the interval that follows from what the metric is without a group of images each."""
    card = next((metric for metric in suite.set_metrics if metric.name == name), None)
    told = result.metrics[name]
    if card is None or told.value is None:
        return None
    return grouped_estimate(result.pseudo_values(name), result.suite.n).within(limits_of(card.made))


def _differences(told: Metrics, again: Mapping[str, Estimate], place: str, file: str) -> Iterator[BadInput]:
    for name in sorted(set(told) ^ set(again)):
        what = "does not follow from the rows; remove it" if name in told else "follows from the rows and is missing"
        yield BadInput.at(file, f"{place}.{name}", name, f"{what}, or evaluate again")
    for name in sorted(set(told) & set(again)):
        for part, value in told[name].as_json().items():
            found = again[name].as_json()[part]
            if not _close(value, found):
                yield BadInput.at(file, f"{place}.{name}.{part}", value, f"the rows give {found!r}; evaluate again")


def _outside(place: str, values: list[float], limits: tuple[float, float], file: str) -> Iterator[BadInput]:
    least, most = limits
    odd = [value for value in values if not least - ROUNDING <= value <= most + ROUNDING]
    if odd:
        yield BadInput.at(file, place, odd[0], f"must lie in {least:g} to {most:g}; evaluate again")


def _close(told: float | None, found: float | None) -> bool:
    """None and NaN are the same absence."""
    absent = [value is None or math.isnan(value) for value in (told, found)]
    if any(absent) or told is None or found is None:
        return all(absent)
    return math.isclose(told, found, rel_tol=ROUNDING, abs_tol=ROUNDING)
