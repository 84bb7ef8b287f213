"""3-in-1: means of two or three."""

from __future__ import annotations

import pytest

from tts_bench.compbench.three_in_one import Kind, combine


@pytest.mark.parametrize(
    ("kind", "attributes", "spatial", "action", "score"),
    [
        ("spatial", 0.5, 0.25, 0.875, 0.375),
        ("spatial", 0.5, 0.25, None, 0.375),  # what is not needed may be missing
        ("spatial", 0.5, 0.0, None, 0.25),  # 0 is a score
        ("spatial", None, 0.25, 0.875, None),
        ("spatial", 0.5, None, 0.875, None),
        ("action", 0.5, 0.875, 0.25, 0.375),
        ("action", 0.5, None, -0.25, 0.125),  # a cosine may be negative
        ("action", 0.5, 0.25, None, None),
        ("action", None, 0.25, 0.25, None),
        ("both", 0.5, 0.25, 0.375, 0.375),
        ("both", 1.0, 1.0, 0.25, 0.75),
        ("both", None, 0.25, 0.375, None),
        ("both", 0.5, None, 0.375, None),
        ("both", 0.5, 0.25, None, None),
    ],
)
def test_the_mean_of_what_the_kind_names(
    kind: Kind, attributes: float | None, spatial: float | None, action: float | None, score: float | None
) -> None:
    assert combine(kind, attributes, spatial, action) == score
