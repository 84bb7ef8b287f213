"""The suite's 2,400 prompts, read by the real pipeline: how many the rules cannot read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.compbench import real
from tts_bench.compbench import counts, relations
from tts_bench.compbench.counts import List, listed
from tts_bench.compbench.numeracy import Numeracy
from tts_bench.compbench.phrases import questions
from tts_bench.compbench.relations import MEANING, MEANING_3D, VOCABULARY, VOCABULARY_3D
from tts_bench.compbench.spatial import Reading, Spatial2D
from tts_bench.compbench.spatial_3d import Spatial3D
from tts_bench.suites.compbench import CATEGORIES, read
from tts_bench.types import Prompt, Rules

RULES: tuple[Rules, ...] = ("official", "fixed")


@cache
def prompts() -> tuple[Prompt, ...]:
    folder = os.environ.get("TTS_BENCH_TEST_DATA")
    if not folder:
        pytest.skip("TTS_BENCH_TEST_DATA names no folder with the suites' prompts")
    return read({path.name: path.read_bytes() for path in (Path(folder) / "t2i_compbench").glob("*_*.txt")})


def of(category: str) -> list[Prompt]:
    return [prompt for prompt in prompts() if prompt.category == category]


def test_every_prompt_has_a_noun_phrase_and_none_more_than_eight() -> None:
    for category in CATEGORIES:
        asked = [questions(real.language(), prompt.text) for prompt in of(category)]
        assert len(asked) == 300 and all(asked)
    most = max(len(real.language().noun_chunks(prompt.text)) for prompt in prompts())
    assert most <= 8, "so that the limit of eight never bites"


@pytest.mark.parametrize(
    ("category", "reading", "none", "nothing", "one_word", "no_relation"),
    [
        # prompts: of no score officially, scored 0 unseen, with one word for both objects, without a relation
        ("spatial", "simple", 0, 0, 0, 0),
        ("complex", "complex", 0, 214, 0, 213),
    ],
)
def test_prompts_that_the_2d_rule_cannot_read(
    category: str, reading: Reading, none: int, nothing: int, one_word: int, no_relation: int
) -> None:
    official, fixed = (Spatial2D(real.language(), rules, reading) for rules in RULES)
    wanted = [official.wanted(prompt) for prompt in of(category)]
    assert (wanted.count(None), wanted.count(())) == (none, nothing)
    assert sum(words is not None and len(words) == 1 for words in wanted) == one_word
    assert [fixed.wanted(prompt) for prompt in of(category)].count(None) == nothing
    assert [relations.official(prompt.text, VOCABULARY) for prompt in of(category)].count(None) == no_relation
    words = [real.language().words(prompt.text) for prompt in of(category)]
    assert [relations.fixed(each, MEANING) for each in words].count(None) == no_relation


def test_prompts_that_the_3d_rule_cannot_read() -> None:
    words = [real.language().words(prompt.text) for prompt in of("3d_spatial")]
    assert all(relations.fixed(each, MEANING_3D) for each in words)
    assert all(relations.official(prompt.text, VOCABULARY_3D) for prompt in of("3d_spatial"))
    for rules in RULES:
        wanted = [Spatial3D(real.language(), rules).wanted(prompt) for prompt in of("3d_spatial")]
        assert all(wanted) and sum(len(words or ()) == 1 for words in wanted) == 4, "a candle behind a candle"


def test_of_the_complex_prompts_with_a_place_more_than_half_have_no_official_position() -> None:
    placed = [prompt for prompt in of("complex") if prompt.metadata["list"] == "spatial"]
    found = [relations.official(prompt.text, VOCABULARY) for prompt in placed]
    assert (len(found), found.count("on top of")) == (58, 32)


def test_fixed_finds_the_objects_of_every_simple_prompt_that_official_finds() -> None:
    for rule, category in ((Spatial2D, "spatial"), (Spatial3D, "3d_spatial")):
        official, fixed = rule(real.language()), rule(real.language(), "fixed")
        assert [official.wanted(prompt) for prompt in of(category)] == [fixed.wanted(prompt) for prompt in of(category)]


def test_every_prompt_of_numeracy_is_counted_with_its_part_of_the_list_as_with_all_of_it() -> None:
    numeracy = of("numeracy")
    whole = _whole_list()
    for prompt in numeracy:
        words = real.language().words(prompt.text)
        part = listed(prompt)
        assert part is not None
        asked = counts.official(words, part)
        assert asked == counts.official(words, whole) == counts.fixed(words, part)
        assert asked is not None and len(asked.objects) == len(asked.numbers) >= 1
        assert Numeracy(real.language()).wanted(prompt)


def test_without_the_list_fixed_reads_all_but_six_alike() -> None:
    def differ(texts: Sequence[Prompt]) -> list[str]:
        found = []
        for prompt in texts:
            words = real.language().words(prompt.text)
            if counts.fixed(words, None) != counts.fixed(words, listed(prompt)):
                found.append(prompt.text)
        return found

    assert len(differ(of("numeracy"))) == 6, "five articles before other things (a picnic), one verb taken for a noun"


def _whole_list() -> List:
    lines = (Path(os.environ["TTS_BENCH_TEST_DATA"]) / "t2i_compbench" / "new_objects.txt").read_text("utf-8")
    pairs = [line.strip().lower().split(" - ") for line in lines.splitlines() if line.strip()]
    return List(tuple(pair[0].strip() for pair in pairs), tuple(pair[1].strip() for pair in pairs))
