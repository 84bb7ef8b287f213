"""Which class of ImageNet a prompt asks for, and what a classifier's logits say of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.models.labels import CLASSES, label_of
from tts_bench.types import Prompt


def labels_of(prompts: Sequence[Prompt]) -> list[int | None]:
    """0 .. 999: the prompt's label, or the class that its text names; None where there is none of ImageNet."""
    return [_named(prompt.text) if prompt.label is None else _known(prompt.label) for prompt in prompts]


def probability(logits: np.ndarray, label: int) -> float:
    """Of `label`, by softmax over logits (classes,)."""
    odds = np.exp(logits - logits.max())
    return float(odds[label] / odds.sum())


def _known(label: int) -> int | None:
    return label if label in range(CLASSES) else None


@lru_cache(maxsize=4096)
def _named(text: str) -> int | None:
    try:
        return label_of(text)
    except BadInput:  # a prompt of another suite
        return None
