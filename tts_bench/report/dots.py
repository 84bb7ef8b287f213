"""Where dots of one NFE are drawn: side by side, so that no interval lies over another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mode

NEAR, STEP = 0.07, 0.17  # doublings of NFE: what counts as equal, and from one dot to the next
CLEAR = 0.6  # doublings between the tick of such dots and the next one


def side_by_side(nfe: Sequence[float]) -> list[float]:
    """Places for dots, in their order, on an axis in doublings: those within 5 % of the next are spread around the NFE
    that most of them have, a dot alone stays. No NFE, which such an axis cannot show, stays too."""
    places = list(nfe)
    for group in _groups(nfe):
        centre = mode(nfe[i] for i in group)
        for place, i in enumerate(group):
            places[i] = centre * 2 ** (STEP * (place - (len(group) - 1) / 2))
    return places


def with_centres(ticks: Sequence[float], nfe: Sequence[float]) -> list[float]:
    """The ticks with one at the true NFE of dots that were moved, in place of those too near to it."""
    centres = [mode(nfe[i] for i in group) for group in _groups(nfe)]
    kept = [tick for tick in ticks if all(abs(math.log2(tick / centre)) >= CLEAR for centre in centres)]
    return sorted([*kept, *centres])


def _groups(nfe: Sequence[float]) -> list[list[int]]:
    """Of two dots or more, each in the dots' order."""
    groups: list[list[int]] = []
    for i in sorted((i for i, x in enumerate(nfe) if x > 0), key=lambda i: nfe[i]):
        if groups and math.log2(nfe[i] / nfe[groups[-1][-1]]) < NEAR:
            groups[-1].append(i)
        else:
            groups.append([i])
    return [sorted(group) for group in groups if len(group) > 1]
