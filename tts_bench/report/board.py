"""Who is ranked with whom: the order of a leaderboard, before any of it becomes text or ink."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tts_bench import keys
from tts_bench.board_rows import numbers, texts
from tts_bench.errors import BadInput
from tts_bench.gain import gain_estimate
from tts_bench.macro import macro_estimate
from tts_bench.report.budgets import at_several_budgets
from tts_bench.report.optional import alike, present
from tts_bench.report.places import in_order, places_of
from tts_bench.results import RESULT, Result
from tts_bench.stats import UNBOUNDED, Estimate, grouped_estimate, mean_estimate

if TYPE_CHECKING:
    from tts_bench.board_rows import Rows

UNSCORED = 0.02  # of its prompts may have no number where a submission is ranked
PROTOCOL = ("card", "prompts", "n", "seed", "images", "judges")  # what two results must share to be compared


@dataclass(frozen=True)
class MetricInfo:
    """A metric as the suite's card describes it. Exactly one of a suite is `main`.

    `lower` is better, or higher. One `of_set` is a number of all images together, and no mean over prompts; it cannot
    lie outside its `limits`. What is `optional` need not be taken alike, or at all, for results to be compared. A
    `macro` one is the mean of the categories' means. `scorers` are those that may give it, or the network under it.
    """

    name: str
    title: str
    percent: bool
    main: bool
    scorers: tuple[str, ...]
    lower: bool = False
    of_set: bool = False
    limits: tuple[float, float] = UNBOUNDED
    optional: bool = False
    macro: bool = False
    categories: frozenset[str] | None = None  # of the prompts that it judges; None is all

    def of_numbers(
        self, values: np.ndarray, categories: Sequence[str], level: float = 0.95, share: bool = False
    ) -> Estimate:
        """The mean of a number a prompt, perhaps a `share`, over the prompts that it judges."""
        parts = self.strata(categories)
        if len(parts) > 1:
            judged = np.sort(np.concatenate(parts))
            of: list[str] = [categories[int(i)] for i in judged]
            return macro_estimate(values[judged], of, level=level, share=share)
        return mean_estimate(values[parts[0]], level=level, share=share)

    def gain(self, differences: np.ndarray, categories: Sequence[str], level: float = 0.95) -> Estimate:
        """The mean difference of two submissions over the prompts that it judges."""
        strata = [differences[part] for part in self.strata(categories)]
        return gain_estimate(strata, level=level, share=self.percent)

    def strata(self, categories: Sequence[str]) -> list[np.ndarray]:
        """Which of the prompts it judges, by place: of a macro one those of each category, in the order of their first
        prompts, else all together."""
        if self.categories is None and not self.macro:
            return [np.arange(len(categories))]
        names = np.asarray(categories, dtype=object)
        kinds = [name for name in dict.fromkeys(categories) if self.categories is None or name in self.categories]
        if self.macro and len(kinds) > 1:
            return [np.flatnonzero(names == name) for name in kinds]
        return [np.flatnonzero([name in kinds for name in categories])]

    def worth(self, estimate: Estimate | None) -> float:
        """For ordering: higher is better, and what has no value comes last."""
        if estimate is None or estimate.value is None:
            return float("-inf")
        return -estimate.value if self.lower else estimate.value

    def side(self, difference: Estimate) -> int:
        """Of a difference: 1 where the whole interval says better, -1 where worse, 0 where it holds 0."""
        return -difference.side if self.lower else difference.side


@dataclass(frozen=True)
class Line:
    """One submission on the board: its rank, if it has one, and its gain over the baseline in the main metric.

    `rank_low` and `rank_high` are the ends of the rank's interval, see `tts_bench.ranks`. `budgets`: where it stands
    for the same search at several budgets, their results in ascending order, its own last.
    """

    result: Result
    rank: int | None = None
    gain: Estimate | None = None
    is_baseline: bool = False
    budgets: Sequence[Result] = ()
    rank_low: int | None = None
    rank_high: int | None = None

    @property
    def is_oracle(self) -> bool:
        return "oracle" in self.result.flags

    def grades_itself(self, metric: str) -> bool:
        """The verifier's scorer is also this metric."""
        return f"own_metric:{metric}" in self.result.flags

    def hindrance(self, main: str) -> str:
        """Why it is not ranked by the metric `main`, in a word or two; "" where it is.

        It chose its images by that number, nobody can check what made them, or too many of them have no number.
        """
        estimate = self.result.metrics.get(main)
        reasons = {
            "oracle": self.is_oracle,
            "own metric": self.grades_itself(main),
            "self-reported": "self_reported" in self.result.flags,
            "unguided": self.unguided > UNSCORED * self.result.suite.n * self.result.suite.images,
            "unscored": estimate is None or estimate.unscored > UNSCORED * (estimate.n + estimate.unscored),
        }
        return next((reason for reason, holds in reasons.items() if holds), "")

    @property
    def unguided(self) -> int:
        """Prompts, each as often as it has images, on which its verifier had no number for any candidate."""
        return sum(int(flag.partition(":")[2]) for flag in self.result.flags if flag.startswith("unguided:"))

    def competes(self, main: str) -> bool:
        return not self.hindrance(main)


@dataclass(frozen=True)
class Board:
    """Lines under one protocol, best first: by rank, and within one by value. `unranked` do not compete, each for its
    `Line.hindrance`.

    `notes` say which optional numbers are not shown.
    """

    metrics: Sequence[MetricInfo]
    ranked: Sequence[Line]
    unranked: Sequence[Line]
    reason: str = ""  # why these results stand apart and have no ranks; empty for the main board
    notes: Sequence[str] = ()

    @property
    def main(self) -> MetricInfo:
        return main_metric(self.metrics)

    @property
    def of_groups(self) -> MetricInfo:
        """The metric that is shown by category: the main one, or where that is of the whole set one of prompts."""
        of_prompts = [metric for metric in self.metrics if not metric.of_set]
        return self.main if not self.main.of_set or not of_prompts else of_prompts[0]

    @property
    def lines(self) -> list[Line]:
        return [*self.ranked, *self.unranked]

    @property
    def baseline(self) -> Result | None:
        return next((line.result for line in self.lines if line.is_baseline), None)


