"""A scorer whose package runs in a worker: what such scorers have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeVar

from tts_bench.types import Image, Json, Key, Prompt, Values
from tts_bench.workers.client import Worker
from tts_bench.workers.environment import Environment
from tts_bench.workers.repositories import Needed

Load = TypeVar("Load", bound=Callable[..., object])


class InEnvironment(Protocol):
    """A scorer's load function that says where its scorer runs."""

    environment: Environment


@dataclass
class InWorker:
    """Output "score"; None for a prompt without a text, or with one of `marks`, which the package takes for its own."""

    worker: Worker
    marks: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ("score",)

    @cached_property
    def card(self) -> Mapping[str, Json]:
        return {
            "scorer": self.worker.scorer, "version": 1, "model": self.worker.model_name,
            "weights": self.worker.repositories.identity, "environment": self.worker.environment.card,
        }  # fmt: skip

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        asked = [i for i, prompt in enumerate(prompts) if self._readable(prompt.text)]
        scores = self.worker.score([images[i] for i in asked], [prompts[i].text for i in asked])
        given = dict(zip(asked, scores, strict=True))
        return [{"score": given.get(i)} for i in range(len(images))]

    def _readable(self, text: str) -> bool:
        return bool(text.strip()) and not any(mark in text for mark in self.marks)


def runs_in(environment: Environment) -> Callable[[Load], Load]:
    """Marks a scorer's load function, so that `tts-bench setup SCORER` knows what to make."""

    def mark(load: Load) -> Load:
        load.environment = environment  # type: ignore[attr-defined]
        return load

    return mark


def make(
    needed: Needed,
    environment: Environment,
    loader: str,
    model: str,
    weights: Path | None,
    revision: str | None,
    device: str,
) -> InWorker:
    """NeedsFiles without the environment or the weights, and nothing is started yet."""  # fmt: skip
    environment.require(needed.scorer)
    return InWorker(Worker(needed.scorer, environment, needed.find(weights, revision), loader, model, device))
