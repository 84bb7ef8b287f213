"""CLIP as the scorers see images with it: ViT-L/14 unless the user gives another, by OpenAI's preprocessing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.pretrained import Pretrained, Source
from tts_bench.scorers.pixels import OF_CLIP, Preprocessing, card
from tts_bench.types import Image, Json

HUB_ID, COMMIT = "openai/clip-vit-large-patch14", "32bd64288804d66eefd0ccbe215aa642df71cc41"
CLIP = Pretrained("clip", "CLIPModel", "clip", HUB_ID, COMMIT)
PREPARED = card("image_size of the network", "image_size of the network", "CLIP")
READ: Json = {"tokens": "the network's own", "cut": "behind its context, 77 tokens"}


def prepare(config: Any) -> Preprocessing:
    side = config.vision_config.image_size
    return Preprocessing(side, OF_CLIP, short=side)


def embed(network: Any, pixels: Any) -> Any:
    """The projected image embedding, (n, width); its length means nothing."""
    return network.get_image_features(pixel_values=pixels).pooler_output


def read(tokenizer: Any, texts: Sequence[str], config: Any, source: Source) -> Mapping[str, np.ndarray]:
    """ "input_ids" and "attention_mask", (n, context) int64, cut off behind the network's context or filled up to it.

    `config` is that of its text tower; BadInput for a token that it does not know.
    """
    length = config.max_position_embeddings
    found = tokenizer(list(texts), padding="max_length", max_length=length, truncation=True, return_tensors="np")
    if (largest := int(found["input_ids"].max())) >= config.vocab_size:
        fix = f"the network knows {config.vocab_size} tokens; give weights and tokenizer that belong together"
        raise BadInput.at(source.folder, "tokenizer", largest, fix)
    return {name: np.asarray(found[name], np.int64) for name in ("input_ids", "attention_mask")}


@dataclass
class ClipTowers:
    """CLIPModel of transformers, and the tokenizer beside it: the `Towers` of a text and an image."""

    source: Source
    device: str

    @cached_property
    def network(self) -> Any:
        return self.source.load(self.device)

    @property
    def scale(self) -> float:
        return float(self.network.logit_scale.exp())

    @cached_property
    def _preprocessing(self) -> Preprocessing:
        return prepare(self.network.config)

    @cached_property
    def _tokenizer(self) -> Any:
        return self.source.tokenizer()

    def prepare(self, image: Image) -> np.ndarray:
        return self._preprocessing(image)

    def tokens(self, text: str) -> np.ndarray:
        return read(self._tokenizer, [text], self.network.config.text_config, self.source)["input_ids"][0]

    def embed_images(self, pixels: Any) -> Any:
        return embed(self.network, pixels)

    def embed_texts(self, tokens: Any) -> Any:
        # What follows the end of a text is not attended to, so no mask is needed.
        return self.network.get_text_features(input_ids=tokens).pooler_output
