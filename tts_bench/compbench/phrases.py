"""BLIP-VQA attribute binding (Huang et al. 2023): the questions that a prompt becomes, and what their answers come to.

Each noun phrase of the prompt is a question ("a red apple?"); the score is the product of P(yes) over them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tts_bench.compbench.language import Language
from tts_bench.types import Rules

PLACES = ("top", "the side", "the left", "the right")  # noun chunks of relations, which no image shows
QUESTIONS = 8  # the phrases beyond are never asked for

ODDITIES = {
    "no phrase": "A prompt without any noun phrase scores 1, the product of nothing; fixed: it has no score.",
    "rounding": "P(yes) of a phrase, and the product again, are rounded to 4 decimals, the product in float32; "
    "fixed: neither is rounded.",
}  # fmt: skip


def questions(language: Language, text: str) -> list[str]:
    """At most 8 questions, one for each noun phrase in the prompt's order; none for a text without any."""
    phrases = [chunk for chunk in language.noun_chunks(text) if chunk not in PLACES]
    return [f"{phrase}?" for phrase in phrases[:QUESTIONS]]


def product(probabilities: Sequence[float], rules: Rules = "official") -> float | None:
    """P(yes) of each question, in [0, 1], to the score of the image, in [0, 1]; None where "fixed" has no question."""
    if rules == "fixed":
        return math.prod(probabilities) if probabilities else None
    running = np.float32(1.0)
    for probability in probabilities:
        running *= np.float32(f"{probability:.4f}")
    return float(f"{float(running):.4f}")


def without_adjectives(language: Language, text: str) -> str:
    """The prompt as CLIP is asked it in the category complex: its tokens but adjectives, joined by blanks."""
    return " ".join(word.text for word in language.words(text) if word.pos != "ADJ")
