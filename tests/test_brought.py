"""Images made elsewhere: exactly one a prompt, whichever way they are named; else a list of what is wrong."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tts_bench import layouts
from tts_bench.brought import find_images
from tts_bench.errors import BadInput
from tts_bench.types import Prompt

PROMPTS = [Prompt(id, f"a {id}") for id in ("1", "2", "a-b", "ring", "Größe")]


def save(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place, prompt in enumerate(PROMPTS):
        save(tmp_path / "images" / f"{prompt.id}.png", place)
    return tmp_path / "images"


def listed(folder: Path, rows: list[dict]) -> Path:
    (folder / "list.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder / "list.jsonl"


def test_a_folder_and_a_list_give_the_same_images_in_the_prompts_order(folder: Path) -> None:
    rows = [{"id": prompt.id, "image": f"{prompt.id}.png"} for prompt in reversed(PROMPTS)]
    (folder / "readme.txt").write_text("not a picture")
    found, other = find_images(folder, PROMPTS), find_images(listed(folder, rows), PROMPTS)
    assert [image.prompt for image in found] == PROMPTS and found == other
    assert np.array_equal(found[1].read(), np.asarray(Image.open(folder / "2.png")))
    save(folder / "2.png", 77)
    with pytest.raises(BadInput, match="have changed while it was scored"):
        found[1].read()
    assert find_images(folder, PROMPTS)[1].key != found[1].key


def test_two_prompts_may_have_equal_images_and_stay_two(folder: Path) -> None:
    save(folder / "1.png", 5), save(folder / "2.png", 5)
    found = find_images(folder, PROMPTS)
    assert found[0].key != found[1].key


FAULTS = {
    **{f"missing {p.id}": (f"{p.id}.png", None, f"missing 1 \\({p.id}\\)") for p in PROMPTS},
    **{
        f"extra {name}": (None, f"{name}.png", "of no prompt 1")
        for name in ("01", "1.0", " 1", "3", "RING", "Ring", "ring ", "grosse", "Grosse", "a_b", "A-B", "0")
    },
    **{f"twice {p.id}": (None, f"{p.id}.jpg", f"more than one of 1 \\({p.id}\\)") for p in PROMPTS},
    **{
        f"{old} is called {new}": (f"{old}.png", f"{new}.png", "missing 1 .*; of no prompt 1")
        for old, new in (("1", "01"), ("ring", "Ring"), ("a-b", "a-B"), ("2", "two"), ("Größe", "GRÖSSE"))
    },
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_fit_is_listed(folder: Path, fault: str) -> None:
    gone, new, said = FAULTS[fault]
    if gone:
        (folder / gone).unlink()
    if new:
        save(folder / new)
    with pytest.raises(BadInput, match=said) as error:
        find_images(folder, PROMPTS)
    assert "\n" not in str(error.value)


LISTS = {
    "a number for an id": ([{"id": 1, "image": "1.png"}], "must be"),
    "no image": ([{"id": "1"}], "must be"),
    "no object": ([["1", "1.png"]], "must be"),
    "an id twice": ([{"id": "1", "image": "1.png"}, {"id": "1", "image": "2.png"}], "more than one of 1"),
    "too few": ([{"id": "1", "image": "1.png"}], "missing 4"),
    "too many": ([{"id": str(n), "image": "1.png"} for n in range(30)], r"of no prompt 28 \(0, 3, 4, 5, 6, \.\.\.\)"),
    "a way out": ([{"id": "1", "image": "../secret.png"}], "leads out of the list's folder"),
    "an absolute path": ([{"id": "1", "image": "/etc/passwd"}], "leads out of the list's folder"),
}


@pytest.mark.parametrize("fault", LISTS)
def test_a_list_is_held_to_the_same(folder: Path, fault: str) -> None:
    rows, said = LISTS[fault]
    with pytest.raises(BadInput, match=said) as error:
        find_images(listed(folder, rows), PROMPTS)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_is_refused_before_any_work(folder: Path, content: bytes) -> None:
    (folder / "ring.png").write_bytes(content)
    with pytest.raises(BadInput, match="ring.png"):
        find_images(folder, PROMPTS)
    rows = [{"id": prompt.id, "image": f"{prompt.id}.png"} for prompt in PROMPTS]
    (folder / "ring.png").unlink()
    with pytest.raises(BadInput, match="ring.png"):
        find_images(listed(folder, rows), PROMPTS)


def test_an_image_is_known_by_pixels_shape_and_prompt(tmp_path: Path) -> None:
    """The same bytes in another shape are another image; hidden files and other kinds are nobody's."""
    pixels = np.arange(96, dtype=np.uint8)
    for name, shape in (("wide", (4, 8, 3)), ("high", (8, 4, 3))):
        (tmp_path / name).mkdir()
        Image.fromarray(pixels.reshape(shape)).save(tmp_path / name / "1.PNG")
        (tmp_path / name / "._1.png").write_bytes(b"what macOS leaves beside it")
        (tmp_path / name / ".2.png").write_bytes(b"")
    [wide], [high] = (find_images(tmp_path / name, PROMPTS[:1]) for name in ("wide", "high"))
    assert wide.read().tobytes() == high.read().tobytes() and wide.key != high.key


def test_a_name_that_a_file_system_spelt_otherwise_is_the_prompts(folder: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Größe")
    assert decomposed != "Größe"
    (folder / "Größe.png").rename(folder / f"{decomposed}.png")
    assert len(find_images(folder, PROMPTS)) == len(PROMPTS)
    rows = [{"id": prompt.id, "image": f"{prompt.id}.png"} for prompt in PROMPTS[:4]]
    list_ = listed(folder, [*rows, {"id": decomposed, "image": f"{decomposed}.png"}])
    list_.write_text("\n" + list_.read_text(encoding="utf-8").replace("\n", "\n\n"), encoding="utf-8")
    assert len(find_images(list_, PROMPTS)) == len(PROMPTS), "and an empty line is no picture"


@pytest.mark.parametrize("content", [None, b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_picture_that_cannot_be_read_is_told_with_the_line_that_names_it(folder: Path, content: bytes | None) -> None:
    rows = [{"id": prompt.id, "image": f"{prompt.id}.png"} for prompt in PROMPTS]
    (folder / "ring.png").unlink()
    if content is not None:
        (folder / "ring.png").write_bytes(content)
    with pytest.raises(BadInput, match=r"^\S*list\.jsonl:4: image = 'ring\.png': .*ring\.png") as error:
        find_images(listed(folder, rows), PROMPTS)
    assert "\n" not in str(error.value)


def test_a_lax_finder_is_caught(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that folds case would take the wrong image for a prompt; the faults above would pass it."""
    monkeypatch.setattr(layouts, "composed", lambda name: name.casefold())
    (folder / "ring.png").rename(folder / "RING.png")
    assert len(find_images(folder, PROMPTS)) == len(PROMPTS)
