"""A scorer that looks at the clean estimate on the way: the right one, for nothing, or none where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import toy
from tests.toy_runs import PROMPTS, clean, drawn, euler, image, run
from tts_bench.errors import PluginFailed
from tts_bench.models.schedule import Grid
from tts_bench.protocols import OnTheWay
from tts_bench.run import Run
from tts_bench.search.none import none
from tts_bench.search.random import random
from tts_bench.store import Store
from tts_bench.types import Image, Key, Prompt, Search, Task, Values

ONE = PROMPTS[:1]


@pytest.fixture(autouse=True)
def toy_model() -> Iterator[None]:
    with toy.registered():
        yield


@dataclass
class Steady:
    """Minus the mean distance of the estimate from the image; remembers what it was shown."""

    level: float = 0.4
    outputs: tuple[str, ...] = ("score",)
    shown: dict[Key, tuple[Image, Image]] = field(default_factory=dict)

    @property
    def card(self) -> dict[str, Any]:
        return {"scorer": "steady", "level": self.level}

    def compare(
        self, images: Sequence[Image], estimates: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]
    ) -> list[Values]:
        self.shown.update(dict(zip(keys, zip(images, estimates, strict=True), strict=True)))
        return [{"score": self.value(i, e)} for i, e in zip(images, estimates, strict=True)]

    @staticmethod
    def value(final: Image, estimate: Image) -> float:
        return -float(abs(final.astype(float) - estimate).mean())


def entry(search: Any, scorer: Any, knobs: Any = None, **options: Any) -> toy.Entry:
    return toy.entry(search, knobs, scorer, **options)


def check_shown(scorer: Steady, r: Run, key: Key, finished: np.ndarray, on_the_way: np.ndarray) -> None:
    """It saw these clean latents as images, up to a rounding, and its value was told."""
    shown = scorer.shown[key]
    for seen, x in zip(shown, (finished, on_the_way), strict=True):
        assert abs(seen - image(x)).max() <= 1
        assert (seen == image(x)).mean() > 0.95
    assert r.values[key] == Steady.value(*shown)


@pytest.mark.parametrize(("level", "snapped"), [(0.4, 0.5), (0.3, 0.25), (1.0, 1.0), (0.6, 0.5)])
def test_it_sees_the_estimate_at_its_level_and_the_image(tmp_path: Path, level: float, snapped: float) -> None:
    scorer, levels = Steady(level), Grid("euler", 4).levels
    assert isinstance(scorer, OnTheWay)
    runs, _ = run(tmp_path / "s", entry(random, scorer, {"candidates": 3}))
    assert len(scorer.shown) == 9
    for r in runs:
        for key, state in r.known.items():
            noise = drawn(state.root.seed)  # type: ignore[union-attr]
            x = euler(noise, [t for t in levels if t >= snapped], r.prompt)
            check_shown(scorer, r, key, euler(noise, levels, r.prompt), clean(x, snapped, r.prompt))


def test_heun_is_seen_where_it_stands(tmp_path: Path) -> None:
    """Not at the point ahead, where its second slope is taken."""
    scorer = Steady(0.5)
    (r,), _ = run(tmp_path / "s", entry(none, None, search_grid=Grid("heun", 4)), prompts=ONE)
    (r,), _ = run(tmp_path / "s", entry(random, scorer, {"candidates": 1}, search_grid=Grid("heun", 4)), prompts=ONE)
    [(key, state)] = r.known.items()
    x, prompt = drawn(state.root.seed), r.prompt  # type: ignore[union-attr]
    seen = {}
    for t, s in pairwise(Grid("heun", 4).levels):
        seen[t] = clean(x, t, prompt)
        slope = (x - seen[t]) / t
        ahead = x + (s - t) * slope
        x = ahead if s == 0 else x + (s - t) * (slope + (ahead - clean(ahead, s, prompt)) / s) / 2
    check_shown(scorer, r, key, x, seen[0.5])


def test_it_costs_nothing_where_the_image_is_solved_in_one_go(tmp_path: Path) -> None:
    plain, theirs = run(tmp_path / "a", entry(random, toy.Brightness(), {"candidates": 5}))
    watched, ours = run(tmp_path / "b", entry(random, Steady(), {"candidates": 5}))
    assert ours.nfe_run == theirs.nfe_run == 3 * 5 * 4
    assert [r.ledger.nfe for r in watched] == [r.ledger.nfe for r in plain] == [20] * 3
    assert [r.ledger.decodes for r in watched] == [10] * 3, "an image and an estimate each"
    assert [r.ledger.scorer_calls for r in watched] == [{"steady": 5}] * 3


@pytest.mark.parametrize("order", [1, -1])
def test_nor_where_somebody_else_wants_the_same_images(tmp_path: Path, order: int) -> None:
    """Whoever asks first: the one run that makes them shows them on the way."""
    entries = [
        entry(random, toy.Brightness(), {"candidates": 3}, name="plain"),
        entry(random, Steady(), {"candidates": 3}, name="steady"),
        entry(random, Steady(0.75), {"candidates": 3}, name="high"),
    ]
    _, engine = run(tmp_path / "s", *entries[::order])
    assert engine.nfe_run == 3 * 3 * 4


def test_images_that_were_there_before_are_looked_back_at(tmp_path: Path) -> None:
    """That runs the way down to the level once more; what is charged, and what is seen, does not tell."""
    whole, fresh = Steady(), Steady()
    straight, _ = run(tmp_path / "a", entry(random, whole, {"candidates": 3}))
    run(tmp_path / "b", entry(random, toy.Brightness(), {"candidates": 3}))
    later, engine = run(tmp_path / "b", entry(random, fresh, {"candidates": 3}))
    assert engine.nfe_run == 3 * 3 * (2 + 1)
    assert [r.ledger.nfe for r in later] == [r.ledger.nfe for r in straight]
    assert [r.values for r in later] == [r.values for r in straight]
    again, engine = run(tmp_path / "b", entry(random, Steady(), {"candidates": 3}))
    assert engine.nfe_run == 0
    assert [r.values for r in again] == [r.values for r in straight]


def pieces(task: Task) -> Search:
    """The same image by several roads: stops above, at and below the level."""
    [high, at, low] = yield [task.fresh(to=0.75), task.fresh(to=0.5), task.fresh(to=0.25)]
    done = list((yield [task.denoise(high), task.denoise(at), task.denoise(low)]))
    done += yield [task.neighbour(done[0], 0.9)]
    return done[0].key


def test_nor_does_it_where_the_way_was_broken_by_stops(tmp_path: Path) -> None:
    runs, engine = run(tmp_path / "s", entry(pieces, Steady()))
    assert engine.nfe_run == sum(r.ledger.nfe for r in runs) == 3 * ((2 + 3 + 4) + (2 + 1 + 0) + 4)
    for r in runs:
        assert all((value is not None) == r.known[key].finished for key, value in r.values.items())


def test_what_never_becomes_an_image_is_not_looked_back_at(tmp_path: Path) -> None:
    """Three states on the way were there before; of the one that is finished the estimate is wanted, 2 + 1 NFE."""

    def thinning(task: Task) -> Search:
        found = yield [task.fresh(to=0.25) for _ in range(3)]
        [image] = yield [task.denoise(found[0])]
        return image.key

    run(tmp_path / "s", entry(thinning, toy.Brightness()), prompts=ONE)
    (r,), engine = run(tmp_path / "s", entry(thinning, Steady()), prompts=ONE)
    assert engine.nfe_run == 3
    assert [value is not None for value in r.values.values()] == [False, False, False, True]


def roundabout(seen: dict[str, Key]) -> Callable[[Task], Search]:
    def search(task: Task) -> Search:
        [start] = yield [task.fresh()]
        [low, at, high] = yield [task.renoise(start, to=level) for level in (0.25, 0.5, 0.75)]
        found = yield [task.denoise(one) for one in (low, at, high)]
        [half, quarter] = yield [task.fresh(to=0.75), task.fresh(to=0.5)]
        stepped = yield [task.step(half, 0.0), task.step(quarter, 0.0)]
        names = ("renoised below", "renoised to it", "renoised above", "stepped to it", "stepped below")
        seen.update({name: one.key for name, one in zip(names, [*found, *stepped], strict=True)})
        return start.key

    return search


def test_an_image_that_did_not_come_through_its_level_has_no_value(tmp_path: Path) -> None:
    """Since it was last re-noised: what lies before is another solution. A step is a part of the way."""
    seen: dict[str, Key] = {}
    scorer = Steady()
    (r,), engine = run(tmp_path / "s", entry(roundabout(seen), scorer), prompts=ONE)
    valued = {name for name, key in seen.items() if r.values[key] is not None}
    assert valued == {"renoised to it", "renoised above", "stepped to it", "stepped below"}
    assert {seen[name] for name in valued} <= scorer.shown.keys()
    assert {seen[name] for name in seen.keys() - valued}.isdisjoint(scorer.shown)
    assert engine.nfe_run == r.ledger.nfe


@pytest.mark.parametrize("keep", ["picks", "scores"])
def test_what_was_pruned_is_shown_again_bit_for_bit(tmp_path: Path, keep: Any) -> None:
    first = Steady()
    runs, _ = run(tmp_path / "s", entry(random, first, {"candidates": 3}))
    with Store(tmp_path / "s") as store:
        store.prune(keep, [r.final.key for r in runs if r.final] if keep == "picks" else [])
    other = Steady(outputs=("other",))
    other.compare = lambda *args: [{"other": 1.0} for _ in Steady.compare(other, *args)]  # type: ignore[method-assign]
    run(tmp_path / "s", entry(random, other, {"candidates": 3}))
    assert first.shown.keys() == other.shown.keys()
    assert all(np.array_equal(first.shown[key], other.shown[key]) for key in first.shown)


def test_it_is_one_among_several(tmp_path: Path) -> None:
    """In an ensemble a candidate that it gives no value takes no rank."""
    single = entry(pieces, Steady())
    both = replace(single, scorers={"brightness": toy.Brightness(), "steady": Steady()}, combine="rank")
    runs, engine = run(tmp_path / "s", both)
    assert engine.nfe_run == sum(r.ledger.nfe for r in runs)
    for r in runs:
        numbers = sorted(value for value in r.values.values() if value is not None)
        assert sum(numbers) == pytest.approx(sum(range(1, len(numbers) + 1)))
        assert len(numbers) == sum(state.finished for state in r.known.values())


@pytest.mark.parametrize("answer", [lambda n: [], lambda n: [{"other": 1.0}] * n, lambda n: 1 / 0])
def test_its_faults_are_one_line_that_names_it(tmp_path: Path, answer: Callable[[int], Any]) -> None:
    class Broken(Steady):
        def compare(self, images: Any, estimates: Any, prompts: Any, keys: Any) -> list[Values]:
            return answer(len(images))

    with pytest.raises(PluginFailed, match="scorer 'steady'") as caught:
        run(tmp_path / "s", entry(random, Broken(), {"candidates": 2}))
    assert "\n" not in str(caught.value)
