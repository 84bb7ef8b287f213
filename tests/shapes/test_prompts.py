"""The embedded suite's prompts: scenes there and back, and the file in benchmarks/ is the one that is made here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tts_bench.errors import BadInput
from tts_bench.prompts import read_prompts
from tts_bench.shapes.heldout import held_out
from tts_bench.shapes.prompts import prompt_of, scene_of, write
from tts_bench.suite import find_suite

PROMPT = prompt_of(held_out()[1], "001-two")


def test_writing_gives_the_bytes_that_the_card_pins(tmp_path: Path) -> None:
    suite = find_suite("shapes")
    write(tmp_path / "made.jsonl")
    assert (tmp_path / "made.jsonl").read_bytes() == suite.source.path.read_bytes()
    assert read_prompts(tmp_path / "made.jsonl", suite.source.sha256) == suite.all_prompts


def test_every_prompt_reads_back_as_its_scene() -> None:
    prompts = find_suite("shapes").all_prompts
    assert [scene_of(prompt) for prompt in prompts] == list(held_out())
    assert [prompt.split for prompt in prompts] == ["unseen" if scene.unseen else "seen" for scene in held_out()]


def test_the_suite_is_large_unique_and_balanced_at_its_default_size() -> None:
    suite = find_suite("shapes")
    assert len(suite.all_prompts) >= 240
    assert len({prompt.text for prompt in suite.all_prompts}) == len(suite.all_prompts)
    few = suite.prompts()
    categories = [prompt.category for prompt in few]
    assert len(few) == 84 and {categories.count(name) for name in categories} == {12}
    assert sum(prompt.split == "unseen" for prompt in few) == 28


def changed(**change: Any) -> dict[str, Any]:
    """The metadata with its first thing, or its relation, changed."""
    first, second = PROMPT.metadata["things"]  # type: ignore[misc]
    relation = change.pop("relation", "")
    return {"things": [{**first, **change}, second], "relation": relation}


@pytest.mark.parametrize(
    ("metadata", "key"),
    [
        (changed(colour="pink"), r"things\[0\].colour"),
        (changed(shape=""), r"things\[0\].shape"),
        (changed(size="huge"), r"things\[0\].size"),
        (changed(texture=None), r"things\[0\].texture"),
        (changed(count=0), r"things\[0\].count"),
        (changed(count=True), r"things\[0\].count"),
        (changed(count="2"), r"things\[0\].count"),
        (changed(weight=2), r"things\[0\].weight"),
        (changed(count=4), "things"),  # five objects in all
        (changed(relation="inside"), "relation"),
        (changed(relation="above"), "text"),
        (changed(colour="red"), "text"),
        ({"things": [], "relation": ""}, "things"),
        ({"things": "a", "relation": ""}, "things"),
        ({"things": PROMPT.metadata["things"]}, "relation"),
        ({}, "relation"),
    ],
)
def test_metadata_that_is_no_scene_or_another_one_is_refused(metadata: dict[str, Any], key: str) -> None:
    with pytest.raises(BadInput, match=rf"^prompt 001-two: {key} (=|is missing:) "):
        scene_of(replace(PROMPT, metadata=metadata))


def test_a_suite_may_call_its_category_by_another_name() -> None:
    assert scene_of(replace(PROMPT, category="color")).things == scene_of(PROMPT).things
