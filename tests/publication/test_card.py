"""The dataset's card: its head is YAML and its body Markdown, whatever strangers have written (FAULTS row 16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from tests.faults.payloads import HARMLESS, PAYLOADS
from tests.publication.world import results
from tts_bench.publication.card import card, head
from tts_bench.publication.records import Records
from tts_bench.report import escape
from tts_bench.results import Result, read_results, read_rows
from tts_bench.suite import Suite, find_suite

Head = Callable[[Any], str]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    folder = results(tmp_path_factory.mktemp("card"), 6)
    return Records(folder, read_results(folder))


def suite_of(text: str) -> Suite:
    suite = find_suite("shapes")
    metrics = tuple(replace(metric, title=text) for metric in suite.metrics)
    return replace(suite, title=text, description=text, metrics=metrics)


def result_of(result: Result, text: str) -> Result:
    recipe: Any = result.recipe
    model, search = {"name": text}, {"name": recipe["search"]["name"], text: text}
    verifier = recipe["verifier"] and {"scorers": [text], "combine": text}
    return replace(result, recipe={**recipe, "model": model, "search": search, "verifier": verifier}, flags=[text])


def whole(records: Records, text: str) -> str:
    """The card with the text in the hand of a stranger wherever one writes."""
    changed = [result_of(result, text) for result in records.results]
    rows = {result.name: read_rows(records.folder / result.name) for result in changed}
    return card(suite_of(text), replace(records, results=changed), rows)


def structure(text: str) -> list[str]:
    _, _, body = text.partition("\n---\n")
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(body)
    inner = [child for token in tokens for child in token.children or [] if child.type != "text"]
    return [f"{token.type} {token.tag}" for token in tokens] + [f"{child.type} {child.attrs}" for child in inner]


@pytest.mark.parametrize("text", PAYLOADS, ids=range(len(PAYLOADS)))
def test_a_hostile_text_changes_neither_head_nor_body(text: str, records: Records) -> None:
    if not escape.visible(text):
        return
    page = whole(records, text)
    assert structure(page) == structure(whole(records, HARMLESS))
    assert page.startswith("---\n") and page.count("\n---\n") == 1
    told = yaml.safe_load(page[4:].partition("\n---\n")[0])
    assert set(told) == {"pretty_name", "tags", "configs"} and told["configs"] == HEAD["configs"]
    assert told["pretty_name"] == escape.visible(f"{text}: results of tts-bench")


HEAD = yaml.safe_load(head(find_suite("shapes")).strip("-\n"))


@pytest.mark.parametrize("sink", [str, repr, lambda value: f"'{value}'"], ids=["plain", "repr", "quoted"])
def test_a_lesser_sink_is_caught(sink: Head) -> None:
    """Of the test: some text breaks out of it, or comes back as another."""

    def breaks(text: str) -> bool:
        try:
            return yaml.safe_load(f"a: {sink(text)}\nb: 1\n") != {"a": text, "b": 1}
        except (yaml.YAMLError, AttributeError):
            return True

    visible = [escape.visible(text) for text in PAYLOADS]
    assert any(map(breaks, visible))
    assert all(yaml.safe_load(f"a: {escape.yaml(text)}\nb: 1\n") == {"a": text, "b": 1} for text in visible)


def test_values_of_every_kind_are_the_yaml_that_another_reader_reads() -> None:
    value = {"a b": [1, -2.5, True, None, "x: y", {"k": []}], "é😀": "\ufffe\uffffz", "": {}}
    assert yaml.safe_load(escape.yaml(value)) == {"a b": value["a b"], "é😀": "z", "": {}}


def test_the_table_ranks_and_the_columns_are_told(records: Records, tmp_path: Path) -> None:
    rows = {result.name: read_rows(records.folder / result.name) for result in records.results}
    page = card(find_suite("shapes"), records, rows)
    lines = ("| 1 [1, ", "] | random4-dual_encoder |", "| oracle | random4-checker |", "| pick |", "| nfe |")
    for part in ("Not ranked:", *lines):
        assert part in page
    assert "| image |" not in page
