"""The control: uniform, and a fact about the key."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import stats

from tts_bench import keys
from tts_bench.scorers.chance import load
from tts_bench.types import Prompt

KEYS = [keys.digest(i) for i in range(2000)]
IMAGES = [np.zeros((32, 32, 3), np.uint8)] * len(KEYS)
PROMPTS = [Prompt(str(i), "a red circle") for i in range(len(KEYS))]


def scores(order: Sequence[int]) -> list[float]:
    found = load().score([IMAGES[i] for i in order], [PROMPTS[i] for i in order], [KEYS[i] for i in order])
    return [value["score"] for value in found if value["score"] is not None]


def check_control(score: Callable[[Sequence[int]], list[float]]) -> None:
    every = np.array(score(range(len(KEYS))))
    assert len(set(every)) == len(KEYS) and every.min() >= 0 and every.max() < 1
    assert stats.kstest(every, "uniform").pvalue > 1e-3
    backwards = np.array(score(range(len(KEYS))[::-1]))[::-1]
    assert (every == backwards).all()
    assert score([5]) == [every[5]]


def test_uniform_and_from_the_key_alone() -> None:
    check_control(scores)


@pytest.mark.parametrize(
    "broken",
    [
        lambda order: np.random.default_rng(0).random(len(order)).tolist(),
        lambda order: [0.5] * len(order),
        lambda order: [score**2 for score in scores(order)],
    ],
    ids=["by place", "constant", "not uniform"],
)
def test_a_broken_control_is_caught(broken: Callable[[Sequence[int]], list[float]]) -> None:
    with pytest.raises(AssertionError):
        check_control(broken)


def test_neither_image_nor_prompt_changes_it() -> None:
    [value] = load().score([np.full((64, 64, 3), 200, np.uint8)], [Prompt("other", "text")], [KEYS[7]])
    assert [value["score"]] == scores([7])
    assert load().outputs == ("score",) and load().card["scorer"] == "chance"
