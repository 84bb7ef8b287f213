"""A metric of a suite's card: one scorer for all, or one for each category."""

from __future__ import annotations

from typing import Any

import pytest

from tts_bench.errors import BadInput
from tts_bench.metric_card import take_metric
from tts_bench.tables import Table

ONE = {"name": "accuracy", "scorer": "checker", "output": "accuracy", "title": "right"}
EACH = {
    "name": "own",
    "output": "score",
    "title": "own",
    "scorers": {"color": "appeal", "shape": "appeal", "two": "chance"},
}


def take(data: dict[str, Any]) -> Any:
    table = Table(data, "card.toml")
    found = take_metric(table)
    table.done()
    return found


def test_one_scorer_judges_every_category() -> None:
    metric = take(ONE)
    assert metric.scorers == ("checker",) and metric.judge("any") == "checker" and not metric.macro
    assert metric.within(["color"]) == metric


def test_scorers_by_category_judge_theirs_alone() -> None:
    metric = take({**EACH, "macro": True, "main": True})
    assert metric.scorers == ("appeal", "chance") and metric.macro and metric.main
    assert [metric.judge(name) for name in ("color", "two", "other")] == ["appeal", "chance", None]
    assert metric.within(["two"]).scorers == ("chance",)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({**ONE, "scorers": {"color": "appeal"}}, "scorer = 'checker': one judges all prompts"),
        ({**EACH, "scorers": {"color": "apeal"}}, "scorers.color = 'apeal'.*did you mean 'appeal'"),
        ({**EACH, "scorers": {}}, "name a scorer for a category at least"),
        ({key: value for key, value in ONE.items() if key != "scorer"}, "scorer is missing"),
        ({**ONE, "macro": "yes"}, "macro = 'yes': must be true or false"),
    ],
)
def test_what_is_no_metric_is_named(data: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        take(data)
