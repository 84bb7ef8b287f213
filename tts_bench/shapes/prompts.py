"""The embedded world's suite of prompts: held-out scenes as prompts, and prompts back as scenes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tts_bench.checks import choice, integer
from tts_bench.errors import BadInput
from tts_bench.shapes.heldout import held_out
from tts_bench.shapes.scenes import COLOURS, RELATIONS, SHAPES, SIZES, TEXTURES, Scene, Thing
from tts_bench.tables import Table
from tts_bench.types import Json, Prompt


def write(path: Path) -> None:
    """Write the held-out scenes as a suite's prompts, the same bytes every time."""
    lines = [json.dumps(_record(i, scene), ensure_ascii=False) + "\n" for i, scene in enumerate(held_out())]
    path.write_bytes("".join(lines).encode("utf-8"))


def prompt_of(scene: Scene, prompt_id: str) -> Prompt:
    """A scene as a prompt, its meaning in the metadata."""
    things: Json = [
        {"colour": t.colour, "shape": t.shape, "size": t.size, "texture": t.texture, "count": t.count}
        for t in scene.things
    ]
    split = "unseen" if scene.unseen else "seen"
    metadata: dict[str, Json] = {"things": things, "relation": scene.relation}
    return Prompt(prompt_id, scene.text, None, scene.category, split, metadata)


def scene_of(prompt: Prompt) -> Scene:
    """The scene that a prompt's metadata describes; BadInput if it is none, or not the one its text describes.

    Its category is the prompt's, which another suite may call by another name.
    """
    file = f"prompt {prompt.id}"
    table = Table(prompt.metadata, file)
    things = tuple(_thing(thing) for thing in table.tables("things"))
    scene = Scene(prompt.category, things, table.take("relation", choice("", *RELATIONS)))
    table.done()
    if not 1 <= len(things) <= 2 or (scene.relation and len(things) != 2) or scene.total > 4:
        table.refuse("things", "must be one or two things, two for a relation, of at most four objects in all")
    if scene.text != prompt.text:
        raise BadInput.at(file, "text", prompt.text, f"its metadata says {scene.text!r}; make them agree")
    return scene


def _thing(table: Table) -> Thing:
    return Thing(
        colour=table.take("colour", choice(*COLOURS)),
        shape=table.take("shape", choice(*SHAPES)),
        size=table.take("size", choice("", *SIZES)),
        texture=table.take("texture", choice("", *TEXTURES)),
        count=table.take("count", integer(1, 4)),
    )


def _record(index: int, scene: Scene) -> dict[str, Any]:
    prompt = prompt_of(scene, f"{index:03d}-{scene.category}")
    return {
        "id": prompt.id, "text": prompt.text, "category": prompt.category, "split": prompt.split,
        "metadata": prompt.metadata,
    }  # fmt: skip
