"""Which pairs of an image and a prompt a text-to-image scorer can be asked about; the others stay unscored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tts_bench.types import Image, Prompt


def is_picture(image: Image) -> bool:
    """Whether it is (height, width, 3) uint8 with at least one pixel."""
    return isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.shape[2:] == (3,) and image.size > 0


def pictures_of_texts(images: Sequence[Image], prompts: Sequence[Prompt]) -> list[int]:
    """The places of pictures whose prompts ask for something in words."""
    pairs = enumerate(zip(images, prompts, strict=True))
    return [i for i, (image, prompt) in pairs if is_picture(image) and prompt.text.strip()]
