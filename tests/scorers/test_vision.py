"""Networks of others are asked for numbers without gradients, and for gradients where there is a label."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.scorers.tiny import pictures
from tts_bench.scorers.pixels import OF_IMAGENET, Preprocessing
from tts_bench.scorers.vision import see, slope

PREPARE = Preprocessing(8, OF_IMAGENET)


@pytest.mark.parametrize("threads", [1, 3])
def test_numbers_come_without_gradients_in_every_thread(threads: int) -> None:
    weight, before = torch.ones(1, requires_grad=True), torch.get_num_threads()
    grads: list[bool] = []

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        grads.append((pixels * weight).requires_grad)
        return pixels.mean(dim=(1, 2, 3))[:, None]

    torch.set_num_threads(threads)
    found = see(forward, pictures(5), PREPARE, "cpu")
    torch.set_num_threads(before)
    assert grads == [False] * 5
    assert found[:, 0] == pytest.approx([PREPARE(picture).mean(dtype=float) for picture in pictures(5)], abs=1e-6)


def test_a_slope_is_zero_where_there_is_no_label() -> None:
    pixels = torch.rand(3, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    found = slope(lambda at, labels: (at**2).sum(dim=(1, 2, 3)) * torch.tensor(labels), pixels, [2, None, 5], "cpu")
    expected = 2 * pixels * torch.tensor([2, 0, 5])[:, None, None, None]
    assert torch.allclose(found, expected) and np.all(found[1].numpy() == 0)
