"""A scripted world that drives a search by hand: the independent check of budgets, charges and picks.

    world = World(steps=12, budget=144, verifier=lambda image: float(image[0]))
    run = drive(zero_order(world.task, neighbours=2), world)
    run.pick, run.rounds, run.spent, run.keys, world.states[run.pick].x

It shares no code with the engine but the types: the task and the moves are the project's own. A state is a numpy vector
of `size` components; the model is the exact posterior mean of images N(mean, spread^2) in every component, so that
`World.clean` is a closed form. `World.verifier` sees a finished state's vector, else its clean estimate, and may give
None, NaN or infinities. Each round is charged as a whole, by what is really run:

- an evaluation at a state serves its look (the one-step clean estimate that is scored) and the first step on from it;
- Fresh, Neighbour to s: nfe(1 -> s), and 1 for the look if s > 0;
- Denoise from t to s: nfe(t -> s) - 1, for t has been looked at, and 1 for the look if s > 0;
- Step from t over r, the next level down, to s: nfe(r -> s), for t has been looked at, and 1 for the look if s > 0;
- Renoise: 1, its look; Ascend: 4 whole solves (1 forward, 3 for the backward pass), and its own like a fresh draw;
- a state that is known already, or asked for twice in one round, is charged once.

A round that costs more than is left raises `Overspent` and makes nothing; a move that makes no sense raises ValueError.
Without a budget nothing is refused and the task's `left` starts at 16 candidates.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tts_bench.types import (
    Ascend,
    Denoise,
    Fresh,
    Key,
    Move,
    Neighbour,
    Outcome,
    Purse,
    Renoise,
    Search,
    Step,
    Task,
)  # fmt: skip

Verifier = Callable[[np.ndarray], "float | None"]
CANDIDATES_WITHOUT_BUDGET = 16


class Overspent(Exception):
    """A round of moves costs more than is left."""


@dataclass(frozen=True)
class Made:
    """A state: its vector, the noise at level 1 it came from, and the noise of the step that made it, if one did."""

    key: Key
    level: float
    x: np.ndarray
    origin: np.ndarray
    root: tuple[object, ...]  # what it was solved from: a state solved in two stretches is the same state
    z: np.ndarray | None = None


@dataclass
class Driven:
    """What a driven search did: its pick, the moves and their states' keys by round, and what was left before each."""

    pick: Key
    rounds: list[list[Move]]
    keys: list[list[Key]]
    spent: int
    left: list[int]  # NFE left before each round, and after the last

    @property
    def moves(self) -> list[Move]:
        return [move for moves in self.rounds for move in moves]