def main_metric(metrics: Sequence[MetricInfo]) -> MetricInfo:
    """The one main metric; BadInput where there is none or more."""
    found = [metric for metric in metrics if metric.main]
    if len(found) != 1:
        raise BadInput.at("suite card", "metrics.main", [metric.name for metric in found], "must be exactly one metric")
    return found[0]


def make_boards(results: Sequence[Result], rows: Mapping[str, Rows], metrics: Sequence[MetricInfo]) -> list[Board]:
    """The main board first, the others apart, with why.

    It is the protocol that most results share (then: most prompts). Those of one search at several budgets do not
    count: a wide grid over a few prompts does not push aside what was evaluated on all of them.
    """
    by_protocol: dict[tuple, list[Result]] = defaultdict(list)
    for result in results:
        by_protocol[_protocol(result, metrics)].append(result)
    main = main_metric(metrics).name
    sizes = {protocol: _size(found, main) for protocol, found in by_protocol.items()}
    order = sorted(by_protocol, key=lambda protocol: (-sizes[protocol], -protocol[2], protocol))
    return [_board(by_protocol[protocol], rows, metrics, _difference(protocol, order[0])) for protocol in order]


def _size(results: Sequence[Result], main: str) -> int:
    return len(results) - sum(len(found) for found in at_several_budgets(results, main))


def _protocol(result: Result, metrics: Sequence[MetricInfo]) -> tuple[str, str, int, int, int, str]:
    """What was asked, and by which version of each metric's scorer, network and real images it was judged.

    Optional metrics do not count: they make no other number another.
    """
    cards, sets = result.cards.get("scorers"), result.cards.get("sets")
    metrics = [metric for metric in metrics if not metric.optional]
    names = [name for metric in metrics if not metric.of_set for name in metric.scorers]
    judges = {name: cards.get(name) for name in names} if isinstance(cards, Mapping) else {}
    judges |= {m.name: sets.get(m.name) for m in metrics if m.of_set} if isinstance(sets, Mapping) else {}
    suite = result.suite
    return suite.card, suite.prompts, suite.n, suite.seed, suite.images, keys.digest(judges)


def _difference(protocol: tuple, main: tuple) -> str:
    words = {"card": "another suite card", "prompts": "other prompts", "n": "{} prompts", "seed": "seed {}"}
    words["images"] = "{} images a prompt"
    words["judges"] = "another version of a metric's scorer, or other real images"
    pairs = zip(PROTOCOL, protocol, main, strict=True)
    return ", ".join(words[name].format(value) for name, value, of_main in pairs if value != of_main)


def _board(results: Sequence[Result], rows: Mapping[str, Rows], metrics: Sequence[MetricInfo], reason: str) -> Board:
    metrics = present(metrics, results)
    main = main_metric(metrics)
    _check_groups(results, main)
    results, notes = alike(results, metrics)
    baseline = _find_baseline(results)
    lines = [Line(result, None, _gain(result, baseline, rows, main), result is baseline) for result in results]
    lines.sort(key=lambda line: (-main.worth(line.result.metrics.get(main.name)), line.result.name))
    competing = [line for line in lines if line.competes(main.name)]
    if not reason and competing:
        places = places_of([line.result for line in competing], rows, main)
        competing = [
            replace(line, rank=place.rank, rank_low=place.low, rank_high=place.high)
            for line, place in zip(competing, places, strict=True)
        ]
        competing.sort(key=lambda line: line.rank or 0)  # within a tie by value, as they stand
    return Board(metrics, competing, [line for line in lines if not line.competes(main.name)], reason, notes)


def _check_groups(results: Sequence[Result], main: MetricInfo) -> None:
    """Differences in a number of the whole set are paired by groups of images: there must be as many of them."""
    counts = {r.name: len(r.left_out.get(main.name, ())) for r in results if main.of_set and main.name in r.metrics}
    first = min(counts, default="")
    for name, count in sorted(counts.items()):
        if count != counts[first] or not count:
            fix = f"must be the same groups of images in both, not {counts[first]}; evaluate both again"
            raise BadInput.at(f"{name}/{RESULT}, {first}/{RESULT}", f"left_out.{main.name}", count, fix)


def _find_baseline(results: Sequence[Result]) -> Result | None:
    """The submission named "none", else the cheapest without a verifier."""
    made_here = [result for result in results if "self_reported" not in result.flags]
    plain = [result for result in made_here if result.recipe["verifier"] is None]
    named = [result for result in made_here if result.name == "none"]
    return min(named or plain, key=lambda result: (result.nfe, result.name), default=None)


def _gain(result: Result, baseline: Result | None, rows: Mapping[str, Rows], metric: MetricInfo) -> Estimate | None:
    """Paired by prompt id, or by group of images."""
    name = metric.name
    if baseline is None or result is baseline or name not in result.metrics or name not in baseline.metrics:
        return None
    if metric.of_set:
        return grouped_estimate(result.pseudo_values(name) - baseline.pseudo_values(name), result.suite.n)
    base = rows[baseline.name]
    own = in_order(rows[result.name], base, result.name, baseline.name)
    differences = numbers(own, name) - numbers(base, name)
    return metric.gain(differences, texts(base, "category"))
