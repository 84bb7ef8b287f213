"""Searches against random search at equal charged NFE, over several suite seeds: is the difference the seed's?

python benchmarks/seeds.py [--search racing --search adaptive] [--verifier checker --verifier dual_encoder]
    [--budget 64,128,256] [--seeds 0,1,2] [--prompts 84] [--store .tts-bench/store.sqlite] [--out out/seeds]

One line a verifier, budget and search: the mean difference in the suite's main metric, averaged over the seeds within a
prompt, with a paired 95 % interval over prompts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from tts_bench.api import Settings, run_evaluation
from tts_bench.results import read_rows
from tts_bench.stats import paired_delta
from tts_bench.submission import from_flags
from tts_bench.suite import find_suite

SUITE, REFERENCE = "shapes", "random"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--search", action="append")
    parser.add_argument("--verifier", action="append")
    parser.add_argument("--budget", default="64,128,256")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--prompts", type=int, default=84)
    parser.add_argument("--store", type=Path, default=Path(".tts-bench/store.sqlite"))
    parser.add_argument("--out", type=Path, default=Path("out/seeds"))
    args = parser.parse_args()
    suite, main_metric = find_suite(SUITE), next(m.name for m in find_suite(SUITE).metrics if m.main)
    searches = args.search or ["racing", "adaptive"]
    verifiers, budgets = args.verifier or ["checker", "dual_encoder"], [int(b) for b in args.budget.split(",")]
    seeds = [int(seed) for seed in args.seeds.split(",")]
    cells = [(v, b, s) for v in verifiers for b in budgets for s in [REFERENCE, *searches]]
    made = {cell: from_flags(suite.own_model, cell[2], cell[0], cell[1]) for cell in cells}
    values: dict[tuple[str, int, str], list[np.ndarray]] = {cell: [] for cell in cells}
    for seed in seeds:
        out = args.out / str(seed)
        run_evaluation(SUITE, list(made.values()), Settings(args.prompts, seed, args.store), out)
        for cell in cells:
            rows = read_rows(out / "results" / SUITE / made[cell].name)
            values[cell].append(rows[main_metric].to_numpy())
    for verifier, budget, search in cells:
        mine, random = (np.mean(values[verifier, budget, name], axis=0) for name in (search, REFERENCE))
        if search != REFERENCE:
            delta = paired_delta(mine, random)
            print(
                f"{verifier:<14} {budget:>5} NFE  {search:<10} {mine.mean():.3f} against {random.mean():.3f}: "
                f"{delta.value:+.3f} [{delta.low:+.3f}, {delta.high:+.3f}]"
            )


if __name__ == "__main__":
    main()
