"""What the command line and a notebook both call: one function a job."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tts_bench.engine import Engine
from tts_bench.entry import Entry
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.evaluation import Evaluation, Evaluator, row_of
from tts_bench.executors.local import local_executor
from tts_bench.files import check_folder
from tts_bench.labels import Order
from tts_bench.plaintext import did_you_mean
from tts_bench.planning import Plan, make_plan
from tts_bench.prepare import Workshop, pinned
from tts_bench.progress import Progress, Silent
from tts_bench.protocols import Weights
from tts_bench.registry import FEATURES, SCORERS
from tts_bench.results import read_results
from tts_bench.set_measures import SetMeasures
from tts_bench.store import Store
from tts_bench.stored_references import StoredReferences
from tts_bench.submission import Submission, is_place, name_at, on_model, read_submission
from tts_bench.suite import Suite, find_suite

if TYPE_CHECKING:
    import pandas as pd

STORE = Path(".tts-bench") / "store.sqlite"
OUT = Path("out")
BATCH_SIZE = 16


def default_workers(device: str = "cpu") -> int:
    """One process a core on a CPU, at most four; one process for a GPU."""
    return min(4, os.cpu_count() or 1) if device == "cpu" else 1


@dataclass(frozen=True)
class Settings:
    """How a suite is run. `limit` is the number of prompts and `seed` the random seed, the card's own where None.

    `store` is the cache; `workers` processes (one a core where None) run batches padded to `batch_size` samples.
    `labels`, "balanced" or "sampled", sets how a suite of class labels draws them; `features`, "clean" or "fidelity",
    which library's Inception its set metrics use. `weights` are the user's files for scorers and feature networks,
    `references` the real images (statistics, a folder ...) of feature networks, by name. `model`, a name as in
    "shapes:steps=8" or the file or folder of one, takes the place of every submission's own.
    """

    limit: int | None = None
    seed: int | None = None
    store: Path | str = STORE
    workers: int | None = None
    batch_size: int = BATCH_SIZE
    device: str = "cpu"
    labels: Order | None = None
    features: str | None = None
    weights: Mapping[str, Weights] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None

    def suite(self, name: str) -> Suite:
        return find_suite(name).with_labels(self.labels).with_features(self.features)

    def workshop(self, own_model: str, progress: Progress | None = None) -> Workshop:
        """What makes a call's models and scorers; `own_model` is the one whose files a place given as model has."""
        models = {}
        if self.model is not None and is_place(self.model):
            models = {name_at(self.model, own_model): pinned(self.model)}
        return Workshop(
            self.device, self.weights, self.references, models, self.features, self.batch_size,
            StoredReferences(Path(self.store)), progress,
        )  # fmt: skip

    def check(self) -> None:
        """BadInput for a seed, a device, or a name that cannot be used."""
        for key, given, known in (
            ("weights", self.weights, [*SCORERS.names(), *FEATURES.names()]),
            ("references", self.references, FEATURES.names()),
        ):
            for name in given:
                if name not in known:
                    raise BadInput.at("settings", key, name, f"no such name; {did_you_mean(name, known)}")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise BadInput.at("settings", "seed", self.seed, "use a whole number from 0 to 2^63 - 1")
        if self.device != "cpu":
            _check_device(self.device)


@dataclass(frozen=True)
class Chosen:
    """Submissions that can run, made ready, and what was left out of them and why."""

    submissions: list[Submission]
    entries: list[Entry]
    notes: list[str]


def _check_device(device: str) -> None:
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        fix = f"cannot be used here ({str(error).splitlines()[0]}); try cpu"
        raise BadInput.at("settings", "device", device, fix) from error


@contextmanager
def open_engine(settings: Settings, progress: Progress | None = None) -> Iterator[Engine]:
    """An engine over the settings' store, closed at the end."""
    workers = default_workers(settings.device) if settings.workers is None else settings.workers
    executor = local_executor(workers)
    try:
        with Store(settings.store) as held:
            yield Engine(held, executor, settings.batch_size, settings.device, progress or Silent(), settings.weights)
    finally:
        executor.close()


def choose(suite: Suite, submissions: Sequence[Submission | Path | str], model: str | None = None) -> list[Submission]:
    """The given submissions (files or made ones), or the card's own, on `model` if that is given.

    Two of one name would share a folder: BadInput.
    """
    chosen = [s if isinstance(s, Submission) else read_submission(Path(s)) for s in submissions]
    chosen = chosen or list(suite.submissions)
    chosen = chosen if model is None else [on_model(submission, model) for submission in chosen]
    for name, count in Counter(submission.name for submission in chosen).items():
        if count > 1:
            raise BadInput.at(
                "command line", "submission", name, f"is the name of {count} submissions; rename all but one"
            )
    return chosen


