"""Categories that take turns."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tts_bench.suites.turns import by_turns
from tts_bench.types import Prompt


@given(st.lists(st.sampled_from("abcd"), max_size=40))
def test_any_prefix_has_as_many_of_each_as_there_can_be(categories: list[str]) -> None:
    prompts = [Prompt(str(i), "", category=name) for i, name in enumerate(categories)]
    turns, sizes = by_turns(prompts), Counter(categories)
    assert sorted(turns, key=lambda p: int(p.id)) == prompts
    for end in range(len(turns) + 1):
        counts = Counter(prompt.category for prompt in turns[:end])
        most = max(counts.values(), default=0)
        assert all(counts[name] >= min(most - 1, sizes[name]) for name in sizes)
    for name in sizes:
        ids = [int(prompt.id) for prompt in turns if prompt.category == name]
        assert ids == sorted(ids)
