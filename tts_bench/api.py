"""What the command line and a notebook both call: one function a job."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tts_bench.engine import Engine, Progress, Silent
from tts_bench.evaluation import Evaluation, Evaluator, build_leaderboard
from tts_bench.executors.local import local_executor
from tts_bench.planning import Plan, make_plan
from tts_bench.prepare import Workshop
from tts_bench.store import Store
from tts_bench.submission import Submission, read_submission
from tts_bench.suite import Suite, find_suite

if TYPE_CHECKING:
    import pandas as pd

STORE = Path(".tts-bench") / "store.sqlite"
OUT = Path("out")
BATCH_SIZE = 16


def default_workers(device: str = "cpu") -> int:
    """One process a core on a CPU, at most four; one process for a GPU."""
    return min(4, os.cpu_count() or 1) if device == "cpu" else 1


@contextmanager
def open_engine(
    store: Path = STORE,
    workers: int | None = None,
    batch_size: int = BATCH_SIZE,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Iterator[Engine]:
    """An engine over the store at `store`, closed at the end."""
    executor = local_executor(default_workers(device) if workers is None else workers)
    try:
        with Store(store) as held:
            yield Engine(held, executor, batch_size, device, progress or Silent())
    finally:
        executor.close()


def choose(suite: Suite, submissions: Sequence[Submission | Path | str]) -> list[Submission]:
    """The given submissions (files or made ones), or the card's own."""
    if not submissions:
        return list(suite.submissions)
    return [s if isinstance(s, Submission) else read_submission(Path(s)) for s in submissions]


def run_evaluation(
    suite: str,
    submissions: Sequence[Submission | Path | str] = (),
    *,
    limit: int | None = None,
    seed: int | None = None,
    store: Path | str = STORE,
    out: Path | str = OUT,
    workers: int | None = None,
    batch_size: int = BATCH_SIZE,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Evaluation:
    """Run submissions on a suite and write results and leaderboard files; see `evaluate` for the arguments."""
    card = find_suite(suite)
    chosen = choose(card, submissions)
    with open_engine(Path(store), workers, batch_size, device, progress) as engine:
        return Evaluator(card, engine, Path(out), limit, seed, Workshop(device)).run(chosen)


def evaluate(
    suite: str,
    submissions: Sequence[Submission | Path | str] = (),
    *,
    limit: int | None = None,
    seed: int | None = None,
    store: Path | str = STORE,
    out: Path | str = OUT,
    workers: int | None = None,
    batch_size: int = BATCH_SIZE,
    device: str = "cpu",
) -> pd.DataFrame:
    """Evaluate submissions on a suite: one row a submission, with every metric's value, interval, n and unscored count.

    `suite` is a name or a card's path; `submissions` are TOML files or `Submission`s, none for the card's own; `limit`
    is the number of prompts (the card's default if None); `seed` the suite's random seed; `store` the cache, `out` the
    folder for results and leaderboards. Raises errors.TtsBenchError, whose message is one line for the user.
    """
    import pandas as pd

    done = run_evaluation(
        suite, submissions, limit=limit, seed=seed, store=store, out=out, workers=workers, batch_size=batch_size,
        device=device,
    )  # fmt: skip
    return pd.DataFrame([_flat(row) for row in done.as_json()["rows"]])  # type: ignore[union-attr]


def plan(
    suite: str,
    submissions: Sequence[Submission | Path | str] = (),
    *,
    limit: int | None = None,
    seed: int | None = None,
    store: Path | str = STORE,
    workers: int | None = None,
    batch_size: int = BATCH_SIZE,
    device: str = "cpu",
) -> Plan:
    """What `evaluate` would run, before anything runs."""
    card = find_suite(suite)
    with open_engine(Path(store), workers, batch_size, device) as engine:
        entries = Workshop(device).entries(choose(card, submissions))
        return make_plan(card, entries, engine, card.prompts(limit), card.seed if seed is None else seed)


def leaderboard(
    suite: str, results: Path | str = OUT / "results", out: Path | str = OUT / "leaderboards"
) -> list[Path]:
    """Rebuild a suite's tables and plots from its results alone."""
    return build_leaderboard(find_suite(suite), Path(results), Path(out))


def _flat(row: dict[str, object]) -> dict[str, object]:
    flat = {name: row[name] for name in ("submission", "model", "search", "verifier", "nfe")}
    for metric, estimate in row["metrics"].items():  # type: ignore[attr-defined]
        flat[metric] = estimate["value"]
        flat |= {f"{metric}_{part}": estimate[part] for part in ("low", "high", "n", "unscored")}
    return flat | {f"ledger_{name}": value for name, value in row["ledger"].items() if name != "scorer_calls"}  # type: ignore[attr-defined]
