"""How often `tts-bench compare` is wrong: false alarms, power, and whether the intervals cover, all simulated.

python benchmarks/compare.py [--splits 1000] [--drops 500] [--draws 2000] [--prompts 84] [--seed 0]

A/A: the same submissions on the same prompts with other noise, 4 of them in 6 metrics (yes or no, shares, normal,
heavy tails, a macro mean, a number of the whole set). A false alarm is a comparison with "regressed" anywhere in it.
Power: of drops as large as the comparison says it would see 4 times in 5, in each metric of one submission. Coverage:
of intervals at 95 %, of means and paired differences whose true value is known.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tts_bench.compare import Asked, Comparison, compare
from tts_bench.comparing.interval import interval
from tts_bench.comparing.pairing import Side
from tts_bench.comparing.pairs import Evaluated, Pairs
from tts_bench.macro import macro_estimate
from tts_bench.report.board import MetricInfo
from tts_bench.results import Result, SuiteRun
from tts_bench.stats import Estimate, mean_estimate, paired_delta

SUITE, GROUPS, CATEGORIES = "simulated", 20, 4
METRICS = [
    MetricInfo("accuracy", "right or wrong", True, True, ("a",)),
    MetricInfo("attributes", "shares of four", True, False, ("b",)),
    MetricInfo("normal", "normal noise", False, False, ("c",)),
    MetricInfo("heavy", "noise of Student's t with 3 degrees", False, False, ("d",)),
    MetricInfo("macro", "the categories' mean", False, False, ("e",), macro=True),
    MetricInfo("fid", "of the whole set", False, False, ("f",), lower=True, of_set=True),
]
OF_PROMPTS = [metric.name for metric in METRICS if not metric.of_set]


@dataclass(frozen=True)
class World:
    """Prompts with their difficulty, (prompts,), and the submissions that meet them."""

    difficulty: np.ndarray
    submissions: int = 4
    seed: int = 0
    drops: Mapping[str, float] = field(default_factory=dict)  # planted in the first submission's metrics

    def side(self, label: str, rng: np.random.Generator, planted: bool = False) -> Side:
        made = {
            f"s{i}": self._one(f"s{i}", rng, self.drops if planted and not i else {}) for i in range(self.submissions)
        }
        return Side(label, {SUITE: made})

    def _one(self, name: str, rng: np.random.Generator, drops: Mapping[str, float]) -> Evaluated:
        n, skill = self.difficulty.size, self.difficulty
        right = 1 / (1 + np.exp(-skill))
        values = {
            "accuracy": rng.random(n) < _less(right, drops.get("accuracy", 0.0)),
            "attributes": rng.binomial(4, _less(right, drops.get("attributes", 0.0))) / 4,
            "normal": skill + rng.normal(0, 0.5, n) - drops.get("normal", 0.0),
            "heavy": skill + 0.4 * rng.standard_t(3, n) - drops.get("heavy", 0.0),
            "macro": skill + rng.normal(0, 0.5, n) - drops.get("macro", 0.0),
        }
        rows = pd.DataFrame({
            "prompt_id": [f"p{i}" for i in range(n)],
            "category": [f"c{i % CATEGORIES}" for i in range(n)],
            **{metric: column.astype(float) for metric, column in values.items()},
        })  # fmt: skip
        pseudo = 5 + rng.normal(0, 1, GROUPS) + drops.get("fid", 0.0)
        metrics = {metric: Estimate(float(np.mean(values[metric])), None, None, n, 0) for metric in OF_PROMPTS}
        metrics["fid"] = Estimate(float(pseudo.mean()), None, None, n, 0)
        left_out = {"fid": (pseudo.mean() - (pseudo - pseudo.mean()) / (GROUPS - 1)).tolist()}
        return Evaluated(_result(name, n, self.seed, metrics, left_out), rows)


def world(prompts: int, rng: np.random.Generator, **more: object) -> World:
    return World(rng.normal(0.3, 1.0, prompts), **more)  # type: ignore[arg-type]


def alarms(splits: int, prompts: int, seed: int) -> int:
    """Of so many A/A comparisons, those in which anything is "regressed"."""
    rng, found = np.random.default_rng(seed), 0
    for _ in range(splits):
        drawn = world(prompts, rng)
        found += held(drawn.side("a", rng), drawn.side("a again", rng)).verdict == "regressed"
    return found


def least_seen(prompts: int, seed: int, times: int = 20) -> dict[str, float]:
    """The drop that comparisons of so many prompts say they would see 4 times in 5, by metric: a mean of some A/A's."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(times):
        drawn = world(prompts, rng)
        done = held(drawn.side("a", rng), drawn.side("a again", rng))
        found.append({row.metric.name: row.seen or 0.0 for row in done.rows if row.submission == "s0"})
    return {name: float(np.mean([each[name] for each in found])) for name in found[0]}


