"""The main job on the embedded world, small: what is written, shared, repeated, and equal to brute force."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tts_bench import api
from tts_bench.api import Settings
from tts_bench.evaluation import Evaluation
from tts_bench.results import read_result, read_rows
from tts_bench.store import Store
from tts_bench.submission import Submission, parse_submission

PROMPTS, CANDIDATES, STEPS = 7, 4, 3


def submission(verifier: list[str] | None, **model: object) -> Submission:
    settings = {"name": "shapes", "steps": STEPS, **model}
    data = {
        "name": "-".join(verifier or ["none"]), "model": {k: v for k, v in settings.items() if v is not None},
        "search": {"name": "random", "candidates": CANDIDATES} if verifier else {"name": "none"},
    }  # fmt: skip
    return parse_submission(data | ({"verifier": {"scorers": verifier}} if verifier else {}), "test")


SUBMISSIONS = [
    submission(None),
    submission(["checker"]),
    submission(["dual_encoder", "appeal"]),
    submission(["chance"]),
]


def settings(folder: Path, **options: Any) -> Settings:
    return Settings(**{"limit": PROMPTS, "workers": 1, "store": folder / "store.sqlite", **options})


def evaluated(folder: Path, submissions: list[Submission] = SUBMISSIONS, **options: Any) -> Evaluation:
    return api.run_evaluation("shapes", submissions, settings(folder, **options), folder / "out")


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Evaluation]:
    folder = tmp_path_factory.mktemp("main-job")
    return folder, evaluated(folder)


def test_searches_share_their_candidates(done: tuple[Path, Evaluation]) -> None:
    _, evaluation = done
    assert evaluation.nfe_run == PROMPTS * CANDIDATES * STEPS
    assert evaluation.nfe_charged == PROMPTS * STEPS * (1 + 3 * CANDIDATES)


def test_again_runs_nothing_and_writes_the_same_bytes(done: tuple[Path, Evaluation]) -> None:
    folder, first = done
    before = files(folder / "out")
    second = evaluated(folder)
    assert second.nfe_run == 0
    assert files(folder / "out") == before
    assert second.as_json() == {**first.as_json(), "nfe_run": 0}
    assert len(before) == 4 * 3 + 5 + 5 * 2


def test_the_oracle_picks_what_brute_force_picks(done: tuple[Path, Evaluation]) -> None:
    """Score every candidate's image with a fresh checker; the best of them is the pick's accuracy."""
    from tts_bench.registry import SCORERS
    from tts_bench.suite import find_suite

    folder, _ = done
    rows = read_rows(folder / "out" / "results" / "shapes" / "checker")
    checker = SCORERS.load("checker")()
    prompts = find_suite("shapes").prompts(PROMPTS)
    with Store(folder / "store.sqlite") as store:
        for prompt, pick in zip(prompts, rows["pick"], strict=True):
            keys = candidates_of(prompt)
            assert pick in keys
            images = store.images(keys)
            scores = {k: checker.score([images[k]], [prompt], [k])[0][checker.outputs[0]] for k in keys}
            assert pick == min(keys, key=lambda k: (-scores[k], k))


def candidates_of(prompt) -> list[str]:
    """The keys of a prompt's candidates, made from the recipe by hand."""
    from tts_bench import keys
    from tts_bench.models.schedule import Grid
    from tts_bench.models.shapes import load
    from tts_bench.protocols import ModelSpec

    card = dict(load(ModelSpec("shapes")).card)
    noises = [keys.noise_key(card, keys.draw_seed(0, prompt.id, "fresh", i)) for i in range(CANDIDATES)]
    return [keys.denoise_key(card, prompt, noise, Grid("euler", STEPS).card, 0.0) for noise in noises]


def test_the_curve_is_the_mean_over_all_subsets(done: tuple[Path, Evaluation]) -> None:
    """Best of 2 by the oracle, against every pair of a prompt's four candidates."""
    from tts_bench.registry import SCORERS
    from tts_bench.suite import find_suite

    folder, _ = done
    result = read_result(folder / "out" / "results" / "shapes" / "checker")
    checker, expected = SCORERS.load("checker")(), []
    with Store(folder / "store.sqlite") as store:
        for prompt in find_suite("shapes").prompts(PROMPTS):
            keys = candidates_of(prompt)
            found = [checker.score([image], [prompt], [k])[0] for k, image in store.images(keys).items()]
            pairs = itertools.combinations(found, 2)
            expected.append(np.mean([max(pair, key=lambda s: s["score"])["attributes"] for pair in pairs]))
    (point,) = [point for point in result.curve if point.candidates == 2]
    assert point.nfe == 2 * STEPS
    assert point.metrics["attributes"].value == pytest.approx(np.mean(expected))
    (last,) = [point for point in result.curve if point.candidates == CANDIDATES]
    assert last.metrics["attributes"].value == pytest.approx(result.metrics["attributes"].value)


