"""Of several images a prompt, one row a prompt: means over its images, so that every prompt counts once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tts_bench.rows import NUMBERS

if TYPE_CHECKING:
    import pandas as pd


def by_prompt(images: pd.DataFrame, metrics: Sequence[str], count: int) -> pd.DataFrame:
    """Rows of images, the `count` of a prompt side by side, as rows of prompts with the first image's pick.

    A prompt has a number only where all its images have one: those that are easy to score are not to stand for the
    rest.
    """
    first = images.iloc[::count].reset_index(drop=True)
    return first.assign(**{name: mean_of_images(images[name].to_numpy(), count) for name in (*metrics, *NUMBERS)})


def mean_of_images(values: np.ndarray, count: int) -> np.ndarray:
    """(prompts, ...) of (prompts x `count`, ...), the images of a prompt side by side; NaN where one is."""
    return values.reshape(-1, count, *values.shape[1:]).mean(axis=1)
