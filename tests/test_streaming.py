"""Scorers asked by the question: what is committed when, and what a scorer that misbehaves is told."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.grader.world import filled, scoring
from tts_bench.errors import PluginFailed, ServiceFailed
from tts_bench.protocols import Question, Streaming, Unscored
from tts_bench.scoring import score_names
from tts_bench.store import Store
from tts_bench.streaming import mean_of
from tts_bench.types import Image, Json, Key, Prompt, Values

Given = Generator[tuple[int, "Values | Unscored"], None, None]


@dataclass
class Scripted:
    """A streaming scorer whose `stream` is a function."""

    script: Callable[[Iterable[Question]], Given]
    repeats: int = 1
    card: Mapping[str, Json] = field(default_factory=lambda: {"scorer": "scripted"})
    outputs: tuple[str, ...] = ("score",)

    def answer_card(self, repeat: int) -> Mapping[str, Json]:
        return {**self.card, "repeat": repeat}

    def stream(self, questions: Iterable[Question]) -> Given:
        return self.script(questions)

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        raise AssertionError("is streamed")


def backwards(questions: Iterable[Question]) -> Given:
    for place, question in reversed(list(enumerate(questions))):
        yield place, {"score": float(question.image.mean()) + question.repeat, "paid": 2.0}


def test_answers_are_kept_as_they_come_and_belong_to_their_image(tmp_path: Path) -> None:
    states = filled(tmp_path / "s", 20)
    with Store(tmp_path / "s") as store:
        held: list[int] = []

        def watched(questions: Iterable[Question]) -> Given:
            for answer in backwards(questions):
                held.append(store.stats().scores)
                yield answer

        asking, scorer = scoring(store), Scripted(watched, repeats=2)
        assert isinstance(scorer, Streaming)
        found = asking.score(scorer, states)
        assert held == list(range(40)), "one by one"
        images = store.images([state.key for state in states])
        for state in states:
            assert found[state.key] == {"score": pytest.approx(images[state.key].mean() + 0.5)}
        assert asking.calls_run == 40
        assert asking.answers(scorer, states)[states[0].key][1]["paid"] == 2.0
        assert asking.score(scorer, states) == found and asking.calls_run == 40
        assert len({name for state in states for name in score_names(scorer, state)}) == 40


def test_what_came_before_a_failure_is_kept_and_the_rest_counted(tmp_path: Path) -> None:
    def failing(questions: Iterable[Question]) -> Given:
        for number, answer in enumerate(backwards(questions)):
            if number == 3:
                raise ServiceFailed("the service is gone; run the same command again")
            yield answer

    states = filled(tmp_path / "s", 8)
    with Store(tmp_path / "s") as store:
        asking = scoring(store)
        with pytest.raises(ServiceFailed, match=r"again \(5 of 8 answers are missing\)"):
            asking.score(Scripted(failing), states)
        assert store.stats().scores == 3 and asking.calls_run == 3
        assert len(asking.unseen(Scripted(backwards), states)) == 5


def test_the_unscored_have_reasons_and_no_row(tmp_path: Path) -> None:
    def picky(questions: Iterable[Question]) -> Given:
        for place, _ in enumerate(questions):
            yield place, Unscored("no taste") if place % 2 else {"score": 1.0}

    states = filled(tmp_path / "s", 6)
    with Store(tmp_path / "s") as store:
        asking, scorer = scoring(store), Scripted(picky)
        found = asking.score(scorer, states)
        assert [found[s.key]["score"] for s in states] == [1.0, None] * 3
        assert asking.reasons(scorer, states) == {s.key: ["no taste"] for s in states[1::2]}
        assert store.stats().scores == 3
        asking.score(Scripted(backwards), states)
        assert asking.reasons(scorer, states) == {}, "a later answer ends a reason"


BROKEN: dict[str, Callable[[Iterable[Question]], list[tuple[int, Values | Unscored]]]] = {
    "twice": lambda questions: [(0, {"score": 1.0}), (0, {"score": 2.0})],
    "nowhere": lambda questions: [(99, {"score": 1.0})],
    "before": lambda questions: [(-1, {"score": 1.0})],
    "nothing": lambda questions: [],
    "half": lambda questions: [(0, {"score": 1.0})],
    "NaN": lambda questions: [(0, {"score": np.nan})],
    "None": lambda questions: [(0, {"score": None})],
    "another output": lambda questions: [(0, {"other": 1.0})],
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_scorer_that_answers_what_was_not_asked_is_named(tmp_path: Path, kind: str) -> None:
    def stream(questions: Iterable[Question]) -> Given:
        yield from BROKEN[kind](list(questions))

    with Store(tmp_path / "s") as store, pytest.raises(PluginFailed, match="scorer 'scripted'"):
        scoring(store).score(Scripted(stream), filled(tmp_path / "s", 3))


def test_one_that_raises_is_named(tmp_path: Path) -> None:
    def stream(questions: Iterable[Question]) -> Given:
        raise KeyError("oops")
        yield

    with Store(tmp_path / "s") as store, pytest.raises(PluginFailed, match="'scripted' failed: KeyError"):
        scoring(store).score(Scripted(stream), filled(tmp_path / "s", 3))


def test_the_mean_of_no_answers_is_none() -> None:
    assert mean_of([], ("a", "b")) == {"a": None, "b": None}
    assert mean_of([{"a": 1.0, "b": 5.0}, {"a": 2.0, "b": 6.0}], ("a",)) == {"a": 1.5}
