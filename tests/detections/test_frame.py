"""T2I-CompBench's frame against torchvision's own Resize(size=479, max_size=480)."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Picture
from torchvision.transforms import InterpolationMode, Resize

from tts_bench.detections.frame import framed, framed_map

SIZES = [
    (512, 512), (1024, 1024), (479, 479), (480, 479), (480, 480), (481, 480), (100, 100), (1, 1), (768, 1360),
    (333, 500), (2000, 37), (503, 500),
]  # fmt: skip
OFFICIAL = Resize(size=479, max_size=480)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height + width).integers(0, 256, (height, width, 3), dtype=np.uint8)


def same(found: np.ndarray, theirs: np.ndarray) -> bool:
    return found.shape == theirs.shape and found.dtype == theirs.dtype and bool((found == theirs).all())


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_it_is_that_of_torchvision_to_the_last_bit(height: int, width: int) -> None:
    image = noise(height, width)
    assert same(framed(image), np.asarray(OFFICIAL(Picture.fromarray(image))))


def test_a_square_has_479_pixels_a_side_and_no_side_is_without_pixels() -> None:
    assert framed(noise(1024, 1024)).shape == (479, 479, 3)
    assert framed(noise(3, 2000)).shape == (1, 480, 3)


def test_what_is_in_the_frame_stays_as_it_is() -> None:
    for height, width in [*SIZES, (30, 29)]:
        once = framed(noise(height, width))
        assert same(framed(once), once)


BROKEN = [Resize((479, 479)), Resize(480), Resize(479, InterpolationMode.NEAREST, max_size=480)]


@pytest.mark.parametrize("broken", BROKEN, ids=str)
def test_another_frame_is_caught(broken: Resize) -> None:
    image = noise(333, 500)
    assert not same(framed(image), np.asarray(broken(Picture.fromarray(image))))


def test_a_map_goes_by_way_of_8_bits_as_officially() -> None:
    levels = np.random.default_rng(2).integers(0, 256, (300, 512), dtype=np.uint8)
    theirs = np.asarray(OFFICIAL(Picture.fromarray(levels))).astype(np.float32) / 255
    assert same(framed_map(levels.astype(np.float32) / 255), theirs)
