"""Class labels as prompts: a suite on images of classes needs no file of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.types import Key, Prompt

Order = Literal["balanced", "sampled"]
ORDERS: tuple[Order, ...] = ("balanced", "sampled")


@dataclass(frozen=True)
class Labels:
    """`count` labels out of `classes`, drawn from `seed`.

    "balanced": every class once, in a drawn order, then every class once more, so that any number of prompts is as
    balanced as it can be. "sampled": each label by itself, uniformly, as an unconditional sample would have them.
    """

    order: Order
    classes: int
    count: int
    seed: int

    @property
    def sha256(self) -> Key:
        """Of what the labels follow from."""
        return keys.digest(["labels", self.order, self.classes, self.count, self.seed])

    def prompts(self) -> tuple[Prompt, ...]:
        """In order; an id is the place, so that a prefix of more prompts is the same prompts."""
        width = len(str(self.count - 1))
        return tuple(
            Prompt(id=f"{place:0{width}d}", text=f"class {label}", label=int(label), category=self._category(label))
            for place, label in enumerate(self._draw())
        )

    def groups(self, labels: Sequence[int], count: int) -> np.ndarray:
        """A group, 0 to `count` - 1, for each of `labels` (n,), sizes within one of each other.

        Of balanced labels each group has, as nearly as can be, as many of every class as any other: how many of a class
        there are is not left to chance, and must not vary when a group is left out.
        """
        order = np.argsort(labels, kind="stable") if self.order == "balanced" else np.arange(len(labels))
        found = np.empty(len(labels), dtype=np.int64)
        found[order] = np.arange(len(labels)) % count
        return found

    def _draw(self) -> np.ndarray:
        rng = np.random.default_rng(self.seed)
        if self.order == "sampled":
            return rng.integers(self.classes, size=self.count)
        rounds = -(-self.count // self.classes)
        return np.concatenate([rng.permutation(self.classes) for _ in range(rounds)])[: self.count]

    def _category(self, label: int) -> str:
        """Tables by class are for a handful of classes."""
        return str(label) if self.classes <= 20 else ""


def check_labels(model: object, prompts: Sequence[Prompt], whose: str) -> None:
    """BadInput where class labels are asked of a model that has not so many classes, or none."""
    most = max((prompt.label for prompt in prompts if prompt.label is not None), default=None)
    classes = getattr(model, "classes", None)
    if most is not None and (classes is None or most >= classes):
        fix = f"the suite asks for class {most}; take a model with as many classes"
        raise BadInput.at(whose, "classes", classes, fix)
