"""A small real result to tamper with: the first prompts of one of this repository's own, its numbers taken by hand."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from tts_bench.acceptance.result import inspect
from tts_bench.results import read_rows
from tts_bench.rows import encode

ROOT = Path(__file__).parents[2]
NAME = "random16-dual_encoder"
Change = Callable[[Path], object]


def copied(to: Path, name: str = NAME, suite: str = "shapes") -> Path:
    """One of the repository's results, under `to`/<suite>/<name>."""
    return Path(shutil.copytree(ROOT / "results" / suite / name, to / suite / name))


def stated(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what result.json says."""
    value = json.loads((folder / "result.json").read_text())
    change(value)
    (folder / "result.json").write_text(json.dumps(value))


def put(folder: Path, place: str, value: Any) -> None:
    """One value of result.json, at a place as in "suite.n"."""

    def change(whole: dict[str, Any]) -> None:
        *path, last = place.split("/")
        for key in path:
            whole = whole[int(key)] if isinstance(whole, list) else whole[key]
        whole[last] = value

    stated(folder, change)


def rows(folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame | None], rehash: bool = True) -> None:
    """Change the table, as one who knows that its digest must be mended."""
    table = read_rows(folder)
    changed = change(table)
    table = table if changed is None else changed
    metrics = list(json.loads((folder / "result.json").read_text())["metrics"])
    try:
        content = encode(table, metrics, len(table), folder)
    except Exception:  # what the writer refuses, a stranger's would not
        content = table.to_parquet(index=False)
    (folder / "rows.parquet").write_bytes(content)
    if rehash:
        put(folder, "files/rows.parquet", hashlib.sha256(content).hexdigest())


def cell(folder: Path, column: str, place: int, value: Any) -> None:
    def change(table: pd.DataFrame) -> None:
        table[column] = table[column].astype(object) if isinstance(value, str) else table[column]
        table.loc[place, column] = value

    rows(folder, change)


def problems(folder: Path) -> list[str]:
    return [str(problem) for problem in inspect(folder).problems]
