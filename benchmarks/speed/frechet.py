"""The Frechet distance against clean-fid's and torch-fidelity's, side by side in one run on the same features.

python benchmarks/speed/frechet.py [--dimension 2048] [--full 5000] [--few 500]

At full rank from statistics to distance; of few images from features to distance, against as few and against
statistics of full rank. CPU seconds of this process, and how many times as long the others take.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from tts_bench.metrics.frechet import frechet_between, frechet_distance, frechet_to
from tts_bench.metrics.sample import moments


def cpu_seconds(work: Callable[[], float], repeats: int = 1) -> tuple[float, float]:
    """The least over `repeats`, and the distance."""
    took, distance = [], 0.0
    for _ in range(repeats):
        began = time.process_time()
        distance = float(work())
        took.append(time.process_time() - began)
    return min(took), distance


def statistics(features: np.ndarray) -> dict[str, np.ndarray]:
    return {"mu": features.mean(axis=0), "sigma": np.cov(features, rowvar=False)}


def clean(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    from cleanfid.fid import frechet_distance as distance

    return distance(one["mu"], one["sigma"], other["mu"], other["sigma"])


def fidelity(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    from torch_fidelity.metric_fid import fid_statistics_to_metric

    return fid_statistics_to_metric(one, other, verbose=False)["frechet_inception_distance"]


def compare(title: str, ours: Callable[[], float], *theirs: tuple[str, Callable[[], float]]) -> None:
    own, distance = cpu_seconds(ours, repeats=3)
    print(f"{title}\n  tts-bench       {own:8.3f} s          d^2 = {distance:.10g}", flush=True)
    for name, work in theirs:
        took, other = cpu_seconds(work)
        print(f"  {name:<15} {took:8.3f} s {took / own:6.1f}x  d^2 = {other:.10g}", flush=True)


def threads() -> str:
    from threadpoolctl import threadpool_info

    pools: list[dict[str, Any]] = threadpool_info()
    return ", ".join(sorted({f"{pool['internal_api']} {pool['num_threads']}" for pool in pools}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("--dimension", 2048), ("--full", 5000), ("--few", 500)):
        parser.add_argument(name, type=int, default=default)
    chosen = parser.parse_args()
    d, rng = chosen.dimension, np.random.default_rng(0)
    mix = rng.standard_normal((d, d)) / np.sqrt(d) * np.logspace(0, -1, d)
    many, real = (np.maximum(rng.standard_normal((chosen.full, d)) @ mix + 0.2, 0.0) for _ in range(2))
    few, few_real = many[: chosen.few], real[: chosen.few]
    warnings.simplefilter("ignore")
    for name in ("cleanfid.fid", "torch_fidelity.metric_fid"):
        import_module(name)  # before the clock runs
    print(f"d = {d}; threads: {threads()}")
    a, b, one, other = moments(many), moments(real), statistics(many), statistics(real)
    compare(
        f"full rank ({chosen.full} images each), from statistics", lambda: frechet_distance(a, b),
        ("torch-fidelity", lambda: fidelity(one, other)), ("clean-fid", lambda: clean(one, other)),
    )  # fmt: skip
    compare(
        f"{chosen.few} images each, from features", lambda: frechet_between(few, few_real),
        ("torch-fidelity", lambda: fidelity(statistics(few), statistics(few_real))),
        ("clean-fid", lambda: clean(statistics(few), statistics(few_real))),
    )  # fmt: skip
    compare(
        f"{chosen.few} images from features, against statistics of full rank", lambda: frechet_to(few, b),
        ("torch-fidelity", lambda: fidelity(statistics(few), other)),
        ("clean-fid", lambda: clean(statistics(few), other)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
