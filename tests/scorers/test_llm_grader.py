"""The LLM grader as a scorer: its identity, its repeats, and what it makes of a store that has everything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.grader.server import Asked, Do, Judge, chat, marks, picture
from tests.grader.world import filled, grader, scoring
from tts_bench import keys
from tts_bench.grader.rubric import ASKED, ASPECTS
from tts_bench.grader.settings import GraderSettings
from tts_bench.images import encode_png
from tts_bench.protocols import Streaming
from tts_bench.registry import SCORERS
from tts_bench.scorers.llm_grader import LlmGrader, load
from tts_bench.store import Store
from tts_bench.types import Prompt


def noisy(asked: Asked) -> Do:
    """Another verdict each time."""
    rng = np.random.default_rng([asked.number, *asked.png[-8:]])
    return chat(json.dumps({name: round(float(rng.uniform(0, 100)), 2) for name in ASKED}))


def test_the_registry_makes_it_from_its_settings() -> None:
    made = SCORERS.make("llm_grader", {"device": "cpu", "grader": GraderSettings("m")})
    assert isinstance(made, LlmGrader) and isinstance(made, Streaming)
    assert made.outputs == ("overall_mean", *ASPECTS, "overall")


CHANGED: dict[str, Any] = {
    "model": "other", "revision": "2026-05", "temperature": None, "max_tokens": 600, "max_side": 512,
}  # fmt: skip
FREE: dict[str, Any] = {
    "base_url": "http://127.0.0.1:9/v1", "concurrency": 3, "max_dollars": 1.0, "price_in": 1.0, "price_out": 1.0,
    "timeout": 3.0, "tries": 2, "anchors": False,
}  # fmt: skip


def test_what_changes_a_verdict_changes_its_key_and_nothing_else_does() -> None:
    assert {*CHANGED, *FREE, "repeats"} == set(GraderSettings.__dataclass_fields__)
    base = keys.digest(dict(load(GraderSettings("m")).answer_card(0)))
    own = {
        keys.digest(dict(load(GraderSettings(**({"model": "m"} | {n: v}))).answer_card(0))) for n, v in CHANGED.items()
    }
    assert len(own) == len(CHANGED) and base not in own
    assert keys.digest(dict(load(GraderSettings("m", **FREE)).answer_card(0))) == base
    assert keys.digest(dict(load(GraderSettings("m", repeats=5)).answer_card(0))) == base
    assert keys.digest(dict(load(GraderSettings("m")).answer_card(1))) != base
    assert "127.0.0.1" not in keys.canonical(dict(load(GraderSettings("m", **FREE)).card))


def test_repeats_are_kept_apart_and_their_mean_is_the_number(tmp_path: Path) -> None:
    states = filled(tmp_path / "s", 5)
    with Judge(noisy) as judge, Store(tmp_path / "s") as store:
        asking = scoring(store)
        asking.score(grader(judge, repeats=2), states)
        assert len(judge.asked) == 10
        found = asking.score(grader(judge, repeats=3), states)
        assert len(judge.asked) == 15, "the first two are not asked again"
        rows = asking.answers(grader(judge, repeats=3), states)
        for state in states:
            given = rows[state.key]
            assert len(given) == 3 and len({row["overall"] for row in given}) == 3
            for name in ("overall_mean", *ASKED):
                assert found[state.key][name] == pytest.approx(np.mean([row[name] for row in given]))  # type: ignore[arg-type]
        assert asking.score(grader(judge, repeats=1), states)[states[0].key] != found[states[0].key]
        assert len(judge.asked) == 15


def test_a_repeat_that_is_no_verdict_is_left_out_of_the_mean(tmp_path: Path) -> None:
    states = filled(tmp_path / "s", 1)
    with Judge(lambda asked: chat("no") if asked.number == 1 else None) as judge, Store(tmp_path / "s") as store:
        asking, made = scoring(store), grader(judge, repeats=3, concurrency=1)
        found = asking.score(made, states)
        assert marks(encode_png(picture(0))).items() <= found[states[0].key].items()
        assert asking.reasons(made, states) == {states[0].key: ["not JSON alone"]}
        assert asking.unseen(made, states) == {states[0].key}, "it is asked again"


def test_with_everything_in_the_store_neither_server_nor_key_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = filled(tmp_path / "s", 5)
    with Judge() as judge, Store(tmp_path / "s") as store:
        first = scoring(store).score(grader(judge, repeats=2, anchors=True), states)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr("tts_bench.grader.stream.Server", None)
    offline = load(GraderSettings("tiny-judge", base_url="https://gone.example.invalid/v1", repeats=2))
    with Store(tmp_path / "s") as store:
        asking = scoring(store)
        assert asking.score(offline, states) == first
        assert asking.calls_run == 0 and asking.unseen(offline, states) == set()


def test_scored_without_a_store_it_says_the_same() -> None:
    with Judge() as judge:
        images = [picture(i) for i in range(4)]
        found = grader(judge, repeats=2).score(images, [Prompt("p", "a cat")] * 4, ["0" * 64] * 4)
        assert grader(judge).score([], [], []) == []
    for image, values in zip(images, found, strict=True):
        assert marks(encode_png(image)).items() <= {k: round(v or 0, 9) for k, v in values.items()}.items()
