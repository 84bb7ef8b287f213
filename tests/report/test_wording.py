from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fake_results import fake_result
from tests.report.suite import METRICS
from tts_bench.report import wording
from tts_bench.stats import Estimate

PERCENT, PLAIN = METRICS[0], METRICS[2]


@pytest.mark.parametrize(
    ("values", "places"),
    [([0.82], 3), ([5.79, 0.01], 3), ([22.39], 2), ([470.3], 1), ([13000.0], 1), ([0.05], 4), ([0.0012], 5),
     ([-5.0], 3), ([], 3), ([0.0, None], 3), ([1e-12], 6)],
)  # fmt: skip
def test_columns_show_about_three_figures(values: list[float | None], places: int):
    assert wording.decimals(PLAIN, values) == places
    assert wording.decimals(PERCENT, values) == 1


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.62, 0.513, 0.716, 84, 0), "62.0 [51.3, 71.6]"),
        (Estimate(0.62, 0.513, 0.716, 82, 2), "62.0 [51.3, 71.6] (2 unscored)"),
        (Estimate(None, None, None, 0, 84), "– (84 unscored)"),
        (Estimate(0.5, None, None, 1, 0), "50.0"),
        (Estimate(-0.0001, -0.0004, 0.0, 9, 0), "0.0 [0.0, 0.0]"),
        (None, "–"),
    ],
)
def test_an_estimate_shows_its_interval_and_what_is_unscored(estimate: Estimate | None, text: str):
    assert wording.interval(estimate, PERCENT, 1) == text


@pytest.mark.parametrize(
    ("of_set", "text"),
    [
        ([False, False], "95 % intervals over 84 prompts"),
        ([True], "95 % intervals, delete-a-group jackknife over 84 images"),
        ([True, False], "95 % intervals over 84 prompts; of the whole set, delete-a-group jackknife over images"),
    ],
)
def test_intervals_say_what_they_are_over(of_set: list[bool], text: str):
    assert wording.over([replace(PLAIN, of_set=each) for each in of_set], 84) == text


def test_gains_carry_a_sign():
    assert wording.interval(Estimate(0.123, 0.081, 0.16, 84, 0), PERCENT, 1, "+") == "+12.3 [8.1, 16.0]"
    assert wording.interval(Estimate(-0.123, -0.16, -0.081, 84, 0), PERCENT, 1, "+") == "-12.3 [-16.0, -8.1]"


@pytest.mark.parametrize(("value", "text"), [(192.0, "192"), (13000.0, "13,000"), (130.52, "130.5")])
def test_nfe_is_whole_where_it_can_be(value: float, text: str):
    assert wording.nfe(value) == text


def test_recipes_read_as_calls():
    result, _ = fake_result("random16-ensemble", "ensemble", n=6)
    assert wording.search(result) == "random(candidates=16)"
    assert wording.verifier(result) == "dual_encoder + appeal (rank)"
    assert wording.model(result, [result]) == "shapes"
    plain, _ = fake_result("none", n=6)
    assert (wording.search(plain), wording.verifier(plain)) == ("none", "–")


@pytest.mark.parametrize(
    ("weights", "text"),
    [(None, "dual_encoder + appeal (sum)"), ([], "dual_encoder + appeal (sum)"),
     ([2.0, 1.5], "2 dual_encoder + 1.5 appeal (sum)"), ([1, -0.5], "1 dual_encoder - 0.5 appeal (sum)")],
)  # fmt: skip
def test_a_weighted_verifier_shows_its_weights(weights: list[float] | None, text: str):
    result, _ = fake_result("random16-ensemble", "ensemble", n=6)
    verifier = {"scorers": ["dual_encoder", "appeal"], "combine": "sum", "weights": weights}
    assert wording.verifier(replace(result, recipe={**result.recipe, "verifier": verifier})) == text


def test_searches_of_one_name_show_only_what_tells_them_apart():
    first, _ = fake_result("a", "appeal", n=6)
    second = replace(first, recipe={**first.recipe, "search": {"name": "random", "candidates": 16, "batch": 4}})
    third = replace(first, recipe={**first.recipe, "search": {"name": "beam", "width": 4}})
    everyone = [first, second, third]
    assert [wording.search_among(result, everyone) for result in everyone] == ["random", "random(batch=4)", "beam"]


def test_models_of_one_name_show_only_what_tells_them_apart():
    first, _ = fake_result("a", n=6)
    second = replace(first, recipe={**first.recipe, "model": {"name": "shapes", "steps": 24, "guidance": 2.5}})
    third = replace(first, recipe={**first.recipe, "model": {"name": "flux", "steps": 30}})
    everyone = [first, second, third]
    assert [wording.model(result, everyone) for result in everyone] == ["shapes(steps=12)", "shapes(steps=24)", "flux"]


def test_as_many_steps_in_the_search_as_in_the_final_run_are_told_once():
    first, _ = fake_result("a", n=6)
    both = {"name": "shapes", "search_steps": 8, "final_steps": 8, "guidance": 2.5}
    two = {**both, "final_steps": 24}
    same, other = (replace(first, recipe={**first.recipe, "model": model}) for model in (both, two))
    assert wording.model(same, [first, same]) == "shapes(steps=8)"
    assert wording.model(other, [first, other]) == "shapes(final_steps=24, search_steps=8)"
