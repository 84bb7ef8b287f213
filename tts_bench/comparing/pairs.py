"""One metric of one submission, in BASE and in HEAD, prompt by prompt or group by group of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tts_bench.report.board import UNSCORED, MetricInfo
from tts_bench.results import Result

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Evaluated:
    """A result and its rows, one a prompt."""

    result: Result
    rows: pandas.DataFrame


@dataclass(frozen=True)
class Pairs:
    """`base` and `head`, (units,) float64 with NaN for unscored: numbers of prompts, or pseudo-values of groups.

    `categories` of the prompts, `images` in the set.
    """

    metric: MetricInfo
    base: np.ndarray
    head: np.ndarray
    categories: Sequence[str]
    images: int

    @cached_property
    def scored(self) -> np.ndarray:
        """(units,) bool: both have a number."""
        return np.isfinite(self.base) & np.isfinite(self.head)

    @property
    def units(self) -> int:
        """Prompts, or groups of images, in which both have a number."""
        return int(self.scored.sum())

    @property
    def n(self) -> int:
        """Prompts, or images of the set, that the difference is of."""
        return self.units if not self.metric.of_set else self.images if self.units else 0

    @property
    def unscored(self) -> int:
        return 0 if self.metric.of_set else self.scored.size - self.units

    @property
    def too_many_unscored(self) -> bool:
        """Those that both have a number for may be the easier; of a set a group without a number is one too many."""
        allowed = 0.0 if self.metric.of_set else UNSCORED
        return self.scored.size - self.units > allowed * self.scored.size

    @property
    def changed(self) -> int:
        """Units in which both have a number, and not the same one."""
        return int((self.base[self.scored] != self.head[self.scored]).sum())

    @property
    def identical(self) -> bool:
        """Every number is the same, those that are missing are missing in both, and there is one."""
        return self.units > 0 and np.array_equal(self.base, self.head, equal_nan=True)

    @property
    def difference(self) -> float | None:
        """HEAD - BASE over the units that both have a number in."""
        return _centre(self._by_stratum(self.head - self.base))

    @property
    def values(self) -> tuple[float | None, float | None]:
        """BASE's and HEAD's number over the same units."""
        return _centre(self._by_stratum(self.base)), _centre(self._by_stratum(self.head))

    @cached_property
    def strata(self) -> list[np.ndarray]:
        """The differences by category for a macro mean, else all in one."""
        return self._by_stratum(self.head - self.base)

    def _by_stratum(self, values: np.ndarray) -> list[np.ndarray]:
        if not self.metric.macro:
            return [values[self.scored]]
        names = np.asarray(self.categories, dtype=object)
        return [values[self.scored & (names == name)] for name in dict.fromkeys(self.categories)]


def pairs(metric: MetricInfo, base: Evaluated, head: Evaluated) -> Pairs:
    """Of two results with the same prompts in the same categories, or groups: `differing` says whether they are."""
    name, suite = metric.name, base.result.suite
    if metric.of_set:
        return Pairs(metric, base.result.pseudo_values(name), head.result.pseudo_values(name), (), suite.n)
    categories = [str(category) for category in base.rows["category"]]
    judged = [i for i, category in enumerate(categories) if metric.categories is None or category in metric.categories]
    aligned = head.rows.set_index("prompt_id").reindex(list(base.rows["prompt_id"]))
    first, second = (rows[name].to_numpy(dtype=np.float64)[judged] for rows in (base.rows, aligned))
    return Pairs(metric, first, second, [categories[i] for i in judged], suite.n)


def _centre(strata: Sequence[np.ndarray]) -> float | None:
    if not strata or any(values.size == 0 for values in strata):
        return None
    return float(np.mean([values.mean() for values in strata]))
