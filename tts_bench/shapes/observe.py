"""The exact checker's eyes: an image in, the objects in it out, by image processing alone (nothing learned).

Read in this order: `observe` (objects are what stands out from the ground), `_fit` (which clean shape an object is, by
overlap with the renderer's own stencils), `_colour`, `_texture`. An attribute that is not clearly one of its values is
None, so that a lump is an object without a shape rather than the nearest shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage

from tts_bench.shapes.render import PALETTE, SIDE, STRIPE_PERIOD, SUBPIXELS, WINDOW, WHITE, stencil, stripes
from tts_bench.shapes.scenes import SHAPES, SIZES

COVERED = 0.35  # least coverage of an object's pixel, of full contrast
LEAST_PIXELS = 4  # smaller specks are no objects
LEAST_OVERLAP, LEAST_LEAD = 0.80, 0.03  # soft intersection over union with the shape, and its lead over the next shape
DIAMETERS = tuple(np.arange(9.0, 16.25, 0.5).tolist())  # pixels; the renderer's own with some slack
LARGE_FROM = 12.5  # pixels; at exactly this diameter an object is neither small nor large
HUE_SLACK, LEAST_AGREEMENT = 25.0, 0.85  # degrees from the palette's hue; share of the coloured pixels
COLOURED, WHITE_BELOW = 0.55, 0.30  # saturations
PLAIN_BELOW, STRIPED_BETWEEN = 0.08, (0.10, 0.70)  # share of white among the interior pixels
LEAST_STRIPES = 0.85  # share of interior pixels as some phase of the stripes has them

_REACH = 3  # quarter pixels that a fitted centre may lie from the middle of the object's extent
_SHIFTS = range(-_REACH, SUBPIXELS + _REACH)


@dataclass(frozen=True, slots=True)
class Observed:
    """One object: its attributes (None: not clearly any), its centre in pixels and its overlap in [0, 1] with the
    nearest clean shape."""

    colour: str | None
    shape: str | None
    size: str | None
    texture: str | None
    x: float
    y: float
    overlap: float


def observe(image: np.ndarray) -> list[Observed]:
    """The objects of an image (32, 32, 3) uint8, in reading order of their topmost pixels. ValueError if it is none."""
    if image.shape != (SIDE, SIDE, 3) or image.dtype != np.uint8:
        raise ValueError(f"an image of the embedded world is ({SIDE}, {SIDE}, 3) uint8, not {image.shape} {image.dtype}")
    pixels = image.astype(np.float32)
    border = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    ground = np.median(border, axis=0)
    contrast = abs(pixels - ground).max(axis=-1)
    labels, _ = ndimage.label(contrast > COVERED * (max(WHITE) - ground.max()))
    sizes = np.bincount(labels.ravel())
    labels[(sizes < LEAST_PIXELS)[labels]] = 0
    nearby = _grow(labels)
    return [
        _read(pixels, np.where(nearby == index, contrast, 0), labels == index)
        for index in np.flatnonzero(sizes >= LEAST_PIXELS) if index
    ]  # fmt: skip


def _grow(labels: np.ndarray) -> np.ndarray:
    """Each object with the two pixels around it that no other object is nearer to: where its soft edge may be."""
    for _ in range(2):
        labels = np.where(labels, labels, ndimage.maximum_filter(labels, 3, mode="constant"))
    return labels


def _read(pixels: np.ndarray, contrast: np.ndarray, component: np.ndarray) -> Observed:
    alpha = np.clip(contrast / np.percentile(contrast[component], 90), 0, 1)
    shape, diameter, (x, y), overlap, lead = _fit(alpha, component)
    inside = pixels[component & (alpha > 0.6)]
    spread = inside.max(axis=-1) - inside.min(axis=-1)
    saturation = spread / inside.max(axis=-1)
    return Observed(
        colour=_colour(inside[saturation >= COLOURED]),
        shape=shape if overlap >= LEAST_OVERLAP and lead >= LEAST_LEAD else None,
        size=None if diameter == LARGE_FROM else SIZES[diameter > LARGE_FROM],
        texture=_texture(saturation, component & (alpha > 0.6)),
        x=x,
        y=y,
        overlap=overlap,
    )


def _fit(alpha: np.ndarray, component: np.ndarray) -> tuple[str, float, tuple[float, float], float, float]:
    """The stencil nearest to `alpha`: shape, diameter, centre, overlap, and lead over the best of any other shape."""
    rows, columns = np.flatnonzero(component.any(axis=1)), np.flatnonzero(component.any(axis=0))
    middle_x, middle_y = (columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2
    extent = max(len(rows), len(columns))
    x, y = int(middle_x), int(middle_y)
    half = WINDOW // 2
    window = np.pad(alpha, half)[y : y + WINDOW, x : x + WINDOW].ravel()
    at_x, at_y = (slice(s, s + 2 * _REACH + 1) for s in (round((middle_x - x) * SUBPIXELS), round((middle_y - y) * SUBPIXELS)))
    found = []
    for index, shape in enumerate(SHAPES):
        expected = extent / (0.92 if shape == "square" else 1.0)
        low = int(np.clip(np.searchsorted(DIAMETERS, expected - 1.5), 0, len(DIAMETERS) - 5))
        at = (index, slice(low, low + 5), at_y, at_x)
        shared = np.minimum(_stencils()[at], window).sum(axis=-1)
        overlaps = shared / (_areas()[at] + alpha.sum() - shared)
        d, j, i = np.unravel_index(overlaps.argmax(), overlaps.shape)
        centre = (x + _SHIFTS[at_x.start + i] / SUBPIXELS, y + _SHIFTS[at_y.start + j] / SUBPIXELS)
        found.append((float(overlaps[d, j, i]), shape, DIAMETERS[low + d], centre))
    found.sort(reverse=True)
    overlap, shape, diameter, centre = found[0]
    return shape, diameter, centre, overlap, overlap - found[1][0]


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


def _colour(coloured: np.ndarray) -> str | None:
    """The palette's colour that nearly all of the coloured pixels (n, 3) have."""
    if not len(coloured):
        return None
    away = abs((_hues(coloured)[:, None] - _hues(np.array(list(PALETTE.values()), dtype=np.float32)) + 180) % 360 - 180)
    votes = np.bincount(away.argmin(axis=1)[away.min(axis=1) <= HUE_SLACK], minlength=len(PALETTE))
    return list(PALETTE)[votes.argmax()] if votes.max() >= LEAST_AGREEMENT * len(coloured) else None


