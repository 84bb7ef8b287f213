"""Scorers that are asked by the question: an answer is committed the moment it comes, so that none is asked twice."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field

from tts_bench.errors import BadInput, PluginFailed, ServiceFailed
from tts_bench.jobs import chunked
from tts_bench.progress import Progress
from tts_bench.protocols import Question, Streaming, Unscored
from tts_bench.recipes import State
from tts_bench.store import Store
from tts_bench.types import Image, Json, Key, Values

AHEAD = 16  # images in memory beside those in flight


def mean_of(answers: Sequence[Values], outputs: Sequence[str]) -> Values:
    """Each output's mean over the answers; None where there are none."""
    if not answers:
        return dict.fromkeys(outputs)
    return {name: math.fsum(answer[name] or 0.0 for answer in answers) / len(answers) for name in outputs}


@dataclass
class Asking:
    """`reasons` says of each answer (by the key it would have) why it is missing; only this run knows, none is kept."""

    store: Store
    images: Callable[[Sequence[State]], Mapping[Key, Image]]
    blamed: Callable[[object], AbstractContextManager[None]]
    progress: Progress
    reasons: dict[Key, str] = field(default_factory=dict)
    asked: int = 0

    def ask(self, scorer: Streaming, states: Mapping[Key, State], names: Mapping[Key, Sequence[Key]]) -> None:
        """Everything that the store lacks; `names` are the keys of each state's answers, one a repeat."""
        held = set(self.store.scores(name for of in names.values() for name in of))
        open_ = [(key, repeat) for key, of in names.items() for repeat, name in enumerate(of) if name not in held]
        self.progress.expect("scores", len(open_))
        with closing(self._answers(scorer, states, open_)) as answers:
            for place, answer in answers:
                key, repeat = open_[place]
                name = names[key][repeat]
                if isinstance(answer, Unscored):
                    self.reasons[name] = answer.reason
                else:
                    self.store.commit(scores={name: answer})
                    self.reasons.pop(name, None)
                self.asked += 1
                self.progress.advance("scores", 1)

    def _answers(
        self, scorer: Streaming, states: Mapping[Key, State], open_: Sequence[tuple[Key, int]]
    ) -> Generator[tuple[int, Values | Unscored], None, None]:
        """Checked: a place that was asked for, once, and every output a finite number."""
        with self.blamed(scorer), closing(scorer.stream(self._questions(states, open_))) as stream:
            seen: set[int] = set()
            try:
                for place, answer in stream:
                    whole = isinstance(answer, Unscored) or all(_finite(answer.get(name)) for name in scorer.outputs)
                    if place in seen or not 0 <= place < len(open_) or not whole:
                        raise PluginFailed(f"scorer {_name(scorer)!r} must answer each question once, in full")
                    seen.add(place)
                    yield place, answer
            except (ServiceFailed, BadInput) as error:
                left = f"{len(open_) - len(seen)} of {len(open_)} answers are missing"
                raise type(error)(f"{error} ({left})") from None
            if len(seen) < len(open_):
                raise PluginFailed(f"scorer {_name(scorer)!r} left {len(open_) - len(seen)} questions unanswered")

    def _questions(self, states: Mapping[Key, State], open_: Sequence[tuple[Key, int]]) -> Iterator[Question]:
        for chunk in chunked(open_, AHEAD):
            images = self.images([states[key] for key in dict.fromkeys(key for key, _ in chunk)])
            for key, repeat in chunk:
                yield Question(images[key], states[key].prompt, repeat)


def _name(scorer: Streaming) -> Json:
    return scorer.card.get("scorer", type(scorer).__name__)


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
