"""CLIP by open_clip, from one file of weights: the sizes of a published architecture, or those that lie beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.origin import Hub, digest, held
from tts_bench.running import place
from tts_bench.scorers.checkpoint import fill, read
from tts_bench.types import Image

CONFIG = "open_clip_config.json"  # as open_clip writes it


@dataclass
class WeightsFile:
    """`file` on this machine or in a repository of the hub; nothing is read before its first use."""

    whose: str
    file: str
    architecture: str
    where: Path | Hub
    pin: str | None = None

    @cached_property
    def path(self) -> Path:
        return self.where if isinstance(self.where, Path) else self.where.fetch([self.file], [self.file]) / self.file

    def fetch(self) -> None:
        """See `path`."""
        _ = self.path

    @cached_property
    def identity(self) -> str:
        """sha256 of the file, and of sizes beside it; or the repository at its commit. BadInput for another pin."""
        if isinstance(self.where, Hub):
            return self.where.name
        found, beside = digest(self.where), self.where.parent / CONFIG
        if beside.is_file():
            found = keys.digest([found, digest(beside)])
        return held(found, self.pin, self.where, self.whose)

    @cached_property
    def sizes(self) -> dict[str, Any]:
        """What open_clip's CLIP is made with."""
        from open_clip import get_model_config

        beside = self.path.parent / CONFIG
        if not beside.is_file():
            return dict(get_model_config(self.architecture) or {})
        try:
            found = json.loads(read_limited(beside, 2**20))
            found = found.get("model_cfg", found)
            numbers = {"embed_dim": found["embed_dim"], **found["vision_cfg"], **found["text_cfg"]}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput.at(beside, "model_cfg", str(error), "is no config of open_clip; write it again") from error
        for name, size in numbers.items():  # names would have it load networks from elsewhere
            if not isinstance(size, int | float):
                raise BadInput.at(beside, name, size, "must be a number; give a CLIP of open_clip's own layers")
        return {name: found[name] for name in ("embed_dim", "vision_cfg", "text_cfg")}

    @property
    def side(self) -> int:
        return self.sizes["vision_cfg"]["image_size"]


@dataclass
class OpenClipTowers:
    """The `Towers` of a text and an image; `resize` gives (3, side, side) of an image and the network's side."""

    file: WeightsFile
    resize: Callable[[Image, int], np.ndarray]
    device: str

    @cached_property
    def network(self) -> Any:
        import torch
        from open_clip.model import CLIP

        place(self.device)
        path, sizes = self.file.path, self.file.sizes
        state = read(path, inside="state_dict")
        try:
            with torch.random.fork_rng(devices=[]):  # initial weights are drawn, and then replaced
                network = CLIP(**sizes)
        except Exception as error:  # sizes that do not go together
            why = " ".join(str(error).split())[:120]
            raise BadInput.at(path.parent / CONFIG, "model_cfg", why, "makes no network; give the one saved") from error
        return fill(network, state, path, f"a CLIP {self.file.architecture} of open_clip").to(self.device)

    @property
    def scale(self) -> float:
        return float(self.network.logit_scale.exp())

    @cached_property
    def _tokenizer(self) -> Any:
        from open_clip.tokenizer import SimpleTokenizer

        return SimpleTokenizer(context_length=self.network.context_length)

    def prepare(self, image: Image) -> np.ndarray:
        return self.resize(image, self.file.side)

    def tokens(self, text: str) -> np.ndarray:
        return self._tokenizer(text)[0].numpy()

    def embed_images(self, pixels: Any) -> Any:
        return self.network.encode_image(pixels)

    def embed_texts(self, tokens: Any) -> Any:
        return self.network.encode_text(tokens)
