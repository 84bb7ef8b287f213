"""How the scorers with networks of others ask them: for numbers at one shape, and for a gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tts_bench.running import at_one_shape
from tts_bench.scorers.pixels import Preprocessing
from tts_bench.types import Image


def see(forward: Callable[[Any], Any], images: Sequence[Image], prepare: Preprocessing, device: str) -> np.ndarray:
    """`forward` of the pixels (n, 3, side, side) of one image or more: (n, ...) float64."""
    import torch

    def run(prepared: list[np.ndarray]) -> np.ndarray:
        with torch.no_grad():  # not inference_mode: a network loaded there would give no gradient
            pixels = torch.tensor(np.stack(prepared), device=device)
            return forward(pixels).float().cpu().numpy()

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
