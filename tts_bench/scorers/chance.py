"""A number from the state's key alone: the control that any verifier has to beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tts_bench.keys import seed
from tts_bench.types import Image, Json, Key, Prompt, Values


@dataclass
class Chance:
    """Output "score", uniform in [0, 1): the same for the same state in every run, whatever it shows."""

    card: Mapping[str, Json] = field(default_factory=lambda: {"scorer": "chance", "version": 1})
    outputs: tuple[str, ...] = ("score",)

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        # A float64 holds 53 bits: with more of the seed's 63 the largest would round up to 1.
        return [{"score": (seed("chance", key) >> 10) / 2**53} for key in keys]


def load() -> Chance:
    """The control: a choice that knows nothing."""
    return Chance()
