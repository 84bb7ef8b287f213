"""The stream: bounded, lazy, usable inside a running loop, and closed without a trace."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.grader.server import Asked, Do, Judge, error, name_of, picture, verdict
from tests.grader.world import answers, grader, questions
from tts_bench.errors import BadInput
from tts_bench.protocols import Question, Unscored
from tts_bench.types import Prompt


@pytest.mark.parametrize("concurrency", [1, 3, 16])
def test_never_more_at_once_than_allowed_and_no_question_taken_early(concurrency: int) -> None:
    taken = []

    def asked() -> Iterator[Question]:
        for i in range(30):
            taken.append(i)
            yield Question(picture(i), Prompt(str(i), "a cat"))

    with Judge(lambda asked: time.sleep(0.01)) as judge:
        stream = grader(judge, concurrency=concurrency).stream(asked())
        next(stream)
        assert len(taken) <= concurrency
        assert len(list(stream)) == 29
        assert judge.most <= concurrency


def test_closing_early_leaves_no_thread_and_asks_nothing_more() -> None:
    with Judge(lambda asked: time.sleep(0.02)) as judge:
        stream = grader(judge, concurrency=2).stream(questions([picture(i) for i in range(30)]))
        next(stream)
        stream.close()
        assert "grader" not in [thread.name for thread in threading.enumerate()]
        assert len(judge.asked) <= 3


def test_it_works_where_a_loop_is_running_already() -> None:
    async def notebook() -> int:
        with Judge() as judge:
            return len(answers(grader(judge), questions([picture(0), picture(1)])))

    assert asyncio.run(notebook()) == 2


def test_a_prompt_without_text_is_not_asked_about() -> None:
    with Judge() as judge:
        assert answers(grader(judge), questions([picture(0)], prompt="  ")) == {0: Unscored("prompt without text")}
        assert judge.asked == []


def test_a_run_that_stops_does_not_sit_out_what_others_wait_for() -> None:
    """One question waits for a minute when another one is told that the model does not exist."""
    first = name_of(picture(0))

    def script(asked: Asked) -> Do:
        if asked.name == first:
            return error(429, headers={"Retry-After": "0"}) if asked.number else error(503)
        time.sleep(0.2)
        return error(404)

    with Judge(script) as judge:
        made = grader(judge, concurrency=2)
        made.session.sleep = lambda seconds: asyncio.sleep(60)
        began = time.monotonic()
        with pytest.raises(BadInput, match="tiny-judge"):
            answers(made, questions([picture(0), picture(1)]))
        assert time.monotonic() - began < 10


def test_a_server_that_answers_as_two_models_is_doubted() -> None:
    def script(asked: Asked) -> Do:
        whole: Any = verdict(asked).body
        return Do(body={**whole, "model": f"model-{asked.number % 2}"})

    with Judge(script) as judge:
        made = grader(judge, concurrency=1)
        answers(made, questions([picture(0), picture(1)]))
        assert made.doubt() == "the server answered as several models: model-0, model-1"


def test_a_fault_of_ours_is_not_swallowed() -> None:
    with Judge() as judge:
        made = grader(judge)
        made.session.verdict = None  # type: ignore[method-assign, assignment]
        with pytest.raises(TypeError):
            answers(made, questions([picture(0)]))
