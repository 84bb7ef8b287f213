"""The engine over a closed-form model: what is asked, shared, charged, refused, and remade."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests import toy
from tts_bench.engine import Engine
from tts_bench.errors import BadInput, BadMove, BudgetExceeded, ReplayDiverged
from tts_bench.executors.batch import loaded
from tts_bench.executors.local import InProcess
from tts_bench.models.schedule import Grid
from tts_bench.run import Run
from tts_bench.search.none import none
from tts_bench.search.random import random
from tts_bench.store import Store
from tts_bench.types import Search, Task, best

PROMPTS = toy.prompts(5)


@pytest.fixture(autouse=True)
def toy_model() -> Iterator[None]:
    with toy.registered():
        yield


def run(path: Path, *entries, prompts=PROMPTS, batch_size: int = 8, seed: int = 0) -> tuple[list[Run], Engine]:
    with Store(path) as store:
        engine = Engine(store, InProcess(), batch_size)
        return engine.runs(entries, prompts, seed), engine


def best_of(n: int, **options) -> toy.Entry:
    options.setdefault("scorer", toy.Brightness())
    return toy.entry(random, {"candidates": n}, **options)


def test_random_picks_the_brightest_of_its_own_images(tmp_path: Path) -> None:
    """Against brute force: the toy's exact images, drawn by the same seeds."""
    runs, engine = run(tmp_path / "s", best_of(6))
    with Store(tmp_path / "s") as store:
        for r in runs:
            images = store.images([s.key for s in r.pool])
            assert r.pick is not None
            assert images[r.pick.key].mean() == max(image.mean() for image in images.values())
            assert r.final is not None
            assert r.final.key == r.pick.key
    assert engine.nfe_run == 5 * 6 * 4


def test_the_image_is_the_models_own(tmp_path: Path) -> None:
    """One candidate equals the toy solved by hand, without engine, store or batch."""
    import torch

    from tts_bench import keys, noise
    from tts_bench.models import solvers

    (r, *_), _ = run(tmp_path / "s", toy.entry(none))
    seed = keys.draw_seed(0, PROMPTS[0].id, "fresh", 0)
    x = torch.from_numpy(noise.draw(seed, toy.SHAPE))[None]
    model = toy.Toy()
    condition = [model.encode(PROMPTS[0])]
    by_hand = model.decode(
        solvers.solve(lambda at, t: model.velocity(at, t, condition), x, Grid("euler", 4).levels, "euler")
    )[0]
    assert r.final is not None
    with Store(tmp_path / "s") as store:
        assert np.array_equal(store.images([r.final.key])[r.final.key], by_hand)


def test_submissions_share_their_candidates(tmp_path: Path) -> None:
    scorer, chance = toy.Brightness(), toy.Scripted(default=1.0)
    _, engine = run(tmp_path / "s", best_of(6, scorer=scorer, name="a"), best_of(6, scorer=chance, name="b"))
    assert engine.nfe_run == 5 * 6 * 4
    _, again = run(tmp_path / "s", best_of(3, scorer=scorer, name="c"))
    assert again.nfe_run == 0


def test_a_second_run_runs_nothing_and_says_the_same(tmp_path: Path) -> None:
    scorer = toy.Brightness()
    first, _ = run(tmp_path / "s", best_of(6, scorer=scorer))
    asked = scorer.asked
    second, engine = run(tmp_path / "s", best_of(6, scorer=scorer))
    assert (engine.nfe_run, scorer.asked) == (0, asked)
    assert [r.pick and r.pick.key for r in first] == [r.pick and r.pick.key for r in second]
    assert [r.ledger for r in first] == [r.ledger for r in second]


def test_the_ledger_charges_the_recipe(tmp_path: Path) -> None:
    for _ in range(2):  # a warm store changes nothing that is charged
        runs, _ = run(tmp_path / "s", best_of(6))
        ledger = runs[0].ledger
        assert (ledger.search_nfe, ledger.final_nfe, ledger.nfe) == (5 * 4, 4, 6 * 4)
        assert (ledger.guidance_nfe, ledger.decodes, ledger.scorer_calls) == (24, 6, {"brightness": 6})
        assert ledger.gflops == pytest.approx(48 * 0.5)


def test_no_search_pays_for_the_final_run_alone(tmp_path: Path) -> None:
    runs, _ = run(tmp_path / "s", toy.entry(none))
    assert (runs[0].ledger.search_nfe, runs[0].ledger.final_nfe, runs[0].ledger.decodes) == (0, 4, 1)


