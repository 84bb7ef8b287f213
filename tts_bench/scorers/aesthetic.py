"""LAION's aesthetic predictor V2: a linear head on CLIP ViT-L/14's embedding of the image, of length 1.

Trained on the ratings of SAC, LAION logos and AVA: about 1 to 10, mostly 4.5 to 7. The prompt plays no part. Ma et al.
2025 do not name their weights; their 5.79 of FLUX is a level of these (sac+logos+ava1-l14-linearMSE).

Weights: none, for CLIP from the hub and the head from its published address; or the file of a head, for CLIP from the
hub; or a folder with both, FOLDER/openai/clip-vit-large-patch14/ as `save_pretrained` leaves it, and the head's file.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.origin import File, Published, check_pin, digest, find_file, held
from tts_bench.pretrained import Source
from tts_bench.scorers.asked import is_picture
from tts_bench.scorers.checkpoint import read
from tts_bench.scorers.clip import CLIP, embed
from tts_bench.scorers.linear_head import LinearHead, find_head
from tts_bench.scorers.pixels import OF_CLIP, Preprocessing, card
from tts_bench.scorers.vision import see
from tts_bench.types import Image, Json, Key, Prompt, Values

REPOSITORY = "christophschuhmann/improved-aesthetic-predictor/6934dd81792f086e613a121dbce43082cb8be85e"
HEAD = "sac+logos+ava1-l14-linearMSE"
PUBLISHED = Published(
    f"{HEAD}.pth",
    f"https://raw.githubusercontent.com/{REPOSITORY}/{HEAD}.pth".replace("+", "%2B"),
    "21dd590f3ccdc646f0d53120778b296013b096a035a2718c9cb0d511bff0f1e0",
)
NETWORK, WHOSE = replace(CLIP, name="aesthetic"), "scorer aesthetic"
PREPARED = card("image_size of the network", "image_size of the network", "CLIP", rounded=True)


@dataclass
class Aesthetic:
    """Output "score": the predicted rating, float32; None for an image that is none. `head` is None for the published.

    `pin` is the digest that the file `head` must have, or, where `folder`, that of CLIP and head together.
    """

    clip: Source
    head: Path | None
    pin: str | None
    folder: Path | None = None
    device: str = "cpu"
    outputs: tuple[str, ...] = ("score",)

    @cached_property
    def card(self) -> Mapping[str, Json]:
        # The published file is held to this digest when it is fetched, at the first image.
        head = PUBLISHED.sha256 if self.head is None else self._file.sha256
        return {
            "scorer": "aesthetic", "version": 1, "weights": {"clip": self.clip.identity, "head": head},
            "preprocessing": PREPARED, "scale": "predicted rating, 1 to 10", "arithmetic": "float32",
        }  # fmt: skip

    def fetch(self) -> None:
        self.clip.fetch()
        _ = self._file

    @cached_property
    def _file(self) -> File:
        """The head's, held to its digest."""
        if self.head is None or self.folder is None:
            return find_file(PUBLISHED, self.head, self.pin, WHOSE)
        found = File(self.head, digest(self.head))
        held(keys.digest([self.clip.identity, found.sha256]), self.pin, self.folder, WHOSE)
        return found

    @cached_property
    def _networks(self) -> tuple[Any, LinearHead, Preprocessing]:
        path, network = self._file.path, self.clip.load(self.device)
        head = find_head(read(path), "layers.", network.config.projection_dim, path, self.device)
        side = network.config.vision_config.image_size
        return network, head, Preprocessing(side, OF_CLIP, short=side, rounded=True)

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        found: list[Values] = [{"score": None} for _ in images]
        if asked := [i for i, image in enumerate(images) if is_picture(image)]:
            rows = see(self._rate, [images[i] for i in asked], self._networks[2], self.device)
            for i, rating in zip(asked, map(float, rows), strict=True):
                found[i] = {"score": rating if math.isfinite(rating) else None}
        return found

    def _rate(self, pixels: Any) -> Any:
        network, head, _ = self._networks
        embedding = embed(network, pixels)
        return head(embedding / embedding.norm(dim=-1, keepdim=True))


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> Aesthetic:
    """How beautiful people would find the image, whatever was asked for: LAION's predictor on CLIP ViT-L/14."""
    if weights is not None and os.path.isdir(weights):
        return _of_folder(weights, revision, device)
    if weights is None and revision is not None:
        raise BadInput.at(WHOSE, "revision", revision, "is of a head's file or of a folder; give that, or leave it out")
    if weights is not None and not weights.is_file():
        fix = f"no such file; give FILE@sha256:<its digest>, a folder, or nothing for {PUBLISHED.url}"
        raise BadInput.at(WHOSE, "weights", str(weights), fix)
    return Aesthetic(NETWORK.find(None, None), weights, revision, device=device)


def _of_folder(folder: Path, revision: str | None, device: str) -> Aesthetic:
    check_pin(revision, WHOSE)
    clip, heads = folder / CLIP.hub_id, [folder / f"{HEAD}{suffix}" for suffix in (".pth", ".safetensors")]
    there = [path for path in heads if path.is_file()]
    if not clip.is_dir() or not there:
        lacking = heads[0].name if clip.is_dir() else CLIP.hub_id
        fix = f"is missing; get {PUBLISHED.url} and `hf download {CLIP.hub_id} --local-dir FOLDER/{CLIP.hub_id}`"
        raise BadInput.at(folder, "file", lacking, fix)
    return Aesthetic(NETWORK.find(clip, None), there[0], revision, folder, device)
