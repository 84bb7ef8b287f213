"""Rows of images as rows of prompts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tts_bench.per_prompt import by_prompt, mean_of_images
from tts_bench.types import Prompt


def images(count: int) -> pd.DataFrame:
    prompts = [Prompt(name, name, image=image) for name in ("a", "b", "c") for image in range(1, count + 1)]
    rng = np.random.default_rng(count)
    return pd.DataFrame({
        "prompt_id": [prompt.draws for prompt in prompts], "pick": [f"pick {prompt.draws}" for prompt in prompts],
        "score": rng.normal(size=len(prompts)), "verifier": np.nan, "nfe": 12.0, "diversity": 0.1,
    })  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 10])
def test_a_prompt_has_the_mean_of_its_images_and_the_first_ones_pick(count: int) -> None:
    given = images(count)
    found = by_prompt(given, ["score"], count)
    owner = given["prompt_id"].str.partition("#")[0]
    assert list(found["prompt_id"]) == ["a", "b", "c"] and list(found["pick"]) == ["pick a", "pick b", "pick c"]
    assert found["score"].to_numpy() == pytest.approx(given.groupby(owner)["score"].mean().to_numpy(), abs=1e-12)


def test_a_prompt_with_an_image_that_has_no_number_has_none() -> None:
    given = images(2)
    given.loc[2, "score"] = np.nan
    assert by_prompt(given, ["score"], 2)["score"].isna().tolist() == [False, True, False]


def test_the_first_images_draws_are_the_prompts_own() -> None:
    assert [Prompt("7", "x", image=image).draws for image in (1, 2)] == ["7", "7#2"]


def test_curves_are_averaged_place_by_place() -> None:
    values = np.arange(12.0).reshape(4, 3)  # 2 prompts x 2 images, 3 places
    assert mean_of_images(values, 2).tolist() == [[1.5, 2.5, 3.5], [7.5, 8.5, 9.5]]
