"""From submissions to entries: names resolved, the model's defaults filled in. Nothing heavy loads."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts_bench import keys
from tts_bench.detections.protocol import Detector
from tts_bench.entry import Entry
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.features.protocol import FeatureNetwork, HasReference
from tts_bench.grader.settings import GraderSettings
from tts_bench.metrics.sample import Reference
from tts_bench.models.schedule import SOLVERS, WHOLE, Grid
from tts_bench.progress import Progress
from tts_bench.protocols import Model, ModelSpec, Scorer, Weights
from tts_bench.registry import DETECTORS, FEATURES, MODELS, PARTS, SCORERS, SEARCHES, Registry
from tts_bench.set_card import INCEPTIONS
from tts_bench.submission import Submission
from tts_bench.types import Json, Rules, SearchFunction
from tts_bench.verifier import MEANS

if TYPE_CHECKING:
    from tts_bench.measure import Cache


def pinned(place: str) -> Weights:
    """ "FILE@sha256:..." or "owner/name@<commit>" as a place and what pins it; without that, the place alone."""
    path, at, revision = place.rpartition("@")
    is_pin = re.fullmatch(r"sha256:[0-9a-f]{64}|[0-9a-f]{40}", revision)
    return Weights(Path(path), revision) if at and is_pin else Weights(Path(place))


@dataclass
class Workshop:
    """Makes entries; submissions of one call share their models' adapters and their scorers."""

    device: str = "cpu"
    weights: Mapping[str, Weights] = field(default_factory=dict)  # of scorers and feature networks, by name
    references: Mapping[str, str] = field(default_factory=dict)  # real images, by the network that sees them
    models: Mapping[str, Weights] = field(default_factory=dict)  # files of models whose submissions name none
    inception: str | None = None  # the one network that stands for all of INCEPTIONS
    batch_size: int = 32  # real images that a network sees at once
    cache: Cache | None = None  # of what networks saw of real images
    grader: GraderSettings | None = None
    rules: Rules = "official"  # of scorers that know more than one reading
    finder: str | None = None  # the detector of scorers that need one, each has its own otherwise
    progress: Progress | None = None
    _models: dict[ModelSpec, Model] = field(default_factory=dict)
    _scorers: dict[str, Scorer] = field(default_factory=dict)
    _parts: dict[str, Any] = field(default_factory=dict)
    _networks: dict[str, FeatureNetwork] = field(default_factory=dict)
    _real: dict[str, tuple[Reference, Mapping[str, Json]]] = field(default_factory=dict)

    def entries(self, submissions: Sequence[Submission]) -> list[Entry]:
        return [self.entry(submission) for submission in submissions]

    def entry(self, submission: Submission) -> Entry:
        # Steps and solver are the grid's, not the loaded networks'.
        spec = self.located(replace(submission.model, solver=None, search_steps=None, final_steps=None))
        model = self.model(spec)
        search = SEARCHES.load(submission.search.name)
        verifier = submission.verifier
        entry = Entry(
            name=submission.name, digest=submission.digest, spec=spec, model=model, search=search,
            knobs=submission.search.knobs,
            scorers={name: self.scorer(name) for name in (verifier.scorers if verifier else ())},
            combine=verifier.combine if verifier else "single",
            weights=tuple(verifier.weights or ()) if verifier else (),
            budget=submission.budget_nfe,
            budget_total=submission.budget_total,
            search_grid=grid(model, submission, submission.model.search_steps),
            final_grid=grid(model, submission, submission.model.final_steps),
            search_digest=source_digest(search),
        )  # fmt: skip
        if (why := misfit(entry)) is not None:
            names = ", ".join(entry.scorers)
            raise BadInput.at(f"submission {submission.name}", "verifier.scorers", names, why)
        return entry

    def located(self, spec: ModelSpec) -> ModelSpec:
        """With the files that the call gives its model, if it has none of its own."""
        given = self.models.get(spec.name)
        if given is None or spec.weights is not None:
            return spec
        return replace(spec, weights=str(given.path), revision=given.revision)

    def model(self, spec: ModelSpec) -> Model:
        if spec not in self._models:
            self._models[spec] = MODELS.load(spec.name)(spec, self.device)
        return self._models[spec]

    def scorer(self, name: str) -> Scorer:
        if name not in self._scorers:
            self._scorers[name] = self._made(SCORERS, name)
        return self._scorers[name]

    def part(self, name: str) -> Any:
        """What scorers share: a language, how near things are. Made here, opened at its first use."""
        if name not in self._parts:
            self._parts[name] = self._made(PARTS, name)
        return self._parts[name]

    def detector(self, name: str) -> Detector:
        """The call's detector, or the one of that name."""
        name = self.finder or name
        if name not in self._parts:
            self._parts[name] = self._made(DETECTORS, name)
        return self._parts[name]

    def network(self, name: str) -> FeatureNetwork:
        """A feature network; made here, loaded at its first image."""
        name = self._seen_by(name)
        if name not in self._networks:
            self._networks[name] = self._made(FEATURES, name)
        return self._networks[name]

    def _seen_by(self, name: str) -> str:
        """Two libraries' Inceptions never measure and guide in one call."""
        return self.inception if self.inception and name in INCEPTIONS else name

    def has_reference(self, network: str) -> bool:
        return self._seen_by(network) in self.references or isinstance(self.network(network), HasReference)

    def unused(self) -> list[str]:
        """Names of files that the call was given and that nothing of it has asked for."""
        scorers = [name for name in self.weights if name not in {**self._scorers, **self._networks, **self._parts}]
        return scorers + [name for name in self.references if name not in self._real]

    def reference(self, network: str) -> tuple[Reference, Mapping[str, Json]]:
        """Real images as a network sees them, and their card: the user's, or those that come with it."""
        network = self._seen_by(network)
        if network not in self._real:
            seen = self.network(network)
            if not self.has_reference(network):
                fix = f"needs real images: add --reference {network}=FILE (statistics, a folder of images, ...)"
                raise NeedsFiles.at("feature network", "reference", network, fix)
            if network in self.references or not isinstance(seen, HasReference):
                from tts_bench.measure import read_reference

                self._real[network] = read_reference(
                    self.references[network], seen, batch_size=self.batch_size, progress=self.progress, cache=self.cache
                )
            else:
                self._real[network] = seen.reference, {"reference": network, "version": 1}
        return self._real[network]

    def _made(self, registry: Registry, name: str) -> Any:
        """With files of the user's where there are any, on the device, and with the call's other parts, as it asks.

        A plug-in's `load` may take by these names: `device`; `weights` and `revision`; `grader` and `rules`; and what
        makes more by its name, `features`, `reference`, `detector`, `part` and `scorer`.
        """
        given = self.weights.get(name)
        if given is not None and not registry.takes(name, "weights"):
            raise BadInput.at("command line", "--weights", name, f"this {registry.kind} has its own; leave it out")
        parts: dict[str, Any] = {
            "device": self.device, "features": self.network, "reference": self.reference, "grader": self.grader,
            "rules": self.rules, "detector": self.detector, "part": self.part, "scorer": self.scorer,
        }  # fmt: skip
        return registry.make(name, parts | (given.options if given else {}))


