"""Weights are held to their sha256 before they are read; every refusal names the file, the digest and the fix."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch

from tts_bench.errors import BadInput
from tts_bench.features import clean, fidelity
from tts_bench.features.weights import Published, find_weights, place

CONTENT = b"weights"
PUBLISHED = Published("a.pt", "https://example.org/a.pt", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints" / "a.pt"


def refused(weights: Path | None, revision: str | None = None) -> str:
    with pytest.raises(BadInput) as error:
        find_weights(PUBLISHED, weights, revision)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_published_file_is_taken_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "renamed.pt").write_bytes(CONTENT)
    found = find_weights(PUBLISHED, tmp_path / "renamed.pt", None)
    assert (found.path, found.sha256) == (tmp_path / "renamed.pt", PUBLISHED.sha256)


def test_a_missing_file_is_named_with_where_to_get_it(tmp_path: Path) -> None:
    text = refused(tmp_path / "none.pt")
    assert "none.pt" in text and PUBLISHED.url in text and PUBLISHED.sha256 in text


def test_one_changed_byte_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(CONTENT[:-1])
    text = refused(tmp_path / "a.pt")
    assert "a.pt" in text and PUBLISHED.sha256 in text and hashlib.sha256(CONTENT[:-1]).hexdigest() in text


def test_weights_of_ones_own_are_named_by_their_digest(tmp_path: Path) -> None:
    (tmp_path / "own.pt").write_bytes(b"own")
    digest = hashlib.sha256(b"own").hexdigest()
    assert find_weights(PUBLISHED, tmp_path / "own.pt", f"sha256:{digest}").sha256 == digest
    assert digest in refused(tmp_path / "own.pt", "sha256:" + "0" * 64)
    assert "64 hex digits" in refused(tmp_path / "own.pt", "main")
    assert "of your own" in refused(None, f"sha256:{digest}")


def test_without_a_file_the_published_one_is_fetched_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def download(url: str, to: str, hash_prefix: str, progress: bool) -> None:
        asked.append((url, hash_prefix))
        Path(to).write_bytes(CONTENT)

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    assert find_weights(PUBLISHED, None, None) == find_weights(PUBLISHED, None, None)
    assert asked == [(PUBLISHED.url, PUBLISHED.sha256)]
    cache.write_bytes(b"rotten")
    assert "checkpoints/a.pt" in refused(None)


@pytest.mark.parametrize("error", [OSError("no route\nto host"), RuntimeError("invalid hash value")])
def test_no_network_is_one_line_and_leaves_nothing(
    cache: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def download(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    text = refused(None)
    assert PUBLISHED.url in text and PUBLISHED.sha256 in text and "--weights" in text and not cache.exists()


def test_the_digests_are_those_that_the_names_and_the_caches_know() -> None:
    """torch.hub's convention puts the first eight digits of the sha256 into the name."""
    assert fidelity.PUBLISHED.sha256.startswith(fidelity.PUBLISHED.name[-12:-4])
    assert {len(published.sha256) for published in (clean.PUBLISHED, fidelity.PUBLISHED)} == {64}


def test_a_device_that_is_not_there_is_one_line() -> None:
    with pytest.raises(BadInput, match=r"--device = 'cuda:99'") as error:
        place("cuda:99")
    assert "\n" not in str(error.value)
