"""Oracle-IS on digits (Ma et al. 2025, section 3.1): the class's probability by the network that measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tts_bench.digits.data import CLASSES, readable
from tts_bench.scorers.digits_oracle_fid import network
from tts_bench.types import Image, Json, Key, Prompt, Values


def _card() -> dict[str, Json]:
    return {"scorer": "digits_oracle_is", "version": 1, "network": dict(network().card)}


@dataclass
class DigitsOracleIs:
    """Outputs: "probability" of the prompt's label, in [0, 1], and "accuracy", 1 where no other label has more.

    None for an image of another size or a prompt without one of the ten labels.
    """

    card: Mapping[str, Json] = field(default_factory=_card)
    outputs: tuple[str, ...] = ("probability", "accuracy")

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        found: list[Values] = [dict.fromkeys(self.outputs) for _ in images]
        good = [i for i, image in enumerate(images) if readable(image) and prompts[i].label in range(CLASSES)]
        logits = network()([images[i] for i in good]).logits
        for i, row in zip(good, () if logits is None else logits.astype(np.float64), strict=True):
            label = int(prompts[i].label or 0)
            odds = np.exp(row - row.max())
            found[i] = {"probability": float(odds[label] / odds.sum()), "accuracy": float(row.argmax() == label)}
        return found


def load() -> DigitsOracleIs:
    """How sure the measuring network is of the digit asked for; an oracle."""
    return DigitsOracleIs()
