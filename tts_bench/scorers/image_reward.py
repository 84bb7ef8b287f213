"""ImageReward-v1.0 (Xu et al. 2023): what people would say of an image for its prompt, standardised.

BLIP's text encoder looks at the image, and a linear head reads its first token: (reward - 0.167) / 1.033, which is 0
on average over the authors' data and mostly between -2 and 2.

Weights: a folder with the repositories that the authors' package reads, FOLDER/THUDM/ImageReward/ and
FOLDER/bert-base-uncased/; or the hub.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.running import at_one_shape, place
from tts_bench.scorers.asked import pictures_of_texts
from tts_bench.scorers.blip import Blip, find_blip
from tts_bench.scorers.checkpoint import read
from tts_bench.scorers.linear_head import LinearHead, find_head
from tts_bench.scorers.parts import Found, Part, Parts
from tts_bench.scorers.pixels import OF_CLIP, Preprocessing, card
from tts_bench.types import Image, Json, Key, Prompt, Values

FILE, CONFIG, WORDS = "ImageReward.pt", "med_config.json", "vocab.txt"
PARTS = Parts("image_reward", {
    "model": Part(
        "THUDM/ImageReward", "5736be03b2652728fb87788c9797b0570450ab72", (FILE, CONFIG), (FILE, CONFIG),
        ("zai-org/ImageReward",),
    ),
    "words": Part(
        "google-bert/bert-base-uncased", "86b5e0934494bd15c9632b12f734a8a67f723594", (WORDS,), (WORDS,),
        ("bert-base-uncased",),
    ),
})  # fmt: skip
MEAN, DEVIATION = 0.16717362830052426, 1.0333394966054072  # of rewards, published with the weights
LENGTH = 35  # tokens of a prompt; what is behind is cut off
MARKS = ["[DEC]", "[ENC]"]  # BLIP's own tokens, behind the words
DESCRIBED: Mapping[str, Json] = {
    "preprocessing": card("image_size of the network", "image_size of the network", "CLIP", rounded=True),
    "text": {"tokens": "bert-base-uncased", "cut": f"behind {LENGTH} tokens"},
    "scale": f"(reward - {MEAN}) : {DEVIATION}", "arithmetic": "float32",
}  # fmt: skip


@dataclass
class ImageReward:
    """Output "score"; None for a prompt without a text, and for an image that is none."""

    files: Found
    device: str = "cpu"
    outputs: tuple[str, ...] = ("score",)

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return {"scorer": "image_reward", "version": 1, "weights": self.files.identity, **DESCRIBED}

    def fetch(self) -> None:
        self.files.fetch()

    @cached_property
    def _networks(self) -> tuple[Blip, LinearHead, Preprocessing]:
        place(self.device)
        folder, whose = self.files.folder("model"), "ImageReward-v1.0"
        path = folder / FILE
        state, config = read(path), self._config(folder / CONFIG)
        blip = find_blip(state, config, path, whose)
        head = find_head(state, "mlp.layers.", blip.text.config.hidden_size, path, self.device)
        side = blip.image.config.image_size
        blip = Blip(blip.image.to(self.device), blip.text.to(self.device))
        return blip, head, Preprocessing(side, OF_CLIP, short=side, rounded=True)

    def _config(self, path: Path) -> Mapping[str, Any]:
        try:
            found = json.loads(read_limited(path, 2**20))
        except ValueError as error:
            raise BadInput.at(path.parent, "file", path.name, "is no JSON; fetch it again") from error
        if not isinstance(found, dict):
            raise BadInput.at(path.parent, "file", path.name, "is no config; fetch it again")
        return found

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import BertTokenizer

        path = self.files.folder("words") / WORDS
        try:
            found = BertTokenizer(vocab=str(path))
            found.add_tokens(MARKS, special_tokens=True)
        except Exception as error:  # whatever its lines lead to
            why = " ".join(str(error).split())[:120]
            raise BadInput.at(path.parent, "file", WORDS, f"is no list of words ({why}); fetch it again") from error
        known, given = self._networks[0].text.config.vocab_size, len(found)
        if given > known:
            fix = f"the network knows {known} tokens; give weights and words that belong together"
            raise BadInput.at(path, "tokens", given, fix)
        return found

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        found: list[Values] = [{"score": None} for _ in images]
        if asked := pictures_of_texts(images, prompts):
            prepare, read = self._networks[2], self._tokenizer
            items = [
                (prepare(images[i]), read(prompts[i].text, padding="max_length", truncation=True, max_length=LENGTH))
                for i in asked
            ]
            for i, reward in zip(asked, at_one_shape(self._run, items, self.device), strict=True):
                found[i] = {"score": float((reward - MEAN) / DEVIATION) if np.isfinite(reward) else None}
        return found

    def _run(self, items: list[tuple[np.ndarray, Any]]) -> np.ndarray:
        import torch

        blip, head, _ = self._networks
        pixels = torch.tensor(np.stack([image for image, _ in items]), device=self.device)
        ids, mask = (
            torch.tensor([text[name] for _, text in items], device=self.device)
            for name in ("input_ids", "attention_mask")
        )
        with torch.no_grad():
            return head(blip(pixels, ids, mask)).double().cpu().numpy()


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> ImageReward:
    """What people would say of the image for its prompt: ImageReward-v1.0, standardised, mostly -2 to 2."""
    return ImageReward(PARTS.find(weights, revision), device)
