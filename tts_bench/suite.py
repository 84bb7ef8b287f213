"""A suite's card: prompts, metrics, protocol and the submissions it is usually run with.

name = "shapes"
title = "..."
description = "..."
[prompts]
file = "shapes.prompts.jsonl"   # beside the card; for other sources see `prompt_sources`
sha256 = "..."                  # part of the card, so prompts cannot drift
limit = 84                      # how many are used unless told otherwise: a prefix
[protocol]
seed = 0
model = "shapes"
curve = true                    # the metrics are cheap enough to score every candidate of an exchangeable search
images = 2                      # optional: how many a prompt, each found by a search of its own; 1
rules = "official"              # optional: which reading of the suite's rules its scorers take, see `RULES`
detector = "owlv2"              # optional: what finds the objects that the rules speak of
[[metrics]]                     # numbers of every image: see `metric_card`
[[set_metrics]]                 # numbers over all images together: see `set_card`
[[submissions]]                 # as in a submission's file
[grid]                          # optional: what `--grid` runs, each search with each verifier at each budget
searches = ["random", "zero_order", "paths:noises=2"]        # as on the command line
verifiers = ["checker", "dual_encoder+appeal"]
budgets = [64, 128, 256]        # NFE a prompt
limit = 42                      # optional: prompts, where the grid takes fewer
[[published]]                   # optional: numbers of a paper, with their source
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from tts_bench.checks import boolean, choice, integer, several, text
from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.keys import check_name
from tts_bench.labels import ORDERS, Labels, Order
from tts_bench.metric_card import Metric, take_metric
from tts_bench.plaintext import did_you_mean, shown
from tts_bench.prompt_files import PromptFiles
from tts_bench.prompt_sources import Address, OfCategories, OwnPrompts, Source, take_source
from tts_bench.protocols import ModelSpec
from tts_bench.registry import DETECTORS, MODELS, SUITES
from tts_bench.set_card import INCEPTIONS, SetMetricCard, take_set_metric
from tts_bench.submission import Submission, take_submission
from tts_bench.tables import MAX_BYTES, Table, parse_toml
from tts_bench.types import Prompt, Rules

_HERE = Path(__file__).parent
CARDS = _HERE / "benchmarks" if (_HERE / "benchmarks").is_dir() else _HERE.parent / "benchmarks"  # wheel, checkout
RULES: tuple[Rules, ...] = ("official", "fixed")
MOST_IMAGES = 100  # a prompt
MOST = 64  # searches, verifiers or budgets of a grid


@dataclass(frozen=True)
class GridCard:
    """`[grid]`: flags of searches and verifiers, which are read when the grid is made, and NFE a prompt."""

    searches: tuple[str, ...]
    verifiers: tuple[str, ...]
    budgets: tuple[int, ...]
    limit: int | None = None


@dataclass(frozen=True)
class Suite:
    """A card as a value; `digest` is the sha256 of its file, `path` where that was."""

    name: str
    title: str
    description: str
    path: Path
    digest: str
    source: Source
    default_limit: int
    seed: int
    model: str
    curve: bool
    metrics: tuple[Metric, ...]
    set_metrics: tuple[SetMetricCard, ...]
    submissions: tuple[Submission, ...]
    published: tuple[Mapping[str, Any], ...] = ()
    grid: GridCard | None = None
    images: int = 1  # a prompt
    rules: Rules = "official"
    detector: str | None = None
    every_metric: tuple[Metric, ...] = ()  # the card's, where `metrics` are those of some categories

    @property
    def whole(self) -> Suite:
        """With the card's own metrics: what results of any of its categories are shown by."""
        return replace(self, metrics=self.every_metric or self.metrics)

    @property
    def own_model(self) -> ModelSpec:
        """The model as the card's submissions set it, for those that name none: so their results stand side by side."""
        specs = [submission.model for submission in self.submissions if submission.model.name == self.model]
        return specs[0] if specs else ModelSpec(self.model)

    @cached_property
    def all_prompts(self) -> tuple[Prompt, ...]:
        """Every prompt there is, of a file its sha256 and ids checked."""
        return self.source.prompts()

    @property
    def main_metric(self) -> str:
        return next(metric.name for metric in (*self.metrics, *self.set_metrics) if metric.main)

    def with_features(self, network: str | None) -> Suite:
        """With another Inception under its set metrics: "clean" or "fidelity". BadInput if the suite has none."""
        if network is None:
            return self
        if network not in INCEPTIONS or not any(metric.features in INCEPTIONS for metric in self.set_metrics):
            fix = f"only {' and '.join(INCEPTIONS)} stand for each other, where a suite's metrics use one of them"
            raise BadInput.at(shown(self.path), "set_metrics.features", network, fix)
        changed = [replace(m, features=network) if m.features in INCEPTIONS else m for m in self.set_metrics]
        return replace(self, set_metrics=tuple(changed))

    def with_labels(self, order: Order | None) -> Suite:
        """With class labels in another order; BadInput if its prompts are a file."""
        if order is None:
            return self
        if order not in ORDERS:
            raise BadInput.at("settings", "labels", order, f"use {' or '.join(ORDERS)}")
        if not isinstance(self.source, Labels):
            raise BadInput.at(shown(self.path), "prompts.labels", order, "the suite's prompts are a file, no labels")
        return replace(self, source=replace(self.source, order=order))

    def with_categories(self, names: Sequence[str] | None) -> Suite:
        """With the prompts of these categories alone, and the metrics that they need."""
        if names is None:
            return self
        chosen = OfCategories(self.source, tuple(dict.fromkeys(names)), shown(self.path))
        # Which there are is known once the prompts are read; those that there are not are refused then.
        needed = tuple(metric.within(names) for metric in self.metrics)
        return replace(self, source=chosen, metrics=needed, every_metric=self.metrics)

    def with_protocol(self, images: int | None, rules: Rules | None, detector: str | None) -> Suite:
        """With another number of images a prompt, another reading of the rules, another detector."""
        if rules is not None and rules not in RULES:
            raise BadInput.at("settings", "rules", rules, f"use {' or '.join(RULES)}")
        if images is not None:
            integer(1, MOST_IMAGES)(images, "settings", "per_prompt")
        if detector is not None:
            DETECTORS.require(detector, "settings", "detector")
        suite = replace(
            self, images=images or self.images, rules=rules or self.rules, detector=detector or self.detector
        )
        if suite.images > 1 and self.set_metrics:
            fix = "its metrics of all images count each of them; take more prompts in their place"
            raise BadInput.at(shown(self.path), "protocol.images", suite.images, fix)
        return suite

    def with_prompts(self, file: Path | None) -> Suite:
        """With the user's file: a copy of the pinned one, or prompts of their own where the card asks for those.

        BadInput if the suite's prompts come with it.
        """
        if file is None:
            return self
        if isinstance(self.source, Address | PromptFiles):
            return replace(self, source=replace(self.source, copy=file))
        if isinstance(self.source, OwnPrompts):
            return replace(self, source=OwnPrompts(file))
        fix = "the suite has its own; for prompts of yours take --suite prompts"
        raise BadInput.at(shown(self.path), "prompts", str(file), fix)

    def prompts(self, limit: int | None = None) -> list[Prompt]:
        """The first `limit` prompts, the card's number if None; BadInput if there are not so many."""
        wanted = self.default_limit if limit is None else limit
        if limit is None and isinstance(self.source, OwnPrompts | OfCategories):
            wanted = min(wanted, len(self.all_prompts))
        if not 1 <= wanted <= len(self.all_prompts):
            fix = f"the suite has {len(self.all_prompts)} prompts; ask for 1 to {len(self.all_prompts)}"
            raise BadInput.at(shown(self.path), "prompts.limit", wanted, fix)
        return list(self.all_prompts[:wanted])

    def images_asked(self, limit: int | None = None) -> list[Prompt]:
        """The first `limit` prompts, each as often as it has images."""
        numbers = range(1, self.images + 1)
        found = [replace(prompt, image=number) for prompt in self.prompts(limit) for number in numbers]
        if twice := [draws for draws, count in Counter(prompt.draws for prompt in found).items() if count > 1]:
            raise BadInput.at(
                shown(self.path), "id", twice[0], "is another prompt's second image too; rename the prompt"
            )
        return found

    @property
    def every_image(self) -> list[Prompt]:
        """Every prompt of the card, whatever categories are taken, as often as it has images."""
        source = self.source.source if isinstance(self.source, OfCategories) else self.source
        return [replace(prompt, image=n) for prompt in source.prompts() for n in range(1, self.images + 1)]


