"""Whose cards a result shows: a board stands apart for results of other judges, so none may be left out or put in.

What such a card says (weights, versions) is of the machine that it was made on, and is not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tts_bench.errors import BadInput
from tts_bench.prompt_sources import OwnPrompts
from tts_bench.results import Result
from tts_bench.suite import Suite

if TYPE_CHECKING:
    import pandas as pd


def judge_problems(result: Result, rows: pd.DataFrame, suite: Suite, file: str) -> Iterator[BadInput]:
    """`cards.scorers` has those that guided and those of the metrics; `cards.sets` the metrics of whole sets."""
    categories = set(rows["category"])
    recipe: Mapping[str, Any] = result.recipe
    guides = set() if "self_reported" in result.flags or not recipe["verifier"] else set(recipe["verifier"]["scorers"])
    used = [metric for metric in suite.metrics if not metric.optional or metric.name in result.metrics]
    # Which categories were asked for is not known where the prompts are not.
    narrow = isinstance(suite.source, OwnPrompts)
    needed = {name for m in used for name in (m.within(categories) if narrow else m).scorers} | guides
    idle = [metric for metric in suite.metrics if not any(metric.judge(category) for category in categories)]
    allowed = {name for metric in [*used, *idle] for name in metric.scorers} | guides
    yield from _named(result.cards.get("scorers"), needed, allowed, "cards.scorers", file)
    if result.left_out or "sets" in result.cards:
        sets = set(result.left_out)
        yield from _named(result.cards.get("sets"), sets, sets, "cards.sets", file)


def _named(cards: object, needed: set[str], allowed: set[str], place: str, file: str) -> Iterator[BadInput]:
    if not isinstance(cards, Mapping):
        yield BadInput.at(file, place, cards, "must be a table of cards by name; evaluate again")
        return
    for name in sorted(needed - set(cards)):
        yield BadInput.at(file, place, sorted(cards), f"lacks {name}; evaluate again")
    for name in sorted(set(cards) - allowed):
        yield BadInput.at(file, f"{place}.{name}", name, "neither guided nor measured; remove it")
    for name in sorted(set(cards) & allowed):
        if not isinstance(cards[name], Mapping) or not cards[name]:
            yield BadInput.at(file, f"{place}.{name}", cards[name], "must be the scorer's own card; evaluate again")
