"""Pictures are seen as the FID libraries see them; what they would see wrongly in silence is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.faults.hostile_images import FILES, saved
from tts_bench.errors import BadInput
from tts_bench.features import decode as module
from tts_bench.features.decode import decode

# Of sixty files that are no plain 8-bit RGB PNG, those that are nevertheless whole pictures.
WHOLE = {"JPEG", "WebP", "CMYK JPEG", "8-bit grey", "1-bit", "palette"}


def theirs(data: bytes) -> np.ndarray:
    """What clean-fid and torch-fidelity do."""
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize(
    ("mode", "form"),
    [("RGB", "PNG"), ("L", "PNG"), ("P", "PNG"), ("1", "PNG"), ("RGB", "JPEG"), ("L", "JPEG"), ("CMYK", "JPEG"),
     ("RGB", "WEBP")],
)  # fmt: skip
def test_whole_pictures_become_what_the_libraries_see(mode: str, form: str) -> None:
    data = saved(mode, form)
    found = decode(data, "a")
    assert np.array_equal(found, theirs(data)) and found.dtype == np.uint8 and found.shape == (12, 10, 3)


@pytest.mark.parametrize("name", sorted(set(FILES) - WHOLE))
def test_hostile_files_are_refused_in_one_line_that_names_them(name: str) -> None:
    with pytest.raises(BadInput) as refused:
        decode(FILES[name](), "folder/a.png")
    assert str(refused.value).startswith("folder/a.png: ") and "\n" not in str(refused.value)


WHOLE_BUT_REFUSED = {
    "alpha": "has transparency; save it as RGB", "grey and alpha": "has transparency; save it as RGB",
    "transparent colour": "it has transparency", "16-bit RGB": "= 16: only 8 are taken",
    "16-bit grey": "= 16: only 8 are taken", "animated PNG": "animated", "wide bomb": "pixels",
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE_BUT_REFUSED)
def test_a_whole_picture_is_refused_for_what_it_is_and_not_as_broken(name: str) -> None:
    with pytest.raises(BadInput, match=WHOLE_BUT_REFUSED[name]) as refused:
        decode(FILES[name](), "a.png")
    assert "not a whole" not in str(refused.value)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_an_animation_of_another_kind_too(form: str) -> None:
    frames, data = [Image.new("L" if form == "PNG" else "RGB", (10, 12), i) for i in (1, 9)], io.BytesIO()
    frames[0].save(data, form, save_all=True, append_images=frames[1:])
    with pytest.raises(BadInput, match="frames = 2: is animated; save one frame"):
        decode(data.getvalue(), "a")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_picture_is_refused(form: str) -> None:
    data = saved("RGB", form)
    for part in (0.5, 0.9):
        with pytest.raises(BadInput, match="a: not a "):
            decode(data[: int(len(data) * part)], "a")


def test_a_truncated_png_is_said_to_be_so_in_plain_words() -> None:
    with pytest.raises(BadInput, match="it is cut off in its pixels; save it again") as refused:
        decode(saved("RGB", "PNG")[:100], "a")
    assert "b'" not in str(refused.value)


def test_size_is_measured_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SIDE", 11)
    data = saved("RGB", "JPEG")
    monkeypatch.setattr(Image.Image, "convert", None)
    with pytest.raises(BadInput, match="10 x 12 pixels"):
        decode(data, "a")
    monkeypatch.setattr(module, "MAX_BYTES", 20)
    with pytest.raises(BadInput, match="over the limit of 20"):
        decode(data, "a")
