"""The search "none", driven by hand."""

from __future__ import annotations

import pytest

from tts_bench.keys import draw_seed
from tts_bench.models.schedule import Grid
from tts_bench.search.none import none
from tts_bench.types import Fresh, Outcome, Purse, Search, Task


def task() -> Task:
    grid = Grid("euler", 12)
    return Task("p", 7, draw_seed, grid.levels, grid.nfe, Purse(192))


def test_it_draws_one_noise_and_picks_it() -> None:
    search: Search = none(task())
    assert next(search) == [Fresh(draw_seed(7, "p", "fresh", 0), 1.0)]  # level 1: nothing is solved in the search
    with pytest.raises(StopIteration) as stop:
        search.send([Outcome("noise", 1.0, 0)])
    assert stop.value.value == "noise"


def test_its_draw_is_the_first_candidate_of_every_search() -> None:
    """Common random numbers: the baseline is the first of the N that random search draws."""
    from tts_bench.search.random import random

    [mine] = next(none(task()))
    theirs = next(random(task(), candidates=3))[0]
    assert isinstance(mine, Fresh) and isinstance(theirs, Fresh) and mine.seed == theirs.seed
