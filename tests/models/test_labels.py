"""Classes of ImageNet by index, synset and name."""

from __future__ import annotations

import pytest
from open_clip import IMAGENET_CLASSNAMES

from tts_bench.errors import BadInput
from tts_bench.models.labels import label_of, name_of

# Known by heart from the challenge's own list.
KNOWN = {
    "207": 207, "golden retriever": 207, "Golden_Retriever": 207, "n02099601": 207, "0": 0, "Tinca tinca": 0,
    "goldfish, Carassius auratus": 1, "tabby cat": 281, "baseball": 429, "toilet paper": 999, "crane bird": 134,
    "construction crane": 517,
}  # fmt: skip


@pytest.mark.parametrize("text", KNOWN)
def test_a_class_has_a_number_a_synset_and_names(text: str) -> None:
    assert label_of(text) == KNOWN[text]


def test_every_name_leads_back_to_its_class_but_for_two_that_are_shared() -> None:
    shared = {"missile", "sunglasses"}
    names = [name_of(label) for label in range(1000)]
    assert names == list(IMAGENET_CLASSNAMES)
    assert all(label_of(name) == label for label, name in enumerate(names) if name not in shared)


@pytest.mark.parametrize(("text", "numbers"), [("crane", ("134", "517")), ("missile", ("657", "744"))])
def test_a_shared_name_is_refused_with_both_numbers(text: str, numbers: tuple[str, str]) -> None:
    with pytest.raises(BadInput) as refused:
        label_of(text)
    assert all(number in str(refused.value) for number in numbers)


@pytest.mark.parametrize(
    ("text", "hint"), [("golden retreiver", "golden retriever"), ("1000", "from 0 to 999"), ("", "number")]
)
def test_an_unknown_name_is_one_line_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(BadInput, match=hint) as refused:
        label_of(text)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("label", [-1, 1000])
def test_a_label_outside_has_no_name(label: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        name_of(label)
