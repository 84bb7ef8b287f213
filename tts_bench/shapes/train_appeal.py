"""Train the appeal network: `python -m tts_bench.shapes.train_appeal --out DIR`.

Simulated people compare two pictures; the network learns their utility from the comparisons alone (Bradley & Terry
1952, as reward models do). They like vivid pictures: colourful (Hasler & Suesstrunk 2003), sharp and full. They are
never told what was asked for, and now and then they answer at random.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from tts_bench import training
from tts_bench.shapes import appeal
from tts_bench.shapes.dual_encoder import to_tensor
from tts_bench.shapes.heldout import draw_training_scene
from tts_bench.shapes.render import render

BATCH, ROUNDS = 128, 4  # pictures a step; comparisons a picture
SHARPNESS_OF_TASTE, CARELESS = 2.0, 0.05  # log-odds a unit of utility; share of answers at random

# Mean and spread over rendered training scenes, so that one unit of each quality counts alike.
COLOURFULNESS, SHARPNESS, FULLNESS = (76.0, 14.0), (8.7, 4.2), (0.197, 0.055)


def utility(image: np.ndarray) -> float:
    """What the simulated people like: colourfulness + sharpness + fullness, each in units of its spread."""
    red, green, blue = np.moveaxis(image.astype(np.float64), -1, 0)
    against, other = red - green, (red + green) / 2 - blue
    colourful = np.hypot(against.std(), other.std()) + 0.3 * np.hypot(against.mean(), other.mean())
    light = image.mean(axis=-1)
    sharp = (abs(np.diff(light, axis=0)).mean() + abs(np.diff(light, axis=1)).mean()) / 2
    full = (image.max(axis=-1) > 110).mean()
    qualities = zip((colourful, sharp, full), (COLOURFULNESS, SHARPNESS, FULLNESS), strict=True)
    return float(sum((value - mean) / spread for value, (mean, spread) in qualities))


def draw_picture(rng: np.random.Generator) -> np.ndarray:
    """A rendered scene, often spoiled or crowded: (32, 32, 3) uint8."""
    image = render(draw_training_scene(rng), rng).astype(np.float32)
    if rng.random() < 0.3:  # two scenes in one: crowded, objects merged
        image = np.maximum(image, render(draw_training_scene(rng), rng))
    if rng.random() < 0.25:  # debris
        specks = rng.random((32, 32)) < rng.uniform(0.005, 0.04)
        specks = ndimage.binary_dilation(specks, iterations=int(rng.integers(0, 2)))
        image = np.where(specks[..., None], rng.uniform(40, 235, 3), image)
    if rng.random() < 0.35:
        blur = rng.uniform(0.3, 1.5)
        image = ndimage.gaussian_filter(image, (blur, blur, 0))
    if rng.random() < 0.3:
        grey = image.mean(axis=-1, keepdims=True)
        image = grey + rng.uniform(0.2, 1) * (image - grey)
    return np.clip(image + rng.uniform(0, 4) * rng.standard_normal(image.shape), 0, 255).round().astype(np.uint8)


def draw_batch(seed: int, step: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures (size, 32, 32, 3), pairs (n, 2) of their places, and whether the first was preferred (n,)."""
    rng = np.random.default_rng([seed, step])
    pictures = np.stack([draw_picture(rng) for _ in range(size)])
    utilities = np.array([utility(picture) for picture in pictures])
    pairs = np.concatenate([rng.permutation(size).reshape(-1, 2) for _ in range(2 * ROUNDS)])
    lead = utilities[pairs[:, 0]] - utilities[pairs[:, 1]]
    odds = 1 / (1 + np.exp(-SHARPNESS_OF_TASTE * lead))
    return pictures, pairs, rng.random(len(pairs)) < odds * (1 - CARELESS) + CARELESS / 2


def main() -> None:
    run = training.arguments(__doc__, steps=800)

    def loss_of(network: nn.Module, step: int) -> torch.Tensor:
        pictures, pairs, first = draw_batch(run.seed, step, BATCH)
        utilities = network(to_tensor(pictures).to(run.device))[torch.from_numpy(pairs).to(run.device)]
        target = torch.from_numpy(first).float().to(run.device)
        return nn.functional.binary_cross_entropy_with_logits(utilities[:, 0] - utilities[:, 1], target)

    training.fit(run, appeal.build, loss_of, rate=2e-3)


if __name__ == "__main__":
    main()
