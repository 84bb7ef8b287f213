"""clean-fid's features, streamed: the same numbers as its own functions give on the same TorchScript."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.features.inception import Script, pin, save_code, save_images, save_script
from tts_bench.errors import BadInput
from tts_bench.features import clean
from tts_bench.features.folder import FolderImages
from tts_bench.features.stream import extract

NAME = "inception-2015-12-05.pt"  # the one name that clean-fid's loader knows


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    save_script(folder / NAME)
    save_images(folder / "pictures", 7, seed=2, side=(50, 33))
    return folder


def network(home: Path) -> clean.Clean:
    return clean.load(home / NAME, pin(home / NAME))


def test_streamed_features_are_clean_fids(home: Path) -> None:
    from cleanfid.fid import get_folder_features
    from cleanfid.inception_torchscript import InceptionV3W

    theirs = get_folder_features(
        str(home / "pictures"), InceptionV3W(str(home), download=False), num_workers=0, batch_size=7,
        device=torch.device("cpu"), mode="clean", verbose=False,
    )  # fmt: skip
    found = extract(FolderImages(home / "pictures"), network(home), batch=3).sample.features
    assert found == pytest.approx(theirs, abs=1e-6)
    assert np.ptp(found, axis=0).max() > 0.1


class Rounding(clean.Clean):
    """The broken twin: a resize that rounds, as Pillow's usual one does."""

    def prepare(self, image: np.ndarray) -> np.ndarray:
        small = Image.fromarray(image).resize((299, 299), Image.Resampling.BICUBIC)
        return np.asarray(small, np.float32).transpose(2, 0, 1)


def test_a_resize_that_rounds_would_be_seen(home: Path) -> None:
    image = np.asarray(Image.open(home / "pictures" / "000.png"))
    twin = Rounding(home / NAME, pin(home / NAME))
    assert np.abs(twin([image]).features - network(home)([image]).features).max() > 1e-5


def test_logits_are_those_of_the_published_inception_score(home: Path) -> None:
    """NVIDIA's modules give, with no_output_bias, the softmax of the logits that are wanted."""
    script = torch.jit.load(str(home / NAME))
    image = np.random.default_rng(0).integers(0, 256, (299, 299, 3), dtype=np.uint8)
    expected = script(torch.from_numpy(image.transpose(2, 0, 1)[None].astype(np.float32)), no_output_bias=True)
    made = network(home)
    logits = made([image]).logits
    assert logits is not None and made.classes == 10
    assert torch.softmax(torch.from_numpy(logits), 1).numpy() == pytest.approx(expected.detach().numpy(), abs=1e-6)


@pytest.mark.parametrize("size", [1, 3, 16])
def test_features_do_not_depend_on_the_batch(home: Path, size: int) -> None:
    found = extract(FolderImages(home / "pictures"), network(home), batch=size).sample.features
    expected = extract(FolderImages(home / "pictures"), network(home), batch=5).sample.features
    assert np.array_equal(found, expected)


def test_a_script_without_a_classifier_has_no_classes(tmp_path: Path) -> None:
    whole = Script()
    del whole.output
    headless = torch.jit.trace(Headless(whole.layers), torch.zeros(1, 3, 299, 299))
    headless.save(str(tmp_path / "a.pt"))
    made = clean.load(tmp_path / "a.pt", pin(tmp_path / "a.pt"))
    assert made.classes is None and made([np.zeros((4, 4, 3), np.uint8)]).logits is None


class Headless(torch.nn.Module):
    def __init__(self, layers: torch.nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


def refused(path: Path) -> str:
    with pytest.raises(BadInput) as error:
        clean.load(path, pin(path))([np.zeros((4, 4, 3), np.uint8)])
    assert "\n" not in str(error.value) and path.name in str(error.value)
    return str(error.value)


def test_what_is_no_such_script_is_refused_and_never_unpickled(tmp_path: Path) -> None:
    sys.modules.pop("antigravity", None)
    save_code(tmp_path / "evil.pt")
    (tmp_path / "text.pt").write_text("hello")
    save_script(tmp_path / "cut.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "cut.pt").read_bytes()[:-500])
    for name, why in (
        ("evil.pt", "an archive of something else"),
        ("text.pt", "no file of torch's"),
        ("cut.pt", "cut off"),
    ):
        text = refused(tmp_path / name)
        assert f"is no TorchScript: it is {why}" in text and "miniz" not in text and "seei" not in text
    assert "antigravity" not in sys.modules
    save_script(tmp_path / "narrow.pt", features=64)
    assert "gives 64 features, not 2048" in refused(tmp_path / "narrow.pt")
