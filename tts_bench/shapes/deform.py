"""Pictures with deformed objects in them, and what each object may still be called: the auditor's training data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tts_bench.shapes.render import LARGE, PALETTE, SIDE, SMALL, STRIPE_PERIOD, SUBPIXELS, WHITE, stencil, stripes
from tts_bench.shapes.scenes import COLOURS, SHAPES

INTACT, RUINED = 0.88, 0.80  # overlap with the shape it was: above, it still is; below, it is malformed
UNSURE = -1  # the label of what lies between, or is not asked: nothing is learned from it


@dataclass(frozen=True)
class Label:
    """One connected object: its centre in pixels, and its place among `auditor.VALUES` (UNSURE: not asked)."""

    x: float
    y: float
    colour: int
    shape: int
    size: int
    texture: int


@dataclass
class _Layer:
    """One object before it is painted: where it covers, what it was meant to be."""

    alpha: np.ndarray
    overlap: float
    colour: int
    shape: int
    size: int
    texture: int


def draw(rng: np.random.Generator) -> tuple[np.ndarray, list[Label]]:
    """An image (32, 32, 3) uint8 and its objects. Half the pictures have deformed objects in them."""
    spoiled = rng.random() < 0.5
    crowd = 1 + int(rng.integers(4))
    layers: list[_Layer] = []
    for _ in range(6 * crowd):
        layer = _layer(rng, spoiled, crowd > 2 and rng.random() < 0.85)
        covered = ndimage.binary_dilation(layer.alpha > 0, iterations=2)
        touching = spoiled and rng.random() < 0.04
        if len(layers) < crowd and (touching or not any((other.alpha * covered).any() for other in layers)):
            layers.append(layer)
    ground = rng.uniform(12, 44) + rng.uniform(-5, 5, size=3)
    canvas = np.broadcast_to(ground, (SIDE, SIDE, 3)).copy()
    for layer in layers:
        canvas = canvas * (1 - layer.alpha[..., None]) + _paint(layer, rng) * layer.alpha[..., None]
    blur = rng.uniform(0, 0.6) if rng.random() < 0.5 else 0
    canvas = ndimage.gaussian_filter(canvas, (blur, blur, 0)) + rng.uniform(0.5, 5) * rng.standard_normal(canvas.shape)
    return np.clip(canvas, 0, 255).round().astype(np.uint8), _labels(layers)


def _layer(rng: np.random.Generator, spoiled: bool, small: bool) -> _Layer:
    size = 0 if small else int(rng.integers(2))
    diameter = float(rng.choice(np.array((SMALL, LARGE)[size])))
    shape = int(rng.integers(len(SHAPES)))
    clean = _stencil_at(SHAPES[shape], diameter, rng)
    alpha = _deform(clean, rng) if spoiled and rng.random() < 0.6 else clean
    overlap = float(np.minimum(alpha, clean).sum() / np.maximum(alpha, clean).sum())
    texture = int(rng.random() < 0.3)
    if spoiled and rng.random() < 0.08:
        texture = len(("plain", "striped"))  # neither
    return _Layer(alpha, overlap, int(rng.integers(len(COLOURS))), shape, size, texture)


def _stencil_at(shape: str, diameter: float, rng: np.random.Generator) -> np.ndarray:
    """The stencil somewhere inside the picture: (SIDE, SIDE)."""
    drawn = stencil(shape, diameter, *(int(sub) for sub in rng.integers(SUBPIXELS, size=2)))
    reach = int(np.ceil(diameter / 2 + 1))
    x, y = (int(at) for at in rng.integers(reach, SIDE - reach, size=2))
    half = len(drawn) // 2
    return np.pad(drawn, SIDE)[SIDE + half - y :, SIDE + half - x :][:SIDE, :SIDE].copy()


def _deform(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One or two of: wobbled, bitten, swollen, stretched, melted, or grown together with another shape."""
    kinds = (_wobble, _bite, _swell, _stretch, _melt, _graft)
    for _ in range(1 + int(rng.random() < 0.3)):
        if alpha.max() <= 0.5:  # nothing is left to deform
            break
        alpha = kinds[int(rng.integers(len(kinds)))](alpha, rng)
    return np.clip(alpha, 0, 1)


