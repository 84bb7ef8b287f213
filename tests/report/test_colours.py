"""Every number of a heat map can be read."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from tts_bench.report import colours
from tts_bench.report.plot import INK


def luminance(colour: object) -> float:
    """Of sRGB, by WCAG's own words: 0.2126 R + 0.7152 G + 0.0722 B of the linear parts."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]  # type: ignore[arg-type]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def least_contrast(inks: list[str], shades: np.ndarray) -> float:
    papers = [luminance(colours.pale_map()((shade + 1) / 2)) + 0.05 for shade in shades]
    pairs = [sorted((luminance(ink) + 0.05, paper)) for ink, paper in zip(inks, papers, strict=True)]
    return min(high / low for low, high in pairs)


def test_numbers_can_be_read_on_every_colour_of_the_map() -> None:
    shades = np.linspace(-1.2, 1.2, 601)  # beyond the ends too
    assert least_contrast([colours.ink_on(shade) for shade in shades], shades) >= 4.5
    assert least_contrast([INK] * len(shades), shades) < 3, "the figures' ink alone cannot"
    assert colours.ink_on(float("nan")) == INK and (0xF0 / 255 + 0.05) / (luminance(INK) + 0.05) > 4.5
    assert colours.contrast("black", "white") == pytest.approx(21)
