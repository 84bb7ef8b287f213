"""The embedded world's sentences as T2I-CompBench's rules read them: parts of speech, noun phrases, their words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tts_bench.compbench.language import Word
from tts_bench.shapes.prompts import scene_of
from tts_bench.shapes.scenes import COLOURS, NUMBERS, SHAPES, SIZES, TEXTURES, Thing
from tts_bench.types import Json, Prompt

SAID = {
    "left of": "on the left of",
    "right of": "on the right of",
    "above": "on the top of",
    "below": "on the bottom of",
}
PLURALS = {shape: replace(Thing("red", shape), count=2).text.split()[-1] for shape in SHAPES}


@dataclass(frozen=True)
class Grammar:
    """A `Language` that needs no pipeline, since its sentences come from a grammar."""

    @property
    def card(self) -> Mapping[str, Json]:
        return {"language": "shapes", "version": 1}

    def words(self, text: str) -> list[Word]:
        return [Word(word, _part(word)) for word in text.split()]

    def noun_chunks(self, text: str) -> list[str]:
        """What stands before, between and behind "and" or a relation."""
        for between in SAID.values():
            text = text.replace(f" {between} ", " and ")
        return text.split(" and ")


def of_places(prompt: Prompt) -> Prompt:
    """ "two red rings above a blue cross" as "a ring on the top of a cross": which things, and where."""
    scene = scene_of(prompt)
    names = [f"a {thing.shape}" for thing in scene.things]
    return replace(prompt, text=f" {SAID.get(scene.relation, 'and')} ".join(names))


def of_numbers(prompt: Prompt) -> Prompt:
    """ "two striped red rings" as "two rings", with the list of objects that the rule of numeracy reads."""
    things = scene_of(prompt).things
    names = [f"{NUMBERS[thing.count]} {thing.shape if thing.count == 1 else PLURALS[thing.shape]}" for thing in things]
    objects: Json = [[thing.shape, PLURALS[thing.shape]] for thing in things]
    return replace(prompt, text=" and ".join(names), metadata={"objects": objects})


def _part(word: str) -> str:
    if word in (*COLOURS, *SIZES, *TEXTURES):
        return "ADJ"
    if word in SHAPES or word in PLURALS.values():
        return "NOUN"
    return "NUM" if word in ("two", "three", "four") else "X"
