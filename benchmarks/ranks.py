"""How often the intervals of ranks hold, and how often submissions that are the same are told apart, by simulation.

python benchmarks/ranks.py [--repetitions 2000]

Beside them the percentiles of the ranks within the same resamples, which are often shown instead.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np

from tts_bench.ranks import complete, ranks, resampled

Draw = Callable[[np.random.Generator, int, int], np.ndarray]


def normal(generator: np.random.Generator, n: int, k: int) -> np.ndarray:
    """Prompts differ as much as submissions do on them."""
    return generator.normal(size=(n, 1)) + generator.normal(size=(n, k))


def skewed(generator: np.random.Generator, n: int, k: int) -> np.ndarray:
    return generator.exponential(size=(n, 1)) + generator.exponential(size=(n, k))


def binary(generator: np.random.Generator, n: int, k: int) -> np.ndarray:
    return (normal(generator, n, k) > 0.5).astype(np.float64)


# name, draw, prompts (or groups) in each of so many strata, submissions, step from one's mean to the next's, of a set
CASES: Sequence[tuple[str, Draw, int, int, int, float, bool]] = (
    ("the same, normal", normal, 50, 1, 2, 0.0, False), ("the same, skewed", skewed, 50, 1, 2, 0.0, False),
    ("the same, yes or no", binary, 84, 1, 2, 0.0, False), ("the same, of a set", normal, 20, 1, 2, 0.0, True),
    ("the same, macro", normal, 12, 6, 2, 0.0, False), ("the same", normal, 84, 1, 10, 0.0, False),
    ("the same, of a set", normal, 20, 1, 10, 0.0, True), ("nearly the same", normal, 84, 1, 10, 0.001, False),
    ("close", normal, 84, 1, 10, 0.05, False), ("close, skewed", skewed, 50, 1, 10, 0.05, False),
    ("close", normal, 252, 1, 50, 0.01, False),
)  # fmt: skip


def percentiles(strata: Sequence[np.ndarray], seed: int) -> np.ndarray:
    """(2, k): the 2.5 and 97.5 % places of the ranks by value in the resamples."""
    means = resampled([complete(values) for values in strata], seed)
    places = 1 + (means[:, :, None] < means[:, None, :]).sum(axis=2)
    return np.quantile(places, [0.025, 0.975], axis=0, method="inverted_cdf")


def simulate(draw: Draw, n: int, strata: int, k: int, step: float, of_set: bool, repetitions: int) -> list[float]:
    """Shares of boards: all intervals hold every rank that is true (those that are the same have several), all share
    rank 1, all percentiles hold them; and the mean widths of both."""
    means, generator, found = step * np.arange(k), np.random.default_rng(0), []
    least, most = 1 + (means[:, None] < means).sum(axis=1), k - (means[:, None] > means).sum(axis=1)
    for seed in range(repetitions):
        board = [draw(generator, n, k) + means for _ in range(strata)]
        made = ranks(board, seed, of_set)
        ours = np.array([[each.low for each in made], [each.high for each in made]])
        theirs = percentiles(board, seed)
        held, other = (bool(((ends[0] <= least) & (ends[1] >= most)).all()) for ends in (ours, theirs))
        shared = all(each.rank == 1 for each in made)
        found.append([held, shared, other, np.ptp(ours, axis=0).mean(), np.ptp(theirs, axis=0).mean()])
    return np.mean(found, axis=0).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=2000)
    repetitions = parser.parse_args().repetitions
    heads = ["submissions", "n", "strata", "k", "all hold", "width", "all share rank 1", "percentiles hold", "width"]
    print(f"| {' | '.join(heads)} |\n| :--- |{' ---: |' * 8}")
    for name, draw, n, strata, k, step, of_set in CASES:
        held, shared, other, width, theirs = simulate(draw, n, strata, k, step, of_set, max(1, 2 * repetitions // k))
        numbers = f"{held:.1%} | {width:.1f} | {shared:.1%} | {other:.1%} | {theirs:.1f}"
        print(f"| {name} | {n} | {strata} | {k} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
