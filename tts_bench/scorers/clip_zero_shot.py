"""CLIP as a zero-shot classifier (Radford et al. 2021): the logit of the class asked for, "with prompt engineering".

Ma et al. 2025, section 3.1. A class is the normalised mean of the normalised embeddings of OpenAI's 80 templates with
its name in them. Which size of CLIP the paper used is not said; the default is ViT-L/14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tts_bench import keys
from tts_bench.models.labels import name_of
from tts_bench.pretrained import Source
from tts_bench.scorers.clip import CLIP, PREPARED, embed, prepare, read
from tts_bench.scorers.imagenet import labels_of
from tts_bench.scorers.vision import see, slope
from tts_bench.types import Image, Json, Key, Prompt, Values

NETWORK = replace(CLIP, name="clip_zero_shot", reads_text=True)


@dataclass
class ClipZeroShot:
    """Output "logit": the cosine times CLIP's logit scale; None for a prompt without a class of ImageNet."""

    source: Source
    device: str = "cpu"
    outputs: tuple[str, ...] = ("logit",)
    _classes: dict[int, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return {
            "scorer": "clip_zero_shot", "version": 1, "weights": self.source.identity, "texts": texts_digest(),
            "preprocessing": PREPARED,
        }  # fmt: skip

    def fetch(self) -> None:
        self.source.fetch()

    @cached_property
    def network(self) -> Any:
        return self.source.load(self.device)

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        import torch

        found: list[Values] = [{"logit": None} for _ in images]
        if asked := [(i, label) for i, label in enumerate(labels_of(prompts)) if label is not None]:
            scale = float(self.network.logit_scale.exp())
            rows = see(self._embed, [images[i] for i, _ in asked], prepare(self.network.config), self.device)
            for (i, label), row in zip(asked, rows, strict=True):
                found[i] = {"logit": scale * float(torch.from_numpy(row) @ self.embedding(label).double().cpu())}
        return found

    def gradient(self, pixels: Any, prompts: Sequence[Prompt]) -> Any:
        """d logit / d pixels, (n, 3, h, w) of pixels in [0, 1] of any size; zero where there is no class.

        Its resize is torch's and differs slightly from the one that scores.
        """
        import torch

        def logits(at: Any, labels: list[int]) -> Any:
            texts = torch.stack([self.embedding(label) for label in labels])
            cosines = (self._embed(prepare(self.network.config).of_pixels(at)) * texts).sum(dim=1)
            return self.network.logit_scale.exp() * cosines

        return slope(logits, pixels, labels_of(prompts), self.device)

    def embedding(self, label: int) -> Any:
        """Of a class, (width,) on the device; made once, all templates in one batch."""
        import torch

        if label not in self._classes:
            with torch.no_grad():
                pooled = self.network.get_text_features(**self._tokens(label)).pooler_output
                self._classes[label] = _unit(_unit(pooled).mean(dim=0))
        return self._classes[label]

    def _tokens(self, label: int) -> Any:
        import torch
        from open_clip.zero_shot_metadata import OPENAI_IMAGENET_TEMPLATES

        texts = [template(name_of(label)) for template in OPENAI_IMAGENET_TEMPLATES]
        tokens = read(self._tokenizer, texts, self.network.config.text_config, self.source)
        return {name: torch.from_numpy(ids).to(self.device) for name, ids in tokens.items()}

    @cached_property
    def _tokenizer(self) -> Any:
        return self.source.tokenizer()

    def _embed(self, pixels: Any) -> Any:
        return _unit(embed(self.network, pixels))


def texts_digest() -> Key:
    """sha256 of the file with the templates and the class names; it is not imported."""
    spec = find_spec("open_clip")
    (folder,) = (spec.submodule_search_locations if spec else None) or [""]
    return keys.file_digest(Path(folder) / "zero_shot_metadata.py")


def _unit(rows: Any) -> Any:
    return rows / rows.norm(dim=-1, keepdim=True)


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> ClipZeroShot:
    """How much an image looks like its class to CLIP, which never saw ImageNet's labels."""
    return ClipZeroShot(NETWORK.find(weights, revision), device)
