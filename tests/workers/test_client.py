"""The worker as a scorer sees it: the real program in a world that stands in for the real one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.scorers import tiny
from tests.workers import stand_in
from tts_bench.errors import BadInput, MachineFailed, NeedsFiles, PluginFailed
from tts_bench.user_folder import VARIABLE as HOME
from tts_bench.workers import client
from tts_bench.workers.client import Patience
from tts_bench.workers.environment import Environment


def images(count: int = 5) -> list[np.ndarray]:
    return tiny.pictures(count)


def test_a_score_is_the_image_s_own_whatever_it_came_with(world: Environment, weights: Path, scratch: Path) -> None:
    worker, shown = stand_in.worker(world, weights), images(19)
    texts = ["a" * (i + 1) for i in range(19)]
    found = worker.score(shown, texts)
    assert found == pytest.approx([stand_in.expected(i, t) for i, t in zip(shown, texts, strict=True)], abs=1e-9)
    assert found == [worker.score([i], [t])[0] for i, t in zip(shown, texts, strict=True)]
    assert worker.score([], []) == []
    assert [path.name[:17] for path in scratch.iterdir()] == ["tts-bench-worker-"], "images left behind"
    assert list(scratch.glob("*/images-*")) == []
    worker.close()
    assert list(scratch.iterdir()) == []


def test_nothing_is_started_before_the_first_score_and_one_process_serves_all(
    world: Environment, weights: Path, scratch: Path
) -> None:
    worker = stand_in.worker(world, weights)
    assert worker._exchange is None
    worker.score(images(1), ["a"])
    first = worker._exchange
    worker.score(images(1), ["b"])
    assert worker._exchange is first is not None
    worker.close()


def test_a_worker_that_dies_once_is_started_again(world: Environment, weights: Path, tmp_path: Path) -> None:
    worker, text = stand_in.worker(world, weights), f"once {tmp_path / 'died'}"
    assert worker.score(images(1), [text]) == pytest.approx([stand_in.expected(images(1)[0], text)])
    assert (tmp_path / "died").exists()
    worker.close()


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (
            "exit",
            MachineFailed,
            r"its worker ended with exit code 7; its last words: .*last words \(twice\); mend that",
        ),
        ("slow", MachineFailed, r"its worker gave no answer within 0.5 s \(twice\)"),
        ("raise", PluginFailed, r"its worker says ValueError: a text of two lines"),
        ("memory", MachineFailed, r"too little memory \(MemoryError: no more\); free some"),
    ],
)
def test_each_failure_is_one_line_and_leaves_nothing(
    world: Environment, weights: Path, scratch: Path, text: str, error: type[Exception], words: str
) -> None:
    worker = stand_in.worker(world, weights, patience=Patience(image=0.5))
    with pytest.raises(error, match=words) as caught:
        worker.score(images(1), [text])
    assert "\n" not in str(caught.value) and str(caught.value).startswith("scorer stand_in: ")
    worker.close()
    assert list(scratch.iterdir()) == []


def test_a_refusal_does_not_end_the_worker(world: Environment, weights: Path) -> None:
    worker = stand_in.worker(world, weights)
    with pytest.raises(PluginFailed):
        worker.score(images(1), ["raise"])
    exchange = worker._exchange
    assert worker.score(images(1), ["a"]) == pytest.approx([stand_in.expected(images(1)[0], "a")])
    assert worker._exchange is exchange
    worker.close()


def test_no_number_is_none(world: Environment, weights: Path) -> None:
    worker = stand_in.worker(world, weights)
    assert worker.score(images(2), ["number nan", "number inf"]) == [None, None]
    worker.close()


def test_keys_of_the_user_stay_here(world: Environment, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "HF_TOKEN"):
        monkeypatch.setenv(name, "secret")
    worker = stand_in.worker(world, weights)
    assert worker.score(images(1), ["keys"]) == [0.0]
    worker.close()


class Says:
    """In place of an exchange: answers a score as it was told to."""

    def __init__(self, scores: Any) -> None:
        self.scores = scores

    def ask(self, request: Any, seconds: float) -> dict[str, Any]:
        return {"scores": self.scores}

    def end(self) -> None: ...


@pytest.mark.parametrize(
    "scores", [[1.0], [1.0, 2.0, 3.0], None, {"a": 1}, [1.0, "2"], [1.0, True], [1.0, [2.0]], [1.0, float("nan")]]
)
def test_what_is_not_one_number_an_image_is_refused(world: Environment, weights: Path, scores: Any) -> None:
    worker = stand_in.worker(world, weights)
    worker._exchange = Says(scores)  # type: ignore[assignment]
    with pytest.raises(PluginFailed, match="must give 2 numbers, not"):
        worker.score(images(2), ["a", "b"])


def test_a_client_that_takes_any_list_is_caught(
    world: Environment, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check of each number matters: without it a boolean is a score."""
    monkeypatch.setattr(client, "_is_score", lambda value: True)
    worker = stand_in.worker(world, weights)
    worker._exchange = Says([1.0, True])  # type: ignore[assignment]
    assert worker.score(images(2), ["a", "b"]) == [1.0, 1.0]


def test_other_packages_than_the_list_s_are_refused(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME, str(tmp_path))
    world = stand_in.make(stand_in.environment(tmp_path), version="1.1")
    worker = stand_in.worker(world, weights)
    for _ in range(2):  # asked again, it is still refused
        with pytest.raises(MachineFailed, match=r"t2v-metrics = '1.1': is not 1.2.*setup stand-in --force"):
            worker.score(images(1), ["a"])


def test_files_that_do_not_load_are_named(world: Environment, weights: Path) -> None:
    with pytest.raises(
        BadInput, match=rf"weights = '{re.escape(str(weights))[:30]}.*Error while deserializing.*broken"
    ):
        stand_in.worker(world, weights, model="broken").score(images(1), ["a"])


def test_an_environment_that_vanishes_is_asked_for_again(
    world: Environment, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = stand_in.worker(world, weights)
    monkeypatch.setenv(HOME, str(tmp_path))
    with pytest.raises(NeedsFiles, match="run `tts-bench setup stand-in`"):
        worker.score(images(1), ["a"])