def _hues(colours: np.ndarray) -> np.ndarray:
    """Hues in degrees of colours (n, 3) that are not grey."""
    red, green, blue = colours.T
    top, spread = colours.max(axis=1), np.ptp(colours, axis=1)
    return 60 * np.where(
        top == red, (green - blue) / spread % 6, np.where(top == green, (blue - red) / spread + 2, (red - green) / spread + 4)
    )


def _texture(saturation: np.ndarray, interior: np.ndarray) -> str | None:
    """Plain, striped or neither, by the saturation of the interior pixels, in the order of `interior`."""
    white, coloured = saturation < WHITE_BELOW, saturation >= COLOURED
    if white.mean() < PLAIN_BELOW:
        return "plain" if coloured.mean() >= LEAST_AGREEMENT else None
    patterns = _patterns()[:, interior]
    agreement = np.where(patterns, white, coloured).mean(axis=1).max()
    low, high = STRIPED_BETWEEN
    return "striped" if low <= white.mean() <= high and agreement >= LEAST_STRIPES else None


@lru_cache(maxsize=1)
def _patterns() -> np.ndarray:
    """Every way stripes can fall on the pixels: (phases, SIDE, SIDE) bool."""
    return np.unique([stripes(phase) for phase in np.arange(0, STRIPE_PERIOD, 0.125)], axis=0)
