"""A metric of a whole set of images, as far as its values without a group of them each say what it can be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tts_bench.errors import BadInput
from tts_bench.metrics.jackknife import GROUPS, limits_of
from tts_bench.results import Result
from tts_bench.stats import UNBOUNDED
from tts_bench.suite import Suite

ROUNDING = 1e-9  # relative


def set_problems(result: Result, suite: Suite, file: str) -> Iterator[BadInput]:
    """So many groups, that differ, and the value of all images near theirs."""
    limits = {metric.name: limits_of(metric.made) for metric in suite.set_metrics}
    wanted = min(GROUPS, result.suite.n)
    for name, values in result.left_out.items():
        if len(values) != wanted:
            yield BadInput.at(file, f"left_out.{name}", len(values), f"must be {wanted} values, one a group of images")
        elif (value := result.metrics[name].value) is not None:
            yield from _near(name, value, values, limits.get(name, UNBOUNDED), file)


def _near(
    name: str, value: float, values: Sequence[float], limits: tuple[float, float], file: str
) -> Iterator[BadInput]:
    """The bias of a number of n images, about c / n, is GROUPS - 1 times what a group left out adds to it.

    It may thus lie outside the range of `values`, but by more than GROUPS times that range only where the bias is
    hundreds of standard errors. Only at a limit, a share of 0 or 1, can leaving images out change nothing at all.
    """
    least, most = min(values), max(values)
    if _close(least, most):
        if not (_close(value, least) and any(_close(value, limit) for limit in limits)):
            fix = "is the same whatever images are left out, as no number of images is; evaluate again"
            yield BadInput.at(file, f"left_out.{name}", least, fix)
        return
    reach = GROUPS * (most - least)
    if not least - reach <= value <= most + reach:
        fix = f"is too far from its values without some of the images, {least!r} to {most!r}; evaluate again"
        yield BadInput.at(file, f"metrics.{name}.value", value, fix)


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=ROUNDING, abs_tol=ROUNDING)
