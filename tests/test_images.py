"""Images survive PNG bit for bit; the bytes are read the same by another decoder, and limits hold at their edge."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tts_bench import images
from tts_bench.errors import BadInput
from tts_bench.images import decode_png, encode_png


def random_image(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_an_image_comes_back_bit_for_bit(height: int, width: int, seed: int) -> None:
    image = random_image(height, width, seed)
    assert np.array_equal(decode_png(encode_png(image), "image"), image)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 9), st.booleans())
def test_what_another_encoder_writes_is_read_the_same(height: int, width: int, level: int, optimise: bool) -> None:
    image, buffer = random_image(height, width), io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=level, optimize=optimise)
    assert np.array_equal(decode_png(buffer.getvalue(), "image"), image)


def test_smooth_images_use_row_filters_and_come_back_too() -> None:
    slope = np.linspace(0, 255, 300).astype(np.uint8)
    image = np.stack(
        [np.tile(slope, (200, 1)), np.tile(slope[:200, None], (1, 300)), np.full((200, 300), 9, np.uint8)], 2
    )
    assert np.array_equal(decode_png(encode_png(image), "image"), image)


def test_encoding_is_a_function_of_the_pixels_alone() -> None:
    image = random_image(16, 9)
    flipped = np.asfortranarray(image[::-1])[::-1]
    assert encode_png(flipped) == encode_png(image)


def test_the_decoded_array_can_be_written_to() -> None:
    assert decode_png(encode_png(random_image(3, 3)), "image").flags.writeable


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 3)), np.zeros((4, 4, 3), np.int8), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros((1, 8193, 3), np.uint8),
    ],
)  # fmt: skip
def test_only_images_are_encoded(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="image"):
        encode_png(image)


@pytest.mark.parametrize(
    ("side", "pixels", "fits"), [(20, 300, True), (19, 300, False), (20, 299, False), (20, 300.5, True)]
)
def test_limits_hold_at_their_edge(side: int, pixels: float, fits: bool) -> None:
    data = encode_png(random_image(15, 20))
    if fits:
        assert decode_png(data, "image", max_side=side, max_pixels=pixels).shape == (15, 20, 3)
    else:
        with pytest.raises(BadInput, match="image: .*20 x 15 pixels"):
            decode_png(data, "image", max_side=side, max_pixels=pixels)


def test_a_file_too_long_is_refused_before_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 100)
    with pytest.raises(BadInput, match="limit of 100"):
        decode_png(encode_png(random_image(20, 20)), "image")
