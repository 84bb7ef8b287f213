"""Which of our results is a card's own submission, whatever it is called: the one that may stand beside its numbers."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tts_bench.registry import SEARCHES
from tts_bench.report.budgets import budget_of
from tts_bench.results import Result
from tts_bench.submission import Submission
from tts_bench.types import Json

SETTINGS = ("solver", "search_steps", "final_steps", "guidance")  # of a model; where its files are does not count


def counterparts(own: Iterable[Submission], results: Sequence[Result]) -> dict[str, list[str]]:
    """By a submission's name, those of the results which are the same search, verifier, model and budget.

    One of the same name comes first. Knobs that are left out are as the search has them, a
    model is as its family and the settings that the submission states, and scorers have no order.
    """
    found = {}
    for submission in own:
        same = [result.name for result in results if _is(submission, result)]
        found[submission.name] = sorted(same, key=lambda name: name != submission.name)
    return found


def _is(submission: Submission, result: Result) -> bool:
    recipe: Any = result.recipe
    knobs = {"name": submission.search.name, **submission.search.knobs}
    if "self_reported" in result.flags or recipe["search"]["name"] != submission.search.name:
        return False
    return (
        _whole(knobs) == _whole(recipe["search"])
        and _verifier(submission.recipe["verifier"]) == _verifier(recipe["verifier"])
        and submission.budget_nfe == budget_of(result)
        and _is_model(submission, result)
    )


def _is_model(submission: Submission, result: Result) -> bool:
    wanted, recipe, card = asdict(submission.model), result.recipe["model"], result.cards.get("model")
    assert isinstance(recipe, Mapping)  # noqa: S101  as a result is read
    family = card.get("model", recipe["name"]) if isinstance(card, Mapping) else recipe["name"]
    stated = [name for name in SETTINGS if wanted[name] is not None]
    return family == submission.model.name and all(recipe.get(name) == wanted[name] for name in stated)


def _whole(search: Mapping[str, Json]) -> dict[str, Json]:
    """With every knob of the search: those that are left out by their defaults."""
    takes = inspect.signature(SEARCHES.load(str(search["name"]))).parameters.values()
    return {knob.name: knob.default for knob in takes if knob.kind is knob.KEYWORD_ONLY} | dict(search)


def _verifier(recipe: Any) -> object:
    if recipe is None:
        return None
    weights = recipe.get("weights") or [1.0] * len(recipe["scorers"])
    return sorted(zip(recipe["scorers"], weights, strict=True)), recipe["combine"]
