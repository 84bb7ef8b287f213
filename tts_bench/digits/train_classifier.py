"""Train the two classifiers: `python -m tts_bench.digits.train_classifier --role features|reader --out DIR`.

`features` is the network of the set metrics and of the oracles, as Inception is on ImageNet. `reader` is the learned
verifier, as the linear head on DINOv2 is: narrower, and trained on the other half of the images.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from tts_bench import training
from tts_bench.digits.augment import distort
from tts_bench.digits.data import digits, halves
from tts_bench.digits.network import WIDTHS, build_classifier

BATCH = 64


def draw_batch(places: np.ndarray, seed: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Distorted images (64, 1, 8, 8) and their labels, drawn from (seed, step)."""
    images, labels = digits()
    rng = np.random.default_rng([seed, step])
    chosen = rng.choice(places, BATCH)
    return torch.from_numpy(distort(images[chosen], rng))[:, None], torch.from_numpy(labels[chosen])


def accuracy(network: nn.Module, places: np.ndarray) -> float:
    """On images as they are."""
    images, labels = digits()
    with torch.inference_mode():
        found = network(torch.from_numpy(images[places])[:, None]).argmax(dim=1).numpy()
    return float((found == labels[places]).mean())


def train(role: str, run: training.Run) -> None:
    own, other = halves() if role == "features" else halves()[::-1]

    def loss_of(network: nn.Module, step: int) -> torch.Tensor:
        x, y = draw_batch(own, run.seed, step)
        return nn.functional.cross_entropy(network(x.to(run.device)), y.to(run.device), label_smoothing=0.05)

    def build() -> nn.Module:
        return build_classifier(role)

    training.fit(run, build, loss_of, rate=2e-3)
    network = build()
    network.load_state_dict({name: value.float() for name, value in load_file(run.out / "weights.safetensors").items()})
    about = {"own half": accuracy(network, own), "other half": accuracy(network, other), "steps": run.steps}
    (run.out / "about.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    print(about)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--role", choices=list(WIDTHS), required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=3000)
    args = parser.parse_args()
    train(args.role, training.Run(args.out, args.seed, args.steps, "cpu"))


if __name__ == "__main__":
    main()
