"""The real digits as the package hands them out."""

from __future__ import annotations

import numpy as np

from tts_bench.digits.data import CLASSES, SIDE, digits, greys, halves, readable, to_image


def test_they_are_scikit_learn_s_own() -> None:
    from sklearn.datasets import load_digits

    images, labels = digits()
    raw = load_digits()
    assert images.shape == (1797, SIDE, SIDE) and (images.min(), images.max()) == (0, 1)
    assert np.array_equal(images * 16, raw.images) and np.array_equal(labels, raw.target)
    assert set(labels) == set(range(CLASSES))


def test_the_halves_share_no_image_and_leave_none_out() -> None:
    first, second = halves()
    assert sorted([*first, *second]) == list(range(1797))
    assert abs(len(first) - len(second)) == 1


def test_an_image_comes_back_to_within_a_rounding() -> None:
    images = digits()[0][:50]
    shown = to_image(images)
    assert shown.shape == (50, SIDE, SIDE, 3) and shown.dtype == np.uint8 and all(map(readable, shown))
    assert abs(greys(list(shown))[:, 0] - images).max() <= 0.5 / 255 + 1e-7
    coloured = np.array([[[3, 90, 250]]], np.uint8).repeat(SIDE, 0).repeat(SIDE, 1)
    assert abs(greys([coloured]) - 343 / 3 / 255).max() < 1e-6, "no channel is left out"
    assert not readable(np.zeros((9, 8, 3), np.uint8))
