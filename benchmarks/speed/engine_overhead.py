"""Engine against a bare loop over the same network: NFE/s at batch 16, interleaved in one run.

    python benchmarks/speed/engine_overhead.py [--prompts 16] [--candidates 8] [--rounds 5]

The bare loop solves the same noises in the same batches and does nothing else: no store, no PNG, no keys. The ratio is
the median over rounds of engine speed / bare speed, both in this process on one thread.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

from tts_bench import noise
from tts_bench.engine import Engine
from tts_bench.executors.local import InProcess
from tts_bench.jobs import chunked
from tts_bench.models import solvers
from tts_bench.prepare import Workshop
from tts_bench.store import Store
from tts_bench.submission import from_flags
from tts_bench.suite import find_suite
from tts_bench.threads import one_thread

BATCH = 16


def bare(model, prompts, seeds, levels) -> float:
    """Seconds to solve one noise a (prompt, seed) in batches of 16."""
    pairs = [(prompt, seed) for prompt in prompts for seed in seeds]
    began = time.perf_counter()
    with torch.inference_mode(), one_thread():
        for chunk in chunked(pairs, BATCH):
            x = torch.from_numpy(np.stack([noise.draw(seed, model.latent_shape) for _, seed in chunk]))
            conditions = [model.encode(prompt) for prompt, _ in chunk]
            velocity = partial(model.velocity, conditions=conditions)
            model.decode(solvers.solve(velocity, x, levels, "euler"))
    return time.perf_counter() - began


def engine(entry, prompts, seed: int) -> tuple[float, int]:
    """Seconds and NFE of the same work through engine and store, from nothing."""
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store.sqlite") as store:
        made = Engine(store, InProcess(), BATCH)
        began = time.perf_counter()
        made.runs([entry], prompts, seed)
        return time.perf_counter() - began, made.nfe_run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=16)
    parser.add_argument("--candidates", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    prompts = find_suite("shapes").prompts(args.prompts)
    entry = Workshop().entry(from_flags("shapes", f"random:candidates={args.candidates}", "chance"))
    levels = entry.search_grid.levels
    engine(entry, prompts[:2], 0)  # load, warm up
    bare(entry.model, prompts[:2], range(8), levels)
    ratios = []
    for number in range(1, args.rounds + 1):
        slow, nfe = engine(entry, prompts, number)
        fast = bare(entry.model, prompts, range(args.candidates), levels)
        ratios.append(fast / slow)
        print(f"round {number}: engine {nfe / slow:6.1f} NFE/s, bare {nfe / fast:6.1f} NFE/s, ratio {ratios[-1]:.3f}")
    print(f"median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
