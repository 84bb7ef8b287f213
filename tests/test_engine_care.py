"""The engine's care: nothing made twice or for nobody, and the faults of plug-ins in one line each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import toy
from tests.test_engine import PROMPTS, best_of, run
from tts_bench.engine import Engine
from tts_bench.errors import BadMove, PluginFailed
from tts_bench.executors.batch import Batch, Pending
from tts_bench.executors.local import InProcess
from tts_bench.store import Store
from tts_bench.types import Fresh, Search, Task, best


@pytest.fixture(autouse=True)
def toy_model() -> Iterator[None]:
    with toy.registered():
        yield


def test_nothing_is_made_that_nobody_looks_at(tmp_path: Path) -> None:
    """After pruning to scores, the same searches and the same judges need no denoising at all."""
    scorer, judge = toy.Brightness(), toy.Brightness(card={"scorer": "judge"})

    def evaluated() -> int:
        with Store(tmp_path / "s") as store:
            engine = Engine(store, InProcess(), 8)
            runs = engine.runs([best_of(6, scorer=scorer)], PROMPTS, 0, judges=lambda prompt: [judge])
            engine.scoring.score(judge, [r.settled()[1] for r in runs])
            return engine.nfe_run

    assert evaluated() == 5 * 6 * 4
    with Store(tmp_path / "s") as store:
        store.prune("scores")
    assert evaluated() == 0
    judge.card = {"scorer": "another judge"}
    assert evaluated() == 5 * 4, "the finals alone"


def test_lost_starts_are_made_again_in_batches(tmp_path: Path) -> None:
    def renoising(task: Task) -> Search:
        images = yield [task.fresh() for _ in range(4)]
        backs = yield [task.renoise(image, to=0.5) for image in images]
        again = yield [task.denoise(back) for back in backs]
        return best(again).key

    class Counting(InProcess):
        batches = 0

        def submit(self, batch: Batch) -> Pending:
            self.batches += 1
            return super().submit(batch)

    run(tmp_path / "s", toy.entry(renoising))
    with Store(tmp_path / "s") as store:
        store.prune("scores")
        counting = Counting()
        Engine(store, counting, 8).runs([toy.entry(renoising)], PROMPTS, 0)
    assert counting.batches <= 3, "five final images, and what they start from"


def test_an_answer_that_is_none_is_asked_again(tmp_path: Path) -> None:
    silent = toy.Scripted(default=None)
    run(tmp_path / "s", best_of(3, scorer=silent))
    runs, _ = run(tmp_path / "s", best_of(3, scorer=toy.Scripted(default=2.0)))
    assert set(runs[0].values.values()) == {2.0}


def failing(kind: str) -> toy.Entry:
    def raises(task: Task) -> Search:
        yield [task.fresh()]
        raise KeyError("mine")

    def bare(task: Task) -> Search:
        yield task.fresh()  # type: ignore[misc]
        return ""

    def nothing(task: Task) -> Search:
        yield [None]  # type: ignore[list-item]
        return ""

    def plain(task: Task) -> Search:
        return "no generator"  # type: ignore[return-value]

    def words(task: Task) -> Search:
        yield [Fresh(1, to="0.5 or so")]  # type: ignore[arg-type]
        return ""

    def negative(task: Task) -> Search:
        yield [Fresh(-1)]
        return ""

    def rule(task: Task) -> Search:
        [one] = yield [task.fresh()]
        yield [task.neighbour(one, 0.5, rule="nonsense")]  # type: ignore[arg-type]
        return one.key

    return toy.entry({f.__name__: f for f in (raises, bare, nothing, plain, words, negative, rule)}[kind])


@pytest.mark.parametrize("kind", ["raises", "bare", "nothing", "plain", "words", "negative", "rule"])
def test_the_faults_of_a_search_are_one_line_that_names_it(tmp_path: Path, kind: str) -> None:
    with pytest.raises((BadMove, PluginFailed), match=f"submission toy-entry: search '{kind}'") as caught:
        run(tmp_path / "s", failing(kind))
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "answer", [lambda images: 1 / 0, lambda images: [], lambda images: [{"other": 1.0}] * len(images)]
)
def test_the_faults_of_a_scorer_are_one_line_that_names_it(tmp_path: Path, answer) -> None:
    class Broken(toy.Brightness):
        def score(self, images, prompts, keys):
            return answer(images)

    with pytest.raises(PluginFailed, match="scorer 'brightness'"):
        run(tmp_path / "s", best_of(2, scorer=Broken()))


def test_the_shortest_way_is_charged_whatever_the_order(tmp_path: Path) -> None:
    def both(order: int):
        def twice(task: Task) -> Search:
            first = task.fresh(to=0.5)
            [half] = yield [first]
            ways = [task.denoise(half), Fresh(first.seed)]
            [one, _] = yield ways[::order]
            return one.key

        return twice

    spent = [run(tmp_path / f"s{order}", toy.entry(both(order)))[0][0].ledger.nfe for order in (1, -1)]
    assert spent == [4, 4]
