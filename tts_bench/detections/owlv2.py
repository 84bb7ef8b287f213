"""OWLv2 (Minderer et al. 2023): a detector of whatever it is asked for in words.

A word is asked as "a photo of a {word}". A box has the word that fits it best, as in transformers' post-processing, and
of two boxes of a word that cover each other the better remains, as UniDet does it. Scores are no UniDet's: they are
lower, so T2I-CompBench's spatial scores, which count them, are lower too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tts_bench.detections.boxes import best_apart, corners, seen
from tts_bench.detections.types import Detections
from tts_bench.errors import BadInput
from tts_bench.pretrained import Pretrained, Source
from tts_bench.running import at_one_shape
from tts_bench.scorers.pixels import OF_CLIP
from tts_bench.types import Image, Json

# No commit is known to the project: the user gives a folder, or pins one.
NETWORK = Pretrained(
    "owlv2", "Owlv2ForObjectDetection", "owlv2", "google/owlv2-base-patch16-ensemble", None, True, "detector"
)
ASKED, THRESHOLD, OVERLAP = "a photo of a {}", 0.1, 0.5
DESCRIBED: Mapping[str, Json] = {
    "preprocessing": {
        "padded": "below and right, black, to a square", "to": "image_size of the network",
        "by": "scipy zoom, linear, antialiased by a Gaussian, floats", "normalised": "CLIP",
    },
    "text": {"asked": ASKED, "tokens": "the network's own", "cut": "behind its context, 16 tokens"},
    "threshold": THRESHOLD, "labels": "the best word of a box", "suppression": {"by": "word", "iou": OVERLAP},
    "boxes": "cut to the image", "arithmetic": "float32",
}  # fmt: skip


def prepare(image: Image, side: int) -> np.ndarray:
    """(3, side, side) float32: black below or right up to a square, then resized and normalised by CLIP's numbers."""
    from scipy.ndimage import gaussian_filter, zoom

    longer = max(image.shape[:2])
    square = np.zeros((3, longer, longer), np.float32)
    square[:, : image.shape[0], : image.shape[1]] = (image.transpose(2, 0, 1) * (1 / 255)).astype(np.float32)
    factor = longer / side
    found = np.empty((3, side, side), np.float32)
    for plane, out in zip(square, found, strict=True):
        smooth = gaussian_filter(plane, max(0.0, (factor - 1) / 2), mode="mirror")
        out[:] = zoom(smooth, 1 / factor, order=1, mode="mirror", grid_mode=True)
    mean, deviation = (np.array(part, np.float32)[:, None, None] for part in OF_CLIP)
    return (found - mean) / deviation


@dataclass
class Owlv2:
    """A `Detector` without a vocabulary: boxes in pixels of the image given, most confident first."""

    source: Source
    device: str = "cpu"
    vocabulary: None = None
    _words: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return {"detector": "owlv2", "version": 1, "weights": self.source.identity, **DESCRIBED}

    def fetch(self) -> None:
        self.source.fetch()

    @cached_property
    def network(self) -> Any:
        return self.source.load(self.device)

    @cached_property
    def _tokenizer(self) -> Any:
        return self.source.tokenizer()

    def detect(self, images: Sequence[Image], wanted: Sequence[Sequence[str]]) -> list[Detections]:
        asked = [tuple(dict.fromkeys(words)) for words in wanted]
        found = [Detections((), image.shape[1], image.shape[0]) for image in images]
        if some := [i for i, words in zip(range(len(images)), asked, strict=True) if words]:
            self._read(dict.fromkeys(word for i in some for word in asked[i]))
            side = self.network.config.vision_config.image_size
            items = [(prepare(images[i], side), np.stack([self._words[word] for word in asked[i]])) for i in some]
            for i, rows in zip(some, at_one_shape(self._run, items, self.device), strict=True):
                found[i] = self._kept(rows, asked[i], *images[i].shape[:2])
        return found

    def tokens(self, word: str) -> np.ndarray:
        """(context,) int64, filled with 0, the token "!" as the authors do."""
        config = self.network.config.text_config
        ids = self._tokenizer(ASKED.format(word), truncation=True, max_length=config.max_position_embeddings)
        found = np.array(ids["input_ids"], np.int64)
        if (largest := int(found.max())) >= config.vocab_size:
            fix = f"the network knows {config.vocab_size} tokens; give weights and tokenizer that belong together"
            raise BadInput.at(self.source.folder, "tokenizer", largest, fix)
        return np.pad(found, (0, config.max_position_embeddings - len(found)))

    def _read(self, words: Mapping[str, None]) -> None:
        """Embed each word that was not read before: (width,) of length 1."""
        import torch

        def run(batch: list[np.ndarray]) -> np.ndarray:
            with torch.no_grad():
                ids = torch.tensor(np.stack(batch), device=self.device)
                rows = self.network.owlv2.get_text_features(input_ids=ids).pooler_output
                return (rows / rows.norm(dim=-1, keepdim=True)).cpu().numpy()

        if new := [word for word in words if word not in self._words]:
            rows = at_one_shape(run, [self.tokens(word) for word in new], self.device)
            self._words |= dict(zip(new, rows, strict=True))

    def _run(self, items: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        """(n, places, 6): of each place its best word's logit and number, and its box."""
        import torch

        with torch.no_grad():
            pixels = torch.tensor(np.stack([image for image, _ in items]), device=self.device)
            seen_map = self.network.image_embedder(pixel_values=pixels)[0]
            places = seen_map.flatten(1, 2)
            boxes = self.network.box_predictor(places, seen_map)
            found = []
            for i, (_, words) in enumerate(items):  # pictures are asked for different numbers of words
                logits = self.network.class_predictor(places[i : i + 1], torch.tensor(words, device=self.device)[None])
                best = logits[0][0].max(dim=-1)
                found.append(torch.cat([best.values[:, None], best.indices[:, None], boxes[i]], dim=-1))
            return torch.stack(found).float().cpu().numpy()

    def _kept(self, rows: np.ndarray, words: Sequence[str], height: int, width: int) -> Detections:
        from scipy.special import expit

        scores, numbers = expit(rows[:, 0].astype(float)), rows[:, 1].astype(int)
        sure = scores > THRESHOLD
        longer = max(height, width)  # the square's side, whose padding is below or right
        boxes = corners(rows[sure, 2:], longer, longer)
        scores, numbers = scores[sure], numbers[sure]
        kept = best_apart(boxes, scores, numbers, OVERLAP)
        return seen(boxes[kept], scores[kept], [words[int(number)] for number in numbers[kept]], width, height)


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> Owlv2:
    """OWLv2 B/16, an ensemble of its checkpoints: finds whatever is asked for in words."""
    return Owlv2(NETWORK.find(weights, revision), device)
