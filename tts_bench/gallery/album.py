"""The image files of a page: the full image of a pick, a small one of a candidate; a recipe is one file, whoever asked
for it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from tts_bench.engine import Engine
from tts_bench.files import write_together
from tts_bench.gallery.place import FULL, SMALL
from tts_bench.images import encode_png
from tts_bench.jobs import chunked
from tts_bench.recipes import State
from tts_bench.report.page.shown import Picture
from tts_bench.scoring import image_key
from tts_bench.types import Key

AT_ONCE = 16  # images in memory
QUALITY = 85  # of what is only to be looked at


@dataclass
class Album:
    """Writes below `folder`, from the engine's store, which checks every image's sha256; from nowhere where there is no
    engine. `side` is the longest side of a candidate's picture in pixels. With `remake`, what the store lacks is made
    again. `names` are the files that belong to the page."""

    folder: Path
    engine: Engine | None
    side: int
    remake: bool = False
    names: set[str] = field(default_factory=set)

    def full(self, keys: Iterable[Key], states: Mapping[Key, State]) -> dict[Key, Picture]:
        """Final images by key, as they were judged; `states` are the recipes of those that can be made again."""
        return dict(self._written(keys, states, small=False))

    def small(self, states: Mapping[Key, State]) -> dict[Key, Picture]:
        """Candidates, or their clean estimates, by image key."""
        return dict(self._written(states, states, small=True))

    def _written(self, keys: Iterable[Key], states: Mapping[Key, State], small: bool) -> Iterator[tuple[Key, Picture]]:
        for chunk in chunked(dict.fromkeys(keys), AT_ONCE):
            files: dict[str, dict[str, bytes]] = {FULL: {}, SMALL: {}}
            for key, image in self._images(chunk, states).items():
                height, width, _ = image.shape
                if not small or max(height, width) <= self.side:
                    place, name, content = FULL, f"{key}.png", encode_png(image)
                else:
                    place, name = SMALL, f"{key}.webp"
                    content, (width, height) = _thumbnail(image, self.side)
                files[place][name] = content
                self.names.add(f"{place}/{name}")
                yield key, Picture(f"{place}/{name}", width, height)
            for place, contents in files.items():
                if contents:
                    write_together(self.folder / place, contents)

    def _images(self, keys: Iterable[Key], states: Mapping[Key, State]) -> dict[Key, np.ndarray]:
        if self.engine is None:
            return {}
        held = self.engine.store.images(keys)
        lost = [states[key] for key in keys if key in states and key not in held] if self.remake else []
        made = self.engine.scoring.images(lost) if lost else {}
        return held | {image_key(state): made[state.key] for state in lost}


def _thumbnail(image: np.ndarray, side: int) -> tuple[bytes, tuple[int, int]]:
    """WebP with no side over `side` pixels, and its (width, height)."""
    picture = Image.fromarray(image)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY, method=4)
    return buffer.getvalue(), picture.size