def test_cheap_candidates_and_a_dear_final_run(tmp_path: Path) -> None:
    entry = best_of(6, search_grid=Grid("euler", 2), final_grid=Grid("heun", 4))
    runs, engine = run(tmp_path / "s", entry)
    ledger = runs[0].ledger
    assert (ledger.search_nfe, ledger.final_nfe) == (6 * 2, 7)
    assert engine.nfe_run == 5 * (6 * 2 + 7)
    final, pick = runs[0].final, runs[0].pick
    assert final is not None
    assert pick is not None
    assert final.root == pick.root
    assert final.key != pick.key


@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_a_sample_does_not_depend_on_order_or_company(tmp_path: Path, batch_size: int) -> None:
    """At one padded shape: the same bytes whatever the prompt order and the other submissions present."""

    def images(name: str, prompts: list, *entries) -> dict[str, bytes]:
        runs, _ = run(tmp_path / name, *entries, prompts=prompts, batch_size=batch_size)
        with Store(tmp_path / name) as store:
            return {k: v.tobytes() for r in runs for k, v in store.images([s.key for s in r.pool]).items()}

    alone = images("a", PROMPTS, best_of(4))
    assert alone == images("b", PROMPTS[::-1], best_of(4))
    together = images("c", PROMPTS[1:] + PROMPTS[:1], best_of(7, name="more"), toy.entry(none), best_of(4))
    assert alone.items() <= together.items()


def test_moves_reach_their_levels(tmp_path: Path) -> None:
    """Every kind of move in one search, each against the recipe's meaning."""
    seen = {}

    def tour(task: Task) -> Search:
        [half] = yield [task.fresh(to=0.5)]
        [done, near] = yield [task.denoise(half), task.neighbour(half, 0.9)]
        [back] = yield [task.renoise(half, to=0.75)]
        [redone] = yield [task.denoise(back, to=0.25)]
        seen.update(half=half, done=done, near=near, back=back, redone=redone)
        return best([done, near]).key

    entry = toy.entry(tour, scorer=toy.Brightness())
    runs, engine = run(tmp_path / "s", entry, prompts=PROMPTS[:1])
    assert {name: outcome.level for name, outcome in seen.items()} == {
        "half": 0.5, "done": 0.0, "near": 0.0, "back": 0.75, "redone": 0.25,
    }  # fmt: skip
    # 2 + look, 2 that begin with what the look saw, 4, look at the re-noised, 2 that begin with that + look
    assert runs[0].ledger.nfe == 3 + 1 + 4 + 1 + 2 == engine.nfe_run
    assert all(outcome.value is not None for outcome in seen.values())
    straight, _ = run(tmp_path / "s", toy.entry(none), prompts=PROMPTS[:1])
    assert straight[0].final is not None
    assert straight[0].final.key == seen["done"].key, "stopping at 0.5 on the way is the same recipe"


def test_going_on_from_a_stop_is_bit_for_bit_going_straight(tmp_path: Path) -> None:
    def stopping(task: Task) -> Search:
        [half] = yield [task.fresh(to=0.5)]
        [done] = yield [task.denoise(half)]
        return done.key

    stopped, _ = run(tmp_path / "a", toy.entry(stopping))
    straight, _ = run(tmp_path / "b", toy.entry(none))
    with Store(tmp_path / "a") as a, Store(tmp_path / "b") as b:
        for r, s in zip(stopped, straight, strict=True):
            assert r.final is not None
            assert s.final is not None
            assert r.final.key == s.final.key
            assert np.array_equal(a.images([r.final.key])[r.final.key], b.images([s.final.key])[s.final.key])


def test_going_on_from_what_was_pruned_makes_it_again(tmp_path: Path) -> None:
    def renoising(task: Task) -> Search:
        [image] = yield [task.fresh()]
        [back] = yield [task.renoise(image, to=0.5)]
        [again] = yield [task.denoise(back)]
        return again.key

    first, _ = run(tmp_path / "s", toy.entry(renoising))
    with Store(tmp_path / "s") as store:
        store.prune("scores")
    second, engine = run(tmp_path / "s", toy.entry(renoising))
    assert [r.final and r.final.key for r in first] == [r.final and r.final.key for r in second]
    assert engine.nfe_run >= sum(r.ledger.nfe for r in second)


