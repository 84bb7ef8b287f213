"""One registry for searches, models, scorers and suites: a name to a `module:attribute`, imported when asked for.

A third-party package adds to it by an entry point of the group "tts_bench.searches" (models, scorers, suites).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from tts_bench.errors import BadInput


class Registry:
    """Names of one kind. Names built in win over entry points, so that no package can replace one silently."""

    def __init__(self, kind: str, builtin: Mapping[str, str]) -> None:
        self.kind = kind
        self.builtin = dict(builtin)

    @property
    def group(self) -> str:
        return f"tts_bench.{self.kind}es" if self.kind.endswith("h") else f"tts_bench.{self.kind}s"

    @cached_property
    def targets(self) -> dict[str, str]:
        """Every name known and where it lives, built-in ones first."""
        found = {point.name: point.value for point in sorted(entry_points(group=self.group))}
        return self.builtin | {name: value for name, value in found.items() if name not in self.builtin}

    def names(self) -> list[str]:
        return list(self.targets)

    def require(self, name: str, file: object = "command line", key: str = "") -> str:
        """`name` if it is known, else BadInput that says what it may have been meant to be."""
        if name not in self.targets:
            near = difflib.get_close_matches(name, self.targets, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(self.targets)}"
            raise BadInput.at(file, key or self.kind, name, f"no such {self.kind}; {hint}")
        return name

    def load(self, name: str) -> Callable[..., Any]:
        """Import and return what `name` stands for."""
        module, _, attribute = self.targets[self.require(name)].partition(":")
        try:
            return getattr(import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise BadInput.at(self.kind, name, self.targets[name], f"cannot be imported ({error})") from error


SEARCHES = Registry("search", {
    "none": "tts_bench.search.none:none",
    "random": "tts_bench.search.random:random",
})  # fmt: skip
MODELS = Registry("model", {
    "shapes": "tts_bench.models.shapes:load",
})  # fmt: skip
SCORERS = Registry("scorer", {
    "checker": "tts_bench.scorers.checker:load",
    "dual_encoder": "tts_bench.scorers.dual_encoder:load",
    "appeal": "tts_bench.scorers.appeal:load",
    "chance": "tts_bench.scorers.chance:load",
})  # fmt: skip
SUITES = Registry("suite", {"shapes": "tts_bench.suite:shapes_card"})  # a function that returns the path of a card
