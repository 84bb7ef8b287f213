"""Images are found in one order, whatever holds them, and a place that holds none is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.features.inception import save_images
from tts_bench.errors import BadInput
from tts_bench.features.folder import FolderImages, NpzImages, open_images


def read(source) -> list[tuple[str, np.ndarray]]:
    return [(item.name, item.read()) for item in source.items()]


def test_a_folder_is_read_recursively_in_the_order_of_its_paths(tmp_path: Path) -> None:
    image = Image.fromarray(np.zeros((3, 4, 3), np.uint8))
    names = ["b.PNG", "a/z.jpeg", "a.webp", "a/b/c.jpg", "c10.png", "c9.png"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        image.save(tmp_path / name)
    for name in (".hidden.png", ".git/x.png", "notes.txt", "a/labels.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("no picture")
    source = open_images(str(tmp_path), "--images")
    assert [name for name, _ in read(source)] == sorted(names) and source.count == 6
    assert all(picture.shape == (3, 4, 3) for _, picture in read(source))


def test_the_order_is_that_of_both_libraries(tmp_path: Path) -> None:
    from cleanfid.utils import EXTENSIONS
    from torch_fidelity.utils import glob_samples_paths

    save_images(tmp_path / "x" / "b", 3, 0)
    save_images(tmp_path / "x" / "a", 3, 0)
    ours = [tmp_path / "x" / name for name, _ in read(FolderImages(tmp_path / "x"))]
    assert ours == [Path(path) for path in glob_samples_paths(str(tmp_path / "x"), True, "png", verbose=False)]
    assert ours == sorted(path for end in EXTENSIONS for path in (tmp_path / "x").rglob(f"*.{end}"))


def test_an_npz_in_the_adm_style_gives_the_same_images(tmp_path: Path) -> None:
    save_images(tmp_path / "x", 3, 0)
    pictures = [picture for _, picture in read(FolderImages(tmp_path / "x"))]
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "x.npz", np.stack(pictures), np.arange(3))
        found = read(open_images(str(tmp_path / "x.npz"), "--images"))
        assert np.array_equal([picture for _, picture in found], pictures)
        assert NpzImages(tmp_path / "x.npz").count == 3


def refused(place: Path | str) -> str:
    with pytest.raises(BadInput) as error:
        read(open_images(str(place), "--images"))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_places_without_two_images_are_refused(tmp_path: Path) -> None:
    assert "no such folder" in refused(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    assert "holds no PNG, JPEG or WebP" in refused(tmp_path / "empty")
    assert "holds one image" in refused(save_images(tmp_path / "one", 1, 0))
    (tmp_path / "text").write_text("x")
    assert "cannot be read as .npz" in refused(tmp_path / "text")


def test_a_picture_of_another_format_is_not_left_out_in_silence(tmp_path: Path) -> None:
    save_images(tmp_path / "x", 3, 0)
    Image.fromarray(np.zeros((3, 4, 3), np.uint8)).save(tmp_path / "x" / "odd.bmp")
    assert "odd.bmp" in refused(tmp_path / "x")


def test_a_truncated_png_is_named(tmp_path: Path) -> None:
    save_images(tmp_path / "x", 3, 0)
    data = (tmp_path / "x" / "001.png").read_bytes()
    (tmp_path / "x" / "001.png").write_bytes(data[: len(data) // 2])
    assert "001.png" in refused(tmp_path / "x")


@pytest.mark.parametrize(
    "arrays",
    [
        {"arr_0": np.zeros((3, 4, 4, 3))}, {"arr_0": np.zeros((3, 4, 4), np.uint8)}, {"x": np.zeros(3)},
        {"arr_0": np.zeros((1, 4, 4, 3), np.uint8)}, {"arr_0": np.zeros((2, 1, 8193, 3), np.uint8)},
        {"arr_0": np.asfortranarray(np.ones((3, 4, 4, 3), np.uint8))},
        {"arr_0": np.array([None, 1], object)},
    ],
)  # fmt: skip
def test_arrays_that_are_no_images_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "x.npz", **arrays)  # type: ignore[arg-type]
    assert "x.npz" in refused(tmp_path / "x.npz")


def test_an_archive_that_is_cut_or_changed_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "x.npz", rng.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8))
    data = bytearray((tmp_path / "x.npz").read_bytes())
    data[300] ^= 1
    (tmp_path / "x.npz").write_bytes(data)
    assert "x.npz" in refused(tmp_path / "x.npz")
    (tmp_path / "x.npz").write_bytes(data[:-40])
    assert "x.npz" in refused(tmp_path / "x.npz")
