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

from tts_bench.shapes.render import PALETTE, SIDE, STRIPE_PERIOD, SUBPIXELS, WHITE, WINDOW, stencil, stripes
from tts_bench.shapes.scenes import SHAPES, SIZES


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
DIAMETERS = tuple(np.arange(9.0, 16.25, 0.5).tolist())  # pixels; the renderer's own with some slack
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
    shape, diameter, (x, y), overlap, lead = _fit(alpha, component)
    interior = component & (alpha > LIMITS.interior)
    inside = pixels[interior]
    saturation = np.ptp(inside, axis=-1) / np.maximum(inside.max(axis=-1), 1)
    return Observed(
        colour=_colour(inside[saturation >= LIMITS.coloured]),
        shape=shape if overlap >= getattr(LIMITS, shape) and lead >= LIMITS.lead else None,
        size=None if diameter == LIMITS.large_above else SIZES[diameter > LIMITS.large_above],
        texture=_texture(saturation, interior),
        x=x,
        y=y,
        overlap=overlap,
    )


def _fit(alpha: np.ndarray, component: np.ndarray) -> tuple[str, float, tuple[float, float], float, float]:
    """The stencil nearest to `alpha`: shape, diameter, centre, overlap, and lead over the best of any other shape."""
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
        found.append((overlap, shape, DIAMETERS[d], (x + _SHIFTS[i] / SUBPIXELS, y + _SHIFTS[j] / SUBPIXELS)))
    found.sort(reverse=True)
    overlap, shape, diameter, centre = found[0]
    return shape, diameter, centre, overlap, overlap - found[1][0]


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
