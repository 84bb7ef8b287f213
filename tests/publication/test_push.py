"""Pushing to the hub, which is a fake one here: private unless told, by the environment's token, never shown."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import huggingface_hub
import pytest
from typer.testing import CliRunner

from tests.publication.world import results
from tts_bench import cli
from tts_bench.errors import BadInput, ServiceFailed
from tts_bench.publication import push as pushing
from tts_bench.publication.publish import publish

TOKEN = "hf_canary4f1d09Bz77QpL2mVx8Tt"


class Hub:
    """What the calls were; `fails` is raised by the upload, and a dataset that is there keeps its visibility."""

    calls: list[tuple[str, dict[str, Any]]]
    fails: BaseException | None = None
    private: bool | None = None

    def __init__(self, token: str) -> None:
        Hub.calls = [("token", {"token": token})]

    def create_repo(self, repo: str, **given: Any) -> str:
        Hub.calls.append(("create", {"repo": repo, **given}))
        Hub.private = given["private"] if Hub.private is None else Hub.private
        return f"https://hub.example/datasets/{repo}"

    def repo_info(self, repo: str, **given: Any) -> SimpleNamespace:
        return SimpleNamespace(private=Hub.private)

    def upload_folder(self, **given: Any) -> None:
        there = sorted(str(path.relative_to(given["folder_path"])) for path in Path(given["folder_path"]).rglob("*.*"))
        Hub.calls.append(("upload", {**given, "there": there}))
        if Hub.fails is not None:
            raise Hub.fails


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    monkeypatch.setattr(Hub, "fails", None)
    monkeypatch.setattr(Hub, "private", None)
    monkeypatch.setattr(Hub, "calls", [], raising=False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return results(tmp_path_factory.mktemp("push"), 3)


@pytest.mark.parametrize("public", [False, True])
def test_the_folder_is_uploaded_to_a_dataset_that_is_private_unless_told(
    public: bool, folder: Path, tmp_path: Path
) -> None:
    done = publish(folder, tmp_path / "dataset", repo="me/mine", public=public)
    (_, token), (_, made), (_, sent) = Hub.calls
    assert token["token"] == TOKEN and done.address == "https://hub.example/datasets/me/mine"
    assert (made["repo"], made["repo_type"], made["private"]) == ("me/mine", "dataset", not public)
    assert (sent["repo_id"], sent["repo_type"]) == ("me/mine", "dataset")
    assert {"README.md", "data/none.parquet", "results/shapes/none/result.json"} <= set(sent["there"])


def test_nothing_goes_to_a_public_dataset_that_was_not_meant(folder: Path, tmp_path: Path) -> None:
    Hub.private = False
    with pytest.raises(BadInput, match="--public"):
        publish(folder, tmp_path / "dataset", repo="me/mine")
    assert [name for name, _ in Hub.calls] == ["token", "create"]
    with pytest.raises(BadInput, match="--public = True: nothing is pushed: add --repo"):
        publish(folder, tmp_path / "other", public=True)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("repo", ["mine", "me/mine/x", "../mine", "me/ mine", "https://x/y", "", "me/" + "x" * 100])
def test_what_is_no_dataset_of_the_hub_is_refused_before_anything_is_written(
    repo: str, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="--repo"):
        publish(folder, tmp_path / "dataset", repo=repo)
    assert not (tmp_path / "dataset").exists() and Hub.calls == []


@pytest.mark.parametrize("token", [None, "", "  "])
def test_without_a_token_nothing_is_written(
    token: str | None, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN") if token is None else monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(BadInput, match="HF_TOKEN"):
        publish(folder, tmp_path / "dataset", repo="me/mine")
    assert not (tmp_path / "dataset").exists() and Hub.calls == []


CODED = base64.b64encode(TOKEN.encode()).decode()
ERRORS = {
    "refused": lambda: OSError(f"401 for {TOKEN}"),
    "no network": lambda: httpx2.ConnectError(f"cannot reach https://user:{TOKEN}@hub.example"),
    "headers": lambda: RuntimeError(f"Authorization: Bearer {TOKEN}"),
    "encoded": lambda: ValueError(f"Basic {CODED}"),
    "cut": lambda: OSError(f"token {TOKEN[:14]}..."),
}


def failing(kind: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    Hub.fails = ERRORS[kind]()
    flags = ["publish", "--results", str(folder), "--out", str(tmp_path / "dataset"), "--repo", "me/mine"]
    done = CliRunner().invoke(cli.app, flags)
    assert isinstance(done.exception, ServiceFailed) and done.exception.__cause__ is None
    return done.exception.exit_code, f"{done.output} {done.exception!r} {done.exception}"


@pytest.mark.parametrize("kind", ERRORS)
def test_a_hub_that_fails_is_exit_4_and_shows_no_token_in_any_spelling(
    kind: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = failing(kind, folder, tmp_path, monkeypatch)
    assert code == 4 and "run the same command again" in said
    assert not any(part in said for part in (TOKEN, TOKEN[:14], CODED))
    assert (tmp_path / "dataset" / "README.md").exists()
    assert not any(TOKEN.encode() in path.read_bytes() for path in (tmp_path / "dataset").rglob("*") if path.is_file())


def test_with_the_filter_off_the_token_is_seen(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the test."""
    monkeypatch.setattr(pushing.secrets, "redact", lambda text: text)
    assert CODED in failing("encoded", folder, tmp_path, monkeypatch)[1]
