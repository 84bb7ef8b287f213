"""Tiny random text-to-image scorers, in folders laid out as their packages and the hub lay them out.

`FOLDERS` are those that the worker's reference reads too. Weights are large enough that pictures and texts differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from tts_bench.scorers import aesthetic, hps, image_reward
from tts_bench.scorers.clip_t5 import TOWER
from tts_bench.scorers.open_clip_towers import CONFIG

LAYERS: dict[str, int] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,'!?\"-"
OPEN_CLIP: dict[str, Any] = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
}


def spread(state: Mapping[str, Any], seed: int, std: float = 0.15) -> dict[str, Any]:
    """Random numbers of the same shapes: matrices wide, biases small, other vectors about 1."""
    draw = torch.Generator().manual_seed(seed)
    found = {}
    for name, value in state.items():
        noise = torch.randn(value.shape, generator=draw)
        bias = name.endswith(("bias", "cls_token"))
        found[name] = noise * std if value.ndim > 1 else noise * 0.05 + (0 if bias else 1)
    return found


def linear_layers(prefix: str, width: int, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Of LAION's head, by name: layers with nothing in between."""
    found = {}
    for place, inner, outer in zip((0, 2, 4, 6, 7), (width, *sizes), sizes, strict=False):
        found |= {f"{prefix}{place}.weight": torch.empty(outer, inner), f"{prefix}{place}.bias": torch.empty(outer)}
    return found


def save_aesthetic(folder: Path, clip: Path) -> Path:
    """A head on the 24 numbers of the CLIP in `clip`, which is put beside it."""
    place = folder / "openai" / "clip-vit-large-patch14"
    place.mkdir(parents=True)
    for file in clip.iterdir():
        (place / file.name).write_bytes(file.read_bytes())
    head = spread(linear_layers("layers.", 24, (16, 8, 8, 4, 1)), seed=1, std=0.5)
    torch.save(head, folder / f"{aesthetic.HEAD}.pth")
    return folder


def save_hps(folder: Path) -> Path:
    from open_clip.model import CLIP

    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(devices=[]):
        state = spread(CLIP(**OPEN_CLIP).state_dict(), seed=2)
    state["logit_scale"] = torch.tensor(3.0)
    torch.save({"epoch": 1, "name": "tiny", "state_dict": state}, folder / hps.FILE)
    (folder / CONFIG).write_text(json.dumps({"model_cfg": OPEN_CLIP}))
    return folder


def save_flan_tokenizer(folder: Path) -> int:
    """spiece.model of letters and a few words; how many tokens T5 has with it."""
    from sentencepiece import SentencePieceTrainer

    folder.mkdir(parents=True)
    lines = [
        LETTERS,
        LETTERS[:26].upper() + ":",
        "USER: ASSISTANT: Does this figure show Yes yes or no",
        "a red circle",
    ]
    (folder / "lines.txt").write_text("\n".join(lines * 9))
    SentencePieceTrainer.train(
        input=str(folder / "lines.txt"), model_prefix=str(folder / "spiece"), vocab_size=110, hard_vocab_limit=False,
        character_coverage=1.0, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2, num_threads=1,
    )  # fmt: skip
    return len((folder / "spiece.vocab").read_text().splitlines()) + 100


def save_vqa(folder: Path, extra: int = 7) -> Path:
    """CLIP-FlanT5 with `extra` embeddings behind those of the tokenizer, which its package cuts off."""
    from safetensors.torch import save_file
    from transformers import CLIPVisionConfig, CLIPVisionModel, T5Config, T5ForConditionalGeneration

    known = save_flan_tokenizer(folder / "google" / "flan-t5-xxl")
    sizes: dict[str, Any] = {
        "vocab_size": known + extra, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4,
        "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, "decoder_start_token_id": 0,
    }  # fmt: skip
    made = {
        "model_type": "clip_t5", "mm_projector_type": "mlp2x_gelu", "mm_vision_select_feature": "patch",
        "mm_vision_select_layer": -2, "mm_hidden_size": 32, "hidden_size": 32,
        "mm_vision_tower": "openai/clip-vit-large-patch14-336",
    }  # fmt: skip
    seen = CLIPVisionConfig.from_dict({**LAYERS, "image_size": 32, "patch_size": 8})
    seen.save_pretrained(folder / "openai" / "clip-vit-large-patch14-336")
    with torch.random.fork_rng(devices=[]):
        words = T5ForConditionalGeneration(T5Config.from_dict(sizes)).state_dict()
        tower = {f"{TOWER}{name}": value for name, value in CLIPVisionModel(seen).state_dict().items()}
    words = {name: value for name, value in words.items() if "embed_tokens" not in name}
    projector = {f"mm_projector.{place}.weight": torch.empty(32, 32) for place in (0, 2)}
    projector |= {f"mm_projector.{place}.bias": torch.empty(32) for place in (0, 2)}
    place = folder / "zhiqiulin" / "clip-flant5-xxl"
    place.mkdir(parents=True)
    save_file(spread({**words, **tower, **projector}, seed=3, std=0.2), place / "model.safetensors")
    (place / "config.json").write_text(json.dumps({**sizes, **made}))
    return folder


