"""What the command line and a notebook both call: one function a job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tts_bench.entry import Entry
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.evaluation import Evaluation, Evaluator, row_of
from tts_bench.files import check_folder
from tts_bench.labels import Order, check_labels
from tts_bench.metrics_of_images import ImageMetrics
from tts_bench.planning import Plan, make_plan
from tts_bench.prepare import Workshop, pinned
from tts_bench.progress import Progress
from tts_bench.protocols import Weights, is_over_set
from tts_bench.results import read_results
from tts_bench.set_measures import SetMeasures
from tts_bench.settings import BATCH_SIZE, OUT, STORE, Settings, open_engine
from tts_bench.submission import Submission, on_model, read_submission
from tts_bench.suite import Suite
from tts_bench.types import Prompt, Rules

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Chosen:
    """Submissions that can run, made ready, and what was left out of them and why."""

    submissions: list[Submission]
    entries: list[Entry]
    notes: list[str]


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
    prompts = card.images_asked(settings.limit)
    workshop = settings.workshop(card, progress)
    chosen = prepared(card, submissions, workshop, settings.model)
    _look(chosen, card, prompts, workshop, asks=not Path(settings.store).exists())
    if (Path(out) / "results" / card.name).is_dir():
        read_results(Path(out) / "results" / card.name)
    check_folder(Path(out))
    with open_engine(settings, progress) as engine:
        done = Evaluator(card, engine, Path(out), settings.limit, settings.seed, workshop).run(chosen.submissions)
    unused = [f"{name}: files were given, and nothing here reads them" for name in workshop.unused()]
    return replace(done, notes=[*chosen.notes, *done.notes, *unused])


def _look(chosen: Chosen, card: Suite, prompts: Sequence[Prompt], workshop: Workshop, asks: bool) -> None:
    """What can be refused is refused, the cheap looks first: at classes and weights before real images.

    `asks`: there will be questions to a grader, since no store can have the answers.
    """
    metrics, sets = ImageMetrics(card, workshop), SetMeasures(card, workshop)
    sets.check_count(prompts)
    metrics.check(asks)
    for entry in chosen.entries:
        check_labels(entry.model, prompts, f"model {entry.spec.name}")
    for scorer in [*(s for entry in chosen.entries for s in entry.scorers.values()), *metrics.scorers.values()]:
        _ = None if is_over_set(scorer) else scorer.card  # which holds its files to their digests
    sets.check()


def run_plan(
    suite: str,
    submissions: Sequence[Submission | Path | str],
    settings: Settings = Settings(),
) -> Plan:
    """What `run_evaluation` would run, before anything runs."""
    settings.check()
    card = settings.suite(suite)
    prompts = card.images_asked(settings.limit)
    seed = card.seed if settings.seed is None else settings.seed
    with TemporaryDirectory() as nowhere:
        if not Path(settings.store).exists():  # a plan leaves nothing behind
            settings = replace(settings, store=Path(nowhere) / "store.sqlite")
        workshop = settings.workshop(card)
        chosen = prepared(card, submissions, workshop, settings.model)
        _look(chosen, card, prompts, workshop, asks=False)
        with open_engine(settings) as engine:
            return make_plan(card, chosen.entries, engine, prompts, seed, workshop)


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
    prompts: Path | str | None = None,
    per_prompt: int | None = None,
    categories: Sequence[str] | None = None,
    rules: Rules | None = None,
    detector: str | None = None,
) -> pd.DataFrame:
    """Evaluate submissions on a suite: one row a submission, with every metric's value, interval, n and unscored count.

    `suite` is a name or a card's path; `submissions` are TOML files or `Submission`s, none for the card's own; `out` is
    the folder for results and leaderboards; for the rest see `Settings`. Raises errors.TtsBenchError, whose message is
    one line for the user.
    """
    import pandas as pd

    files = _own_files(weights, references)
    on, own = None if model is None else str(model), None if prompts is None else Path(prompts)
    which = per_prompt, None if categories is None else tuple(categories), rules, detector
    settings = Settings(
        limit, seed, store, workers, batch_size, device, labels, features, *files, on, own, None, *which
    )
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
    prompts: Path | str | None = None,
    per_prompt: int | None = None,
    categories: Sequence[str] | None = None,
    rules: Rules | None = None,
    detector: str | None = None,
) -> dict[str, Any]:
    """What `evaluate` would run and charge, and what the store already has, as the command's JSON has it."""
    files = _own_files(weights, references)
    on, own = None if model is None else str(model), None if prompts is None else Path(prompts)
    which = per_prompt, None if categories is None else tuple(categories), rules, detector
    settings = Settings(
        limit, seed, store, workers, batch_size, device, labels, features, *files, on, own, None, *which
    )
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
