"""What a network saw comes back from a cache as it was, and what is no such thing does not come back."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tts_bench.features.packed import packed, unpacked
from tts_bench.features.stream import Extracted
from tts_bench.metrics.sample import Sample

RNG = np.random.default_rng(0)
FEATURES, LOGITS = RNG.normal(size=(5, 3)).astype(np.float32), RNG.normal(size=(5, 2)).astype(np.float32)
DIGEST = hashlib.sha256(b"pixels").hexdigest()


@pytest.mark.parametrize("logits", [LOGITS, None])
def test_it_comes_back_as_it_was(logits: np.ndarray | None) -> None:
    arrays = packed(Extracted(Sample(FEATURES, logits), DIGEST))
    assert all(array.dtype == np.float32 for array in arrays.values()), "all that a cache takes"
    found = unpacked(arrays, 3)
    assert found is not None and found.sha256 == DIGEST
    assert np.array_equal(found.sample.features, FEATURES)
    if logits is None:
        assert found.sample.logits is None
    else:
        assert found.sample.logits is not None and np.array_equal(found.sample.logits, logits)


@pytest.mark.parametrize(
    "change",
    [{"features": FEATURES[:, :2]}, {"features": FEATURES[:1]}, {"features": FEATURES[0]}, {"logits": LOGITS[:4]},
     {"logits": LOGITS[0]}, {"pixels": np.zeros(31, np.float32)}],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_no_answer(change: dict[str, np.ndarray]) -> None:
    arrays = packed(Extracted(Sample(FEATURES, LOGITS), DIGEST))
    assert unpacked(arrays, 3) is not None
    assert unpacked({**arrays, **change}, 3) is None
    assert unpacked(None, 3) is None and unpacked({"features": FEATURES}, 3) is None
