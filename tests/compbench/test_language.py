"""Words and noun chunks by spaCy, found by folder or by package, and known by content."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.compbench import real
from tts_bench.compbench import language as module
from tts_bench.compbench.language import Pipeline, find_language
from tts_bench.errors import BadInput, NeedsFiles

TEXTS = ("a red apple on the left of two green pears", "The cat was next to the coffee table.", "")


def test_words_and_chunks_are_those_of_the_whole_pipeline() -> None:
    import spacy

    whole, ours = spacy.load(real.name()), real.language()
    for text in TEXTS:
        parsed = whole(text)
        assert [(word.text, word.pos) for word in ours.words(text)] == [(token.text, token.pos_) for token in parsed]
        assert ours.noun_chunks(text) == [chunk.text for chunk in parsed.noun_chunks]


def test_a_sentence_read_by_hand() -> None:
    words = real.language().words("a green bench")
    assert [(word.text, word.pos) for word in words] == [("a", "DET"), ("green", "ADJ"), ("bench", "NOUN")]
    assert real.language().noun_chunks("a green bench and a blue bowl") == ["a green bench", "a blue bowl"]


def test_a_text_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    language = find_language(Path(real.name()))
    language.words(TEXTS[0])
    monkeypatch.setattr(language, "_nlp", None)
    assert language.noun_chunks(TEXTS[0]) and language.words(TEXTS[0]) == language.words(TEXTS[0])
    language.words(TEXTS[0]).clear()
    assert language.words(TEXTS[0]), "what is given out is the caller's own"


def test_a_folder_and_its_package_are_one_card_and_a_pin_holds_both(tmp_path: Path) -> None:
    from importlib.metadata import version

    packaged = real.language()
    folder = tmp_path / "pipeline"
    shutil.copytree(packaged.folder, folder)
    again = find_language(folder)
    assert again.card == packaged.card and again.card["spacy"] == version("spacy")
    pin = f"sha256:{packaged.card['weights']}"
    assert find_language(folder, pin).card == find_language(packaged.folder.parent, pin).card
    with (folder / "tagger" / "model").open("ab") as file:
        file.write(b"x")
    assert find_language(folder).card["weights"] != packaged.card["weights"]
    with pytest.raises(BadInput, match="the revision that pins it for language"):
        find_language(folder, pin)
    with pytest.raises(BadInput, match="the revision that pins it for language"):
        Pipeline(folder, pin).words("a cat")
    with pytest.raises(BadInput, match="revision = 'main'"):
        find_language(folder, "main")


def test_what_is_missing_is_told_in_one_line_with_the_ways_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEFAULT", "no_such_pipeline")
    with pytest.raises(NeedsFiles, match=r"pip install tts-bench\[compbench\].*--weights language=FOLDER") as error:
        find_language()
    assert "\n" not in str(error.value)
    with pytest.raises(BadInput, match="weights = 'nowhere'.*no installed pipeline"):
        find_language(Path("nowhere"))
    real_find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "spacy" else real_find(name))
    with pytest.raises(NeedsFiles, match="spaCy, which reads the prompts, is not installed"):
        find_language()


def test_an_installed_package_that_is_no_pipeline_is_refused() -> None:
    with pytest.raises(BadInput, match="no such folder, and no installed pipeline"):
        find_language(Path("numpy"))


def test_nothing_heavy_is_imported_with_the_rules() -> None:
    names = ("language", "phrases", "spatial", "spatial_3d", "numeracy", "three_in_one")
    lines = [f"import tts_bench.compbench.{name}" for name in names]
    heavy = "import sys; print([name for name in ('spacy', 'torch', 'transformers') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", "; ".join([*lines, heavy])], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
