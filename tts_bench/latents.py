"""Latents and slopes by key: remembered for a while, else read from the store."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from tts_bench.keys import estimate_key
from tts_bench.store import Store
from tts_bench.types import Key

KEPT_BYTES = 512 * 2**20  # in memory, for searches that go on from what was just made


@dataclass
class Latents:
    """`latent` is a state's x, by state key (or noise, by noise key); `slope` the velocity there, where it was seen."""

    store: Store
    _kept: OrderedDict[Key, np.ndarray] = field(default_factory=OrderedDict)
    _bytes: int = 0

    def keep(self, key: Key, array: np.ndarray) -> np.ndarray:
        if key not in self._kept:
            self._kept[key] = array
            self._bytes += array.nbytes
        while self._bytes > KEPT_BYTES and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return self._kept[key]

    def remembered(self, key: Key) -> np.ndarray | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def latent(self, key: Key) -> np.ndarray | None:
        """The array if it is at hand."""
        if (kept := self.remembered(key)) is not None:
            return kept
        held = self.store.state(key)
        return None if held is None or held.latent is None else self.keep(key, held.latent)

    def slope(self, state: Key) -> np.ndarray | None:
        return self.latent(estimate_key(state))

    def at_hand(self, keys: Iterable[Key]) -> set[Key]:
        """Those of `keys` whose array can be had."""
        asked = set(keys)
        return {key for key in asked if key in self._kept} | self.store.known(asked, latent=True)
