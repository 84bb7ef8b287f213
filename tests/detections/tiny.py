"""Tiny random detectors and depth models of the real classes, in folders as `save_pretrained` leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as Picture

from tests.scorers.tiny import LAYERS, save_tokenizer
from tts_bench.types import Image

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,'!?\"-"
WORDS = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS), "a", "yes", "no",
    "red", "apple",
]  # fmt: skip
WORDS = list(dict.fromkeys(WORDS))
KINDS = ("person", "cat", "dog", "sofa", "potted plant")


def save_owlv2(folder: Path, seed: int = 0) -> Path:
    """An Owlv2ForObjectDetection of 96 x 96 pixels with 36 places, and a tokenizer of single letters."""
    from transformers import Owlv2Config, Owlv2ForObjectDetection

    words = save_tokenizer(folder)
    text = {
        **LAYERS, "vocab_size": words, "max_position_embeddings": 24, "eos_token_id": words - 1,
        "bos_token_id": words - 2, "pad_token_id": 0,
    }  # fmt: skip
    config = Owlv2Config(
        vision_config={**LAYERS, "image_size": 96, "patch_size": 16}, text_config=text, projection_dim=32
    )
    network = spread(Owlv2ForObjectDetection, config, seed)
    network.class_head.logit_scale.bias.data.fill_(2.0)
    network.save_pretrained(folder)
    return folder


def save_detr(folder: Path, seed: int = 2) -> Path:
    """An RTDetrV2ForObjectDetection of five kinds with 12 queries."""
    from transformers import RTDetrResNetConfig, RTDetrV2Config, RTDetrV2ForObjectDetection

    layers: dict[str, Any] = {"embedding_size": 8, "hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}
    backbone = RTDetrResNetConfig.from_dict({**layers, "layer_type": "basic", "out_indices": [2, 3, 4]})
    config = RTDetrV2Config(
        backbone_config=backbone, encoder_hidden_dim=16, encoder_in_channels=[16, 24, 32], encoder_ffn_dim=24,
        encoder_attention_heads=2, d_model=16, num_queries=12, decoder_in_channels=[16, 16, 16], decoder_ffn_dim=24,
        decoder_layers=2, decoder_attention_heads=2, decoder_n_points=2, num_denoising=0,
        id2label=dict(enumerate(KINDS)), label2id={kind: i for i, kind in enumerate(KINDS)},
    )  # fmt: skip
    # Else the decoder makes all queries alike.
    gains = {"backbone": 3, "encoder": 3, "proj": 3, "self_attn": 0.1, "query_pos": 0.1, "bbox": 0.7}
    gains |= {"class_embed": 2, "score": 2}
    network = spread(RTDetrV2ForObjectDetection, config, seed, gains)
    for head in network.model.decoder.class_embed:
        head.bias.data -= torch.tensor([2.5, 2.5, 1.6, 2.5, 2.5])  # else all are sure
    network.save_pretrained(folder)
    return folder


def save_dpt(folder: Path, seed: int = 0) -> Path:
    """A hybrid DPTForDepthEstimation: a few layers of BiT, and a transformer on top."""
    from transformers import BitConfig, DPTConfig, DPTForDepthEstimation

    layers: dict[str, Any] = {"embedding_size": 16, "hidden_sizes": [16, 24, 32], "depths": [1, 1, 1], "num_groups": 4}
    backbone = BitConfig.from_dict({
        **layers, "layer_type": "bottleneck", "global_padding": "same", "embedding_dynamic_padding": True,
        "out_features": ["stage1", "stage2", "stage3"],
    })  # fmt: skip
    config = DPTConfig(
        is_hybrid=True, backbone_config=backbone, hidden_size=24, num_hidden_layers=4, num_attention_heads=2,
        intermediate_size=32, backbone_out_indices=[0, 1, 2, 3], backbone_featmap_shape=[1, 32, 24, 24],
        neck_hidden_sizes=[16, 24, 32, 32], fusion_hidden_size=12, image_size=384, reassemble_factors=[1, 1, 1, 0.5],
    )  # fmt: skip
    network = spread(DPTForDepthEstimation, config, seed, {})
    network.head.head[4].bias.data.fill_(20.0)  # else places are below 0, and cut off
    network.save_pretrained(folder)
    return folder


def save_blip_vqa(folder: Path, seed: int = 0) -> Path:
    """A BlipForQuestionAnswering of 32 x 32 pixels, heads 64 wide, and a tokenizer of letters and a few words."""
    from transformers import BertTokenizer, BlipConfig, BlipForQuestionAnswering

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    sizes: dict[str, int] = {
        "hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 96,
    }  # fmt: skip
    text = {
        **sizes, "vocab_size": len(WORDS) + 2, "max_position_embeddings": 40, "bos_token_id": len(WORDS),
        "sep_token_id": 3, "pad_token_id": 0,
    }  # fmt: skip
    config = BlipConfig(text_config=text, vision_config={**sizes, "image_size": 32, "patch_size": 8})
    network = spread(BlipForQuestionAnswering, config, seed)
    network.text_decoder.cls.predictions.bias.data[[WORDS.index("yes"), WORDS.index("no")]] = 0
    network.save_pretrained(folder)
    return folder


def save_blip_vqa_of_authors(folder: Path, of: Path) -> Path:
    """The network in `of` as the authors' file has it: by their names, in a checkpoint, beside vocab.txt alone."""
    from safetensors.torch import load_file

    names = {
        "vision_model.embeddings.class_embedding": "visual_encoder.cls_token",
        "vision_model.embeddings.position_embedding": "visual_encoder.pos_embed",
        "vision_model.embeddings.patch_embedding.": "visual_encoder.patch_embed.proj.",
        "vision_model.post_layernorm.": "visual_encoder.norm.",
        "vision_model.encoder.layers.": "visual_encoder.blocks.",
        ".layer_norm": ".norm", ".self_attn.projection.": ".attn.proj.", ".self_attn.": ".attn.",
    }  # fmt: skip
    state = {}
    for name, value in load_file(of / "model.safetensors").items():
        for ours, theirs in names.items():
            name = name.replace(ours, theirs)
        state[name] = value
    decoder = "text_decoder.cls.predictions."  # tied, and kept once by save_pretrained
    state[f"{decoder}decoder.weight"] = state["text_decoder.bert.embeddings.word_embeddings.weight"].clone()
    state[f"{decoder}decoder.bias"] = state[f"{decoder}bias"].clone()
    state["text_encoder.embeddings.position_ids"] = torch.arange(40)[None]
    state["text_decoder.bert.embeddings.position_ids"] = torch.arange(40)[None]
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"model": state, "epoch": 3}, folder / "model_base_vqa_capfilt_large.pth")
    (folder / "vocab.txt").write_bytes((of / "vocab.txt").read_bytes())
    return folder


def spread(kind: Any, config: Any, seed: int, gains: Mapping[str, float] | None = None) -> Any:
    """Of `config`, with weights large enough that pictures and words differ; `gains` by a part of a weight's name."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = kind(config)
        for name, value in network.named_parameters():
            if value.ndim > 1:
                gain = prod(factor for part, factor in (gains or {}).items() if part in name)
                value.data.normal_(std=gain * max(0.15 if gains is None else 0, (1 / value[0].numel()) ** 0.5))
            elif "bias" in name:
                value.data.normal_(std=0.1)
    return network.eval()


def pictures(count: int = 8, seed: int = 0) -> list[Image]:
    """Smooth random pictures: square, high, wide, very wide, and larger than the frame."""
    rng, sizes = np.random.default_rng(seed), [(64, 64), (50, 90), (90, 40), (200, 30), (520, 600)]
    coarse = [Picture.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)) for _ in range(count)]
    return [np.asarray(one.resize(sizes[i % 5], Picture.Resampling.BICUBIC)) for i, one in enumerate(coarse)]
