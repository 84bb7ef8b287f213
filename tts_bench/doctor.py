"""What can run on this machine, and what mends what cannot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tts_bench.errors import NeedsFiles, TtsBenchError
from tts_bench.prepare import Workshop
from tts_bench.prompt_files import PromptFiles
from tts_bench.prompt_sources import Address
from tts_bench.protocols import ModelSpec
from tts_bench.registry import DETECTORS, FEATURES, METRICS, MODELS, PARTS, SCORERS, SEARCHES, Registry
from tts_bench.suite import find_suite, suite_names
from tts_bench.types import Json
from tts_bench.workers.environment import ENVIRONMENTS, Environment

NEEDS = {
    "model": ("torch", "diffusers", "transformers"), "scorer": ("torch",), "search": (), "suite": (),
    "metric": ("scipy",), "feature": ("torch", "cleanfid", "torch_fidelity", "transformers"),
    "detector": ("torch", "transformers"), "part": (),
}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One thing by name: what it is, whether it runs here, and if not, what is missing and what mends it."""

    kind: str
    name: str
    about: str
    ok: bool
    state: str

    def as_json(self) -> dict[str, Json]:
        return {"kind": self.kind, "name": self.name, "about": self.about, "ok": self.ok, "state": self.state}


def check_all(store: Path | None = None) -> list[Check]:
    """Every suite, model, search, scorer, set metric and feature network; with `store`, that too."""
    found = [_suite(name) for name in suite_names()]
    for registry in (MODELS, SEARCHES, SCORERS, DETECTORS, PARTS, METRICS, FEATURES):
        found += [_check(registry, name) for name in registry.names()]
    found += [_environment(environment) for environment in ENVIRONMENTS.values()]
    found.append(_machine())
    return found + (list(_store(store)) if store else [])


def _suite(name: str) -> Check:
    try:
        suite = find_suite(name)
    except TtsBenchError as error:
        return Check("suite", name, "", False, str(error))
    try:
        if isinstance(suite.source, Address | PromptFiles) and not suite.source.here:
            fetched = f"ready; its prompts are fetched at first use ({suite.source.url}), or --prompts PLACE"
            return Check("suite", name, suite.title, True, fetched)
        count = len(suite.prompts(None))
        return Check("suite", name, suite.title, True, f"{count} prompts, {len(suite.submissions)} submissions")
    except NeedsFiles as error:
        return Check("suite", name, suite.title, True, f"ready, once it has what it needs: {error}")
    except TtsBenchError as error:
        return Check("suite", name, suite.title, False, str(error))


def _check(registry: Registry, name: str) -> Check:
    about = registry.describe(name)
    missing = [package for package in NEEDS[registry.kind] if find_spec(package) is None]
    if missing:
        return Check(
            registry.kind, name, about, False, f"missing {', '.join(missing)}: pip install {' '.join(missing)}"
        )
    try:
        made = Workshop()
        makers = {"model": lambda: made.model(ModelSpec(name)), "scorer": lambda: made.scorer(name)}
        makers |= {"feature": lambda: made.network(name), "detector": lambda: made.detector(name)}
        makers |= {"part": lambda: made.part(name)}
        makers.get(registry.kind, lambda: registry.load(name))()
    except NeedsFiles as error:
        return Check(registry.kind, name, about, True, f"ready, once it has what it needs: {error}")
    except TtsBenchError as error:
        return Check(registry.kind, name, about, False, str(error))
    except OSError as error:
        return Check(
            registry.kind,
            name,
            about,
            False,
            f"{error.filename or name}: {error.strerror or error}; reinstall tts-bench",
        )
    fetched = registry in (SCORERS, DETECTORS, PARTS) and registry.takes(name, "weights")
    where = f"; weights are fetched at first use, or --weights {name}=PLACE" if fetched else ""
    return Check(registry.kind, name, about, True, f"ready{where}")


def _environment(environment: Environment) -> Check:
    """One that is not made is no fault: few need it."""
    users = f"for {', '.join(environment.imports)}"
    state = "ready" if environment.whole() else f"not made yet: {environment.command}"
    return Check("worker", environment.name, users, True, state)


def _machine() -> Check:
    """What there is of memory; a model's card says how large it is, and --offload and --vae-tiling need less."""
    import torch

    if hasattr(os, "sysconf"):
        memory = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB of memory"
    else:
        memory = "memory unknown"
    devices = [torch.cuda.get_device_properties(place) for place in range(torch.cuda.device_count())]
    gpus = [f"{device.name} with {device.total_memory / 2**30:.0f} GiB" for device in devices] or ["no CUDA device"]
    return Check("machine", "memory", "", True, f"{os.cpu_count()} cores, {memory}; {', '.join(gpus)}")


def _store(path: Path) -> Iterator[Check]:
    from tts_bench.store import Store

    if not path.exists():
        yield Check("store", str(path), "", True, "not made yet")
        return
    try:
        with Store(path) as store:
            stats = store.stats()
        yield Check("store", str(path), "", True, f"{stats.states:,} states, {stats.scores:,} scores")
    except TtsBenchError as error:
        yield Check("store", str(path), "", False, str(error))
