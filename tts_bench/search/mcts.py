"""Monte-Carlo tree search over denoising: Diffusion Tree Search (Jain et al. 2025, arXiv 2506.20701, Alg. 1, DTS*)."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated

from tts_bench.types import Key, Outcome, Range, Search, Task, best, rank_key, search


@dataclass
class Node:
    """A state at one of the stops, the last of them an image. The root stands above all noise and has no state."""

    state: Outcome | None = None
    children: list[Node] = field(default_factory=list)
    visits: int = 1
    value: float = 0.0


@search("mcts")
def mcts(
    task: Task, *, simulations: Annotated[int | None, Range(1, 65_536)] = None,
    waypoints: Annotated[int, Range(1, 256)] = 5, eta: Annotated[float, Range(0.0, 1.0)] = 1.0,
    exploration: Annotated[float, Range(0.0, 100.0)] = 0.3, sharpness: Annotated[float, Range(0.01, 1000.0)] = 5.0,
    width: Annotated[float, Range(0.1, 100.0)] = 1.0, power: Annotated[float, Range(0.0, 1.0)] = 0.5,
) -> Search:  # fmt: skip
    """Grow a tree of stochastic steps until the budget (or `simulations`) is spent: select, widen, roll out, back up.

    Noise and all waypoints but the last branch (table 2: 5), N visits giving up to `width` N^`power` children (with the
    paper's 2 and 0.8, the first 36 rollouts would be from noise). The lowest always widens: an image's value is known.
    """
    stops = task.forks(waypoints)
    edges = [task.cost(stops[0]), *(task.step_cost(t, s) for t, s in pairwise(stops))]  # NFE of a child
    root, images = Node(), list[Outcome]()

    def widens(node: Node, depth: int) -> bool:
        affordable = simulations is not None or task.left >= sum(edges[depth:])
        return affordable and (depth == len(edges) - 1 or len(node.children) < width * node.visits**power)

    while len(images) < simulations if simulations else not images or task.left >= edges[-1]:
        path = select(root, widens, exploration)
        for to in stops[len(path) - 1 :]:
            [state] = yield [task.step(of, to, eta) if (of := path[-1].state) else task.fresh(to)]
            path[-1].children.append(Node(state))
            path.append(path[-1].children[-1])
            images += [state] if to == 0.0 else []
        back_up(root, fitness(images), sharpness)
    return best(images).key


def select(root: Node, widens: Callable[[Node, int], bool], exploration: float) -> list[Node]:
    """The way down to the node that gets another child, by the highest v + c sqrt(ln N(parent) / N(child)), UCT."""
    path = [root]
    while path[-1].children and not widens(path[-1], len(path) - 1):
        log = math.log(path[-1].visits)
        path.append(max(path[-1].children, key=lambda child: child.value + exploration * math.sqrt(log / child.visits)))
    return path


def back_up(node: Node, fitness: Mapping[Key, float], sharpness: float) -> float:
    """v = ln(mean(exp(lambda v(child)))) / lambda and N = 1 + images below, of every node: all the ranks have moved."""
    values = [sharpness * back_up(child, fitness, sharpness) for child in node.children]
    node.visits = 1 + max(1, sum(child.visits - 1 for child in node.children))
    if values:
        node.value = (max(values) + math.log(sum(math.exp(v - max(values)) for v in values) / len(values))) / sharpness
    elif node.state:
        node.value = fitness[node.state.key]
    return node.value


def fitness(images: list[Outcome]) -> dict[Key, float]:
    """Mid-ranks from 0, the worst, to 1: no scale of a verifier tells; what has no value ranks last."""
    order = sorted(keys := [rank_key(image.value, "") for image in images])
    places = [(bisect_left(order, key) + bisect_right(order, key) - 1) / 2 for key in keys]
    return {image.key: 1 - place / max(1, len(keys) - 1) for image, place in zip(images, places, strict=True)}
