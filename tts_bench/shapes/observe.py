"""The exact checker's eyes: an image in, the objects in it out, by image processing alone (nothing learned).

Read in this order: `observe` (objects are what stands out from the ground), `fit.fit` (which clean shape an object is
nearest to), `_colour`, `_texture`. An attribute that is not clearly one of its values is None, so that a lump is an
object without a shape rather than the nearest shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage

from tts_bench.shapes.fit import Fit, fit
from tts_bench.shapes.render import PALETTE, SIDE, STRIPE_PERIOD, WHITE, stripes
from tts_bench.shapes.scenes import SIZES


@dataclass(frozen=True)
class Limits:
    """Every number that can change a reading; the checker's card lists them."""

    covered: float = 0.35  # of full contrast, at least: a pixel of an object
    least_contrast: float = 100.0  # what full contrast is taken for on a ground too bright to be the renderer's
    least_pixels: int = 4  # fewer are a speck and no object
    # Of the overlap (soft intersection over union) with a shape, at least. A thin shape has more edge for its area, so
    # an edge that is off by as much costs it more.
    circle: float = 0.86
    square: float = 0.84
    triangle: float = 0.82
    cross: float = 0.79
    ring: float = 0.79
    lead: float = 0.05  # of that overlap over the next shape's, at least
    flaw: int = 8  # pixels in one piece that the shape has and the object lacks or the reverse, at most
    large_above: float = 12.5  # pixels; at exactly this diameter an object is neither small nor large
    hue: float = 25.0  # degrees from the palette's, at most
    agreement: float = 0.85  # share of coloured pixels of the one colour, at least
    interior: float = 0.6  # share of the object's own contrast, at least: a pixel that shows its paint
    coloured: float = 0.55  # saturation, at least
    white: float = 0.30  # saturation, at most
    plain_below: float = 0.08  # share of white pixels
    striped_from: float = 0.10
    striped_to: float = 0.70
    stripes: float = 0.85  # share of pixels as some phase of the stripes has them, at least


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Observed:
    """One object: its attributes (None: not clearly any), its centre and diameter in pixels and its overlap in [0, 1]
    with the nearest clean shape."""

    colour: str | None
    shape: str | None
    size: str | None
    texture: str | None
    x: float
    y: float
    overlap: float
    diameter: float = 0.0


def readable(image: np.ndarray) -> bool:
    """Whether it has the size and type of the embedded world's images."""
    return image.shape == (SIDE, SIDE, 3) and image.dtype == np.uint8


def observe(image: np.ndarray) -> list[Observed]:
    """The objects of an image (32, 32, 3) uint8, in reading order of their first pixels. ValueError if it is none."""
    if not readable(image):
        raise ValueError(
            f"an image of the embedded world is ({SIDE}, {SIDE}, 3) uint8, not {image.shape} {image.dtype}"
        )
    pixels = image.astype(np.float32)
    border = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    ground = np.median(border, axis=0)
    contrast = abs(pixels - ground).max(axis=-1)
    labels = np.zeros((SIDE, SIDE), dtype=np.int32)
    ndimage.label(contrast > LIMITS.covered * max(max(WHITE) - ground.max(), LIMITS.least_contrast), output=labels)
    sizes = np.bincount(labels.ravel())
    labels[(sizes < LIMITS.least_pixels)[labels]] = 0
    nearby = _grow(labels)
    return [
        _read(pixels, np.where(nearby == index, contrast, 0), labels == index)
        for index in np.flatnonzero(sizes >= LIMITS.least_pixels) if index
    ]  # fmt: skip


def _grow(labels: np.ndarray) -> np.ndarray:
    """Each object with the two pixels around it that no other object is nearer to: where its soft edge may be."""
    for _ in range(2):
        labels = np.where(labels, labels, ndimage.maximum_filter(labels, 3, mode="constant"))
    return labels


def _read(pixels: np.ndarray, contrast: np.ndarray, component: np.ndarray) -> Observed:
    alpha = np.clip(contrast / np.percentile(contrast[component], 90), 0, 1)
    found = fit(alpha, component)
    interior = component & (alpha > LIMITS.interior)
    inside = pixels[interior]
    saturation = np.ptp(inside, axis=-1) / np.maximum(inside.max(axis=-1), 1)
    return Observed(
        colour=_colour(inside[saturation >= LIMITS.coloured]),
        shape=found.shape if _good(found) else None,
        size=None if found.diameter == LIMITS.large_above else SIZES[found.diameter > LIMITS.large_above],
        texture=_texture(saturation, interior),
        x=found.x,
        y=found.y,
        overlap=found.overlap,
        diameter=found.diameter,
    )


def _good(found: Fit) -> bool:
    enough = found.overlap >= getattr(LIMITS, found.shape) and found.lead >= LIMITS.lead
    return enough and found.flaw <= LIMITS.flaw


def _colour(coloured: np.ndarray) -> str | None:
    """The palette's colour that nearly all of the coloured pixels (n, 3) have."""
    if not len(coloured):
        return None
    away = abs((_hues(coloured)[:, None] - _hues(np.array(list(PALETTE.values()), dtype=np.float32)) + 180) % 360 - 180)
    votes = np.bincount(away.argmin(axis=1)[away.min(axis=1) <= LIMITS.hue], minlength=len(PALETTE))
    return list(PALETTE)[votes.argmax()] if votes.max() >= LIMITS.agreement * len(coloured) else None


def _hues(colours: np.ndarray) -> np.ndarray:
    """Hues in degrees of colours (n, 3) that are not grey."""
    red, green, blue = colours.T
    top, spread = colours.max(axis=1), np.ptp(colours, axis=1)
    return 60 * np.where(
        top == red,
        (green - blue) / spread % 6,
        np.where(top == green, (blue - red) / spread + 2, (red - green) / spread + 4),
    )


def _texture(saturation: np.ndarray, interior: np.ndarray) -> str | None:
    """Plain, striped or neither, by the saturation of the interior pixels, in the order of `interior`."""
    white, coloured = saturation < LIMITS.white, saturation >= LIMITS.coloured
    if white.mean() < LIMITS.plain_below:
        return "plain" if coloured.mean() >= LIMITS.agreement else None
    patterns = _patterns()[:, interior]
    agreement = np.where(patterns, white, coloured).mean(axis=1).max()
    enough = LIMITS.striped_from <= white.mean() <= LIMITS.striped_to
    return "striped" if enough and agreement >= LIMITS.stripes else None


@lru_cache(maxsize=1)
def _patterns() -> np.ndarray:
    """Every way stripes can fall on the pixels: (phases, SIDE, SIDE) bool."""
    return np.unique([stripes(phase) for phase in np.arange(0, STRIPE_PERIOD, 0.125)], axis=0)
