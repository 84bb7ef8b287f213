"""Statistics in everybody's format are read as they were written; nothing else is, and no code in them runs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.features.inception import save_code
from tts_bench.errors import BadInput
from tts_bench.keys import file_digest
from tts_bench.metrics.reference import is_statistics, read_statistics, write_statistics
from tts_bench.metrics.sample import Reference, moments
from tts_bench.types import Json

D = 6
CARD: dict[str, Json] = {"features": "clean", "version": 1, "weights": "a"}
FEATURES = np.random.default_rng(0).standard_normal((20, D)).astype(np.float32)
MEAN, COVARIANCE = FEATURES.mean(0), np.cov(FEATURES, rowvar=False)
IMAGES = np.zeros((2, 4, 4, 3), np.uint8)


def by_clean_fid(path: Path) -> None:
    np.savez(path, mu=MEAN, sigma=COVARIANCE)


def by_adm(path: Path) -> None:
    np.savez(path, IMAGES, mu=MEAN, sigma=COVARIANCE, mu_s=np.zeros(9), sigma_s=np.eye(9))


def by_torch_fidelity(path: Path) -> None:
    from torch_fidelity.metric_fid import fid_features_to_statistics

    torch.save(fid_features_to_statistics(torch.from_numpy(FEATURES)), path)


def by_tensors(path: Path) -> None:
    torch.save({"mu": torch.from_numpy(MEAN), "sigma": torch.from_numpy(COVARIANCE)}, path)


def by_us(path: Path) -> None:
    write_statistics(path, Reference(moments(FEATURES), FEATURES, FEATURES[:, :2]), CARD, "b" * 64)


WRITERS = {"a.npz": by_clean_fid, "b.npz": by_adm, "c.pt": by_torch_fidelity, "d.pt": by_tensors, "e.npz": by_us}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_moments_and_its_digest(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    assert is_statistics(tmp_path / name)
    found = read_statistics(tmp_path / name, CARD, D)
    assert found.reference.moments.mean == pytest.approx(MEAN, abs=1e-6)
    assert found.reference.moments.covariance == pytest.approx(COVARIANCE, abs=1e-6)
    assert found.card["statistics"] == file_digest(tmp_path / name)
    assert found.images == (name == "b.npz")
    assert (found.reference.features is not None) == (name == "e.npz")


def test_ours_hold_features_and_the_network_they_come_from(tmp_path: Path) -> None:
    by_us(tmp_path / "a.npz")
    found = read_statistics(tmp_path / "a.npz", CARD, D)
    assert found.reference.moments.n == 20 and found.card["n"] == 20
    assert np.array_equal(found.reference.features, FEATURES) and found.reference.logits.shape == (20, 2)
    assert found.card["taken"] == {"network": CARD, "pixels": "b" * 64}
    with pytest.raises(BadInput, match="another network or other weights"):
        read_statistics(tmp_path / "a.npz", {**CARD, "weights": "b"}, D)
    by_us(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def refused(path: Path, dimension: int = D) -> str:
    with pytest.raises(BadInput) as error:
        read_statistics(path, CARD, dimension)
    assert "\n" not in str(error.value) and path.name in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", WRITERS)
def test_statistics_of_another_dimension_are_refused(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    assert "dimension = 6: " in refused(tmp_path / name, 2048) and "2048" in refused(tmp_path / name, 2048)


def test_a_pt_that_holds_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    sys.modules.pop("antigravity", None)
    save_code(tmp_path / "evil.pt")
    assert "code, which is never run" in refused(tmp_path / "evil.pt")
    assert "antigravity" not in sys.modules


LOPSIDED = COVARIANCE + np.eye(D, k=1) * 1e-3
WRONG = {
    "no sigma": {"mu": MEAN},
    "no mu": {"sigma": COVARIANCE},
    "flat sigma": {"mu": MEAN, "sigma": COVARIANCE[0]},
    "other sigma": {"mu": MEAN, "sigma": np.eye(D + 1)},
    "NaN": {"mu": np.array([np.nan] * D), "sigma": COVARIANCE},
    "infinity": {"mu": MEAN, "sigma": COVARIANCE + np.diag([np.inf] + [0] * (D - 1))},
    "not symmetric": {"mu": MEAN, "sigma": LOPSIDED},
    "negative variance": {"mu": MEAN, "sigma": -np.eye(D)},
    "text": {"mu": MEAN.astype(str), "sigma": COVARIANCE},
    "objects": {"mu": MEAN.astype(object), "sigma": COVARIANCE},
    "card of nothing": {"mu": MEAN, "sigma": COVARIANCE, "n": np.array(20), "card": np.array("{}")},
    "card without n": {"mu": MEAN, "sigma": COVARIANCE, "card": np.array("{}")},
    "other features": {
        "mu": MEAN, "sigma": COVARIANCE, "card": np.array("{}"), "n": np.array(19), "features": FEATURES
    },
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_covariance_is_refused(tmp_path: Path, name: str) -> None:
    np.savez(tmp_path / "x.npz", **WRONG[name])
    refused(tmp_path / "x.npz")


@pytest.mark.parametrize("content", [{}, {"mu": MEAN}, [1], {"mu": {}, "sigma": COVARIANCE}, torch.zeros(3)])
def test_a_pt_of_something_else_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "x.pt")
    refused(tmp_path / "x.pt")


def test_what_float32_leaves_of_symmetry_is_symmetric_enough(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).uniform(-1, 1, (D, D)) * 1e-8
    np.savez(tmp_path / "x.npz", mu=MEAN, sigma=(COVARIANCE + noise).astype(np.float32))
    found = read_statistics(tmp_path / "x.npz", CARD, D).reference.moments.covariance
    assert np.array_equal(found, found.T)


def test_images_are_no_statistics(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", IMAGES)
    assert not is_statistics(tmp_path / "x.npz")
