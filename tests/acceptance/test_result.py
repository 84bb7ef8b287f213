"""What `check` finds in a result: nothing in the repository's own, every tampering in a stranger's, all at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.tampered import KINDS
from tests.acceptance.world import NAME, ROOT, cell, copied, problems, put, rows
from tests.interval import interval
from tts_bench.acceptance import result as looking
from tts_bench.acceptance.coverage import coverage_problems
from tts_bench.acceptance.result import inspect
from tts_bench.errors import ServiceFailed
from tts_bench.prompt_sources import PromptFile
from tts_bench.results import read_result, read_rows
from tts_bench.suite import find_suite

ALL = [(kind, name) for kind, found in KINDS.items() for name in found]
OWN = [
    *sorted((ROOT / "results" / "shapes").iterdir()),
    *sorted((ROOT / "results" / "shapes_compbench").iterdir()),
    *sorted((ROOT / "results" / "digits").iterdir())[::40],
    *sorted((ROOT / "results" / "search" / "shapes").iterdir())[::40],
]


@pytest.mark.parametrize("folder", OWN, ids=lambda path: path.name)
def test_nothing_is_wrong_with_our_own(folder: Path) -> None:
    found = inspect(folder)
    assert (found.problems, found.notes) == ([], [])


def told(kind: str, name: str, to: Path) -> list[str]:
    tamper, _ = KINDS[kind][name]
    folder = copied(to)
    tamper(folder)
    return problems(folder)


@pytest.mark.parametrize(("kind", "name"), ALL, ids=lambda value: value)
def test_a_tampering_is_told_by_its_key(kind: str, name: str, tmp_path: Path) -> None:
    found, key = told(kind, name, tmp_path), KINDS[kind][name][1]
    assert any(f": {key}" in line for line in found), found
    assert all(line.isprintable() and " = " in line for line in found)


BLIND = {
    "folder_problems": ("files", "a file more"),
    "recipe_problems": ("recipe", "another digest"),
    "coverage_problems": ("prompts", "another text"),
    "pick_problems": ("prompts", "one pick twice"),
    "number_problems": ("numbers", "a better row"),
    "range_problems": ("numbers", "diversity above 1"),
    "flag_problems": ("flags", "no flag"),
    "compute_problems": ("compute", "cheaper everywhere"),
    "judge_problems": ("cards", "a judge less"),
    "huge_problems": ("numbers", "a value of the verifier beyond all"),
}


@pytest.mark.parametrize("check", BLIND)
def test_without_one_of_the_checks_a_tampering_passes(
    check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, check, lambda *given: iter(()))
    assert told(*BLIND[check], tmp_path) == []


def test_all_problems_are_told_not_the_first_alone(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    for name, kind in (("a file more", "files"), ("another digest", "recipe"), ("no flag", "flags")):
        KINDS[kind][name][0](folder)
    cell(folder, "text", 5, "a red circle")
    found = problems(folder)
    assert all(any(key in line for line in found) for key in ("notes.txt", "digest", "flags", "text")), found


def test_each_part_of_a_result_that_cannot_be_read_tells_its_own_defect(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    for place, value in (("nfe", -1), ("flags", "oracle"), ("suite/n", "252"), ("curve/0/candidates", 0)):
        put(folder, place, value)
    keys = {line.split(": ")[1].split(" = ")[0] for line in problems(folder)}
    assert keys == {"curve[0].candidates", "flags", "nfe", "suite.n"}


def test_the_interval_that_is_asked_for_is_that_of_the_rows(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    low, high = interval([read_rows(folder)["appeal"].to_numpy()])
    told = read_result(folder).metrics["appeal"]
    assert told.low == pytest.approx(low, abs=1e-12) and told.high == pytest.approx(high, abs=1e-12)
    put(folder, "metrics/appeal/high", high + 1e-6)
    assert any("metrics.appeal.high" in line and f"{high:.6f}"[:8] in line for line in problems(folder))


def test_rounding_of_another_processor_is_no_problem(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    value = json.loads((folder / "result.json").read_text())["metrics"]["appeal"]["value"]
    put(folder, "metrics/appeal/value", value * (1 + 1e-13))
    assert problems(folder) == []


def test_a_linked_folder_is_not_followed(tmp_path: Path) -> None:
    real = copied(tmp_path / "real")
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes" / NAME).symlink_to(real, target_is_directory=True)
    assert len(found := problems(tmp_path / "shapes" / NAME)) == 1 and "symbolic link" in found[0]


def test_a_result_of_an_older_card_is_told_as_such_and_the_rest_of_it_still_checked(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    put(folder, "suite/card", "0" * 64)
    (folder / "more").write_text("x")
    found = problems(folder)
    assert len(found) == 2 and any("another version of the card" in line for line in found)


def test_where_prompts_cannot_be_had_that_is_said_and_the_numbers_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(source: PromptFile) -> tuple:
        raise ServiceFailed("no network")

    monkeypatch.setattr(PromptFile, "prompts", fails)
    folder = copied(tmp_path)
    cell(folder, "text", 5, "a red circle")
    found = inspect(folder)
    assert found.problems == [] and "are not checked: no network" in found.notes[0]
    rows(folder, lambda table: table.assign(accuracy=1.0))
    assert any("metrics.accuracy.value" in line for line in problems(folder))


def test_images_made_elsewhere_are_held_to_what_was_declared_of_them(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    put(folder, "flags", ["self_reported", "own_metric:dual_encoder"])
    put(folder, "ledger", {"declared_nfe": 192.0})
    put(folder, "curve", [])
    assert problems(folder) == []
    put(folder, "ledger/declared_nfe", 96.0)
    put(folder, "flags", ["self_reported"])
    (folder / "submission.toml").write_text((folder / "submission.toml").read_text().replace("= 16", "= 8"))
    keys = [line.split(": ")[1].split(" = ")[0] for line in problems(folder)]
    assert keys == ["submission.recipe.search", "submission.digest", "flags", "ledger"]


@pytest.mark.parametrize("column", ["accuracy", "compbench", "nfe", "pick"])
def test_rows_of_prompts_follow_from_rows_of_their_images(column: str, tmp_path: Path) -> None:
    """Of several images a prompt; the mutant is in the rows of prompts alone."""
    name = "none"
    folder = copied(tmp_path, name, "shapes_compbench")
    table = read_rows(folder)
    present = column if column in table.columns else next(iter(read_result(folder).of_prompts))
    value = "0" * 64 if present == "pick" else float(table[present][0] or 0.0) / 2 + 0.1
    cell(folder, present, 0, value)
    assert any(f"column {present}" in line and "from the rows of its images" in line for line in problems(folder))


IDS = {
    "twice": lambda ids, i: [*ids[:-1], ids[i]],
    "missing": lambda ids, i: [*ids[:i], *ids[i + 1 :], "zzz"],
    "extra": lambda ids, i: [*ids[:i], f"{ids[i]}x", *ids[i + 1 :]],
    "reordered": lambda ids, i: [*ids[:i], ids[i + 1], ids[i], *ids[i + 2 :]],
    "case-folded": lambda ids, i: [*ids[:i], ids[i].upper(), *ids[i + 1 :]],
    "padded": lambda ids, i: [*ids[:i], f"{ids[i]} ", *ids[i + 1 :]],
    "turned": lambda ids, i: [*ids[i + 1 :], *ids[: i + 1]],
    "a number": lambda ids, i: [*ids[:i], str(i), *ids[i + 1 :]],
}


@pytest.mark.parametrize("place", [0, 1, 17, 100, 200])
@pytest.mark.parametrize("kind", IDS)
def test_forty_ways_to_have_other_prompts_are_refused(kind: str, place: int) -> None:
    """FAULTS row 12: duplicate, missing, extra, reordered, case-folded, 1 for "1"."""
    table, prompts = read_rows(ROOT / "results" / "shapes" / NAME), find_suite("shapes").images_asked(252)
    assert list(coverage_problems(table, prompts, "rows")) == []
    changed = table.assign(prompt_id=IDS[kind](list(table["prompt_id"]), place))
    assert any(": prompt_id = " in str(line) for line in coverage_problems(changed, prompts, "rows"))
