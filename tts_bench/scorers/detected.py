"""Scores by what a detector finds: objects, and perhaps depth and colours, which a rule turns into a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tts_bench.detections.frame import frame_size, framed, framed_map
from tts_bench.detections.protocol import Colors, Depth, Detector, JudgesColors, Rule
from tts_bench.detections.recorded import Recorded, RecordedColors, RecordedDepth
from tts_bench.detections.types import Detections
from tts_bench.errors import BadInput
from tts_bench.protocols import fetch
from tts_bench.scorers.asked import is_picture
from tts_bench.types import Image, Json, Key, Prompt, Values


@dataclass
class Detected:
    """Output "score" in [0, 1]; None for a prompt that the rule cannot read, and for what is no image.

    With `in_frame` the detector is shown images at the size of T2I-CompBench's, in which the rule counts pixels.
    """

    name: str
    rule: Rule
    detector: Detector
    depth: Depth | None = None
    colors: Colors | None = None
    in_frame: bool = False
    outputs: tuple[str, ...] = ("score",)

    @cached_property
    def card(self) -> Mapping[str, Json]:
        parts = {"detector": self.detector, "depth": self.depth, "colors": self.colors}
        return {
            "scorer": self.name, "version": 1, "rule": dict(self.rule.card),
            "size": "short side 479, long side at most 480" if self.in_frame else "the image's own",
            **{name: dict(part.card) for name, part in parts.items() if part is not None},
        }  # fmt: skip

    @property
    def kept_as(self) -> Mapping[str, Json]:
        """The card, and of records which: an edited file has the same card, and other numbers."""
        return {**self.card, "records": self.detector.sha256} if isinstance(self.detector, Recorded) else self.card

    def fetch(self) -> None:
        for part in (self.detector, self.depth, self.colors):
            fetch(part)

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        seen = self.look(images, prompts)
        pairs = zip(prompts, seen, strict=True)
        return [{"score": None if found is None else self.value(prompt, found)} for prompt, found in pairs]

    def value(self, prompt: Prompt, seen: Detections) -> float | None:
        """The rule's; BadInput for boxes in another frame than the one in which it counts pixels."""
        if self.in_frame and frame_size(seen.height, seen.width) != (seen.height, seen.width):
            size = f"{seen.width} x {seen.height}"
            fix = f"{self.name} counts in pixels of an image with a short side of 479; record in that size"
            raise BadInput.at("detections", "size", size, fix)
        return self.rule.value(prompt, seen)

    def look(self, images: Sequence[Image], prompts: Sequence[Prompt], either: bool = False) -> list[Detections | None]:
        """What is in each image; None where the rule cannot read the prompt, and where there is no image.

        With `either`, objects have the colours that official and fixed rules judge.
        """
        wanted = [self.rule.wanted(prompt) if is_picture(image) else None for image, prompt in _pairs(images, prompts)]
        asked = {i: words for i, words in enumerate(wanted) if words is not None}
        if isinstance(self.detector, Recorded):  # which knows the image as it was, and all that was seen in it
            found = dict(
                zip(asked, self.detector.detect([images[i] for i in asked], list(asked.values())), strict=True)
            )
            return [found.get(i) for i in range(len(images))]
        shown = [framed(images[i]) if self.in_frame else images[i] for i in asked]
        found = dict(zip(asked, self.detector.detect(shown, list(asked.values())), strict=True))
        if self.depth is not None:
            maps = zip(found, self.depth.depth([images[i] for i in asked]), strict=True)
            found |= {i: replace(found[i], depth=framed_map(depth) if self.in_frame else depth) for i, depth in maps}
        if self.colors is not None:
            found |= {i: self._coloured(images[i], prompts[i], seen, either) for i, seen in found.items()}
        return [found.get(i) for i in range(len(images))]

    def _coloured(self, image: Image, prompt: Prompt, seen: Detections, either: bool) -> Detections:
        """With the colours of those objects whose colour the rule judges."""
        rule: Any = self.rule
        known = ("official", "fixed") if either and hasattr(rule, "rules") else ()
        rules = [replace(rule, rules=name) for name in known] or [rule]
        places = sorted({i for one in rules if isinstance(one, JudgesColors) for i in one.asked(prompt, seen)})
        if not places or self.colors is None:
            return seen
        names = dict(zip(places, self.colors.name(image, [seen.items[i] for i in places]), strict=True))
        items = [replace(item, color=names.get(i, item.color)) for i, item in enumerate(seen.items)]
        return replace(seen, items=tuple(items))


def _pairs(images: Sequence[Image], prompts: Sequence[Prompt]) -> zip[tuple[Image, Prompt]]:
    return zip(images, prompts, strict=True)


def depth_by(detector: Detector, part: Callable[[str], Any]) -> Any:
    """Records hold depth as they hold objects; beside any other detector it is DPT's."""
    return RecordedDepth(detector) if isinstance(detector, Recorded) else part("dpt")


def colors_by(detector: Detector, part: Callable[[str], Any]) -> Any:
    """Records hold colours as they hold objects; beside any other detector they are CLIP's."""
    return RecordedColors(detector) if isinstance(detector, Recorded) else part("colors")
