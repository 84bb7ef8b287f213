"""What the notes below a page say of its baseline."""

from __future__ import annotations

from dataclasses import replace

from tests.fake_results import fake_board
from tests.report.suite import METRICS
from tts_bench.report.board import make_boards
from tts_bench.report.reading import reading


def test_the_baseline_is_named_with_its_model_where_gains_cross_models() -> None:
    results, rows = fake_board()
    assert "another model" not in reading(make_boards(results, rows, METRICS)[0])
    none = next(result for result in results if result.name == "none")
    fewer = {**none.recipe, "model": {**none.recipe["model"], "steps": 8}}  # type: ignore[dict-item]
    other = replace(none, name="a-none8", nfe=8.0, recipe=fewer)
    board = make_boards([*results, other], {**rows, "a-none8": rows["none"]}, METRICS)[0]
    text = reading(board)
    assert board.baseline is none, "by its name, though the other is cheaper"
    assert "The baseline is the submission none with the model shapes(steps=12)" in text
    left = [result for result in results if result is not none]
    nobody = make_boards(
        [replace(r, flags=["self_reported"]) for r in [*left, other]], {**rows, "a-none8": rows["none"]}, METRICS
    )[0]
    assert "there is none here" in reading(nobody) and "another model" not in reading(nobody)