def prepared(
    suite: Suite, submissions: Sequence[Submission | Path | str], workshop: Workshop, model: str | None
) -> Chosen:
    """What of a call can run: every given submission, and those of the card's own whose files are there.

    NeedsFiles if that is none.
    """
    chosen, notes = choose(suite, submissions, model), []
    if submissions:
        return Chosen(chosen, workshop.entries(chosen), notes)
    entries, lacking = {}, []
    for submission in chosen:
        try:
            entries[submission.name] = workshop.entry(submission)
        except NeedsFiles as error:
            lacking.append(error)
            notes.append(f"{submission.name} is left out: {error}")
    if not entries and lacking:
        raise lacking[0]
    return Chosen([one for one in chosen if one.name in entries], list(entries.values()), notes)


def run_evaluation(
    suite: str,
    submissions: Sequence[Submission | Path | str] = (),
    settings: Settings = Settings(),
    out: Path | str = OUT,
    progress: Progress | None = None,
) -> Evaluation:
    """Run submissions on a suite and write results and leaderboard files under `out`."""
    # Whatever can be refused is refused before anything is made or run.
    settings.check()
    card = settings.suite(suite)
    prompts = card.prompts(settings.limit)
    workshop = settings.workshop(card.model, progress)
    chosen = prepared(card, submissions, workshop, settings.model)
    SetMeasures(card, workshop).check(prompts)
    if (Path(out) / "results" / card.name).is_dir():
        read_results(Path(out) / "results" / card.name)
    check_folder(Path(out))
    with open_engine(settings, progress) as engine:
        done = Evaluator(card, engine, Path(out), settings.limit, settings.seed, workshop).run(chosen.submissions)
    unused = [f"{name}: files were given, and nothing here reads them" for name in workshop.unused()]
    return replace(done, notes=[*chosen.notes, *done.notes, *unused])


def run_plan(
    suite: str,
    submissions: Sequence[Submission | Path | str],
    settings: Settings = Settings(),
) -> Plan:
    """What `run_evaluation` would run, before anything runs."""
    settings.check()
    card = settings.suite(suite)
    workshop = settings.workshop(card.model)
    entries = prepared(card, submissions, workshop, settings.model).entries
    seed = card.seed if settings.seed is None else settings.seed
    with TemporaryDirectory() as nowhere:
        if not Path(settings.store).exists():  # a plan leaves nothing behind
            settings = replace(settings, store=Path(nowhere) / "store.sqlite")
        with open_engine(settings) as engine:
            return make_plan(card, entries, engine, card.prompts(settings.limit), seed, workshop)


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
    labels: Order | None = None,
    features: str | None = None,
    weights: Mapping[str, Path | str] | None = None,
    references: Mapping[str, Path | str] | None = None,
    model: Path | str | None = None,
) -> pd.DataFrame:
    """Evaluate submissions on a suite: one row a submission, with every metric's value, interval, n and unscored count.

    `suite` is a name or a card's path; `submissions` are TOML files or `Submission`s, none for the card's own; `out` is
    the folder for results and leaderboards; for the rest see `Settings`. Raises errors.TtsBenchError, whose message is
    one line for the user.
    """
    import pandas as pd

    files = _own_files(weights, references)
    on = None if model is None else str(model)
    settings = Settings(limit, seed, store, workers, batch_size, device, labels, features, *files, on)
    done = run_evaluation(suite, submissions, settings, out)
    return pd.DataFrame([_flat(row_of(result)) for result in done.results])


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
    labels: Order | None = None,
    features: str | None = None,
    weights: Mapping[str, Path | str] | None = None,
    references: Mapping[str, Path | str] | None = None,
    model: Path | str | None = None,
) -> dict[str, Any]:
    """What `evaluate` would run and charge, and what the store already has, as the command's JSON has it."""
    files = _own_files(weights, references)
    on = None if model is None else str(model)
    settings = Settings(limit, seed, store, workers, batch_size, device, labels, features, *files, on)
    return run_plan(suite, submissions, settings).as_json()


def _own_files(
    weights: Mapping[str, Path | str] | None, references: Mapping[str, Path | str] | None
) -> tuple[dict[str, Weights], dict[str, str]]:
    return (
        {name: pinned(str(place)) for name, place in (weights or {}).items()},
        {name: str(place) for name, place in (references or {}).items()},
    )


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    flat = {name: row[name] for name in ("submission", "model", "search", "verifier", "nfe")}
    for metric, estimate in row["metrics"].items():
        flat[metric] = estimate["value"]
        flat |= {f"{metric}_{part}": estimate[part] for part in ("low", "high", "n", "unscored")}
    return flat | {f"ledger_{name}": value for name, value in row["ledger"].items() if name != "scorer_calls"}
