"""The rule, against its own words: which drops does the interval hold?"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tts_bench.comparing.verdict import judge
from tts_bench.stats import Estimate

ENDS = [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2]


def by_words(low: float, high: float, least: float) -> str:
    """Every change within the interval, one by one."""
    inside = np.unique(np.round([*np.linspace(low, high, 1001), low, high], 9))
    drops = -inside[inside < 0]
    if not (drops >= least).any():
        return "pass"
    return "regressed" if drops.size == inside.size else "cannot tell"


@pytest.mark.parametrize("least", [0.0, 0.1, 0.15, 0.25])
def test_the_verdict_is_what_the_interval_holds(least: float) -> None:
    for low, high in itertools.combinations_with_replacement(ENDS, 2):
        found = judge(Estimate((low + high) / 2, low, high, 84, 0), least)
        assert found == by_words(low, high, least), (low, high)


def test_no_interval_is_no_verdict() -> None:
    assert judge(Estimate(-1.0, None, None, 1, 0), 0.0) == "cannot tell"


def test_no_change_at_all_passes_whatever_is_asked() -> None:
    for least in (0.0, 1e-9, 1.0):
        assert judge(Estimate(0.0, 0.0, 0.0, 84, 0), least) == "pass"
