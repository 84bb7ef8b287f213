"""Oracle-IS against torchvision's own network, fed by torchvision's own transforms."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image as Picture
from torchvision.models import inception_v3
from torchvision.transforms import v2

from tests.features.inception import save_code
from tests.scorers.tiny import inception, made, pictures, real
from tts_bench.errors import BadInput
from tts_bench.features import fidelity
from tts_bench.keys import file_digest
from tts_bench.scorers import oracle_fid, oracle_is
from tts_bench.scorers.pixels import OF_IMAGENET
from tts_bench.types import Prompt


def their_probabilities() -> torch.Tensor:
    path, _ = inception()
    network = inception_v3(weights=None, init_weights=False, transform_input=True)
    network.load_state_dict(torch.load(path, weights_only=True))
    prepare = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(*OF_IMAGENET)])
    shown = [Picture.fromarray(image).resize((299, 299), Picture.Resampling.BICUBIC) for image in pictures(2)]
    with torch.no_grad():
        return network.eval()(torch.stack([prepare(one) for one in shown])).softmax(dim=1)


def test_it_is_the_probability_of_torchvisions_network() -> None:
    expected = their_probabilities()
    best = int(expected[1].argmax())
    wrong = 4 if best == 3 else 3
    asked = [Prompt("a", "", label=3), Prompt("b", "", label=best), Prompt("c", "", label=wrong), Prompt("d", "none")]
    first, second = pictures(2)
    found = made("oracle_is").score([first, second, second, second], asked, ["a", "b", "c", "d"])
    for values, row, label in zip(found, (0, 1, 1), (3, best, wrong), strict=False):
        assert values["probability"] == pytest.approx(float(expected[row, label]), rel=1e-3)
    assert expected[1, best] > 2 / 1000
    assert (found[1]["accuracy"], found[2]["accuracy"]) == (1.0, 0.0)
    assert found[3] == {"probability": None, "accuracy": None}


def test_the_default_is_the_published_file_and_named_without_it() -> None:
    digest = oracle_is.PUBLISHED.sha256
    assert oracle_is.load().card["weights"] == digest and digest.startswith(oracle_is.PUBLISHED.name[-12:-4])
    path, revision = inception()
    assert f"sha256:{oracle_is.load(path, revision).card['weights']}" == revision


def test_a_card_without_its_file_is_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "absent.pth"
    for scorer in (oracle_is.load(missing), oracle_fid.load(lambda _: fidelity.load(missing), lambda _: real())):
        with pytest.raises(BadInput, match=r"weights = .*: no such file that can be read; get http") as e:
            _ = scorer.card
        assert "\n" not in str(e.value)


def refused(path: Path, revision: str | None = None) -> str:
    with pytest.raises(BadInput) as error:
        assert oracle_is.load(path, revision).network
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_file_with_code_of_another_network_or_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    assert "no such file" in refused(path)
    code = save_code(path)
    assert "is not sha256:0cc3c7bd" in refused(path)
    assert "code is never run" in refused(path, f"sha256:{code}")
    torch.save({"fc.weight": torch.zeros(1000, 2048)}, path)
    assert "Conv2d_1a_3x3" in refused(path, f"sha256:{file_digest(path)}")
    torch.save([torch.zeros(1)], path)
    assert "no state dict" in refused(path, f"sha256:{file_digest(path)}")