def gaussian(seed: int, size: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(size)


def neighbour(pivot: np.ndarray, other: np.ndarray, cosine: float, rule: str = "cosine") -> np.ndarray:
    """Of `pivot`, at `cosine`, in the direction of the Gaussian `other`."""
    sine = math.sqrt(max(0.0, 1 - cosine**2))
    if rule == "variance_preserving":
        return cosine * pivot + sine * other
    unit = pivot / np.linalg.norm(pivot)
    across = other - (unit @ other) * unit
    return np.linalg.norm(pivot) * (cosine * unit + sine * across / np.linalg.norm(across))


def draw_seed(suite_seed: int, prompt_id: str, kind: str, count: int, of: Key = "") -> int:
    digest = hashlib.blake2b(repr((suite_seed, prompt_id, kind, count, of)).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big")


@dataclass
class World:
    """A model, a verifier and a budget in NFE; `reserve` of it is kept for a final run on another grid."""

    steps: int = 12
    budget: int | None = 144
    verifier: Verifier = lambda image: float(image[0])
    size: int = 4
    seed: int = 0
    mean: float = 0.2
    spread: float = 0.5
    shift: float = 1.0
    reserve: int = 0
    heun: bool = False
    states: dict[Key, Made] = field(default_factory=dict)
    values: dict[Key, float | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        even = [1 - i / self.steps for i in range(self.steps + 1)]
        self.levels = tuple(self.shift * t / (1 + (self.shift - 1) * t) for t in even)
        allowance = (
            CANDIDATES_WITHOUT_BUDGET * self.nfe(1.0, 0.0) if self.budget is None else self.budget - self.reserve
        )
        self.purse = Purse(allowance)
        self.task = Task("p", self.seed, draw_seed, self.levels, self.nfe, self.purse)

    # -- the model ---------------------------------------------------------------------------------------------------

    def clean(self, x: np.ndarray, t: float) -> np.ndarray:
        """E[image | x at level t], exact."""
        variance = (1 - t) ** 2 * self.spread**2 + t**2
        return self.mean + (1 - t) * self.spread**2 / variance * (x - (1 - t) * self.mean)

    def velocity(self, x: np.ndarray, t: float) -> np.ndarray:
        return (x - self.clean(x, t)) / t

    def snap(self, level: float) -> float:
        return min(self.levels, key=lambda t: (abs(t - level), -t))

    def between(self, start: float, stop: float) -> tuple[float, ...]:
        return self.levels[self.levels.index(start) : self.levels.index(stop) + 1]

    def solve(self, x: np.ndarray, start: float, stop: float) -> np.ndarray:
        """Euler, or Heun, level by level."""
        for t, s in itertools.pairwise(self.between(start, stop)):
            slope = self.velocity(x, t)
            ahead = x + (s - t) * slope
            x = x + (s - t) * (slope + self.velocity(ahead, s)) / 2 if self.heun and s > 0 else ahead
        return x

    def step(self, x: np.ndarray, t: float, eta: float, z: np.ndarray) -> np.ndarray:
        """One stochastic step to the next level down."""
        s = self.levels[self.levels.index(t) + 1]
        image = self.clean(x, t)
        noise = (x - (1 - t) * image) / t
        kept = (1 - t) / (1 - s)
        sigma = eta * (s / t) * math.sqrt(max(0.0, t**2 - (kept * s) ** 2))
        return (1 - s) * image + math.sqrt(max(0.0, s**2 - sigma**2)) * noise + sigma * z

    def value(self, x: np.ndarray, level: float) -> float | None:
        return self.verifier(x if level == 0 else self.clean(x, level))

    def gradient(self, noise: np.ndarray) -> np.ndarray:
        """Of the value of the finished image with respect to the noise, by central differences."""
        rows = np.eye(self.size) * 1e-5
        ends = [[self.verifier(self.solve(noise + sign * row, 1.0, 0.0)) or 0.0 for sign in (1, -1)] for row in rows]
        return np.array([(up - down) / 2e-5 for up, down in ends])

    # -- what moves cost and make ------------------------------------------------------------------------------------

    @property
    def left(self) -> int:
        return self.purse.allowance - self.purse.spent

    def nfe(self, start: float, stop: float) -> int:
        steps = len(self.between(start, stop)) - 1
        return 2 * steps - (1 if steps and stop == 0 else 0) if self.heun else steps

    def cost(self, move: Move) -> int:
        to = self.snap(move.to)
        look = 1 if to > 0 else 0
        match move:
            case Fresh() | Neighbour():
                return self.nfe(1.0, to) + look
            case Renoise():
                return 1
            case Ascend():
                return 4 * self.nfe(1.0, 0.0) + self.nfe(1.0, to) + look
        level = self.states[move.of].level
        if isinstance(move, Step):
            return self.nfe(self.levels[self.levels.index(level) + 1], to) + look
        return self.nfe(level, to) - 1 + look

    def make(self, move: Move) -> Made:
        """The state of a move. ValueError for a parent nobody was told of, or a level on the wrong side of it."""
        to = self.snap(move.to)
        if isinstance(move, Fresh):
            noise = gaussian(move.seed, self.size)
            return self._made(("noise", move.seed), 1.0, noise, noise, to)
        if move.of not in self.states:
            raise ValueError(f"{type(move).__name__} of a state this search was not told of")
        of = self.states[move.of]
        match move:
            case Neighbour():
                noise = neighbour(of.origin, gaussian(move.seed, self.size), move.cosine, move.rule)
                root = ("neighbour", of.origin.tobytes(), move.seed, move.cosine, move.rule)
                return self._made(root, 1.0, noise, noise, to)
            case Ascend():
                noise = self._ascended(of.origin, move.rate)
                return self._made(("ascend", of.origin.tobytes(), move.rate), 1.0, noise, noise, to)
            case Renoise():
                return self._renoised(move, of, to)
            case Denoise():
                if to >= of.level:
                    raise ValueError(f"Denoise from {of.level} to {to}")
                return self._made(of.root, of.level, of.x, of.origin, to, of.z)
            case Step():
                return self._stepped(move, of, to)

    def _made(
        self, root: tuple[object, ...], level: float, x: np.ndarray, origin: np.ndarray, to: float,
        z: np.ndarray | None = None,
    ) -> Made:  # fmt: skip
        key = hashlib.sha256(repr((root, self.steps, to)).encode()).hexdigest()
        return Made(key, to, self.solve(x, level, to), origin, root, z)

    def _renoised(self, move: Renoise, of: Made, to: float) -> Made:
        if not of.level < to < 1.0:
            raise ValueError(f"Renoise from {of.level} to {to}")
        ratio = (1 - to) / (1 - of.level)
        added = math.sqrt(to**2 - (ratio * of.level) ** 2)
        x = ratio * of.x + added * gaussian(move.seed, self.size)
        return self._made(("renoise", of.key, move.seed, to), to, x, of.origin, to)

    def _stepped(self, move: Step, of: Made, to: float) -> Made:
        if to >= of.level:
            raise ValueError(f"Step from {of.level} to {to}")
        z = gaussian(move.seed, self.size)
        if move.near is not None:
            near = self.states[move.near].z
            if near is None:
                raise ValueError("Step near a state that no step made")
            z = neighbour(near, z, move.cosine)
        reached = self.levels[self.levels.index(of.level) + 1]
        x = self.step(of.x, of.level, move.eta, z)
        return self._made(("step", of.key, z.tobytes(), move.eta), reached, x, of.origin, to, z)

    def _ascended(self, noise: np.ndarray, rate: float) -> np.ndarray:
        norm, slope = np.linalg.norm(noise), self.gradient(noise)
        size = np.linalg.norm(slope)
        moved = noise / norm + (rate * slope / size if size > 0 else 0.0)
        return norm * moved / np.linalg.norm(moved)

    def tell(self, moves: Sequence[Move]) -> list[Outcome]:
        """Charge a round, make its states, score them."""
        made = [self.make(move) for move in moves]
        prices: dict[Key, int] = {}
        for move, state in zip(moves, made, strict=True):
            if state.key not in self.states:
                prices[state.key] = min(self.cost(move), prices.get(state.key, self.cost(move)))
        if self.budget is not None and sum(prices.values()) > self.left:
            raise Overspent(f"asked for {sum(prices.values())} NFE with {self.left} left")
        self.purse.spent += sum(prices.values())
        for state in made:
            self.states[state.key] = state
            self.values[state.key] = self.value(state.x, state.level)
        return [Outcome(state.key, state.level, self.purse.spent, self.values) for state in made]


def drive(search: Search, world: World) -> Driven:
    """Run a search's generator over a world to its pick, which must be finished."""
    run = Driven("", [], [], 0, [world.left])
    try:
        moves = next(search)
        while True:
            assert isinstance(moves, list | tuple), "a search yields a list of moves"
            assert moves, "a round that asks for nothing"
            outcomes = world.tell(moves)
            run.rounds.append(list(moves))
            run.keys.append([outcome.key for outcome in outcomes])
            run.left.append(world.left)
            moves = search.send(outcomes)
    except StopIteration as stop:
        run.pick, run.spent = stop.value, world.purse.spent
    assert world.states[run.pick].level == 0.0, "the pick is not finished"
    return run
