"""FAULTS row 4: any field that changes an answer changes the key, and only then; row 5: a name is not an identity.

Fields are found by walking the cards and recipes, so that a field added later is flipped too. `forgetful` keys, which
leave one field out, are the broken twins.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from tests import toy
from tests.scorers.tiny import made
from tests.test_over_set import Together as OverPicks
from tts_bench import keys
from tts_bench.drivers import Alone, begin
from tts_bench.entry import Entry
from tts_bench.models.schedule import Grid
from tts_bench.models.shapes import load as load_shapes
from tts_bench.prepare import Workshop
from tts_bench.protocols import ModelSpec
from tts_bench.recipes import Noise, Renoised, State
from tts_bench.registry import SCORERS
from tts_bench.run import Run
from tts_bench.search.random import random
from tts_bench.submission import parse_submission
from tts_bench.types import JointSearch, Json, Prompt, Purse, Task, search

SUBMISSION = {
    "name": "mine",
    "model": {"name": "shapes", "solver": "heun", "search_steps": 6, "final_steps": 12, "guidance": 2.0,
              "dtype": "bfloat16", "weights": "some/where", "revision": "0" * 40},
    "search": {"name": "random", "candidates": 16},
    "verifier": {"scorers": ["checker", "appeal"], "combine": "rank"},
    "budget": {"nfe": 400},
}  # fmt: skip
# Another value of the same kind for each field that is no number.
OTHER = {"name": "other", "solver": "euler", "dtype": "float32", "combine": "other"}
PROMPT = Prompt("001", "a red circle", 3, "single", "seen", {"things": [{"colour": "red", "count": 1}], "relation": ""})


def leaves(value: Json, path: tuple = ()) -> Iterator[tuple]:
    """The path of every field within a JSON value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path


def flipped(value: Json, path: tuple) -> Json:
    """A copy of `value` in which the field at `path` is another."""
    made = copy.deepcopy(value)
    at = made
    for step in path[:-1]:
        at = at[step]
    old = at[path[-1]]
    at[path[-1]] = old + 1 if isinstance(old, int | float) else f"{old}'"
    return made


def state(**change: object) -> State:
    parts = {"model": {"model": "m"}, "prompt": PROMPT, "root": Noise({"model": "m"}, 1), "grid": Grid("euler", 4)}
    return State(**{**parts, "level": 0.5, **change})


def cards() -> dict[str, Json]:
    scorers = {name: dict(made(name).card) for name in SCORERS.names()}
    return {
        "model": dict(load_shapes(ModelSpec("shapes")).card), "grid": Grid("euler", 4).card,
        **scorers, "submission": parse_submission(SUBMISSION, "test").recipe,
    }  # fmt: skip


def unnoticed(key_of: Callable[[Json], str]) -> tuple[int, list[tuple]]:
    """How many fields were flipped, and which of them left the key as it was."""
    missed, count = [], 0
    for name, card in cards().items():
        for path in leaves(card):
            count += 1
            if key_of(flipped(card, path)) == key_of(card):
                missed.append((name, *path))
    return count, missed


def test_every_field_of_every_card_is_in_the_key() -> None:
    count, missed = unnoticed(keys.digest)
    assert missed == []
    assert count >= 40


@pytest.mark.parametrize("forgotten", ["guidance", "weights", "steps", "candidates"])
def test_a_key_that_forgets_a_field_is_caught(forgotten: str) -> None:
    def without(value: Json) -> Json:
        if isinstance(value, dict):
            return {key: without(inner) for key, inner in value.items() if key != forgotten}
        return value

    _, missed = unnoticed(lambda card: keys.digest(without(card)))
    assert missed


def test_every_part_of_a_recipe_is_in_its_key() -> None:
    noise, near = Noise({"model": "m"}, 1), Noise({"model": "m"}, 2, Noise({"model": "m"}, 1), 0.9)
    changes = [
        {"model": {"model": "n"}}, {"level": 0.25}, {"prompt": replace(PROMPT, text="b")},
        {"prompt": replace(PROMPT, label=4)}, {"grid": Grid("heun", 4)}, {"grid": Grid("euler", 8)},
        {"grid": Grid("euler", 4, 3.0)}, {"root": Noise({"model": "m"}, 2)}, {"root": near},
        {"root": replace(near, seed=3)}, {"root": replace(near, cosine=0.8)},
        {"root": replace(near, rule="variance_preserving")}, {"root": replace(near, of=Noise({"model": "m"}, 5))},
        {"root": Renoised(state(), 1, 0.75)}, {"root": Renoised(state(), 2, 0.75)},
        {"root": Renoised(state(), 1, 0.5)}, {"root": Renoised(state(level=0.25), 1, 0.75)},
    ]  # fmt: skip
    found = [state().key, *(state(**change).key for change in changes)]
    assert len(set(found)) == len(found)
    assert noise.key != near.key
    # What does not change the image must not change the key.
    assert state(prompt=replace(PROMPT, id="x", category="y", split="z", metadata={})).key == state().key