@pytest.mark.parametrize("candidates", [1, 5, 6, 7, 100])
def test_the_budget_is_never_exceeded(tmp_path: Path, candidates: int) -> None:
    entry = best_of(candidates, budget=24)
    if candidates * 4 <= 24:
        runs, _ = run(tmp_path / "s", entry)
        assert all(r.ledger.nfe <= 24 for r in runs)
    else:
        with pytest.raises(BudgetExceeded, match=r"'random' asked for 4 NFE with 24 of 24 spent"):
            run(tmp_path / "s", entry)


def test_the_final_run_is_kept_out_of_the_searchs_reach(tmp_path: Path) -> None:
    grids = {"search_grid": Grid("euler", 2), "final_grid": Grid("euler", 8)}
    runs, _ = run(tmp_path / "s", best_of(8, budget=24, **grids))
    assert runs[0].ledger.nfe == 24
    with pytest.raises(BudgetExceeded, match="8 are kept for the final run"):
        run(tmp_path / "s", best_of(9, budget=24, **grids))


def test_a_budget_alone_decides_how_many(tmp_path: Path) -> None:
    runs, _ = run(tmp_path / "s", toy.entry(random, {}, toy.Brightness(), budget=30))
    assert len(runs[0].pool) == 7


def test_a_search_with_a_memory_of_its_own_is_refused(tmp_path: Path) -> None:
    calls = []

    def forgetful(task: Task) -> Search:
        calls.append(1)
        found = yield [task.fresh() for _ in range(1 + (len(calls) > 5))]
        return best(found).key

    run(tmp_path / "s", toy.entry(forgetful))
    with pytest.raises(ReplayDiverged, match="'forgetful' asked for other moves in round 1"):
        run(tmp_path / "s", toy.entry(forgetful))


def test_an_edited_search_is_another_search(tmp_path: Path) -> None:
    from dataclasses import replace

    run(tmp_path / "s", best_of(3))
    edited = replace(best_of(3), search_digest="0" * 64, knobs={"candidates": 4})
    runs, _ = run(tmp_path / "s", edited)
    assert len(runs[0].pool) == 4


def test_bad_moves_and_picks_name_the_search(tmp_path: Path) -> None:
    def upwards(task: Task) -> Search:
        [image] = yield [task.fresh()]
        [more] = yield [task.denoise(image, to=0.5)]
        return more.key

    def stranger(task: Task) -> Search:
        yield [task.fresh()]
        return "no such key"

    with pytest.raises(BadMove, match="'upwards' asked for denoise from level 0 to 0.5"):
        run(tmp_path / "s", toy.entry(upwards))
    with pytest.raises(BadMove, match="'stranger' returned 'no such key'"):
        run(tmp_path / "s", toy.entry(stranger))


def test_unscored_candidates_are_never_picked_over_a_number(tmp_path: Path) -> None:
    first, _ = run(tmp_path / "a", best_of(6))
    scripted = toy.Scripted({r.pool[3].key: -7.0 for r in first})
    runs, _ = run(tmp_path / "b", best_of(6, scorer=scripted))
    assert all(r.pick and r.pick.key == r.pool[3].key for r in runs)


def test_ties_are_broken_by_key(tmp_path: Path) -> None:
    runs, _ = run(tmp_path / "s", best_of(6, scorer=toy.Scripted(default=1.0)))
    assert all(r.pick and r.pick.key == min(s.key for s in r.pool) for r in runs)


def test_values_are_of_the_whole_pool_so_far(tmp_path: Path) -> None:
    """A rank given in round one moves when round two brings something better."""
    history = []

    def two_rounds(task: Task) -> Search:
        [early] = yield [task.fresh()]
        history.append(early.value)
        [late] = yield [task.fresh()]
        history.append((early.value, late.value))
        return early.key

    from dataclasses import replace

    entry = replace(toy.entry(two_rounds, scorer=toy.Brightness()), combine="rank")
    run(tmp_path / "s", entry, prompts=PROMPTS[:1])
    assert history[0] == 1.0
    assert sorted(history[1]) == [1.0, 2.0]


def test_a_model_that_diverges_ends_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy.Toy, "velocity", lambda self, x, level, conditions: x * float("nan"))
    loaded.cache_clear()
    with pytest.raises(BadInput, match="diverged"):
        run(tmp_path / "s", toy.entry(none))
