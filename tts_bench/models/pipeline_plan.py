"""What a family of text-to-image pipelines says of a folder, and what its loaded networks are called through."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.models.memory import Residence
from tts_bench.models.parts import quietly
from tts_bench.models.schedule import Schedule
from tts_bench.models.text_to_image import Condition, Denoiser
from tts_bench.types import Json


@dataclass(frozen=True)
class Loaded:
    """What a family's `Denoiser` works with: diffusers' pipeline object, which encodes, and the network in it."""

    pipe: Any
    network: Any
    hold: Residence

    @property
    def encoders(self) -> list[Any]:
        names = ("text_encoder", "text_encoder_2", "text_encoder_3")
        return [part for name in names if (part := getattr(self.pipe, name, None)) is not None]


@dataclass
class Piped(ABC):
    """A `Denoiser` of a pipeline: brings what it needs to the device, and leaves the calls to its family."""

    loaded: Loaded = field(repr=False)

    def encode(self, text: str | None) -> Condition:
        self.loaded.hold.use(*self.loaded.encoders)
        with quietly():  # a text too long is cut, as by the pipeline; how long is in the card
            return self.encoded(self.loaded.pipe, text)

    def velocity(self, x: Any, level: float, condition: Condition) -> Any:
        self.loaded.hold.use(self.loaded.network)
        return self.answer(self.loaded.network, x, level, condition).float()

    @abstractmethod
    def encoded(self, pipe: Any, text: str | None) -> Condition:
        """The condition of a text as the pipeline encodes it; None: as it encodes the lack of one, for guidance."""

    @abstractmethod
    def answer(self, network: Any, x: Any, level: float, condition: Condition) -> Any:
        """The velocity at x (batch, *latent_shape), from one pass of the network."""


@dataclass(frozen=True)
class Plan:
    """What a family reads off a folder's configs. `condition` is the shape of each tensor of one text's condition."""

    latent_shape: tuple[int, int, int]
    pixels_per_latent: int
    condition: tuple[tuple[int, ...], ...]
    denoiser: Callable[[Loaded], Denoiser]
    card: Mapping[str, Json] = field(default_factory=dict)
    shift: float = 1.0
    schedule: Schedule | None = None
    guidance: float | None = None  # of classifier-free guidance, where that is not the submission's
    steps: int | None = None  # by default, where that is not the family's

    @property
    def resolution(self) -> tuple[int, int]:
        return self.latent_shape[1] * self.pixels_per_latent, self.latent_shape[2] * self.pixels_per_latent


def sizes(config: Mapping[str, Any], part: str, *names: str) -> tuple[int, ...]:
    """Whole positive numbers of a part's config; BadInput where one is none."""
    for name in names:
        value = config.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise BadInput.at(f"{part}/config.json", name, value, "must be a whole number of at least 1")
    return tuple(config[name] for name in names)


def upscaling(config: Mapping[str, Any], blocks: str = "block_out_channels") -> int:
    """Pixels per latent, along a side, of an autoencoder whose every block but one doubles it."""
    if not isinstance(config.get(blocks), list) or not config[blocks]:
        raise BadInput.at("vae/config.json", blocks, config.get(blocks), "must list the blocks' channels")
    return 2 ** (len(config[blocks]) - 1)
