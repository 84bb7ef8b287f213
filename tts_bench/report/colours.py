"""The colours of a heat map, and the ink in which a number can be read on each of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tts_bench.report.plot import INK

READABLE = 4.5  # contrast of text (WCAG 2.2, 1.4.3)


def pale_map() -> Any:
    """Purple to orange through white, without the dark ends on which dark figures could not be read."""
    import matplotlib
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("pale", matplotlib.colormaps["PuOr_r"](np.linspace(0.17, 0.83, 64)))


def ink_on(shade: float) -> str:
    """For text on the colour of a gain, from -1 to 1: black or white where the figures' ink is hard to read."""
    if np.isnan(shade):
        return INK
    found = pale_map()((shade + 1) / 2)
    best = max(("black", "white"), key=lambda ink: contrast(ink, found))
    return INK if contrast(INK, found) >= READABLE else best


def contrast(ink: Any, paper: Any) -> float:
    """From 1 to 21, by relative luminance (WCAG 2.2)."""
    from matplotlib.colors import to_rgb

    rgb = np.array([to_rgb(ink), to_rgb(paper)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    dark, light = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return float((light + 0.05) / (dark + 0.05))
