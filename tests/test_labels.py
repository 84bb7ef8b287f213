"""Class labels as prompts: as balanced as can be at every number of them, and the same ones whatever the number."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare

from tts_bench.errors import BadInput
from tts_bench.labels import Labels
from tts_bench.suite import find_suite, read_suite

BALANCED = Labels("balanced", 10, 1234, seed=3)


def labels_of(labels: Labels) -> list[int]:
    return [prompt.label for prompt in labels.prompts() if prompt.label is not None]


def test_any_number_of_balanced_labels_is_as_balanced_as_it_can_be() -> None:
    found = labels_of(BALANCED)
    assert len(found) == 1234
    for n in range(1, len(found), 7):
        counts = Counter(found[:n])
        assert max(counts.values()) - min(counts.get(label, 0) for label in range(10)) <= 1


def test_sampled_labels_are_uniform_and_not_balanced() -> None:
    counts = Counter(labels_of(replace(BALANCED, order="sampled", count=5000)))
    assert set(counts) == set(range(10)) and len(set(counts.values())) > 1
    assert chisquare([counts[label] for label in range(10)]).pvalue > 1e-3


@pytest.mark.parametrize("n", [20, 64, 200, 1234])
def test_groups_of_balanced_labels_hold_the_same_classes(n: int) -> None:
    labels = np.array(labels_of(BALANCED)[:n])
    groups = BALANCED.groups(labels, 20)
    assert np.ptp(np.bincount(groups, minlength=20)) <= 1
    for label in range(10):
        assert np.ptp(np.bincount(groups[labels == label], minlength=20)) <= 1


def test_groups_of_sampled_labels_are_left_to_chance() -> None:
    sampled = replace(BALANCED, order="sampled")
    labels = np.array(labels_of(sampled))
    groups = sampled.groups(labels, 20)
    assert max(np.ptp(np.bincount(groups[labels == label], minlength=20)) for label in range(10)) > 1


def test_ids_are_their_places_and_fewer_prompts_are_a_prefix() -> None:
    prompts = BALANCED.prompts()
    assert [prompt.id for prompt in prompts[:2]] == ["0000", "0001"]
    assert len({prompt.id for prompt in prompts}) == len(prompts)
    assert replace(BALANCED, count=5000).prompts()[:1234] == prompts


@pytest.mark.parametrize("change", [{"order": "sampled"}, {"classes": 11}, {"count": 1235}, {"seed": 4}])
def test_every_part_changes_what_the_prompts_are_known_by(change: dict) -> None:
    assert replace(BALANCED, **change).sha256 != BALANCED.sha256


def test_a_thousand_classes_are_no_categories() -> None:
    assert {prompt.category for prompt in Labels("balanced", 1000, 50, seed=0).prompts()} == {""}
    assert {prompt.category for prompt in BALANCED.prompts()} == {str(label) for label in range(10)}


def test_a_suite_of_labels_can_be_sampled_and_one_of_texts_cannot() -> None:
    digits = find_suite("digits")
    assert digits.with_labels(None) is digits
    assert digits.with_labels("sampled").source == replace(digits.source, order="sampled")
    with pytest.raises(BadInput, match=r"shapes.toml: prompts.labels = 'sampled': .* file, no labels"):
        find_suite("shapes").with_labels("sampled")


def test_a_card_of_labels_names_no_file(tmp_path: Path) -> None:
    text = find_suite("digits").path.read_text(encoding="utf-8")
    (tmp_path / "digits.toml").write_text(text.replace("classes = 10", 'classes = 10\nfile = "x.jsonl"'))
    with pytest.raises(BadInput, match="prompts.file"):
        read_suite(tmp_path / "digits.toml")
