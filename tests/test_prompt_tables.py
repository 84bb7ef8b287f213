"""Prompts as people keep them: what is read of each kind of file, and what is refused, in one line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tts_bench.errors import BadInput
from tts_bench.prompt_tables import Columns, parse_prompts
from tts_bench.types import Prompt


def read(content: str, name: str, columns: Columns = Columns()) -> list[Prompt]:  # noqa: B008  frozen
    return list(parse_prompts(content.encode(), name, columns))


def test_text_has_a_prompt_a_line_and_its_place_as_id() -> None:
    found = read("a red ring\r\n\n  two cats  \n" + "x\n" * 9, "mine.txt")
    assert [prompt.text for prompt in found[:3]] == ["a red ring", "two cats", "x"]
    assert [found[0].id, found[-1].id] == ["00", "10"]


def test_a_csv_is_read_by_the_columns_it_names_or_by_usual_ones(tmp_path: Path) -> None:
    rows = [["No.", "Prompts", "Category"], ["7", 'a "quoted", ring', "Gary Marcus et al. "], ["8", "plain", ""]]
    with (tmp_path / "p.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    content = (tmp_path / "p.csv").read_text(encoding="utf-8")
    named = read(content, "p.csv", Columns("Prompts", "Category", "No."))
    assert named == read(content, "p.csv")
    assert [(p.id, p.text, p.category) for p in named] == [
        ("7", 'a "quoted", ring', "Gary Marcus et al."), ("8", "plain", ""),
    ]  # fmt: skip
    assert [p.id for p in read(content, "p.csv", Columns("Prompts"))] == ["0", "1"]


def test_a_spreadsheets_mark_in_front_is_no_part_of_the_first_column() -> None:
    [one] = parse_prompts(b"\xef\xbb\xbfprompt,id\r\na ring,1\r\n", "p.csv")
    assert (one.id, one.text) == ("1", "a ring")


def test_quotes_in_a_tsv_are_letters_and_cut_off_cells_are_empty() -> None:
    [one, two] = read('Prompt\tCategory\tNote\n"bond" is\tAbstract\tx\ntwo\n', "p.tsv")
    assert (one.text, one.category, two.text, two.category) == ('"bond" is', "Abstract", "two", "")


def test_of_json_lines_what_is_no_column_is_metadata() -> None:
    lines = [{"prompt": "a", "tag": "t", "include": [{"class": "cat"}]}, {"prompt": "b", "tag": "u", "id": 3}]
    content = "\n".join(map(json.dumps, lines)) + "\n"
    [one, two] = read(content, "p.jsonl", Columns("prompt", "tag"))
    assert (one.id, one.category, one.metadata) == ("0", "t", {"include": [{"class": "cat"}]})
    assert (two.id, two.metadata) == ("1", {"id": 3})


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("a\n", "p.docx", "kind = '.docx': must be one of .txt, .csv"),
        ("\n \n", "p.txt", "prompts = 0: there are none"),
        ("", "p.csv", "there are none"),
        ("prompt\n", "p.csv", "there are none"),
        ("a,b\n1,2\n", "p.csv", "columns = 'a, b': one must be called prompt, prompts, text or caption"),
        ("prompt,prompt\n1,2\n", "p.csv", "columns = 'prompt': is the name of two"),
        ("prompt\na, b\n", "p.csv", "p.csv:2: row = 'a  b': has 2 cells where the header has 1; quote a cell"),
        ('prompt\n"open\n', "p.csv", "is no CSV"),
        ("prompt,id\na,1\nb,1\n", "p.csv", "id = '1': is the id of line 1 too"),
        ("prompt,id\na,x\nb,X\n", "p.csv", "is the id of line 1 too"),
        ("prompt,id\na,\n", "p.csv", "p.csv:2: id"),
        ("prompt,id\n,1\n", "p.csv", "p.csv:2: prompt = '': must be a text"),
        ("[1]\n", "p.jsonl", "p.jsonl:1: line = '\\[1\\]': must be one JSON object"),
        ('{"prompt": 3}\n', "p.jsonl", "p.jsonl:1: prompt = 3: must be a text"),
        ('{"id": "1"}\n', "p.jsonl", "one must be called"),
        ('{"prompt": NaN}\n', "p.jsonl", "NaN"),
        ("a" * 10_001, "p.txt", "has 10001 characters"),
        ("a\x00b", "p.txt", "hidden|NUL|control"),
    ],
)
def test_a_defect_is_one_line_with_its_place(content: str, name: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as error:
        read(content, name)
    assert "\n" not in str(error.value)


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    for raw in (b"\xff\xfea\x00", b"caf\xe9\n"):
        with pytest.raises(BadInput):
            parse_prompts(raw, "p.txt")
