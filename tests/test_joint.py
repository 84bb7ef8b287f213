"""One search over all prompts: its moves split by prompt, its purse shared, asked and told in step, replayed alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import toy
from tests.toy_runs import PROMPTS, run
from tts_bench.api import Settings, run_plan
from tts_bench.entry import Entry
from tts_bench.errors import BadInput, BadMove, BudgetExceeded, ReplayDiverged
from tts_bench.models.schedule import Grid
from tts_bench.search.random import random
from tts_bench.store import Store
from tts_bench.submission import from_flags, parse_submission
from tts_bench.types import JointSearch, Outcome, Search, SearchFunction, Task, best
from tts_bench.types import search as named


@pytest.fixture(autouse=True)
def toy_model() -> Iterator[None]:
    with toy.registered():
        yield


def joint(search: SearchFunction) -> SearchFunction:
    return named(search.__name__, joint=True)(search)


@joint
def equal(tasks: Sequence[Task], *, candidates: int = 4) -> JointSearch:
    """Random search on every prompt, two candidates at a time."""
    found: list[list[Outcome]] = [[] for _ in tasks]
    for _ in range(candidates // 2):
        told = yield [[task.fresh(), task.fresh()] for task in tasks]
        found = [[*old, *new] for old, new in zip(found, told, strict=True)]
    return [best(own).key for own in found]


@joint
def uneven(tasks: Sequence[Task], *, first: int = 7) -> JointSearch:
    """One candidate a prompt, then `first` more for the first prompt alone."""
    found = [list(own) for own in (yield [[task.fresh()] for task in tasks])]
    for _ in range(first):
        told = yield [[tasks[0].fresh()], *[[] for _ in tasks[1:]]]
        found[0] += told[0]
        assert not any(told[1:])
    return [best(own).key for own in found]


def entry(search: SearchFunction, scorer: Any = None, total: int | None = None, **options: Any) -> Entry:
    made = toy.entry(search, scorer=scorer or toy.Brightness(), **options)
    return replace(made, budget_total=total)


def test_every_prompt_is_served_as_if_it_were_alone(tmp_path: Path) -> None:
    together, _ = run(tmp_path / "a", entry(equal))
    alone, _ = run(tmp_path / "b", toy.entry(random, {"candidates": 4}, toy.Brightness()))
    for ours, theirs in zip(together, alone, strict=True):
        assert ours.prompt == theirs.prompt
        assert (ours.pick and ours.pick.key) == (theirs.pick and theirs.pick.key)
        assert [*ours.known] == [*theirs.known]
        assert (ours.ledger.search_nfe, ours.ledger.final_nfe) == (12, 4)
        assert ours.ledger.scorer_calls == theirs.ledger.scorer_calls


def test_it_runs_beside_others_and_shares_their_candidates(tmp_path: Path) -> None:
    lone = toy.entry(random, {"candidates": 4}, toy.Brightness(), name="lone")
    runs, engine = run(tmp_path / "s", entry(equal, name="a"), lone, entry(uneven, name="b"), entry(equal, name="c"))
    assert engine.nfe_run == 4 * (4 * 3 + 4), "four candidates of each prompt, and four more of the first"
    assert [r.entry.name for r in runs] == [name for name in ("a", "lone", "b", "c") for _ in PROMPTS]
    picks = [r.pick and r.pick.key for r in runs]
    assert picks[:3] == picks[3:6] == picks[9:]


def test_the_purse_is_one(tmp_path: Path) -> None:
    left: list[list[int]] = []

    @joint
    def watching(tasks: Sequence[Task]) -> JointSearch:
        left.append([task.left for task in tasks])
        found = yield [[task.fresh()] for task in tasks]
        left.append([task.left for task in tasks])
        yield [[], [tasks[1].fresh(), tasks[1].fresh(to=0.5)], []]
        left.append([task.left for task in tasks])
        return [own[0].key for own in found]

    runs, _ = run(tmp_path / "s", entry(watching, budget=20))
    assert left == [[60] * 3, [48] * 3, [41] * 3]
    assert [r.ledger.nfe for r in runs] == [4, 11, 4]
    assert {id(r.purse) for r in runs} == {id(runs[0].purse)}
    assert runs[0].purse.spent == sum(r.ledger.nfe for r in runs) == 19


@pytest.mark.parametrize("budget", [{"budget": 13}, {"total": 40}])
def test_one_prompt_may_have_what_another_leaves(tmp_path: Path, budget: dict[str, int]) -> None:
    """Three and seven candidates are 40 NFE: 13 a prompt, 39, are one too few; 40 in total are not."""
    if "total" in budget:
        runs, _ = run(tmp_path / "s", entry(uneven, **budget))
        assert [r.ledger.nfe for r in runs] == [32, 4, 4]
    else:
        with pytest.raises(
            BudgetExceeded, match="search 'uneven' asked for 4 NFE with 36 of 39 spent; raise the budget"
        ):
            run(tmp_path / "s", entry(uneven, **budget))


def test_a_total_takes_the_place_of_a_budget_a_prompt(tmp_path: Path) -> None:
    with pytest.raises(BudgetExceeded, match="asked for 4 NFE with 36 of 39 spent"):
        run(tmp_path / "s", entry(uneven, total=39))
    run(tmp_path / "s", entry(uneven, total=40))


def test_final_runs_on_another_grid_are_kept_out_of_the_purse(tmp_path: Path) -> None:
    options = {"search_grid": Grid("euler", 2), "final_grid": Grid("euler", 8)}
    needed = 2 * (3 + 7) + 3 * 8
    runs, engine = run(tmp_path / "s", entry(uneven, total=needed, **options))
    assert sum(r.ledger.nfe for r in runs) == engine.nfe_run == needed
    assert [r.ledger.final_nfe for r in runs] == [8] * 3
    with pytest.raises(BudgetExceeded, match="8 are kept for the final run"):
        run(tmp_path / "s", entry(uneven, total=needed - 1, **options))


def test_without_a_budget_it_has_sixteen_candidates_a_prompt_and_nothing_is_refused(tmp_path: Path) -> None:
    @joint
    def greedy(tasks: Sequence[Task]) -> JointSearch:
        assert tasks[0].left == 16 * 4 * len(tasks)
        found = yield [[task.fresh() for _ in range(n)] for task, n in zip(tasks, (50, 1, 1), strict=True)]
        assert tasks[2].left == 0
        return [best(own).key for own in found]

    runs, _ = run(tmp_path / "s", entry(greedy))
    assert [r.ledger.nfe for r in runs] == [200, 4, 4]


def test_a_second_call_asks_the_same_and_runs_nothing(tmp_path: Path) -> None:
    first, _ = run(tmp_path / "s", entry(uneven))
    again, engine = run(tmp_path / "s", entry(uneven))
    assert engine.nfe_run == 0
    assert [r.ledger for r in first] == [r.ledger for r in again]
    assert [r.recorded for r in first] == [r.recorded for r in again]
    assert [len(r.recorded) for r in first] == [8] * 3, "a round is a round for every prompt"


def test_over_other_prompts_it_is_another_run(tmp_path: Path) -> None:
    """What it asks of a prompt may depend on the others: a shorter list is no replay."""
    run(tmp_path / "s", entry(uneven))
    runs, engine = run(tmp_path / "s", entry(uneven), prompts=PROMPTS[1:])
    assert [r.ledger.nfe for r in runs] == [32, 4]
    assert engine.nfe_run == 7 * 4


def test_a_search_that_asks_something_else_is_refused(tmp_path: Path) -> None:
    calls: list[int] = []

    @joint
    def forgetful(tasks: Sequence[Task]) -> JointSearch:
        calls.append(1)
        found = yield [[task.fresh()] * (1 + (i == 2 and len(calls) > 1)) for i, task in enumerate(tasks)]
        return [best(own).key for own in found]

    run(tmp_path / "s", entry(forgetful))
    with pytest.raises(ReplayDiverged, match="'forgetful' asked for other moves in round 1 .* on prompt '002'"):
        run(tmp_path / "s", entry(forgetful))


def broken(kind: str) -> Entry:
    def search(tasks: Sequence[Task]) -> JointSearch:
        found = yield {
            "few": [[task.fresh()] for task in tasks[1:]],
            "bare": [task.fresh() for task in tasks],
            "nothing": [[] for _ in tasks],
            "others": [[task.fresh()] for task in tasks],
        }.get(kind) or [[task.fresh()] for task in tasks]  # type: ignore[misc]
        if kind == "others":
            yield [[tasks[0].denoise(found[1][0])], [], []]
        keys = [own[0].key for own in found]
        return {"one key": keys[0], "few keys": keys[1:], "turned": keys[::-1]}.get(kind, keys)  # type: ignore[return]

    def plain(tasks: Sequence[Task]) -> object:
        return [task.fresh() for task in tasks]

    return entry(joint(plain if kind == "plain" else search))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("few", "which is not one list of moves for each of 3 prompts"),
        ("bare", "yielded Fresh"),
        ("nothing", "yielded no move at all"),
        ("others", "asked for denoise of .*, a state this search was not told of"),
        ("one key", "which is not one key for each of 3 prompts"),
        ("few keys", "which is not one key for each of 3 prompts"),
        ("turned", "which is no state it was told of"),
        ("plain", "is no generator"),
    ],
)
def test_its_faults_are_one_line_that_names_it(tmp_path: Path, kind: str, said: str) -> None:
    with pytest.raises(BadMove, match=f"submission toy-entry: search '(search|plain)' .*{said}") as caught:
        run(tmp_path / "s", broken(kind))
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_a_plan_walks_it_in_step(tmp_path: Path) -> None:
    """The embedded suite's adaptive search, told no score: never more than its total, and a lone one is exact."""
    submissions = [
        from_flags("shapes", "adaptive", "dual_encoder", budget=36),
        from_flags("shapes", "random:candidates=2", "dual_encoder"),
    ]
    plan = run_plan("shapes", submissions, Settings(limit=3, store=tmp_path / "s", workers=1))
    assert 3 * 2 * 12 + 3 * 12 <= plan.nfe_charged <= 3 * 2 * 12 + 3 * 36
    assert plan.nfe_run <= plan.nfe_charged
    assert not (tmp_path / "s").exists()
    total = parse_submission(
        {
            "name": "total", "model": {"name": "shapes"}, "search": {"name": "adaptive"},
            "verifier": {"scorers": ["dual_encoder"]}, "budget": {"total": 36},
        },
        "test",
    )  # fmt: skip
    with Store(tmp_path / "held"):
        least = run_plan("shapes", [total], Settings(limit=3, store=tmp_path / "held", workers=1))
    assert least.nfe_charged == 36


def test_a_total_is_for_joint_searches() -> None:
    with pytest.raises(BadInput, match="is for a search over all prompts at once"):
        parse_submission(
            {
                "name": "total", "model": {"name": "shapes"}, "search": {"name": "random"},
                "verifier": {"scorers": ["chance"]}, "budget": {"total": 36},
            },
            "test",
        )  # fmt: skip


def test_a_lone_search_takes_no_lists_of_lists(tmp_path: Path) -> None:
    def nested(task: Task) -> Search:
        found = yield [[task.fresh()]]  # type: ignore[list-item]
        return found[0].key

    with pytest.raises(BadMove, match="which is no move"):
        run(tmp_path / "s", toy.entry(nested))
