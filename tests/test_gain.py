"""The interval of a gain: Bonett and Price's by hand, what it falls back to, and coverage where few prompts changed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks import coverage as simulation
from tests.interval import interval
from tts_bench import gain
from tts_bench.gain import gain_estimate
from tts_bench.stats import Estimate


def changes(won: int, lost: int, n: int) -> np.ndarray:
    return np.array([1.0] * won + [-1.0] * lost + [0.0] * (n - won - lost))


def ends(found: Estimate) -> tuple[float, float]:
    assert found.low is not None and found.high is not None
    return found.low, found.high


def test_it_is_bonett_and_price_s() -> None:
    """n = 21 pairs, 1 won and 7 lost: p = 2 / 23, q = 8 / 23."""
    found = gain_estimate([changes(1, 7, 21)], share=True)
    half = 1.959963985 * math.sqrt((10 / 23 - (6 / 23) ** 2) / 23)
    assert found.value == pytest.approx(-6 / 21) and (found.n, found.unscored) == (21, 0)
    assert ends(found) == pytest.approx((-6 / 23 - half, -6 / 23 + half))
    assert ends(found) == pytest.approx((-0.5084, -0.0134), abs=1e-4)


def test_of_strata_it_is_put_together_end_by_end() -> None:
    parts, distances = [changes(3, 1, 12), changes(0, 2, 30)], []
    for part in parts:
        n, won, lost = part.size + 1, (part > 0).sum() + 0.5, (part < 0).sum() + 0.5
        middle, half = (won - lost) / n, 1.959963985 * math.sqrt(((won + lost) / n - ((won - lost) / n) ** 2) / n)
        distances.append((part.mean() - (middle - half), middle + half - part.mean()))
    below, above = (math.hypot(*of_end) / 2 for of_end in zip(*distances, strict=True))
    found, value = gain_estimate(parts, share=True), (2 / 12 - 2 / 30) / 2
    assert found.value == pytest.approx(value) and ends(found) == pytest.approx((value - below, value + above))


def test_what_did_not_change_has_a_width_all_the_same_and_is_no_better() -> None:
    found = gain_estimate([np.zeros(252)], share=True)
    assert found.side == 0 and ends(found) == pytest.approx((-0.0109, 0.0109), abs=1e-4)
    assert gain_estimate([np.zeros(252)]) == Estimate(0.0, 0.0, 0.0, 252, 0), "of a score it has none"


def test_other_differences_have_the_interval_of_a_mean_and_a_share_s_stay_within_one() -> None:
    values = np.random.default_rng(3).exponential(size=60) - 0.7
    assert ends(gain_estimate([values, values[:20]])) == pytest.approx(interval([values, values[:20]]))
    wide = np.array([-0.99, -0.99, 0.5, -1.0])
    assert ends(gain_estimate([wide], share=True))[0] == -1.0 > ends(gain_estimate([wide]))[0]
    assert gain_estimate([changes(0, 2, 14)]) != gain_estimate([changes(0, 2, 14)], share=True), "of no share"


def test_what_is_missing() -> None:
    part = np.array([1.0, np.nan, 0.0, 0.0])
    found = gain_estimate([part], share=True)
    assert (found.n, found.unscored, found.value) == (3, 1, pytest.approx(1 / 3))
    assert gain_estimate([part, np.array([np.nan])], share=True) == Estimate(None, None, None, 0, 5)
    assert gain_estimate([part, np.array([1.0])], share=True).low is None
    assert gain_estimate([], share=True).value is None


# --- coverage

RARE = ("gain in a share: 0.05 won, 0 lost", "gain in a share: 0.05 won, 0.05 lost", "macro, gain in a share")


def covered(name: str, n: int) -> float:
    [population] = [each for each in simulation.made_up() if each.name == name]
    return 1 - sum(simulation.misses(population, n, 2000, 0)) / 2000


@pytest.mark.parametrize("n", [50, 200])
@pytest.mark.parametrize("name", RARE)
def test_it_holds_where_few_prompts_changed(name: str, n: int) -> None:
    """Two standard errors of 2,000 draws are 1 point."""
    assert covered(name, n) >= 0.94


def test_the_check_catches_an_interval_that_adds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = gain._bonett_price
    monkeypatch.setattr(gain, "_bonett_price", lambda won, lost, n, added, level: whole(won, lost, n, 1e-9, level))
    assert covered(RARE[0], 50) < 0.93
