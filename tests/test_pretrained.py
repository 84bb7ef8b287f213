"""Networks of others: pinned or refused, known by their content, and loaded whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.scorers.tiny import save_clip, save_dinov2
from tts_bench.errors import BadInput, ServiceFailed
from tts_bench.pretrained import Pretrained
from tts_bench.scorers import clip, dino_linear_head, dino_self_supervised, siglip_self_supervised

DEFAULTS = [clip.CLIP, dino_self_supervised.NETWORK, siglip_self_supervised.NETWORK]
HEAD = dino_linear_head.HEAD
READER = replace(clip.CLIP, reads_text=True)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_dinov2(tmp_path_factory.mktemp("dino"))


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def refused(network: Pretrained, weights: Path | None, revision: str | None = None) -> str:
    def use() -> None:
        source = network.find(weights, revision)
        assert source.identity
        source.load("cpu")

    with pytest.raises(BadInput) as error:
        use()
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_folder_is_known_by_names_and_content_and_not_by_its_place(folder: Path, copy: Path) -> None:
    first = HEAD.find(folder, None).identity
    assert HEAD.find(copy, None).identity == first and len(first) == 64
    assert HEAD.find(copy, f"sha256:{first}").identity == first
    (copy / "README.md").write_text("nothing that is read")
    assert HEAD.find(copy, None).identity == first
    (copy / "adapter_config.json").write_text("{}")
    assert HEAD.find(copy, None).identity != first
    assert "is not sha256:" in refused(HEAD, copy, f"sha256:{first}")
    assert "64 hex" in refused(HEAD, copy, COMMIT)


def test_one_changed_weight_is_another_network(folder: Path, copy: Path) -> None:
    first = HEAD.find(folder, None).identity
    content = bytearray((copy / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (copy / "model.safetensors").write_bytes(content)
    assert HEAD.find(copy, None).identity != first


@pytest.mark.parametrize("network", DEFAULTS, ids=lambda network: network.hub_id)
def test_the_default_is_a_commit_of_the_hub_and_costs_nothing_to_name(network: Pretrained) -> None:
    assert network.find(None, None).identity == f"{network.hub_id}@{network.commit}"
    assert network.find(None, COMMIT).identity == f"{network.hub_id}@{COMMIT}"
    assert network.find(Path(network.hub_id), None).identity == f"{network.hub_id}@{network.commit}"


@pytest.mark.parametrize(
    ("weights", "revision"),
    [("owner/name", None), ("owner/name", "main"), ("owner/name@main", None), ("owner/name", COMMIT[:7]),
     ("./nowhere", None), ("a/b/c", COMMIT), (None, "main")],
)  # fmt: skip
def test_a_place_that_is_not_there_or_can_move_is_refused(weights: str | None, revision: str | None) -> None:
    text = refused(clip.CLIP, Path(weights) if weights else None, revision)
    assert "40 hex digits of a commit" in text and "a branch can move" in text


def test_a_head_without_a_known_commit_says_what_to_write() -> None:
    given = "--weights dino_linear_head=FOLDER or dino_linear_head=facebook/dinov2-large-imagenet1k-1-layer@<40 hex"
    assert given in refused(HEAD, None)
    assert HEAD.find(Path(HEAD.hub_id), COMMIT).identity == f"{HEAD.hub_id}@{COMMIT}"


def test_a_folder_that_lacks_something_is_refused_by_the_name_of_the_file(copy: Path, tmp_path: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    text = refused(HEAD, copy)
    assert "'model.safetensors'" in text and "no pickle is read" in text and str(tmp_path) in text
    (copy / "config.json").unlink()
    assert "'config.json'" in refused(HEAD, copy)


def test_a_network_that_reads_needs_its_tokenizer(tmp_path: Path) -> None:
    save_clip(tmp_path)
    assert READER.find(tmp_path, None).tokenizer()("a")["input_ids"]
    (tmp_path / "vocab.json").unlink()
    assert "'vocab.json'" in refused(READER, tmp_path)
    assert clip.CLIP.find(tmp_path, None).identity
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(BadInput, match="file = 'tokenizer'"):
        READER.find(tmp_path, None).tokenizer()


@pytest.mark.parametrize("config", ['{"model_type": "bert"}', "[]", "{"])
def test_a_config_of_something_else_is_refused(copy: Path, config: str) -> None:
    (copy / "config.json").write_text(config)
    text = refused(HEAD, copy)
    assert "config.json" in text and ("must be 'dinov2'" in text or "no JSON" in text)


def test_weights_that_are_broken_or_not_all_there_are_refused_and_not_made_up(copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    given = load_file(copy / "model.safetensors")
    bias = given.pop("classifier.bias")
    save_file(given, copy / "model.safetensors", {"format": "pt"})
    assert "classifier.bias" in refused(HEAD, copy)
    save_file({**given, "classifier.bias": bias[:-1].clone()}, copy / "model.safetensors", {"format": "pt"})
    assert "model.safetensors" in refused(HEAD, copy)
    (copy / "model.safetensors").write_bytes(b"x" * 64)
    assert "cannot be loaded" in refused(HEAD, copy)


def test_loading_leaves_the_generator_and_the_screen_alone(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = torch.get_rng_state()
    network = dino_self_supervised.NETWORK.find(folder, None).load("cpu")  # the head is left out, which is reported
    assert torch.equal(torch.get_rng_state(), before)
    assert not network.training and not any(weight.requires_grad for weight in network.parameters())
    assert capfd.readouterr().err == ""


def test_the_hub_is_asked_for_the_commit_at_the_first_use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def download(repo: str, revision: str, allow_patterns: list[str]) -> str:
        asked.append((repo, revision, *allow_patterns))
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    source = HEAD.find(Path("owner/name"), COMMIT)
    assert source.identity == f"owner/name@{COMMIT}" and not asked
    assert source.load("cpu").num_labels == 1000
    assert asked == [("owner/name", COMMIT, "config.json", "model.safetensors")]


def test_a_hub_out_of_reach_is_a_service_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_: object, **__: object) -> str:
        raise OSError("no\nroute")

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    with pytest.raises(ServiceFailed, match="no route"):
        clip.CLIP.find(None, None).load("cpu")


def test_making_every_scorer_imports_nothing_heavy(folder: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from tts_bench.scorers import clip_zero_shot, clip_self_supervised, dino_self_supervised\n"
        "from tts_bench.scorers import siglip_self_supervised, dino_linear_head, oracle_is, oracle_fid\n"
        "made = [m.load() for m in (clip_zero_shot, clip_self_supervised, dino_self_supervised, "
        "siglip_self_supervised, oracle_is)]\n"
        "cards = [scorer.card for scorer in made + [dino_linear_head.load(Path(sys.argv[1]))]]\n"
        "heavy = {'torch', 'transformers', 'torchvision', 'open_clip', 'huggingface_hub', 'scipy'}\n"
        "sys.exit(', '.join(sorted(set(sys.modules) & heavy)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, folder], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_network_made_up_where_its_weights_are_missing_is_caught(copy: Path) -> None:
    """What transformers does when it is not asked what is missing."""
    from safetensors.torch import load_file, save_file
    from transformers import Dinov2ForImageClassification

    given = load_file(copy / "model.safetensors")
    del given["classifier.weight"]
    save_file(given, copy / "model.safetensors", {"format": "pt"})
    assert Dinov2ForImageClassification.from_pretrained(copy).classifier.weight.isfinite().all()
    assert "classifier.weight" in refused(HEAD, copy)
