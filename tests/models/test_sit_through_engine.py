"""A tiny SiT and a tiny DiT from disk to picked image, through submission, engine and store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.models.tiny import save_dit, save_sit
from tts_bench import keys, noise
from tts_bench.engine import Engine
from tts_bench.executors.local import InProcess
from tts_bench.models import solvers
from tts_bench.prepare import Workshop
from tts_bench.store import Store
from tts_bench.submission import parse_submission
from tts_bench.types import Prompt

PROMPTS = [Prompt("a", "", label=3), Prompt("b", "7")]


@pytest.mark.parametrize(("name", "save", "nfe"), [("sit", save_sit, 8), ("dit", save_dit, 4)])
def test_a_folder_becomes_the_images_of_a_bare_loop(
    name: str, save: Callable[[Path], object], nfe: int, tmp_path: Path
) -> None:
    save(tmp_path / "model")
    table = {"name": name, "weights": str(tmp_path / "model"), "search_steps": 4, "final_steps": 4, "guidance": 2.0}
    submission = parse_submission({"name": "one", "model": table, "search": {"name": "none"}}, "test")
    entry = Workshop().entry(submission)
    with Store(tmp_path / "store.sqlite") as store:
        runs = Engine(store, InProcess(), 4).runs([entry], PROMPTS, 0)
        picked = [run.final.key for run in runs if run.final is not None]
        found = np.stack([store.images(picked)[key] for key in picked])
    assert [(run.ledger.final_nfe, run.ledger.guidance_nfe) for run in runs] == [(nfe, nfe), (nfe, nfe)]
    seeds = [keys.draw_seed(0, prompt.id, "fresh", 0) for prompt in PROMPTS]
    x = torch.from_numpy(np.stack([noise.draw(seed, (4, 8, 8)) for seed in seeds]))
    with torch.no_grad():
        model, grid = entry.model, entry.final_grid
        clean = solvers.solve(lambda at, t: model.velocity(at, t, [3, 7]), x, grid.levels, grid.solver)
        expected = model.decode(clean)
    assert found.shape == (2, 16, 16, 3)
    assert np.abs(found.astype(int) - expected).max() <= 1  # batches of another size differ in the last bit
    assert np.abs(found[0].astype(int) - found[1]).mean() > 5
