"""T2I-CompBench's files as prompts, on files of our own making."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tts_bench.errors import BadInput
from tts_bench.suites.compbench import CATEGORIES, read

FILES: Mapping[str, bytes] = {
    **{f"{name}_val.txt": f"first {name}\nsecond {name}".encode() for name in CATEGORIES},
    "numeracy_val.txt": b"Three knives and a cup\ntwo bees\n",
    "complex_val.txt": b"The red hat is on the mat.\nThe dog eats a Bone.\nA hat sits on a green box.",
    "complex_val_spatial.txt": b"the red hat is on the mat.\n",
    "complex_val_action.txt": b"The dog eats a bone.\n",
    "new_objects.txt": b"knife - knives\ncup - cups\nbee - bees\nbeef - beef\n",
}


def test_categories_take_turns_and_ids_say_category_and_place() -> None:
    prompts = read(FILES)
    assert [prompt.category for prompt in prompts[:8]] == list(CATEGORIES)
    assert len(prompts) == 17 and prompts[-1].id == "complex-002" and prompts[0].text == "first color"
    assert [prompt.id for prompt in prompts[8:10]] == ["color-001", "shape-001"]


def test_a_complex_prompt_says_its_list_as_the_authors_compare_it() -> None:
    lists = {prompt.id: prompt.metadata["list"] for prompt in read(FILES) if prompt.category == "complex"}
    assert lists == {"complex-000": "spatial", "complex-001": "action", "complex-002": "both"}


def test_a_prompt_of_numbers_brings_the_objects_that_its_text_may_name() -> None:
    objects = {prompt.text: prompt.metadata["objects"] for prompt in read(FILES) if prompt.category == "numeracy"}
    assert objects["Three knives and a cup"] == [["knife", "knives"], ["cup", "cups"]]
    assert objects["two bees"] == [["bee", "bees"]]


def test_a_file_that_the_card_forgot_is_named() -> None:
    with pytest.raises(BadInput, match="prompts.files = 'complex_val_action.txt': is missing"):
        read({name: content for name, content in FILES.items() if name != "complex_val_action.txt"})
    with pytest.raises(BadInput, match='new_objects.txt: line = .* must be "singular - plural"'):
        read({**FILES, "new_objects.txt": b"knife, knives"})
