"""The LLM grader (Ma et al. 2025, section 4): five aspects, the model's own overall, and our mean, each on 0-100.

It grades; the paper never lets it guide a search. Its identity is the rubric, the model's name with the revision that
the user may give, temperature, the bound on a reply, and how the image is encoded. The server's address is not part of
it: the same model behind another port must not be paid for again, and an internal host's name has no place in a
published result. Whoever serves two models under one name tells them apart by `revision`. Nor are concurrency, prices
and time limits: they change no verdict. In which form the server was asked for JSON is kept beside each verdict.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tts_bench.errors import NeedsFiles
from tts_bench.grader import anchors, picture, rubric
from tts_bench.grader.server import lacking
from tts_bench.grader.session import Session
from tts_bench.grader.settings import KEY, GraderSettings
from tts_bench.grader.stream import stream
from tts_bench.grader.verdict import OUTPUTS
from tts_bench.protocols import Question, Unscored
from tts_bench.streaming import mean_of
from tts_bench.types import Image, Json, Key, Prompt, Values


@dataclass
class LlmGrader:
    """Outputs "overall_mean" (ours, the first), the five aspects, and "overall" (the model's), 0-100; see `Streaming`.

    `anchored` holds this run's verdicts on the anchors by name, once something has been asked. Raises NeedsFiles at
    the first question where no key is set, ServiceFailed when the service gives up, BadInput when it refuses the key
    or the model, CapReached when the money is spent; what was answered before is given first.
    """

    settings: GraderSettings
    session: Session
    outputs: tuple[str, ...] = OUTPUTS
    anchored: dict[str, Values] = field(default_factory=dict)

    @cached_property
    def card(self) -> Mapping[str, Json]:
        own = self.settings
        return {
            "scorer": "llm_grader", "version": 1, "rubric": rubric.card(), "model": own.model,
            "revision": own.revision, "temperature": own.temperature, "max_tokens": own.max_tokens,
            "image": picture.card(own.max_side), "repeats": own.repeats,
        }  # fmt: skip

    @property
    def repeats(self) -> int:
        return self.settings.repeats

    def answer_card(self, repeat: int) -> Mapping[str, Json]:
        return {**{part: value for part, value in self.card.items() if part != "repeats"}, "repeat": repeat}

    def lacks(self) -> str | None:
        """What is missing on this machine before anything can be asked, in a line."""
        return lacking(self.settings)

    def doubt(self) -> str | None:
        """Why this run's verdicts should not be trusted; None if the anchors hold, or nothing was asked."""
        failed = anchors.doubt(self.anchored) if self.anchored else None
        several = ", ".join(sorted(self.session.models)) if len(self.session.models) > 1 else None
        told = [failed, f"the server answered as several models: {several}" if several else None]
        return "; ".join(line for line in told if line) or None

    def stream(self, questions: Iterable[Question]) -> Generator[tuple[int, Values | Unscored], None, None]:
        """Answers as they come; see `grader.stream`. The anchors go first, once a run."""
        names = list(anchors.KNOWN) if self.settings.anchors and not self.anchored else []
        for place, answer in stream(self.session, _after(names, questions)):
            if place >= len(names):
                yield place - len(names), answer
            else:
                self.anchored[names[place]] = {} if isinstance(answer, Unscored) else answer

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        """The mean over the repeats of each image; None where none of them was a verdict. Nothing is kept."""
        count, found = self.repeats, [[] for _ in images]
        asked = (Question(i, p, r) for i, p in zip(images, prompts, strict=True) for r in range(count))
        for place, answer in self.stream(asked):
            if not isinstance(answer, Unscored):
                found[place // count].append(answer)
        return [mean_of(rows, self.outputs) for rows in found]


def load(grader: GraderSettings | None = None) -> LlmGrader:
    """A vision model that grades: five aspects, its own overall, our mean (needs a server)."""
    if grader is None:
        fix = "name a model, --grader-model NAME, and its server, --grader-url http://..., or OpenAI's own"
        held = "is set" if os.environ.get(KEY, "").strip() else "is not set here"
        raise NeedsFiles(f"scorer llm_grader: {fix}; the key is read from {KEY}, which {held}")
    grader.check()
    return LlmGrader(grader, Session(grader))


def _after(names: Sequence[str], questions: Iterable[Question]) -> Iterator[Question]:
    """The anchors, but only where there is a question to ask at all."""
    rest = iter(questions)
    for first in rest:
        if names:
            yield from anchors.questions()
        yield first
        yield from rest
