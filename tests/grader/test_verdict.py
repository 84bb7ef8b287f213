"""A verdict is read strictly: what is no verdict becomes no number."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.grader.replies import GOOD, TEXT, texts
from tts_bench.grader.reply import Reply
from tts_bench.grader.rubric import ASKED, ASPECTS
from tts_bench.grader.verdict import OUTPUTS, parse, read
from tts_bench.protocols import Unscored

NUMBER = st.one_of(st.integers(0, 100), st.floats(0, 100))


@given(st.fixed_dictionaries(dict.fromkeys(ASKED, NUMBER)), st.permutations(ASKED), st.sampled_from([None, 0, 3]))
def test_six_numbers_come_back_as_they_are_with_our_mean(values: dict, order: list, indent: int | None) -> None:
    found = parse(json.dumps({name: values[name] for name in order}, indent=indent))
    assert not isinstance(found, Unscored)
    assert tuple(found) == OUTPUTS
    assert {name: found[name] for name in ASKED} == {name: float(value) for name, value in values.items()}
    assert math.isclose(found["overall_mean"], sum(values[name] for name in ASPECTS) / 5, abs_tol=1e-9)


def test_our_mean_and_the_models_overall_are_two_things() -> None:
    """The columns of the paper's table 7, FLUX.1-dev: their mean is 84.19, the overall printed beside them 84.29."""
    row = dict(zip(ASKED, (89.35, 67.58, 93.00, 97.04, 73.99, 84.29), strict=True))
    found = parse(json.dumps(row))
    assert not isinstance(found, Unscored)
    assert round(found["overall_mean"], 2) == 84.19 and found["overall"] == 84.29


@pytest.mark.parametrize(
    "harmless", [f"```json\n{TEXT}\n```", f"```\n{TEXT}\n```", f"\n  {TEXT}\n\n", f"```JSON\n\n{TEXT}\n```\n"]
)
def test_white_space_and_one_fence_around_the_whole_are_harmless(harmless: str) -> None:
    assert parse(harmless) == parse(TEXT)


@pytest.mark.parametrize(("text", "reason"), texts(), ids=lambda value: ascii(value)[:30])
def test_what_is_no_verdict_has_its_reason(text: str, reason: str) -> None:
    assert parse(text) == Unscored(reason)


def test_how_a_reply_ended_counts_as_much_as_what_it_says() -> None:
    assert read(Reply(TEXT)) == parse(TEXT)
    assert read(Reply(TEXT, finish="length")) == Unscored("reply cut off")
    assert read(Reply(TEXT, refusal=True)) == Unscored("refused")
    assert read(Reply(TEXT, choices=2)) == Unscored("two answers")


def test_the_good_text_is_good() -> None:
    found = parse(TEXT)
    assert not isinstance(found, Unscored) and GOOD.items() <= found.items()
