"""The embedded world's oracle over a set: greedy Frechet distance of the picks to scenes of the package's renderer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from tts_bench.metrics.sample import Moments, moments
from tts_bench.scorers.embedding import digest, embeddings, seen
from tts_bench.scorers.greedy_frechet import GreedyFrechet
from tts_bench.shapes.render import render
from tts_bench.shapes.scenes import CATEGORIES, draw_scene
from tts_bench.types import Image, Json

SEED, SCENES = 2501_09732, 2800  # of the reference: every category in turn


@lru_cache(maxsize=1)
def reference() -> Moments:
    """Of `SCENES` scenes drawn from `SEED`, in the dual encoder's embeddings; takes some seconds, once a process."""
    rng = np.random.default_rng(SEED)
    images = [render(draw_scene(rng, CATEGORIES[i % len(CATEGORIES)]), rng) for i in range(SCENES)]
    return moments(embeddings(images))


def see(images: Sequence[Image]) -> tuple[np.ndarray, np.ndarray]:
    found = embeddings(images)
    return found, seen(found)


def load() -> GreedyFrechet:
    """How close the set of picks comes to scenes as they are drawn; a verifier alone, and no metric of one image."""
    card: Mapping[str, Json] = {
        "scorer": "frechet", "version": 2, "weights": digest(), "reference": {"seed": SEED, "scenes": SCENES},
    }  # fmt: skip
    return GreedyFrechet(card, see, reference)
