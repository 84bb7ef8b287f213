"""Which submission of BASE stands beside which of HEAD, and what keeps two, or one metric of two, from being compared.

Only what was asked and judged alike is compared: the same card, prompts, number of them, seed, images a prompt, and of
each metric the same version of its scorer, network and real images.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tts_bench.comparing.pairs import Evaluated
from tts_bench.report.board import PROTOCOL, MetricInfo
from tts_bench.report.optional import judge_card

_ASKED = {
    "card": "suite card", "prompts": "prompts", "n": "number of prompts", "seed": "seed", "images": "images a prompt",
}  # fmt: skip


MISSING = "HEAD has no result of it"


@dataclass(frozen=True)
class Side:
    """BASE or HEAD: what it is called, and its results by suite and name."""

    label: str
    suites: Mapping[str, Mapping[str, Evaluated]]


@dataclass(frozen=True)
class Apart:
    """What is not compared, and why; one that `warns` is a hole in the comparison, and no news alone."""

    suite: str
    submission: str
    why: str
    warns: bool = True


@dataclass(frozen=True)
class Both:
    """A submission that both sides have under one protocol."""

    suite: str
    submission: str
    base: Evaluated
    head: Evaluated


def pair_up(base: Side, head: Side) -> Iterator[Both | Apart]:
    """By suite and name; the one with the one, whatever they are called, where both sides have a single result."""
    single = [side for side in (base, head) if [len(found) for found in side.suites.values()] == [1]]
    for suite in sorted({*base.suites, *head.suites}):
        ours, theirs = base.suites.get(suite, {}), head.suites.get(suite, {})
        if len(single) == 2 and ours and theirs:
            [(first, one)], [(second, other)] = ours.items(), theirs.items()
            yield _paired(suite, first if first == second else f"{first} -> {second}", one, other)
            continue
        for name in sorted({*ours, *theirs}):
            if name not in theirs:
                yield Apart(suite, name, MISSING)
            elif name not in ours:
                yield Apart(suite, name, "new: BASE has no result of it", warns=False)
            else:
                yield _paired(suite, name, ours[name], theirs[name])


def compared(both: Both, metrics: Sequence[MetricInfo], only: Sequence[str]) -> Iterator[MetricInfo | Apart]:
    """Of the metrics (of those named in `only`, if any are) the ones that both have of one judge, or why not.

    Those that neither has are passed over.
    """
    base, head = both.base.result, both.head.result
    for metric in metrics:
        name = metric.name
        if only and name not in only:
            continue
        has = [name in result.metrics and (name in result.left_out) == metric.of_set for result in (base, head)]
        groups = [len(result.left_out.get(name, ())) for result in (base, head)]
        if not any(has):
            continue
        if not all(has):
            why = f"{name}: HEAD has no such number" if has[0] else f"{name}: new, BASE has no such number"
            yield Apart(both.suite, both.submission, why, warns=has[0])
        elif judge_card(base, metric) != judge_card(head, metric) or groups[0] != groups[1]:
            judge = "network, formula, groups or real images" if metric.of_set else f"version of {_names(metric)}"
            yield Apart(both.suite, both.submission, f"{name}: another {judge} in HEAD")
        else:
            yield metric
    known = {metric.name for metric in metrics}
    for name in [name for name in base.metrics if name not in known and not only]:
        yield Apart(both.suite, both.submission, f"{name}: is no metric of the suite's card here")


def _paired(suite: str, name: str, base: Evaluated, head: Evaluated) -> Both | Apart:
    why = differing(base, head)
    return Apart(suite, name, why) if why else Both(suite, name, base, head)


def differing(base: Evaluated, head: Evaluated) -> str:
    """In what the two were asked something else; "" where in nothing."""
    pairs = {name: [getattr(side.result.suite, name) for side in (base, head)] for name in PROTOCOL if name in _ASKED}
    found = [
        f"{_ASKED[name]} {_short(ours)} in BASE, {_short(theirs)} in HEAD"
        for name, (ours, theirs) in pairs.items()
        if ours != theirs
    ]
    if not found and _prompts(base) != _prompts(head):
        found = ["the rows are of other prompts, or have them in other categories"]
    return "; ".join(found)


def _prompts(side: Evaluated) -> dict[str, str]:
    return dict(zip(side.rows["prompt_id"], side.rows["category"], strict=True))


def _short(value: object) -> str:
    return str(value)[:12]


def _names(metric: MetricInfo) -> str:
    return ", ".join(metric.scorers)
