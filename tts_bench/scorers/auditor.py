"""The auditor as a scorer: the checker's claims, held against what an independent network reads in the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tts_bench.shapes import auditor as auditing
from tts_bench.shapes import judge as judging
from tts_bench.shapes.observe import readable
from tts_bench.shapes.prompts import scene_of
from tts_bench.shipped import load_weights, weights_digest
from tts_bench.types import Image, Json, Key, Prompt, Values

if TYPE_CHECKING:
    from torch import nn


@dataclass
class Auditor:
    """Outputs "score", "accuracy" and "attributes" as the checker's are, by a reader that shares nothing with it."""

    outputs: tuple[str, ...] = ("score", "accuracy", "attributes")

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return {
            "scorer": "auditor", "version": 1, "weights": weights_digest("auditor"), "margin": judging.MARGIN,
            "least_heat": auditing.LEAST_HEAT,
        }  # fmt: skip

    @cached_property
    def network(self) -> nn.Module:
        return load_weights("auditor", auditing.build)

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        places = [place for place, image in enumerate(images) if readable(image)]
        values: list[Values] = [dict.fromkeys(self.outputs) for _ in images]
        seen = auditing.read([images[place] for place in places], self.network) if places else []
        for place, objects in zip(places, seen, strict=True):
            claims = judging.judge(scene_of(prompts[place]), objects)
            accuracy, attributes = judging.accuracy(claims), judging.attributes(claims)
            values[place] = {"score": accuracy + attributes, "accuracy": accuracy, "attributes": attributes}
        return values


def load() -> Auditor:
    """A second, independent reader of the embedded world's images: audits the checker's slack."""
    return Auditor()
