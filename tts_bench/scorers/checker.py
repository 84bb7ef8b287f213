"""The embedded world's exact checker: reads the image and holds every claim of its prompt against what it read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from tts_bench.shapes import judge as judging
from tts_bench.shapes import observe as observing
from tts_bench.shapes.prompts import scene_of
from tts_bench.types import Image, Json, Key, Prompt, Values


def _card() -> dict[str, Json]:
    """Every limit that can change a verdict."""
    return {"scorer": "checker", "version": 1, "margin": judging.MARGIN, "limits": asdict(observing.LIMITS)}


@dataclass
class Checker:
    """Outputs "accuracy" (1 if every claim of the prompt holds, else 0), "attributes" (the share that holds) and their
    sum "score" in [0, 2]: as a verifier it wants an image that is right, and among wrong ones the least wrong.

    It is exact for the images its world's renderer can draw; an image of another size is unscored.
    """

    card: Mapping[str, Json] = field(default_factory=_card)
    outputs: tuple[str, ...] = ("score", "accuracy", "attributes")

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        return [self._one(image, prompt) for image, prompt in zip(images, prompts, strict=True)]

    def _one(self, image: Image, prompt: Prompt) -> Values:
        scene = scene_of(prompt)
        if not observing.readable(image):
            return dict.fromkeys(self.outputs)
        claims = judging.judge(scene, observing.observe(image))
        accuracy, attributes = judging.accuracy(claims), judging.attributes(claims)
        return {"score": accuracy + attributes, "accuracy": accuracy, "attributes": attributes}


def load() -> Checker:
    """The exact checker of the embedded world; needs the scene in the prompt's metadata."""
    return Checker()
