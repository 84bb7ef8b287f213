"""Adaptive search, driven by hand over several prompts that share a purse."""

from __future__ import annotations

import pytest

from tests.search.driver import Overspent, World
from tts_bench.search.adaptive import adaptive
from tts_bench.types import Key, Purse


def together(worlds: list[World], total: int) -> Purse:
    """The worlds' tasks as a joint search has them: one purse."""
    purse = Purse(total)
    for world in worlds:
        world.budget, world.purse, world.task.purse = total, purse, purse
    return purse


def drive_all(worlds: list[World], **knobs: float) -> tuple[list[Key], list[int]]:
    """The picks, and how many candidates each prompt was given."""
    search = adaptive([world.task for world in worlds], **knobs)
    asked = next(search)
    given = [0] * len(worlds)
    while True:
        for i, moves in enumerate(asked):
            given[i] += sum(type(move).__name__ == "Fresh" for move in moves)
        told = [world.tell(moves) for world, moves in zip(worlds, asked, strict=True)]
        try:
            asked = search.send(told)
        except StopIteration as stop:
            return stop.value, given


def worlds(n: int, steps: int = 12, **options) -> list[World]:
    return [World(seed=i, steps=steps, **options) for i in range(n)]


@pytest.mark.parametrize("each", [12, 13, 20, 24, 64, 128, 300, 1024])
@pytest.mark.parametrize("n", [1, 2, 5, 9])
@pytest.mark.parametrize("steps", [3, 12])
def test_the_total_is_filled_and_never_exceeded(each: int, n: int, steps: int) -> None:
    field = worlds(n, steps)
    purse = together(field, each * n)
    picks, _ = drive_all(field)
    assert all(world.states[pick].level == 0.0 for world, pick in zip(field, picks, strict=True))
    assert 0 <= purse.allowance - purse.spent < steps, "another image could have been made"


def test_less_than_an_image_a_prompt_is_more_than_there_is() -> None:
    field = worlds(3)
    together(field, 35)
    with pytest.raises(Overspent):
        drive_all(field)


def test_the_prompt_that_is_worst_off_is_given_more() -> None:
    """Prompt 0 can never be satisfied, the others are at once."""
    field = [
        World(seed=0, verifier=lambda image: -10.0),
        *(World(seed=i, verifier=lambda image: 1.0) for i in (1, 2, 3)),
    ]
    together(field, 4 * 128)
    _, given = drive_all(field, share=0.25)
    assert given[0] > 3 * max(given[1:])
    assert min(given) >= 1


def test_what_no_number_can_be_had_for_does_not_drain_the_purse() -> None:
    field = [World(seed=i, verifier=lambda image: None if image is None else float(image[0])) for i in range(3)]
    field.append(World(seed=3, verifier=lambda image: None))
    together(field, 4 * 200)
    _, given = drive_all(field)
    assert given[3] == 2 * 4, "two rounds"
    assert sum(given[:3]) > 3 * given[3]


def test_a_prompt_that_is_satisfied_is_served_once() -> None:
    field = [
        World(seed=0, verifier=lambda image: 0.0),
        *(World(seed=i, verifier=lambda image: 1.0) for i in range(1, 12)),
    ]
    together(field, 12 * 100)
    _, given = drive_all(field)
    assert set(given[1:]) == {4}


def test_each_prompt_keeps_the_best_image_it_was_shown() -> None:
    field = worlds(4)
    together(field, 4 * 200)
    picks, _ = drive_all(field)
    for world, pick in zip(field, picks, strict=True):
        finished = [world.values[key] for key, state in world.states.items() if state.level == 0.0]
        assert world.values[pick] == max(finished)
