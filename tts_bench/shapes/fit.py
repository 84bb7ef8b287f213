"""Which of the renderer's stencils an object is nearest to: soft intersection over union, coarse to fine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage

from tts_bench.shapes.render import SUBPIXELS, WINDOW, stencil
from tts_bench.shapes.scenes import SHAPES

DIAMETERS = tuple(np.arange(9.0, 16.25, 0.5).tolist())  # pixels; the renderer's own with some slack
_REACH = 3  # quarter pixels that a fitted centre may lie from the middle of the object's extent
_SHIFTS = range(-_REACH, SUBPIXELS + _REACH)


@dataclass(frozen=True, slots=True)
class Fit:
    """How the nearest clean shape lies on an object, in pixels; `lead` is its overlap's over the next shape's."""

    shape: str
    diameter: float
    x: float
    y: float
    overlap: float
    lead: float
    flaw: int  # pixels in the largest piece that only one of the two covers


def fit(alpha: np.ndarray, component: np.ndarray) -> Fit:
    """The shape nearest to an object of coverage `alpha` (32, 32) in [0, 1] and pixels `component` (32, 32) bool."""
    rows, columns = np.flatnonzero(component.any(axis=1)), np.flatnonzero(component.any(axis=0))
    extent = max(np.ptp(rows), np.ptp(columns)) + 1
    (x, near_x), (y, near_y) = (divmod(2 * (line[0] + line[-1] + 1), SUBPIXELS) for line in (columns, rows))
    window = np.pad(alpha, WINDOW // 2)[y : y + WINDOW, x : x + WINDOW].ravel()
    found = []
    for index, shape in enumerate(SHAPES):
        expected = extent / (0.92 if shape == "square" else 1.0)
        near = int(np.clip(np.searchsorted(DIAMETERS, expected - 0.25), 2, len(DIAMETERS) - 3))
        around = (slice(near - 2, near + 3, 2), *(slice(n, n + 2 * _REACH + 1, 2) for n in (near_y, near_x)))
        _, coarse = _nearest(window, alpha.sum(), index, around)
        overlap, (d, j, i) = _nearest(window, alpha.sum(), index, tuple(slice(max(at - 1, 0), at + 2) for at in coarse))
        found.append((overlap, index, (d, j, i)))
    (overlap, index, (d, j, i)), (next_best, *_) = sorted(found, reverse=True)[:2]
    wrong = abs(window - _stencils()[index, d, j, i]) > 0.5
    return Fit(
        shape=SHAPES[index], diameter=DIAMETERS[d], x=x + _SHIFTS[i] / SUBPIXELS, y=y + _SHIFTS[j] / SUBPIXELS,
        overlap=overlap, lead=overlap - next_best, flaw=_largest_piece(wrong.reshape(WINDOW, WINDOW)),
    )  # fmt: skip


def _largest_piece(pixels: np.ndarray) -> int:
    """The size of the largest piece of a mask, corners joined."""
    pieces = np.zeros(pixels.shape, dtype=np.int32)
    ndimage.label(pixels, np.ones((3, 3)), output=pieces)
    return int(np.bincount(pieces.ravel())[1:].max(initial=0))


def _nearest(window: np.ndarray, area: float, shape: int, among: tuple[slice, ...]) -> tuple[float, tuple[int, ...]]:
    """The greatest soft intersection over union of an object, seen through `window` and `area` pixels in all, with the
    stencils of a slice, and which stencil has it."""
    shared = np.minimum(_stencils()[shape, *among], window).sum(axis=-1)
    overlaps = shared / (_areas()[shape, *among] + area - shared)
    best = np.unravel_index(overlaps.argmax(), overlaps.shape)
    return float(overlaps[best]), tuple(int(s.start + k * (s.step or 1)) for s, k in zip(among, best, strict=True))


@lru_cache(maxsize=1)
def _stencils() -> np.ndarray:
    """Every stencil: (shapes, diameters, shifts down, shifts right, WINDOW * WINDOW) float32."""
    stack = np.empty((len(SHAPES), len(DIAMETERS), len(_SHIFTS), len(_SHIFTS), WINDOW * WINDOW), dtype=np.float32)
    for s, shape in enumerate(SHAPES):
        for d, diameter in enumerate(DIAMETERS):
            for j, down in enumerate(_SHIFTS):
                for i, right in enumerate(_SHIFTS):
                    drawn = stencil(shape, diameter, right % SUBPIXELS, down % SUBPIXELS)
                    moved = np.roll(drawn, (down // SUBPIXELS, right // SUBPIXELS), axis=(0, 1))
                    stack[s, d, j, i] = moved.ravel()
    return stack


@lru_cache(maxsize=1)
def _areas() -> np.ndarray:
    return _stencils().sum(axis=-1)
