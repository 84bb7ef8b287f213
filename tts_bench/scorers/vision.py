"""How the scorers with networks of others run them: always at one shape, and with a gradient where one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from tts_bench.scorers.pixels import Preprocessing
from tts_bench.threads import one_thread
from tts_bench.types import Image

T = TypeVar("T")
ON_CPU, ELSEWHERE = 1, 16  # a CPU gains little from a batch, and alone an image has no neighbours


def at_one_shape(run: Callable[[list[T]], np.ndarray], items: Sequence[T], device: str) -> np.ndarray:
    """`run` over one item or more in batches of one size, the last filled by repetition: rows in the items' order.

    On a CPU a row is then the same to the last bit whatever came with it.
    """
    size = ON_CPU if device == "cpu" else ELSEWHERE
    rows = []
    with one_thread():
        for start in range(0, len(items), size):
            part = items[start : start + size]
            rows.append(run([part[i % len(part)] for i in range(size)])[: len(part)])
    return np.concatenate(rows)


def see(forward: Callable[[Any], Any], images: Sequence[Image], prepare: Preprocessing, device: str) -> np.ndarray:
    """`forward` of the pixels (n, 3, side, side) of one image or more: (n, ...) float64."""
    import torch

    def run(prepared: list[np.ndarray]) -> np.ndarray:
        pixels = torch.tensor(np.stack(prepared), device=device)
        return forward(pixels).float().cpu().numpy()

    with torch.no_grad():  # not inference_mode: a network loaded there would give no gradient
        return at_one_shape(run, [prepare(image) for image in images], device).astype(np.float64)


def slope(forward: Callable[[Any, list[int]], Any], pixels: Any, labels: Sequence[int | None], device: str) -> Any:
    """d `forward`(pixels, labels) / d pixels of (n, 3, h, w), on the pixels' device; zero where there is no label."""
    import torch

    found = torch.zeros_like(pixels)
    asked = [i for i, label in enumerate(labels) if label is not None]
    if not asked:
        return found
    at = pixels.detach()[asked].to(device, torch.float32).requires_grad_(True)
    with torch.enable_grad():
        values = forward(at, [label for label in labels if label is not None])
        (found[asked],) = (part.to(pixels) for part in torch.autograd.grad(values.sum(), at))
    return found
