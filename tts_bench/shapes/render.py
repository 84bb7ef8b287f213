"""The renderer: a scene and a seed in, a 32x32 RGB image out.

Shapes are anti-aliased stencils on a grid of quarter-pixel positions and half-pixel diameters, so that the checker can
hold an image against exactly the family of shapes that a correct image may contain.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from tts_bench.shapes.scenes import Scene

SIDE = 32  # pixels
WINDOW = 21  # side of a stencil, pixels; the shape's centre lies in its middle pixel
SUBPIXELS = 4  # positions a pixel
SMALL = (9.5, 10.0, 10.5, 11.0)  # diameters, pixels
LARGE = (14.0, 14.5, 15.0, 15.5)
GAP = 2.0  # least clear space between two objects, pixels
TRIES = 256  # layouts drawn at once
STRIPE_PERIOD, STRIPE_WHITE = 4.0, 1.75  # along x + y, pixels

# Every colour has one channel near 230, as white has, so that distance from the dark ground measures coverage.
PALETTE = {
    "red": (230, 45, 45), "orange": (230, 125, 25), "yellow": (230, 214, 40), "green": (45, 230, 75),
    "cyan": (40, 215, 230), "blue": (55, 85, 230), "purple": (170, 50, 230),
}  # fmt: skip
WHITE = (230, 230, 230)


@cache
def stencil(shape: str, diameter: float, sub_x: int, sub_y: int) -> np.ndarray:
    """Coverage in [0, 1], (WINDOW, WINDOW) float32, of `shape` centred `sub / SUBPIXELS` into the middle pixel."""
    fine = 8
    axis = (np.arange(WINDOW * fine) + 0.5) / fine - WINDOW // 2
    x, y = np.meshgrid(axis - sub_x / SUBPIXELS, axis - sub_y / SUBPIXELS)
    radius = diameter / 2
    if shape == "circle":
        inside = x**2 + y**2 <= radius**2
    elif shape == "ring":
        inside = (x**2 + y**2 <= radius**2) & (x**2 + y**2 >= (0.52 * radius) ** 2)
    elif shape == "square":
        inside = np.maximum(abs(x), abs(y)) <= 0.92 * radius
    elif shape == "cross":
        inside = (np.maximum(abs(x), abs(y)) <= radius) & (np.minimum(abs(x), abs(y)) <= 0.34 * radius)
    else:  # an upright triangle
        inside = (abs(y) <= radius) & (abs(x) <= (y + radius) / 2)
    coverage = inside.reshape(WINDOW, fine, WINDOW, fine).mean(axis=(1, 3)).astype(np.float32)
    coverage.setflags(write=False)
    return coverage


def stripes(phase: float) -> np.ndarray:
    """Where a striped object is white: (SIDE, SIDE) bool, diagonal bands over the whole picture."""
    x, y = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    return (x + y + phase) % STRIPE_PERIOD < STRIPE_WHITE


def render(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """One image of `scene`, (32, 32, 3) uint8; where the scene leaves something open, `rng` decides it."""
    ground = rng.uniform(12, 44) + rng.uniform(-5, 5, size=3)
    canvas = np.broadcast_to(ground, (SIDE, SIDE, 3)).copy()
    order = [thing for thing in scene.things for _ in range(thing.count)]
    diameters, centres = _layout(scene, rng)
    for thing, diameter, (x, y) in zip(order, diameters, centres, strict=True):
        paint = np.array(PALETTE[thing.colour], dtype=float) * rng.uniform(0.94, 1.06)
        surface = np.broadcast_to(paint, (SIDE, SIDE, 3))
        if (thing.texture or ("plain", "striped")[rng.random() < 0.1]) == "striped":
            surface = np.where(stripes(rng.uniform(0, STRIPE_PERIOD))[..., None], WHITE, surface)
        alpha = _place(stencil(thing.shape, diameter, *_sub(x, y)), int(x), int(y))[..., None]
        canvas = canvas * (1 - alpha) + surface * alpha
    return np.clip(canvas + rng.normal(0, 1.0, canvas.shape), 0, 255).round().astype(np.uint8)


def _layout(scene: Scene, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Diameters (n,) and centres (n, 2) by rejection: objects stay apart, inside the picture, and keep the relation."""
    order = np.array([index for index, thing in enumerate(scene.things) for _ in range(thing.count)])
    while True:
        diameters = np.array([_diameter(scene, scene.things[index].size, rng) for index in order])
        low = np.floor((diameters / 2 + 1) * SUBPIXELS)
        high = np.floor((SIDE - diameters / 2 - 1) * SUBPIXELS)
        draws = rng.random((TRIES, len(order), 2))
        centres = np.floor(low[:, None] + draws * (high - low + 1)[:, None]) / SUBPIXELS
        good = np.flatnonzero(_apart(centres, diameters) & _related(scene.relation, order, centres))
        if len(good):
            return diameters, centres[good[0]]


def _diameter(scene: Scene, size: str, rng: np.random.Generator) -> float:
    crowded = scene.total > 2  # more than two objects fit only when they are small
    choices = {"small": SMALL, "large": LARGE, "": SMALL if crowded else SMALL + LARGE}[size]
    return choices[int(rng.integers(len(choices)))]


def _apart(centres: np.ndarray, diameters: np.ndarray) -> np.ndarray:
    """Which of the layouts (tries, n, 2) keep GAP pixels between every two bounding squares: (tries,) bool."""
    distance = abs(centres[:, :, None] - centres[:, None]).max(axis=-1)
    needed = (diameters[:, None] + diameters) / 2 + GAP
    np.fill_diagonal(needed, 0)
    return (distance >= needed).all(axis=(1, 2))


def _related(relation: str, order: np.ndarray, centres: np.ndarray) -> np.ndarray:
    if not relation:
        return np.ones(len(centres), dtype=bool)
    return holds(relation, centres[:, order == 0], centres[:, order == 1], margin=5.0)


def holds(relation: str, first: np.ndarray, second: np.ndarray, margin: float) -> np.ndarray:
    """Whether every centre of `first` (..., n, 2) stands in `relation` to every one of `second`, by `margin` pixels."""
    axis, sign = {"left of": (0, 1), "right of": (0, -1), "above": (1, 1), "below": (1, -1)}[relation]
    gaps = sign * (second[..., None, :, axis] - first[..., :, None, axis])
    return np.asarray((gaps >= margin).all(axis=(-1, -2)))


def _sub(x: float, y: float) -> tuple[int, int]:
    return round((x - int(x)) * SUBPIXELS), round((y - int(y)) * SUBPIXELS)


def _place(coverage: np.ndarray, x: int, y: int) -> np.ndarray:
    """The stencil with its middle pixel's corner at (x, y), on a SIDE x SIDE canvas."""
    half = WINDOW // 2
    padded = np.zeros((SIDE + 2 * WINDOW, SIDE + 2 * WINDOW), dtype=np.float32)
    padded[y + WINDOW - half : y + 2 * WINDOW - half, x + WINDOW - half : x + 2 * WINDOW - half] = coverage
    return padded[WINDOW:-WINDOW, WINDOW:-WINDOW]
