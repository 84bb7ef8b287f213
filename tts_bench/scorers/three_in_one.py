"""T2I-CompBench's 3-in-1 (Huang et al. 2023), of complex prompts: attributes, and by the authors' lists what else.

Those of places are judged by attributes and places, those of actions by attributes and the likeness of image and text,
the rest by all three; so is a prompt that is in no list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast, get_args

from tts_bench.compbench.spatial import Spatial2D
from tts_bench.compbench.three_in_one import Kind, combine
from tts_bench.detections.protocol import Detector
from tts_bench.protocols import fetch
from tts_bench.scorers.clip_similarity import WithoutAdjectives
from tts_bench.scorers.detected import Detected
from tts_bench.scorers.made_of import made_of
from tts_bench.types import Image, Json, Key, Prompt, Rules, Values


@dataclass
class ThreeInOne:
    """Output "score"; None where one of the numbers that it is made of is None. Its parts have that output too."""

    attributes: Any
    spatial: Any
    action: Any
    kind: Callable[[Prompt], Kind] | None = None  # by the suite's lists where None
    outputs: tuple[str, ...] = ("score",)

    @cached_property
    def card(self) -> Mapping[str, Json]:
        parts = {"attributes": self.attributes, "spatial": self.spatial, "action": self.action}
        return {"scorer": "three_in_one", "version": 1, **{name: dict(part.card) for name, part in parts.items()}}

    @property
    def kept_as(self) -> Mapping[str, Json]:
        """The card, with what its places are kept as."""
        return {**self.card, "spatial": dict(getattr(self.spatial, "kept_as", self.spatial.card))}

    def fetch(self) -> None:
        for part in (self.attributes, self.spatial, self.action):
            fetch(part)

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        kinds: list[Kind] = [(self.kind or kind_of)(prompt) for prompt in prompts]

        def of(scorer: Any, needless: str) -> list[float | None]:
            """Its numbers, None where a prompt's kind does without it."""
            asked = [i for i, kind in enumerate(kinds) if kind != needless]
            values = scorer.score([images[i] for i in asked], [prompts[i] for i in asked], [keys[i] for i in asked])
            found = {i: value["score"] for i, value in zip(asked, values, strict=True)}
            return [found.get(i) for i in range(len(images))]

        attributes, spatial, action = of(self.attributes, ""), of(self.spatial, "action"), of(self.action, "spatial")
        found: list[Values] = []
        for i, kind in enumerate(kinds):
            found.append({"score": combine(kind, attributes[i], spatial[i], action[i])})
        return found


def kind_of(prompt: Prompt) -> Kind:
    """By the list that the suite says it is in."""
    kind = prompt.metadata.get("list")
    return cast("Kind", kind) if kind in get_args(Kind) else "both"


@made_of("blip_vqa", "spatial_2d", "clip_similarity")
def load(
    rules: Rules,
    part: Callable[[str], Any],
    detector: Callable[[str], Detector],
    scorer: Callable[[str], Any],
) -> ThreeInOne:
    """How well a complex prompt is met: attributes with places, actions, or both, as its list asks."""
    language = part("language")
    return ThreeInOne(
        scorer("blip_vqa"),
        Detected("spatial_2d", Spatial2D(language, rules, reading="complex"), detector("owlv2"), in_frame=True),
        WithoutAdjectives(scorer("clip_similarity"), language),
    )
