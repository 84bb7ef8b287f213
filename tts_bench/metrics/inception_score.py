"""The Inception Score (Salimans et al. 2016): exp(E_x KL(p(y|x) || p(y))), a split of the images at a time.

The mean of KL over a split is mean_i sum_c p_ic log p_ic - sum_c q_c log q_c, q the mean of p: both sums run over the
images once, so that leaving some out is a subtraction. Softmax in float64.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from tts_bench.metrics.protocol import Needs
from tts_bench.metrics.sample import Reference, Sample, check
from tts_bench.metrics.scatter import BLOCK
from tts_bench.types import Json

SPLITS, SEED = 10, 2020
Order = Literal["shuffled", "given"]


class Score(NamedTuple):
    """The mean over splits (or subsets) and their standard deviation over the count, as published."""

    mean: float
    std: float


def inception_score(logits: np.ndarray, splits: int = SPLITS, order: Order = "shuffled", seed: int = SEED) -> Score:
    """Of logits (n, classes), in [1, classes]; ValueError for fewer images than splits.

    "shuffled" is torch-fidelity's order, `np.random.RandomState(seed).permutation(n)`; "given" is the images' own, as
    in the first implementation. With one split the order does not matter.
    """
    check(logits, least=1)
    split = _splits(len(logits), splits, order, seed)
    scores = np.exp(_divergence(*_sums(logits, split, splits)))
    return Score(float(scores.mean()), float(scores.std()))


def _splits(n: int, splits: int, order: Order, seed: int) -> np.ndarray:
    """The split (n,) of each image: the i-th holds places i n // splits to (i + 1) n // splits."""
    if not 1 <= splits <= n:
        raise ValueError(f"{n} image{'' if n == 1 else 's'} cannot be cut into {splits} splits: take more images")
    places = np.random.RandomState(seed).permutation(n) if order == "shuffled" else np.arange(n)
    found = np.empty(n, dtype=np.int64)
    found[places] = np.repeat(np.arange(splits), np.diff(np.arange(splits + 1) * n // splits))
    return found


def _sums(logits: np.ndarray, cell: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each cell of images: how many (cells,), the sum of p (cells, classes), and of p log p (cells,)."""
    count, p_sum, plogp = np.bincount(cell, minlength=cells), np.zeros((cells, logits.shape[1])), np.zeros(cells)
    for start in range(0, len(logits), BLOCK):
        x, where = logits[start : start + BLOCK].astype(np.float64), cell[start : start + BLOCK]
        x -= x.max(axis=1, keepdims=True)
        x -= np.log(np.exp(x).sum(axis=1, keepdims=True))
        p = np.exp(x)
        inner = (p * x).sum(axis=1)
        for one in np.unique(where):
            p_sum[one] += p[where == one].sum(axis=0)
            plogp[one] += inner[where == one].sum()
    return count, p_sum, plogp


def _divergence(count: np.ndarray, p_sum: np.ndarray, plogp: np.ndarray) -> np.ndarray:
    """The mean of KL (...,) of cells of images; NaN for an empty one."""
    some = np.where(count > 0, count, np.nan)
    q = p_sum / some[..., None]
    return plogp / some - (q * np.log(np.where(q > 0, q, 1.0))).sum(axis=-1)


@dataclass(frozen=True)
class InceptionScore:
    """Higher is better; knows no reference. `splits`, `order` and `seed` as in `inception_score`."""

    name: str = "inception_score"
    splits: int = SPLITS
    order: Order = "shuffled"
    seed: int = SEED
    lower: bool = field(default=False, init=False)
    needs: Needs = field(default="logits", init=False)

    @property
    def least(self) -> int:
        return self.splits

    @property
    def card(self) -> dict[str, Json]:
        cut: dict[str, Json] = {"order": self.order, "seed": self.seed} if self.splits > 1 else {}
        return {"metric": "inception_score", "version": 1, "splits": self.splits, **cut}

    def value(self, sample: Sample, reference: Reference) -> float:
        return inception_score(self._logits(sample), self.splits, self.order, self.seed).mean

    def left_out(self, sample: Sample, reference: Reference, groups: np.ndarray) -> np.ndarray:
        """Each image stays in its split: to shuffle anew would add noise. A split that is left empty has no score."""
        logits, count = self._logits(sample), int(groups.max()) + 1
        check(logits)
        split = _splits(len(logits), self.splits, self.order, self.seed)
        sums = _sums(logits, split * count + groups, self.splits * count)
        by_group = [one.reshape(self.splits, count, *one.shape[1:]) for one in sums]
        number, p_sum, plogp = (one.sum(axis=1, keepdims=True) - one for one in by_group)
        return np.nanmean(np.exp(_divergence(number, p_sum, plogp)), axis=0)

    def _logits(self, sample: Sample) -> np.ndarray:
        if sample.logits is None:
            raise ValueError(f"{self.name} needs logits: take a feature network that has a classifier")
        return sample.logits


def load() -> InceptionScore:
    """The Inception Score over 10 splits, as published."""
    return InceptionScore()


def load_unsplit() -> InceptionScore:
    """The Inception Score of all images at once: less biased than over splits."""
    return InceptionScore("inception_score_unsplit", splits=1)
