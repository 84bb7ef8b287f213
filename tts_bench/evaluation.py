"""The main job: run submissions on a suite, score their images, write results and a leaderboard."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tts_bench.best_of_k import best_of_k_curve, budgets
from tts_bench.boards import build_leaderboard
from tts_bench.diversity import diversities
from tts_bench.engine import Engine
from tts_bench.entry import Entry
from tts_bench.ledger import mean_ledger
from tts_bench.metrics_of_images import ImageMetrics, Measured
from tts_bench.own_metrics import flags_of
from tts_bench.per_prompt import by_prompt, mean_of_images
from tts_bench.prepare import Workshop
from tts_bench.protocols import Featured, Scorer
from tts_bench.results import CurvePoint, Result, SuiteRun, read_result, write_result
from tts_bench.run import Run
from tts_bench.set_measures import SetMeasures
from tts_bench.submission import Submission
from tts_bench.suite import Suite
from tts_bench.types import Json, Prompt

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Evaluation:
    """What a call made: results in the order of the submissions, where the files are, what was run and charged."""

    suite: str
    results: list[Result]
    files: dict[str, str]
    nfe_run: int
    nfe_charged: int
    replaced: list[str] = field(default_factory=list)  # other results that were written over
    notes: list[str] = field(default_factory=list)  # what was left out, and why

    def as_json(self) -> dict[str, Json]:
        rows: list[Json] = [row_of(result) for result in self.results]
        return {
            "suite": self.suite, "rows": rows, "files": dict(self.files),
            "nfe_run": self.nfe_run, "nfe_charged": self.nfe_charged,
        }  # fmt: skip


def row_of(result: Result) -> dict[str, Json]:
    """One submission's line of the command's JSON output."""
    recipe: Mapping[str, Any] = result.recipe
    verifier = recipe["verifier"]
    return {
        "submission": result.name, "model": recipe["model"]["name"], "search": recipe["search"]["name"],
        "verifier": _verifier(verifier) if verifier else None, "nfe": result.nfe,
        "metrics": {name: estimate.as_json() for name, estimate in result.metrics.items()},
        "ledger": dict(result.ledger),
    }  # fmt: skip


def _verifier(recipe: Mapping[str, Any]) -> str:
    """As `--verifier` takes it: "a+b" is the rank ensemble."""
    options = [f"combine={recipe['combine']}"] if recipe["combine"] not in ("single", "rank") else []
    options += ["weights=" + "+".join(f"{weight:g}" for weight in recipe["weights"])] if recipe.get("weights") else []
    scorers = "+".join(recipe["scorers"])
    return f"{scorers}:{','.join(options)}" if options else scorers


@dataclass
class Evaluator:
    """One call of `evaluate`: a suite, an engine over its store, and a folder for what comes out."""

    suite: Suite
    engine: Engine
    out: Path
    limit: int | None = None
    seed: int | None = None
    workshop: Workshop = field(default_factory=Workshop)
    replaced: list[str] = field(default_factory=list)

    @cached_property
    def sets(self) -> SetMeasures:
        return SetMeasures(self.suite, self.workshop)

    @cached_property
    def metrics(self) -> ImageMetrics:
        return ImageMetrics(self.suite, self.workshop)

    def run(self, submissions: Sequence[Submission]) -> Evaluation:
        prompts = self.suite.images_asked(self.limit)
        seed = self.suite.seed if self.seed is None else self.seed
        entries = self.workshop.entries(submissions)
        runs = self.engine.runs(entries, prompts, seed, self.judges)
        measured = self.measure(runs)
        per_entry = [runs[i : i + len(prompts)] for i in range(0, len(runs), len(prompts))]
        results = [
            self.record(submission, entry, own, measured, seed)
            for submission, entry, own in zip(submissions, entries, per_entry, strict=True)
        ]
        charged = sum(run.ledger.nfe for run in runs)
        files, nfe_run = self.publish(), self.engine.nfe_run
        notes = [*self.metrics.notes, *self.sets.notes, *self.metrics.asked()]
        return Evaluation(self.suite.name, results, files, nfe_run, charged, self.replaced, notes)

    def judges(self, prompt: Prompt) -> list[Scorer | Featured]:
        """What looks at the final images of a prompt."""
        return [*self.metrics.judges(prompt), *self.sets.networks.values()]

    def measure(self, runs: Sequence[Run]) -> Measured:
        """The suite's metrics of every final image and, where the suite draws curves, of every candidate."""
        states = [run.final for run in runs if run.final is not None]
        states += [state for run in runs if self.suite.curve and run.entry.has_curve for state in run.pool]
        return self.metrics.measure(states, self.engine.scoring)

    def record(
        self, submission: Submission, entry: Entry, runs: Sequence[Run], measured: Measured, seed: int
    ) -> Result:
        """Write one submission's result and rows; the result as it is read back."""
        images = rows_of(runs, measured, diversities(runs, self.engine.scoring))
        images = self.metrics.judged(images)
        rows = by_prompt(images, [name for name in measured if name in images], self.suite.images)
        finals = [run.settled()[1] for run in runs]
        sets = self.sets.numbers(finals, self.engine.scoring)
        result = Result(
            suite=SuiteRun(
                self.suite.name, self.suite.digest, self.suite.source.sha256, len(rows), seed, self.suite.images
            ),
            name=submission.name,
            digest=submission.digest,
            recipe=submission.recipe,
            cards=self.cards(entry),
            flags=[*flags_of(entry.scorers, self.suite), *unguided(runs), *sets.flags],
            nfe=float(np.mean([run.ledger.nfe for run in runs])),
            metrics={**self.metrics.estimates(rows), **sets.estimates},
            groups=self.metrics.groups(rows),
            curve=self.curve(entry, runs, measured, seed) if self.suite.curve and entry.has_curve else [],
            ledger=mean_ledger([run.ledger for run in runs]),
            environment=environment(self.engine.device),
            left_out=sets.left_out,
            grading=self.metrics.grading(finals, self.engine.scoring),
        )
        folder = self.folder / submission.name
        self.note_replaced(folder, result)
        write_result(folder, result, rows, submission.to_toml(), images)
        return read_result(folder)

    def note_replaced(self, folder: Path, result: Result) -> None:
        """Remember where a result of another recipe, prompt set, seed or judges is about to be written over."""
        if (folder / "result.json").exists() and (words := told_of(read_result(folder), result)):
            self.replaced.append(f"{folder}: {words}")

    @property
    def folder(self) -> Path:
        return self.out / "results" / self.suite.name

    def cards(self, entry: Entry) -> dict[str, Json]:
        """Everything that changes a number: the model, its grids, and every scorer that guided or measured."""
        names = dict.fromkeys([*entry.scorers, *self.metrics.scorers])
        return {
            "model": dict(entry.model.card),
            "grids": {"search": entry.search_grid.card, "final": entry.final_grid.card},
            "scorers": {name: dict(self.workshop.scorer(name).card) for name in names},
            **({"sets": self.sets.cards()} if self.sets.used else {}),
        }

    def curve(self, entry: Entry, runs: Sequence[Run], measured: Measured, seed: int) -> list[CurvePoint]:
        """Every budget up to the pool's size, from the one pool, by the exact expected best of k."""
        pools = [run.pool for run in runs]
        size = min(map(len, pools))
        counts = budgets(size)
        verifier = _table([[run.values.get(state.key) for state in run.pool[:size]] for run in runs])
        expected = {
            name: best_of_k_curve(verifier, _table([[of.get(s.key) for s in pool[:size]] for pool in pools]), counts)
            for name, of in measured.items()
        }
        of_prompts = {name: mean_of_images(values, self.suite.images) for name, values in expected.items()}
        categories = [run.prompt.category for run in runs[:: self.suite.images]]
        solve = runs[0].ledger.nfe / len(pools[0])  # candidates of one kind cost the same
        return [
            CurvePoint(k, float(k * solve), self.metrics.of_columns(of_prompts, i, categories))
            for i, k in enumerate(counts)
        ]

    def publish(self) -> dict[str, str]:
        """Rebuild the suite's leaderboard from every result in the folder, as `tts-bench leaderboard` does."""
        made = build_leaderboard(self.suite, self.out / "results", self.out / "leaderboards")
        return {"results": str(self.folder), **{path.name: str(path) for path in made}}


