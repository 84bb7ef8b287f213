"""SiT of a published size with random weights: NFE/s through the engine against a bare loop, and peak memory.

    python benchmarks/speed/sit.py [--size XL] [--batch 32] [--steps 25] [--images 64] [--rounds 3]

On a GPU in bfloat16, with an autoencoder of Stable Diffusion's size; else SiT-S in float32 on the CPU, with a narrow
one. Both sides solve the same noises in the same batches and decode them; the bare loop keeps no images, keys or store.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from tts_bench import noise
from tts_bench.engine import Engine
from tts_bench.executors.batch import loaded
from tts_bench.executors.local import InProcess
from tts_bench.jobs import chunked
from tts_bench.models import sit_weights, solvers
from tts_bench.models.dit_shape import Shape
from tts_bench.prepare import Workshop
from tts_bench.protocols import ModelSpec
from tts_bench.store import Store
from tts_bench.submission import from_flags
from tts_bench.threads import one_thread
from tts_bench.types import Prompt

SIZES = {"S": (12, 384, 6), "B": (12, 768, 12), "L": (24, 1024, 16), "XL": (28, 1152, 16)}

REAL, NARROW = (128, 256, 512, 512), (32, 32, 32, 32)  # widths of the autoencoder


def write(folder: Path, size: str, dtype: torch.dtype, blocks: tuple[int, ...]) -> None:
    """Random weights under the authors' names, and a random autoencoder."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    depth, width, heads = SIZES[size]
    shape = Shape(depth, width, heads, patch=2, channels=4, outputs=8, classes=1000, size=32)
    torch.manual_seed(0)
    state = {name: (0.02 * torch.randn(dims)).to(dtype) for name, dims in sit_weights.expected(shape).items()}
    save_file(state, folder / "sit.safetensors")
    config = {
        "down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4,
        "block_out_channels": list(blocks), "layers_per_block": 2,
    }  # fmt: skip
    decoder: Any = AutoencoderKL.from_config(config)
    decoder.save_pretrained(folder / "vae")


def bare(model, prompts, levels, batch: int, device: str) -> float:
    """Seconds to solve and decode one noise a prompt."""
    began = time.perf_counter()
    with torch.no_grad(), one_thread():
        for chunk in chunked(list(enumerate(prompts)), batch):
            start = np.stack([noise.draw(seed, model.latent_shape) for seed, _ in chunk])
            velocity = partial(model.velocity, conditions=[model.encode(prompt) for _, prompt in chunk])
            model.decode(solvers.solve(velocity, torch.from_numpy(start).to(device), levels, "heun_full"))
    return time.perf_counter() - began


def engine(entry, prompts, batch: int, seed: int, device: str) -> tuple[float, int]:
    """Seconds and NFE of the same work through engine and store, from nothing."""
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store.sqlite") as store:
        made = Engine(store, InProcess(), batch, device=device)
        began = time.perf_counter()
        made.runs([entry], prompts, seed)
        return time.perf_counter() - began, made.nfe_run


def main() -> None:
    on_gpu = torch.cuda.is_available()
    device, dtype = ("cuda", torch.bfloat16) if on_gpu else ("cpu", torch.float32)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="XL" if on_gpu else "S")
    parser.add_argument("--batch", type=int, default=32 if on_gpu else 2)
    parser.add_argument("--steps", type=int, default=25 if on_gpu else 2)
    parser.add_argument("--images", type=int, default=64 if on_gpu else 2)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    prompts = [Prompt(str(i), "", label=i % 1000) for i in range(args.images)]
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), args.size, dtype, REAL if on_gpu else NARROW)
        spec = ModelSpec("sit", folder, search_steps=args.steps, final_steps=args.steps, dtype=str(dtype)[6:])
        entry = Workshop(device).entry(from_flags(spec, "none"))
        model, levels = loaded(entry.spec, device), entry.final_grid.levels
        bare(model, prompts[: args.batch], levels, args.batch, device)  # load, warm up
        print(f"SiT-{args.size}/2, {dtype}, {torch.cuda.get_device_name() if on_gpu else 'CPU, one thread'}")
        for number in range(1, args.rounds + 1):
            slow, nfe = engine(entry, prompts, args.batch, number, device)
            fast = bare(model, prompts, levels, args.batch, device)
            ratios.append(fast / slow)
            print(f"round {number}: engine {nfe / slow:.1f}, bare {nfe / fast:.1f} NFE/s, ratio {ratios[-1]:.3f}")
    print(f"median ratio {statistics.median(ratios):.3f}")
    if on_gpu:
        print(f"peak memory {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB")


if __name__ == "__main__":
    main()
