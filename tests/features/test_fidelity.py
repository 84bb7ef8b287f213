"""torch-fidelity's features, streamed: the same numbers as its own, whatever the batch; and its loader made safe."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.features.inception import pin, random_inception, save_code, save_images
from tts_bench.errors import BadInput
from tts_bench.features import fidelity
from tts_bench.features.folder import FolderImages
from tts_bench.features.stream import extract


@pytest.fixture(scope="module")
def network() -> fidelity.Fidelity:
    return fidelity.load(*random_inception())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_images(tmp_path_factory.mktemp("fidelity") / "pictures", 6, seed=1, side=(30, 50))


def theirs(folder: Path) -> dict[str, torch.Tensor]:
    from torch_fidelity.utils import create_feature_extractor, extract_featuresdict_from_input_id

    weights, _ = random_inception()
    options = {"cuda": False, "verbose": False, "save_cpu_ram": True, "batch_size": 4}
    layers = ["2048", "logits_unbiased"]
    extractor = create_feature_extractor(
        "inception-v3-compat", layers, feature_extractor_weights_path=str(weights), **options
    )
    return extract_featuresdict_from_input_id(1, extractor, input1=str(folder), **options)


def test_streamed_features_and_logits_are_torch_fidelitys(network: fidelity.Fidelity, pictures: Path) -> None:
    found, expected = extract(FolderImages(pictures), network, batch=4).sample, theirs(pictures)
    assert found.features == pytest.approx(expected["2048"].numpy(), abs=1e-5)
    assert found.logits == pytest.approx(expected["logits_unbiased"].numpy(), abs=1e-4)
    assert np.ptp(found.features, axis=0).max() > 0.01  # the images do not all look the same to it
    assert found.logits is not None and found.logits.shape == (6, network.classes)


def test_features_do_not_depend_on_the_batch_nor_on_the_sizes_in_it(network: fidelity.Fidelity) -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (*side, 3), dtype=np.uint8) for side in ((8, 8), (9, 5), (8, 8), (20, 20))]
    one_by_one = [network([image]) for image in images]
    for size in (3, 4):
        together = network(images[:size])
        for i, alone in enumerate(one_by_one[:size]):
            assert together.features[i] == pytest.approx(alone.features[0], abs=1e-5)
            assert together.logits is not None and alone.logits is not None
            assert together.logits[i] == pytest.approx(alone.logits[0], abs=1e-4)


def test_a_pt_that_holds_code_is_refused_before_torch_fidelity_sees_it(tmp_path: Path) -> None:
    sys.modules.pop("antigravity", None)
    digest = save_code(tmp_path / "evil.pth")
    with pytest.raises(BadInput, match=r"evil\.pth.*code is never run") as refused:
        fidelity.load(tmp_path / "evil.pth", f"sha256:{digest}")([np.zeros((8, 8, 3), np.uint8)])
    assert "\n" not in str(refused.value) and "antigravity" not in sys.modules


def test_the_trap_is_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: torch-fidelity's own loading runs that code."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    monkeypatch.setattr("webbrowser.open", lambda *_: True)
    save_code(tmp_path / "evil.pth")
    with pytest.raises(RuntimeError):
        FeatureExtractorInceptionV3("x", ["2048"], feature_extractor_weights_path=str(tmp_path / "evil.pth"))
    assert sys.modules.pop("antigravity", None) is not None


@pytest.mark.parametrize("state", [{"fc.weight": torch.zeros(3)}, [torch.zeros(3)], {"a": 1}, {}])
def test_tensors_of_another_network_are_refused(tmp_path: Path, state: object) -> None:
    path = tmp_path / "other.pth"
    torch.save(state, path)
    with pytest.raises(BadInput, match=r"other\.pth.*state dict") as refused:
        fidelity.load(path, pin(path))([np.zeros((8, 8, 3), np.uint8)])
    assert "\n" not in str(refused.value)


def test_it_is_made_and_described_without_loading_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    made = fidelity.load(*random_inception())
    monkeypatch.setattr(torch, "load", None)
    assert made.card["weights"] == random_inception()[1].removeprefix("sha256:")
    assert (made.dimension, made.classes) == (2048, 1008)