def find_suite(name_or_path: str) -> Suite:
    """The suite of a name (built in, or a package's entry point), or of a card's path, which ends in .toml."""
    if name_or_path.endswith(".toml"):
        return read_suite(Path(name_or_path))
    suite = read_suite(_card(check_name(name_or_path, "command line", "suite")))
    if suite.name != name_or_path:
        raise BadInput.at(shown(suite.path), "name", suite.name, f"the suite is found as {name_or_path!r}; call it so")
    return suite


def suite_names() -> list[str]:
    """Suites found by name: the project's own cards, then those of other packages."""
    own = sorted(path.stem for path in CARDS.glob("*.toml"))
    return own + [name for name in SUITES.names() if name not in own]


def read_suite(path: Path) -> Suite:
    """The card in a TOML file; BadInput for the first thing wrong with it. Its prompts are read when asked for."""
    raw = read_limited(path, MAX_BYTES)
    table = Table(parse_toml(raw, shown(path)), shown(path))
    prompts, protocol = table.table("prompts"), table.table("protocol")
    suite = Suite(
        name=table.take("name", check_name),
        title=table.take("title", text(200)),
        description=table.take("description", text(4000)),
        path=path,
        digest=hashlib.sha256(raw).hexdigest(),
        source=take_source(prompts, path.parent),
        default_limit=prompts.take("limit", integer(1, 1_000_000)),
        seed=protocol.take("seed", integer(0)),
        model=protocol.take("model", MODELS.require),
        curve=protocol.take("curve", boolean, False),
        metrics=tuple(take_metric(metric) for metric in table.tables("metrics")),
        set_metrics=tuple(take_set_metric(metric) for metric in table.tables("set_metrics")),
        submissions=tuple(take_submission(submission) for submission in table.tables("submissions")),
        published=tuple(_published(numbers) for numbers in table.tables("published")),
        grid=_grid(table.optional_table("grid")),
        images=protocol.take("images", integer(1, MOST_IMAGES), 1),
        rules=cast("Rules", protocol.take("rules", choice(*RULES), RULES[0])),
        detector=protocol.take("detector", DETECTORS.require, None),
    )
    table.done()
    _check_whole(suite, table)
    return suite


