"""Numbers of a whole set of images: held to the groups left out, to their limits, and to the size of the set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.acceptance.world import ROOT, copied, problems, stated
from tts_bench.acceptance import result as looking
from tts_bench.acceptance.card import find_card
from tts_bench.acceptance.flags import flag_problems
from tts_bench.acceptance.set_numbers import set_problems
from tts_bench.results import read_image_rows, read_result
from tts_bench.suite import find_suite

NAME = "random16-reader"


def moved(folder: Path, metric: str, by: float) -> None:
    """The value and all of its groups' the same way, so that the interval follows."""

    def change(whole: dict[str, Any]) -> None:
        told = whole["metrics"][metric]
        whole["metrics"][metric] = told | {part: told[part] + by for part in ("value", "low", "high")}

    stated(folder, change)


def groups_moved(folder: Path, metric: str, by: float) -> None:
    stated(folder, lambda whole: whole["left_out"].update({metric: [v + by for v in whole["left_out"][metric]]}))


def all_one(folder: Path, metric: str, value: float) -> None:
    """No interval at all."""

    def change(whole: dict[str, Any]) -> None:
        whole["left_out"][metric] = [value] * 20
        whole["metrics"][metric] |= {"value": value, "low": value, "high": value}

    stated(folder, change)


@pytest.mark.parametrize(("by", "refused"), [(0.5, False), (-1.0, False), (4.0, True)])
def test_a_value_far_from_those_of_its_groups_is_refused(by: float, refused: bool, tmp_path: Path) -> None:
    """The FID of 1,000 images, whose groups differ by 0.07."""
    folder = copied(tmp_path, NAME, "digits")
    moved(folder, "fid", by)
    found = [line for line in problems(folder) if "too far from its values" in line]
    assert bool(found) == refused and all(": metrics.fid.value = " in line for line in found)


@pytest.mark.parametrize(
    ("metric", "value", "refused"),
    [("fid", 1.2, True), ("inception_score", 7.0, True), ("precision", 0.7, True), ("precision", 1.0, False)],
)
def test_groups_that_are_all_the_same_are_refused_but_at_a_limit(
    metric: str, value: float, refused: bool, tmp_path: Path
) -> None:
    folder = copied(tmp_path, NAME, "digits")
    all_one(folder, metric, value)
    found = problems(folder)
    assert bool(found) == refused and all("the same whatever images are left out" in line for line in found)


def test_a_share_of_a_set_lies_in_0_to_1_whatever_its_groups_say(tmp_path: Path) -> None:
    folder = copied(tmp_path, NAME, "digits")
    moved(folder, "precision", 0.752)
    groups_moved(folder, "precision", 0.752)
    keys = {line.split(": ")[1].split(" = ")[0] for line in problems(folder) if "must lie in 0 to 1" in line}
    assert keys == {"metrics.precision", "left_out.precision"}


def test_without_the_look_equal_groups_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "set_problems", lambda *given: iter(()))
    folder = copied(tmp_path, NAME, "digits")
    all_one(folder, "fid", 1.2)
    assert problems(folder) == []


@pytest.mark.parametrize(("n", "count", "good"), [(8, 8, True), (8, 20, False), (1000, 20, True), (1000, 8, False)])
def test_there_is_a_group_for_every_image_up_to_twenty(n: int, count: int, good: bool) -> None:
    result = read_result(ROOT / "results" / "digits" / NAME)
    few = {name: list(values)[:count] for name, values in result.left_out.items()}
    result = replace(result, suite=replace(result.suite, n=n), left_out=few)
    found = [str(problem) for problem in set_problems(result, find_suite("digits"), "x")]
    assert (found == []) == good and all("one a group of images" in line for line in found)


def test_fewer_images_than_the_card_s_are_flagged() -> None:
    folder = ROOT / "results" / "digits" / NAME
    result, images, suite = read_result(folder), read_image_rows(folder), find_suite("digits")
    assert list(flag_problems(result, images, suite, "x")) == []
    few = replace(result, suite=replace(result.suite, n=999))
    [problem] = flag_problems(few, images.head(999), suite, "x")
    assert "fewer_images_than_the_card" in str(problem)


def test_no_more_prompts_are_taken_than_a_suite_has() -> None:
    folder = ROOT / "results" / "shapes" / "none"
    result = read_result(folder)
    for n, refused in ((252, False), (253, True)):
        card = find_card(replace(result, suite=replace(result.suite, n=n)), folder, [], None, None)
        assert [" suite.n = 253" in str(problem) for problem in card.problems] == [True] * refused


def test_unguided_picks_of_any_search_are_told_of() -> None:
    name = "zero_order-dual_encoder-128"
    folder = ROOT / "results" / "search" / "shapes" / name
    result, images, suite = read_result(folder), read_image_rows(folder), find_suite("shapes")
    images.loc[:2, "verifier"] = np.nan
    [problem] = flag_problems(result, images, suite, "x")
    assert "lacks unguided:3" in str(problem)
    told = replace(result, flags=[*result.flags, "unguided:2"])  # a search may pick what has no number, for its reasons
    assert list(flag_problems(told, images, suite, "x")) == []
    assert list(flag_problems(replace(result, flags=[*result.flags, "self_reported"]), images, suite, "x")) == []
