"""Batching across prompts against one candidate at a time, and against batches within a prompt, in one run.

python benchmarks/speed/batching.py [--prompts 8] [--candidates 4] [--rounds 3]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tts_bench.engine import Engine
from tts_bench.executors.local import InProcess
from tts_bench.prepare import Workshop
from tts_bench.store import Store
from tts_bench.submission import from_flags
from tts_bench.suite import find_suite


def speed(entry, groups, batch: int, seed: int) -> float:
    """NFE/s of an engine that is handed one group of prompts after the other."""
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store.sqlite") as store:
        engine = Engine(store, InProcess(), batch)
        began = time.perf_counter()
        for prompts in groups:
            engine.runs([entry], prompts, seed)
        return engine.nfe_run / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    prompts = find_suite("shapes").prompts(args.prompts)
    apart = [[prompt] for prompt in prompts]
    entry = Workshop().entry(from_flags("shapes", f"random:candidates={args.candidates}", "chance"))
    speed(entry, [prompts[:1]], 16, 0)  # load, warm up
    ways = {
        "across prompts, 16": ([prompts], 16),
        f"within a prompt, {args.candidates}": (apart, args.candidates),
        "one at a time": (apart, 1),
    }
    seen: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(1, args.rounds + 1):
        for name, (groups, batch) in ways.items():
            seen[name].append(speed(entry, groups, batch, number))
    medians = {name: statistics.median(values) for name, values in seen.items()}
    for name, value in medians.items():
        print(f"{name:<20} {value:7.1f} NFE/s   x{value / medians['one at a time']:.2f}")


if __name__ == "__main__":
    main()
