"""BLIP (Li et al. 2022) as ImageReward has it: an image encoder and a text encoder that looks at the image.

The authors' tensors are renamed to those of transformers, whose own BLIP differs in one size: the image encoder's
layer norms here have epsilon 1e-6, as timm's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.scorers.checkpoint import check, fill

IMAGE, TEXT = "blip.visual_encoder.", "blip.text_encoder."
SIZES = (
    "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act", "vocab_size",
    "max_position_embeddings", "layer_norm_eps", "pad_token_id",
)  # fmt: skip
HEAD = 64  # the width of an attention head in every size of ViT
EPSILON = 1e-6
RENAMED = (
    (r"^cls_token$", "embeddings.class_embedding"),
    (r"^pos_embed$", "embeddings.position_embedding"),
    (r"^patch_embed\.proj\.", "embeddings.patch_embedding."),
    (r"^norm\.", "post_layernorm."),
    (r"^blocks\.(\d+)\.norm(\d)\.", r"encoder.layers.\1.layer_norm\2."),
    (r"^blocks\.(\d+)\.attn\.qkv\.", r"encoder.layers.\1.self_attn.qkv."),
    (r"^blocks\.(\d+)\.attn\.proj\.", r"encoder.layers.\1.self_attn.projection."),
    (r"^blocks\.(\d+)\.mlp\.", r"encoder.layers.\1.mlp."),
)


@dataclass(frozen=True)
class Blip:
    """The two encoders of transformers."""

    image: Any
    text: Any

    def __call__(self, pixels: Any, ids: Any, mask: Any) -> Any:
        """What the text's first token says, (n, width), of pixels (n, 3, s, s), ids and their mask (n, length)."""
        seen = self.image(pixel_values=pixels).last_hidden_state
        # `is_decoder` in the config gives it the layers that look at the image; here it only encodes.
        read = self.text(input_ids=ids, attention_mask=mask, encoder_hidden_states=seen, is_decoder=False)
        return read.last_hidden_state[:, 0]


def find_blip(state: Mapping[str, Any], config: Mapping[str, Any], path: Path, whose: str) -> Blip:
    """The encoders among the tensors of the file `path`, the text's with the sizes of `config`; BadInput for others."""
    import torch
    from transformers import BlipTextConfig, BlipTextModel, BlipVisionModel

    image = {_renamed(name.removeprefix(IMAGE)): value for name, value in state.items() if name.startswith(IMAGE)}
    text = {name.removeprefix(TEXT): value for name, value in state.items() if name.startswith(TEXT)}
    text.pop("embeddings.position_ids", None)  # 0, 1, 2, ...
    sizes = vision_config(image, path, whose)
    try:
        with torch.random.fork_rng(devices=[]):  # initial weights are drawn, and then replaced
            encoder = BlipVisionModel(sizes)
            kept = {name: config[name] for name in SIZES if name in config}
            reader = BlipTextModel(
                BlipTextConfig(
                    **kept, encoder_hidden_size=sizes.hidden_size, is_decoder=True, bos_token_id=None, sep_token_id=None
                ),
                add_pooling_layer=False,
            )
    except Exception as error:  # sizes that do not go together
        why = " ".join(str(error).split())[:120]
        raise BadInput.at(path.parent, "med_config.json", why, f"makes no network; give the one of {whose}") from error
    return Blip(fill(encoder, image, path, whose), fill(reader, text, path, whose))


def vision_config(state: Mapping[str, Any], path: Path, whose: str) -> Any:
    """The image encoder's sizes, read from its renamed tensors."""
    from transformers import BlipVisionConfig

    first, places, inner = "patch_embedding.weight", "position_embedding", "encoder.layers.0.mlp.fc1.weight"
    check(state, [f"embeddings.{first}", f"embeddings.{places}", inner], path, whose)
    width, _, patch, _ = state[f"embeddings.{first}"].shape
    across = round((state[f"embeddings.{places}"].shape[1] - 1) ** 0.5)
    layers = {name.split(".")[2] for name in state if name.startswith("encoder.layers.")}
    return BlipVisionConfig(
        hidden_size=width, intermediate_size=len(state[inner]), num_hidden_layers=len(layers),
        num_attention_heads=max(1, width // HEAD), image_size=across * patch, patch_size=patch, hidden_act="gelu",
        layer_norm_eps=EPSILON,
    )  # fmt: skip


def _renamed(name: str) -> str:
    for pattern, new in RENAMED:
        name, changed = re.subn(pattern, new, name)
        if changed:
            break
    return name
