"""DINOv2's class token: a tiny random network against timm's, and the preprocessing against torchvision's."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tts_bench.errors import BadInput, ServiceFailed
from tts_bench.features import dinov2
from tts_bench.keys import file_digest

WIDTH, HEADS, DEPTH, SIDE = 32, 2, 2, 224
FILES = ("config.json", "model.safetensors")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import Dinov2Config, Dinov2Model

    path = tmp_path_factory.mktemp("dinov2")
    config = Dinov2Config(
        hidden_size=WIDTH, num_hidden_layers=DEPTH, num_attention_heads=HEADS, image_size=SIDE, patch_size=14
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Dinov2Model(config)
        for value in network.parameters():
            torch.nn.init.normal_(value, std=0.2)
    network.save_pretrained(path)
    return path


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (60, 41, 3), dtype=np.uint8)


def by_torchvision(image: np.ndarray) -> torch.Tensor:
    """As in the evaluation of Stein et al. 2023."""
    from torchvision.transforms import v2

    steps = v2.Compose([
        v2.Resize((SIDE, SIDE), v2.InterpolationMode.BICUBIC), v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True),
        v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])  # fmt: skip
    return steps(Image.fromarray(image))


def by_timm(folder: Path) -> torch.nn.Module:
    """timm's vision transformer with the same weights under its own names."""
    from safetensors.torch import load_file
    from timm.models.vision_transformer import VisionTransformer

    given, made = load_file(folder / "model.safetensors"), {}
    names = {"norm1": "norm1", "norm2": "norm2", "attn.proj": "attention.output.dense", "mlp.fc1": "mlp.fc1",
             "mlp.fc2": "mlp.fc2"}  # fmt: skip
    for i in range(DEPTH):
        theirs, ours = f"blocks.{i}", f"encoder.layer.{i}"
        for end in ("weight", "bias"):
            made |= {f"{theirs}.{a}.{end}": given[f"{ours}.{b}.{end}"] for a, b in names.items()}
            parts = [given[f"{ours}.attention.attention.{part}.{end}"] for part in ("query", "key", "value")]
            made[f"{theirs}.attn.qkv.{end}"] = torch.cat(parts)
        for n in (1, 2):
            made[f"{theirs}.ls{n}.gamma"] = given[f"{ours}.layer_scale{n}.lambda1"]
    for end in ("weight", "bias"):
        made[f"patch_embed.proj.{end}"] = given[f"embeddings.patch_embeddings.projection.{end}"]
        made[f"norm.{end}"] = given[f"layernorm.{end}"]
    made |= {"cls_token": given["embeddings.cls_token"], "pos_embed": given["embeddings.position_embeddings"]}
    network = VisionTransformer(
        img_size=SIDE, patch_size=14, embed_dim=WIDTH, depth=DEPTH, num_heads=HEADS, num_classes=0, init_values=1.0
    )
    network.load_state_dict(made)
    return network.eval()


def test_features_are_the_class_token_of_timms_network(folder: Path) -> None:
    images = [picture(0), picture(1)[:30], picture(2)]
    with torch.no_grad():
        expected = by_timm(folder)(torch.stack([by_torchvision(image) for image in images])).numpy()
    network = dinov2.load(folder)
    found = network(images)
    assert found.features == pytest.approx(expected, abs=1e-4) and found.logits is None
    assert np.abs(expected[0] - expected[1]).max() > 0.01
    assert (network.dimension, network.classes) == (WIDTH, None)


def test_the_preprocessing_is_that_of_the_paper(folder: Path) -> None:
    assert dinov2.load(folder).prepare(picture()) == pytest.approx(by_torchvision(picture()).numpy(), abs=1e-5)


def test_the_card_is_the_content_not_the_place(folder: Path, tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    assert dinov2.load(tmp_path).card == dinov2.load(folder).card
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 0.1}))
    assert dinov2.load(tmp_path).card != dinov2.load(folder).card


def test_the_card_is_the_one_that_published_results_have(folder: Path) -> None:
    """Written out, so that keys of stores and cards of results stay: the weights' file, and the config as JSON."""
    config = json.loads((folder / "config.json").read_text())
    text = json.dumps(config, sort_keys=True, separators=(",", ":")).encode("ascii")
    assert dinov2.load(folder).card == {
        "features": "dinov2", "version": 1, "config": hashlib.sha256(text).hexdigest(),
        "weights": hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest(),
        "preprocessing": {"to": 224, "by": "PIL bicubic, 8 bits", "normalised": "ImageNet"},
    }  # fmt: skip


def test_loading_takes_float32_and_leaves_the_generator_alone(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    half = {name: value.half() for name, value in load_file(folder / "model.safetensors").items()}
    save_file(half, tmp_path / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text()) | {"dtype": "float16"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    before = torch.get_rng_state()
    found = dinov2.load(tmp_path)._network
    assert torch.equal(torch.get_rng_state(), before)
    assert {value.dtype for value in found.parameters()} == {torch.float32}


def refused(weights: Path | None, revision: str | None = None) -> str:
    made = dinov2.load(weights, revision)
    with pytest.raises(BadInput) as error:
        _ = made.card, made([picture()])
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_folder_that_lacks_something_is_refused(folder: Path, tmp_path: Path) -> None:
    assert "config.json" in refused(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    assert "model.safetensors" in refused(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"x" * 64)
    assert "must be 'dinov2'" in refused(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "dinov2", "hidden_size": "wide"}')
    with pytest.raises(BadInput, match="hidden_size = 'wide'"):
        _ = dinov2.load(tmp_path).dimension
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    assert "cannot be loaded" in refused(tmp_path)


def test_weights_that_are_not_all_there_are_refused_and_not_made_up(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    given = load_file(folder / "model.safetensors")
    del given["layernorm.weight"]
    save_file(given, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    assert "layernorm.weight" in refused(tmp_path)


def test_a_folder_can_be_pinned_and_a_hub_id_must_be(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = file_digest(folder / "model.safetensors")
    assert dinov2.load(folder, f"sha256:{digest}").card["weights"] == digest
    assert digest in refused(folder, "sha256:" + "0" * 64)
    assert "40 hex digits" in refused(Path("facebook/dinov2-base"))
    assert "40 hex digits" in refused(Path("facebook/dinov2-base"), "main")
    assert "no such folder" in refused(Path("/absent/folder"))


def test_the_default_is_a_pinned_commit_of_the_hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    asked = []

    def download(hub_id: str, revision: str, allow_patterns: list[str]) -> str:
        asked.append((hub_id, revision, *allow_patterns))
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert dinov2.load().card == dinov2.load(folder).card
    assert asked == [("facebook/dinov2-large", dinov2.COMMIT, *FILES)] and len(dinov2.COMMIT) == 40

    def offline(*_: object, **__: object) -> str:
        raise ConnectionError("no\nroute")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(ServiceFailed, match="no route.*run the same command again"):
        _ = dinov2.load().card
