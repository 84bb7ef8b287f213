"""Baseline v candidate: for each submission and metric of both the paired difference, and pass, regressed, cannot tell.

Results in, verdicts out. All intervals hold together: of k comparisons in which a number changed, each has the level
1 - 0.05 / k (Bonferroni). Holm's step-down would reject a little more, but has no intervals: the one that is shown
would not be the one that decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tts_bench.comparing.interval import detectable, fewest, interval, simultaneous
from tts_bench.comparing.pairing import MISSING, Apart, Both, Side, compared, pair_up
from tts_bench.comparing.pairs import Pairs, pairs
from tts_bench.comparing.verdict import CANNOT_TELL, PASS, REGRESSED, Verdict, judge
from tts_bench.errors import BadInput
from tts_bench.report.board import MetricInfo
from tts_bench.stats import Estimate

_NOW_OWN = "in HEAD the submission's verifier has become this metric's scorer"  # a way out of the gate


@dataclass(frozen=True)
class Asked:
    """What of a comparison is the user's: the least drops that matter, in the metrics' units (0 where none is named),
    and the metrics to judge (all where none is)."""

    min_effects: Mapping[str, float] = field(default_factory=dict)
    metrics: Sequence[str] = ()


@dataclass(frozen=True)
class Row:
    """One metric of one submission. `difference` is HEAD - BASE, `seen` the drop that would be seen 4 times in 5.

    `verdict` is None where the submission's verifier grades itself; `hindrance` says why nothing can be told.
    """

    suite: str
    submission: str
    metric: MetricInfo
    base: float | None
    head: float | None
    difference: Estimate
    seen: float | None
    min_effect: float
    identical: bool
    verdict: Verdict | None
    hindrance: str = ""

    @property
    def gain(self) -> Estimate:
        """The difference, turned so that higher is better."""
        return self.difference.negated if self.metric.lower else self.difference


@dataclass(frozen=True)
class Comparison:
    """`family`: comparisons of which a number changed, each with an interval at `level`."""

    base: str
    head: str
    rows: Sequence[Row]
    apart: Sequence[Apart]
    family: int
    level: float

    def of(self, verdict: Verdict | None) -> list[Row]:
        return [row for row in self.rows if row.verdict == verdict]

    @property
    def verdict(self) -> Verdict:
        """The worst; a hole in the comparison is a thing that cannot be told."""
        if self.of(REGRESSED):
            return REGRESSED
        return CANNOT_TELL if self.of(CANNOT_TELL) or any(apart.warns for apart in self.apart) else PASS

    def exit_code(self, strict: bool = False) -> int:
        return int(self.verdict == REGRESSED or (strict and self.verdict == CANNOT_TELL))


@dataclass(frozen=True)
class _Compared:
    both: Both
    pairs: Pairs
    judged: bool


def compare(
    base: Side, head: Side, metrics: Mapping[str, Sequence[MetricInfo]], asked: Asked | None = None
) -> Comparison:
    """`metrics` by suite. BadInput where nothing is left to judge; it names the first reason."""
    asked = asked or Asked()
    found: list[_Compared] = []
    apart: list[Apart] = []
    for both in pair_up(base, head):
        if isinstance(both, Apart):
            apart.append(both)
            continue
        for metric in compared(both, metrics[both.suite], asked.metrics):
            if isinstance(metric, Apart):
                apart.append(metric)
            else:
                made = pairs(metric, both.base, both.head)
                own = _grade_themselves(both, metric.name)
                found.append(_Compared(both, made, not any(own)))
                if own == (False, True) and both.base.result.name == both.head.result.name:
                    apart.append(Apart(both.suite, both.submission, f"{metric.name}: {_NOW_OWN}"))
    if not any(each.judged for each in found):
        _refuse(base, head, apart, bool(found))
    family = sum(each.judged and not each.pairs.identical for each in found)
    level = simultaneous(family)
    rows = [_row(each, level, asked) for each in found]
    return Comparison(base.label, head.label, rows, apart, family, level)


def _row(each: _Compared, level: float, asked: Asked) -> Row:
    made, metric = each.pairs, each.pairs.metric
    least, identical = asked.min_effects.get(metric.name, 0.0), made.identical
    difference = Estimate(0.0, 0.0, 0.0, made.n, made.unscored) if identical else interval(made, level)
    hindrance = "" if identical else _hindrance(made, difference, level)
    verdict = PASS if identical else CANNOT_TELL if hindrance else judge(_turned(difference, metric), least)
    return Row(
        each.both.suite, each.both.submission, metric, *made.values, difference,
        None if identical else detectable(made, level), least, identical,
        verdict if each.judged else None, hindrance,
    )  # fmt: skip


def _turned(difference: Estimate, metric: MetricInfo) -> Estimate:
    return difference.negated if metric.lower else difference


def _hindrance(made: Pairs, difference: Estimate, level: float) -> str:
    units, total = "groups of images" if made.metric.of_set else "prompts", made.scored.size
    if made.too_many_unscored:
        return f"{total - made.units} of {total} {units} have no number in both"
    if made.units < fewest(level):
        return f"{made.units} {units} are too few: the least at this level is {fewest(level)}"
    return "a category has fewer than two numbers" if difference.low is None else ""


def _grade_themselves(both: Both, metric: str) -> tuple[bool, bool]:
    """Whether BASE's, and HEAD's, verifier is the metric's scorer."""
    return f"own_metric:{metric}" in both.base.result.flags, f"own_metric:{metric}" in both.head.result.flags


def _refuse(base: Side, head: Side, apart: Sequence[Apart], any_found: bool) -> None:
    why = "in all that both have the verifier grades itself" if any_found else "the two share no result and metric"
    holes = sorted(apart, key=lambda each: (not each.warns, each.why == MISSING))  # what both have says more
    first = f"; {holes[0].suite}/{holes[0].submission}: {holes[0].why}" if holes else ""
    raise BadInput.at(base.label, "HEAD", head.label, f"nothing is left to judge: {why}{first}")
