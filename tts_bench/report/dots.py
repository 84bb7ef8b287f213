"""Where dots of nearly one NFE are drawn: side by side, so that no interval lies over another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mode

from tts_bench.report.spread import spread

NEAR, STEP = 0.07, 0.17  # doublings of NFE: what one tick stands for, and from one dot to the next
CLEAR = 0.6  # doublings between the tick of such dots and the next one
STILL = 1e-9  # doublings: what rounding moves


def side_by_side(nfe: Sequence[float]) -> list[float]:
    """Places for dots on an axis in doublings, a step apart or more and as near to their NFE as can be.

    They stand in the order of their NFE, and equal ones in the order given; a dot with none near it stays. No NFE,
    which such an axis cannot show, stays too.
    """
    shown = [i for i, x in enumerate(nfe) if x > 0]
    targets, places = [math.log2(nfe[i]) for i in shown], list(nfe)
    for i, target, place in zip(shown, targets, spread(targets, STEP, -math.inf, math.inf), strict=True):
        places[i] = nfe[i] if abs(place - target) < STILL else 2**place
    return places


def with_centres(ticks: Sequence[float], nfe: Sequence[float]) -> list[float]:
    """The ticks with one at the true NFE of dots that were moved, in place of those too near to it."""
    centres = [mode(nfe[i] for i in group) for group in _groups(nfe)]
    kept = [tick for tick in ticks if all(abs(math.log2(tick / centre)) >= CLEAR for centre in centres)]
    return sorted([*kept, *centres])


def _groups(nfe: Sequence[float]) -> list[list[int]]:
    """Of two dots or more within 5 % of the next, each in the order of their NFE."""
    groups: list[list[int]] = []
    for i in sorted((i for i, x in enumerate(nfe) if x > 0), key=lambda i: nfe[i]):
        if groups and math.log2(nfe[i] / nfe[groups[-1][-1]]) < NEAR:
            groups[-1].append(i)
        else:
            groups.append([i])
    return [group for group in groups if len(group) > 1]
