"""VQAScore (Lin et al. 2024): P("Yes" | image, 'Does this figure show "{text}"? ...') by CLIP-FlanT5.

The probability is the geometric mean over the answer's tokens, its end among them, as the authors' package t2v_metrics
computes it; question, answer and the frame around them are those that the network was trained and published with.

Weights: a folder with the repositories that the package reads, FOLDER/owner/name/; its CLIP-FlanT5 may be of either
size. Memory for 11 billion weights in float32 is 46 GB; for the smaller one, clip-flant5-xl, 13 GB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.running import at_one_shape
from tts_bench.scorers.asked import pictures_of_texts
from tts_bench.scorers.clip_t5 import CONFIG, ClipT5, as_ids, load_clip_t5
from tts_bench.scorers.parts import Found, Part, Parts
from tts_bench.scorers.pixels import OF_CLIP, Preprocessing, card, squared
from tts_bench.types import Image, Json, Key, Prompt, Values

# No commit of CLIP-FlanT5 is known to the project: the user gives files, or pins one.
WORDS = "spiece.model"
PARTS = Parts("vqa_score", {
    "model": Part(
        "zhiqiulin/clip-flant5-xxl", None, (CONFIG, "*.safetensors", "*.bin", "*.index.json"), (CONFIG,),
        ("zhiqiulin/clip-flant5-xl",),
    ),
    "tokens": Part(
        "google/flan-t5-xxl", "ae7c9136adc7555eeccc78cdd960dfd60fb346ce", (WORDS,), (WORDS,),
        ("google/flan-t5-xl",),
    ),
    "tower": Part(
        "openai/clip-vit-large-patch14-336", "ce19dc912ca5cd21c8a653c79e251e808ccabcd1", (CONFIG,), (CONFIG,)
    ),
})  # fmt: skip
FRAME = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions. USER: "
)
QUESTION, ANSWER = '\nDoes this figure show "{}"? Please answer yes or no. ASSISTANT: ', "Yes"
CONTEXT = 2048  # tokens of frame and question; what is behind is cut off
EXTRA = 100  # tokens that T5 has behind its words
# What the package's tokenizer takes for marks and not for words, its place of the image first.
MARKS = ("<image>", "<pad>", "</s>", "<unk>", "<extra_id_")
RED, GREEN, BLUE = (int(255 * mean) for mean in OF_CLIP[0])
DESCRIBED: Mapping[str, Json] = {
    "preprocessing": {
        **card("image_size of the tower", "image_size of the tower", "CLIP"), "padded": "to a square of CLIP's mean",
    },
    "question": FRAME + MARKS[0] + QUESTION, "answer": ANSWER, "cut": f"behind {CONTEXT} tokens",
    "scale": "probability", "arithmetic": "weights rounded to bfloat16, float32",
}  # fmt: skip


@dataclass
class VqaScore:
    """Output "score" in [0, 1]; None for a prompt without a text or with one of `MARKS`, and for no image."""

    files: Found
    device: str = "cpu"
    outputs: tuple[str, ...] = ("score",)

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return {"scorer": "vqa_score", "version": 1, "weights": self.files.identity, **DESCRIBED}

    def fetch(self) -> None:
        self.files.fetch()

    @cached_property
    def network(self) -> ClipT5:
        tokens = self._words.get_piece_size() + EXTRA
        return load_clip_t5(self.files.folder("model"), self.files.folder("tower"), tokens, self.device)

    @cached_property
    def _words(self) -> Any:
        from sentencepiece import SentencePieceProcessor

        path = self.files.folder("tokens") / WORDS
        try:
            return SentencePieceProcessor(model_file=str(path))
        except Exception as error:  # whatever the file leads to
            why = " ".join(str(error).split())[:120]
            raise BadInput.at(path.parent, "file", WORDS, f"is no tokenizer ({why}); fetch it again") from error

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        found: list[Values] = [{"score": None} for _ in images]
        marked = [any(mark in prompt.text for mark in MARKS) for prompt in prompts]
        if asked := [i for i in pictures_of_texts(images, prompts) if not marked[i]]:
            side = self.network.tower.config.image_size
            prepare = Preprocessing(side, OF_CLIP, short=side)
            pairs = [(prepare(squared(images[i], (RED, GREEN, BLUE))), prompts[i].text) for i in asked]
            # One pair a batch on every device, so that no question is padded to the length of another.
            for i, probability in zip(asked, at_one_shape(self._run, pairs, self.device, elsewhere=1), strict=True):
                found[i] = {"score": float(probability) if np.isfinite(probability) else None}
        return found

    def _run(self, pairs: list[tuple[np.ndarray, str]]) -> np.ndarray:
        import torch

        ((pixels, text),) = pairs
        before, after, answer = self.ids(text)
        with torch.no_grad():
            seen = torch.tensor(pixels[None], device=self.device)
            logs = self.network.log_probabilities(seen, *(as_ids(ids, self.device) for ids in (before, after, answer)))
        return logs.double().mean().exp()[None].cpu().numpy()

    def ids(self, text: str) -> tuple[list[int], list[int], list[int]]:
        """The tokens before the image, behind it, and of the answer; each part ends as a text of its own."""
        parts = (FRAME, QUESTION.format(text), ANSWER)
        before, after, answer = ([*self._words.encode(part), self._words.eos_id()] for part in parts)
        return before, after[: CONTEXT - len(before) - 1], answer


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> VqaScore:
    """How likely CLIP-FlanT5 says yes when asked whether the figure shows the text: VQAScore, in [0, 1]."""
    return VqaScore(PARTS.find(weights, revision), device)
