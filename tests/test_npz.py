"""Arrays come back as numpy saved them; archives that lie about themselves are one line that names them."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tts_bench.errors import BadInput
from tts_bench.npz import open_npz


def member(shape: tuple[int, ...], dtype: str, body: bytes) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"shape": shape, "fortran_order": False, "descr": dtype})
    return buffer.getvalue() + body


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(f"{name}.npy", data)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back_as_they_were_saved(tmp_path: Path, save) -> None:
    rng = np.random.default_rng(0)
    arrays = {"a": rng.random((3, 4)), "b": np.asfortranarray(rng.random((5, 2))), "c": np.array("text"),
              "d": np.array(7), "e": np.zeros((0, 3), np.uint8)}  # fmt: skip
    save(tmp_path / "x.npz", **arrays)
    with open_npz(tmp_path / "x.npz") as found:
        assert found.names == set(arrays)
        for name, values in arrays.items():
            assert np.array_equal(found.read(name), values) and found.header(name).shape == values.shape
        assert np.array_equal(list(found.rows("a")), arrays["a"])


EVIL = pickle.dumps(print)
BROKEN = {
    "objects": member((1,), "|O", EVIL),
    "cut": member((9,), "<f8", bytes(64)),
    "too much": member((1,), "<f8", bytes(64)),
    "huge": member((2**40,), "<f8", bytes(64)),
    "negative": member((-1,), "<f8", bytes(64)),
    "no array": b"hello",
    "pickle": EVIL,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_member_that_lies_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "x.npz", a=BROKEN[name])
    for read in (lambda found: found.read("a"), lambda found: list(found.rows("a"))):
        with open_npz(path) as found, pytest.raises(BadInput, match=r"x\.npz: array = 'a'") as refused:
            read(found)
        assert "\n" not in str(refused.value)


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.arange(100.0))
    data = bytearray((tmp_path / "x.npz").read_bytes())
    data[400] ^= 1
    (tmp_path / "x.npz").write_bytes(data)
    assert np.load(tmp_path / "x.npz").files == ["a"]
    with open_npz(tmp_path / "x.npz") as found, pytest.raises(BadInput, match="CRC"):
        found.read("a")


def test_a_limit_and_a_missing_name_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.arange(100.0))
    with open_npz(tmp_path / "x.npz") as found:
        with pytest.raises(BadInput, match="over the 799 bytes"):
            found.read("a", 799)
        with pytest.raises(BadInput, match="'b'"):
            found.read("b")
    with pytest.raises(BadInput, match=r"absent\.npz"), open_npz(tmp_path / "absent.npz"):
        pass
