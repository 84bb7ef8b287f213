"""Images in a store, and a grader over them, as the engine would have it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.grader.server import Judge, picture
from tts_bench.models.schedule import Grid
from tts_bench.protocols import Question, Unscored
from tts_bench.recipes import Noise, State
from tts_bench.scorers.llm_grader import LlmGrader, load
from tts_bench.scoring import Scoring
from tts_bench.store import State as Held
from tts_bench.store import Store
from tts_bench.types import Image, Prompt, Values

MODEL = {"model": "painted"}


def states(count: int) -> list[State]:
    prompts = [Prompt(f"{i:03d}", f"picture number {i}") for i in range(count)]
    return [State(MODEL, prompt, Noise(MODEL, i), Grid("euler", 4), 0.0) for i, prompt in enumerate(prompts)]


def filled(path: Path, count: int) -> list[State]:
    """A store that holds `count` images, and their states."""
    made = states(count)
    with Store(path) as store:
        store.commit(states=[Held(s.key, dict(s.recipe), picture(i), None, 0.0) for i, s in enumerate(made)])
    return made


def scoring(store: Store) -> Scoring:
    return Scoring(store, remake=lambda wants: None)


async def hasty(seconds: float) -> None:
    """Waits a thousandth of the time."""
    await asyncio.sleep(seconds / 1000)


def grader(judge: Judge, **changed: Any) -> LlmGrader:
    made = load(judge.settings(**changed))
    made.session.sleep = hasty
    return made


def questions(images: Sequence[Image], prompt: str = "a cat") -> list[Question]:
    return [Question(image, Prompt(str(i), prompt)) for i, image in enumerate(images)]


def answers(made: LlmGrader, asked: Sequence[Question]) -> dict[int, Values | Unscored]:
    """By place; each at most once."""
    found: dict[int, Values | Unscored] = {}
    for place, answer in made.stream(asked):
        assert place not in found
        found[place] = answer
    return found
