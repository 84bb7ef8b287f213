"""Results on the disk: whole, deterministic, checked key by key; each check with a broken twin."""

from __future__ import annotations

import copy
import errno
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.fake_results import fake_board, fake_result
from tts_bench import files, keys, results
from tts_bench.document import Node
from tts_bench.errors import BadInput, MachineFailed
from tts_bench.results import read_result, read_results, read_rows, write_result

TOML = 'name = "random4-appeal"\n'


def write_one(suite_folder: Path, name: str = "random4-appeal") -> Path:
    result, rows = fake_result(name, "appeal", n=12, candidates=4)
    return write_result(suite_folder / name, result, rows, TOML).parent


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_result_comes_back_as_it_was_written(tmp_path: Path):
    result, rows = fake_result("random4-appeal", "appeal", n=12, candidates=4)
    path = write_result(tmp_path / "shapes" / result.name, result, rows, TOML)
    assert path == tmp_path / "shapes" / result.name / "result.json"
    found = read_result(path.parent)
    assert replace(found, files={}) == result
    assert found.files["rows.parquet"] == keys.file_digest(path.parent / "rows.parquet")
    assert (path.parent / "submission.toml").read_text() == TOML
    pd.testing.assert_frame_equal(read_rows(path.parent), rows, check_like=True, check_dtype=False)


def test_the_same_result_is_the_same_bytes_and_has_the_form_of_its_format(tmp_path: Path):
    first, second = content(write_one(tmp_path / "a")), content(write_one(tmp_path / "b"))
    assert first == second and set(first) == {"result.json", "rows.parquet", "submission.toml"}
    written = json.loads(first["result.json"])
    form = json.dumps(written, sort_keys=True, indent=2, allow_nan=False) + "\n"
    assert first["result.json"].decode() == form
    assert list(written) == [
        "cards", "curve", "environment", "files", "flags", "format", "groups", "ledger", "metrics", "nfe",
        "submission", "suite",
    ]  # fmt: skip
    assert written["metrics"]["accuracy"].keys() == {"value", "low", "high", "n", "unscored"}


def test_writing_again_changes_nothing(tmp_path: Path):
    before = content(write_one(tmp_path))
    assert content(write_one(tmp_path)) == before


# --- defects, one by one


ESTIMATE = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 12, "unscored": 0}
TOP = [
    "format", "suite", "submission", "cards", "flags", "nfe", "metrics", "groups", "curve", "ledger", "environment",
    "files",
]  # fmt: skip
CHANGES = [
    *[(key, ...) for key in TOP],
    *[(key, None) for key in TOP],
    *[(f"suite/{key}", ...) for key in ("name", "card", "prompts", "n", "seed")],
    *[(f"submission/{key}", ...) for key in ("name", "digest", "recipe")],
    *[(f"submission/recipe/{key}", ...) for key in ("model", "search", "verifier", "budget")],
    *[(f"metrics/accuracy/{key}", ...) for key in ("value", "low", "high", "n", "unscored")],
    *[(f"curve/0/{key}", ...) for key in ("candidates", "nfe", "metrics")],
    ("unknown", 1), ("suite/path", "/tmp"), ("format", 1), ("format", "2"), ("format", True), ("format", 0),
    ("suite/name", "../shapes"), ("suite/name", 3), ("suite/card", "abc"), ("suite/prompts", "Z" * 64),
    ("suite/n", 0), ("suite/n", 12.0), ("suite/n", "12"), ("suite/n", True), ("suite/n", 13), ("suite/seed", -1),
    ("submission/name", "NUL"), ("submission/name", "a/b"), ("submission/name", "<b>"), ("submission/name", ["a"]),
    ("submission/digest", None), ("submission/recipe", []), ("submission/recipe/model", {"steps": 3}),
    ("submission/recipe/search", {"name": 1}), ("submission/recipe/verifier", {"scorers": []}),
    ("submission/recipe/verifier", {"scorers": "appeal"}), ("submission/recipe/verifier", {"scorers": [None]}),
    ("submission/recipe/verifier", "appeal"), ("flags", ["oracle", 1]), ("flags", "oracle"), ("flags", ["x" * 300]),
    ("nfe", -1.0), ("nfe", "48"), ("nfe", False), ("nfe", [48]), ("metrics", []), ("metrics/accuracy", 0.5),
    ("metrics/../up", ESTIMATE), ("metrics/accuracy/n", 11), ("metrics/accuracy/unscored", 1),
    ("metrics/accuracy/value", "0.5"), ("metrics/accuracy/value", True), ("metrics/accuracy/low", 0.99),
    ("metrics/accuracy/value", None), ("metrics/verifier", ESTIMATE), ("metrics/prompt_id", ESTIMATE),
    ("metrics/more", ESTIMATE), ("groups/colour", {}), ("groups/split", []), ("groups/split/seen", 0.5),
    ("groups/split/seen/accuracy", {"value": 1}), ("groups/category/" + "x" * 300, {}), ("curve", {}),
    ("curve/0/candidates", 0), ("curve/0/nfe", -12.0), ("curve/0/metrics", None), ("curve/0", 12),
    ("cards", []), ("ledger", 3), ("environment", "cpu"), ("files/rows.parquet", "0" * 64), ("files/rows.parquet", 1),
    ("files/other", "0" * 64), ("files", {}),
]  # fmt: skip


