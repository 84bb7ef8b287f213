"""An order in which categories take turns, so that a prefix of the prompts has as many of each as there can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tts_bench.types import Prompt


def by_turns(prompts: Sequence[Prompt]) -> tuple[Prompt, ...]:
    """The first of every category, then the second of each that has two ...; within a category the order stays."""
    before: Counter[str] = Counter()
    turns = []
    for prompt in prompts:
        turns.append(before[prompt.category])
        before[prompt.category] += 1
    return tuple(prompt for _, prompt in sorted(zip(turns, prompts, strict=True), key=lambda pair: pair[0]))
