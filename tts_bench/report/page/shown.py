"""What a gallery shows, as plain values: whoever has the images says where they lie, and these pages write it down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tts_bench.report.board import Line

NOT_KEPT = "not kept"  # of an image that can be made again from its recipe


@dataclass(frozen=True)
class Picture:
    """An image file below the page's folder, `width` x `height` pixels."""

    file: str
    width: int
    height: int


@dataclass(frozen=True)
class Frame:
    """One candidate of a search. `picture` is its image, or its clean estimate where `level` (1 noise, 0 image) is not
    0; None where it is not kept. `value` is what the verifier told the search, `scores` the number of each of its
    scorers, where it has several."""

    picture: Picture | None
    value: float | None
    level: float = 0.0
    picked: bool = False
    scores: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """One image that a submission gave for a prompt: the final image, every candidate in the order asked, its numbers
    by metric, the NFE charged. `note` says why there is no picture, or no search."""

    picture: Picture | None
    frames: Sequence[Frame] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    nfe: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class Entry:
    """One submission's images for a prompt; `main` is the metric that ranks it. `apart` says why it stands on another
    board than the main one, `model` is its model where submissions have several; empty where there is nothing to say.
    """

    line: Line
    main: str
    images: Sequence[Shown]
    apart: str = ""
    model: str = ""


@dataclass(frozen=True)
class Asked:
    """A prompt as the rows of results have it. `key` names its page; `number` counts from 1."""

    key: str
    number: int
    id: str
    text: str
    category: str = ""
    split: str = ""

    @property
    def title(self) -> str:
        return self.text or self.id
