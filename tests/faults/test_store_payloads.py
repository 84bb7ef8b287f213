"""Code hidden in a store's rows, under digests that fit, is neither run nor served."""

from __future__ import annotations

import io
import json
import os
import pickle
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.faults.store_world import key, memory_folder, state
from tts_bench.images import encode_png
from tts_bench.store import Store, contents
from tts_bench.store.contents import content_sha256, decode_npy, seal


class Canary:
    """Whoever unpickles it leaves a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str, str], int], tuple[str]]:
        return os.system, (f"touch {self.path}",)


def npy(array: np.ndarray, version: tuple[int, int] = (1, 0)) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version, allow_pickle=True)
    return buffer.getvalue()


def objects(canary: Canary) -> np.ndarray:
    array = np.empty(2, dtype=object)
    array[:] = [canary, None]
    return array


def header(text: str, body: bytes = bytes(16), version: bytes = b"\x01\x00") -> bytes:
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text.encode("latin-1") + body


def npz(canary: Canary) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, latent=objects(canary))
    return buffer.getvalue()


def archive(canary: Canary) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("data.pkl", pickle.dumps(canary))
        made.writestr("../../escape", "x")
    return buffer.getvalue()


def described(descr: str, shape: str = "(2,)", order: str = "False") -> bytes:
    return header(f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n")


FLOATS = npy(np.zeros(2))
LATENTS: dict[str, Callable[[Canary], bytes]] = {
    "object array": lambda canary: npy(objects(canary)),
    "object array, version 2": lambda canary: npy(objects(canary), (2, 0)),
    "object array, version 3": lambda canary: npy(objects(canary), (3, 0)),
    "object array of no dimension": lambda canary: npy(np.array(canary, dtype=object)),
    "objects in a structure": lambda canary: npy(np.array([(1.0, canary)], dtype=[("a", "<f4"), ("b", "O")])),
    "pickle": lambda canary: pickle.dumps(canary),
    "pickle, protocol 0": lambda canary: pickle.dumps(canary, 0),
    "pickle behind the magic": lambda canary: b"\x93NUMPY\x01\x00" + pickle.dumps(canary),
    "pickle behind a header of floats": lambda canary: FLOATS[:128] + pickle.dumps(canary),
    "pickle after the array": lambda canary: FLOATS + pickle.dumps(canary),
    "pickle under a header of objects": lambda canary: described("'|O'") [:-16] + pickle.dumps(objects(canary)),
    "npz": npz,
    "archive as torch writes it": archive,
    "call in the header": lambda canary: described(f"__import__('os').system('touch {canary.path}')"),
    "call in the shape": lambda canary: described("'<f8'", f"(__import__('os').system('touch {canary.path}'),)"),
    "call in the order": lambda canary: described("'<f8'", order=f"open('{canary.path}', 'w')"),
    "vast shape": lambda canary: described("'<f8'", "(1000000000000,)"),
    "vast shape of no bytes": lambda canary: described("'<f8'", "(0, 1000000000000)") ,
    "negative shape": lambda canary: described("'<f8'", "(-1,)"),
    "two negatives": lambda canary: described("'<f8'", "(-1, -2)"),
    "header of 9,999 brackets": lambda canary: header("(" * 9999 + ")" * 9999 + "\n"),
    "header longer than the file": lambda canary: b"\x93NUMPY\x01\x00\xff\xff{}",
    "memory map order": lambda canary: described("'<f8'", order="True"),
    "structure": lambda canary: described("[('a', '<f8')]"),
    "dates": lambda canary: described("'<M8[s]'"),
    "text": lambda canary: described("'<U2'"),
    "integers": lambda canary: described("'<i8'"),
    "complex": lambda canary: described("'<c8'"),
}  # fmt: skip
IMAGES: dict[str, Callable[[Canary], bytes]] = {
    "pickle as image": lambda canary: pickle.dumps(canary),
    "PostScript as image": lambda canary: f"%!PS\n({canary.path}) (w) file\n".encode(),
    "PNG with a pickle after its end": lambda canary: encode_png(state(0).image) + pickle.dumps(canary),  # type: ignore[arg-type]
}
SCORES: dict[str, str] = {
    "code as score": "__import__('os').system('touch CANARY')",
    "YAML as score": "!!python/object/apply:os.system ['touch CANARY']",
    "list as score": "[1.0]",
    "text as number": '{"a":"1.0"}',
    "NaN": '{"a":NaN}',
    "infinity": '{"a":1e999}',
    "vast integer": '{"a":1' + "0" * 400 + "}",
    "10,000 brackets": "[" * 10_000 + "]" * 10_000,
}
RECIPES: dict[str, str] = {
    "code as recipe": "__import__('os').system('touch CANARY')",
    "YAML as recipe": "!!python/object/apply:os.system ['touch CANARY']",
    "100,000 brackets": "[" * 100_000 + "]" * 100_000,
}


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as found:
        yield found


def plant(path: Path, canary: Path) -> tuple[dict[str, str], dict[str, str]]:
    """A store full of payloads, sealed as whoever knows the code can; keys of its states and scores by name."""
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        for name, make in (LATENTS | IMAGES | dict.fromkeys(RECIPES)).items():
            of, recipe = key(name), RECIPES.get(name, "{}").replace("CANARY", str(canary))
            kind = "latent" if name in LATENTS else "image"
            data = make(Canary(canary)) if make else encode_png(state(0).image)  # type: ignore[arg-type]
            sql = f"INSERT INTO states (key, recipe, seconds, seal, {kind}_sha256, {kind}) VALUES (?, ?, ?, ?, ?, ?)"
            connection.execute(sql, (of, recipe, 1.0, seal(of, recipe, 1.0), content_sha256(of, kind, data), data))
        for name, score in SCORES.items():
            of, score = key(name), score.replace("CANARY", str(canary))
            connection.execute("INSERT INTO scores (key, score, seal) VALUES (?, ?, ?)", (of, score, seal(of, score)))
    return {name: key(name) for name in (*LATENTS, *IMAGES, *RECIPES)}, {name: key(name) for name in SCORES}


def served(folder: Path) -> list[str]:
    """The payloads that a store serves, and the canary if any of them was run."""
    canary = folder / "canary"
    states, scores = plant(folder / "store.sqlite", canary)
    found = []
    with Store(folder / "store.sqlite") as store:
        for name, of in states.items():
            try:
                found += [name] if store.state(of) is not None else []
            except Exception as error:
                found.append(f"{name}: {type(error).__name__} {error}")
        found += [name for name, of in scores.items() if store.scores([of])]
        found += [f"image of {name}" for name, of in states.items() if name in IMAGES and store.images([of])]
        store.verify()
    return found + ([f"{canary} was left"] if canary.exists() else [])


def test_no_payload_is_run_or_served(folder: Path) -> None:
    assert len(LATENTS) + len(IMAGES) + len(RECIPES) + len(SCORES) == 42
    assert served(folder) == []


def test_a_store_that_unpickles_is_found_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def trusting(data: bytes) -> np.ndarray:
        return np.load(io.BytesIO(data), allow_pickle=True)

    monkeypatch.setattr(contents, "decode_npy", trusting)
    assert any("canary was left" in said for said in served(folder))


def test_a_store_that_trusts_json_is_found_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "unpack_score", lambda key, numbers, sealed: json.loads(numbers))
    with pytest.raises(json.JSONDecodeError):
        served(folder)


def test_the_canary_sings(folder: Path) -> None:
    pickle.loads(pickle.dumps(Canary(folder / "canary")))
    assert (folder / "canary").exists()


@pytest.mark.parametrize("seed", range(20))
def test_changed_arrays_are_refused_or_stay_arrays_of_floats(seed: int) -> None:
    random = np.random.default_rng(seed)
    sound = contents.encode_npy(random.standard_normal((3, 4)).astype(np.float32))
    for _ in range(100):
        data = bytearray(sound)
        for place in random.integers(0, len(data), random.integers(1, 4)):
            data[place] = random.integers(256)
        try:
            found = decode_npy(bytes(data[: len(data) - random.integers(0, 2)]))
        except ValueError:
            continue
        assert found.dtype.kind == "f"
        assert found.nbytes == 48