def grid(model: Model, submission: Submission, steps: int | None) -> Grid:
    solver = submission.model.solver or model.solver
    known = (WHOLE,) if model.solver == WHOLE else SOLVERS
    if solver not in known:
        raise BadInput.at(f"submission {submission.name}", "model.solver", solver, f"use one of {', '.join(known)}")
    return Grid(solver, steps or model.steps, model.shift, getattr(model, "schedule", None))


def misfit(entry: Entry) -> str | None:
    """Why a verifier does not go with its search, or with its company; None where it does."""
    name, over = entry.search_name, entry.over_set
    if over is not None and len(entry.scorers) > 1:
        whose = next(scorer for scorer, made in entry.scorers.items() if made is over)
        return f"{whose} judges the set of picks and must be the only scorer"
    if over is not None and entry.joint:
        return f"judges the picks prompt by prompt, and {name!r} searches all prompts at once; change one of them"
    if entry.joint and entry.combine in MEANS:
        return f"{entry.combine!r} compares the candidates of one prompt, and {name!r} compares prompts; use 'sum'"
    if entry.search_grid.solver == WHOLE and (why := _stops(entry)) is not None:
        return why
    if "gradient" in getattr(entry.search, "needs", ()) and entry.uphill is None:
        return f"{name!r} follows the gradient of one scorer that has one; change the verifier or the search"
    return None


def _stops(entry: Entry) -> str | None:
    """Why it does not go with a model that runs from noise to image at once."""
    whole = [name for name in SEARCHES.builtin if getattr(SEARCHES.load(name), "whole", False)]
    use = f"and model {entry.spec.name!r} runs whole; use {', '.join(whole)}"
    if not getattr(entry.search, "whole", False) or entry.knobs.get("eta") is not None:
        return f"{entry.search_name!r} stops on the way, {use}"
    if entry.watched:
        return f"{', '.join(entry.scorers)} looks at images on the way, {use} with another verifier"
    return None


def source_digest(search: SearchFunction) -> str:
    """Which version of a search it was: the digest of the file that defines it."""
    return keys.file_digest(Path(inspect.getfile(search)))
