"""A suite's results and a store with pictures of some of their picks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.fake_results import fake_result
from tts_bench.results import write_result
from tts_bench.store import Store
from tts_bench.store.contents import State

NAMES = {"none": None, "random4-dual_encoder": "dual_encoder", "random4-checker": "checker"}


def results(folder: Path, n: int = 9, **columns: list[str]) -> Path:
    """Three results of the suite shapes, the last without the metric appeal; `columns` replace those of their rows."""
    for name, verifier in NAMES.items():
        result, rows = fake_result(name, verifier, n=n, candidates=4)
        rows = rows.assign(**columns, pick=[f"{place:064x}" for place in range(n)])
        if verifier == "checker":
            del result.metrics["appeal"]  # type: ignore[attr-defined]
            rows = rows.drop(columns="appeal")
        write_result(folder / "shapes" / name, result, rows, f'name = "{name}"\n')
    return folder / "shapes"


def picture(place: int) -> np.ndarray:
    return np.random.default_rng(place).integers(0, 256, size=(12, 16, 3), dtype=np.uint8)


def filled(path: Path, places: range) -> Path:
    """A store with the pictures of these picks."""
    with Store(path) as store:
        store.commit(State(f"{place:064x}", {}, picture(place), None, 0.0) for place in places)
    return path


def read(folder: Path) -> pd.DataFrame:
    """The dataset's rows as pandas reads them, in the order of names and prompts."""
    return pd.concat([pd.read_parquet(path) for path in sorted((folder / "data").iterdir())], ignore_index=True)