def _wobble(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    smooth = ndimage.gaussian_filter(rng.standard_normal((2, SIDE, SIDE)), (0, 2, 2))
    push = rng.uniform(0.5, 2.5) * smooth / smooth.std()
    return ndimage.map_coordinates(alpha, np.mgrid[:SIDE, :SIDE] + push, order=1)


def _bite(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    rows, columns = np.nonzero(alpha > 0.5)
    at = int(rng.integers(len(rows)))
    y, x = np.mgrid[:SIDE, :SIDE]
    away = np.hypot(y - rows[at] + rng.normal(0, 1.5), x - columns[at] + rng.normal(0, 1.5))
    return alpha * np.clip(away - rng.uniform(1, 4), 0, 1)


def _swell(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shift the edge in or out by a noise that varies along it."""
    noise = ndimage.gaussian_filter(rng.standard_normal(alpha.shape), 1.5)
    soft = ndimage.gaussian_filter(alpha, rng.uniform(0.5, 1.5))
    return np.clip(0.5 + 2.5 * (soft - 0.5 + rng.uniform(0.1, 0.4) * noise / noise.std()), 0, 1) * _near(alpha)


def _stretch(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    turn, factor = rng.uniform(-0.5, 0.5), rng.uniform(0.65, 1.0)
    matrix = np.array([[factor, turn * rng.random()], [turn * rng.random(), 1 / factor]])
    if rng.random() < 0.5:
        matrix = matrix.T[::-1, ::-1]
    centre = np.array(ndimage.center_of_mass(alpha))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    places = np.tensordot(matrix, np.stack([rows - centre[0], columns - centre[1]]), axes=1)
    return ndimage.map_coordinates(alpha, places + centre[:, None, None], order=1)


def _melt(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    soft = ndimage.gaussian_filter(alpha, rng.uniform(0.8, 2.2))
    return soft if rng.random() < 0.3 else np.clip(0.5 + 3 * (soft - rng.uniform(0.35, 0.6)), 0, 1)


def _graft(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    other = _stencil_at(SHAPES[int(rng.integers(len(SHAPES)))], float(rng.choice(SMALL)), rng)
    here, there = (np.array(ndimage.center_of_mass(part)) for part in (alpha, other))
    angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(3, 9)
    moved = here - there + distance * np.array([np.sin(angle), np.cos(angle)])
    return np.maximum(alpha, ndimage.shift(other, moved, order=1))


def _near(alpha: np.ndarray) -> np.ndarray:
    return ndimage.binary_dilation(alpha > 0.3, iterations=3)


def _paint(layer: _Layer, rng: np.random.Generator) -> np.ndarray:
    """The object's surface over the whole picture; a texture that is neither is a broken one of stripes."""
    paint = np.array(PALETTE[COLOURS[layer.colour]], dtype=float) * rng.uniform(0.94, 1.06)
    white = stripes(rng.uniform(0, STRIPE_PERIOD))
    if layer.texture == 2:
        y, x = ndimage.center_of_mass(layer.alpha)
        rows, columns = np.mgrid[:SIDE, :SIDE]
        broken = (white & (columns < x), white & (rows < y), white[:, ::-1], np.hypot(rows - y, columns - x) < 3)
        white = broken[int(rng.integers(len(broken)))]
    return np.where(white[..., None] & (layer.texture > 0), WHITE, np.broadcast_to(paint, (SIDE, SIDE, 3)))


def _labels(layers: list[_Layer]) -> list[Label]:
    """What a viewer may call each connected patch: several layers in one patch, or one in several, are malformed."""
    alphas = np.array([layer.alpha for layer in layers])
    patches = np.zeros((SIDE, SIDE), dtype=np.int32)
    ndimage.label(alphas.max(axis=0) > 0.35, output=patches)
    found = []
    for index in range(1, patches.max() + 1):
        patch = patches == index
        if patch.sum() < 4:
            continue
        inside = [i for i, alpha in enumerate(alphas) if ((alpha > 0.35) & patch).sum() >= 4]
        rows, columns = np.flatnonzero(patch.any(axis=1)), np.flatnonzero(patch.any(axis=0))
        centre = (columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2
        parts = [layers[i] for i in inside]
        whole = len(parts) == 1 and ((parts[0].alpha > 0.35) & ~patch & (patches > 0)).sum() < 4
        found.append(_label(parts, whole, centre, int(max(np.ptp(rows), np.ptp(columns))) + 1))
    return found


def _label(parts: list[_Layer], whole: bool, centre: tuple[float, float], extent: int) -> Label:
    def common(values: set[int], other: int) -> int:
        return values.pop() if len(values) == 1 else other

    shape = UNSURE
    if not whole or parts[0].overlap < RUINED:
        shape = len(SHAPES)
    elif parts[0].overlap > INTACT:
        shape = parts[0].shape
    intact = shape not in (UNSURE, len(SHAPES))
    return Label(
        *centre,
        colour=common({part.colour for part in parts}, len(COLOURS)),
        shape=shape,
        size=parts[0].size if intact else int(extent > 12.5),
        texture=common({part.texture for part in parts}, 2),
    )
