"""The store keeps what it is given, bit for bit, and refuses what it must not keep."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.store_world import key
from tts_bench.store import State, Store, StoreStats
from tts_bench.store.contents import decode_npy, encode_npy


def make(number: int, *, latent: bool = False, side: int = 6) -> State:
    random = np.random.default_rng(number)
    image = random.integers(0, 256, (side, side + 1, 3), dtype=np.uint8)
    noise = random.standard_normal((4, side, side)).astype(np.float32) if latent else None
    return State(key(number), {"number": number, "level": 0.1}, image, noise, number / 16)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folders" / "store.sqlite"


def test_what_is_committed_comes_back_bit_for_bit_after_reopening(path: Path) -> None:
    states = [make(number, latent=bool(number % 2)) for number in range(10)]
    scores = {key("score", 1): {"a": 0.1, "b": None}, key("score", 2): {"a": -1e300}}
    with Store(path) as store:
        store.commit(states, scores, [(key("run"), 0, key("ask 0")), (key("run"), 1, key("ask 1"))])
    with Store(str(path)) as store:
        for state in states:
            found = store.state(state.key)
            assert found is not None
            assert (found.key, found.recipe, found.seconds) == (state.key, state.recipe, state.seconds)
            assert np.array_equal(found.image, state.image)  # type: ignore[arg-type]
            assert (found.latent is None) == (state.latent is None)
            if state.latent is not None and found.latent is not None:
                assert found.latent.dtype == np.float32
                assert np.array_equal(found.latent, state.latent)
        keys = [state.key for state in states] + [key("unknown")]
        assert store.known(keys) == set(keys[:-1])
        assert store.known(keys, latent=True) == {state.key for state in states if state.latent is not None}
        assert all(np.array_equal(image, make(keys.index(k)).image) for k, image in store.images(keys).items())  # type: ignore[arg-type]
        assert store.seconds(keys) == {state.key: state.seconds for state in states}
        assert store.scores([*scores, key("unknown")]) == scores
        assert store.asked(key("run")) == [key("ask 0"), key("ask 1")]
        assert store.asked(key("other run")) == []
        assert store.state(key("unknown")) is None
        assert store.verify() == []


def test_a_latent_without_an_image_is_a_state_too(path: Path) -> None:
    bare = State(key("bare"), None, None, np.zeros((2, 2), np.float16), 0.0)
    with Store(path) as store:
        store.commit([bare])
        assert store.known([bare.key], latent=True) == {bare.key}
        assert store.images([bare.key]) == {}
        found = store.state(bare.key)
        assert found is not None
        assert found.image is None
        assert found.latent is not None
        assert found.latent.dtype == np.float16


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 5), max_size=4),
    st.sampled_from(["<f2", "<f4", "<f8", ">f4"]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_latents_of_any_shape_and_layout_survive_their_bytes(
    shape: list[int], kind: str, transposed: bool, seed: int
) -> None:
    latent = np.asarray(np.random.default_rng(seed).standard_normal(shape)).astype(kind)
    latent = latent.T if transposed else latent
    found = decode_npy(encode_npy(latent))
    assert found.shape == latent.shape
    assert found.dtype == latent.dtype
    assert np.array_equal(found, latent)
    assert found.flags.writeable


def test_more_keys_than_sqlite_takes_variables_can_be_asked_for(path: Path) -> None:
    with Store(path) as store:
        store.commit([make(1)])
        assert store.known(key(number) for number in range(40_000)) == {key(1)}


def test_what_is_held_stays_as_it_is(path: Path) -> None:
    first = make(1)
    second = State(first.key, {"other": 1}, make(2).image, None, 9.0)
    with Store(path) as store:
        store.commit([first], {key("s"): {"a": 1.0}}, [(key("run"), 0, key("x"))])
        store.commit([second, second], {key("s"): {"a": 2.0}}, [(key("run"), 0, key("y"))])
        found = store.state(first.key)
        assert found is not None
        assert np.array_equal(found.image, first.image)  # type: ignore[arg-type]
        assert (found.recipe, found.seconds) == (first.recipe, first.seconds)
        assert store.scores([key("s")]) == {key("s"): {"a": 1.0}}
        assert store.asked(key("run")) == [key("x")]
        assert store.stats().states == 1


NAN, INFINITY = float("nan"), float("inf")
REFUSED = {
    "NaN seconds": State(key(1), {}, make(1).image, None, NAN),
    "infinite seconds": State(key(1), {}, make(1).image, None, INFINITY),
    "NaN in the recipe": State(key(1), {"x": NAN}, make(1).image, None, 0.0),
    "NaN in the latent": State(key(1), {}, None, np.full((2, 2), NAN), 0.0),
    "infinity in the latent": State(key(1), {}, None, np.full((2, 2), -INFINITY), 0.0),
    "objects in the latent": State(key(1), {}, None, np.array([{}, None]), 0.0),
    "integers in the latent": State(key(1), {}, None, np.arange(3), 0.0),
    "no content": State(key(1), {}, None, None, 0.0),
    "a float image": State(key(1), {}, np.zeros((4, 4, 3)), None, 0.0),
    "a grey image": State(key(1), {}, np.zeros((4, 4), np.uint8), None, 0.0),
    "an empty image": State(key(1), {}, np.zeros((0, 4, 3), np.uint8), None, 0.0),
    "a wide image": State(key(1), {}, np.zeros((1, 8193, 3), np.uint8), None, 0.0),
    "a short key": State("abc", {}, make(1).image, None, 0.0),
    "an upper-case key": State(key(1).upper(), {}, make(1).image, None, 0.0),
    "a key with a newline": State(key(1) + "\n", {}, make(1).image, None, 0.0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_must_not_be_stored_is_refused_and_the_whole_commit_with_it(name: str, path: Path) -> None:
    with Store(path) as store:
        with pytest.raises(ValueError, match=r"."):
            store.commit([make(2), REFUSED[name]], {key("s"): {"a": 1.0}})
        assert store.stats().states == store.stats().scores == 0


@pytest.mark.parametrize("value", [NAN, INFINITY, -INFINITY, "text"])
def test_scores_that_are_no_numbers_are_refused(value: float, path: Path) -> None:
    with Store(path) as store:
        with pytest.raises(ValueError, match=r"."):
            store.commit([make(1)], {key("s"): {"a": value}})
        assert store.known([key(1)]) == set()


def test_numpy_scalars_are_numbers(path: Path) -> None:
    with Store(path) as store:
        store.commit([State(key(1), {}, make(1).image, None, np.float64(2.0))], {key("s"): {"a": np.float32(0.5)}})
        assert store.scores([key("s")]) == {key("s"): {"a": 0.5}}
        assert store.seconds([key(1)]) == {key(1): 2.0}


def test_malformed_keys_and_rounds_are_refused_everywhere(path: Path) -> None:
    with Store(path) as store:
        for ask in (store.known, store.images, store.seconds, store.scores):
            with pytest.raises(ValueError, match="64 hexadecimal"):
                ask([key(1), "../../etc/passwd"])
        for bad in ([("run", 0, key(1))], [(key(1), 0, "x")], [(key(1), -1, key(1))]):
            with pytest.raises(ValueError, match=r"."):
                store.commit(asks=bad)
        with pytest.raises(ValueError, match="keep images"):
            store.prune("everything")  # type: ignore[arg-type]


def test_asks_end_at_the_first_missing_round(path: Path) -> None:
    with Store(path) as store:
        store.commit(asks=[(key("run"), place, key(place)) for place in (3, 1, 0)])
        assert store.asked(key("run")) == [key(0), key(1)]
        store.commit(asks=[(key("run"), 2, key(2))])
        assert store.asked(key("run")) == [key(place) for place in range(4)]


def content_bytes(path: Path, column: str) -> int:
    connection = sqlite3.connect(path)
    found = sum(len(blob) for (blob,) in connection.execute(f"SELECT {column} FROM states") if blob is not None)
    connection.close()
    return found


def test_stats_count_what_is_there(path: Path) -> None:
    states = [make(number, latent=number < 3) for number in range(8)]
    with Store(path) as store:
        empty = store.stats()
        store.commit(states, {key("s", n): {"a": 1.0} for n in range(5)}, [(key("run"), n, key(n)) for n in range(2)])
        found = store.stats()
    images, latents = content_bytes(path, "image"), content_bytes(path, "latent")
    assert (empty.states, empty.image_bytes, empty.quarantined) == (0, 0, {})
    assert found == StoreStats(8, 8, 3, 5, 2, images, latents, path.stat().st_size, {})


def test_pruning_drops_contents_and_keeps_facts(path: Path) -> None:
    states = [make(number, latent=number < 4, side=40) for number in range(8)]
    keys = [state.key for state in states]
    with Store(path) as store:
        store.commit(states, {key("s"): {"a": 1.0}})
        images, latents, size = content_bytes(path, "image"), content_bytes(path, "latent"), store.stats().file_bytes
        assert store.prune("images") == latents
        assert store.stats().file_bytes < size
        assert store.known(keys) == set(keys)
        assert store.known(keys, latent=True) == set()
        pick = len(encoded(path, keys[6]))
        assert store.prune("picks", [keys[6], key("never seen")]) == images - pick
        assert store.known(keys) == {keys[6]}
        assert list(store.images(keys)) == [keys[6]]
        assert store.prune("scores") == pick
        assert store.known(keys) == set()
        assert [store.state(k) for k in keys] == [None] * 8
        assert store.seconds(keys) == {state.key: state.seconds for state in states}
        assert store.scores([key("s")]) == {key("s"): {"a": 1.0}}
        assert store.verify() == []
        assert store.stats().quarantined == {}
    recipes = sqlite3.connect(path).execute("SELECT recipe FROM states ORDER BY seconds").fetchall()
    assert [json.loads(recipe) for (recipe,) in recipes] == [state.recipe for state in states]
    assert path.stat().st_size < size


def test_pruning_keeps_features_under_every_policy(path: Path) -> None:
    features = State(key("f"), {"features": {"network": "one"}, "of": key(0)}, None, np.ones(3, np.float32), 0.0)
    latent = make(0, latent=True)
    for keep in ("images", "picks", "scores"):
        with Store(path) as store:
            store.commit([features, latent])
            assert store.prune(keep) > 0
            assert store.known([features.key, latent.key], latent=True) == {features.key}


def encoded(path: Path, of: str) -> bytes:
    connection = sqlite3.connect(path)
    ((image,),) = connection.execute("SELECT image FROM states WHERE key = ?", (of,))
    connection.close()
    return image


def test_pruned_content_is_filled_in_again_and_nothing_else_is_touched(path: Path) -> None:
    state = make(1, latent=True)
    again = State(state.key, state.recipe, make(2).image, state.latent, 5.0)
    with Store(path) as store:
        store.commit([state])
        store.prune("images")
        store.commit([again])
        found = store.state(state.key)
        assert found is not None
        assert np.array_equal(found.image, state.image)  # type: ignore[arg-type]
        assert np.array_equal(found.latent, state.latent)  # type: ignore[arg-type]
        assert found.seconds == state.seconds
        store.prune("scores")
        store.commit([again])
        assert np.array_equal(store.images([state.key])[state.key], again.image)  # type: ignore[arg-type]
        assert store.verify() == []


def test_two_stores_on_one_file_see_each_others_commits(path: Path) -> None:
    with Store(path) as one, Store(path) as other:
        one.commit([make(1)])
        other.commit([make(1), make(2)])
        assert one.known([key(1), key(2)]) == other.known([key(1), key(2)]) == {key(1), key(2)}


def test_commits_are_flushed_to_the_disk_and_the_log_is_write_ahead(path: Path) -> None:
    with Store(path) as store:
        ask = store._database.connection.execute
        assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
        assert ask("PRAGMA synchronous").fetchone() == (2,)


def test_importing_the_store_is_light() -> None:
    code = "import sys, tts_bench.store; print([m for m in ('torch', 'pandas', 'pyarrow') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
