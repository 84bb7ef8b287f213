"""Searches run on the toy, and what they made, held against the toy's closed form in float64."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from tests import toy
from tts_bench import noise
from tts_bench.engine import Engine
from tts_bench.entry import Entry
from tts_bench.executors.local import InProcess
from tts_bench.recipes import State
from tts_bench.run import Run
from tts_bench.store import Store
from tts_bench.types import Key, Move, Prompt, Search, Task

PROMPTS = toy.prompts(3)


def run(
    path: Path, *entries: Entry, prompts: Sequence[Prompt] = PROMPTS, batch_size: int = 8, seed: int = 0
) -> tuple[list[Run], Engine]:
    """Every entry on every prompt over the store at `path`."""
    with Store(path) as store:
        engine = Engine(store, InProcess(), batch_size)
        return engine.runs(list(entries), prompts, seed), engine


def told(runs: Sequence[Run], key: Key) -> State:
    """The state of this key, which one of the searches was told of."""
    return next(run.known[key] for run in runs if key in run.known)


def latent(engine: Engine, entry: Entry, state: State) -> np.ndarray:
    """x of a state as the engine holds it, float64."""
    held = engine.maker(entry.spec, entry.model).latents.remembered(state.key)
    assert held is not None, "not held"
    return held.astype(np.float64)


def drawn(seed: int) -> np.ndarray:
    """The noise of a seed, float64."""
    return noise.draw(seed, toy.SHAPE).astype(np.float64)


def clean(x: np.ndarray, t: float, prompt: Prompt) -> np.ndarray:
    """E[x_0 | x_t], by the toy's closed form."""
    mean, variance = toy.mean_of(prompt), (1 - t) ** 2 * toy.SPREAD**2 + t**2
    return mean + (1 - t) * toy.SPREAD**2 / variance * (x - (1 - t) * mean)


def euler(x: np.ndarray, levels: Sequence[float], prompt: Prompt) -> np.ndarray:
    """x carried down through `levels` by Euler's steps: x_s = x_t + (s - t) (x_t - x_0) / t."""
    for t, s in pairwise(levels):
        x = x + (s - t) * (x - clean(x, t, prompt)) / t
    return x


def image(x: np.ndarray) -> np.ndarray:
    """The toy's image of clean latents."""
    return (np.clip((x + 2) / 4, 0, 1) * 255).round().transpose(1, 2, 0)


def close(a: np.ndarray, b: np.ndarray, tolerance: float = 2e-6) -> bool:
    return float(np.abs(a - b).max()) < tolerance


def wandering(task: Task, *, rounds: int = 40) -> Search:
    """Any move from any state that it makes sense for, several at once."""
    random = task.random("wander")
    known = list((yield [task.fresh(to=1.0), task.fresh(to=0.5), task.fresh()]))
    for _ in range(rounds):
        moves: list[Move] = []
        for _ in range(int(random.integers(1, 4))):
            of = known[int(random.integers(len(known)))]
            lower = [t for t in task.levels if t < of.level]
            inner = [t for t in task.levels[1:-1] if t > of.level]
            kind = random.choice(["fresh", "neighbour", "denoise", "step", "renoise"])
            if kind == "fresh":
                moves.append(task.fresh(to=float(random.choice(task.levels))))
            elif kind == "neighbour":
                moves.append(task.neighbour(of, 0.9, to=float(random.choice(task.levels))))
            elif kind == "renoise" and inner:
                moves.append(task.renoise(of, to=float(random.choice(inner))))
            elif lower:
                to = float(random.choice(lower))
                moves.append(task.denoise(of, to) if kind == "denoise" else task.step(of, to, eta=0.5))
        if moves:
            known += yield moves
    [image] = yield [task.fresh()]
    return image.key
