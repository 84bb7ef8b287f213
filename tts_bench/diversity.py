"""How different the candidates of one prompt are: what a search that has run into a corner no longer has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tts_bench import keys
from tts_bench.recipes import State
from tts_bench.run import Run
from tts_bench.scoring import Scoring
from tts_bench.types import Key

VERSION = 1
MOST = 64  # images of one prompt that are compared: the first finished ones
OUTPUT = "diversity"


def diversities(runs: Sequence[Run], scoring: Scoring) -> list[float | None]:
    """A run's mean distance between two of its finished candidates, in pixels; None where there are fewer than two.

    Kept in the store as the score of the pool.
    """
    pools = [run.pool[:MOST] for run in runs]
    names = [_name(pool) for pool in pools]
    held: dict[Key, Mapping[str, float | None]] = dict(scoring.store.scores(set(names)))
    for name, pool in zip(names, pools, strict=True):
        if len(pool) > 1 and name not in held:
            held[name] = {OUTPUT: mean_distance(list(scoring.images(pool).values()))}
            scoring.store.commit(scores={name: held[name]})
    return [held[name][OUTPUT] if len(pool) > 1 else None for name, pool in zip(names, pools, strict=True)]


def mean_distance(images: Sequence[np.ndarray]) -> float:
    """The mean over all pairs of the root mean square difference of two images (height, width, 3) uint8, in [0, 1].

    |a - b|^2 = |a|^2 + |b|^2 - 2 a.b, which is exact here: products of pixels are whole numbers.
    """
    flat = np.stack([image.reshape(-1) for image in images]).astype(np.float64)
    products = flat @ flat.T
    norms = np.diag(products)
    squares = np.maximum(norms[:, None] + norms[None, :] - 2 * products, 0.0)
    upper = np.triu_indices(len(images), 1)
    return float(np.sqrt(squares[upper] / flat.shape[1]).mean() / 255)


def _name(pool: Sequence[State]) -> Key:
    return keys.digest([OUTPUT, VERSION, sorted(state.key for state in pool)])
