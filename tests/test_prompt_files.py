"""Prompts of several pinned files: from a folder of the user's, or fetched once, held to their sha256 either way."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.suites.test_compbench import FILES
from tts_bench import pinned_files
from tts_bench.errors import BadInput, ServiceFailed
from tts_bench.metrics_of_images import ImageMetrics
from tts_bench.own_metrics import flags_of
from tts_bench.prepare import Workshop
from tts_bench.prompt_files import PromptFiles, take_files
from tts_bench.prompt_sources import OfCategories, PromptFile
from tts_bench.suite import find_suite
from tts_bench.tables import Table

SHA = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
SOURCE = PromptFiles("t2i_compbench", "https://example.org/at/", SHA)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_a_folder_of_the_users_needs_no_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned_files, "fetch", None)
    copied = replace(SOURCE, copy=folder)
    assert len(copied.prompts()) == 17 and copied.here and copied.sha256 == SOURCE.sha256


def test_each_file_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setenv("TTS_BENCH_HOME", str(tmp_path))
    monkeypatch.setattr(pinned_files, "fetch", lambda url: asked.append(url) or FILES[url.rpartition("/")[2]])
    assert not SOURCE.here
    first = SOURCE.prompts()
    assert sorted(asked) == sorted(f"https://example.org/at/{name}" for name in FILES) and SOURCE.here
    assert SOURCE.prompts() == first and len(asked) == len(FILES)


def test_another_file_is_refused_and_a_check_that_lets_it_pass_would_be_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "color_val.txt").write_bytes(b"a red car")
    source = replace(SOURCE, copy=folder)
    with pytest.raises(BadInput, match="color_val.txt: sha256 = .*: the card pins"):
        source.prompts()
    monkeypatch.setattr(pinned_files, "_held", lambda content, *rest: content)
    assert any(prompt.text == "a red car" for prompt in source.prompts())


def test_a_file_that_is_missing_or_a_place_that_is_no_folder_is_named(folder: Path) -> None:
    (folder / "shape_val.txt").unlink()
    with pytest.raises(BadInput, match="shape_val.txt"):
        replace(SOURCE, copy=folder).prompts()
    with pytest.raises(BadInput, match="--prompts = .*: is no folder; give one that holds color_val.txt"):
        replace(SOURCE, copy=folder / "color_val.txt").prompts()


def test_of_one_file_the_copy_may_be_that_file(tmp_path: Path) -> None:
    content = b'{"prompt": "a photo of a cat", "tag": "one", "include": []}\n'
    source = PromptFiles(
        "geneval", "https://example.org/", {"evaluation_metadata.jsonl": hashlib.sha256(content).hexdigest()}
    )
    (tmp_path / "mine.jsonl").write_bytes(content)
    assert [prompt.text for prompt in replace(source, copy=tmp_path / "mine.jsonl").prompts()] == ["a photo of a cat"]


def test_a_network_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(url: str) -> bytes:
        raise ServiceFailed(f"{url}: no route")

    monkeypatch.setenv("TTS_BENCH_HOME", str(tmp_path))
    monkeypatch.setattr(pinned_files, "fetch", fails)
    with pytest.raises(ServiceFailed, match="color_val.txt: no route"):
        SOURCE.prompts()


def test_the_content_is_the_identity() -> None:
    other = replace(SOURCE, files={**SHA, "color_val.txt": "0" * 64})
    assert len({SOURCE.sha256, other.sha256, replace(SOURCE, reader="geneval").sha256}) == 3
    assert replace(SOURCE, base="https://example.org/moved/").sha256 == SOURCE.sha256


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base": "http://example.org/"}, "base = 'http://example.org/': must be an address that begins with https"),
        ({"files": {"../a.txt": "0" * 64}}, "a plain file name"),
        ({"files": {"a.txt": "0" * 63}}, "a sha256 in 64"),
    ],
)
def test_a_card_can_name_no_other_place(change: dict[str, Any], words: str) -> None:
    table = Table({"base": "https://example.org/", "files": SHA, **change}, "card.toml")
    with pytest.raises(BadInput, match=words):
        take_files(table, "t2i_compbench")


def test_some_categories_are_a_set_of_prompts_of_their_own(folder: Path) -> None:
    whole = replace(SOURCE, copy=folder)
    some = OfCategories(whole, ("numeracy", "color"), "card.toml")
    assert {prompt.category for prompt in some.prompts()} == {"numeracy", "color"}
    assert some.sha256 != whole.sha256 and some.sha256 == OfCategories(whole, ("color", "numeracy"), "x").sha256
    with pytest.raises(BadInput, match="categories = 'colour': no such category; did you mean 'color'"):
        OfCategories(whole, ("colour",), "card.toml").prompts()


def test_a_suite_takes_the_metrics_that_its_categories_need(folder: Path) -> None:
    suite = find_suite("t2i_compbench").with_categories(["numeracy", "non_spatial"])
    assert suite.metrics[0].scorers == ("numeracy", "clip_similarity")
    assert [len(find_suite("geneval").with_protocol(n, None, None).metrics) for n in (1, 9)] == [1, 1]


@pytest.mark.parametrize(
    ("suite", "change", "words"),
    [
        ("digits", (2, None, None), "protocol.images = 2: its metrics of all images count each of them"),
        ("geneval", (None, "mended", None), "rules = 'mended': use official or fixed"),
        ("geneval", (None, None, "unidet"), "detector = 'unidet': no such detector"),
    ],
)
def test_a_protocol_that_cannot_be_is_refused(suite: str, change: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        find_suite(suite).with_protocol(*change)


def test_other_names_for_categories_are_other_prompts() -> None:
    suite = find_suite("shapes_compbench")
    assert suite.source.sha256 != find_suite("shapes").source.sha256
    assert isinstance(suite.source, PromptFile)
    other = replace(suite.source, categories={**suite.source.categories, "two": "colour"})
    assert other.sha256 != suite.source.sha256
    assert {prompt.category for prompt in suite.prompts()} == set(suite.source.categories.values())


@pytest.mark.parametrize("images", [0, -1, 101])
def test_so_many_images_a_prompt_are_refused(images: int) -> None:
    with pytest.raises(BadInput, match=f"per_prompt = {images}"):
        find_suite("geneval").with_protocol(images, None, None)


def test_an_id_that_is_anothers_second_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"id": "a", "prompt": "x"}\n{"id": "a#2", "prompt": "y"}\n')
    suite = find_suite("prompts").with_prompts(tmp_path / "p.jsonl")
    assert len(suite.images_asked()) == 2
    with pytest.raises(BadInput, match="id = 'a#2': is another prompt's second image too"):
        suite.with_protocol(2, None, None).images_asked()


def test_a_scorer_for_a_category_that_no_prompt_has_is_refused(tmp_path: Path) -> None:
    card = find_suite("shapes_compbench").path
    text = card.read_text(encoding="utf-8").replace('numeracy = "shapes_numeracy"', 'numeracity = "shapes_numeracy"')
    (tmp_path / "shapes_compbench.toml").write_text(text, encoding="utf-8")
    (tmp_path / "shapes.prompts.jsonl").write_bytes((card.parent / "shapes.prompts.jsonl").read_bytes())
    suite = find_suite(str(tmp_path / "shapes_compbench.toml"))
    with pytest.raises(BadInput, match="scorers = 'numeracity': no prompt is of it; did you mean 'numeracy'"):
        ImageMetrics(suite, Workshop()).check(asks=False)


def test_a_part_of_the_main_metric_grades_itself_as_a_verifier() -> None:
    suite = find_suite("t2i_compbench").with_categories(["complex"])
    for verifier in ("three_in_one", "blip_vqa", "spatial_2d", "clip_similarity"):
        assert flags_of([verifier], suite) == ["own_metric:compbench"]
    assert flags_of(["three_in_one"], find_suite("t2i_compbench").with_categories(["color"])) == [
        "own_metric:compbench"
    ]
    assert flags_of(["numeracy", "aesthetic"], suite) == []
