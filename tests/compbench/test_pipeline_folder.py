"""A folder of somebody else's is read, never run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tts_bench.compbench import pipeline_folder as module
from tts_bench.compbench.language import find_language
from tts_bench.compbench.pipeline_folder import CODE, check, check_config, opened
from tts_bench.errors import BadInput

spacy = pytest.importorskip("spacy")
RAN: list[str] = []
# Ways in which a config asks for a function of another package; the last hides it behind a reference.
RULER = 'factory = "attribute_ruler"\n'
SCORER = '[components.attribute_ruler.scorer]\n@scorers = "spacy.attribute_ruler_scorer.v1"'
HOSTILE = {
    "a callback": {"before_creation = null": 'before_creation = {"@callbacks":"evil.v1"}'},
    "a tokenizer": {'@tokenizers = "spacy.Tokenizer.v1"': '@tokenizers = "evil.v1"'},
    "vectors": {'@vectors = "spacy.Vectors.v1"': '@vectors = "evil.v1"'},
    "a scorer": {"spacy.attribute_ruler_scorer.v1": "evil.v1"},
    "behind a reference": {RULER: RULER + "scorer = ${paths.evil}\n", SCORER: '[paths.evil]\n@scorers = "evil.v1"'},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = spacy.blank("en")
    made.add_pipe("attribute_ruler").add([[{"ORTH": "cat"}]], {"POS": "NOUN"})
    made.to_disk(tmp_path / "pipeline")
    return tmp_path / "pipeline"


@pytest.fixture(autouse=True)
def evil() -> None:
    """A function of another package, registered as an installed plug-in of spaCy's would be."""

    def run() -> None:
        RAN.append("evil")
        raise ValueError

    RAN.clear()
    for kind in ("callbacks", "tokenizers", "vectors", "scorers"):
        getattr(spacy.registry, kind).register("evil.v1", func=run)


def poison(folder: Path, way: str) -> None:
    path = folder / "config.cfg"
    text = path.read_text(encoding="utf-8")
    for before, after in HOSTILE[way].items():
        assert before in text
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")


def test_a_plain_pipeline_opens(folder: Path) -> None:
    check(folder)
    assert [token.pos_ for token in opened(folder)("a cat")] == ["", "NOUN"]
    assert find_language(folder).noun_chunks("") == []


@pytest.mark.parametrize("way", HOSTILE)
def test_a_function_of_another_package_is_refused_before_it_runs(folder: Path, way: str) -> None:
    poison(folder, way)
    with pytest.raises(BadInput, match=r"config.cfg: (nlp|components)\."):
        opened(folder)
    assert RAN == []


@pytest.mark.parametrize("way", HOSTILE)
def test_without_the_check_it_would_have_run(folder: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    poison(folder, way)
    monkeypatch.setattr(module, "check_config", lambda file, config: None)
    with pytest.raises(BadInput, match="cannot be opened"):
        opened(folder)
    assert RAN


def config(**component: object) -> dict:
    return {"nlp": {"lang": "en"}, "components": {"part": component}}


@pytest.mark.parametrize(
    "component",
    [
        {"source": "other"},
        {"factory": "transformer"},
        {"factory": "evil"},
        {"factory": "tagger", "model": {"@architectures": "spacy-transformers.TransformerModel.v3"}},
        {"factory": "tagger", "model": {"deep": [{"@architectures": "evil.v1"}]}},
        {"factory": "tagger", "model": {"@architectures": None}},
        {},
    ],
)
def test_a_component_that_is_not_spacy_s_own_is_refused(component: dict) -> None:
    check_config(Path("config.cfg"), config(factory="tagger", model={"@architectures": "spacy.Tagger.v2"}))
    with pytest.raises(BadInput, match=r"config.cfg: components\.part"):
        check_config(Path("config.cfg"), config(**component))


@pytest.mark.parametrize("bad", [{}, {"nlp": 1, "components": {}}, {"nlp": {"lang": "en"}}])
def test_a_config_without_its_sections_is_refused(bad: dict) -> None:
    with pytest.raises(BadInput, match="nlp, components"):
        check_config(Path("config.cfg"), bad)


@pytest.mark.parametrize("lang", ["de", "..cli", None])
def test_another_language_is_refused(lang: str | None) -> None:
    with pytest.raises(BadInput, match="must be 'en'"):
        check_config(Path("config.cfg"), {"nlp": {"lang": lang}, "components": {}})


@pytest.mark.parametrize("suffix", [*CODE, ".PY"])
def test_a_file_that_may_hold_code_is_refused(folder: Path, suffix: str) -> None:
    (folder / "vocab" / f"x{suffix}").write_bytes(b"")
    with pytest.raises(BadInput, match=f"file = 'vocab/x{suffix}'.*remove it"):
        find_language(folder)


@pytest.mark.parametrize("name", ["config.cfg", "meta.json", "tokenizer"])
def test_a_folder_that_lacks_a_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BadInput, match=f"file = '{name}': is missing"):
        find_language(folder)


@pytest.mark.parametrize(("name", "content"), [("config.cfg", b"\xff[x"), ("tokenizer", b"\x00\x01")])
def test_a_broken_file_is_told_in_one_line(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(BadInput, match="cannot be opened") as error:
        find_language(folder).words("a cat")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_broken_metadata_is_told_in_one_line(folder: Path, content: bytes) -> None:
    (folder / "meta.json").write_bytes(content)
    with pytest.raises(BadInput, match="meta.json") as error:
        _ = find_language(folder).card
    assert "\n" not in str(error.value)


def test_an_installed_pipeline_is_found_without_running_its_package(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "a_pipeline"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('it ran')", encoding="utf-8")
    meta = '{"lang": "en", "name": "small", "version": "1.0"}'
    (package / "meta.json").write_text(meta, encoding="utf-8")
    folder.rename(package / "en_small-1.0")
    (package / "en_small-1.0" / "meta.json").write_text(meta, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = find_language(Path("a_pipeline"))
    assert found.card["language"] == "en_small" and "a_pipeline" not in sys.modules