def told_of(old: Result, result: Result) -> str:
    """What was lost where `result` takes an old one's place; "" where it was the same asked again."""
    if (old.digest, old.suite) != (result.digest, result.suite):
        images = f" x {old.suite.images} images" if old.suite.images > 1 else ""
        return f"replaced a result of {old.suite.n} prompts{images}, seed {old.suite.seed}"
    if old.cards.get("scorers") != result.cards.get("scorers"):
        return "replaced a result by other rules, another detector or other scorers"
    return ""


def unguided(runs: Sequence[Run]) -> list[str]:
    """A flag with the number of prompts on which the verifier had no number for any candidate, if there are such.

    There the pick is no choice at all.
    """
    lost = sum(bool(run.entry.scorers) and all(value is None for value in run.values.values()) for run in runs)
    return [f"unguided:{lost}"] if lost else []


def rows_of(runs: Sequence[Run], measured: Measured, spread: Sequence[float | None]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([_row(run, measured, diversity) for run, diversity in zip(runs, spread, strict=True)])


def _row(run: Run, measured: Measured, diversity: float | None) -> dict[str, object]:
    prompt, (pick, final) = run.prompt, run.settled()
    metrics = {name: _number(of.get(final.key)) for name, of in measured.items()}
    return {
        "prompt_id": prompt.draws, "text": prompt.text, "category": prompt.category, "split": prompt.split,
        "pick": final.key, **metrics, "verifier": _number(run.values.get(pick.key)),
        "nfe": float(run.ledger.nfe), "diversity": _number(diversity),
    }  # fmt: skip


def _table(rows: Sequence[Sequence[float | None]]) -> np.ndarray:
    return np.array([[_number(value) for value in row] for row in rows], dtype=np.float64)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def environment(device: str) -> dict[str, Json]:
    """What the numbers were made with; no host name, no path, no date."""
    return {
        "tts_bench": _version("tts-bench"), "python": platform.python_version(), "torch": _version("torch"),
        "diffusers": _version("diffusers"), "transformers": _version("transformers"), "numpy": np.__version__,
        "system": platform.system(), "machine": platform.machine(), "device": device,
    }  # fmt: skip


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
