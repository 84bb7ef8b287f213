"""How a suite is run: the settings of a call, and what they open."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tts_bench.engine import Engine
from tts_bench.errors import BadInput
from tts_bench.executors.local import local_executor
from tts_bench.grader.settings import GraderSettings
from tts_bench.labels import Order
from tts_bench.places import is_place, model_at
from tts_bench.plaintext import did_you_mean
from tts_bench.prepare import Workshop, pinned
from tts_bench.progress import Progress, Silent
from tts_bench.protocols import ModelSpec, Weights
from tts_bench.registry import DETECTORS, FEATURES, PARTS, SCORERS
from tts_bench.store import Store
from tts_bench.stored_references import StoredReferences
from tts_bench.suite import Suite, find_suite
from tts_bench.types import Rules

STORE = Path(".tts-bench") / "store.sqlite"
OUT = Path("out")
BATCH_SIZE = 16


def default_workers(device: str = "cpu") -> int:
    """One process a core on a CPU, at most four; one process for a GPU."""
    return min(4, os.cpu_count() or 1) if device == "cpu" else 1


def file_names() -> list[str]:
    """What files may be given for, by name."""
    return [name for registry in (SCORERS, FEATURES, DETECTORS, PARTS) for name in registry.names()]


@dataclass(frozen=True)
class Settings:
    """How a suite is run. `limit` is the number of prompts and `seed` the random seed, the card's own where None.

    `store` is the cache; `workers` processes (one a core where None) run batches padded to `batch_size` samples.
    `labels`, "balanced" or "sampled", sets how a suite of class labels draws them; `features`, "clean" or "fidelity",
    which library's Inception its set metrics use. `weights` are the user's files for scorers and feature networks,
    `references` the real images (statistics, a folder ...) of feature networks, by name. `model`, a name as in
    "shapes:steps=8" or the file or folder of one, takes the place of every submission's own. `prompts` is the user's
    file: a copy of the suite's, or where a suite is of the user's prompts, those. `grader` is the LLM that grades, none
    where None. `per_prompt` is the number of images a prompt, `categories` which prompts are taken, `rules`, "official"
    or "fixed", how the suite's rules are read, and `detector` what finds the objects they speak of.
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
    prompts: Path | None = None
    grader: GraderSettings | None = None
    per_prompt: int | None = None
    categories: tuple[str, ...] | None = None
    rules: Rules | None = None
    detector: str | None = None

    def suite(self, name: str) -> Suite:
        card = find_suite(name).with_labels(self.labels).with_features(self.features).with_prompts(self.prompts)
        return card.with_categories(self.categories).with_protocol(self.per_prompt, self.rules, self.detector)

    def workshop(self, suite: Suite, progress: Progress | None = None) -> Workshop:
        """What makes a call's models and scorers; a place given as model holds files of the suite's."""
        models = {}
        if self.model is not None and is_place(self.model):
            models = {model_at(self.model, ModelSpec(suite.model)).name: pinned(self.model)}
        return Workshop(
            self.device, self.weights, self.references, models, self.features, self.batch_size,
            StoredReferences(Path(self.store)), self.grader, suite.rules, suite.detector, progress,
        )  # fmt: skip

    def check(self) -> None:
        """BadInput for a seed, a device, or a name that cannot be used."""
        for key, given, known in (
            ("weights", self.weights, file_names()),
            ("references", self.references, FEATURES.names()),
        ):
            for name in given:
                if name not in known:
                    raise BadInput.at("settings", key, name, f"no such name; {did_you_mean(name, known)}")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise BadInput.at("settings", "seed", self.seed, "use a whole number from 0 to 2^63 - 1")
        if self.device != "cpu":
            _check_device(self.device)


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
