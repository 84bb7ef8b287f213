"""Images made elsewhere as a result beside the others: scored alike, their compute as declared, and marked so."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from tts_bench import keys
from tts_bench.brought import Brought
from tts_bench.checks import number, text
from tts_bench.evaluation import environment, flags_of
from tts_bench.keys import check_name
from tts_bench.ledger import Ledger, mean_ledger
from tts_bench.metrics_of_images import ImageMetrics, Measured
from tts_bench.results import Result, SuiteRun, read_result, write_result
from tts_bench.scoring import Scoring
from tts_bench.set_measures import SetMeasures
from tts_bench.suite import Suite
from tts_bench.types import Image, Json, Key

if TYPE_CHECKING:
    import pandas as pd

    from tts_bench.recipes import State

SELF_REPORTED = "self_reported"  # the flag of a result whose images nothing here can make again


@dataclass(frozen=True)
class Declared:
    """What somebody says of their images, which nothing here can check. `nfe` is a prompt's, all in all."""

    name: str
    nfe: float
    model: str = "unknown"
    search: str = "unknown"
    scorers: Sequence[str] = ()  # of the verifier

    def __post_init__(self) -> None:
        """BadInput for a name that can be none, and for numbers and words that a table cannot hold."""
        check_name(self.name, "command line", "--name")
        number(0)(self.nfe, "command line", "--nfe")
        for flag, value in (("--model", self.model), ("--search", self.search)):
            text(200)(value, "command line", flag)
        for scorer in self.scorers:
            check_name(scorer, "command line", "--verifier")

    @property
    def recipe(self) -> dict[str, Json]:
        """In the shape of a submission's."""
        rule = "rank" if len(self.scorers) > 1 else "single"
        return {
            "model": {"name": self.model}, "search": {"name": self.search},
            "verifier": {"scorers": list(self.scorers), "combine": rule} if self.scorers else None, "budget": {},
        }  # fmt: skip


class FromFiles(Scoring):
    """Scores of the user's images, which are read as they are needed and kept by no store."""

    def images(self, states: Sequence[State]) -> dict[Key, Image]:
        return {state.key: state.read() for state in cast("Sequence[Brought]", states)}


@dataclass
class SelfReport:
    """One call of `score`: a suite's metrics, and a folder for the result."""

    suite: Suite
    metrics: ImageMetrics
    sets: SetMeasures
    scoring: FromFiles
    seed: int
    device: str

    def record(self, images: Sequence[Brought], declared: Declared, folder: Path) -> Result:
        """Score one image a prompt and write the result; the result as it is read back."""
        states = cast("Sequence[State]", images)
        self.scoring.fetch(self.metrics.scorers.values(), states)
        rows = _rows(images, self.metrics.measure(states, self.scoring), declared)
        sets = self.sets.numbers(states, self.scoring)
        names = [metric.scorer for metric in self.metrics.used]
        result = Result(
            suite=SuiteRun(self.suite.name, self.suite.digest, self.suite.source.sha256, len(images), self.seed),
            name=declared.name,
            digest=keys.digest(declared.recipe),
            recipe=declared.recipe,
            cards={
                "model": {"declared": declared.model},
                "scorers": {name: dict(self.metrics.scorers[name].card) for name in names},
                **({"sets": self.sets.cards()} if self.sets.used else {}),
            },
            flags=[SELF_REPORTED, *flags_of(declared.scorers, self.suite), *sets.flags],
            nfe=declared.nfe,
            metrics={**self.metrics.estimates(rows, self.seed), **sets.estimates},
            groups=self.metrics.groups(rows, self.seed),
            curve=[],
            ledger={**mean_ledger([Ledger()]), "declared_nfe": declared.nfe},
            environment=environment(self.device),
            left_out=sets.left_out,
            grading=self.metrics.grading(states, self.scoring),
        )
        write_result(folder, result, rows, _toml(declared))
        return read_result(folder)


def _rows(images: Sequence[Brought], measured: Measured, declared: Declared) -> pd.DataFrame:
    import pandas as pd

    def row(image: Brought) -> Mapping[str, object]:
        prompt, numbers = image.prompt, {name: of.get(image.key) for name, of in measured.items()}
        return {
            "prompt_id": prompt.id, "text": prompt.text, "category": prompt.category, "split": prompt.split,
            "pick": image.key, **{name: np.nan if value is None else value for name, value in numbers.items()},
            "verifier": np.nan, "nfe": float(declared.nfe), "diversity": np.nan,
        }  # fmt: skip

    return pd.DataFrame([row(image) for image in images])


def _toml(declared: Declared) -> str:
    lines = ["# Images made elsewhere: what follows is declared by who made them, and cannot be run."]
    lines += [f"name = {json.dumps(declared.name)}"]
    for section, values in declared.recipe.items():
        if isinstance(values, Mapping) and values:
            lines += ["", f"[{section}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"
