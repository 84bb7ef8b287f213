"""Anchors: known pictures in each run, and a line where the grader fails them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.grader.server import Asked, Do, Judge, chat, name_of, picture
from tests.grader.world import answers, grader, questions
from tts_bench.grader import anchors
from tts_bench.grader.rubric import ASKED


def graded(accuracy: dict[str, Any]) -> tuple[Judge, dict[str, Any], str | None]:
    names = {name_of(image): name for name, image in anchors.pictures().items()}

    def script(asked: Asked) -> Do | None:
        if asked.name not in names:
            return None
        value = accuracy[names[asked.name]]
        return chat("no" if value is None else json.dumps(dict.fromkeys(ASKED, value)))

    with Judge(script) as judge:
        made = grader(judge, anchors=True)
        found = answers(made, questions([picture(0), picture(1)]))
        assert sorted(found) == [0, 1]
        answers(made, questions([picture(2)]))
        assert len(judge.asked) == 6, "once a run"
        return judge, anchors.report(made.anchored), made.doubt()


def test_a_grader_that_sees_the_drawing_holds() -> None:
    _, told, doubt = graded({"blank": 3, "noise": 0, "drawing": 98})
    assert doubt is None
    assert told["drawing"] == {"known": 100.0, "accuracy": 98.0, "overall_mean": 98.0}


@pytest.mark.parametrize(
    "accuracy",
    [
        {"blank": 90, "noise": 0, "drawing": 98}, {"blank": 0, "noise": 80, "drawing": 98},
        {"blank": 50, "noise": 50, "drawing": 50}, {"blank": 98, "noise": 98, "drawing": 3},
        {"blank": 0, "noise": None, "drawing": 98}, {"blank": None, "noise": None, "drawing": None},
    ],
)  # fmt: skip
def test_one_that_does_not_is_told(accuracy: dict[str, Any]) -> None:
    _, _, doubt = graded(accuracy)
    assert doubt is not None and "failed its anchors" in doubt


def test_nothing_asked_no_anchor() -> None:
    with Judge() as judge:
        made = grader(judge, anchors=True)
        assert answers(made, []) == {} and made.doubt() is None and judge.asked == []


def test_the_pictures_are_the_same_in_every_run() -> None:
    one, two = anchors.pictures(), anchors.pictures()
    assert all(np.array_equal(one[name], two[name]) for name in anchors.KNOWN)
    red = (one["drawing"] != 255).any(axis=2).mean()
    assert red == pytest.approx(np.pi / 16, abs=0.002), "a disc of a quarter of the side"
