"""Dialects: a server that cannot do what was asked for is asked more simply, and that is remembered."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest

from tests.grader.server import Asked, Do, Judge, chat, error, marks, name_of, picture
from tests.grader.world import answers, grader, questions
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.grader.session import FORM
from tts_bench.images import encode_png
from tts_bench.protocols import Unscored

PICTURES = [picture(i) for i in range(12)]


def form_of(asked: Asked) -> str:
    return asked.body.get("response_format", {"type": "text"})["type"]


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(("known", "number"), [("json_schema", 0), ("json_object", 1), ("text", 2)])
def test_a_form_that_is_refused_is_left_out_for_the_rest_of_the_run(status: int, known: str, number: int) -> None:
    known_ones = ["json_schema", "json_object", "text"][number:]
    with Judge(lambda asked: None if form_of(asked) in known_ones else error(status, "response_format")) as judge:
        found = answers(grader(judge, concurrency=1), questions(PICTURES))
        assert all(not isinstance(a, Unscored) and a[FORM] == number for a in found.values())
        assert len(judge.asked) == 12 + number
        assert Counter(map(form_of, judge.asked))[known] == 12


def test_the_new_name_of_the_bound_is_learnt_too() -> None:
    message = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
    with Judge(lambda asked: error(400, message) if "max_tokens" in asked.body else None) as judge:
        answers(grader(judge, concurrency=1, max_tokens=300), questions(PICTURES))
        assert len(judge.asked) == 13
        assert judge.asked[-1].body["max_completion_tokens"] == 300 and form_of(judge.asked[-1]) == "json_schema"


def test_once_a_form_is_known_to_work_a_refusal_is_the_picture_s() -> None:
    bad = name_of(PICTURES[5])
    with Judge(lambda asked: error(400, "safety system") if asked.name == bad else None) as judge:
        found = answers(grader(judge, concurrency=1), questions(PICTURES))
        assert [i for i, a in found.items() if isinstance(a, Unscored)] == [5]
        assert found[5] == Unscored("server answered 400")
        assert set(map(form_of, judge.asked)) == {"json_schema"}
        assert len(judge.asked) == 13, "the white picture told whose fault it was"


def test_a_picture_refused_before_any_other_was_answered_is_still_the_picture_s() -> None:
    bad = name_of(PICTURES[0])
    with Judge(lambda asked: error(400, "safety system") if asked.name == bad else None) as judge:
        found = answers(grader(judge, concurrency=1), questions(PICTURES))
        assert [i for i, a in found.items() if isinstance(a, Unscored)] == [0]
        assert form_of(judge.asked[-1]) == "json_schema", "and nothing was left out for its sake"


def test_a_model_that_takes_no_pictures_stops_the_run_at_once() -> None:
    with Judge(lambda asked: error(400, "this model reads text only")) as judge:
        with pytest.raises(BadInput, match="model = 'tiny-judge': 127.0.0.1 refuses .*text only"):
            answers(grader(judge, concurrency=2), questions(PICTURES))
        assert len(judge.asked) <= 2 * 4


def test_the_request_carries_the_key_and_follows_no_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine-0000000000000000")
    with Judge() as other, Judge(lambda asked: Do(307, headers={"Location": f"{other.url}/chat/completions"})) as judge:
        with pytest.raises(BadInput, match="is no chat server"):
            answers(grader(judge), questions(PICTURES[:1]))
        assert judge.asked[0].headers["authorization"] == "Bearer sk-mine-0000000000000000"
        assert other.asked == []


def test_no_key_is_one_line_at_the_first_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with Judge() as judge:
        made = grader(judge, base_url="https://api.example.invalid/v1")
        assert answers(made, []) == {}
        with pytest.raises(NeedsFiles, match="no OPENAI_API_KEY; export it"):
            answers(made, questions(PICTURES))


def test_numbers_come_back_to_the_picture_that_they_are_of() -> None:
    """However the answers overtake one another."""

    def script(asked: Asked) -> Do:
        time.sleep(0.01 * (asked.number % 3))
        return chat(json.dumps(marks(asked.png)))

    with Judge(script) as judge:
        found = answers(grader(judge), questions([picture(i) for i in range(40)]))
        assert 1 < judge.most <= 8
        assert list(found) != sorted(found)
    for i in range(40):
        answer = found[i]
        assert not isinstance(answer, Unscored)
        assert marks(encode_png(picture(i))).items() <= answer.items()
