"""Files of others are held to a digest, a commit or nothing that moves; a refusal names file, key, value and fix."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable
from http.client import IncompleteRead
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import httpx2
import pytest
import torch
from huggingface_hub.errors import GatedRepoError, HFValidationError, LocalEntryNotFoundError, RevisionNotFoundError

from tts_bench import keys
from tts_bench.errors import BadInput, MachineFailed, NeedsFiles, ServiceFailed, TtsBenchError
from tts_bench.features import clean, fidelity
from tts_bench.origin import Hub, Published, at_commit, check_parts, digest, find_file, held, parts_digest

CONTENT = b"weights"
PUBLISHED = Published("a.pt", "https://example.org/a.pt", hashlib.sha256(CONTENT).hexdigest())
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PARTS = ("model_index.json", "vae", "tokenizer")


def line(error: pytest.ExceptionInfo[Exception]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


# -- on this machine -----------------------------------------------------------------------------------------------


def pipeline(folder: Path) -> Path:
    for name in ("model_index.json", "vae/config.json", "vae/w.safetensors", "tokenizer/merges.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_the_digest_of_a_folder_is_what_published_cards_have(tmp_path: Path) -> None:
    """By hand: names and sha256 of configs and weights, in order; a text counts for a pipeline alone."""
    folder = pipeline(tmp_path)
    names = "vae/config.json", "vae/w.safetensors"
    kept = [[name, hashlib.sha256((folder / name).read_bytes()).hexdigest()] for name in names]
    index = ["model_index.json", hashlib.sha256(b"model_index.json").hexdigest()]
    assert digest(folder) == keys.digest([index, *kept])
    assert digest(folder, deep=False) == keys.digest([index])
    assert digest(folder / "model_index.json") == index[1]


def test_a_pipeline_is_known_by_its_parts_and_by_nothing_beside_them(tmp_path: Path) -> None:
    first, second = pipeline(tmp_path / "a"), pipeline(tmp_path / "b")
    (second / "safety_checker").mkdir()
    (second / "safety_checker" / "config.json").write_text("{}")
    (second / "vae" / "README.md").write_text("nothing that is read")
    assert parts_digest(first, PARTS) == parts_digest(second, PARTS[::-1])
    (second / "tokenizer" / "merges.txt").write_text("another")
    assert parts_digest(first, PARTS) != parts_digest(second, PARTS)
    check_parts(first, PARTS, "model flux")
    with pytest.raises(BadInput, match=r"part of model flux = 'scheduler': is missing; needed are vae, scheduler"):
        check_parts(first, ("vae", "scheduler"), "model flux")


def test_a_pin_is_sha256_and_64_digits_and_must_hold(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(CONTENT)
    found = digest(tmp_path / "a.pt")
    assert held(found, None, tmp_path, "model x") == held(found, f"sha256:{found}", tmp_path, "model x") == found
    for pin in (found, "main", f"sha256:{found[:-1]}", f"sha256:{found.upper()}"):
        with pytest.raises(BadInput, match="model x: revision = .*sha256:<64 hex"):
            held(found, pin, tmp_path, "model x")
    with pytest.raises(BadInput, match=f"sha256 = '{found}': is not sha256:0000"):
        held(found, "sha256:" + "0" * 64, tmp_path / "a.pt", "model x")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "a.pt"
    file.write_bytes(CONTENT)
    before = digest(file)
    file.write_bytes(CONTENT[:-1])
    assert digest(file) == hashlib.sha256(CONTENT[:-1]).hexdigest() != before
    file.unlink()
    with pytest.raises(BadInput, match=r"file = 'a.pt': cannot be read"):
        digest(file)


# -- at the hub ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("repo", "commit"), [("o/n", None), ("o/n", "main"), ("o/n", COMMIT[:7]), ("./x", COMMIT)])
@pytest.mark.parametrize("kind", [BadInput, NeedsFiles])
def test_a_place_of_the_hub_that_can_move_is_refused(repo: str, commit: str | None, kind: type[BadInput]) -> None:
    with pytest.raises(kind, match="model x: weights = .*a branch can move.*; give a folder") as error:
        at_commit(repo, commit, "model x", "a folder", kind)
    line(error)
    assert at_commit("o/n", COMMIT, "model x", "a folder") == Hub("o/n", COMMIT)


def asks(monkeypatch: pytest.MonkeyPatch, answer: Callable[..., Any]) -> None:
    monkeypatch.setattr("huggingface_hub.snapshot_download", answer)


def raising(error: Exception) -> Callable[..., Any]:
    def ask(*_: object, **__: object) -> None:
        raise error

    return ask


def response(status: int) -> httpx2.Response:
    return httpx2.Response(status, request=httpx2.Request("GET", "https://example.org"))


FAILURES = [
    (ConnectionError("no\nroute"), ServiceFailed, "no route"),
    (LocalEntryNotFoundError("not in the cache"), ServiceFailed, "run the same command again"),
    (RevisionNotFoundError("404", response=response(404)), BadInput, "no such repository or commit"),
    (HFValidationError("bad id"), BadInput, "no such repository or commit"),
    (GatedRepoError("403", response=response(403)), BadInput, "accepted its terms"),
    (OSError(errno.ENOSPC, "No space left"), MachineFailed, "mend that"),
]


@pytest.mark.parametrize(("error", "kind", "text"), FAILURES)
def test_what_the_network_does_not_give_can_be_asked_again_and_a_wrong_name_cannot(
    monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[TtsBenchError], text: str
) -> None:
    asks(monkeypatch, raising(error))
    with pytest.raises(kind, match=text) as failed:
        Hub("o/n", COMMIT).fetch(["*.json"])
    assert f"'o/n@{COMMIT}'" in line(failed)


def test_a_repository_without_a_file_that_is_needed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asks(monkeypatch, lambda repo, revision, allow_patterns: str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    hub = Hub("o/n", COMMIT)
    assert hub.fetch(["*.json"], ["config.json"]) == tmp_path
    with pytest.raises(BadInput, match="has no model.safetensors"):
        hub.fetch(["*"], ["config.json", "model.safetensors"])
    with pytest.raises(BadInput, match="has no weights in vae"):
        hub.weights("vae")


# -- at an address -------------------------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints" / "a.pt"


def refused(weights: Path | None, pin: str | None = None, kind: type[TtsBenchError] = BadInput) -> str:
    with pytest.raises(kind) as error:
        find_file(PUBLISHED, weights, pin, "features x")
    return line(error)


def test_the_published_file_is_taken_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "renamed.pt").write_bytes(CONTENT)
    found = find_file(PUBLISHED, tmp_path / "renamed.pt", None, "features x")
    assert (found.path, found.sha256) == (tmp_path / "renamed.pt", PUBLISHED.sha256)


def test_a_missing_file_is_named_with_where_to_get_it(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pt", Path("a" * 5000)):
        text = refused(path)
        assert "no such file" in text and PUBLISHED.url in text and PUBLISHED.sha256 in text
    assert "is a folder" in refused(tmp_path)


def test_one_changed_byte_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(CONTENT[:-1])
    text = refused(tmp_path / "a.pt")
    assert "a.pt" in text and PUBLISHED.sha256 in text and hashlib.sha256(CONTENT[:-1]).hexdigest() in text
    assert "weights of your own are pinned: --weights x=FILE@sha256:<" in text


def test_weights_of_ones_own_are_named_by_their_digest(tmp_path: Path) -> None:
    (tmp_path / "own.pt").write_bytes(b"own")
    own = hashlib.sha256(b"own").hexdigest()
    assert find_file(PUBLISHED, tmp_path / "own.pt", f"sha256:{own}", "features x").sha256 == own
    assert own in refused(tmp_path / "own.pt", "sha256:" + "0" * 64)
    assert "64 hex digits" in refused(tmp_path / "own.pt", "main")
    assert "of your own" in refused(None, f"sha256:{own}")
    assert "sha256: and 64 hex digits" in refused(tmp_path / "own.pt@sha256:12")


def test_without_a_file_the_published_one_is_fetched_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def download(url: str, to: str, hash_prefix: str, progress: bool) -> None:
        asked.append((url, hash_prefix))
        Path(to).write_bytes(CONTENT)

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    first, second = (find_file(PUBLISHED, None, None, "features x") for _ in range(2))
    assert first == second and asked == [(PUBLISHED.url, PUBLISHED.sha256)]
    cache.write_bytes(b"rotten")
    assert "checkpoints/a.pt" in refused(None)


DOWNLOADS = [
    (URLError("no route\nto host"), ServiceFailed, "connect and run the same command again"),
    (IncompleteRead(b"x", 9), ServiceFailed, "connect and run the same command again"),
    (HTTPError("u", 503, "busy", None, None), ServiceFailed, "503"),  # type: ignore[arg-type]
    (HTTPError("u", 404, "gone", None, None), BadInput, "is not there"),  # type: ignore[arg-type]
    (RuntimeError("invalid hash value"), BadInput, "is not what was published"),
    (OSError(errno.ENOSPC, "No space left"), MachineFailed, "mend that"),
]


@pytest.mark.parametrize(("error", "kind", "text"), DOWNLOADS)
def test_a_download_fails_in_one_line_and_leaves_nothing(
    cache: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[TtsBenchError], text: str
) -> None:
    monkeypatch.setattr(torch.hub, "download_url_to_file", raising(error))
    found = refused(None, kind=kind)
    assert text in found and "a.pt" in found and not cache.exists()
    assert kind is MachineFailed or "give it: --weights x=FILE" in found


def test_the_digests_are_those_that_the_names_and_the_caches_know() -> None:
    """torch.hub's convention puts the first eight digits of the sha256 into the name."""
    assert fidelity.PUBLISHED.sha256.startswith(fidelity.PUBLISHED.name[-12:-4])
    assert {len(published.sha256) for published in (clean.PUBLISHED, fidelity.PUBLISHED)} == {64}
