"""What a search may be told, at its worst: each script gives an outcome a value, by its key, level and real value."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tts_bench.testing.spy import Script
from tts_bench.types import Key, Outcome

HUGE, TINY = 1e300, 5e-324


def chance(key: Key) -> float:
    """A number in [0, 1) that follows from a key, and not from its order among others."""
    return int(key[-12:], 16) / 2**48


def real(outcome: Outcome) -> float:
    return outcome.value or 0.0


def _gaps(outcome: Outcome) -> float | None:
    """A number for one in three; None, NaN and infinities for the others."""
    place = chance(outcome.key)
    return real(outcome) if place < 1 / 3 else (None, math.nan, math.inf, -math.inf)[int(place * 1200) % 4]


def _rare(outcome: Outcome) -> float | None:
    """A number below zero for one finished candidate in five and no other state; beside it NaN."""
    return -1 - chance(outcome.key) if outcome.level == 0.0 and chance(outcome.key) < 0.2 else math.nan


WITHOUT_NUMBERS: Mapping[str, Script] = {
    "never a number": lambda outcome: None,
    "always NaN": lambda outcome: math.nan,
    "infinite": lambda outcome: math.inf if chance(outcome.key) < 0.5 else -math.inf,
}
WITH_GAPS: Mapping[str, Script] = {
    "a number for some": _gaps,
    "a number for few finished candidates": _rare,
    "no number before the end": lambda outcome: None if outcome.level > 0.0 else real(outcome),
    "no number at the end": lambda outcome: None if outcome.level == 0.0 else real(outcome),
}
WITH_TIES: Mapping[str, Script] = {
    "constant": lambda outcome: 1.0,
    "constant zero": lambda outcome: 0.0 if chance(outcome.key) < 0.5 else -0.0,
    "two values": lambda outcome: float(chance(outcome.key) < 0.5),
}
HOSTILE: Mapping[str, Script] = {
    "falls when finished": lambda outcome: real(outcome) + (1000.0 if outcome.level > 0.0 else 0.0),
    "reverses when finished": lambda outcome: real(outcome) * (1.0 if outcome.level > 0.0 else -1.0),
    "rises when finished": lambda outcome: real(outcome) - HUGE * (outcome.level > 0.0),
    "huge, of either sign": lambda outcome: HUGE if chance(outcome.key) < 0.5 else -HUGE,
    "the largest there is": lambda outcome: math.copysign(1.7976931348623157e308, chance(outcome.key) - 0.5),
    "tiny": lambda outcome: TINY * round(3 * chance(outcome.key)),
    "all below zero": lambda outcome: real(outcome) - 1e6,
}
