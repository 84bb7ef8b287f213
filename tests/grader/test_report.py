"""What a result says of its grader, by hand."""

from __future__ import annotations

import pytest

from tts_bench.grader.report import report
from tts_bench.grader.settings import GraderSettings
from tts_bench.grader.verdict import OUTPUTS


def verdict(value: float) -> dict[str, float]:
    return {**dict.fromkeys(OUTPUTS, value), "tokens_in": 1000.0, "tokens_out": 50.0, "form": 0.0}


def test_counts_reasons_noise_and_money() -> None:
    answers = {"a": [verdict(80), verdict(84)], "b": [verdict(50)], "c": []}
    reasons = {"b": ["refused"], "c": ["refused", "out of range"]}
    found = report(GraderSettings("m", repeats=2, price_in=2.0, price_out=10.0), answers, reasons)
    assert (found["images"], found["verdicts"], found["unscored"], found["ranked"]) == (3, 3, 1, False)
    assert found["reasons"] == {"out of range": 1, "refused": 2}
    assert (found["tokens_in"], found["tokens_out"]) == (3000, 150)
    assert found["dollars"] == pytest.approx(0.0075)
    assert set(found["noise"]) == set(OUTPUTS)  # type: ignore[arg-type]
    assert found["noise"]["overall"]["within"] == pytest.approx(8**0.5)  # type: ignore[index, call-overload]


@pytest.mark.parametrize(("unscored", "ranked"), [(0, True), (2, True), (3, False)])
def test_ranked_only_where_at_most_two_in_a_hundred_are_unscored(unscored: int, ranked: bool) -> None:
    answers = {str(i): [] if i < unscored else [verdict(80)] for i in range(100)}
    found = report(GraderSettings("m"), answers, {})
    assert found["ranked"] is ranked and found["dollars"] is None
