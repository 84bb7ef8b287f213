"""How much of what a grid is charged it really runs: 4 verifiers x {random, zero-order, paths} x 6 budgets in one run.

python benchmarks/speed/sharing.py [--prompts 4]

Each search's share is counted in a run of its own over an empty store; the last line is all three in one run.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tts_bench.engine import Engine
from tts_bench.executors.local import local_executor
from tts_bench.prepare import Workshop
from tts_bench.settings import default_workers
from tts_bench.store import Store
from tts_bench.submission import from_flags
from tts_bench.suite import find_suite

VERIFIERS = ("checker", "dual_encoder", "appeal", "dual_encoder+appeal")
SEARCHES = ("random", "zero_order", "paths")
BUDGETS = (32, 64, 128, 256, 512, 1024)


def counts(searches: tuple[str, ...], prompts: int) -> tuple[int, int]:
    """(NFE run, NFE charged) of every search with every verifier at every budget, from nothing."""
    suite, workshop = find_suite("shapes"), Workshop()
    entries = [
        workshop.entry(from_flags("shapes", search, verifier, budget))
        for search in searches for verifier in VERIFIERS for budget in BUDGETS
    ]  # fmt: skip
    executor = local_executor(default_workers())
    try:
        with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store.sqlite") as store:
            engine = Engine(store, executor)
            runs = engine.runs(entries, suite.prompts(prompts), suite.seed)
            return engine.nfe_run, sum(run.ledger.nfe for run in runs)
    finally:
        executor.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=4)
    prompts = parser.parse_args().prompts
    for searches in (*((search,) for search in SEARCHES), SEARCHES):
        run, charged = counts(searches, prompts)
        name = " + ".join(searches)
        print(f"{name:<30} run {run:>9,} of {charged:>9,} NFE charged: {run / charged:.3f}", flush=True)


if __name__ == "__main__":
    main()
