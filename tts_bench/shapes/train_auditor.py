"""Train the auditor: `python -m tts_bench.shapes.train_auditor --out DIR`.

Focal loss on the map of centres (Zhou et al. 2019), cross-entropy for what is at each centre. Half of its pictures are
as the renderer draws them, half have objects deformed in ways that models deform them.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from tts_bench import training
from tts_bench.shapes import auditor, deform
from tts_bench.shapes.dual_encoder import to_tensor

BATCH = 64
PLACES = 32 // auditor.STRIDE


def draw_batch(seed: int, step: int, size: int) -> tuple[np.ndarray, list[list[deform.Label]]]:
    """Images (size, 32, 32, 3) uint8 and the objects in each."""
    rng = np.random.default_rng([seed, step])
    images, labels = zip(*(deform.draw(rng) for _ in range(size)), strict=True)
    return np.stack(images), list(labels)


def loss_of_maps(maps: torch.Tensor, labels: list[list[deform.Label]]) -> torch.Tensor:
    """The loss of logits (batch, 22, 16, 16) against the objects of each picture, a mean over objects."""
    parts = dict(zip(auditor.HEADS, maps.split(list(auditor.HEADS.values()), dim=1), strict=True))
    flat = [(index, label) for index, found in enumerate(labels) for label in found]
    at_x = [min(int(label.x / auditor.STRIDE), PLACES - 1) for _, label in flat]
    at_y = [min(int(label.y / auditor.STRIDE), PLACES - 1) for _, label in flat]
    of = [index for index, _ in flat]
    loss = _focal(parts["heat"][:, 0], torch.from_numpy(_heat(len(labels), of, at_y, at_x)).to(maps.device)) / len(flat)
    offsets = [(label.x / auditor.STRIDE - x, label.y / auditor.STRIDE - y)
               for (_, label), x, y in zip(flat, at_x, at_y, strict=True)]  # fmt: skip
    loss = loss + nn.functional.l1_loss(parts["offset"][of, :, at_y, at_x], torch.tensor(offsets, device=maps.device))
    for name in auditor.VALUES:
        target = torch.tensor([getattr(label, name) for _, label in flat], device=maps.device)
        logits = parts[name][of, :, at_y, at_x]
        loss = loss + nn.functional.cross_entropy(logits, target, ignore_index=deform.UNSURE)
    return loss


def _heat(size: int, of: list[int], at_y: list[int], at_x: list[int]) -> np.ndarray:
    """1 at every centre and a small bump around it: (size, 16, 16) float32."""
    rows, columns = np.mgrid[:PLACES, :PLACES]
    heat = np.zeros((size, PLACES, PLACES), dtype=np.float32)
    for index, y, x in zip(of, at_y, at_x, strict=True):
        bump = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 2)
        heat[index] = np.maximum(heat[index], bump)
    return heat


def _focal(logits: torch.Tensor, heat: torch.Tensor) -> torch.Tensor:
    """Equation 1 of Zhou et al. 2019, a sum: alpha = 2, beta = 4."""
    chance = torch.sigmoid(logits)
    found = (1 - chance) ** 2 * nn.functional.logsigmoid(logits)
    empty = (1 - heat) ** 4 * chance**2 * nn.functional.logsigmoid(-logits)
    return -torch.where(heat == 1, found, empty).sum()


def main() -> None:
    run = training.arguments(__doc__, steps=1600)

    def loss_of(network: nn.Module, step: int) -> torch.Tensor:
        images, labels = draw_batch(run.seed, step, BATCH)
        return loss_of_maps(network(to_tensor(images).to(run.device)), labels)

    training.fit(run, auditor.build, loss_of, rate=2e-3)


if __name__ == "__main__":
    main()
