"""Preprocessing against transformers' own PIL processors, of images of any size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Picture
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from tests.scorers.asking import images, torchvision_clip
from tests.scorers.tiny import pictures
from tts_bench.scorers.pixels import OF_CLIP, OF_IMAGENET, OF_SIGLIP, Preprocessing, squared
from tts_bench.types import Image


def square(side: int) -> dict[str, int]:
    return {"height": side, "width": side}


DINO = dict(zip(("image_mean", "image_std"), OF_IMAGENET, strict=True))
CASES = {
    "clip": (Preprocessing(32, OF_CLIP, 32), CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=square(32))),
    "dino": (
        Preprocessing(224, OF_IMAGENET, 256),
        BitImageProcessorPil(size={"shortest_edge": 256}, crop_size=square(224), **DINO),
    ),
    "siglip": (Preprocessing(48, OF_SIGLIP), SiglipImageProcessorPil(size=square(48))),
}
ODD = [*pictures(3), np.full((1, 1, 3), 200, np.uint8), np.arange(257 * 301 * 3, dtype=np.uint8).reshape(257, 301, 3)]


@pytest.mark.parametrize("name", CASES)
def test_it_is_that_of_transformers(name: str) -> None:
    ours, theirs = CASES[name]
    for image in ODD:
        expected = theirs(image, return_tensors="np", input_data_format="channels_last")["pixel_values"][0]
        assert ours(image).dtype == np.float32
        assert ours(image) == pytest.approx(expected, abs=2e-6)


def test_a_processor_that_cuts_elsewhere_is_caught() -> None:
    ours, theirs = Preprocessing(32, OF_CLIP, 33), CASES["clip"][1]
    expected: Any = theirs(ODD[1], return_tensors="np", input_data_format="channels_last")["pixel_values"][0]
    assert np.abs(ours(ODD[1]) - expected).max() > 0.05


def test_rounded_it_is_that_of_torchvision_and_else_it_is_not() -> None:
    theirs = torchvision_clip(32)
    for image in [*ODD, *images()]:
        assert Preprocessing(32, OF_CLIP, 32, rounded=True)(image) == pytest.approx(theirs(image).numpy(), abs=2e-6)
    half = images()[-1]  # 35 x 32: 1.5 pixels to cut
    assert np.abs(Preprocessing(32, OF_CLIP, 32)(half) - theirs(half).numpy()).max() > 0.05


def test_a_square_has_the_picture_in_its_middle() -> None:
    for image in [*ODD, *images()]:
        height, width = image.shape[:2]
        side = max(height, width)
        theirs = Picture.new("RGB", (side, side), (122, 116, 104))
        theirs.paste(Picture.fromarray(image), ((side - width) // 2, (side - height) // 2))
        assert np.array_equal(squared(image, (122, 116, 104)), np.asarray(theirs))


def as_tensor(image: Image) -> torch.Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)[None] / 255.0


@pytest.mark.parametrize("name", CASES)
def test_that_of_tensors_is_within_two_grey_levels(name: str) -> None:
    ours = CASES[name][0]
    for image in pictures(3):
        inside = image // 2 + 64  # where Pillow's bicubic has nothing to cut off
        apart = ours.of_pixels(as_tensor(inside))[0].numpy() - ours(inside)
        assert np.abs(apart).max() < 2 / 255 / min(ours.statistics[1])
