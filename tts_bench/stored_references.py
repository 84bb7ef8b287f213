"""What feature networks saw of real images, kept in the store: 50,000 images are looked at once, not at every call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tts_bench import keys
from tts_bench.store import State, Store
from tts_bench.types import Json, Key

ROWS_BYTES = 2**26  # of one row of the store: SQLite has a limit, and so has patience with a damaged one


@dataclass(frozen=True)
class StoredReferences:
    """Arrays by the key of (network, real images), in the store at `path`, which `put` makes and `get` does not.

    Each array is cut along its first axis into rows of the table of states, retained by `store prune`.
    """

    path: Path

    def get(self, key: Key) -> dict[str, np.ndarray] | None:
        """The arrays that were put under the key; None if any of them is missing or was found damaged."""
        if not self.path.exists():
            return None
        with Store(self.path) as store:
            head = store.state(_key(key, "", 0))
            names = head.recipe.get("names") if head is not None and isinstance(head.recipe, dict) else None
            if not isinstance(names, dict):
                return None
            found = {name: _joined(store, key, name, n) for name, n in names.items() if isinstance(n, int)}
        return None if any(array is None for array in found.values()) else found  # type: ignore[return-value]

    def put(self, key: Key, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep finite float arrays; the row that names them is written last, so that half of them is none."""
        with Store(self.path) as store:
            counts: dict[str, Json] = {}
            for name, array in arrays.items():
                for n, part in enumerate(_parts(np.atleast_1d(array))):
                    recipe: Json = {"features": key, "of": name, "part": n}
                    store.commit(states=[State(_key(key, name, n), recipe, None, part, 0.0)])
                    counts[name] = n + 1
            head: Json = {"features": key, "names": counts}
            store.commit(states=[State(_key(key, "", 0), head, None, np.zeros(1), 0.0)])


def _key(key: Key, array: str, part: int) -> Key:
    return keys.digest(["features of real images", key, array, part])


def _parts(array: np.ndarray) -> Iterator[np.ndarray]:
    rows = max(1, ROWS_BYTES // max(1, array[:1].nbytes))
    for start in range(0, len(array), rows):
        yield array[start : start + rows]


def _joined(store: Store, key: Key, name: str, count: int) -> np.ndarray | None:
    rows = [store.state(_key(key, name, n)) for n in range(count)]
    parts = [row.latent for row in rows if row is not None and row.latent is not None]
    return np.concatenate(parts) if len(parts) == count else None
