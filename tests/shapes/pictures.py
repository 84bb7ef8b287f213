"""Pictures made by hand, one object at a known place, and ways to spoil them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tts_bench.shapes.render import PALETTE, SIDE, SUBPIXELS, WHITE, WINDOW, stencil

GROUND = np.array([30.0, 26.0, 33.0])


def coverage(shape: str, diameter: float, x: float, y: float) -> np.ndarray:
    """The shape centred at (x, y), in quarter pixels: (32, 32)."""
    drawn = stencil(shape, diameter, round(x % 1 * SUBPIXELS), round(y % 1 * SUBPIXELS))
    canvas = np.zeros((SIDE + 2 * WINDOW, SIDE + 2 * WINDOW))
    top, left = int(y) + WINDOW - WINDOW // 2, int(x) + WINDOW - WINDOW // 2
    canvas[top : top + WINDOW, left : left + WINDOW] = drawn
    return canvas[WINDOW:-WINDOW, WINDOW:-WINDOW]


def paint(alpha: np.ndarray, colour: str = "red", white: np.ndarray | None = None) -> np.ndarray:
    """One object of that coverage on a dark ground, (32, 32, 3) uint8; `white` says where its stripes are."""
    surface = np.broadcast_to(np.array(PALETTE[colour], dtype=float), (SIDE, SIDE, 3))
    if white is not None:
        surface = np.where(white[..., None], WHITE, surface)
    return (GROUND * (1 - alpha[..., None]) + surface * alpha[..., None]).round().astype(np.uint8)


def lumps() -> dict[str, np.ndarray]:
    """Coverages of what is no clean shape, in ways that models draw."""
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    large, small = coverage("circle", 15.0, 16, 16), coverage("circle", 10.0, 16, 16)
    ring, square, triangle = (coverage(shape, 14.0, 16, 16) for shape in ("ring", "square", "triangle"))
    return {
        "open ring": ring * ~((columns > 16) & (abs(rows - 16) < 4)),
        "ring with a filled hole": np.maximum(ring, coverage("circle", 9.0, 16, 16)) * (1 - 0.3 * small),
        "bitten circle": large * (np.hypot(rows - 16, columns - 23) > 5),
        "heart": large * ~((abs(columns - 16) < 3) & (rows < 13)),
        "oblong": ((abs(rows - 16) < 4) & (abs(columns - 16) < 7)).astype(float),
        "ellipse": (np.hypot((rows - 16) / 5, (columns - 16) / 8) < 1).astype(float),
        "half a triangle": triangle * (columns < 16),
        "corner off a square": square * (columns - rows < 5),
        "notched square": square * ~((columns > 18) & (rows < 14)),
        "not quite a square": ((abs(rows - 16) < 7) & (abs(columns - 16) < 6)).astype(float),
        "two squares grown together": np.maximum(coverage("square", 10, 10, 12), coverage("square", 10, 18, 16)),
        "two circles that touch": np.maximum(coverage("circle", 10, 10, 16), coverage("circle", 10, 20, 16)),
        "cross without an arm": coverage("cross", 14.0, 16, 16) * ~((columns > 19) & (abs(rows - 16) < 4)),
        "melted": ndimage.gaussian_filter(coverage("cross", 10.0, 16, 16), 2.0),
        "streak": (abs(rows - 16) < 2).astype(float) * (columns > 3) * (columns < 29),
        "circle on a stalk": np.maximum(small, (abs(columns - 16) < 1.1) & (rows > 15) & (rows < 29)),
        "cut off by the edge": coverage("circle", 15.0, 1, 16),
    }
