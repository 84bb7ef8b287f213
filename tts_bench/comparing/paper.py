"""Our numbers beside a paper's: the rows of a card's `[[published]]` that are submissions of ours, and no verdict.

Other prompts, weights, graders and numbers of images give other numbers, so whether theirs lies in our interval is told
and nothing is failed by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tts_bench.comparing.pairs import Evaluated
from tts_bench.report.board import MetricInfo, main_metric
from tts_bench.report.optional import present
from tts_bench.report.published import NAMES, here
from tts_bench.stats import Estimate


@dataclass(frozen=True)
class Published:
    """One number of a paper's and ours of it; `theirs` and `difference` in the unit in which the metric is shown
    (points of per cent), `ours` in its own. `column` is a metric, or a category in the metric."""

    suite: str
    source: str
    submission: str  # of the paper's row
    own: str  # of ours
    column: str
    metric: MetricInfo
    ours: Estimate
    theirs: float

    @property
    def difference(self) -> float | None:
        """Ours less theirs."""
        return None if self.ours.value is None else self.ours.value * self.scale - self.theirs

    @property
    def inside(self) -> bool | None:
        """Whether theirs lies in our 95 % interval; None where there is none."""
        if self.ours.low is None or self.ours.high is None:
            return None
        return self.ours.low * self.scale <= self.theirs <= self.ours.high * self.scale

    @property
    def scale(self) -> float:
        return 100.0 if self.metric.percent else 1.0


def beside_paper(
    suite: str,
    results: Mapping[str, Evaluated],
    published: Sequence[Mapping[str, Any]],
    counterparts: Mapping[str, Sequence[str]],
    metrics: Sequence[MetricInfo],
) -> list[Published]:
    """Every number of a row that names a submission of which `counterparts` has one of `results`.

    A column is one where it is a metric, or a category of ours: of the main metric there, or where that is of the whole
    set of the first that is of prompts. Blocks whose rows name no submission are passed over.
    """
    known = present(metrics, [each.result for each in results.values()])
    main = main_metric(known)
    of_groups = next((m for m in known if not m.of_set), main) if main.of_set else main
    categories = {name for each in results.values() for name in each.result.groups.get("category", {})}
    infos = {**dict.fromkeys(categories, of_groups), **{metric.name: metric for metric in known}}
    found = []
    for block in published:
        columns = {key: values for key, values in block.items() if isinstance(values, list)}
        for row, name in enumerate(map(str, columns.get(NAMES, []))):
            same = [own for own in counterparts.get(name, ()) if own in results]
            for key in [key for key in columns if key in infos and same]:
                ours, theirs = here(results[same[0]].result, key, infos[key]), columns[key][row]
                if ours is not None and _is_number(theirs):
                    source = str(block["source"])
                    found.append(Published(suite, source, name, same[0], key, infos[key], ours, float(theirs)))
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
