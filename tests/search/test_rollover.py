"""Rollover budget forcing: its quotas by hand on scripted scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.search.driver import Driven, Overspent, World, drive
from tts_bench.search.rollover import rollover
from tts_bench.types import Fresh, Step, rank_key


def bumpy(x: np.ndarray) -> float:
    return float(np.sin(3 * x).sum() - 0.3 * (x**2).sum())


@dataclass
class Scripted(World):
    """Gives states values in the order they are made; the last one for ever."""

    script: Sequence[float | None] = field(default_factory=list)

    def value(self, x: np.ndarray, level: float) -> float | None:
        return self.script[min(len(self.states) - 1, len(self.script) - 1)]


def tries(run: Driven) -> list[int]:
    """Children of each step in turn."""
    counts: dict[str, int] = {}
    for move in run.moves:
        if isinstance(move, Step):
            counts[move.of] = counts.get(move.of, 0) + 1
    return list(counts.values())


def test_quotas_roll_over_as_by_hand() -> None:
    """Five steps, four of them with noise, 1 NFE a child; 13 NFE, 1 for the look at noise: a quota of 3.

    Step 1 finds .5 at once: 2 roll over. Step 2 has 5, none above .5: the best, .45, is taken, nothing rolls over.
    Step 3 has 3: .48 beats its parent but not the record; .6 does: 1 rolls over. The last has 3 + 1, and uses all.
    """
    script = [0.0, 0.5, 0.1, 0.2, 0.45, 0.3, 0.4, 0.48, 0.6, 0.9, 0.2, 0.95, 0.1]
    world = Scripted(steps=5, budget=13, script=script)
    run = drive(rollover(world.task), world)
    assert tries(run) == [1, 5, 2, 4] and run.spent == 13
    walked = [world.values[move.of] for move in run.moves if isinstance(move, Step)]
    assert walked == [0.0] + [0.5] * 5 + [0.45] * 2 + [0.6] * 4
    assert world.values[run.pick] == 0.95


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ([0.0], [3, 3, 3, 3]),  # nothing is better: every quota is used up
        ([0.0, 1.0, 2.0, 3.0, 4.0], [1, 1, 1, 9]),  # always better: the last step gets what all others left
        ([None], [3, 3, 3, 3]),
        ([math.nan, None, 0.0, None], [2, 4, 3, 3]),  # a number is better than none
    ],
)
def test_quotas_of_scripted_scores(script: list[float | None], expected: list[int]) -> None:
    world = Scripted(steps=5, budget=13, script=script)
    assert tries(drive(rollover(world.task), world)) == expected


def test_what_does_not_come_out_even_goes_to_the_last_step() -> None:
    world = Scripted(steps=5, budget=16, script=[0.0])
    assert tries(drive(rollover(world.task), world)) == [3, 3, 3, 6]


def test_a_given_quota_rolls_over_too_and_ends_with_the_steps() -> None:
    world = Scripted(steps=5, budget=None, script=[0.0, 1.0, 0.5])
    run = drive(rollover(world.task, quota=4), world)
    assert tries(run) == [1, 7, 4, 4] and run.spent == 17
    with pytest.raises(Overspent):
        drive(rollover((dear := Scripted(steps=5, budget=16, script=[0.0])).task, quota=4), dear)


def test_quotas_of_steps_that_differ_in_price() -> None:
    """Waypoints at 7/10, 3/10 and 0 of ten steps cost 3, 4 and 2; 1 + 4 * 9 = 37 NFE is a quota of four of each.

    The first is better at once: 9 of 12 NFE roll over. The next has 16 + 9 = 25 NFE for children of 4: six, and none is
    better. The last has all that is left, 37 - 1 - 3 - 24 = 9 NFE for children of 2: four.
    """
    world = Scripted(steps=10, budget=37, script=[0.0, 1.0, 0.0])
    run = drive(rollover(world.task, waypoints=3), world)
    assert tries(run) == [1, 6, 4] and run.spent == 36


def test_one_child_is_asked_for_at_a_time() -> None:
    world = World(steps=12, budget=300, verifier=bumpy)
    run = drive(rollover(world.task), world)
    assert all(len(moves) == 1 for moves in run.rounds)
    assert isinstance(run.moves[0], Fresh) and all(isinstance(move, Step) for move in run.moves[1:])


@pytest.mark.parametrize("seed", range(5))
def test_it_goes_on_from_the_first_that_beats_the_record_or_else_from_the_best(seed: int) -> None:
    world = World(steps=12, budget=150, verifier=bumpy, seed=seed)
    run = drive(rollover(world.task), world)
    children: dict[str, list[str]] = {}
    for move, [key] in zip(run.moves, run.keys, strict=True):
        if isinstance(move, Step):
            children.setdefault(move.of, []).append(key)
    value = {key: world.values[key] or 0.0 for key in world.states}
    *walked, last = children
    record = value[walked[0]]
    for state, following in zip(walked, [*walked[1:], last], strict=True):
        better = [key for key in children[state] if value[key] > record]
        assert better in ([], [children[state][-1]])
        assert following == (better[0] if better else max(children[state], key=value.__getitem__))
        record = max(record, value[following])
    assert run.pick == min(children[last], key=lambda key: rank_key(value[key], key))
