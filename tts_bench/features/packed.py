"""What a network saw, as the arrays of floats that a cache takes, and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tts_bench.features.stream import Extracted
from tts_bench.metrics.sample import Sample

PIXELS = "pixels"  # the digest, as its 32 bytes


def packed(seen: Extracted) -> dict[str, np.ndarray]:
    """`features` (n, d) float32, `logits` (n, classes) where there are any, and the digest of the pixels (32,)."""
    digest = np.frombuffer(bytes.fromhex(seen.sha256), np.uint8).astype(np.float32)
    logits = {} if seen.sample.logits is None else {"logits": seen.sample.logits}
    return {"features": seen.sample.features, PIXELS: digest, **logits}


def unpacked(arrays: Mapping[str, np.ndarray] | None, dimension: int) -> Extracted | None:
    """The inverse; None for arrays that are no answer of a network with `dimension` features."""
    if arrays is None or not {"features", PIXELS} <= arrays.keys() or arrays[PIXELS].shape != (32,):
        return None
    features, logits = arrays["features"], arrays.get("logits")
    if features.ndim != 2 or len(features) < 2 or features.shape[1] != dimension:
        return None
    if logits is not None and (logits.ndim != 2 or len(logits) != len(features)):
        return None
    return Extracted(Sample(features, logits), arrays[PIXELS].astype(np.uint8).tobytes().hex())