def power(
    drops: Mapping[str, float], times: int, prompts: int, seed: int, verdict: str = "regressed"
) -> dict[str, float]:
    """How often each of these drops, stated as minimum effects, has a verdict, by metric."""
    rng = np.random.default_rng(seed)
    found = dict.fromkeys(drops, 0)
    for _ in range(times):
        drawn = World(world(prompts, rng).difficulty, drops=drops)
        done = held(drawn.side("a", rng), drawn.side("b", rng, planted=True), Asked(drops))
        for row in done.rows:
            if row.submission == "s0" and row.metric.name in drops:
                found[row.metric.name] += row.verdict == verdict
    return {name: count / times for name, count in found.items()}


def held(base: Side, head: Side, asked: Asked | None = None) -> Comparison:
    return compare(base, head, {SUITE: METRICS}, asked)


def coverage(estimate: Callable[[np.random.Generator], tuple[Estimate, float]], draws: int, seed: int) -> float:
    """How often an interval holds the true value beside it."""
    rng = np.random.default_rng(seed)
    held = 0
    for _ in range(draws):
        found, true = estimate(rng)
        held += found.low is not None and found.high is not None and found.low <= true <= found.high
    return held / draws


def estimates(n: int) -> dict[str, Callable[[np.random.Generator], tuple[Estimate, float]]]:
    """Intervals of `n` prompts with what they are of: prompts drawn anew, scores and differences around known means."""
    of = [f"c{i % CATEGORIES}" for i in range(n)]
    level = np.arange(n) % CATEGORIES  # the categories' means: their own mean is 1.5

    def pairs(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        hard = rng.normal(0, 1, n)
        return hard + rng.normal(0.2, 0.5, n), hard + rng.normal(0, 0.5, n)

    def judged(rng: np.random.Generator, metric: MetricInfo) -> tuple[Estimate, float]:
        head, base = pairs(rng)
        return interval(Pairs(metric, base, head, of, n), 0.95), 0.2

    return {
        "mean, normal": lambda rng: (mean_estimate(rng.normal(1, 1, n)), 1.0),
        "mean, exponential": lambda rng: (mean_estimate(rng.exponential(1, n)), 1.0),
        "paired": lambda rng: (paired_delta(*pairs(rng)), 0.2),
        "macro": lambda rng: (macro_estimate(level + rng.normal(0, 1, n), of), 1.5),
        "macro, paired": lambda rng: (macro_estimate(np.subtract(*pairs(rng)), of), 0.2),
        "compare": lambda rng: judged(rng, METRICS[2]),
        "compare, macro": lambda rng: judged(rng, METRICS[4]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=1000)
    parser.add_argument("--drops", type=int, default=500)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--prompts", type=int, default=84)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    false = alarms(args.splits, args.prompts, args.seed)
    print(f"A/A, n = {args.prompts}: {false} of {args.splits} comparisons alarmed ({false / args.splits:.1%})")
    seen = least_seen(args.prompts, args.seed + 1)
    found, passed = (power(seen, args.drops, args.prompts, args.seed + 2, each) for each in ("regressed", "pass"))
    for name, drop in seen.items():
        told = f"regressed in {found[name]:.1%}, pass in {passed[name]:.1%} of {args.drops}"
        print(f"a drop of {drop:.3f} in {name}: {told}")
    for n in (50, 200):
        for name, estimate in estimates(n).items():
            print(f"n = {n:<4} {name:<24} covers {coverage(estimate, args.draws, args.seed + 3):.1%}")


def _less(share: np.ndarray, drop: float) -> np.ndarray:
    """Shares whose mean is lower by `drop`."""
    return share * (1 - drop / share.mean())


def _result(
    name: str, n: int, seed: int, metrics: Mapping[str, Estimate], left_out: Mapping[str, list[float]]
) -> Result:
    return Result(
        SuiteRun(SUITE, "0" * 64, "0" * 64, n, seed), name, "0" * 64, {}, {}, [], 0.0, metrics,
        {"category": {}, "split": {}}, [], {}, {}, left_out,
    )  # fmt: skip


if __name__ == "__main__":
    main()
