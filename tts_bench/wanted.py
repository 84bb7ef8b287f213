"""What a command's flags ask for: which submissions, which files, which grader."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from tts_bench import console
from tts_bench.errors import BadInput
from tts_bench.grader.settings import GraderSettings
from tts_bench.grid import make_grid, product
from tts_bench.labels import ORDERS
from tts_bench.models.memory import OFFLOAD, TILING
from tts_bench.places import is_place
from tts_bench.plaintext import did_you_mean
from tts_bench.prepare import pinned
from tts_bench.registry import FEATURES
from tts_bench.settings import Settings, file_names
from tts_bench.submission import Submission
from tts_bench.suite import RULES, find_suite


@dataclass(frozen=True)
class Wanted:
    """What to run: submission files, and flags as they were given. With `grid`, flags replace the card's lists."""

    suite: str
    files: Sequence[Path] | None = None
    model: str | None = None
    searches: Sequence[str] | None = None
    verifiers: Sequence[str] | None = None
    budgets: Sequence[str] | None = None
    grid: bool = False

    def submissions(self, settings: Settings) -> list[Submission | Path | str]:
        """Those of the files and those that the flags describe; none of either means the card's own."""
        return [*(self.files or []), *self._made(settings)]

    def limited(self, settings: Settings) -> Settings:
        """A grid has the number of prompts that its card gives it, unless told otherwise."""
        card = find_suite(self.suite).grid if self.grid and settings.limit is None else None
        return replace(settings, limit=card.limit) if card else settings

    def _made(self, settings: Settings) -> list[Submission]:
        card, budgets = settings.suite(self.suite), numbers(self.budgets or ())
        model = card.own_model if self.model in (None, card.model) or is_place(self.model) else self.model
        if self.grid:
            workshop = settings.workshop(card)
            made = make_grid(card, self.searches, self.verifiers, budgets, model, workshop)
            for note in made.notes:
                console.note(note)
            return made.submissions
        if self.searches:
            like = card.own_model
            return product(model, self.searches, self.verifiers or (None,), budgets or (None,), like=like)
        for flag, value in (("verifier", self.verifiers), ("budget", self.budgets)):
            if value:
                fix = "also give --search, e.g. --search random, or --grid"
                raise BadInput.at("command line", f"--{flag}", value, fix)
        return []


@dataclass(frozen=True)
class Graded:
    """The flags of the LLM grader, as they were given."""

    model: str | None = None
    url: str | None = None
    revision: str | None = None
    repeats: int = 1
    max_dollars: float | None = None
    prices: str | None = None
    concurrency: int = 8

    def over(self, settings: Settings) -> Settings:
        """Settings with that grader; BadInput for flags of none."""
        if self.model is None:
            for field in fields(self):
                if getattr(self, field.name) != field.default:
                    fix = "is of a grader; name its model too, --grader-model NAME"
                    own = "" if field.name in ("repeats", "max_dollars", "prices") else "grader-"
                    flag = f"--{own}{field.name.replace('_', '-')}"
                    raise BadInput.at("command line", flag, getattr(self, field.name), fix)
            return settings
        price_in, price_out = self._prices()
        grader = GraderSettings(
            self.model, self.url, self.revision, self.repeats, self.concurrency, self.max_dollars, price_in, price_out
        )
        return replace(settings, grader=grader)

    def _prices(self) -> tuple[float | None, float | None]:
        if self.prices is None:
            return None, None
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?,[0-9]{1,6}(\.[0-9]{1,6})?", self.prices):
            raise BadInput.at("command line", "--prices", self.prices, "write dollars a million tokens, IN,OUT: 2.5,10")
        price_in, price_out = self.prices.split(",")
        return float(price_in), float(price_out)


def use_memory(offload: bool, tiling: bool) -> None:
    """Say where models' networks lie, for this process and its workers: both read it from the environment."""
    for asked, variable in ((offload, OFFLOAD), (tiling, TILING)):
        if asked:
            os.environ[variable] = "1"


def numbers(lists: Sequence[str]) -> list[int]:
    """ "64,128" as [64, 128]."""
    found = []
    for part in [part.strip() for text in lists for part in text.split(",")]:
        if not re.fullmatch("[0-9]{1,18}", part):
            raise BadInput.at("command line", "--budget", part, "write whole numbers, e.g. 64,128,256")
        found.append(int(part))
    return found


def with_images(
    settings: Settings,
    labels: str | None,
    features: str | None,
    weights: Sequence[str] | None,
    references: Sequence[str] | None,
) -> Settings:
    """What suites over sets of images take beside the rest."""
    if labels not in (None, *ORDERS):
        raise BadInput.at("command line", "--labels", labels, f"use {' or '.join(ORDERS)}")
    own = {name: pinned(place) for name, place in named("--weights", weights, file_names())}
    real = dict(named("--reference", references, FEATURES.names()))
    return replace(settings, labels=labels, features=features, weights=own, references=real)


def with_rules(
    settings: Settings, per_prompt: int | None, categories: str | None, rules: str | None, detector: str | None
) -> Settings:
    """What suites of objects and their places take beside the rest."""
    if rules is not None and rules not in RULES:
        raise BadInput.at("command line", "--rules", rules, f"use {' or '.join(RULES)}")
    names = None if categories is None else tuple(name.strip() for name in categories.split(",") if name.strip())
    if names == ():
        raise BadInput.at("command line", "--categories", categories, "name one at least: color,shape")
    return replace(settings, per_prompt=per_prompt, categories=names, rules=rules, detector=detector)


def named(flag: str, given: Sequence[str] | None, known: Sequence[str]) -> list[tuple[str, str]]:
    """["clean=FILE"] as [("clean", "FILE")]."""
    found = []
    for text in given or ():
        name, equals, place = text.partition("=")
        if not equals or not place:
            raise BadInput.at("command line", flag, text, f"write {flag} NAME=PLACE")
        if name not in known:
            raise BadInput.at("command line", flag, name, f"no such name; {did_you_mean(name, known)}")
        found.append((name, place))
    return found
