"""What the tests of text-to-image scorers share: pictures, texts, ways of asking, and PIL's preprocessing of others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Picture

from tests.scorers.tiny import pictures
from tts_bench.errors import BadInput
from tts_bench.types import Image, Prompt

TEXTS = [
    "a red cat", "two dogs on a bench, at night", "4 blue cars", "nothing", "It's a \"red\" thing!", "b", "a red cat",
    "zebra, quilt and jam! " * 12,
]  # fmt: skip


def images() -> list[Image]:
    """Eight: three shapes, and one whose middle is half a pixel off."""
    rng = np.random.default_rng(5)
    return [*pictures(7), rng.integers(0, 256, (35, 32, 3), dtype=np.uint8)]


def ask(scorer: Any, shown: list[Image] | None = None, texts: list[str] | None = None) -> list[float | None]:
    shown = images() if shown is None else shown
    prompts = [Prompt(str(i), text) for i, text in enumerate(TEXTS if texts is None else texts)]
    return [values["score"] for values in scorer.score(shown, prompts[: len(shown)], ["k"] * len(shown))]


def check_batches(scorer: Any) -> None:
    """One of eight is what it is alone, to the last bit, on one thread and on three."""
    found, before = ask(scorer), torch.get_num_threads()
    assert [ask(scorer, [image], [text])[0] for image, text in zip(images(), TEXTS, strict=True)] == found
    torch.set_num_threads(3)
    threaded = ask(scorer)
    torch.set_num_threads(before)
    assert threaded == found


def check_unscored(scorer: Any) -> None:
    """Nothing asked for, and no picture."""
    shown: list[Any] = [*images()[:3], np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3))]
    found = ask(scorer, shown, ["", " \n", "a cat", "a cat", "a cat", "a cat"])
    assert found == [None, None, ask(scorer, shown[2:3], ["a cat"])[0], None, None, None]
    assert ask(scorer, [], []) == []


def torchvision_clip(side: int) -> Any:
    """OpenAI's preprocessing, as its authors and those who followed them write it."""
    from torchvision import transforms as t
    from transformers.utils.constants import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

    cubic = t.InterpolationMode.BICUBIC
    steps = [t.Resize(side, cubic), t.CenterCrop(side), t.ToTensor(), t.Normalize(OPENAI_CLIP_MEAN, OPENAI_CLIP_STD)]
    whole = t.Compose(steps)
    return lambda image: whole(Picture.fromarray(image))


def refused(use: Any) -> str:
    """The one line of a BadInput."""
    with pytest.raises(BadInput) as error:
        use()
    assert "\n" not in str(error.value)
    return str(error.value)
