"""Images made elsewhere as a result beside the others: scored alike, their compute as declared, and marked so."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from tts_bench import keys
from tts_bench.brought import Brought
from tts_bench.checks import number, text
from tts_bench.evaluation import environment
from tts_bench.keys import check_name
from tts_bench.ledger import Ledger, mean_ledger
from tts_bench.metrics_of_images import ImageMetrics, Measured
from tts_bench.own_metrics import flags_of
from tts_bench.per_prompt import by_prompt
from tts_bench.results import Result, SuiteRun, read_result, write_result
from tts_bench.scoring import Scoring
from tts_bench.set_measures import SetMeasures, SetNumbers
from tts_bench.suite import Suite
from tts_bench.types import Image, Json, Key, Prompt

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


class Owned(Protocol):
    """One of the user's images, there or only spoken of."""

    @property
    def key(self) -> Key: ...

    @property
    def prompt(self) -> Prompt: ...


@dataclass(frozen=True)
class Taken:
    """What is known of the images: numbers by metric and key, and whose they are."""

    measured: Measured
    scorers: Mapping[str, Json]  # cards
    sets: SetNumbers = field(default_factory=SetNumbers)
    set_cards: Mapping[str, Json] = field(default_factory=dict)
    grading: Mapping[str, Json] = field(default_factory=dict)


def taken_of_images(images: Sequence[Brought], metrics: ImageMetrics, sets: SetMeasures, scoring: FromFiles) -> Taken:
    """By showing the images to the suite's scorers."""
    states = cast("Sequence[State]", images)
    for name, scorer in metrics.scorers.items():
        scoring.fetch([scorer], [state for state in states if metrics.asked_of(name, state.prompt)])
    return Taken(
        metrics.measure(states, scoring),
        {name: dict(scorer.card) for name, scorer in metrics.scorers.items()},
        sets.numbers(states, scoring),
        sets.cards() if sets.used else {},
        metrics.grading(states, scoring),
    )


@dataclass
class SelfReport:
    """A result of images made elsewhere, for a folder of results."""

    suite: Suite
    metrics: ImageMetrics
    seed: int
    device: str

    def record(self, images: Sequence[Owned], taken: Taken, declared: Declared, folder: Path) -> Result:
        """Write the result; the result as it is read back. A prompt's images stand side by side."""
        suite, seed = self.suite, self.seed
        pictures = self.metrics.judged(_rows(images, taken.measured, declared))
        rows = by_prompt(pictures, [name for name in taken.measured if name in pictures], suite.images)
        result = Result(
            suite=SuiteRun(suite.name, suite.digest, suite.source.sha256, len(rows), seed, suite.images),
            name=declared.name,
            digest=keys.digest(declared.recipe),
            recipe=declared.recipe,
            cards={
                "model": {"declared": declared.model}, "scorers": taken.scorers,
                **({"sets": taken.set_cards} if taken.set_cards else {}),
            },
            flags=[SELF_REPORTED, *flags_of(declared.scorers, suite), *taken.sets.flags],
            nfe=declared.nfe,
            metrics={**self.metrics.estimates(rows), **taken.sets.estimates},
            groups=self.metrics.groups(rows),
            curve=[],
            ledger={**mean_ledger([Ledger()]), "declared_nfe": declared.nfe},
            environment=environment(self.device),
            left_out=taken.sets.left_out,
            grading=taken.grading,
        )  # fmt: skip
        write_result(folder, result, rows, _toml(declared), pictures)
        return read_result(folder)


def _rows(images: Sequence[Owned], measured: Measured, declared: Declared) -> pd.DataFrame:
    import pandas as pd

    def row(image: Owned) -> Mapping[str, object]:
        prompt, numbers = image.prompt, {name: of.get(image.key) for name, of in measured.items()}
        return {
            "prompt_id": prompt.draws, "text": prompt.text, "category": prompt.category, "split": prompt.split,
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
