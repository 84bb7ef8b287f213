"""BLIP-VQA attribute binding of T2I-CompBench (Huang et al. 2023): is each thing that the prompt names in the image?

Each noun phrase is a question ("a red apple?"), its answer P(yes) / (P(yes) + P(no)) of the answer's first token, and
the score their product. A question is cleaned, cut and begun with [ENC] as BLIP's authors do. "official" rounds as the
benchmark does, "fixed" does not: see `compbench.phrases`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tts_bench.compbench.language import Language
from tts_bench.compbench.phrases import QUESTIONS, product, questions
from tts_bench.running import at_one_shape
from tts_bench.scorers.asked import pictures_of_texts
from tts_bench.scorers.blip_answers import Answers
from tts_bench.scorers.blip_weights import find
from tts_bench.scorers.pixels import OF_CLIP, Preprocessing, card
from tts_bench.types import Image, Json, Key, Prompt, Rules, Values

LENGTH, MOST_WORDS = 35, 50  # of a question: tokens, and words before
REMOVED = re.compile(r'[.!"()*#:;~]')
DESCRIBED: Mapping[str, Json] = {
    "preprocessing": card("image_size of the network", None, "CLIP"),
    "text": {"tokens": "bert-base-uncased, begun with [ENC]", "cut": f"behind {LENGTH} tokens"},
    "epsilon": "1e-6 in the image encoder", "scale": "product of P(yes) : (P(yes) + P(no))", "arithmetic": "float32",
}  # fmt: skip


def cleaned(question: str) -> str:
    """In lower case, without some marks, at most 50 words: BLIP's own way."""
    return " ".join(REMOVED.sub("", question.lower()).rstrip(" ").split(" ")[:MOST_WORDS])


@dataclass
class BlipVqa:
    """Output "score" in [0, 1]; None for a prompt without a text, for an image that is none, and as `rules` say."""

    answers: Answers
    language: Language
    rules: Rules = "official"
    outputs: tuple[str, ...] = ("score",)

    @cached_property
    def card(self) -> Mapping[str, Json]:
        read = {"rules": self.rules, "language": self.language.card}
        return {"scorer": "blip_vqa", "version": 1, "weights": self.answers.weights.identity, **DESCRIBED, **read}

    def fetch(self) -> None:
        self.answers.weights.fetch()

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        found: list[Values] = [{"score": None} for _ in images]
        asked = pictures_of_texts(images, prompts)
        chances = self.chances([images[i] for i in asked], [questions(self.language, prompts[i].text) for i in asked])
        for i, each in zip(asked, chances, strict=True):
            found[i] = {"score": product(each, self.rules) if np.isfinite(each).all() else None}
        return found

    def chances(self, images: Sequence[Image], asked: Sequence[Sequence[str]]) -> list[list[float]]:
        """P(yes) of each of at most 8 questions about each image, in [0, 1]."""
        from scipy.special import expit

        found: list[list[float]] = [[] for _ in images]
        if some := [i for i, each in enumerate(asked) if each]:
            prepare = Preprocessing(self.answers.side, OF_CLIP)
            items = [(prepare(images[i]), [self.tokens(question) for question in asked[i]]) for i in some]
            for i, logits in zip(some, at_one_shape(self._run, items, self.answers.device), strict=True):
                found[i] = [float(chance) for chance in expit(logits[: len(asked[i])])]
        return found

    def tokens(self, question: str) -> np.ndarray:
        """(length,) int64, at most 35."""
        read = self.answers.tokenizer(cleaned(question), truncation=True, max_length=LENGTH)
        return np.array([self.answers.ids["[ENC]"], *read["input_ids"][1:]], np.int64)

    def _run(self, items: list[tuple[np.ndarray, list[np.ndarray]]]) -> np.ndarray:
        """(n, 8) float64: log P(yes) - log P(no); what is behind an image's questions means nothing."""
        import torch

        device, found = self.answers.device, np.zeros((len(items), QUESTIONS))
        with torch.no_grad():
            seen = self.answers.see(torch.tensor(np.stack([pixels for pixels, _ in items]), device=device))
            for i, (_, each) in enumerate(items):
                for k, ids in enumerate(each):
                    logit = self.answers.yes(seen[i : i + 1], torch.tensor(ids, device=device)[None])
                    found[i, k] = float(logit)
        return found


def load(
    rules: Rules,
    part: Callable[[str], Any],
    weights: Path | None = None,
    revision: str | None = None,
    device: str = "cpu",
) -> BlipVqa:
    """Whether each thing that the prompt names is there, to BLIP-VQA: T2I-CompBench's attribute binding, in [0, 1]."""
    return BlipVqa(Answers(find(weights, revision), device), part("language"), rules)
