"""How often a 95 % interval holds the true mean, simulated: the intervals of scores, shares, gains and macro means.

python benchmarks/coverage.py [--draws 10000] [--prompts 20,50,84,200,252] [--method shipped] [--results results]
    [--seed 0]

A Markdown table: a line a population, a column a number of prompts, and in it the share of intervals that hold the
mean, with (those that lie above it / those that lie below it), all in per cent. Populations are drawn from formulas, or
with replacement from the numbers that `results` publishes of the suites shapes and digits: scores of one submission,
and differences of two on the same prompts. Macro means are of four categories with 1/2, 1/4, 1/8 and 1/8 of the
prompts.
Methods beside the shipped one: "student", and the "percentile" bootstrap of 1,000 resamples.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tts_bench.gain import gain_estimate
from tts_bench.macro import macro_estimate
from tts_bench.mean_interval import spread
from tts_bench.results import read_rows
from tts_bench.stats import Estimate, mean_estimate

RESULTS = Path(__file__).parents[1] / "results"
PARTS = (0.5, 0.75, 0.875, 1.0)  # where a macro mean's categories end
SCORES = (
    ("shapes", "none", "dual_encoder"), ("shapes", "none", "appeal"), ("shapes", "none", "attributes"),
    ("shapes", "random16-ensemble", "dual_encoder"), ("shapes", "random16-ensemble", "attributes"),
    ("digits", "none", "reader"),
)  # fmt: skip
GAINS = (
    ("shapes", "random16-appeal", "none", "dual_encoder"), ("shapes", "random16-ensemble", "none", "dual_encoder"),
    ("shapes", "random16-ensemble", "none", "attributes"), ("shapes", "random16-ensemble", "none", "accuracy"),
    ("shapes", "random16-dual_encoder", "random16-ensemble", "dual_encoder"),
    ("shapes", "random16-dual_encoder", "random16-ensemble", "attributes"),
    ("shapes", "random16-dual_encoder", "random16-ensemble", "accuracy"),
    ("digits", "random16-reader", "none", "reader"),
)  # fmt: skip
Draw = Callable[[np.random.Generator, int], np.ndarray]
Interval = Callable[[np.ndarray], tuple[float, float]]


@dataclass(frozen=True)
class Population:
    """Numbers of prompts with a known mean; of several `parts`, the categories of a macro mean."""

    name: str
    mean: float
    parts: tuple[Draw, ...]
    share: bool = False
    gain: bool = False

    def interval(self, rng: np.random.Generator, n: int, method: str) -> tuple[float, float]:
        """From `n` prompts drawn anew."""
        ends = [round(n * end) for end in (PARTS if len(self.parts) > 1 else (1.0,))]
        sizes = [end - start for start, end in zip([0, *ends], ends, strict=False)]
        drawn = [part(rng, size) for part, size in zip(self.parts, sizes, strict=True)]
        if method != "shipped":
            return OTHERS[method](drawn[0])
        if self.gain:
            return _ends(gain_estimate(drawn, share=self.share))
        values = np.concatenate(drawn)
        if len(drawn) == 1:
            return _ends(mean_estimate(values, share=self.share))
        return _ends(macro_estimate(values, list(np.repeat(list("abcd"), sizes)), share=self.share))


def made_up() -> Iterator[Population]:
    yield Population("normal", 1.0, (lambda rng, n: rng.normal(1, 1, n),))
    yield Population("uniform", 0.5, (lambda rng, n: rng.random(n),))
    yield Population("exponential", 1.0, (lambda rng, n: rng.exponential(1, n),))
    yield Population("Student's t, 3 degrees", 0.0, (lambda rng, n: rng.standard_t(3, n),))
    yield Population("log-normal", math.exp(0.5), (lambda rng, n: rng.lognormal(0, 1, n),))
    for rate in (0.5, 0.1, 0.02):
        yield Population(f"share, {rate:g} right (Wilson)", rate, (_right(rate),), share=True)
    for won, lost in ((0.3, 0.2), (0.2, 0.05), (0.1, 0.1), (0.05, 0.05), (0.02, 0.02), (0.05, 0.0)):
        yield Population(
            f"gain in a share: {won:g} won, {lost:g} lost", won - lost, (_gained(won, lost),), share=True, gain=True
        )
    normal = tuple(
        _moved(lambda rng, n: rng.normal(0, 1, n), level, scale)
        for level, scale in zip(range(4), (1, 2, 1, 3), strict=True)
    )
    yield Population("macro, normal", 1.5, normal)
    exponential = tuple(_moved(lambda rng, n: rng.exponential(1, n) - 1, level, 1.0) for level in range(4))
    yield Population("macro, exponential", 1.5, exponential)
    rates = (0.9, 0.5, 0.2, 0.7)
    changes = ((0.3, 0.2), (0.1, 0.05), (0.05, 0.0), (0.2, 0.0))
    mean = float(np.mean([won - lost for won, lost in changes]))
    yield Population("macro, gain in a share", mean, tuple(_gained(*each) for each in changes), share=True, gain=True)
    yield Population("macro, shares (MOVER)", float(np.mean(rates)), tuple(map(_right, rates)), share=True)


def published(results: Path) -> Iterator[Population]:
    for suite, name, metric in SCORES:
        values = read_rows(results / suite / name)[metric].to_numpy(dtype=np.float64)
        yield _resampled(f"{suite}: {metric} of {name}", values)
    for suite, head, base, metric in GAINS:
        rows = [read_rows(results / suite / name).set_index("prompt_id")[metric] for name in (head, base)]
        name, differences = f"{suite}: {metric}, {head} - {base}", (rows[0] - rows[1]).to_numpy(dtype=np.float64)
        yield replace(_resampled(name, differences), share=metric in ("accuracy", "attributes"), gain=True)
    rows = read_rows(results / "shapes" / "none")
    by = [rows.loc[rows["category"] == name, "dual_encoder"].to_numpy() for name in sorted(set(rows["category"]))[:4]]
    parts = tuple(_from(values) for values in by)
    yield Population("shapes: dual_encoder of none, macro", float(np.mean([v.mean() for v in by])), parts)


def misses(population: Population, n: int, draws: int, seed: int, method: str = "shipped") -> tuple[int, int]:
    """How many intervals lie above the mean, and how many below it; rounding decides none."""
    rng, found = np.random.default_rng([seed, n]), [0, 0]
    for _ in range(draws):
        low, high = population.interval(rng, n, method)
        found[0] += low > population.mean + 1e-12
        found[1] += high < population.mean - 1e-12
    return found[0], found[1]


def student(values: np.ndarray) -> tuple[float, float]:
    half = spread([values]).student(0.95)
    return float(values.mean()) - half, float(values.mean()) + half


def percentile(values: np.ndarray) -> tuple[float, float]:
    counts = np.random.default_rng(0).multinomial(values.size, np.full(values.size, 1 / values.size), size=1000)
    means = counts @ values / values.size
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


OTHERS: dict[str, Interval] = {"student": student, "percentile": percentile}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--prompts", default="20,50,84,200,252")
    parser.add_argument("--method", choices=("shipped", *OTHERS), default="shipped")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    sizes = [int(n) for n in args.prompts.split(",")]
    every = [*made_up(), *published(args.results)]
    if args.method != "shipped":
        every = [population for population in every if len(population.parts) == 1 and not population.share]
    print("| population | " + " | ".join(f"n = {n}" for n in sizes) + " |")
    print("| :--- |" + " ---: |" * len(sizes))
    for population in every:
        cells = [cell(*misses(population, n, args.draws, args.seed, args.method), args.draws) for n in sizes]
        print(f"| {population.name} | " + " | ".join(cells) + " |", flush=True)


def cell(above: int, below: int, draws: int) -> str:
    """Of so many draws: the share that holds the mean, and on which side it is missed, in per cent."""
    return f"{1 - (above + below) / draws:.1%} ({above / draws:.1%} / {below / draws:.1%})".replace("%", "")


def _ends(found: Estimate) -> tuple[float, float]:
    assert found.low is not None and found.high is not None  # noqa: S101  two numbers or more in each category
    return found.low, found.high


def _right(rate: float) -> Draw:
    return lambda rng, n: (rng.random(n) < rate).astype(np.float64)


def _gained(won: float, lost: float) -> Draw:
    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        at = rng.random(n)
        return (at < won).astype(np.float64) - (at > 1 - lost)

    return draw


def _moved(draw: Draw, by: float, times: float) -> Draw:
    return lambda rng, n: by + times * draw(rng, n)


def _from(values: np.ndarray) -> Draw:
    return lambda rng, n: rng.choice(values, n)


def _resampled(name: str, values: np.ndarray) -> Population:
    values = values[np.isfinite(values)]
    return Population(name, float(values.mean()), (_from(values),))


if __name__ == "__main__":
    main()
