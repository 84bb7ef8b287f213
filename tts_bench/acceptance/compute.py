"""What a result says it was charged, against what its submission may be: NFE, budget, ledger, steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tts_bench.acceptance.curve import curve_problems
from tts_bench.errors import BadInput
from tts_bench.models.schedule import SOLVERS, WHOLE, Grid
from tts_bench.registry import SEARCHES
from tts_bench.report.charged import LEDGER
from tts_bench.results import Result
from tts_bench.search.random import MOST
from tts_bench.suite import Suite

if TYPE_CHECKING:
    import pandas as pd

ROUNDING = 1e-9  # relative
MOST_CHARGED = 1e18  # of anything, for one search


def compute_problems(result: Result, images: pd.DataFrame, suite: Suite, file: str) -> Iterator[BadInput]:
    """`images` are the rows of every image, each of which a search of its own was charged for."""
    yield from _totals(result, images, file)
    if "self_reported" in result.flags:  # declared by its maker, and marked so
        if result.curve:
            yield BadInput.at(file, "curve", len(result.curve), "is of no result of images made elsewhere; remove it")
        return
    recipe, grids = result.recipe, result.cards.get("grids")
    yield from _budget(recipe, images, result.suite.n * result.suite.images, file)
    if not isinstance(grids, Mapping) or {"search", "final"} - set(grids):
        yield BadInput.at(file, "cards.grids", grids, "must name the grids of search and final run; evaluate again")
        return
    search, final = (_grid(grids[part]) for part in ("search", "final"))
    if search is None or final is None:
        yield BadInput.at(file, "cards.grids", grids, f"must have steps, and a solver of {', '.join(SOLVERS)}")
        return
    yield from _steps(recipe, search, final, file)
    wanted = _charged(recipe, search, final, reuse=grids["search"] == grids["final"])
    odd = [] if wanted is None else [nfe for nfe in images["nfe"].tolist() if nfe != wanted]
    if odd:
        fix = f"{_search(recipe)['name']} at these steps is charged {wanted}; evaluate again"
        yield BadInput.at(file, "column nfe", odd[0], fix)
    yield from curve_problems(result, images, suite, _pool(recipe, search), wanted, file)


def _totals(result: Result, images: pd.DataFrame, file: str) -> Iterator[BadInput]:
    """The result's NFE is its rows' mean, and its ledger's two parts or what was declared."""
    ledger = result.ledger
    parts = ["declared_nfe"] if "self_reported" in result.flags else ["search_nfe", "final_nfe"]
    amounts = [ledger.get(part) for part in parts]
    numbers = [float(a) for a in amounts if isinstance(a, int | float) and not isinstance(a, bool)]
    if len(numbers) < len(parts) or not _close(sum(numbers), result.nfe):
        fix = f"{' + '.join(parts)} must be the result's nfe, {result.nfe!r}; evaluate again"
        yield BadInput.at(file, "ledger", amounts, fix)
    calls = ledger.get("scorer_calls", {} if "self_reported" in result.flags else None)
    if not isinstance(calls, Mapping):
        yield BadInput.at(file, "ledger.scorer_calls", calls, "must be a table of counts; evaluate again")
        calls = {}
    said = [name for name in LEDGER if name in ledger or "self_reported" not in result.flags]
    named = {name: ledger.get(name) for name in said}
    for name, amount in [*named.items(), *((f"scorer_calls.{scorer}", count) for scorer, count in calls.items())]:
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount <= MOST_CHARGED:
            yield BadInput.at(file, f"ledger.{name}", amount, f"must be a number from 0 to {MOST_CHARGED:g}")
    mean = float(images["nfe"].to_numpy().mean())
    if not _close(result.nfe, mean):
        yield BadInput.at(file, "nfe", result.nfe, f"the rows give {mean!r}; evaluate again")


def _budget(recipe: Mapping[str, Any], images: pd.DataFrame, count: int, file: str) -> Iterator[BadInput]:
    """No image is charged more than the budget; those of a joint search are not in the mean."""
    search, budget = _search(recipe), recipe["budget"]
    joint = getattr(SEARCHES.load(search["name"]), "joint", False)
    charged, nfe, total = images["nfe"].to_numpy(), budget.get("nfe"), budget.get("total")
    most = charged.mean() if joint else charged.max()
    if nfe is not None and most > nfe * (1 + ROUNDING):
        yield BadInput.at(file, "column nfe", float(most), f"is more than the submission's budget of {nfe}")
    if total is not None and charged.sum() > total * (1 + ROUNDING):
        fix = f"is more than the submission's budget of {total} for all {count} images"
        yield BadInput.at(file, "column nfe", float(charged.sum()), fix)


def _steps(recipe: Mapping[str, Any], search: Grid, final: Grid, file: str) -> Iterator[BadInput]:
    """Solver and steps are the submission's, where it names them."""
    model = recipe["model"]
    for key, found in (("search_steps", search.steps), ("final_steps", final.steps)):
        if model.get(key) not in (None, found):
            yield BadInput.at(file, "cards.grids", found, f"must be the submission's {key}, {model[key]}")
    for found in dict.fromkeys([search.solver, final.solver]):
        if model.get("solver") not in (None, found):
            yield BadInput.at(file, "cards.grids", found, f"must be the submission's solver, {model['solver']!a}")


def _charged(recipe: Mapping[str, Any], search: Grid, final: Grid, reuse: bool) -> int | None:
    """What every image is charged, where that follows from the submission alone: without a search, and at random."""
    knobs, last = _search(recipe), final.nfe(1.0, 0.0)
    if knobs["name"] == "none":
        return last
    if knobs["name"] != "random" or knobs.get("eta") is not None:
        return None
    each, reserve = search.nfe(1.0, 0.0), 0 if reuse else last
    return reserve + each * count if (count := _candidates(recipe, each, reserve)) else None


def _candidates(recipe: Mapping[str, Any], each: int, reserve: int) -> int:
    """Stated, or what the budget pays for; 0 where neither says."""
    nfe = recipe["budget"].get("nfe")
    return _search(recipe).get("candidates") or (0 if nfe is None else max(1, min(MOST, (nfe - reserve) // each)))


def _pool(recipe: Mapping[str, Any], search: Grid) -> int:
    """The candidates of a curve; 0 where the submission alone does not say, as of steps whose price is their own."""
    knobs = _search(recipe)
    if knobs["name"] != "random":
        return 0
    return _candidates(recipe, search.nfe(1.0, 0.0), 0) if knobs.get("eta") is None else knobs.get("candidates") or 0


def _grid(card: Any) -> Grid | None:
    """As many steps as the card says; where the levels lie changes no price."""
    if not isinstance(card, Mapping) or card.get("solver") not in (*SOLVERS, WHOLE):
        return None
    steps = card.get("steps")
    return Grid(card["solver"], steps) if isinstance(steps, int) and 1 <= steps <= 10_000 else None


def _search(recipe: Mapping[str, Any]) -> Mapping[str, Any]:
    return recipe["search"]


def _close(told: float, found: float) -> bool:
    return math.isclose(told, found, rel_tol=ROUNDING, abs_tol=ROUNDING)
