"""The suites t2i_compbench and geneval from the command line, offline, with tiny networks of the real classes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.compbench_home import evaluated, furnish
from tts_bench.results import read_image_rows, read_result, read_rows
from tts_bench.suites.compbench import CATEGORIES

SEARCHES = ("--search", "none", "--search", "random:candidates=2", "--verifier", "blip_vqa")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compbench")
    furnish(folder, "t2i_compbench")
    return folder


@pytest.fixture(scope="module")
def two(home: Path) -> Path:
    """The results with two images a prompt, as the card has it."""
    evaluated(home, "t2i_compbench", "two", *SEARCHES)
    return home / "two" / "results" / "t2i_compbench"


def images(folder: Path) -> pd.DataFrame:
    return read_image_rows(folder).set_index("prompt_id")


def test_every_category_is_judged_by_its_own_rule(two: Path) -> None:
    result = read_result(two / "none")
    assert set(result.groups["category"]) == set(CATEGORIES) and result.suite.images == 2
    means = [group["compbench"].value for group in result.groups["category"].values()]
    assert result.metrics["compbench"].value == pytest.approx(np.mean([mean for mean in means if mean is not None]))
    assert result.metrics["compbench"].n == 16
    assert set(result.cards["scorers"]) == {  # type: ignore[call-overload]
        "blip_vqa", "spatial_2d", "numeracy", "three_in_one", "clip_similarity", "spatial_3d",
    }  # fmt: skip


def test_a_prompt_has_the_mean_of_its_images(two: Path) -> None:
    rows, each = read_rows(two / "none").set_index("prompt_id"), images(two / "none")
    assert len(rows) == 16 and len(each) == 32
    by_hand = each.groupby(each.index.str.partition("#").get_level_values(0))["compbench"].mean()
    assert rows["compbench"].to_numpy() == pytest.approx(by_hand.reindex(rows.index).to_numpy(), abs=1e-12)


def test_one_image_a_prompt_or_three_are_the_same_images(home: Path, two: Path) -> None:
    """What is added are further images: no score of those before moves, and nothing is made again."""
    expected = images(two / "random2-blip_vqa")
    for count, name in ((1, "one"), (3, "three")):
        done = evaluated(home, "t2i_compbench", name, *SEARCHES, "--per-prompt", str(count), "--limit", "8")
        found = images(home / name / "results" / "t2i_compbench" / "random2-blip_vqa")
        assert len(found) == 8 * count
        shared = [index for index in found.index if index in expected.index]
        assert len(shared) == 8 * min(count, 2)
        for column in ("compbench", "pick", "verifier", "nfe"):
            assert list(found.loc[shared, column]) == list(expected.loc[shared, column])
        assert done["nfe_run"] == (0 if count == 1 else 8 * 2 * 30)
    assert len(set(images(home / "three" / "results" / "t2i_compbench" / "none")["pick"])) == 24, "each its own noise"


def test_again_nothing_is_run(home: Path, two: Path) -> None:
    assert evaluated(home, "t2i_compbench", "again", *SEARCHES)["nfe_run"] == 0
    again = home / "again" / "results" / "t2i_compbench" / "none"
    assert (again / "images.parquet").read_bytes() == (two / "none" / "images.parquet").read_bytes()


def test_the_page_has_the_papers_table_beside_ours_and_says_by_whose_eyes(home: Path, two: Path) -> None:
    page = (home / "two" / "leaderboards" / "t2i_compbench.md").read_text(encoding="utf-8")
    assert "16 prompts, 2 images each, seed 0" in page
    assert re.search(r"objects are found by owlv2 \(weights [0-9a-f]{12}\); the authors' own is UniDet", page)
    ours = read_result(two / "none").groups["category"]["numeracy"]["compbench"].value
    [row] = [line for line in page.splitlines() if line.startswith("| *none* | *0.7692* / ")]
    assert f"*0.6167* / {ours:.3f}" in row
    assert "| *random-aesthetic* | *0.7618* / – |" in page
    assert "own metric | random2-blip_vqa" in page, "a verifier that judges some categories grades itself"


def test_other_rules_are_another_card(home: Path, two: Path) -> None:
    evaluated(home, "t2i_compbench", "fixed", *SEARCHES[:2], "--rules", "fixed")
    fixed = read_result(home / "fixed" / "results" / "t2i_compbench" / "none")
    official = read_result(two / "none")
    for scorer in ("blip_vqa", "spatial_2d", "numeracy", "three_in_one", "spatial_3d"):
        assert fixed.cards["scorers"][scorer] != official.cards["scorers"][scorer]  # type: ignore[index,call-overload]


def test_some_categories_need_only_their_own_weights(home: Path) -> None:
    evaluated(home, "t2i_compbench", "some", *SEARCHES[:2], "--categories", "non_spatial,numeracy")
    result = read_result(home / "some" / "results" / "t2i_compbench" / "none")
    assert set(result.cards["scorers"]) == {"clip_similarity", "numeracy"}  # type: ignore[call-overload]
    assert result.suite.n == 4 and set(result.groups["category"]) == {"non_spatial", "numeracy"}


def test_geneval_runs_offline(tmp_path: Path) -> None:
    furnish(tmp_path, "geneval")
    flags = ("--search", "none", "--search", "random:candidates=2", "--verifier", "geneval", "--per-prompt", "2")
    evaluated(tmp_path, "geneval", "out", *flags)
    folder = tmp_path / "out" / "results" / "geneval"
    for name in ("none", "random2-geneval"):
        result, each = read_result(folder / name), images(folder / name)
        assert set(each["geneval"]) <= {0.0, 1.0} and list(each.index) == ["0", "0#2", "1", "1#2"]
        tasks = [group["geneval"].value for group in result.groups["category"].values()]
        assert result.metrics["geneval"].value == pytest.approx(sum(t for t in tasks if t is not None) / 2)
