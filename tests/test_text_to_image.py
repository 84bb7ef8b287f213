"""Every text-to-image family from a folder to a result, offline: searches over tiny random pipelines."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.models import tiny_pipelines
from tests.models.test_pipelines import FAMILIES, PROMPTS, theirs
from tts_bench import noise
from tts_bench.api import Settings, open_engine, run_evaluation
from tts_bench.errors import BadInput
from tts_bench.evaluation import row_of
from tts_bench.executors.local import InProcess
from tts_bench.prepare import Workshop
from tts_bench.protocols import ModelSpec
from tts_bench.recipes import Noise
from tts_bench.store import Store
from tts_bench.submission import Submission, from_flags

STEPS = 4
SEARCHES = ("none", "random:candidates=3", "zero_order:rounds=2", "paths:noises=1,expansions=2,sigma=0.3")
CARD = """\
name = "texts"
title = "Two texts"
description = "For tests."
[prompts]
file = "texts.jsonl"
sha256 = "{sha256}"
limit = 2
[protocol]
seed = 3
model = "diffusers"
[[metrics]]
name = "chance"
scorer = "chance"
output = "score"
title = "a number from the key"
main = true
[[submissions]]
name = "none"
model = {{ name = "diffusers" }}
search = {{ name = "none" }}
"""


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite")
    lines = "".join(json.dumps({"id": prompt.id, "text": prompt.text}) + "\n" for prompt in PROMPTS)
    (folder / "texts.jsonl").write_text(lines)
    (folder / "texts.toml").write_text(CARD.format(sha256=hashlib.sha256(lines.encode()).hexdigest()))
    return folder / "texts.toml"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pipelines")
    for name in (*FAMILIES, "other"):
        tiny_pipelines.save(folder / name, name)
    return {name: folder / name for name in (*FAMILIES, "other")}


def submission(folder: Path, search: str, model: str = "diffusers", **settings: Any) -> Submission:
    spec = ModelSpec(model, weights=str(folder), **{"search_steps": STEPS, "final_steps": STEPS, **settings})
    return from_flags(spec, search, None if search == "none" else "chance", name=search.partition(":")[0])


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_searched_from_a_folder_to_a_result(
    name: str, card: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    asked = [submission(folders[name], search) for search in SEARCHES]
    settings = Settings(store=tmp_path / "store", workers=1, batch_size=4)
    done = run_evaluation(str(card), asked, settings, tmp_path / "out")
    rows = {row["submission"]: row for row in map(row_of, done.results)}
    assert [rows[search.partition(":")[0]]["nfe"] for search in SEARCHES[:3]] == [STEPS, 3 * STEPS, 5 * STEPS]
    assert rows["paths"]["nfe"] > STEPS
    for row in rows.values():
        passes = 0 if name == "flux" else row["nfe"]
        assert row["ledger"]["guidance_nfe"] == passes and row["ledger"]["gflops"] > 0
        assert row["metrics"]["chance"]["n"] == 2
    for path in (tmp_path / "out" / "results").rglob("result.json"):
        result = path.read_text(encoding="utf-8")
        assert str(folders[name]) not in json.dumps(json.loads(result)["cards"])


@pytest.mark.parametrize("name", FAMILIES)
def test_the_engine_s_image_is_the_pipeline_s_own(name: str, folders: dict[str, Path], tmp_path: Path) -> None:
    """Noise enters the grid where the pipeline lets it in, whatever the steps of search and final run."""
    asked = submission(folders[name], "none", dtype="float32", search_steps=3)
    entry = Workshop().entry(asked)
    with Store(tmp_path / "store") as store:
        from tts_bench.engine import Engine

        runs = Engine(store, InProcess(), batch_size=3).runs([entry], PROMPTS, seed=5)
        finals = [run.settled()[1] for run in runs]
        held = [store.state(state.key) for state in finals]
    roots = [state.root for state in finals]
    assert all(isinstance(root, Noise) for root in roots)
    z = np.stack([noise.draw(root.seed, entry.model.latent_shape) for root in roots])  # type: ignore[union-attr]
    pipe = tiny_pipelines.save(tmp_path / "again", name)
    guidance = entry.model.card["guidance"]
    pixels = theirs(pipe, entry.model, torch.from_numpy(z), guidance, num_inference_steps=STEPS)  # type: ignore[arg-type]
    found = np.stack([state.image for state in held if state is not None and state.image is not None]) / 255
    assert np.abs(found - pixels.permute(0, 2, 3, 1).numpy()).max() <= 0.5 / 255 + 1e-4


def test_a_pipeline_of_no_family_serves_best_of_n(card: Path, folders: dict[str, Path], tmp_path: Path) -> None:
    asked = [submission(folders["other"], search, "pipeline") for search in SEARCHES[:3]]
    settings = Settings(store=tmp_path / "store", workers=1, batch_size=4)
    done = run_evaluation(str(card), asked, settings, tmp_path / "out")
    rows = [row_of(result) for result in done.results]
    assert [row["nfe"] for row in rows] == [STEPS, 3 * STEPS, 5 * STEPS]


@pytest.mark.parametrize("search", ["fk_steering:particles=2", "svdd:candidates=2"])
def test_what_stops_on_the_way_is_refused_there(
    search: str, card: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    asked = submission(folders["other"], search, "pipeline")
    with pytest.raises(BadInput, match="whole") as error:
        run_evaluation(str(card), [asked], Settings(store=tmp_path / "store", workers=1), tmp_path / "out")
    assert "\n" not in str(error.value)


def test_a_family_s_solver_cannot_be_whole_nor_a_whole_one_s_another(folders: dict[str, Path]) -> None:
    for name, model, solver in (("flux", "diffusers", "whole"), ("other", "pipeline", "euler")):
        with pytest.raises(BadInput, match=f"model.solver = '{solver}': use one of "):
            Workshop().entry(submission(folders[name], "none", model, solver=solver))


def test_a_second_run_makes_nothing_again(card: Path, folders: dict[str, Path], tmp_path: Path) -> None:
    asked = [submission(folders["pixart_sigma"], search) for search in SEARCHES]
    settings = Settings(store=tmp_path / "store", workers=1, batch_size=4)
    first = run_evaluation(str(card), asked, settings, tmp_path / "out")
    with open_engine(settings) as engine:
        entries = [Workshop().entry(one) for one in asked]
        engine.runs(entries, [*PROMPTS], seed=3)
        assert engine.nfe_run == 0
    assert len(first.results) == len(SEARCHES)