def test_what_a_result_says(done: tuple[Path, Evaluation]) -> None:
    folder, _ = done
    results = {
        name: read_result(folder / "out" / "results" / "shapes" / name) for name in ("none", "checker", "chance")
    }
    assert results["checker"].flags == ["oracle", "own_metric:accuracy", "own_metric:attributes"]
    assert results["chance"].flags == results["none"].flags == []
    assert (results["none"].nfe, results["checker"].nfe) == (STEPS, STEPS * CANDIDATES)
    assert results["none"].curve == []
    assert set(results["none"].cards["scorers"]) == {"checker", "auditor", "dual_encoder", "appeal"}
    text = (folder / "out" / "results" / "shapes" / "none" / "result.json").read_text()
    assert str(folder) not in text
    assert set(json.loads(text)["groups"]["category"]) == {
        "single", "two", "size", "texture", "count", "relation", "complex",
    }  # fmt: skip


def test_another_seed_is_another_sample(done: tuple[Path, Evaluation], tmp_path: Path) -> None:
    folder, _ = done
    other = evaluated(tmp_path, SUBMISSIONS[:1], store=folder / "store.sqlite", seed=1)
    assert other.nfe_run == PROMPTS * STEPS
    ours = read_rows(tmp_path / "out" / "results" / "shapes" / "none")
    theirs = read_rows(folder / "out" / "results" / "shapes" / "none")
    assert not set(ours["pick"]) & set(theirs["pick"])


def test_cheap_candidates_and_a_dear_final_run(tmp_path: Path) -> None:
    cheap = submission(["dual_encoder"], steps=None, search_steps=2, final_steps=6)
    evaluation = evaluated(tmp_path, [cheap], limit=2)
    (result,) = evaluation.results
    assert (result.ledger["search_nfe"], result.ledger["final_nfe"]) == (2 * CANDIDATES, 6)
    assert result.curve == []


def test_the_plan_is_what_then_happens(tmp_path: Path) -> None:
    before = api.run_plan("shapes", SUBMISSIONS, settings(tmp_path))
    evaluation = evaluated(tmp_path)
    after = api.run_plan("shapes", SUBMISSIONS, settings(tmp_path))
    assert (before.nfe_run, before.nfe_charged) == (evaluation.nfe_run, evaluation.nfe_charged)
    assert before.cached == after.nfe_run == 0
    assert after.cached == after.states == PROMPTS * CANDIDATES
    assert dict(after.scorer_calls) == dict(after.scorer_cached)
    assert before.scorer_calls["chance"] == PROMPTS * CANDIDATES
    assert before.seconds > 0
    assert after.seconds == 0.0


def test_a_plan_tells_each_submission_s_part(tmp_path: Path) -> None:
    """Run one by one over one store, each runs and scores what its row of the plan says."""
    from tts_bench.engine import Engine

    plan = api.run_plan("shapes", SUBMISSIONS, settings(tmp_path))
    assert sum(part.nfe_run for part in plan.parts) == plan.nfe_run
    assert sum((part.scorer_calls for part in plan.parts), Counter()) == plan.scorer_calls
    shown: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        opened = api.open_engine

        @contextmanager
        def counted(*arguments: object) -> Iterator[Engine]:
            with opened(*arguments) as engine:  # type: ignore[arg-type]
                yield engine
                shown.append(engine.scorer_calls_run)

        patch.setattr(api, "open_engine", counted)
        for part, submission in zip(plan.parts, SUBMISSIONS, strict=True):
            done = evaluated(tmp_path, [submission])
            assert (part.name, part.nfe, part.nfe_run) == (submission.name, done.results[0].nfe, done.nfe_run)
            assert sum(part.scorer_calls.values()) == shown[-1]
    after = api.run_plan("shapes", SUBMISSIONS, settings(tmp_path)).as_json()["by_submission"]
    assert [(row["nfe_run"], row["scorer_calls"]) for row in after] == [(0, {})] * len(SUBMISSIONS)  # type: ignore


def test_the_api_gives_a_frame(done: tuple[Path, Evaluation]) -> None:
    import tts_bench as tb

    folder, evaluation = done
    frame = tb.evaluate(
        "shapes", SUBMISSIONS, limit=PROMPTS, workers=1, store=folder / "store.sqlite", out=folder / "out"
    )
    assert list(frame["submission"]) == [result.name for result in evaluation.results]
    assert frame.set_index("submission").loc["checker", "nfe"] == STEPS * CANDIDATES
    assert frame["accuracy_n"].eq(PROMPTS).all()


def test_everything_public_can_be_had() -> None:
    import tts_bench as tb

    for name in tb.__all__:
        assert getattr(tb, name) is not None
