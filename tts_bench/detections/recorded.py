"""Recorded detections in the place of a detector and of a depth model: their numbers are the same, and so the cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from tts_bench.detections.record import Record, depth_of, pixels_digest
from tts_bench.detections.records import read_records
from tts_bench.detections.types import Detection, Detections
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.origin import check_pin, digest, held
from tts_bench.plaintext import shown
from tts_bench.types import Image, Json


@dataclass
class Recorded:
    """A `Detector` that looks images up by their pixels, or by prompt and place. Reads the file at its first use."""

    path: Path
    vocabulary: tuple[str, ...] | None = field(default=None, init=False)  # a line says itself what was looked for

    @property
    def card(self) -> Mapping[str, Json]:
        """The card of the detector that was recorded."""
        return self.records[0].detector

    @cached_property
    def sha256(self) -> str:
        """Of the file."""
        return digest(self.path)

    @cached_property
    def records(self) -> list[Record]:
        return read_records(self.path)

    def detect(self, images: Sequence[Image], wanted: Sequence[Sequence[str]]) -> list[Detections]:
        """With recorded depths, colours and masks; BadInput for an image, or a word asked of it, that is not there."""
        return [self._of(image, tuple(words)).seen for image, words in zip(images, wanted, strict=True)]

    def by_prompt(
        self, prompt_id: str, image: int = 1, wanted: Sequence[str] = (), pixels: Image | None = None
    ) -> Detections:
        """Of a prompt's image, counted from 1; with `pixels`, BadInput where the line is of another picture."""
        record = self._by_prompt.get((prompt_id, image))
        if record is None:
            fix = f"no line is of image {image} of that prompt; record it too"
            raise BadInput.at(shown(self.path), "prompt_id", prompt_id, fix)
        if pixels is not None and record.sha256 not in (None, found := pixels_digest(pixels)):
            fix = f"image {image} of prompt {prompt_id} is of pixels {found}; give the image that was recorded"
            raise BadInput.at(shown(self.path), "sha256", record.sha256, fix)
        self._check(record, wanted)
        return record.seen

    def card_of(self, model: Literal["depth_model", "color_model"]) -> Mapping[str, Json]:
        """Of the one that made depths or named colours; BadInput where no line has it."""
        card = next((found for record in self.records if (found := getattr(record, model)) is not None), None)
        if card is None:
            raise BadInput.missing(shown(self.path), model, "no line has one; record detections with such a model")
        return card

    def of_pixels(self, image: Image) -> list[Record]:
        """Its lines: one image may have been looked at for several prompts. BadInput where there is none."""
        digest = pixels_digest(image)
        if digest not in self._by_pixels:
            fix = f"no line is of this image of {image.shape[1]} x {image.shape[0]} pixels; record it too"
            raise BadInput.at(shown(self.path), "sha256", digest, fix)
        return self._by_pixels[digest]

    def _of(self, image: Image, wanted: Sequence[str]) -> Record:
        lines = self.of_pixels(image)
        best = next((line for line in lines if not _lacking(line, wanted)), lines[0])
        self._check(best, wanted)
        return best

    def _check(self, record: Record, wanted: Sequence[str]) -> None:
        if lacking := _lacking(record, wanted):
            fix = f"image {record.image} of prompt {record.prompt_id} was not searched for it; record it again"
            raise BadInput.at(shown(self.path), "wanted", lacking[0], fix)

    @cached_property
    def _by_prompt(self) -> dict[tuple[str, int], Record]:
        return {(record.prompt_id, record.image): record for record in self.records}

    @cached_property
    def _by_pixels(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for record in self.records:
            if record.sha256 is not None:
                found.setdefault(record.sha256, []).append(record)
        return found


@dataclass
class RecordedDepth:
    """A `Depth` of the same file: the depth model's card, and maps at the size that was recorded."""

    recorded: Recorded

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return self.recorded.card_of("depth_model")

    def depth(self, images: Sequence[Image]) -> list[np.ndarray]:
        return [self._of(image) for image in images]

    def _of(self, image: Image) -> np.ndarray:
        lines = self.recorded.of_pixels(image)
        found = next((depth_of(line.png) for line in lines if line.png is not None), None)
        if found is None:
            fix = f"image {lines[0].image} of prompt {lines[0].prompt_id} has none; record it with a depth model"
            raise BadInput.missing(shown(self.recorded.path), "depth", fix)
        return found


@dataclass
class RecordedColors:
    """The `Colors` of the same file: the card of what named them, and each object's own."""

    recorded: Recorded

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return self.recorded.card_of("color_model")

    def name(self, image: Image, items: Sequence[Detection]) -> list[str]:
        """BadInput for an object whose colour was not recorded."""
        if lacking := [item for item in items if item.color is None]:
            fix = f"the {lacking[0].label} at {tuple(map(round, lacking[0].box))} has none; record it with a colour"
            raise BadInput.missing(shown(self.recorded.path), "color", fix)
        return [item.color for item in items if item.color is not None]


def load(weights: Path | None = None, revision: str | None = None) -> Recorded:
    """Detections from a file of records, --weights recorded=FILE, whatever detector saw them."""
    if weights is None or not weights.is_file():
        place = "" if weights is None else shown(weights)
        raise NeedsFiles.at("detector recorded", "weights", place, "give a file of records: --weights recorded=FILE")
    check_pin(revision, "detector recorded")
    if revision is not None:
        held(digest(weights), revision, weights, "detector recorded")
    return Recorded(weights)


def _lacking(record: Record, wanted: Sequence[str]) -> list[str]:
    return [] if record.wanted is None else [word for word in wanted if word not in record.wanted]
