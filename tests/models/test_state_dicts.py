"""Why weights cannot be read is said in a few words of ours, never in torch's, which show how to run the code."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from tts_bench.errors import BadInput
from tts_bench.models.state_dicts import brief, shapes, tensors, trouble, unread

CODE, BROKEN, OTHER = "holds something else than tensors", "is cut off or broken", "is no file of torch's"


class Code:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("ran"),))


def saved(path: Path, what: object, zipped: bool = True, cut: int | None = None) -> None:
    torch.save(what, path, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[:cut])


STATE = {"x": torch.zeros(2000)}
TORCH: dict[str, tuple[Callable[[Path], Any], str]] = {
    "code": (lambda p: saved(p, {"x": Code()}), CODE),
    "code, old format": (lambda p: saved(p, {"x": Code()}, zipped=False), CODE),
    "code, plain pickle": (lambda p: p.write_bytes(pickle.dumps(Code())), CODE),
    "code, pickle in text": (lambda p: p.write_bytes(pickle.dumps(Code(), 0)), CODE),
    "a whole network": (lambda p: saved(p, torch.nn.Linear(2, 2)), CODE),
    "cut at the end": (lambda p: saved(p, STATE, cut=-300), BROKEN),
    "cut early": (lambda p: saved(p, STATE, cut=200), BROKEN),
    "old format, cut": (lambda p: saved(p, STATE, zipped=False, cut=-300), BROKEN),
    "old format, cut early": (lambda p: saved(p, STATE, zipped=False, cut=60), BROKEN),
    "empty": (lambda p: p.write_bytes(b""), "it is empty"),
    "a page": (lambda p: p.write_text("<html>404</html>"), OTHER),
    "a pointer": (lambda p: p.write_text("version https://git-lfs.github.com/spec/v1\n"), "pointer of Git LFS"),
}  # fmt: skip


@pytest.mark.parametrize("what", TORCH)
def test_torchs_files_have_one_short_reason(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write, reason = TORCH[what]
    write(tmp_path / "a.pt")
    with pytest.raises(BadInput, match=f"model: weights = 'a.pt': cannot be read: .*{reason}") as refused:
        tensors(tmp_path / "a.pt")
    assert re.fullmatch(r"[ -~]{20,150}", str(refused.value)), "one printable line"
    assert not re.search("weights_only|miniz|can still be loaded", str(refused.value))
    assert trouble(tmp_path / "a.pt") is not None and not Path("ran").exists()


def test_the_trap_is_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: torch's own words, which tell of the way to run it, and a loader that does."""
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "a.pt", {"x": Code()})
    with pytest.raises(pickle.UnpicklingError, match="This file can still be loaded") as refused:
        torch.load(tmp_path / "a.pt", weights_only=True)
    assert "\x1b" in str(refused.value) and "\n" in str(refused.value)
    torch.load(tmp_path / "a.pt", weights_only=False)
    assert Path("ran").exists()


@pytest.mark.parametrize(
    ("cut", "reason"), [(-300, BROKEN), (20, BROKEN), (0, "it is empty"), (None, "no file of safetensors")]
)
def test_safetensors_have_too(cut: int | None, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file(STATE, path)
    path.write_bytes(path.read_bytes()[:cut] if cut is not None else b"<html>not the file at all</html>")
    for read in (tensors, shapes):
        with pytest.raises(BadInput, match=f"'a.safetensors': cannot be read: .*{reason}; fetch it again"):
            read(path)


def test_what_can_be_read_is_no_trouble(tmp_path: Path) -> None:
    saved(tmp_path / "a.pt", STATE)
    save_file(STATE, tmp_path / "a.safetensors")
    for name in ("a.pt", "a.safetensors"):
        assert trouble(tmp_path / name) is None and shapes(tmp_path / name) == {"x": (2000,)}


def test_what_the_system_or_memory_refuses_is_not_called_broken(tmp_path: Path) -> None:
    assert unread(tmp_path / "gone.pt", OSError()) == "the system refuses it (No such file or directory)"
    saved(tmp_path / "a.pt", STATE)
    assert unread(tmp_path / "a.pt", MemoryError("12 GiB")) == "MemoryError: 12 GiB"


def test_others_words_are_one_printable_line_cut_between_words() -> None:
    found = brief(RuntimeError("one\n\x1b[1mtwo\x1b[0m\t" + "three " * 30), limit=40)
    assert found == "RuntimeError: one two three three three three three ..."
    assert brief(KeyError()) == "KeyError: no more is known"
