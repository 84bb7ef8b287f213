"""Our numbers beside a paper's: which rows, in which unit, inside or outside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.comparing.made import ACCURACY, APPEAL, evaluated
from tts_bench.comparing.paper import Published, beside_paper
from tts_bench.stats import Estimate

BLOCK = {
    "source": "a paper",
    "submission": ["none", "other"],
    "accuracy": [50.0, 60.0],
    "single": [71.0, 72.0],
    "nfe": [12, 24],
}


def found(block: dict[str, Any] = BLOCK, same: dict[str, list[str]] | None = None) -> dict[str, Published]:
    own = evaluated("mine")
    metrics = {"accuracy": Estimate(0.48, 0.40, 0.56, 84, 0), "appeal": Estimate(1.0, None, None, 1, 83)}
    groups = {"category": {"single": {"accuracy": Estimate(0.6, 0.5, 0.7, 12, 0)}}, "split": {}}
    own = replace(own, result=replace(own.result, metrics=metrics, groups=groups))
    same = {"none": ["mine"]} if same is None else same
    return {each.column: each for each in beside_paper("shapes", {"mine": own}, [block], same, [ACCURACY, APPEAL])}


def test_rows_of_a_counterpart_are_beside_ours_in_points() -> None:
    rows = found()
    assert set(rows) == {"accuracy", "single"}
    accuracy, single = rows["accuracy"], rows["single"]
    assert (accuracy.submission, accuracy.own, accuracy.theirs) == ("none", "mine", 50.0)
    assert (accuracy.difference, accuracy.inside) == (pytest.approx(-2.0), True)
    assert (single.difference, single.inside) == (pytest.approx(-11.0), False)


def test_without_an_interval_nothing_is_inside_or_outside() -> None:
    each = found({**BLOCK, "appeal": [0.9, 1.0]})["appeal"]
    assert (each.inside, each.difference) == (None, pytest.approx(0.1))


def test_what_names_no_submission_of_ours_is_passed_over() -> None:
    assert not found(same={"none": []})
    assert not found({key: values for key, values in BLOCK.items() if key != "submission"})
    assert set(found({**BLOCK, "accuracy": ["n/a", 1.0]})) == {"single"}
