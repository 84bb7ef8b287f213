"""Which results are one search at several budgets: told from their recipes alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from tts_bench import keys
from tts_bench.results import Result
from tts_bench.types import Key


def at_several_budgets(results: Sequence[Result], metric: str) -> list[dict[int, Result]]:
    """Results of one protocol by budget, ascending: one table for each model, search and verifier with two budgets or
    more in `metric`. The order of the results does not matter; of equal recipes the first by name counts."""
    by_recipe: dict[Key, dict[int, Result]] = defaultdict(dict)
    for result in sorted(results, key=lambda result: result.name):
        budget = budget_of(result)
        if budget is not None and result.recipe["verifier"] is not None and metric in result.metrics:
            by_recipe[_without_budget(result)].setdefault(budget, result)
    return [dict(sorted(found.items())) for found in by_recipe.values() if len(found) > 1]


def budget_of(result: Result) -> int | None:
    """The NFE a prompt that the submission names, if it names any: outright, or as a total over all prompts."""
    budget = result.recipe["budget"]
    if not isinstance(budget, Mapping):
        return None
    nfe, total = budget.get("nfe"), budget.get("total")
    if _is_count(nfe):
        return nfe
    searches = result.suite.n * result.suite.images
    return total // searches if _is_count(total) and total % searches == 0 else None


def _without_budget(result: Result) -> Key:
    recipe: dict[str, Any] = dict(result.recipe)
    budget = {key: value for key, value in recipe["budget"].items() if key not in ("nfe", "total")}
    return keys.digest(recipe | {"budget": budget})


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
