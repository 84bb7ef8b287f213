"""T2I-CompBench's CLIP similarity (Huang et al. 2023): the cosine of image and text to CLIP ViT-B/32, as it is.

Neither times 2.5 nor cut at 0, as CLIPScore has it. For the category complex the benchmark leaves the adjectives out of
the text: `WithoutAdjectives`. It refuses a text of more than 77 tokens; here what is behind them is cut off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from tts_bench.compbench.language import Language
from tts_bench.compbench.phrases import without_adjectives
from tts_bench.scorers.clip import CLIP, PREPARED, READ, ClipTowers
from tts_bench.scorers.text_image import TextImage
from tts_bench.types import Image, Json, Key, Prompt, Values

HUB_ID, COMMIT = "openai/clip-vit-base-patch32", "3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268"
NETWORK = replace(CLIP, name="clip_similarity", hub_id=HUB_ID, commit=COMMIT, reads_text=True)


@dataclass
class WithoutAdjectives:
    """The same output of texts whose adjectives are left out; None where nothing is left."""

    similarity: TextImage
    language: Language

    @property
    def outputs(self) -> tuple[str, ...]:
        return self.similarity.outputs

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return {**self.similarity.card, "words": "without adjectives", "language": self.language.card}

    def fetch(self) -> None:
        self.similarity.fetch()

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        rest = [replace(prompt, text=without_adjectives(self.language, prompt.text)) for prompt in prompts]
        return self.similarity.score(images, rest, keys)


def value(cosine: float, scale: float) -> float:
    return cosine


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> TextImage:
    """How well image and text agree to CLIP ViT-B/32: the cosine, about 0.3 for a good image."""
    source = NETWORK.find(weights, revision)
    described = {"preprocessing": PREPARED, "text": READ, "scale": "cosine", "arithmetic": "float32"}
    return TextImage(NETWORK.name, source, lambda: ClipTowers(source, device), value, described, device)
