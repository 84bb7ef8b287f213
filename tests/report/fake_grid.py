"""A made-up grid: searches by verifiers by budgets, with searches that help, that do nothing, and verifiers to hack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tests.fake_results import METRICS, fake_result, sha
from tts_bench.results import Result
from tts_bench.stats import Estimate, mean_estimate

# How many candidates a search's look at one NFE is worth, against random search's.
SEARCHES = {
    "random": 1.0, "zero_order": 0.7, "paths": 1.3, "racing": 2.5, "adaptive": 3.0, "fk_steering": 1.4, "svdd": 0.9,
    "beam": 1.6, "mcts": 1.1, "evolution": 1.2, "epsilon_greedy": 1.0, "rollover": 0.9, "first_order": 2.0,
    "cut_once": 1.8,
}  # fmt: skip
VERIFIERS: dict[str, tuple[list[str], list[str]]] = {  # scorers, flags
    "checker": (["checker"], ["oracle", "own_metric:accuracy", "own_metric:attributes"]),
    "dual_encoder": (["dual_encoder"], ["own_metric:dual_encoder"]),
    "appeal": (["appeal"], ["own_metric:appeal"]),
    "ensemble": (["dual_encoder", "appeal"], ["own_metric:dual_encoder", "own_metric:appeal"]),
}
BUDGETS = (64, 128, 256, 512, 1024)
SOLVE = 12  # NFE a candidate
Made = tuple[list[Result], dict[str, pd.DataFrame]]


def fake_grid(
    searches: Sequence[str] = tuple(SEARCHES),
    verifiers: Sequence[str] = tuple(VERIFIERS),
    budgets: Sequence[int] = BUDGETS,
    n: int = 42,
) -> Made:
    """The baseline and one submission a search, verifier and budget, called like "racing-dual_encoder-256"."""
    like, rows = fake_result("none", n=n)
    alone = _pool(n, 1, 0)
    rows = _rows(rows, alone, alone["appeal"], 1, SOLVE)
    first = replace(like, metrics=_estimates(rows), groups=_groups(rows))
    results, frames = [first], {"none": rows}
    for name in searches:
        pool = _pool(n, round(max(budgets) / SOLVE * SEARCHES[name]) + 1, list(SEARCHES).index(name))
        for verifier in verifiers:
            scorers, flags = VERIFIERS[verifier]
            sight = _sight(pool, verifier)
            for budget in budgets:
                candidates = max(1, int(budget / SOLVE * SEARCHES[name]))
                made = _rows(rows, pool, sight, candidates, budget)
                result = _result(first, name, scorers, flags, verifier, budget, made)
                results.append(result)
                frames[result.name] = made
    return results, frames


def _pool(n: int, candidates: int, search: int) -> dict[str, np.ndarray]:
    """(n, candidates): searches share the prompts' difficulty and their first candidates; a heavy tail misleads."""
    hard = np.random.default_rng(0).normal(-0.9, 1.2, size=(n, 1))
    shared, own = np.random.default_rng(1), np.random.default_rng([2, search])
    luck, error, taste = (shared.normal(size=(n, 12)) for _ in range(3))
    more = [own.normal(size=(n, max(0, candidates - 12))) for _ in range(3)]
    luck, error, taste = (np.hstack(pair)[:, :candidates] for pair in zip((luck, error, taste), more, strict=True))
    error = np.sign(error) * np.abs(error) ** 1.6  # rare candidates that only the dual encoder likes
    skill = hard + luck - 0.2 * np.maximum(error, 0) - 0.3 * taste
    return {
        "accuracy": (skill > 0).astype(float),
        "attributes": np.clip(np.round((skill + 2.5) / 3 * 4) / 4, 0, 1),
        "dual_encoder": 1 / (1 + np.exp(-1.5 - 0.4 * hard - luck - 0.5 * error)),
        "appeal": 5.5 + 0.5 * taste + 0.1 * hard,
    }


def _sight(pool: dict[str, np.ndarray], verifier: str) -> np.ndarray:
    if verifier == "checker":
        return pool["attributes"] + pool["accuracy"]
    if verifier == "ensemble":
        return pool["dual_encoder"] / 0.2 + pool["appeal"] / 0.5
    return pool[verifier]


def _rows(
    base: pd.DataFrame, pool: dict[str, np.ndarray], sight: np.ndarray, candidates: int, budget: int
) -> pd.DataFrame:
    best = sight[:, :candidates].argmax(axis=1)[:, None]
    picked = {metric: np.take_along_axis(pool[metric], best, 1)[:, 0] for metric in METRICS}
    chosen = np.take_along_axis(sight, best, 1)[:, 0]
    spread = np.random.default_rng(candidates).normal(0.3, 0.03, size=len(base)) - 0.01 * np.log2(candidates)
    nfe = float(SOLVE * (budget // SOLVE))
    return base.assign(**picked, verifier=chosen, nfe=nfe, diversity=spread if candidates > 1 else np.nan)


def _result(
    like: Result, search: str, scorers: list[str], flags: list[str], verifier: str, budget: int, rows: pd.DataFrame
) -> Result:
    name = f"{search}-{verifier}-{budget}"
    recipe = {
        **like.recipe,
        "search": {"name": search},
        "verifier": {"scorers": scorers, "combine": "rank" if len(scorers) > 1 else "single"},
        "budget": {"nfe": budget},
    }
    nfe = float(rows["nfe"].mean())
    return Result(
        like.suite, name, sha(name), recipe, like.cards, flags, nfe, _estimates(rows), _groups(rows), [], like.ledger,
        like.environment,
    )  # fmt: skip


def _estimates(rows: pd.DataFrame) -> dict[str, Estimate]:
    return {metric: mean_estimate(rows[metric].to_numpy()) for metric in METRICS}


def _groups(rows: pd.DataFrame) -> dict[str, dict[str, dict[str, Estimate]]]:
    kinds = ("category", "split")
    return {kind: {str(group): _estimates(part) for group, part in rows.groupby(kind)} for kind in kinds}
