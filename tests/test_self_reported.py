"""Images made elsewhere are scored as those made here, and their result says who says so."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from tts_bench import api, self_reported
from tts_bench.api import Settings
from tts_bench.brought import Brought
from tts_bench.cli import app
from tts_bench.errors import BadInput
from tts_bench.evaluation import Evaluation
from tts_bench.keys import digest
from tts_bench.results import read_rows
from tts_bench.score import run_score
from tts_bench.self_reported import Declared
from tts_bench.store import Store
from tts_bench.submission import from_flags
from tts_bench.types import Prompt

N = {"shapes": 6, "digits": 12}


def made(suite: str, place: Path) -> Evaluation:
    """Images made here, saved as somebody's elsewhere."""
    settings = Settings(N[suite], store=place / "store", workers=1)
    done = api.run_evaluation(suite, [from_flags(f"{suite}:steps=2", "none")], settings, place / "out")
    (place / "images").mkdir()
    with Store(place / "store") as store:
        for row in read_rows(place / "out" / "results" / suite / done.results[0].name).itertuples():
            Image.fromarray(store.images([row.pick])[row.pick]).save(place / "images" / f"{row.prompt_id}.png")
    return done


@pytest.mark.parametrize("suite", N)
def test_the_same_images_have_the_same_numbers_wherever_they_were_made(suite: str, tmp_path: Path) -> None:
    here = made(suite, tmp_path).results[0]
    settings = Settings(N[suite], store=tmp_path / "other")
    declared = Declared("theirs", 2880.0, "flux", "our search", ("checker",))
    done = run_score(suite, tmp_path / "images", declared, settings, tmp_path / "out")
    there = done.results[0]
    assert there.metrics == here.metrics and there.groups == here.groups and there.left_out == here.left_out
    assert there.digest == digest(declared.recipe) != digest(replace(declared, search="another").recipe)
    assert there.ledger["declared_nfe"] == 2880 and there.ledger["search_nfe"] == 0, "nothing was run here"
    rows = read_rows(tmp_path / "out" / "results" / suite / "theirs")
    assert rows["verifier"].isna().all() and rows["diversity"].isna().all(), "nobody knows them"
    assert there.nfe == 2880 and "self_reported" in there.flags
    assert there.cards["scorers"] == here.cards["scorers"] and there.cards["model"] == {"declared": "flux"}
    board = (tmp_path / "out" / "leaderboards" / f"{suite}.md").read_text(encoding="utf-8")
    assert "theirs" in board and "self-reported" in board


def test_again_no_scorer_looks_at_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made("shapes", tmp_path)
    settings, declared = Settings(6, store=tmp_path / "other"), Declared("theirs", 0)
    first = run_score("shapes", tmp_path / "images", declared, settings, tmp_path / "a").results
    monkeypatch.setattr("tts_bench.self_reported.FromFiles.images", None)
    assert run_score("shapes", tmp_path / "images", declared, settings, tmp_path / "a").results == first


def test_the_command_writes_what_was_declared_and_nothing_where_an_image_is_missing(
    tmp_path: Path,
) -> None:
    from typer.testing import CliRunner

    made("shapes", tmp_path)
    flags = ["score", "--suite", "shapes", "--images", str(tmp_path / "images"), "--name", "theirs", "--nfe", "96"]
    flags += ["--limit", "6", "--verifier", "checker", "--model", 'a "model"', "--store", str(tmp_path / "s"), "--json"]
    done = CliRunner().invoke(app, [*flags, "--out", str(tmp_path / "x")], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    [row] = json.loads(done.stdout)["rows"]
    assert (row["submission"], row["model"], row["nfe"]) == ("theirs", 'a "model"', 96.0)
    folder = tmp_path / "x" / "results" / "shapes" / "theirs"
    assert tomllib.loads((folder / "submission.toml").read_text())["model"] == {"name": 'a "model"'}
    assert "own_metric:accuracy" in json.loads((folder / "result.json").read_text())["flags"]
    next((tmp_path / "images").iterdir()).unlink()
    with pytest.raises(BadInput, match="missing 1"):
        CliRunner().invoke(app, [*flags, "--out", str(tmp_path / "y")], catch_exceptions=False)
    assert not (tmp_path / "y").exists()


def test_what_is_declared_is_the_recipe_and_its_digest() -> None:
    one, two = (
        Declared("theirs", 1.0, "flux", "ours", ("aesthetic",)),
        Declared("other", 1.0, "flux", "ours", ("a", "b")),
    )
    assert one.recipe["verifier"] == {"scorers": ["aesthetic"], "combine": "single"}
    assert two.recipe["verifier"] == {"scorers": ["a", "b"], "combine": "rank"}, "as --verifier a+b is run here"
    assert Declared("theirs", 1.0).recipe["verifier"] is None


def test_an_image_without_a_number_has_none_in_its_row(tmp_path: Path) -> None:
    """Not zero, which a mean would take."""
    brought = [Brought(digest(name), Prompt(name, name), tmp_path / name) for name in ("1", "2")]
    measured = {"score": {brought[0].key: 0.5, brought[1].key: None}}
    rows = self_reported._rows(brought, measured, Declared("theirs", 7.0))
    assert rows["score"].tolist()[0] == 0.5 and rows["score"].isna().tolist() == [False, True]
    assert rows["nfe"].tolist() == [7.0, 7.0] and rows["pick"].tolist() == [image.key for image in brought]


@pytest.mark.parametrize(
    "change",
    [{"name": "../x"}, {"name": "UP"}, {"nfe": float("nan")}, {"nfe": -1.0}, {"model": ""}, {"scorers": ("A B",)}],
)
def test_a_declaration_that_no_table_can_hold_is_refused(change: dict) -> None:
    with pytest.raises(BadInput):
        replace(Declared("theirs", 1.0), **change)
