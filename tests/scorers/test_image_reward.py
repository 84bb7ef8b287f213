"""ImageReward against its forward pass written again here, from the authors' own tensors; and ways to differ."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d, gelu, layer_norm, linear, scaled_dot_product_attention

from tests.scorers.asking import TEXTS, ask, check_batches, check_unscored, images, refused, torchvision_clip
from tests.scorers.tiny import OPTIONS, made
from tts_bench.scorers import image_reward
from tts_bench.scorers.image_reward import FILE

MODEL, WORDS = Path("THUDM") / "ImageReward", Path("bert-base-uncased") / "vocab.txt"
CHANGED = 1e-4  # where the port and its reference differ by 1e-6


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(OPTIONS["image_reward"]()["weights"], tmp_path / "weights"))


def heads(x: torch.Tensor, count: int) -> torch.Tensor:
    return x.unflatten(-1, (count, -1)).transpose(-2, -3)


class Again:
    """BLIP and the head, one image and one text at a time, in float64. The settings are ways to get it wrong."""

    def __init__(self, eps: float = 1e-6, causal: bool = False, masked: bool = True, looks: bool = True) -> None:
        folder = OPTIONS["image_reward"]()["weights"]
        state = torch.load(folder / MODEL / FILE, weights_only=True)
        self.state = {name: value.double() if value.is_floating_point() else value for name, value in state.items()}
        self.words = {word: i for i, word in enumerate((folder / WORDS).read_text().split("\n"))}
        self.eps, self.causal, self.masked, self.looks = eps, causal, masked, looks

    def apply(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return linear(x, self.state[f"{name}.weight"], self.state[f"{name}.bias"])

    def norm(self, name: str, x: torch.Tensor, eps: float) -> torch.Tensor:
        return layer_norm(x, x.shape[-1:], self.state[f"{name}.weight"], self.state[f"{name}.bias"], eps)

    def see(self, image: np.ndarray) -> torch.Tensor:
        at, state = "blip.visual_encoder", self.state
        kernel, bias = (state[f"{at}.patch_embed.proj.{part}"] for part in ("weight", "bias"))
        patches = conv2d(torchvision_clip(32)(image).double()[None], kernel, bias, stride=8).flatten(2).mT
        x = torch.cat([state[f"{at}.cls_token"], patches], dim=1) + state[f"{at}.pos_embed"]
        for i in range(2):
            block = f"{at}.blocks.{i}"
            q, k, v = self.apply(f"{block}.attn.qkv", self.norm(f"{block}.norm1", x, self.eps)).chunk(3, dim=-1)
            mixed = scaled_dot_product_attention(heads(q, 2), heads(k, 2), heads(v, 2))
            x = x + self.apply(f"{block}.attn.proj", mixed.transpose(1, 2).flatten(2))
            inner = gelu(self.apply(f"{block}.mlp.fc1", self.norm(f"{block}.norm2", x, self.eps)))
            x = x + self.apply(f"{block}.mlp.fc2", inner)
        return self.norm(f"{at}.norm", x, self.eps)

    def tokens(self, text: str) -> tuple[list[int], list[bool]]:
        """WordPiece of lower-case words, marks apart, longest first; cut and filled up to 35."""
        found = []
        for word in re.findall(r"[a-z0-9]+|[^\sa-z0-9]", text.lower()):
            start, pieces = 0, []
            while start < len(word):
                ends = range(len(word), start, -1)
                end = next(end for end in ends if ("##" * (start > 0) + word[start:end]) in self.words)
                pieces.append(self.words["##" * (start > 0) + word[start:end]])
                start = end
            found += pieces
        found = [self.words["[CLS]"], *found[:33], self.words["[SEP]"]]
        return found + [0] * (35 - len(found)), [i < len(found) for i in range(35)]

    def attend(self, name: str, x: torch.Tensor, to: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        q, k, v = (self.apply(f"{name}.self.{part}", y) for part, y in (("query", x), ("key", to), ("value", to)))
        mixed = scaled_dot_product_attention(heads(q, 3), heads(k, 3), heads(v, 3), attn_mask=mask)
        out = self.apply(f"{name}.output.dense", mixed.transpose(1, 2).flatten(2))
        return self.norm(f"{name}.output.LayerNorm", out + x, 1e-12)

    def read(self, text: str, seen: torch.Tensor) -> torch.Tensor:
        at = "blip.text_encoder"
        ids, known = self.tokens(text)
        words, places = (self.state[f"{at}.embeddings.{kind}_embeddings.weight"] for kind in ("word", "position"))
        x = self.norm(f"{at}.embeddings.LayerNorm", (words[ids] + places[:35])[None], 1e-12)
        mask = torch.tensor(known if self.masked else [True] * 35).expand(35, 35)
        mask = mask.tril() if self.causal else mask
        for i in range(2):
            layer = f"{at}.encoder.layer.{i}"
            x = self.attend(f"{layer}.attention", x, x, mask)
            x = self.attend(f"{layer}.crossattention", x, seen, None) if self.looks else x
            inner = self.apply(f"{layer}.output.dense", gelu(self.apply(f"{layer}.intermediate.dense", x)))
            x = self.norm(f"{layer}.output.LayerNorm", inner + x, 1e-12)
        return x[:, 0]

    def scores(self) -> np.ndarray:
        found = []
        for image, text in zip(images(), TEXTS, strict=True):
            x = self.read(text, self.see(image))
            for place in (0, 2, 4, 6, 7):
                x = self.apply(f"mlp.layers.{place}", x)
            found.append((float(x) - 0.16717362830052426) / 1.0333394966054072)
        return np.array(found)


def test_it_is_what_the_authors_network_gives() -> None:
    found, expected = np.array(ask(made("image_reward")), float), Again().scores()
    apart = np.abs(found - expected).max()
    print(f"\nimage_reward: largest difference {apart:.1e}")
    assert apart < 1e-5 and np.std(expected) > 0.5


@pytest.mark.parametrize("broken", [{"eps": 1e-3}, {"causal": True}, {"masked": False}, {"looks": False}], ids=str)
def test_another_network_is_caught(broken: dict[str, Any]) -> None:
    assert np.abs(Again(**broken).scores() - Again().scores()).max() > CHANGED


def test_the_epsilon_is_the_authors_and_not_that_of_transformers() -> None:
    from transformers import BlipVisionConfig

    blip, *_ = made("image_reward")._networks
    assert blip.image.config.layer_norm_eps == 1e-6 != BlipVisionConfig().layer_norm_eps


def test_a_batch_of_one_is_a_batch_of_eight() -> None:
    check_batches(made("image_reward"))


def test_what_cannot_be_scored_is_none() -> None:
    check_unscored(made("image_reward"))


def test_what_is_behind_35_tokens_is_not_read() -> None:
    text = "quilt " * 9
    one, other, early = ask(made("image_reward"), images()[:1] * 3, [text, f"{text} and a cat", f"a cat and {text}"])
    assert one == other and one != early


def test_the_default_is_two_commits_of_the_hub() -> None:
    named = str(image_reward.load().card["weights"])
    assert re.fullmatch(r"THUDM/ImageReward@[0-9a-f]{40} \+ google-bert/bert-base-uncased@[0-9a-f]{40}", named)


@pytest.mark.parametrize("lost", ["blip.visual_encoder.pos_embed", "blip.visual_encoder.blocks.1.attn.proj.bias",
    "blip.text_encoder.encoder.layer.0.crossattention.self.key.weight", "mlp.layers.7.bias"])  # fmt: skip
def test_weights_that_are_not_all_there_or_no_numbers_are_refused(folder: Path, lost: str) -> None:
    path = folder / MODEL / FILE
    state = torch.load(path, weights_only=True)
    tensor = state.pop(lost)
    torch.save(state, path)
    assert "is missing; give the weights of" in refused(lambda: ask(image_reward.load(folder)))
    torch.save({**state, lost: torch.full_like(tensor, float("nan"))}, path)
    assert "holds what is no number" in refused(lambda: ask(image_reward.load(folder)))


@pytest.mark.parametrize(
    ("config", "line"),
    [("{", "is no JSON"), ("[]", "is no config"), ('{"num_attention_heads": 5}', "makes no network"),
     ('{"intermediate_size": 41}', "is another network"), ('{"num_hidden_layers": 3}', "encoder.layer.2")],
)  # fmt: skip
def test_a_config_of_something_else_is_one_line(folder: Path, config: str, line: str) -> None:
    path = folder / MODEL / image_reward.CONFIG
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({**whole, **json.loads(config)}) if ":" in config else config)
    assert line in refused(lambda: ask(image_reward.load(folder)))


def test_words_of_another_network_are_refused(folder: Path) -> None:
    path = folder / WORDS
    path.write_text(path.read_text() + "\n" + "\n".join(f"word{i}" for i in range(9)))
    assert "belong together" in refused(lambda: ask(image_reward.load(folder)))
    path.write_bytes(b"\xff\xfe")
    assert "is no list of words" in refused(lambda: ask(image_reward.load(folder)))
