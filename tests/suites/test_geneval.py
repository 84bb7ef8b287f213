"""GenEval's file as prompts: clauses kept, tasks in turns, ids the places in the file."""

from __future__ import annotations

import json

import pytest

from tts_bench.errors import BadInput
from tts_bench.suites.geneval import FILE, read

ROWS = [
    {"tag": "counting", "include": [{"class": "cat", "count": 2}], "exclude": [{"class": "cat", "count": 3}],
     "prompt": "a photo of two cats"},
    {"tag": "counting", "include": [{"class": "dog", "count": 3}], "prompt": "a photo of three dogs"},
    {"tag": "colors", "include": [{"class": "cup", "count": 1, "color": "red"}], "prompt": "a photo of a red cup"},
]  # fmt: skip


def test_tasks_take_turns_and_ids_are_places() -> None:
    prompts = read({FILE: "".join(json.dumps(row) + "\n" for row in ROWS).encode()})
    assert [(prompt.id, prompt.category) for prompt in prompts] == [
        ("0", "counting"),
        ("2", "colors"),
        ("1", "counting"),
    ]
    assert prompts[0].metadata == {"include": ROWS[0]["include"], "exclude": ROWS[0]["exclude"]}
    assert prompts[0].text == "a photo of two cats"


def test_a_line_that_is_no_object_is_named() -> None:
    with pytest.raises(BadInput, match=f"{FILE}:2"):
        read({FILE: f"{json.dumps(ROWS[0])}\n[1]\n".encode()})
