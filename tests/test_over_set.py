"""A verifier over a set: prompts take their turns in order, and each pick is the best beside those before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import toy
from tests.toy_runs import run
from tts_bench.api import Settings, run_plan
from tts_bench.engine import Engine
from tts_bench.entry import Entry
from tts_bench.errors import BadInput, PluginFailed
from tts_bench.evaluation import Evaluator
from tts_bench.executors.batch import Batch, Pending
from tts_bench.executors.local import InProcess
from tts_bench.models.schedule import Grid
from tts_bench.prepare import Workshop
from tts_bench.protocols import OverSet
from tts_bench.run import Run
from tts_bench.scoring import image_key
from tts_bench.search.random import random
from tts_bench.store import Store
from tts_bench.submission import from_flags
from tts_bench.suite import find_suite
from tts_bench.types import Image, Key, Outcome, Prompt, Search, Task, best, rank_key

PROMPTS = toy.prompts(5)
AIM = np.array([150.0, 30.0])


@pytest.fixture(autouse=True)
def toy_model() -> Iterator[None]:
    with toy.registered():
        yield


def stats(image: Image) -> np.ndarray:
    return np.array([image.mean(), image.std()], dtype=np.float32)


def worth(features: Sequence[np.ndarray]) -> float:
    """Of a set: minus the distance of its mean features from the aim."""
    return -float(np.linalg.norm(np.mean(features, axis=0, dtype=np.float64) - AIM))


@dataclass
class Together:
    """`worth` of the picks with each candidate; remembers what it was asked of, and how often it looked."""

    card: dict[str, Any] = field(default_factory=lambda: {"scorer": "together"})
    outputs: tuple[str, ...] = ("score",)
    asked: list[tuple[list[np.ndarray], int]] = field(default_factory=list)
    looked: int = 0

    def features(self, images: Sequence[Image], prompts: Sequence[Prompt]) -> list[np.ndarray]:
        self.looked += len(images)
        return [stats(image) for image in images]

    def begin(self) -> Picks:
        return Picks(self)


@dataclass
class Picks:
    of: Together
    chosen: list[np.ndarray] = field(default_factory=list)

    def values(self, candidates: Sequence[np.ndarray]) -> list[float]:
        self.of.asked.append((list(self.chosen), len(candidates)))
        return [worth([*self.chosen, candidate]) for candidate in candidates]

    def add(self, picked: np.ndarray) -> None:
        self.chosen.append(picked)


def entry(search: Any, scorer: Any, knobs: Any = None, **options: Any) -> Entry:
    return toy.entry(search, knobs, scorer, **options)


def greedy(path: Path, runs: Sequence[Run]) -> list[Key]:
    """The picks by brute force: over every prompt's images in turn, ties by key."""
    chosen, picks = [], []
    with Store(path) as store:
        for r in runs:
            images = {key: stats(image) for key, image in store.images([s.key for s in r.pool]).items()}
            values = {key: worth([*chosen, image]) for key, image in images.items()}
            picks.append(min(values, key=lambda key: rank_key(values[key], key)))
            chosen.append(images[picks[-1]])
    return picks


def picked(runs: Sequence[Run]) -> list[Key]:
    return [r.pick.key for r in runs if r.pick]


def test_its_picks_are_the_greedy_ones(tmp_path: Path) -> None:
    scorer = Together()
    assert isinstance(scorer, OverSet)
    runs, engine = run(tmp_path / "s", entry(random, scorer, {"candidates": 6}), prompts=PROMPTS)
    assert picked(runs) == greedy(tmp_path / "s", runs)
    lonely = [max(r.pool, key=lambda s: worth([image_of(tmp_path, s.key)])).key for r in runs]
    assert picked(runs) != lonely, "the picks before make a difference"
    assert engine.nfe_run == sum(r.ledger.nfe for r in runs) == 5 * 24
    assert [r.ledger.scorer_calls for r in runs] == [{"together": 6}] * 5


def image_of(tmp_path: Path, key: Key) -> np.ndarray:
    with Store(tmp_path / "s") as store:
        return stats(store.images([key])[key])


def climbing(task: Task, *, rounds: int = 3) -> Search:
    """Zero-order search: every prompt takes its turn as often as it asks."""
    [pivot] = yield [task.fresh()]
    for _ in range(rounds):
        pivot = best([pivot, *(yield [task.neighbour(pivot, 0.5) for _ in range(3)])])
    return pivot.key


