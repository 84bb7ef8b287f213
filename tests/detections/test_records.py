"""Detections survive their file bit for bit, stand in for their detector, and a line that is wrong is named."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_bench.detections.record import Record, depth_of, pixels_digest, png_of, record_of
from tts_bench.detections.recorded import Recorded, RecordedColors, RecordedDepth, load
from tts_bench.detections.records import read_records, write_records
from tts_bench.detections.run_lengths import mask_of, run_lengths
from tts_bench.detections.types import Box, Detection, Detections
from tts_bench.errors import BadInput

CARD = {"detector": "test", "version": 1, "weights": "a" * 64, "preprocessing": {"to": [800, 1333]}}
DEPTH_CARD, COLOR_CARD = {"depth": "test", "version": 1}, {"colors": "test", "version": 1}


def image(seed: int = 0, height: int = 6, width: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def saw(seed: int = 0, height: int = 6, width: int = 8, depth: bool = True) -> Detections:
    """Scores and boxes of all digits, as networks give them; the last object has no mask, the first a colour."""
    rng = np.random.default_rng(seed)
    items = []
    for i in range(3):
        left, right = sorted(rng.uniform(0, width, 2))
        top, bottom = sorted(rng.uniform(0, height, 2))
        mask = rng.random((height, width)) < 0.5 if i < 2 else None
        score = float(np.float32(rng.random()))
        items.append(Detection("cat", score, Box(left, top, right, bottom), None if i else "red", mask))
    greys = rng.integers(0, 256, (height, width)).astype(np.float32) / 255
    return Detections(tuple(items), width, height, greys if depth else None)


def recorded(n: int = 4, depth: bool = True) -> list[Record]:
    cards = DEPTH_CARD if depth else None, COLOR_CARD
    return [record_of(f"{i // 2}", 1 + i % 2, image(i), saw(i, depth=depth), CARD, ["cat"], *cards) for i in range(n)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_records(tmp_path / "seen.jsonl", recorded())
    return tmp_path / "seen.jsonl"


def same(a: Detections, b: Detections) -> bool:
    def equal(one: np.ndarray | None, other: np.ndarray | None) -> bool:
        return one is other is None or bool(one is not None and other is not None and np.array_equal(one, other))

    masks = all(equal(x.mask, y.mask) for x, y in zip(a.items, b.items, strict=True))
    return a == b and masks and equal(a.depth, b.depth)


# -- the file ---------------------------------------------------------------------------------------------------------


def test_what_was_written_is_read_back_bit_for_bit(path: Path) -> None:
    found = read_records(path)
    assert found == recorded()
    assert all(same(record.seen, saw(i)) for i, record in enumerate(found))
    before = path.read_bytes()
    write_records(path, found)
    assert path.read_bytes() == before


def test_what_may_be_left_out_is_none(tmp_path: Path) -> None:
    kept = record_of("7", 3, None, Detections((), 8, 6), CARD)
    write_records(tmp_path / "one.jsonl", [kept])
    [found] = read_records(tmp_path / "one.jsonl")
    assert found == kept and (found.sha256, found.wanted, found.depth_model, found.png) == (None,) * 4


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]))
def test_run_lengths_are_those_counted_pixel_by_pixel(height: int, width: int, seed: int, share: float) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < share
    runs, inside = [0], False
    for x in range(width):
        for y in range(height):
            if mask[y, x] != inside:
                runs, inside = [*runs, 0], bool(mask[y, x])
            runs[-1] += 1
    assert list(run_lengths(mask)) == runs
    assert np.array_equal(mask_of(runs, height, width), mask)


def test_run_lengths_of_coco_are_read() -> None:
    """Columns 0 1 1, 0 1 0 and 0 0 1 by hand; a run of 0 in the middle is allowed."""
    mask = [[0, 0, 0], [1, 1, 0], [1, 0, 1]]
    assert run_lengths(np.array(mask, bool)) == (1, 2, 1, 1, 3, 1)
    assert mask_of([1, 1, 0, 1, 1, 1, 3, 1], 3, 3).astype(int).tolist() == mask
    for runs in ([9, 1], [1, 2], [], [-1, 10]):
        with pytest.raises(ValueError, match="are no mask"):
            mask_of(runs, 3, 3)


def test_the_digest_is_of_height_width_and_bytes() -> None:
    shown = image()
    assert pixels_digest(shown) == hashlib.sha256(b"6 8\n" + shown.tobytes()).hexdigest()
    assert pixels_digest(shown.reshape(8, 6, 3)) != pixels_digest(shown)
    assert pixels_digest(np.asfortranarray(shown)) == pixels_digest(shown)


def test_a_depth_of_other_steps_is_not_rounded_in_silence() -> None:
    greys = np.arange(256, dtype=np.float32).reshape(16, 16) / 255
    assert np.array_equal(depth_of(png_of(greys)), greys)
    for spoilt in (greys * 0.999, greys + 1, greys[0], np.full((2, 2), np.nan, np.float32)):
        with pytest.raises(ValueError, match="steps of 1/255"):
            png_of(spoilt)


def test_nothing_is_written_that_cannot_be_read(path: Path) -> None:
    before, [first] = path.read_bytes(), recorded(1)
    seen = replace(first.seen, depth=None)
    for spoilt, match in (
        ([first, first], "keep one"),
        ([replace(first, sha256="x")], "sha256"),
        ([record_of("1", 1, None, replace(seen, items=(Detection("cat", 2.0, Box(0, 0, 1, 1)),)), CARD)], "score"),
        ([record_of("1", 1, None, replace(seen, items=(Detection("cat", np.nan, Box(0, 0, 1, 1)),)), CARD)], "finite"),
        ([], "none"),
    ):
        with pytest.raises(BadInput, match=match):
            write_records(path, spoilt)
    assert path.read_bytes() == before


# -- in the detector's place ------------------------------------------------------------------------------------------


def test_it_stands_in_for_detector_and_depth_model_by_the_pixels(path: Path) -> None:
    there = Recorded(path)
    assert there.card == CARD and there.vocabulary is None and RecordedDepth(there).card == DEPTH_CARD
    assert RecordedColors(there).card == COLOR_CARD
    found = there.detect([image(2), image(0), image(2)], [["cat"], ["cat"], []])
    assert all(same(a, saw(i)) for a, i in zip(found, (2, 0, 2), strict=True))
    depths = RecordedDepth(there).depth([image(3), image(1)])
    assert [depth.tolist() for depth in depths] == [saw(3).depth.tolist(), saw(1).depth.tolist()]  # type: ignore[union-attr]


def test_an_image_or_a_word_that_is_not_there_is_named(path: Path) -> None:
    there = Recorded(path)
    with pytest.raises(BadInput, match=r"seen.jsonl: sha256 = '[0-9a-f]{64}': no line is of this image of 8 x 6"):
        there.detect([image(0), image(9)], [[], []])
    with pytest.raises(BadInput, match="wanted = 'dog': image 1 of prompt 0 was not searched for it"):
        there.detect([image(0)], [["cat", "dog"]])
    with pytest.raises(BadInput, match="prompt_id = '5': no line is of image 1"):
        there.by_prompt("5")
    with pytest.raises(BadInput, match="no line is of image 3"):
        there.by_prompt("0", 3)
    with pytest.raises(BadInput, match="was not searched for it"):
        there.by_prompt("0", 1, ["dog"])


def test_lines_without_a_digest_are_found_by_prompt(path: Path) -> None:
    write_records(path, [replace(record, sha256=None) for record in recorded()])
    there = Recorded(path)
    assert same(there.by_prompt("1", 2, ["cat"], image(0)), saw(3))
    with pytest.raises(BadInput, match="no line is of this image"):
        there.detect([image(0)], [[]])


def test_a_prompts_image_of_other_pixels_is_refused(path: Path) -> None:
    assert same(Recorded(path).by_prompt("0", 2, pixels=image(1)), saw(1))
    with pytest.raises(BadInput, match="image 2 of prompt 0 is of pixels .*; give the image that was recorded"):
        Recorded(path).by_prompt("0", 2, pixels=image(0))


def test_of_an_image_looked_at_for_two_prompts_the_line_with_the_words_counts(path: Path) -> None:
    dogs = Detections((Detection("dog", 0.5, Box(0, 0, 1, 1)),), 8, 6)
    lines = [
        record_of("a", 1, image(), saw(), CARD, ["cat"], DEPTH_CARD, COLOR_CARD),
        record_of("b", 1, image(), dogs, CARD, ["dog"]),
    ]
    write_records(path, lines)
    assert Recorded(path).detect([image()], [["dog"]]) == [dogs]
    assert same(Recorded(path).detect([image()], [["cat"]])[0], saw())
    with pytest.raises(BadInput, match="not searched"):
        Recorded(path).detect([image()], [["cat", "dog"]])


def test_without_depths_there_is_no_depth_model(path: Path) -> None:
    with_one = [*recorded(1), *recorded(2, depth=False)[1:]]
    write_records(path, with_one)
    with pytest.raises(BadInput, match="depth is missing: image 2 of prompt 0 has none"):
        RecordedDepth(Recorded(path)).depth([image(1)])
    write_records(path, recorded(2, depth=False))
    with pytest.raises(BadInput, match="depth_model is missing: no line has one"):
        _ = RecordedDepth(Recorded(path)).card


def test_colours_are_those_of_the_objects(path: Path) -> None:
    there = Recorded(path)
    [seen] = there.detect([image()], [[]])
    assert RecordedColors(there).name(image(), seen.items[:1]) == ["red"]
    with pytest.raises(BadInput, match="color is missing: the cat at .* has none"):
        RecordedColors(there).name(image(), seen.items)


def test_a_file_is_given_as_weights_and_may_be_pinned(path: Path, tmp_path: Path) -> None:
    pin = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert load(path).records == load(path, pin).records == recorded()
    for weights, revision, told in (
        (None, None, "give a file"), (tmp_path, None, "give a file"), (path, "sha256:" + "0" * 64, "is not sha256:0"),
        (path, "main", "must be sha256"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=told):
            load(weights, revision)


# -- what is refused --------------------------------------------------------------------------------------------------