def change_at(document: dict[str, Any], path: str, value: object) -> None:
    steps = ["metrics", "../up"] if path == "metrics/../up" else path.split("/")
    place: Any = document
    for step in steps[:-1]:
        place = place[int(step) if isinstance(place, list) else step]
    last: Any = int(steps[-1]) if isinstance(place, list) else steps[-1]
    if value is ...:
        del place[last]
    else:
        place[last] = value


def check_defects(folder: Path) -> int:
    sound = json.loads((folder / "result.json").read_text())
    read_result(folder)
    missed = []
    for path, value in CHANGES:
        document = copy.deepcopy(sound)
        change_at(document, path, value)
        (folder / "result.json").write_text(json.dumps(document))
        try:
            read_rows(folder)
            missed.append((path, value))
        except BadInput as error:
            message = str(error)
            assert "\n" not in message and message.startswith(str(folder)) and len(message) < len(str(folder)) + 300
    (folder / "result.json").write_text(json.dumps(sound))
    assert not missed, missed
    return len(CHANGES)


def test_every_defect_of_a_result_is_named_in_one_line(tmp_path: Path):
    assert check_defects(write_one(tmp_path)) >= 100


@pytest.mark.parametrize("method", ["fields", "name", "sha256", "amount", "count", "text"])
def test_the_defect_check_catches_a_reader_that_skips_one_kind_of_check(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = write_one(tmp_path)
    skip = {"fields": lambda self, required: self.table()}.get(method, lambda self, *limits: self.value)
    monkeypatch.setattr(Node, method, skip)
    with pytest.raises((AssertionError, KeyError, TypeError, AttributeError)):
        check_defects(folder)


def test_defects_are_named_by_file_key_value_and_fix(tmp_path: Path):
    folder = write_one(tmp_path)
    document = json.loads((folder / "result.json").read_text())
    document["nfe"] = "many"
    (folder / "result.json").write_text(json.dumps(document))
    with pytest.raises(BadInput) as caught:
        read_result(folder)
    assert str(caught.value) == f"{folder / 'result.json'}: nfe = 'many': must be a finite number of at least 0"


# --- the rows' digest


def check_damage(folder: Path) -> int:
    """Flip one bit in each of 60 places, cut at 20, empty, delete: all noticed."""
    path = folder / "rows.parquet"
    sound = path.read_bytes()
    damaged = [
        sound[:place] + bytes([sound[place] ^ (1 << place % 8)]) + sound[place + 1 :]
        for place in range(0, len(sound), len(sound) // 60)
    ]
    damaged += [sound[: cut * len(sound) // 20] for cut in range(20)]
    for damage in damaged:
        path.write_bytes(damage)
        for read in (read_result, read_rows):
            try:
                read(folder)
            except BadInput:
                continue
            raise AssertionError("damage was served")
    path.unlink()
    with pytest.raises(BadInput):
        read_result(folder)
    path.write_bytes(sound)
    read_rows(folder)
    return len(damaged)


def test_damaged_rows_are_never_served(tmp_path: Path):
    assert check_damage(write_one(tmp_path)) >= 80


def test_the_damage_check_catches_a_reader_without_digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = write_one(tmp_path)
    monkeypatch.setattr(results, "_content", lambda folder, result, name: (folder / name).read_bytes())
    with pytest.raises(AssertionError, match="damage was served"):
        check_damage(folder)


# --- links


def plant(link: Path, outside: Path) -> None:
    """Move what is at `link` outside and leave a symbolic link to it."""
    shutil.move(link, outside)
    link.symlink_to(outside)


def check_links(root: Path) -> None:
    for name in ("result.json", "rows.parquet", "submission.toml", ""):
        suite_folder = root / f"links{len(name)}"
        folder = write_one(suite_folder)
        plant(folder / name if name else folder, root / f"outside{len(name)}")
        refused = [is_refused(write_one, suite_folder)]
        if name != "submission.toml":  # which no reader opens
            refused += [is_refused(read_result, folder), is_refused(read_results, suite_folder)]
        assert all(refused), f"followed the link in place of {name or 'the folder'}"


def is_refused(function: Callable[[Path], object], folder: Path) -> bool:
    try:
        function(folder)
    except BadInput as error:
        return "symbolic link" in str(error)
    return False


def test_symbolic_links_are_refused(tmp_path: Path):
    check_links(tmp_path)


def test_the_link_check_catches_a_reader_that_follows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keys, "inside", lambda root, *parts: root.joinpath(*parts))
    with pytest.raises(AssertionError, match="followed"):
        check_links(tmp_path)


# --- a suite's folder


def test_a_suites_results_come_sorted_by_name_without_unfinished_ones(tmp_path: Path):
    folder = tmp_path / "shapes"
    board, rows = fake_board()
    for result in reversed(board):
        write_result(folder / result.name, result, rows[result.name], TOML)
    (folder / "unfinished").mkdir()
    (folder / ".hidden").mkdir()
    (folder / "README.md").write_text("notes")
    assert [result.name for result in read_results(folder)] == sorted(result.name for result in board)


def test_a_copied_result_cannot_stand_for_another_submission(tmp_path: Path):
    folder = write_one(tmp_path / "shapes")
    shutil.copytree(folder, folder.parent / "winner")
    with pytest.raises(BadInput, match="belongs in the folder shapes/random4-appeal"):
        read_results(folder.parent)


def test_a_suite_without_results_says_what_to_run(tmp_path: Path):
    with pytest.raises(BadInput, match="tts-bench evaluate"):
        read_results(tmp_path / "shapes")


# --- writing


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("file", ["rows.parquet", "submission.toml", "result.json"])
def test_a_full_or_read_only_disk_keeps_the_old_result_whole(
    code: int, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = write_one(tmp_path)
    before = content(folder)
    result, rows = fake_result("random4-appeal", "appeal", n=12, candidates=4, shift=1.0, seed=9)
    real = files.os.replace

    def failing(source: Path, target: Path) -> None:
        if target.name == file and ".new." in source.name:
            raise OSError(code, "injected")
        real(source, target)

    monkeypatch.setattr(files.os, "replace", failing)
    with pytest.raises(MachineFailed, match="injected"):
        write_result(folder, result, rows.assign(nfe=1.0), TOML + "# changed\n")
    assert content(folder) == before
    read_rows(folder)


def test_a_result_that_could_not_be_read_back_is_not_written(tmp_path: Path):
    result, rows = fake_result("random4-appeal", "appeal", n=12, candidates=4)
    folder = tmp_path / result.name
    for bad in (
        replace(result, nfe=float("nan")),
        replace(result, name="../out"),
        replace(result, suite=replace(result.suite, n=13)),
        replace(result, ledger={"seconds": float("inf")}),
        replace(result, digest="short"),
    ):
        with pytest.raises(BadInput):
            write_result(folder, bad, rows, TOML)
    with pytest.raises(BadInput):
        write_result(folder, result, rows.drop(columns="pick"), TOML)
    assert not folder.exists()
