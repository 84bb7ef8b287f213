"""The cosine of an image and a text in a space of both: what CLIPScore, PickScore and HPS come down to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from tts_bench.pretrained import Source
from tts_bench.running import at_one_shape
from tts_bench.scorers.asked import pictures_of_texts
from tts_bench.scorers.open_clip_towers import WeightsFile
from tts_bench.types import Image, Json, Key, Prompt, Values


class Towers(Protocol):
    """A network: one tower for images, one for texts, what each is fed, and exp(logit scale)."""

    @property
    def scale(self) -> float: ...

    def prepare(self, image: Image) -> np.ndarray:
        """(3, side, side) float32."""
        ...

    def tokens(self, text: str) -> np.ndarray:
        """(context,) int64: cut off behind the network's context, or filled up to it."""
        ...

    def embed_images(self, pixels: Any) -> Any:
        """(n, width) of (n, 3, side, side)."""
        ...

    def embed_texts(self, tokens: Any) -> Any:
        """(n, width) of (n, context)."""
        ...


@dataclass
class TextImage:
    """Output "score": `value` of (cosine, exp(logit scale)), float32 up to the embeddings.

    None for a prompt without a text, for an image that is none, and where an embedding has no length. `described` says
    in the card how images and texts are prepared and what the scale is.
    """

    name: str
    files: Source | WeightsFile
    open: Callable[[], Towers]
    value: Callable[[float, float], float]
    described: Mapping[str, Json]
    device: str = "cpu"
    outputs: tuple[str, ...] = ("score",)
    _texts: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return {"scorer": self.name, "version": 1, "weights": self.files.identity, **self.described}

    def fetch(self) -> None:
        self.files.fetch()

    @cached_property
    def towers(self) -> Towers:
        return self.open()

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        found: list[Values] = [{"score": None} for _ in images]
        if not (asked := pictures_of_texts(images, prompts)):
            return found
        self._read({prompts[i].text: None for i in asked})
        seen = self._rows(self.towers.embed_images, [self.towers.prepare(images[i]) for i in asked])
        for i, row in zip(asked, seen, strict=True):
            cosine = float(unit(row) @ self._texts[prompts[i].text])
            if np.isfinite(cosine):
                found[i] = {"score": self.value(cosine, self.towers.scale)}
        return found

    def _read(self, texts: Mapping[str, None]) -> None:
        """Embed each text that was not read before."""
        if new := [text for text in texts if text not in self._texts]:
            rows = self._rows(self.towers.embed_texts, [self.towers.tokens(text) for text in new])
            self._texts |= {text: unit(row) for text, row in zip(new, rows, strict=True)}

    def _rows(self, embed: Callable[[Any], Any], items: list[np.ndarray]) -> np.ndarray:
        import torch

        def run(batch: list[np.ndarray]) -> np.ndarray:
            with torch.no_grad():
                return embed(torch.tensor(np.stack(batch), device=self.device)).float().cpu().numpy()

        return at_one_shape(run, items, self.device).astype(np.float64)


def unit(row: np.ndarray) -> np.ndarray:
    """Of length 1; numbers that are none where it has no length."""
    with np.errstate(invalid="ignore"):
        return row / np.linalg.norm(row)