def test_every_part_of_a_score_is_in_its_key() -> None:
    def key(card: Json = None, of: str = "s", outputs: tuple[str, ...] = ("score",), **change: object) -> str:
        return keys.score_key(card or {"scorer": "a"}, outputs, of, replace(PROMPT, **change))

    found = [
        key(), key({"scorer": "b"}), key(of="t"), key(outputs=("score", "other")), key(text="x"), key(label=1),
        key(metadata={"things": [], "relation": ""}),
    ]  # fmt: skip
    assert len(set(found)) == len(found)
    assert key(id="x", category="y", split="z") == key()


def test_every_field_of_a_model_spec_reaches_the_images() -> None:
    """By reflection: a new knob of `[model]` must change the model's card or its grids."""
    base = parse_submission({**SUBMISSION, "model": {"name": "shapes"}}, "test")
    changes = {"solver": "heun", "search_steps": 3, "final_steps": 3, "guidance": 1.0, "dtype": "bfloat16"}
    named = {field.name for field in fields(ModelSpec)} - {"name", "weights", "revision"}
    assert named == set(changes), "say here how the new field shows"

    def identity(spec: ModelSpec) -> str:
        entry = Workshop().entry(replace(base, model=spec))
        return keys.digest([dict(entry.model.card), entry.search_grid.card, entry.final_grid.card])

    found = {name: identity(replace(base.model, **{name: value})) for name, value in changes.items()}
    assert len({identity(base.model), *found.values()}) == 1 + len(changes)


def run_of(entry: Entry, prompt: Prompt, seed: int) -> Run:
    return Run(entry, prompt, seed, Alone(), Purse(*entry.allowance(1)))


def test_everything_that_a_search_is_told_by_is_in_its_runs_key() -> None:
    """Other weights of a scorer, another label: another run, and no false alarm that the search diverged."""
    base = toy.entry(lambda task: iter(()), {}, toy.Brightness())  # type: ignore[arg-type, return-value]
    other = replace(base, scorers={"brightness": toy.Brightness(card={"scorer": "brightness", "weights": "new"})})
    more = replace(base, scorers={"brightness": toy.Brightness(outputs=("score", "other"))})
    runs = [
        run_of(base, PROMPT, 0), run_of(other, PROMPT, 0), run_of(more, PROMPT, 0), run_of(base, PROMPT, 1),
        run_of(base, replace(PROMPT, label=7), 0), run_of(base, replace(PROMPT, metadata={}), 0),
        run_of(base, replace(PROMPT, text="b"), 0), run_of(replace(base, search_digest="0" * 64), PROMPT, 0),
        run_of(replace(base, search_grid=Grid("heun", 4)), PROMPT, 0),
        run_of(replace(base, digest="1" * 64), PROMPT, 0),
    ]  # fmt: skip
    assert len({run.key for run in runs}) == len(runs)


def test_no_order_of_keys_matters() -> None:
    rng = np.random.default_rng(0)

    def shuffled(value: Json) -> Json:
        if isinstance(value, dict):
            return {key: shuffled(value[key]) for key in rng.permutation(list(value))}
        return value

    for card in cards().values():
        for _ in range(100):
            assert keys.digest(shuffled(card)) == keys.digest(card)


def test_a_name_reused_for_other_weights_is_another_model(tmp_path: Path) -> None:
    """Ten files of one name: each content has its own key."""
    from tts_bench.models.shapes import WEIGHTS

    path = tmp_path / "same.safetensors"
    path.with_suffix(".json").write_bytes(WEIGHTS.with_suffix(".json").read_bytes())
    seen = set()
    for number in range(10):
        path.write_bytes(bytes([number]) * 100)
        seen.add(keys.digest(dict(load_shapes(ModelSpec("shapes", weights=str(path))).card)))
    assert len(seen) == 10


def test_a_run_that_others_have_a_say_in_is_keyed_by_them() -> None:
    """A joint search by every prompt, in all that a scorer may read; a verifier over a set by the prompts before."""

    @search("together", joint=True)
    def together(tasks: Sequence[Task]) -> JointSearch:
        found = yield [[task.fresh()] for task in tasks]
        return [one.key for [one] in found]

    prompts = toy.prompts(3)
    last = [*prompts[:2], replace(prompts[2], metadata={"things": 2})]
    first = [replace(prompts[0], metadata={"things": 2}), *prompts[1:]]

    def keys_of(entry: Entry, asked: Sequence[Prompt]) -> list[str]:
        return [run.key for run in begin([entry], asked, 0)]

    joint = toy.entry(together, {}, toy.Brightness())
    for other in (first, last):
        assert not set(keys_of(joint, prompts)) & set(keys_of(joint, other))
    over_set = toy.entry(random, {"candidates": 2}, OverPicks())
    mine, theirs = keys_of(over_set, prompts), keys_of(over_set, first)
    assert not set(mine) & set(theirs)
    assert keys_of(over_set, last)[:2] == mine[:2], "what comes later has no say"
