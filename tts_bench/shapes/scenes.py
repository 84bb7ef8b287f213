"""The grammar: what a prompt of the embedded world can ask for, and how it is said in words.

A `Scene` is a set of `Thing`s and perhaps a relation between two of them. Its text is what the model reads; its
`meaning` is the same for every wording ("A left of B" is "B right of A"), so that a held-out prompt cannot slip into
training in other words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple")
SHAPES = ("circle", "square", "triangle", "cross", "ring")
SIZES = ("small", "large")
TEXTURES = ("plain", "striped")
CONVERSE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
RELATIONS = tuple(CONVERSE)
CATEGORIES = ("single", "two", "size", "texture", "count", "relation", "complex")
NUMBERS = {1: "a", 2: "two", 3: "three", 4: "four"}

# One colour a shape is never shown in training, in any category: the "unseen" half of the held-out prompts.
UNSEEN = frozenset(
    {("yellow", "circle"), ("purple", "square"), ("cyan", "triangle"), ("green", "cross"), ("orange", "ring")}
)


@dataclass(frozen=True, order=True)
class Thing:
    """`count` objects alike; `size` and `texture` are "" where the prompt leaves them open."""

    colour: str
    shape: str
    size: str = ""
    texture: str = ""
    count: int = 1

    @property
    def text(self) -> str:
        words = [word for word in (self.size, self.texture, self.colour) if word]
        noun = self.shape if self.count == 1 else {"cross": "crosses"}.get(self.shape, self.shape + "s")
        number = "an" if self.count == 1 and words[0][0] in "aeiou" else NUMBERS[self.count]
        return " ".join([number, *words, noun])


@dataclass(frozen=True)
class Scene:
    """One or two things; `relation` places the first against the second, "" leaves them anywhere."""

    category: str
    things: tuple[Thing, ...]
    relation: str = ""

    @property
    def text(self) -> str:
        return f" {self.relation or 'and'} ".join(thing.text for thing in self.things)

    @property
    def total(self) -> int:
        return sum(thing.count for thing in self.things)

    @property
    def meaning(self) -> tuple[object, ...]:
        if self.relation in ("right of", "below"):
            return (CONVERSE[self.relation], *reversed(self.things))
        return (self.relation, *(self.things if self.relation else sorted(self.things)))

    @property
    def unseen(self) -> bool:
        return any((thing.colour, thing.shape) in UNSEEN for thing in self.things)


def draw_scene(rng: np.random.Generator, category: str) -> Scene:
    """Draw a scene of `category` uniformly over its grammar."""

    def pick(options: tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))]

    def maybe(options: tuple[str, ...], chance: float) -> str:
        return pick(options) if rng.random() < chance else ""

    first = Thing(pick(COLOURS), pick(SHAPES))
    second = Thing(pick(COLOURS), pick(SHAPES))
    while second.colour == first.colour or second.shape == first.shape:
        second = Thing(pick(COLOURS), pick(SHAPES))

    if category == "single":
        return Scene(category, (replace(first, size=maybe(SIZES, 0.6), texture=maybe(TEXTURES, 0.5)),))
    if category == "count":
        return Scene(category, (replace(first, count=int(rng.integers(2, 5)), texture=maybe(TEXTURES, 0.4)),))
    if category in ("size", "texture"):
        values = SIZES if category == "size" else TEXTURES
        here = int(rng.integers(2))
        return Scene(
            category,
            tuple(replace(t, **{category: values[(here + i) % 2]}) for i, t in enumerate((first, second))),
        )
    if category == "complex":
        counts = ((1, 2), (2, 1), (2, 2))[int(rng.integers(3))]
        things = tuple(
            replace(thing, count=count, texture=maybe(TEXTURES, 0.5), size=maybe(SIZES[:1], 0.3))
            for thing, count in zip((first, second), counts, strict=True)
        )
        return Scene(category, things, maybe(RELATIONS, 0.5))
    return Scene(category, (first, second), pick(RELATIONS) if category == "relation" else "")


def change_one(rng: np.random.Generator, scene: Scene) -> Scene:
    """The scene with exactly one attribute made wrong, as one that can still be drawn: what a checker must reject."""
    while True:
        changed = _change(rng, scene)
        if _roomy(changed):
            return changed


def _change(rng: np.random.Generator, scene: Scene) -> Scene:
    spots = [(i, name) for i, thing in enumerate(scene.things) for name in _named(thing)]
    spots += [(0, "relation")] if scene.relation else []
    index, name = spots[int(rng.integers(len(spots)))]
    if name == "relation":
        return replace(scene, relation=CONVERSE[scene.relation])
    thing = scene.things[index]
    options: dict[str, tuple[object, ...]] = {
        "colour": COLOURS, "shape": SHAPES, "size": SIZES, "texture": TEXTURES, "count": tuple(NUMBERS),
    }  # fmt: skip
    others = [value for value in options[name] if value != getattr(thing, name)]
    changed = replace(thing, **{name: others[int(rng.integers(len(others)))]})
    return replace(scene, things=tuple(changed if i == index else t for i, t in enumerate(scene.things)))


def _roomy(scene: Scene) -> bool:
    """Whether the renderer finds a layout soon: few large objects, and no three in a row beside a fourth."""
    large = sum(thing.count for thing in scene.things if thing.size == "large")
    most = 2 if scene.relation else 4
    return scene.total <= (2 if large else 4) and large <= 1 and all(thing.count <= most for thing in scene.things)


def _named(thing: Thing) -> list[str]:
    return ["colour", "shape", "count", *(n for n in ("size", "texture") if getattr(thing, n))]
