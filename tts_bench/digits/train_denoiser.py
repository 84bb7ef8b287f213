"""Train the digits model: `python -m tts_bench.digits.train_denoiser --out DIR`.

SiT's objective on the linear path (Ma et al. 2024, eq. 4, 11): x_t = (1 - t) noise + t data with t uniform, the network
predicting the velocity data - noise; a label is dropped now and then for classifier-free guidance.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from tts_bench import training
from tts_bench.digits.data import CLASSES, digits
from tts_bench.digits.network import build_transformer
from tts_bench.models.digits import PIXEL_MEAN, PIXEL_STD

BATCH = 64
DROPOUT = 0.1


def draw_batch(seed: int, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Data and noise (64, 1, 8, 8), labels (10 where dropped) and times in [0, 1), drawn from (seed, step)."""
    images, labels = digits()
    rng = np.random.default_rng([seed, step])
    chosen = rng.integers(len(labels), size=BATCH)
    # The greys of the files are 17 steps: a little noise between them leaves no lattice to be learned.
    greys = images[chosen] + rng.uniform(-1 / 32, 1 / 32, images[chosen].shape)
    shown = np.where(rng.random(BATCH) < DROPOUT, CLASSES, labels[chosen])
    data = ((greys - PIXEL_MEAN) / PIXEL_STD)[:, None].astype(np.float32)
    noise = rng.standard_normal(data.shape, dtype=np.float32)
    return *map(torch.from_numpy, (data, noise)), torch.from_numpy(shown), torch.from_numpy(rng.random(BATCH))  # type: ignore[return-value]


def loss_of(network: nn.Module, seed: int, step: int, device: str) -> torch.Tensor:
    data, noise, labels, t = (part.to(device) for part in draw_batch(seed, step))
    network.eval()  # diffusers' own label dropout draws from the global generator
    t = t.float()
    at = t[:, None, None, None]
    velocity = network((1 - at) * noise + at * data, timestep=t, class_labels=labels, return_dict=False)[0]
    return (velocity - (data - noise)).square().mean()


def main() -> None:
    run = training.arguments(__doc__, steps=1_500)
    training.fit(run, build_transformer, lambda network, step: loss_of(network, run.seed, step, run.device), rate=1e-3)


if __name__ == "__main__":
    main()
