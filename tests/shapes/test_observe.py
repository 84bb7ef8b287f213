"""The checker's reading: exact on renders, and no shape for what has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import product

import numpy as np
import pytest
from scipy import ndimage

from tests.shapes.pictures import coverage, lumps, paint
from tts_bench.shapes import fit as fitting
from tts_bench.shapes import observe as module
from tts_bench.shapes.judge import judge
from tts_bench.shapes.observe import Observed, observe, readable
from tts_bench.shapes.render import LARGE, SMALL, render, stripes
from tts_bench.shapes.scenes import CATEGORIES, COLOURS, SHAPES, SIZES, TEXTURES, Scene, Thing, change_one, draw_scene

PER_CATEGORY = 100


@lru_cache(maxsize=1)
def readings() -> dict[str, list[tuple[Scene, Scene, list[Observed], list[Observed]]]]:
    """By category: a scene, the scene made wrong, and what is seen in a render of each."""
    rng = np.random.default_rng(11)
    found = {}
    for category in CATEGORIES:
        scenes = [draw_scene(rng, category) for _ in range(PER_CATEGORY)]
        pairs = [(scene, change_one(rng, scene)) for scene in scenes]
        found[category] = [(s, w, observe(render(s, rng)), observe(render(w, rng))) for s, w in pairs]
    return found


@pytest.mark.parametrize("category", CATEGORIES)
def test_renders_pass_and_renders_with_one_wrong_attribute_do_not(category: str) -> None:
    passed = [all(judge(scene, seen).values()) for scene, _, seen, _ in readings()[category]]
    rejected = [not all(judge(scene, seen).values()) for scene, _, _, seen in readings()[category]]
    assert np.mean(passed) >= 0.985
    assert np.mean(rejected) >= 0.985


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_scene_made_wrong_passes_as_itself(category: str) -> None:
    passed = [all(judge(wrong, seen).values()) for _, wrong, _, seen in readings()[category]]
    assert np.mean(passed) >= 0.985


def test_every_kind_of_object_is_read_exactly() -> None:
    rng = np.random.default_rng(12)
    for colour, shape, size, texture in product(COLOURS, SHAPES, SIZES, TEXTURES):
        [seen] = observe(render(Scene("single", (Thing(colour, shape, size, texture),)), rng))
        assert (seen.colour, seen.shape, seen.size, seen.texture) == (colour, shape, size, texture)


@pytest.mark.parametrize("shape", SHAPES)
def test_centre_and_overlap_of_a_clean_shape(shape: str) -> None:
    for diameter, (x, y) in product((SMALL[0], SMALL[-1], LARGE[0], LARGE[-1]), [(12.0, 16.25), (18.75, 13.5)]):
        [seen] = observe(paint(coverage(shape, diameter, x, y)))
        assert (seen.x, seen.y) == pytest.approx((x, y), abs=0.26)
        assert seen.overlap > 0.93


def check_lumps(see: Callable[[np.ndarray], list[Observed]]) -> None:
    for name, alpha in lumps().items():
        seen = see(paint(alpha, "green"))
        assert len(seen) == 1 and seen[0].shape is None, f"{name}: {seen}"
        assert seen[0].colour == "green"


def test_a_lump_has_no_shape() -> None:
    check_lumps(observe)


@pytest.mark.parametrize("least", [0.0, 0.5, 0.65])
def test_a_reader_with_slack_is_caught(least: float, monkeypatch: pytest.MonkeyPatch) -> None:
    lax = replace(module.LIMITS, lead=0.0, flaw=99, **dict.fromkeys(SHAPES, least))
    monkeypatch.setattr(module, "LIMITS", lax)
    with pytest.raises(AssertionError):
        check_lumps(observe)


def test_a_reader_that_looks_only_through_its_window_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    nearest = fitting._nearest
    monkeypatch.setattr(fitting, "_nearest", lambda window, area, *rest: nearest(window, window.sum() * 0.8, *rest))
    with pytest.raises(AssertionError):
        check_lumps(observe)


def test_the_fit_is_as_good_as_a_search_over_every_stencil() -> None:
    rng = np.random.default_rng(13)
    stack, areas = fitting._stencils(), fitting._areas()
    for name, diameter in product(SHAPES, (10.5, 14.5)):
        clean = coverage(name, diameter, 15.25 + rng.integers(4) / 4, 16.5)
        alpha = np.clip(ndimage.gaussian_filter(clean, 0.4) + 0.02 * rng.random(clean.shape), 0, 1)
        found = fitting.fit(alpha, clean > 0.35)
        shared = np.minimum(stack, np.pad(alpha, 10)[16:37, 15:36].ravel()).sum(axis=-1)
        best = (shared / (areas + alpha.sum() - shared)).max(axis=(1, 2, 3))
        assert found.shape == SHAPES[best.argmax()] == name
        assert best.max() - 0.02 <= found.overlap <= best.max() + 1e-5


def test_two_colours_in_one_object_are_no_colour() -> None:
    alpha = coverage("square", 14.0, 16, 16)
    half = np.arange(32)[None, :, None] < 16
    image = np.where(half, paint(alpha, "red"), paint(alpha, "blue"))
    [seen] = observe(image)
    assert seen.colour is None and seen.shape == "square"


def test_a_hue_between_two_of_the_palette_s_is_no_colour() -> None:
    image = paint(coverage("circle", 14.0, 16, 16), "green")
    image[(image[..., 1] > 150)] = (160, 230, 40)  # lime
    [seen] = observe(image)
    assert seen.colour is None


@pytest.mark.parametrize(
    ("white", "texture"),
    [
        (None, "plain"),
        (stripes(0.5), "striped"),
        (stripes(3.0), "striped"),
        (stripes(0.5) & (np.arange(32) < 16), None),
        (stripes(0.5)[:, ::-1], None),
        (np.ones((32, 32), dtype=bool), None),
        (np.arange(32)[:, None] % 4 + np.zeros((32, 32)) < 2, None),
    ],
    ids=["plain", "striped", "other phase", "half striped", "other diagonal", "all white", "level stripes"],
)
def test_texture(white: np.ndarray | None, texture: str | None) -> None:
    [seen] = observe(paint(coverage("square", 15.0, 16, 16), "purple", white))
    assert seen.texture == texture


def test_a_diameter_between_small_and_large_is_no_size() -> None:
    found = [observe(paint(coverage("circle", diameter, 16, 16)))[0].size for diameter in (11.0, 12.5, 14.0)]
    assert found == ["small", None, "large"]


def test_specks_are_no_objects_and_blots_are() -> None:
    image = paint(coverage("circle", 10.0, 10, 10))
    image[26, 26:29] = (230, 45, 45)
    assert len(observe(image)) == 1
    image[27, 26:29] = (230, 45, 45)
    assert [seen.shape for seen in observe(image)] == ["circle", None]


@pytest.mark.filterwarnings("error")
def test_any_image_can_be_read() -> None:
    rng = np.random.default_rng(14)
    flat = [np.full((32, 32, 3), value, dtype=np.uint8) for value in (0, 30, 128, 255)]
    noise = [rng.integers(0, 256, (32, 32, 3)).astype(np.uint8) for _ in range(30)]
    blobs = [ndimage.gaussian_filter(image.astype(float), (2, 2, 0)) for image in noise]
    stretched = [(255 * (blob > np.median(blob))).astype(np.uint8) for blob in blobs]
    black_on_white = 255 - paint(coverage("ring", 14.0, 16, 16))
    for image in (*flat, *noise, *stretched, black_on_white):
        for seen in observe(image):
            assert seen.shape in (*SHAPES, None) and seen.colour in (*COLOURS, None)
            assert 0 <= seen.overlap <= 1 and np.isfinite([seen.x, seen.y]).all()
    assert [observe(image) for image in flat] == [[], [], [], []]


@pytest.mark.parametrize(
    "image", [np.zeros((32, 32), np.uint8), np.zeros((64, 64, 3), np.uint8), np.zeros((32, 32, 3), np.float32)]
)
def test_only_images_of_the_world_are_read(image: np.ndarray) -> None:
    assert not readable(image)
    with pytest.raises(ValueError, match="uint8"):
        observe(image)
