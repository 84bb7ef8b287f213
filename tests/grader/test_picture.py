"""The picture that is sent: the image itself, or smaller, in its own shape."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from tests.grader.server import picture
from tts_bench.grader.picture import data_url, fit
from tts_bench.images import decode_png


def test_a_small_image_is_sent_as_it_is() -> None:
    image = picture(0, 40)
    assert fit(image, 40) is image
    head, _, body = data_url(image, 1024).partition(",")
    assert head == "data:image/png;base64"
    assert np.array_equal(decode_png(base64.b64decode(body), "sent"), image)


@pytest.mark.parametrize(
    ("size", "most", "expected"),
    [((100, 50), 10, (10, 5)), ((50, 100), 10, (5, 10)), ((1000, 3), 100, (100, 1)), ((33, 33), 32, (32, 32))],
)
def test_a_large_one_keeps_its_shape(size: tuple[int, int], most: int, expected: tuple[int, int]) -> None:
    ramp = np.linspace(0, 255, size[0])[:, None, None].repeat(size[1], 1).repeat(3, 2).astype(np.uint8)
    smaller = fit(ramp, most)
    assert smaller.shape == (*expected, 3) and smaller.dtype == np.uint8
    assert abs(float(smaller.mean()) - float(ramp.mean())) < 2, "Lanczos keeps the mean"
