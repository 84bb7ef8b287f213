"""Images a second through a feature network, decoded ahead against one after the other, in one run.

python benchmarks/speed/features.py [--images DIR] [--features fidelity] [--weights FILE --revision sha256:...]
    [--device cuda] [--batch-size 64] [--readers 8] [--count 256] [--side 256] [--rounds 3]

Without --images, random PNG pictures are made; without --weights, the published ones are used.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tts_bench.features.folder import FolderImages
from tts_bench.features.protocol import FeatureNetwork, ImageSource
from tts_bench.features.stream import extract
from tts_bench.registry import FEATURES


def make_images(folder: Path, count: int, side: int) -> Path:
    """PNG pictures about as hard to unpack as photographs: smooth, with some noise."""
    rng = np.random.default_rng(0)
    for i in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((side, side))
        noisy = np.asarray(coarse, np.int16) + rng.integers(-6, 7, (side, side, 3))
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(folder / f"{i:06}.png")
    return folder


def speed(images: ImageSource, network: FeatureNetwork, batch: int, readers: int) -> float:
    began = time.perf_counter()
    seen = extract(images, network, batch, readers)
    return len(seen.sample) / (time.perf_counter() - began)


def device_name(device: str) -> str:
    import torch

    return torch.cuda.get_device_name(device) if device.startswith("cuda") else f"{torch.get_num_threads()} threads"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--features", default="fidelity")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--revision")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--count", type=int, default=256)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    network: FeatureNetwork = FEATURES.load(args.features)(args.weights, args.revision, args.device)
    with tempfile.TemporaryDirectory() as folder:
        images = FolderImages(args.images or make_images(Path(folder), args.count, args.side))
        network([item.read() for item, _ in zip(images.items(), range(args.batch_size), strict=False)])  # warm up
        ways = {"one after the other": 0, f"{args.readers} readers ahead": args.readers}
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(args.rounds):
            for name, readers in ways.items():
                found[name].append(speed(images, network, args.batch_size, readers))
    medians = {name: statistics.median(values) for name, values in found.items()}
    print(f"{args.features} on {args.device} ({device_name(args.device)}), batch {args.batch_size}")
    for name, value in medians.items():
        print(f"{name:<20} {value:8.1f} images/s   x{value / medians['one after the other']:.2f}")


if __name__ == "__main__":
    main()
