"""Grids: what is in them, under which names, what is left out and why, and the table a terminal shows of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fake_results import fake_result
from tests.scorers import tiny
from tts_bench import console
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.grid import grid_submissions, make_grid, product, unfit
from tts_bench.prepare import Workshop
from tts_bench.protocols import ModelSpec, Weights
from tts_bench.registry import SCORERS, SEARCHES
from tts_bench.report.board import MetricInfo
from tts_bench.results import Result
from tts_bench.submission import Submission, VerifierSpec
from tts_bench.suite import GridCard, Suite, find_suite, suite_names
from tts_bench.types import Search, Task, search

CARD = GridCard(("random", "climb", "random:candidates=4"), ("smooth", "rough", "smooth+rough"), (24, 48), limit=3)


@search("climb", needs=("gradient",))
def climb(task: Task) -> Search:
    """A search that needs a gradient."""
    yield []
    return ""


class Rough:
    """A scorer without a gradient."""

    card = {"scorer": "rough"}
    outputs = ("score",)


class Smooth(Rough):
    card = {"scorer": "smooth"}

    def gradient(self, pixels: Any, prompts: Any) -> Any:
        return pixels


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SEARCHES.targets, "climb", f"{__name__}:climb")
    for scorer in (Rough, Smooth):
        monkeypatch.setitem(SCORERS.targets, scorer.card["scorer"], f"{__name__}:{scorer.__name__}")


@pytest.fixture
def suite() -> Suite:
    return replace(find_suite("shapes"), grid=CARD)


def names(submissions: list[Submission]) -> list[str]:
    return [submission.name for submission in submissions]


def test_a_grid_is_the_baseline_and_every_combination(suite: Suite) -> None:
    made = make_grid(suite)
    expected = ["none"]
    for start, verifiers in (("random", 3), ("climb", 1), ("random4", 3)):
        for verifier in ("smooth", "rough", "smooth-rough")[:verifiers]:
            expected += [f"{start}-{verifier}-{budget}" for budget in (24, 48)]
    assert names(made.submissions) == expected
    assert made.notes == ["climb needs a verifier with a gradient; left out with rough, smooth+rough"]
    for submission in made.submissions[1:]:
        assert str(submission.budget_nfe) == submission.name.rpartition("-")[2]
        assert submission.verifier is not None
        assert "-".join(submission.verifier.scorers) == submission.name.split("-", 1)[1].rpartition("-")[0]
    assert grid_submissions(suite) == made.submissions


def test_its_model_is_the_cards(suite: Suite) -> None:
    """So that the baseline of a grid is the card's own, and both can stand on one board."""
    own = {submission.name: submission for submission in suite.submissions}
    assert suite.own_model == ModelSpec("shapes", search_steps=12, final_steps=12, guidance=2.5)
    assert grid_submissions(suite)[0].digest == own["none"].digest
    [made] = product(suite.own_model, ["random:candidates=16"], ["checker"], [None])
    assert (made.name, made.digest) == ("random16-checker", own["random16-checker"].digest)
    assert replace(suite, submissions=()).own_model == ModelSpec("shapes")
    other = make_grid(suite, ["random"], ["rough"], [24], "shapes:steps=6").submissions
    assert names(other) == ["none-shapes.steps6", "random-rough-24-shapes.steps6"]


def test_flags_replace_the_cards_lists_one_by_one(suite: Suite) -> None:
    assert names(grid_submissions(suite, searches=["random"], verifiers=["rough"])) == [
        "none", "random-rough-24", "random-rough-48",
    ]  # fmt: skip
    assert names(grid_submissions(suite, searches=["random", "none", "random"], verifiers=["rough"], budgets=[36])) == [
        "none", "random-rough-36",
    ]  # fmt: skip
    assert len(grid_submissions(suite, budgets=[36])) == 1 + 3 + 1 + 3


