"""An image-text dual encoder in the CLIP sense (Radford et al. 2021), small, and a bag of words as CLIP nearly is.

The text tower adds its words up and the image tower averages over places: what is there, how many and how large it is
reaches the embeddings; which has what, and where, does not (Yuksekgonul et al. 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tts_bench.shapes.network import build_tokenizer, words

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedTokenizerFast

WIDTH = 64  # of the embeddings
PAD = 0


def build() -> nn.Module:
    """A network with `image(pixels)` and `text(tokens)`, each to unit vectors (batch, 64), and a temperature."""
    import torch
    from torch import nn

    class DualEncoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.image_tower = nn.Sequential(
                *_block(3, 24, 1), *_block(24, 48, 2), *_block(48, 64, 2), *_block(64, 96, 1), *_block(96, 96, 2),
                nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(96, WIDTH),
            )  # fmt: skip
            self.embedding = nn.Embedding(len(words()), 64, padding_idx=PAD)
            self.text_head = nn.Sequential(nn.Linear(64, 128), nn.SiLU(), nn.Linear(128, WIDTH))
            self.log_temperature = nn.Parameter(torch.tensor(2.0))

        def image(self, pixels: torch.Tensor) -> torch.Tensor:
            return nn.functional.normalize(self.image_tower(pixels), dim=-1)

        def text(self, tokens: torch.Tensor) -> torch.Tensor:
            words = self.embedding(tokens) * (tokens != PAD)[..., None]
            return nn.functional.normalize(self.text_head(words.sum(dim=1) / 4), dim=-1)

    return DualEncoder()


def _block(inside: int, outside: int, stride: int) -> list[nn.Module]:
    from torch import nn

    return [nn.Conv2d(inside, outside, 3, stride, 1), nn.GroupNorm(8, outside), nn.SiLU()]


def to_tensor(images: Sequence[np.ndarray] | np.ndarray) -> torch.Tensor:
    """Images (32, 32, 3) uint8 as the networks take them: (n, 3, 32, 32) float32 in [-1, 1]."""
    import torch

    pixels = np.asarray(images, dtype=np.float32).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(pixels)) / 127.5 - 1


def to_tokens(texts: Sequence[str]) -> torch.Tensor:
    """Texts as token numbers (n, 16), padded with 0."""
    encoded = _tokenizer()(list(texts), padding="max_length", truncation=True, return_tensors="pt")
    return encoded["input_ids"]


@lru_cache(maxsize=1)
def _tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer()
