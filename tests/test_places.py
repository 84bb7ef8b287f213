"""`--model` with files: what is a place, and one line for what looks like one and is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts_bench.errors import BadInput
from tts_bench.places import is_place
from tts_bench.submission import from_flags, on_model


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("w/mine", "sit", "mine"):
        Path(folder).mkdir(parents=True)


def refused(model: str) -> str:
    with pytest.raises(BadInput) as error:
        is_place(model)
    assert "\n" not in str(error.value) and "--model" in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("model", ["w/mine", "./sit", "mine"])
def test_what_is_there_is_a_place(model: str) -> None:
    assert is_place(model)


@pytest.mark.parametrize("model", ["sit", "sit:guidance=1.5", "sit:weights=./nowhere", "sti", "sti:steps=8", ""])
def test_a_name_is_none_whatever_lies_about(model: str) -> None:
    assert not is_place(model)


@pytest.mark.parametrize(
    "model", ["w/nope", "./nope", "../nope", "~/nope", ".nope", "w/nope:steps=8", "/" + "a" * 5000]
)
def test_what_is_written_as_a_place_and_is_not_there_is_said_to_be_missing(model: str) -> None:
    assert "no such folder or file" in refused(model) and "use 1-64" not in refused(model)


@pytest.mark.parametrize("model", ["w/mine:search_steps=2", "mine:search_steps=2"])
def test_knobs_behind_a_place_are_refused_with_where_they_go(model: str) -> None:
    text = refused(model)
    assert "put search_steps=2 into a submission's [model]" in text
    assert f"give --model {model.partition(':')[0]} alone" in text


def test_what_the_submission_says_of_steps_stays_under_a_place() -> None:
    """The way that the refusal names."""
    mine = on_model(from_flags("sit:search_steps=2", "none"), "w/mine")
    assert (mine.model.search_steps, mine.model.weights) == (2, None)
