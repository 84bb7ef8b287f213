"""How long to wait before asking again: what the server asks for, else twice as long each time; with jitter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import numpy as np

FIRST, LONGEST = 0.5, 30.0  # seconds
MOST = 120.0  # a server that wants more is better asked by a later run


def asked_wait(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that the headers ask for (retry-after-ms; Retry-After as seconds or as an HTTP date), None if unsaid."""
    milliseconds = _seconds(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after", "")
    seconds = _seconds(text)
    if seconds is not None or not text:
        return seconds
    try:
        date = parsedate_to_datetime(text)
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def wait(failures: int, asked: float | None, rng: np.random.Generator) -> float:
    """Seconds after the `failures`-th failure (from 1) in a row: never less than asked for."""
    jitter = float(rng.random())
    if asked is not None:
        return asked + jitter * FIRST / 2
    return min(LONGEST, FIRST * 2.0 ** (failures - 1)) * (0.5 + jitter)


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
