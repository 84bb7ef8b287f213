"""What networks saw of real images: back bit for bit, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tts_bench import stored_references
from tts_bench.keys import digest
from tts_bench.store import Store
from tts_bench.stored_references import StoredReferences

KEY = digest("a network and its images")
RNG = np.random.default_rng(0)
ARRAYS = {
    "mean": RNG.normal(size=5), "covariance": RNG.normal(size=(5, 5)),
    "features": RNG.normal(size=(33, 5)).astype(np.float32),
}  # fmt: skip


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoredReferences:
    """In rows of 100 bytes, so that the features take several."""
    monkeypatch.setattr(stored_references, "ROWS_BYTES", 100)
    return StoredReferences(tmp_path / "store.sqlite")


def same(found: dict[str, np.ndarray] | None) -> bool:
    return found is not None and all(
        np.array_equal(found[name], array) and found[name].dtype == array.dtype for name, array in ARRAYS.items()
    )


def test_what_is_put_is_got_also_after_pruning_and_by_its_key_alone(kept: StoredReferences) -> None:
    assert kept.get(KEY) is None and not kept.path.exists(), "asking makes no file"
    kept.put(KEY, ARRAYS)
    assert same(kept.get(KEY)) and kept.get(digest("another")) is None
    with Store(kept.path) as store:
        # One row of numbers, five of 40 bytes, 33 of 20: as many as 100 bytes hold in each, and the row of names.
        assert store.stats().latents == 1 + 3 + 7 + 1
        store.prune("scores")
    assert same(kept.get(KEY))


def test_half_of_it_is_nothing(kept: StoredReferences, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before any of its commits, or with a row damaged later: then it is looked at again."""
    commit, done = Store.commit, []

    def dies(store: Store, **given: object) -> None:
        if len(done) == limit:
            raise KeyboardInterrupt
        done.append(1)
        commit(store, **given)  # type: ignore[arg-type]

    kept.put(KEY, ARRAYS)
    with Store(kept.path) as store:
        rows = store.stats().states
    kept.path.unlink()
    for limit in range(rows):  # noqa: B007
        done.clear()
        with monkeypatch.context() as patch:
            patch.setattr(Store, "commit", dies)
            with pytest.raises(KeyboardInterrupt):
                kept.put(KEY, ARRAYS)
        assert kept.get(KEY) is None
        kept.path.unlink()
    kept.put(KEY, ARRAYS)
    with Store(kept.path) as store:
        store._database.do(lambda c: c.execute("UPDATE states SET latent = NULL, latent_sha256 = NULL WHERE number=3"))
    assert kept.get(KEY) is None
    kept.put(KEY, ARRAYS)
    assert same(kept.get(KEY)), "and put again, what was lost is filled in"