def _card(name: str) -> Path:
    if (CARDS / f"{name}.toml").is_file():
        return CARDS / f"{name}.toml"
    if name not in SUITES.targets:
        fix = f"no such suite; {did_you_mean(name, suite_names())} (or give the path of a card, ending in .toml)"
        raise BadInput.at("command line", "suite", name, fix)
    return Path(SUITES.load(name)())


def _grid(table: Table | None) -> GridCard | None:
    if table is None:
        return None
    flags = several(text(200), MOST)
    return GridCard(
        searches=table.take("searches", flags),
        verifiers=table.take("verifiers", flags),
        budgets=table.take("budgets", several(integer(1, 10**9), MOST)),
        limit=table.take("limit", integer(1, 1_000_000), None),
    )


def _published(table: Table) -> Mapping[str, Any]:
    """Numbers of somebody else, as they stand in the card; they must say where they are from."""
    table.take("source", text())
    return table.rest()


def _check_whole(suite: Suite, table: Table) -> None:
    """What no single value shows: one main metric, and no name twice."""
    metrics = [*suite.metrics, *suite.set_metrics]
    main = [metric.name for metric in metrics if metric.main]
    if len(main) != 1:
        table.refuse("metrics", f"exactly one must have main = true; here {', '.join(main) or 'none'} has")
    for key, names in (
        ("metrics", [m.name for m in metrics]),
        ("submissions", [s.name for s in suite.submissions]),
    ):
        if twice := sorted({name for name in names if names.count(name) > 1}):
            table.refuse(key, f"{twice[0]!r} names two of them; give each a name of its own")
