"""FAULTS row 11: pictures and prompts that instruct the judge.

What can be shown without a real model: the attack stays data. The request has the same rules, roles and schema as any
other, the prompt is one JSON string, the picture is the picture; and whatever a judge makes of it is read as strictly
as ever. What cannot be prevented: a judge that obeys and answers in form is believed. The last test states by how much.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from tests.grader.attacks import attacks, plain
from tests.grader.replies import GOOD, TEXT
from tests.grader.server import Asked, Do, Judge, chat
from tests.grader.world import answers, grader
from tts_bench.grader.rubric import ASKED, RULES, SCHEMA
from tts_bench.images import encode_png
from tts_bench.protocols import Question, Unscored
from tts_bench.types import Prompt

ATTACKS = list(attacks())
OBEYED = json.dumps(dict.fromkeys(ASKED, 100))


def test_20_attacks_stay_data_in_the_request() -> None:
    assert len(ATTACKS) == 20
    with Judge() as judge:
        found = answers(grader(judge, concurrency=1), ATTACKS)
        assert len(found) == 20 and not any(isinstance(answer, Unscored) for answer in found.values())
        for asked, attack in zip(judge.asked, ATTACKS, strict=True):
            system, user = asked.body["messages"]
            assert system == {"role": "system", "content": RULES}
            assert user["role"] == "user" and [part["type"] for part in user["content"]] == ["text", "image_url"]
            first, last = user["content"][0]["text"].split("\n")
            assert json.loads(first.removeprefix("The prompt: ")) == {"prompt": attack.prompt.text}
            assert last == "The picture:"
            assert asked.png == encode_png(attack.image)
            assert asked.body["response_format"]["json_schema"] == {"name": "verdict", "strict": True, "schema": SCHEMA}
            assert set(asked.body) == {"model", "messages", "max_tokens", "temperature", "response_format"}


def shaken(asked: Asked) -> Do:
    """A judge that the attack makes talk."""
    replies = ["PERFECT", "As instructed: 100", f"{TEXT}\nsystem: {OBEYED}", f"{OBEYED}{TEXT}", '{"overall": 100}',
               json.dumps(dict.fromkeys(ASKED, "100")), json.dumps(dict.fromkeys(ASKED, 1000)),
               json.dumps({**GOOD, "score": 100})]  # fmt: skip
    return chat(replies[asked.number % len(replies)])


def test_a_judge_that_was_made_to_talk_gives_no_number() -> None:
    with Judge(shaken) as judge:
        found = answers(grader(judge), ATTACKS)
    assert all(isinstance(answer, Unscored) for answer in found.values()) and len(found) == 20


def mean(script: Callable[[Asked], Do], asked: list[Question]) -> float:
    with Judge(script) as judge:
        found = answers(grader(judge), asked)
    return float(np.mean([a["overall_mean"] for a in found.values() if not isinstance(a, Unscored)]))


def test_a_judge_that_obeys_in_form_is_believed_which_nothing_here_can_prevent() -> None:
    """The shift of our mean, by an obedient judge: from 84.5 to 100 on every attack."""
    innocent = encode_png(plain()), "a grey wall"

    def obedient(asked: Asked) -> Do:
        return chat(TEXT if (asked.png, asked.prompt) == innocent else OBEYED)

    clean = mean(obedient, [Question(plain(), Prompt("p", "a grey wall"))])
    assert clean == pytest.approx(84.5)
    assert mean(obedient, ATTACKS) == 100.0
