"""The diversity of a pool, against a loop over its pairs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from tts_bench.diversity import mean_distance


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_mean_over_pairs_of_the_root_mean_square_difference(seed: int) -> None:
    images = np.random.default_rng(seed).integers(0, 256, (7, 8, 8, 3), dtype=np.uint8)
    pairs = [np.sqrt(np.mean((a / 255.0 - b / 255.0) ** 2)) for a, b in combinations(images, 2)]
    assert mean_distance(list(images)) == pytest.approx(np.mean(pairs), rel=1e-12)


def test_the_same_image_over_again_has_none_and_black_and_white_have_it_all() -> None:
    black, white = np.zeros((4, 4, 3), dtype=np.uint8), np.full((4, 4, 3), 255, dtype=np.uint8)
    assert mean_distance([white, white, white]) == 0.0
    assert mean_distance([black, white]) == 1.0
