"""A dataset of results: what is in it, that it is whole or not there, and that a stranger's reader sees the same."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pytest
from PIL import Image as Picture
from pyarrow import parquet
from typer.testing import CliRunner

from tests.acceptance.world import copied, put
from tests.faults.payloads import PAYLOADS
from tests.publication.world import NAMES, filled, picture, read, results
from tts_bench.acceptance.result import inspect
from tts_bench.cli import app
from tts_bench.errors import BadInput, MachineFailed
from tts_bench.publication import folder as writing
from tts_bench.publication.publish import publish
from tts_bench.publication.records import Records
from tts_bench.results import read_image_rows, read_results, read_rows


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    store = filled(folder / "store.sqlite", range(0, 9, 2))
    done = publish(results(folder / "results"), folder / "dataset", store)
    assert (done.submissions, done.rows, done.pictures) == (3, 27, 15)
    return folder


def test_another_reader_finds_every_row_with_its_numbers(made: Path) -> None:
    table = read(made / "dataset")
    for name in NAMES:
        own = table[table["submission"] == name].reset_index(drop=True)
        rows = read_rows(made / "results" / "shapes" / name)
        for column in rows.columns:
            pd.testing.assert_series_equal(own[column], rows[column], check_dtype=False)
    assert table[table["submission"] == "random4-checker"]["appeal"].isna().all()


def test_datasets_shows_the_pictures_as_they_are_in_the_store(made: Path, tmp_path: Path) -> None:
    found: Any = datasets.load_dataset(str(made / "dataset"), cache_dir=str(tmp_path))
    assert list(found) == ["test"] and isinstance(found["test"].features["image"], datasets.Image)
    for row in found["test"]:
        place = int(row["pick"], 16)
        assert (row["image"] is not None) == (place % 2 == 0)
        if row["image"] is not None:
            assert isinstance(row["image"], Picture.Image) and np.array_equal(np.array(row["image"]), picture(place))
    raw = read(made / "dataset")["image"][0]
    assert np.array_equal(np.array(Picture.open(io.BytesIO(raw["bytes"]), formats=["PNG"])), picture(0))


def test_without_a_store_there_is_no_such_column_and_publishing_again_is_the_same_bytes(made: Path) -> None:
    folder = made / "results" / "shapes"
    publish(folder, made / "plain")
    before = tree(made / "plain")
    assert "image" not in read(made / "plain").columns
    publish(folder, made / "plain")
    assert tree(made / "plain") == before
    assert {path.name for path in made.iterdir()} >= {"plain"} and not list(made.glob(".plain*"))


def test_the_files_of_submissions_go_along_and_pass_the_check(tmp_path: Path) -> None:
    for name in ("none", "random16-chance"):
        copied(tmp_path, name)
    publish(tmp_path / "shapes", tmp_path / "dataset")
    for name in ("none", "random16-chance"):
        assert inspect(tmp_path / "dataset" / "results" / "shapes" / name).problems == []
        assert tree(tmp_path / "dataset" / "results" / "shapes" / name) == tree(tmp_path / "shapes" / name)


def test_sixty_hostile_texts_come_back_as_they_are(tmp_path: Path) -> None:
    texts = [text for text in PAYLOADS if text.isprintable() or text.isascii() or "\u202e" in text][:60]
    assert len(texts) == 60
    publish(results(tmp_path / "results", 60, text=texts, category=texts[::-1], split=texts), tmp_path / "dataset")
    table = read(tmp_path / "dataset")
    assert list(table["text"]) == texts * 3 and list(table["category"]) == texts[::-1] * 3


FAULTS = {
    "a row changed": lambda table: table.assign(text="x"),
    "a number changed": lambda table: table.assign(accuracy=table["accuracy"] + 1e-12),
    "a row lost": lambda table: table.iloc[:-1],
    "a row more": lambda table: pd.concat([table, table.tail(1)]),
    "another order": lambda table: table.iloc[::-1],
    "a column less": lambda table: table.drop(columns="nfe"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_load_back_the_same_is_not_published(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = writing._write_rows

    def broken(path: Path, records: Records, result: Any) -> None:
        real(path, records, result)
        if result.name == "none":
            FAULTS[fault](pd.read_parquet(path)).to_parquet(path, index=False)

    monkeypatch.setattr(writing, "_write_rows", broken)
    with pytest.raises(MachineFailed, match="publish again"):
        publish(results(tmp_path / "results"), tmp_path / "dataset")
    assert not (tmp_path / "dataset").exists() and not list(tmp_path.glob(".dataset*"))
    monkeypatch.setattr(writing, "compare", lambda folder, records: 0)  # of the test: without the look it stands there
    publish(tmp_path / "results" / "shapes", tmp_path / "dataset")
    assert (tmp_path / "dataset" / "README.md").exists()


@pytest.mark.parametrize("step", ["mkdir", "write_text", "rename"])
def test_a_disk_that_refuses_leaves_the_old_dataset_as_it_was(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(results(tmp_path / "results"), tmp_path / "dataset")
    before, real = tree(tmp_path / "dataset"), writing.os.rename

    def full(*given: Any, **more: Any) -> None:
        if step != "rename" or (Path(given[0]).suffix, Path(given[1]).name) == (".tmp", "dataset"):
            raise OSError(28, "No space left on device")
        real(*given)  # the old one is set aside, and comes back

    monkeypatch.setattr(writing.os if step == "rename" else Path, step, full)
    with pytest.raises(MachineFailed, match="No space left"):
        publish(tmp_path / "results" / "shapes", tmp_path / "dataset")
    monkeypatch.undo()
    assert tree(tmp_path / "dataset") == before and {path.name for path in tmp_path.iterdir()} == {"results", "dataset"}


def test_a_folder_of_something_else_is_not_written_over(tmp_path: Path) -> None:
    folder = results(tmp_path / "results")
    for name, content in (("README.md", "# mine"), ("notes.txt", "x")):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_text(content)
        before = tree(tmp_path / name)
        with pytest.raises(BadInput, match="something else"):
            publish(folder, tmp_path / name)
        assert tree(tmp_path / name) == before


def test_images_are_not_replaced_by_a_dataset_without(made: Path, tmp_path: Path) -> None:
    folder = made / "results" / "shapes"
    dataset = Path(shutil.copytree(made / "dataset", tmp_path / "dataset"))
    before = tree(dataset)
    with pytest.raises(BadInput, match=r"holds a dataset with images, which would be lost: add --store"):
        publish(folder, dataset)
    assert tree(dataset) == before
    publish(folder, dataset, made / "store.sqlite")
    assert tree(dataset) == before
    for path in (dataset / "data").iterdir():
        path.write_bytes(b"broken")
    publish(folder, dataset)
    assert "image" not in read(dataset).columns


def test_a_store_that_is_not_there_or_not_theirs_is_refused(tmp_path: Path) -> None:
    folder = results(tmp_path / "results")
    with pytest.raises(BadInput, match="no such store"):
        publish(folder, tmp_path / "dataset", tmp_path / "nowhere")
    with pytest.raises(BadInput, match="none of the picks"):
        publish(folder, tmp_path / "dataset", filled(tmp_path / "store.sqlite", range(100, 102)))
    assert not (tmp_path / "dataset").exists() and not (tmp_path / "nowhere").exists()


def test_a_key_of_the_environment_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "canary-4f1d09Bz77")
    with pytest.raises(BadInput, match=r"hidden") as refused:
        publish(results(tmp_path / "results", 9, text=["draw canary-4f1d09Bz77"] * 9), tmp_path / "dataset")
    assert "canary" not in str(refused.value) and not (tmp_path / "dataset").exists()


def test_the_command_says_what_was_written(made: Path) -> None:
    flags = ["publish", "--results", str(made / "results" / "shapes"), "--out", str(made / "told")]
    done = CliRunner().invoke(app, flags)
    assert done.exit_code == 0 and "27 rows of 3 submissions; loaded back and compared" in done.stdout
    told = json.loads(CliRunner().invoke(app, [*flags, "--json"]).stdout)
    assert (told["rows"], told["submissions"], told["address"]) == (27, 3, None)
    assert len(read_results(made / "told" / "results" / "shapes")) == 3


def test_what_was_put_into_a_dataset_of_ours_is_not_removed(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(made / "dataset", tmp_path / "dataset")
    (tmp_path / "dataset" / "data" / "mine.csv").write_text("1")
    with pytest.raises(BadInput, match=r"mine\.csv.* is no file of a dataset of ours"):
        publish(made / "results" / "shapes", tmp_path / "dataset")
    assert (tmp_path / "dataset" / "data" / "mine.csv").read_text() == "1"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="is where you are"):
        publish(made / "results" / "shapes", Path())


def test_a_file_of_ones_own_below_a_dataset_of_ours_is_not_removed(made: Path, tmp_path: Path) -> None:
    """Though it is called as ours are; nor one beside the README."""
    for number, name in enumerate(("data/mine.parquet", "results/shapes/mine/result.json", "notes.txt")):
        mine = Path(shutil.copytree(made / "dataset", tmp_path / str(number))) / name
        mine.parent.mkdir(parents=True, exist_ok=True)
        mine.write_text("1")
        with pytest.raises(BadInput, match="other files below data and results|holds something else"):
            publish(made / "results" / "shapes", tmp_path / str(number))
        assert mine.read_text() == "1"
        mine.unlink()
        publish(made / "results" / "shapes", tmp_path / str(number), made / "store.sqlite")


@pytest.mark.parametrize("kind", ["secret", "note"])
def test_a_table_s_own_words_are_not_published(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = results(tmp_path / "results")
    file = folder / "none" / "rows.parquet"
    table = parquet.read_table(file)
    with parquet.ParquetWriter(file, table.schema, store_schema=False) as noted:
        noted.write_table(table)
        noted.add_key_value_metadata({"note": "canary-4f1d09Bz77" if kind == "secret" else "x"})
    put(folder / "none", "files/rows.parquet", hashlib.sha256(file.read_bytes()).hexdigest())
    monkeypatch.setenv("SOME_API_KEY", "canary-4f1d09Bz77")
    with pytest.raises(BadInput, match="hidden" if kind == "secret" else "is no part of rows") as refused:
        publish(folder, tmp_path / "dataset")
    assert "canary" not in str(refused.value) and not (tmp_path / "dataset").exists()


def test_a_key_in_the_rows_of_images_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied(tmp_path, "none", "shapes_compbench")
    text = str(read_image_rows(folder)["prompt_id"][1])
    monkeypatch.setenv("SOME_API_KEY", text)
    with pytest.raises(BadInput, match=r"images\.parquet.*hidden"):
        publish(tmp_path / "shapes_compbench", tmp_path / "dataset")
