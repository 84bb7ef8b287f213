"""Budgets: of each image, of all together; and a curve whose end ties may move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.acceptance.world import ROOT
from tts_bench.acceptance.compute import compute_problems
from tts_bench.results import CurvePoint, Result, read_image_rows, read_result
from tts_bench.stats import Estimate
from tts_bench.suite import find_suite

SHAPES = ROOT / "results" / "shapes"


def told(result: Result, images: Any) -> list[str]:
    return [str(problem) for problem in compute_problems(result, images, find_suite("shapes"), "x")]


def test_no_image_is_charged_more_than_the_budget_though_their_mean_is_not() -> None:
    folder = ROOT / "results" / "search" / "shapes" / "zero_order-dual_encoder-128"
    result, images = read_result(folder), read_image_rows(folder)
    assert told(result, images) == []
    images.loc[0, "nfe"] += 12.0
    images.loc[1, "nfe"] -= 12.0
    assert any(
        "column nfe" in line and "more than the submission's budget of 128" in line for line in told(result, images)
    )


@pytest.mark.parametrize("spare", [0, -1])
def test_all_images_together_are_held_to_a_budget_of_all(spare: int) -> None:
    folder = SHAPES / "random16-dual_encoder"
    result, images = read_result(folder), read_image_rows(folder)
    total = 252 * 192 + spare
    result = replace(result, recipe={**result.recipe, "budget": {"total": total}})
    found = told(result, images)
    assert len(found) == -spare and all(f"budget of {total} for all 252 images" in line for line in found)


def end(result: Result, metric: str, value: float) -> Result:
    """With another number at the curve's end."""
    *points, last = result.curve
    new = Estimate(value, value, value, last.metrics[metric].n, last.metrics[metric].unscored)
    return replace(result, curve=[*points, CurvePoint(last.candidates, last.nfe, {**last.metrics, metric: new})])


@pytest.mark.parametrize(
    ("name", "metric", "refused"),
    [
        ("random16-dual_encoder", "accuracy", True),  # of a verifier whose values never tie
        ("random16-checker", "audited", False),  # of one whose values often do
        ("random16-ensemble", "dual_encoder", False),  # and ranks
    ],
)
def test_the_end_of_a_curve_is_the_result_s_own_number_but_for_ties(name: str, metric: str, refused: bool) -> None:
    result, images = read_result(SHAPES / name), read_image_rows(SHAPES / name)
    assert told(result, images) == []
    assert bool(told(end(result, metric, 0.9), images)) == refused


def test_of_few_prompts_only_the_verifier_s_own_number_is_known_at_the_end() -> None:
    """Picks that differ say nothing of ties where they are few."""
    folder = ROOT / "results" / "search" / "shapes" / "random-dual_encoder-128"
    result, images = read_result(folder), read_image_rows(folder)
    assert told(end(result, "accuracy", 0.9), images) == []
    assert len(told(end(result, "dual_encoder", 0.9), images)) == 3