def test_a_prompt_is_told_after_all_before_it_have_picked(tmp_path: Path) -> None:
    scorer = Together()
    runs, _ = run(tmp_path / "s", entry(climbing, scorer), prompts=PROMPTS)
    finals = [image_of(tmp_path, r.final.key) for r in runs if r.final]
    assert [n for _, n in scorer.asked] == [1, 3, 3, 3] * 5
    for place, (chosen, _) in enumerate(scorer.asked):
        assert np.array_equal(chosen, finals[: place // 4])
    for place, r in enumerate(runs):
        best_value = max(value for value in r.values.values() if value is not None)
        assert r.pick is not None
        assert r.values[r.pick.key] == best_value == worth(finals[: place + 1])


def test_in_another_order_of_prompts_it_is_another_set(tmp_path: Path) -> None:
    ahead, _ = run(tmp_path / "s", entry(random, Together(), {"candidates": 6}), prompts=PROMPTS)
    back, engine = run(tmp_path / "s", entry(random, Together(), {"candidates": 6}), prompts=PROMPTS[::-1])
    assert engine.nfe_run == 0
    assert picked(back) == greedy(tmp_path / "s", back)
    assert {*picked(ahead)} != {*picked(back)}


@dataclass
class Counting(InProcess):
    batches: int = 0

    def submit(self, batch: Batch) -> Pending:
        self.batches += 1
        return super().submit(batch)


def test_what_every_prompt_wants_first_is_made_together(tmp_path: Path) -> None:
    counting = Counting()
    with Store(tmp_path / "s") as store:
        Engine(store, counting, 10).runs([entry(random, Together(), {"candidates": 6})], PROMPTS, 0)
    assert counting.batches == 3


def test_submissions_side_by_side_do_not_see_each_other(tmp_path: Path) -> None:
    scorer = Together()

    def made(name: str) -> list[Entry]:
        return [
            entry(random, toy.Brightness(), {"candidates": 6}, name=f"{name}-plain"),
            entry(random, scorer, {"candidates": 6}, name=f"{name}-six"),
            entry(climbing, scorer, name=f"{name}-climbing"),
            entry(random, scorer, {"candidates": 3}, name=f"{name}-three"),
        ]

    together, _ = run(tmp_path / "a", *made("x"), prompts=PROMPTS)
    alone = [r for one in made("x") for r in run(tmp_path / "b", one, prompts=PROMPTS)[0]]
    assert picked(together) == picked(alone)
    assert [r.values for r in together] == [r.values for r in alone]
    assert [r.ledger.nfe for r in together] == [r.ledger.nfe for r in alone]


def test_a_second_call_looks_at_nothing_and_says_the_same(tmp_path: Path) -> None:
    first, _ = run(tmp_path / "s", entry(climbing, Together()), prompts=PROMPTS)
    scorer = Together()
    again, engine = run(tmp_path / "s", entry(climbing, scorer), prompts=PROMPTS)
    assert (engine.nfe_run, engine.scorer_calls_run, scorer.looked) == (0, 0, 0)
    assert [r.values for r in first] == [r.values for r in again]
    with Store(tmp_path / "s") as store:
        store.prune("images")  # latents go; features are facts as scores are, and stay
    third, engine = run(tmp_path / "s", entry(climbing, scorer), prompts=PROMPTS)
    assert (engine.nfe_run, scorer.looked) == (0, 0)
    assert [r.values for r in first] == [r.values for r in third]


def test_the_set_is_of_picks_and_final_runs_are_made_together(tmp_path: Path) -> None:
    scorer, counting = Together(), Counting()
    grids = {"search_grid": Grid("euler", 2), "final_grid": Grid("heun", 4)}
    with Store(tmp_path / "s") as store:
        runs = Engine(store, counting, 5).runs([entry(random, scorer, {"candidates": 3}, **grids)], PROMPTS, 0)
    assert counting.batches == 3 + 1, "fifteen candidates and five final images, five at a time"
    picks = [image_of(tmp_path, key) for key in picked(runs)]
    assert picked(runs) != [r.final.key for r in runs if r.final]
    assert scorer.looked == 15, "no final image is judged"
    for place, (chosen, _) in enumerate(scorer.asked):
        assert np.array_equal(chosen, picks[:place])


def test_a_state_on_the_way_is_judged_by_its_clean_estimate(tmp_path: Path) -> None:
    seen: list[Outcome] = []

    def halves(task: Task) -> Search:
        found = yield [task.fresh(to=0.5) for _ in range(3)]
        seen.extend(found)
        [image] = yield [task.denoise(best(found))]
        return image.key

    runs, engine = run(tmp_path / "s", entry(halves, Together()), prompts=PROMPTS[:1])
    assert engine.nfe_run == runs[0].ledger.nfe == 3 * 3 + 1
    for one in seen:
        assert one.value == worth([image_of(tmp_path, image_key(runs[0].known[one.key]))])


def test_what_it_gives_no_number_is_not_picked(tmp_path: Path) -> None:
    scorer = Together()
    picky = Picks(scorer)
    picky.values = lambda candidates: [float("nan") if i != 4 else -1e9 for i, _ in enumerate(candidates)]
    scorer.begin = lambda: picky
    runs, _ = run(tmp_path / "s", entry(random, scorer, {"candidates": 6}), prompts=PROMPTS)
    assert picked(runs) == [r.pool[4].key for r in runs]
    assert [sum(value is not None for value in r.values.values()) for r in runs] == [1] * 5


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("features", lambda n: 1 / 0),
        ("features", lambda n: []),
        ("features", lambda n: [np.array([np.nan])] * n),
        ("features", lambda n: ["word"] * n),
        ("begin", lambda n: 1 / 0),
        ("add", lambda n: 1 / 0),
        ("values", lambda n: 1 / 0),
        ("values", lambda n: [1.0] * (n + 1)),
        ("values", lambda n: [None] * n),
    ],
)
def test_its_faults_are_one_line_that_names_it(tmp_path: Path, method: str, answer: Callable[[int], Any]) -> None:
    scorer = Together()
    chosen = scorer.begin()
    faulty = scorer if method in ("features", "begin") else chosen
    scorer.begin = lambda: chosen
    setattr(faulty, method, lambda first=(), *_: answer(len(first)))
    with pytest.raises(PluginFailed, match="scorer 'together'") as caught:
        run(tmp_path / "s", entry(random, scorer, {"candidates": 2}), prompts=PROMPTS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("search", "verifier", "said"),
    [
        ("adaptive", "frechet", "judges the picks prompt by prompt, and 'adaptive' searches all prompts at once"),
        ("random", "frechet+dual_encoder", "frechet judges the set of picks and must be the only scorer"),
        ("random", "dual_encoder+frechet:combine=sum", "frechet judges the set of picks and must be the only scorer"),
        ("first_order", "checker", "'first_order' follows the gradient of one scorer that has one"),
        ("first_order", "dual_encoder+appeal", "'first_order' follows the gradient of one scorer that has one"),
    ],
)
def test_a_verifier_that_does_not_go_with_the_rest_is_refused_at_once(search: str, verifier: str, said: str) -> None:
    with pytest.raises(BadInput, match=f"submission .*: verifier.scorers = .*: {said}") as caught:
        Workshop().entry(from_flags("shapes", search, verifier))
    assert "\n" not in str(caught.value)


def test_it_is_no_metric_of_an_image(tmp_path: Path) -> None:
    suite = find_suite("shapes")
    odd = replace(suite, metrics=(replace(suite.metrics[0], scorer="frechet", output="score"),))
    with Store(tmp_path / "s") as store, pytest.raises(BadInput, match="judges a set of images") as caught:
        Evaluator(odd, Engine(store, InProcess()), tmp_path / "out").run([])
    assert "\n" not in str(caught.value)


def test_a_pool_has_no_curve_in_it(tmp_path: Path) -> None:
    """With fewer candidates the picks before would have been others."""
    assert entry(random, toy.Brightness()).has_curve
    assert not entry(random, Together()).has_curve


def test_it_is_planned(tmp_path: Path) -> None:
    chosen = [
        from_flags("shapes", "random:candidates=2", "frechet"),
        from_flags("shapes", "zero_order", "frechet", budget=48),
    ]
    plan = run_plan("shapes", chosen, Settings(limit=3, store=tmp_path / "s", workers=1))
    assert plan.nfe_charged == 3 * (24 + 48)
    assert (plan.scorer_calls["frechet"], plan.scorer_cached["frechet"]) == (3 * 5, 0), "the first draw is shared"
