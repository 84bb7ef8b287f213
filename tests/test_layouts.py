"""How folders name images: three ways, each found by what is in the folder."""

from __future__ import annotations

from pathlib import Path

from tts_bench.layouts import image_names, named_images
from tts_bench.types import Prompt


def prompts(count: int = 1) -> list[Prompt]:
    texts = {"0": "a red car", "1": "The cat sat.", "12": "two dogs"}
    return [Prompt(i, text, image=n) for i, text in texts.items() for n in range(1, count + 1)]


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def named(folder: Path, count: int = 1) -> dict[str, str]:
    return {name: path.relative_to(folder).as_posix() for name, path in named_images(folder, prompts(count))}


def test_ids_name_images_and_of_several_a_number_behind_them(tmp_path: Path) -> None:
    put(tmp_path, "0.png", "1.PNG", "12.jpg", ".12.png", "notes.txt", "other.webp")
    assert named(tmp_path) == {"0": "0.png", "1": "1.PNG", "12": "12.jpg", "other": "other.webp"}
    assert list(image_names(prompts(2))) == ["0_1", "0_2", "1_1", "1_2", "12_1", "12_2"]
    put(tmp_path / "two", *(f"{name}.png" for name in image_names(prompts(2))))
    assert named(tmp_path / "two", 2)["12_2"] == "12_2.png"


def test_the_authors_of_t2i_compbench_name_them_by_prompt_and_running_number(tmp_path: Path) -> None:
    # Numbers run over all images, ten digits after nine: they are numbers, not text.
    put(tmp_path, *(f"samples/{text}_{n:06d}.png" for n, text in [
        (0, "a red car"), (1, "a red car"), (2, "The cat sat."), (3, "the cat sat"), (9, "two dogs"), (10, "two dogs"),
    ]))  # fmt: skip
    assert named(tmp_path, 2) == {
        "0_1": "samples/a red car_000000.png", "0_2": "samples/a red car_000001.png",
        "1_1": "samples/The cat sat._000002.png", "1_2": "samples/the cat sat_000003.png",
        "12_1": "samples/two dogs_000009.png", "12_2": "samples/two dogs_000010.png",
    }  # fmt: skip


def test_their_categories_may_have_folders_of_their_own(tmp_path: Path) -> None:
    put(tmp_path, "color/samples/a red car_000000.png", "complex/samples/The cat sat._000000.png")
    put(tmp_path, "complex/samples/two cats_000001.png")
    found = named(tmp_path)
    assert set(found) == {"0", "1", "two cats_000001"}  # the last is of no prompt, and is said to be


def test_geneval_has_a_folder_for_each_place(tmp_path: Path) -> None:
    put(tmp_path, "00000/samples/0000.png", "00000/samples/0001.png", "00012/samples/0000.png", "00012/grid.png")
    put(tmp_path, "00099/samples/0000.png")
    assert named(tmp_path, 2) == {
        "0_1": "00000/samples/0000.png", "0_2": "00000/samples/0001.png", "12_1": "00012/samples/0000.png",
        "00099_1": "00099/samples/0000.png",
    }  # fmt: skip


def test_more_images_than_asked_for_are_not_left_out_silently(tmp_path: Path) -> None:
    put(tmp_path, "a red car_000000.png", "a red car_000001.png")
    assert [name for name, _ in named_images(tmp_path, prompts())] == ["0", "0"]  # "more than one of"


def test_two_prompts_of_one_text_share_its_images_in_the_order_of_numbers(tmp_path: Path) -> None:
    """T2I-CompBench has such: each is imaged for itself, and the file names say nothing but the number."""
    twins = [Prompt(i, text, image=n) for i, text in (("b-1", "x"), ("a-0", "y"), ("b-0", "x")) for n in (1, 2)]
    put(tmp_path, "samples/x_9.png", "samples/x_10.png", "samples/x_2.png", "samples/x_3.png", "samples/y_4.png")
    put(tmp_path, "x-grid-00000.png")  # an overview, which the script leaves beside the samples
    found = {name: path.name for name, path in named_images(tmp_path, twins)}
    assert found == {
        "b-0_1": "x_2.png",
        "b-0_2": "x_3.png",
        "b-1_1": "x_9.png",
        "b-1_2": "x_10.png",
        "a-0_1": "y_4.png",
    }


def test_a_text_of_two_categories_is_told_apart_by_their_folders(tmp_path: Path) -> None:
    same = [Prompt(f"{name}-0", "a cat", category=name) for name in ("color", "shape")]
    put(tmp_path, "color/samples/a cat_000000.png", "shape/samples/a cat_000000.png")
    found = {name: path.parts[-3] for name, path in named_images(tmp_path, same)}
    assert found == {"color-0": "color", "shape-0": "shape"}