def save_image_reward(folder: Path, seed: int = 4) -> Path:
    """The authors' tensors by their own names: BLIP of 32 x 32 pixels with two layers each, and the head."""
    words = folder / "bert-base-uncased"
    words.mkdir(parents=True)
    listed = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS), "red"]
    (words / "vocab.txt").write_text("\n".join(listed))
    config = {
        "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40,
        "hidden_act": "gelu", "vocab_size": len(listed) + 5, "max_position_embeddings": 40, "layer_norm_eps": 1e-12,
        "pad_token_id": 0, "encoder_width": 768, "add_cross_attention": True, "type_vocab_size": 2,
    }  # fmt: skip
    place = folder / "THUDM" / "ImageReward"
    place.mkdir(parents=True)
    (place / image_reward.CONFIG).write_text(json.dumps(config))
    state = spread({**_image_tensors(128, 2, 96), **_text_tensors(24, 128, 2, 40, len(listed) + 5)}, seed, std=0.12)
    state |= spread(linear_layers("mlp.layers.", 24, (16, 8, 8, 4, 1)), seed, std=0.5)
    state["blip.text_encoder.embeddings.position_ids"] = torch.arange(40)[None]
    torch.save(state, place / image_reward.FILE)
    return folder


def _pair(name: str, outer: int, inner: int | None = None) -> dict[str, Any]:
    weight = torch.empty(outer) if inner is None else torch.empty(outer, inner)
    return {f"{name}.weight": weight, f"{name}.bias": torch.empty(outer)}


def _image_tensors(width: int, depth: int, inner: int) -> dict[str, Any]:
    at = "blip.visual_encoder"
    found = {
        f"{at}.cls_token": torch.empty(1, 1, width), f"{at}.pos_embed": torch.empty(1, 17, width),
        f"{at}.patch_embed.proj.weight": torch.empty(width, 3, 8, 8), f"{at}.patch_embed.proj.bias": torch.empty(width),
        **_pair(f"{at}.norm", width), **_pair("blip.vision_proj", 8, width),
    }  # fmt: skip
    for i in range(depth):
        block = f"{at}.blocks.{i}"
        found |= _pair(f"{block}.norm1", width) | _pair(f"{block}.norm2", width)
        found |= _pair(f"{block}.attn.qkv", 3 * width, width) | _pair(f"{block}.attn.proj", width, width)
        found |= _pair(f"{block}.mlp.fc1", inner, width) | _pair(f"{block}.mlp.fc2", width, inner)
    return found


def _text_tensors(width: int, seen: int, depth: int, inner: int, words: int) -> dict[str, Any]:
    at = "blip.text_encoder"
    found = {
        f"{at}.embeddings.word_embeddings.weight": torch.empty(words, width),
        f"{at}.embeddings.position_embeddings.weight": torch.empty(40, width),
        **_pair(f"{at}.embeddings.LayerNorm", width), **_pair("blip.text_proj", 8, width),
    }  # fmt: skip
    for i in range(depth):
        layer = f"{at}.encoder.layer.{i}"
        for kind, keys in (("attention", width), ("crossattention", seen)):
            found |= _pair(f"{layer}.{kind}.self.query", width, width)
            found |= _pair(f"{layer}.{kind}.self.key", width, keys) | _pair(f"{layer}.{kind}.self.value", width, keys)
            found |= _pair(f"{layer}.{kind}.output.dense", width, width)
            found |= _pair(f"{layer}.{kind}.output.LayerNorm", width)
        found |= _pair(f"{layer}.intermediate.dense", inner, width) | _pair(f"{layer}.output.dense", width, inner)
        found |= _pair(f"{layer}.output.LayerNorm", width)
    return found
