"""Train the dual encoder: `python -m tts_bench.shapes.train_dual_encoder --out DIR`.

The symmetric contrastive loss of CLIP (Radford et al. 2021, figure 3) on freshly rendered training scenes, a little
blurred and noisy, because the images it will score come from a model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from tts_bench import training
from tts_bench.shapes import dual_encoder
from tts_bench.shapes.heldout import draw_training_scene
from tts_bench.shapes.render import render

BATCH = 192


def draw_batch(seed: int, step: int, size: int) -> tuple[np.ndarray, list[str]]:
    """Images (size, 32, 32, 3) uint8 and their texts."""
    rng = np.random.default_rng([seed, step])
    scenes = [draw_training_scene(rng) for _ in range(size)]
    return np.stack([weather(render(scene, rng), rng) for scene in scenes]), [scene.text for scene in scenes]


def weather(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The image as a generator might have drawn it: with soft edges and noise."""
    blur, noise = rng.uniform(0, 0.7), rng.uniform(0, 6)
    pixels = ndimage.gaussian_filter(image.astype(np.float32), (blur, blur, 0))
    return np.clip(pixels + noise * rng.standard_normal(pixels.shape), 0, 255).round().astype(np.uint8)


def main() -> None:
    run = training.arguments(__doc__, steps=1000)

    def loss_of(network: Any, step: int) -> torch.Tensor:
        images, texts = draw_batch(run.seed, step, BATCH)
        of_images = network.image(dual_encoder.to_tensor(images).to(run.device))
        of_texts = network.text(dual_encoder.to_tokens(texts).to(run.device))
        logits = network.log_temperature.clamp(max=4.0).exp() * of_images @ of_texts.T
        right = torch.arange(BATCH, device=run.device)
        return (nn.functional.cross_entropy(logits, right) + nn.functional.cross_entropy(logits.T, right)) / 2

    training.fit(run, dual_encoder.build, loss_of, rate=2e-3)


if __name__ == "__main__":
    main()
