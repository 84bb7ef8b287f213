"""DINOv2 features for FD-DINOv2 (Stein et al. 2023): the class token of ViT-L/14 after the last norm, 1024 numbers.

Images become 224 x 224 by Pillow's bicubic (rounded to 8 bits, as in the authors' dgm-eval) and are normalised by
ImageNet's mean and deviation. The network is transformers' port, whose position embeddings are interpolated to the
exact grid; the authors' code shifts that grid by 0.1 of a patch, so the last digits differ from theirs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tts_bench.errors import BadInput
from tts_bench.features.weights import Weights, check_sha256, place
from tts_bench.files import read_limited
from tts_bench.keys import digest, file_digest
from tts_bench.metrics.sample import Sample
from tts_bench.types import Json

HUB_ID, COMMIT = "facebook/dinov2-large", "47b73eefe95e8d44ec3623f8890bd894b6ea2d6c"
FILES = ("config.json", "model.safetensors")
SIDE = 224
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


class DinoV2:
    """No classifier, so no logits."""

    classes = None

    def __init__(self, weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> None:
        self.source, self.device = (weights, revision), device

    @property
    def dimension(self) -> int:
        return int(self._config["hidden_size"])

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return {
            "features": "dinov2", "version": 1, "weights": self._weights.sha256, "config": digest(self._config),
            "preprocessing": {"to": SIDE, "by": "PIL bicubic, 8 bits", "normalised": "ImageNet"},
        }  # fmt: skip

    def __call__(self, images: Sequence[np.ndarray]) -> Sample:
        return self.run([self.prepare(image) for image in images])

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """(3, 224, 224) float32, normalised."""
        small = np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        return np.ascontiguousarray(((small.astype(np.float32) / 255 - MEAN) / DEVIATION).transpose(2, 0, 1))

    def run(self, prepared: Sequence[np.ndarray]) -> Sample:
        import torch

        with torch.no_grad():
            pixels = torch.from_numpy(np.stack(prepared)).to(self.device)
            return Sample(self._network(pixel_values=pixels).pooler_output.float().cpu().numpy(), None)

    @cached_property
    def _folder(self) -> Path:
        weights, revision = self.source
        if weights is not None and weights.is_dir():
            missing = [name for name in FILES if not (weights / name).is_file()]
            if missing:
                raise BadInput.at(weights, "file", missing[0], "is missing; needed are " + " and ".join(FILES))
            return weights
        if weights is None and revision is None:
            return _downloaded(HUB_ID, COMMIT)
        hub_id = HUB_ID if weights is None else weights.as_posix()
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", hub_id):
            raise BadInput.at("weights", "folder", hub_id, f"no such folder; give one with {' and '.join(FILES)}")
        if revision is None or not re.fullmatch("[0-9a-f]{40}", revision):
            fix = "no such folder; a hub id needs --revision, the 40 hex digits of a commit (a branch can move)"
            raise BadInput.at("weights", "folder", hub_id, fix)
        return _downloaded(hub_id, revision)

    @cached_property
    def _weights(self) -> Weights:
        path = self._folder / FILES[1]
        found = file_digest(path)
        weights, revision = self.source
        if weights is not None and weights.is_dir() and revision is not None and found != check_sha256(revision):
            fix = f"is not {check_sha256(revision)}, which --revision asks for; give the weights it belongs to"
            raise BadInput.at(path, "sha256", found, fix)
        return Weights(path, found)

    @cached_property
    def _config(self) -> dict[str, Any]:
        try:
            config = json.loads(read_limited(self._folder / FILES[0], 2**20))
            return config if config["model_type"] == "dinov2" and int(config["hidden_size"]) > 0 else {}["dinov2"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput.at(self._folder, "file", FILES[0], "is no configuration of a DINOv2 network") from error

    @cached_property
    def _network(self) -> Any:
        from transformers import Dinov2Model

        place(self.device)
        folder = self._weights.path.parent
        try:
            loaded: Any = Dinov2Model.from_pretrained(
                folder, use_safetensors=True, local_files_only=True, output_loading_info=True
            )
            network, found = loaded
            if lacking := {*found["missing_keys"]} - {"embeddings.mask_token"}:
                raise ValueError(f"{len(lacking)} tensors are missing, {min(lacking)} among them")
        except Exception as error:  # safetensors has errors of its own, transformers whatever a shape raises
            why = f"cannot be loaded ({' '.join(str(error).split())[:120]}); needed are the weights of {FILES[0]}"
            raise BadInput.at(folder, "file", FILES[1], why) from error
        return network.eval().to(self.device)


def _downloaded(hub_id: str, revision: str) -> Path:
    """The two files of a pinned commit in the hub's cache."""
    from huggingface_hub import hf_hub_download

    try:
        paths = [Path(hf_hub_download(hub_id, name, revision=revision)) for name in FILES]
    except Exception as error:  # requests, offline mode, no such repository: many kinds, one meaning
        why = f"cannot be had at {revision} ({' '.join(str(error).split())[:120]}); give --weights a folder with "
        raise BadInput.at("weights", "hub id", hub_id, why + " and ".join(FILES)) from error
    return paths[0].parent


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> DinoV2:
    """DINOv2 ViT-L/14: FD-DINOv2, which agrees with people more often than FID does (Stein et al. 2023)."""
    return DinoV2(weights, revision, device)
