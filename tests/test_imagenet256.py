"""The suite imagenet256 from the command line, offline: tiny SiT, CLIP and DINOv2, the whole Inception at random."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.features.inception import random_inception
from tests.models.tiny import save_sit
from tests.scorers import tiny
from tts_bench.api import Settings, choose, prepared, run_evaluation, run_plan
from tts_bench.cli import app
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.features.fidelity import Fidelity
from tts_bench.places import is_place
from tts_bench.protocols import Weights
from tts_bench.submission import from_flags
from tts_bench.suite import find_suite

N = 64


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a user would have: the model, the verifiers' networks, real images."""
    folder = tmp_path_factory.mktemp("imagenet")
    save_sit(folder / "sit", classes=1000)
    tiny.save_clip(folder / "clip")
    tiny.save_dinov2(folder / "dino")
    (folder / "real").mkdir()
    rng = np.random.default_rng(0)
    for i in range(70):
        coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
        coarse.resize((16, 16), Image.Resampling.BICUBIC).save(folder / "real" / f"{i:02d}.png")
    return folder


@pytest.fixture(scope="module")
def rows(files: Path) -> list[dict]:
    weights, pin = random_inception()
    given = [
        f"clip_zero_shot={files / 'clip'}", f"dino_linear_head={files / 'dino'}", f"fidelity={weights}@{pin}",
    ]  # fmt: skip
    flags = ["evaluate", "--suite", "imagenet256", "--model", str(files / "sit"), "--num-images", str(N), "--json"]
    flags += ["--search", "none", "--search", "random:candidates=2"]
    flags += ["--verifier", "clip_zero_shot+dino_linear_head"]
    flags += [part for place in given for part in ("--weights", place)]
    flags += ["--reference", f"fidelity={files / 'real'}", "--workers", "1"]
    flags += ["--store", str(files / "store"), "--out", str(files / "out")]
    done = CliRunner().invoke(app, flags, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["rows"]


def test_every_number_of_the_card_is_there_but_for_networks_without_real_images(rows: list[dict]) -> None:
    assert [row["verifier"] for row in rows] == [None, "clip_zero_shot+dino_linear_head"]
    for row in rows:
        assert set(row["metrics"]) == {"fid", "inception_score", "kid", "precision", "recall"}, "no fd_dinov2"
        assert all(np.isfinite(estimate["value"]) and estimate["n"] == N for estimate in row["metrics"].values())


def test_compute_is_the_paper_s(rows: list[dict]) -> None:
    """A candidate costs 50 NFE of Heun, the final run 250, and without guidance no second pass."""
    assert [row["nfe"] for row in rows] == [250, 350]
    assert [row["ledger"]["final_nfe"] for row in rows] == [250, 250]
    assert [row["ledger"]["guidance_nfe"] for row in rows] == [0, 0]


def test_the_result_says_what_it_was_taken_with_and_names_no_path(rows: list[dict], files: Path) -> None:
    for folder in (files / "out" / "results" / "imagenet256").iterdir():
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        card = result["cards"]["sets"]["fid"]
        assert card["network"]["weights"] == random_inception()[1].removeprefix("sha256:")
        assert card["reference"]["n"] == 70
        assert "few_images:fid" in result["flags"], "64 images in 2,048 dimensions"
        assert str(files) not in json.dumps(result)


def test_the_card_s_own_submissions_wait_for_a_model() -> None:
    suite = find_suite("imagenet256")
    with pytest.raises(NeedsFiles, match=r"model sit: weights is missing: give a .pt or .safetensors file") as error:
        prepared(suite, [], Settings().workshop(suite), None)
    assert "\n" not in str(error.value)


def test_they_run_on_the_model_of_the_flag_which_leaves_no_path_in_them(files: Path) -> None:
    suite, place = find_suite("imagenet256"), str(files / "sit")
    weights, pin = random_inception()
    workshop = Settings(model=place, weights={"fidelity": Weights(weights, pin)}).workshop(find_suite("imagenet256"))
    found = prepared(suite, [], workshop, place)
    lacking = {"random4-dino": "--weights dino_linear_head="}
    assert found.submissions == [one for one in suite.submissions if one.name not in lacking]
    assert {entry.spec.weights for entry in found.entries} == {place}
    assert {entry.model.card["weights"] for entry in found.entries} == {
        workshop.model(found.entries[0].spec).card["weights"]
    }
    assert [note.partition(" is left out: ")[0] for note in found.notes] == list(lacking)
    assert all(flag in note for note, flag in zip(found.notes, lacking.values(), strict=True))


def test_a_model_s_name_is_that_whatever_lies_about(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    assert Path("sit").is_dir() and not is_place("sit") and not is_place("sit:guidance=1.5") and is_place("./sit")


def test_a_flag_of_the_model_holds_for_files_of_submissions_too(files: Path, tmp_path: Path) -> None:
    suite = find_suite("imagenet256")
    (tmp_path / "mine.toml").write_text(suite.submissions[0].to_toml())
    [mine] = choose(suite, [tmp_path / "mine.toml"], "sit:guidance=1.5")
    assert (mine.model.guidance, mine.model.final_steps) == (1.5, 125)
    [own] = choose(suite, [replace(mine, model=replace(mine.model, weights="elsewhere.pt"))], str(files / "sit"))
    assert own.model.weights is None and own.model.guidance == 1.5


def test_published_figures_stand_in_the_card_with_their_source() -> None:
    for figures in find_suite("imagenet256").published:
        assert "2501.09732" in figures["source"] and "read off" in figures["source"]
        assert {len(values) for key, values in figures.items() if key != "source"} == {len(figures["nfe"])}


def test_real_images_are_looked_at_once(files: Path, rows: list[dict], monkeypatch: pytest.MonkeyPatch) -> None:
    """The second call asks the network nothing: neither of real images nor of made ones."""
    weights, pin = random_inception()
    settings = Settings(
        N, store=files / "store", workers=1, weights={"fidelity": Weights(weights, pin)},
        references={"fidelity": str(files / "real")}, model=str(files / "sit"),
    )  # fmt: skip
    looked: list[int] = []
    monkeypatch.setattr(Fidelity, "run", lambda self, prepared: looked.append(len(prepared)))
    monkeypatch.setattr(Fidelity, "__call__", lambda self, images: looked.append(len(images)))
    done = run_evaluation("imagenet256", [find_suite("imagenet256").submissions[0]], settings, files / "again")
    assert looked == [] and done.nfe_run == 0
    assert done.results[0].metrics["fid"].value == rows[0]["metrics"]["fid"]["value"]


def test_another_inception_measures_and_guides_alike(files: Path) -> None:
    settings = Settings(features="clean", model=str(files / "sit"))
    workshop = settings.workshop(find_suite("imagenet256"))
    assert {metric.features for metric in settings.suite("imagenet256").set_metrics} == {"clean", "dinov2"}
    assert workshop.network("fidelity") is workshop.network("clean")


def test_files_that_nothing_reads_and_names_that_are_none_are_told(files: Path) -> None:
    digits = [from_flags("digits:steps=2", "none")]
    given = Settings(11, store=files / "d", workers=1, weights={"clip_zero_shot": Weights(files / "clip")})
    done = run_evaluation("digits", digits, given, files / "d_out")
    assert "clip_zero_shot: files were given, and nothing here reads them" in done.notes
    for wrong, said in (
        (replace(given, weights={"clip_zero_sht": Weights(files)}), "weights = 'clip_zero_sht': no such name; did you"),
        (replace(given, references={"clen": "x"}), "references = 'clen': no such name; did you mean"),
        (replace(given, labels="sorted"), "labels = 'sorted': use balanced or sampled"),
    ):
        with pytest.raises(BadInput, match=said):
            run_evaluation("digits", digits, wrong, files / "d_out")


def test_what_is_cheap_to_see_is_refused_before_real_images_are_looked_at(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong digest, too few classes, bad company: no network has seen an image, no store is there."""
    weights, pin = random_inception()
    save_sit(tmp_path / "ten", classes=10)
    looked: list[int] = []
    monkeypatch.setattr(Fidelity, "run", lambda self, prepared: looked.append(len(prepared)))
    given = {"fidelity": Weights(weights, pin)}
    base = Settings(
        N, store=tmp_path / "never", workers=1, weights=given, references={"fidelity": str(files / "real")},
        model=str(files / "sit"),
    )  # fmt: skip
    wrong = Weights(weights, f"sha256:{'0' * 64}")
    for settings, verifier, said in (
        (replace(base, weights=given | {"oracle_is": wrong}), "oracle_is", "is not sha256:0000"),
        (replace(base, weights={"fidelity": wrong}), "oracle_fid", "is not sha256:0000"),
        (base, "oracle_fid+clip_zero_shot", "oracle_fid judges the set of picks and must be the only scorer"),
        (replace(base, model=str(tmp_path / "ten")), "oracle_fid", "model sit: classes = 10: the suite asks for class"),
        (replace(base, model="shapes"), "oracle_fid", "model shapes: classes = None: the suite asks for class"),
    ):
        asked = from_flags("sit", "random:candidates=2", verifier)
        with pytest.raises(BadInput, match=said) as error:
            run_evaluation("imagenet256", [asked], settings, tmp_path / "out")
        assert "\n" not in str(error.value)
        with pytest.raises(BadInput, match=said):
            run_plan("imagenet256", [asked], settings)
    assert looked == [] and not (tmp_path / "never").exists() and not (tmp_path / "out").exists()


def test_a_verifier_that_can_score_nothing_is_flagged_and_not_ranked(files: Path, tmp_path: Path) -> None:
    settings = Settings(11, store=tmp_path / "s", workers=1)
    made = [from_flags("digits:steps=2", "random:candidates=2", "dual_encoder"), from_flags("digits:steps=2", "none")]
    done = run_evaluation("digits", made, settings, tmp_path / "out")
    assert "unguided:11" in done.results[0].flags and "unguided:11" not in done.results[1].flags
    page = (tmp_path / "out" / "leaderboards" / "digits.md").read_text(encoding="utf-8")
    assert "| unguided | random2-dual_encoder" in page and "it chose nothing" in page
