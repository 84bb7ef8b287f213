"""The reader of digits: its gradient is that of finite differences, and zero where no digit is asked for."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from tts_bench.digits.data import digits, to_image
from tts_bench.errors import BadInput
from tts_bench.scorers import digits_reader
from tts_bench.types import Prompt


def asked(*labels: int | None) -> list[Prompt]:
    return [Prompt(str(i), "", label=label) for i, label in enumerate(labels)]


def test_a_gradient_is_that_of_finite_differences_of_the_logit_asked_for() -> None:
    pixels = torch.from_numpy(digits()[0][:3]).double()[:, None].repeat(1, 3, 1, 1)
    scorer, labels, width = digits_reader.load(), [4, 0, 9], 1e-5
    network = copy.deepcopy(scorer.network).double()
    way = torch.randn(pixels.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ends = [network((pixels + s * width * way).mean(1, keepdim=True))[range(3), labels] for s in (1, -1)]
    found = (scorer.gradient(pixels, asked(*labels)) * way).sum(dim=(1, 2, 3))
    assert torch.allclose(found, (ends[0] - ends[1]) / (2 * width), rtol=1e-3)


@pytest.mark.parametrize("label", [None, 10, -1])
def test_without_one_of_the_ten_labels_there_is_no_value_and_no_slope(label: int | None) -> None:
    """A label that is none was once taken for the digit 0."""
    images, scorer = to_image(digits()[0][:2]), digits_reader.load()
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    slope = scorer.gradient(pixels, asked(label, 0))
    assert not slope[0].any() and slope[1].any()
    assert scorer.score(list(images), asked(label, 0), ["a", "b"])[0] == {"logit": None}


def test_images_of_another_size_are_refused_by_name() -> None:
    with pytest.raises(BadInput, match=r"scorer digits_reader: pixels = '?\(1, 3, 9, 8\)"):
        digits_reader.load().gradient(torch.zeros(1, 3, 9, 8), asked(0))


def test_every_channel_of_a_coloured_image_counts() -> None:
    image = to_image(digits()[0][:1])[0]
    other = image.copy()
    other[..., 1] = 255 - other[..., 1]
    grey = np.repeat(other.mean(axis=2, keepdims=True).round().astype(np.uint8), 3, axis=2)
    first, second, third = digits_reader.load().score([image, other, grey], asked(0, 0, 0), ["a", "b", "c"])
    assert abs(first["logit"] - second["logit"]) > 0.1 and third["logit"] == pytest.approx(second["logit"], abs=0.05)
