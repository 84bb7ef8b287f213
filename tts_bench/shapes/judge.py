"""The exact checker's verdict: what a scene asks for, held claim by claim against the objects that were seen.

Every object asked for is a slot. Slots are matched to objects seen so that the most attributes are right, and a claim
about a thing ("1.colour") holds only if it holds in all of its slots.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, permutations

import numpy as np

from tts_bench.shapes.observe import Observed
from tts_bench.shapes.render import holds
from tts_bench.shapes.scenes import Scene, Thing

MARGIN = 3.0  # pixels by which a relation must hold; the renderer keeps 5
ATTRIBUTES = ("colour", "shape", "size", "texture")
KEPT = 4  # a slot has at most three rivals, so four of a thing's best objects always hold the best match

Match = tuple[Observed | None, ...]  # the object of each slot, the first thing's slots first


def judge(scene: Scene, seen: Sequence[Observed]) -> dict[str, bool]:
    """Every claim of `scene` by name ("1.colour", ..., "2.shape", ..., "count", "relation") and whether it holds.

    Among matches with equally many right attributes the one counts in which most claims hold, then the leftmost.
    """
    slots = [thing for thing in scene.things for _ in range(thing.count)]
    matches = list(_matches(scene, seen))
    right = [sum(map(_gain, slots, match)) for match in matches]
    verdicts = [_claims(scene, len(seen), match) for match, n in zip(matches, right, strict=True) if n == max(right)]
    return max(verdicts, key=lambda claims: sum(claims.values()))


def accuracy(claims: Mapping[str, bool]) -> float:
    """1 if every claim holds, else 0."""
    return float(all(claims.values()))


def attributes(claims: Mapping[str, bool]) -> float:
    """The share of claims that hold, in [0, 1]."""
    return sum(claims.values()) / len(claims)


def _asked(thing: Thing) -> dict[str, str]:
    return {name: getattr(thing, name) for name in ATTRIBUTES if getattr(thing, name)}


def _gain(thing: Thing, item: Observed | None) -> int:
    """How many of the attributes asked for the object has."""
    return sum(getattr(item, name, None) == value for name, value in _asked(thing).items())


def _matches(scene: Scene, seen: Sequence[Observed]) -> Iterator[Match]:
    items = sorted(seen, key=lambda item: (item.x, item.y))  # so that the order they were seen in decides nothing
    kept: set[int] = set()
    for thing in scene.things:
        kept.update(sorted(range(len(items)), key=lambda i, thing=thing: -_gain(thing, items[i]))[:KEPT])
    options: list[Observed | None] = [items[i] for i in sorted(kept)]
    return permutations(options + [None] * (scene.total - len(options)), scene.total)


def _claims(scene: Scene, n_seen: int, match: Match) -> dict[str, bool]:
    items = iter(match)
    groups = [list(islice(items, thing.count)) for thing in scene.things]
    claims = {
        f"{index + 1}.{name}": all(getattr(item, name, None) == value for item in groups[index])
        for index, thing in enumerate(scene.things) for name, value in _asked(thing).items()
    }  # fmt: skip
    claims["count"] = n_seen == scene.total
    if scene.relation:
        claims["relation"] = _related(scene.relation, groups[0], groups[1])
    return claims


def _related(relation: str, first: Sequence[Observed | None], second: Sequence[Observed | None]) -> bool:
    centres = [np.array([(item.x, item.y) for item in group if item]) for group in (first, second)]
    if any(len(found) < len(group) for found, group in zip(centres, (first, second), strict=True)):
        return False
    return bool(holds(relation, centres[0], centres[1], margin=MARGIN))
