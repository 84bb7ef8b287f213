"""The greedy Oracle-FID: how often its choice is that of exact evaluation, and how much sooner it is made.

python benchmarks/speed/oracle_fid.py [--choices 400] [--images 2200] [--candidates 4]

Choices among four at d = 256, from fewer images than dimensions to more. Time at d = 2048 over a whole cycle between
two refreshes, with the set past full rank: everything that a pick costs, refresh included, divided by its candidates;
against `frechet_distance` of the set with one candidate added, its covariance updated and not taken anew. CPU seconds.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from tts_bench.metrics.frechet import frechet_distance, frechet_to
from tts_bench.metrics.greedy import REFRESH, Greedy
from tts_bench.metrics.sample import moments
from tts_bench.metrics.scatter import Scatter


def world(d: int, n: int) -> tuple[np.random.Generator, np.ndarray]:
    """A mixing matrix whose features (n, d) have variances over two decades."""
    rng = np.random.default_rng(n)
    return rng, np.linalg.qr(rng.standard_normal((d, d)))[0] * np.logspace(0, -1, d)


def agreement(d: int, choices: int, candidates: int) -> tuple[int, int, float]:
    """How many of the choices agree, how many were made with n < d, and the largest relative error of a distance."""
    rng, mix = world(d, choices)
    reference = moments(rng.standard_normal((4 * d, d)) @ mix + 0.3)
    chosen = [rng.standard_normal(d) @ mix]
    among, same, error = Greedy(reference), 0, 0.0
    among.add(chosen[0])
    for _ in range(choices):
        offered = rng.standard_normal((candidates, d)) @ mix
        found = among.distances(offered)
        exact = np.array([frechet_to(np.array([*chosen, one]), reference) for one in offered])
        error = max(error, float(np.abs(found / exact - 1).max()))
        same += int(np.argmin(found) == np.argmin(exact))
        chosen.append(offered[int(np.argmin(found))])
        among.add(chosen[-1])
    return same, min(choices, d - 2), error


def speed(d: int, images: int, candidates: int) -> tuple[float, float]:
    """CPU seconds a candidate: by the greedy set over one cycle, and exactly."""
    rng, mix = world(d, images)
    reference = moments(rng.standard_normal((3 * d, d)) @ mix + 0.3)
    chosen, among = rng.standard_normal((images // REFRESH * REFRESH + 1, d)) @ mix, Greedy(reference)
    for one in chosen:
        among.add(one)
    offered = rng.standard_normal((REFRESH, candidates, d)) @ mix
    began = time.process_time()
    for some in offered:
        among.add(some[int(np.argmin(among.distances(some)))])
    greedy = (time.process_time() - began) / (REFRESH * candidates)
    so_far, tries = Scatter.of(chosen), 3
    began = time.process_time()
    for one in offered[0, :tries]:
        grown = so_far.copy()
        grown.join(Scatter.of(one[None]))
        frechet_distance(grown.moments(), reference)
    return greedy, (time.process_time() - began) / tries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("--choices", 400), ("--images", 2200), ("--candidates", 4)):
        parser.add_argument(name, type=int, default=default)
    chosen = parser.parse_args()
    same, few, error = agreement(256, chosen.choices, 4)
    print(
        f"d = 256: {same} of {chosen.choices} choices as exact ({few} with n < d); distances within {error:.1e}",
        flush=True,
    )
    for candidates in (chosen.candidates, 4 * chosen.candidates):
        greedy, exact = speed(2048, chosen.images, candidates)
        print(
            f"d = 2048, {candidates} candidates a pick: {1e3 * greedy:.2f} ms a candidate, exact {1e3 * exact:.0f} ms: "
            f"{exact / greedy:.0f}x", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