def test_without_a_grid_in_the_card_all_three_lists_must_be_given(suite: Suite) -> None:
    bare = replace(suite, grid=None)
    assert names(grid_submissions(bare, ["random"], ["rough"], [24])) == ["none", "random-rough-24"]
    with pytest.raises(BadInput, match=r"shapes.toml: grid is missing: name --search, --verifier and --budget"):
        grid_submissions(bare, ["random"], ["rough"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"searches": ("rondom",)}, r"shapes.toml \[grid\]: search.name = 'rondom': no such search; did you mean"),
        ({"searches": ("random:n=2",)}, r"shapes.toml \[grid\]: search.n = 2: unknown key"),
        ({"verifiers": ("rogh",)}, r"shapes.toml \[grid\]: verifier.scorers\[0\] = 'rogh': no such scorer"),
        ({"searches": ("climb",), "verifiers": ("rogh",)}, r"verifier.scorers\[0\] = 'rogh': no such scorer"),
    ],
)
def test_a_wrong_entry_is_refused_when_the_grid_is_made(suite: Suite, change: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make_grid(replace(suite, grid=replace(CARD, **change)))


def test_a_gradient_comes_from_one_scorer_that_has_it() -> None:
    [made], scorer = product("shapes", ["climb"], ["smooth"], [None]), Workshop().scorer
    assert unfit(made, scorer) is None
    for verifier in (VerifierSpec(("rough",), "single"), VerifierSpec(("smooth", "rough"), "sum"), None):
        assert unfit(replace(made, verifier=verifier), scorer)
    assert unfit(replace(made, search=replace(made.search, name="random"), verifier=None), scorer) is None


def test_flags_without_a_grid_are_a_product_of_what_is_given() -> None:
    own = ModelSpec("shapes")
    made = product(own, ["none", "random", "random:candidates=4"], ["rough", "smooth"], [24, 48, 24])
    assert len(made) == len(set(names(made))) == 1 + 2 * 2 * 2
    assert names(product(own, ["none"], [None], [None])) == ["none"]
    assert names(product(own, ["none"], [None], [24])) == ["none-24"]
    with pytest.raises(BadInput, match="'none' chooses nothing"):
        product(own, ["none"], ["rough"], [None])
    with pytest.raises(BadInput, match="'random' chooses by a verifier"):
        product(own, ["none", "random"], [None], [24])


def test_the_embedded_cards_grid_is_the_one_of_the_issue() -> None:
    suite = find_suite("shapes")
    assert suite.grid is not None
    assert set(suite.grid.searches) == set(SEARCHES.builtin) - {"none"} | {"random:eta=1"}
    assert (suite.grid.verifiers, suite.grid.budgets) == (("checker", "dual_encoder"), (64, 128, 256, 512, 1024))
    made = make_grid(suite)
    assert len(set(names(made.submissions))) == len(made.submissions) == 1 + len(suite.grid.searches) * 2 * 5 - 5
    assert made.notes == ["first_order needs a verifier with a gradient; left out with checker"]


@pytest.mark.parametrize("name", [name for name in suite_names() if find_suite(name).grid])
def test_every_shipped_grid_can_be_made_without_files_of_the_user(name: str) -> None:
    suite = find_suite(name)
    made = make_grid(suite)
    assert len(made.submissions) > 1


def test_a_card_s_verifier_without_files_is_left_out_with_a_note_and_one_of_a_flag_refused(tmp_path: Path) -> None:
    suite = find_suite("imagenet256")
    made = make_grid(suite)
    assert not [name for name in names(made.submissions) if "dino_linear_head" in name]
    [note] = [note for note in made.notes if "dino_linear_head" in note]
    assert "\n" not in note and "--weights dino_linear_head=" in note
    with pytest.raises(NeedsFiles, match="dino_linear_head"):
        make_grid(suite, ["random"], ["dino_linear_head"], [300])
    tiny.save_dinov2(tmp_path)
    given = Workshop(weights={"dino_linear_head": Weights(tmp_path)})
    assert "random-dino_linear_head-300" in names(make_grid(suite, workshop=given).submissions)


def test_what_a_flag_of_the_model_leaves_open_is_the_card_s() -> None:
    suite = find_suite("imagenet256")
    made = make_grid(suite, ["random"], ["oracle_is"], [300], "sit:guidance=1.5").submissions
    assert {(one.model.search_steps, one.model.final_steps, one.model.guidance) for one in made} == {(25, 125, 1.5)}
    [other] = product("shapes:steps=8", ["none"], [None], [None], like=ModelSpec("shapes", final_steps=24))
    assert (other.model.search_steps, other.model.final_steps) == (8, 8), "steps stand for both"


METRIC = MetricInfo("accuracy", "share right", True, True, ("checker",))


def result(name: str, search: dict[str, Any], verifier: list[str] | None, budget: int | None, value: float) -> Result:
    made, _ = fake_result(name)
    recipe = {
        "model": {"name": "shapes"}, "search": search, "budget": {} if budget is None else {"nfe": budget},
        "verifier": verifier and {"scorers": verifier, "combine": "single" if len(verifier) == 1 else "rank"},
    }  # fmt: skip
    return replace(made, recipe=recipe, metrics={"accuracy": replace(made.metrics["accuracy"], value=value)})


def test_the_terminal_shows_searches_by_budgets_for_each_verifier(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    searches = [{"name": "random"}, {"name": "paths", "n": 2, "m": 4}, {"name": "paths", "n": 3, "m": 4}]
    results = [result("none", {"name": "none"}, None, None, 0.25)]
    numbers: dict[tuple[str, str], list[str]] = {}
    for i, verifier in enumerate((["checker"], ["a", "b"])):
        for j, knobs in enumerate(searches):
            values = [0.3 + 0.1 * i + 0.01 * j + 0.001 * k for k in range(3)]
            results += [
                result(f"s{i}{j}{k}", knobs, verifier, 64 * 2**k, value) for k, value in enumerate(values)
            ]  # fmt: skip
            label = "random" if j == 0 else f"paths(n={j + 1})"
            numbers["checker" if i == 0 else "a + b (rank)", label] = [f"{100 * value:.1f}" for value in values]
    del results[4]  # the checker's paths(n=2) at 64 NFE was not run
    numbers["checker", "paths(n=2)"][0] = ""
    console.print_grid(results, METRIC, "Shapes")
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip(" ─")]
    expected = [["Shapes:", "accuracy", "(%)", "by", "NFE", "a", "prompt"]]
    for verifier in ("checker", "a + b (rank)"):
        expected.append([*verifier.split(), "64", "128", "256"])
        expected += [[label, *filter(None, row)] for (of, label), row in numbers.items() if of == verifier]
    expected.append(["none", "(12", "NFE):", "25.0"])
    assert lines == expected


def test_the_best_of_each_budget_is_bold() -> None:
    table = console._grid_table("v", {"a": {64: 0.1, 128: 0.4}, "b": {64: 0.2, 128: None}}, str)
    cells = [[str(cell.style) for cell in column._cells] for column in table.columns]
    assert cells[1:] == [["", "bold"], ["bold", ""]]
