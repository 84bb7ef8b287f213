"""Made-up results for the tests of results and report: plausible numbers, no model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tts_bench.best_of_k import best_of_k_curve, budgets
from tts_bench.results import CurvePoint, Result, SuiteRun
from tts_bench.stats import mean_estimate

CATEGORIES = ("single", "two", "texture", "size", "count", "complex", "relation")
METRICS = ("accuracy", "attributes", "dual_encoder", "appeal")
NOISE = {"checker": 0.0, "dual_encoder": 0.8, "ensemble": 1.5, "chance": 100.0, "appeal": -1.5}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def fake_pool(n: int, candidates: int) -> dict[str, np.ndarray]:
    """(n, candidates) numbers a metric: hard and easy prompts, a verifier that sees and one that is misled."""
    generator = np.random.default_rng(42)
    skill = generator.normal(-0.3, 0.9, size=(n, 1)) + generator.normal(0, 1.0, size=(n, candidates))
    return {
        "accuracy": (skill > 0).astype(float),
        "attributes": np.clip(np.round((skill + 2.5) / 3 * 4) / 4, 0, 1),
        "dual_encoder": 0.2 + 0.05 * skill + generator.normal(0, 0.05, size=skill.shape),
        "appeal": 5.5 - 0.3 * skill + generator.normal(0, 0.3, size=skill.shape),
    }


def fake_rows(picked: Mapping[str, np.ndarray], n: int, nfe: float, **texts: Sequence[str]) -> pd.DataFrame:
    frame: dict[str, Any] = {
        "prompt_id": [f"p{i:03}" for i in range(n)],
        "text": [f"prompt number {i}" for i in range(n)],
        "category": [CATEGORIES[i % len(CATEGORIES)] for i in range(n)],
        "split": ["unseen" if i % 3 == 0 else "seen" for i in range(n)],
        "pick": [sha(f"{i}") for i in range(n)],
    }
    frame |= texts | dict(picked) | {"verifier": picked["accuracy"], "nfe": np.full(n, nfe)}
    frame["diversity"] = np.full(n, np.nan) if nfe < 24 else 0.3 + 0.01 * np.arange(n) / n
    return pd.DataFrame(frame)


def fake_result(
    name: str, verifier: str | None = None, *, n: int = 84, candidates: int = 16, card: str = "card", seed: int = 0,
    curve: bool = True, shift: float = 0.0, flags: Sequence[str] | None = None, search: str | None = None,
) -> tuple[Result, pd.DataFrame]:  # fmt: skip
    """A result and its rows. `verifier` is a key of NOISE; `shift` adds to the verifier's sight of the truth."""
    pool = fake_pool(n, 16)
    noise = NOISE.get(verifier or "chance", 1.0)
    sight = pool["attributes"] + pool["accuracy"] if noise >= 0 else pool["appeal"]
    sight = sight + np.random.default_rng(1).normal(0, abs(noise) + 1e-9, size=sight.shape) - shift
    ks = budgets(candidates) if verifier else [1]
    curves = {metric: best_of_k_curve(sight, pool[metric], ks) for metric in METRICS}
    best = sight[:, :candidates].argmax(axis=1) if verifier else np.zeros(n, dtype=int)
    picked = {metric: np.take_along_axis(pool[metric], best[:, None], 1)[:, 0] for metric in METRICS}
    nfe = 12.0 * (candidates if verifier else 1)
    rows = fake_rows(picked, n, nfe)
    groups = {
        kind: {
            str(group): {m: mean_estimate(part[m].to_numpy()) for m in METRICS} for group, part in rows.groupby(kind)
        }
        for kind in ("category", "split")
    }
    points = [CurvePoint(k, 12.0 * k, {m: mean_estimate(curves[m][:, i]) for m in METRICS}) for i, k in enumerate(ks)]
    if flags is None:
        flags = {"checker": ["oracle", "own_metric:accuracy", "own_metric:attributes"]}.get(
            verifier or "", [f"own_metric:{verifier}"] if verifier in METRICS else []
        )
    scorers = ["dual_encoder", "appeal"] if verifier == "ensemble" else [verifier]
    recipe = {
        "model": {"name": "shapes", "steps": 12, "guidance": 2.5},
        "search": {
            "name": search or ("random" if verifier else "none"),
            "candidates": candidates if verifier else None,
        },
        "verifier": {"scorers": scorers, "combine": "rank" if len(scorers) > 1 else "single"} if verifier else None,
        "budget": {"nfe": None},
    }
    result = Result(
        SuiteRun("shapes", sha(card), sha("prompts"), n, seed),
        name, sha(name), recipe,
        {"model": {"name": "shapes"}, "scorers": {}},
        list(flags),
        nfe,
        {m: mean_estimate(rows[m].to_numpy()) for m in METRICS},
        groups,
        points if curve and verifier else [],
        {"search_nfe": nfe, "final_nfe": 0.0, "scorer_calls": {}, "seconds": 0.5},
        {"tts_bench": "0.1.0", "python": "3.11", "device": "cpu"},
    )  # fmt: skip
    return result, rows


def fake_board() -> tuple[list[Result], dict[str, pd.DataFrame]]:
    """The six submissions of the embedded suite."""
    made = [fake_result("none")] + [fake_result(f"random16-{verifier}", verifier) for verifier in NOISE]
    return [result for result, _ in made], {result.name: rows for result, rows in made}
