"""The published weights of SiT and DiT, read into diffusers' DiTTransformer2DModel.

The authors' networks (Ma et al. 2024; Peebles & Xie 2023, fig. 3) embed time and label once, diffusers' blocks each for
itself, from the same tensors here. The authors' fused attention weight is query, key and value on top of each other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.models.dit_shape import FREQUENCIES, Shape, read_config

HEADS = {384: 6, 768: 12, 1024: 16, 1152: 16}  # S, B, L, XL by width
SHARED = {
    "t_embedder.mlp.0": "timestep_embedder.linear_1", "t_embedder.mlp.2": "timestep_embedder.linear_2",
    "y_embedder.embedding_table": "class_embedder.embedding_table",
}  # fmt: skip
ONCE = {
    "x_embedder.proj": "pos_embed.proj", "final_layer.linear": "proj_out_2",
    "final_layer.adaLN_modulation.1": "proj_out_1",
}  # fmt: skip
BLOCK = {
    "attn.proj": "attn1.to_out.0", "mlp.fc1": "ff.net.0.proj", "mlp.fc2": "ff.net.2",
    "adaLN_modulation.1": "norm1.linear",
}  # fmt: skip


def shape_of_weights(shapes: Mapping[str, tuple[int, ...]], path: Path) -> Shape:
    """The network's size, from its tensors' shapes; BadInput for a name too few or too many, or a wrong shape.

    Heads leave no trace in the weights: they follow from the width (`HEADS`), or for another width from
    `num_attention_heads` in a `config.json` beside the file.
    """
    width, channels, patch, _ = _dims(shapes, "x_embedder.proj.weight", 4, path)
    _, tokens, _ = _dims(shapes, "pos_embed", 3, path)
    labels, _ = _dims(shapes, "y_embedder.embedding_table.weight", 2, path)
    rows, _ = _dims(shapes, "final_layer.linear.weight", 2, path)
    depth = len({found[1] for name in shapes if (found := re.match(r"blocks\.(\d+)\.", name))})
    shape = Shape(
        depth=depth, width=width, heads=_heads(width, path), patch=patch, channels=channels,
        outputs=rows // max(1, patch * patch), classes=labels - 1, size=math.isqrt(tokens) * patch,
    )  # fmt: skip
    _check(shapes, shape, path)
    return shape


def expected(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Every name of the authors' state dict and its tensor's shape."""
    d, p = shape.width, shape.patch
    linear = {
        "t_embedder.mlp.0": (d, FREQUENCIES), "t_embedder.mlp.2": (d, d), "x_embedder.proj": (d, shape.channels, p, p),
        "final_layer.linear": (p * p * shape.outputs, d), "final_layer.adaLN_modulation.1": (2 * d, d),
    }  # fmt: skip
    for i in range(shape.depth):
        block = {
            "attn.qkv": (3 * d, d), "attn.proj": (d, d), "mlp.fc1": (4 * d, d), "mlp.fc2": (d, 4 * d),
            "adaLN_modulation.1": (6 * d, d),
        }  # fmt: skip
        linear |= {f"blocks.{i}.{name}": size for name, size in block.items()}
    table = {"pos_embed": (1, shape.tokens, d), "y_embedder.embedding_table.weight": (shape.classes + 1, d)}
    weights = {f"{name}.weight": size for name, size in linear.items()}
    return table | weights | {f"{name}.bias": size[:1] for name, size in linear.items()}


def converted(state: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """The authors' tensors under diffusers' names; what its blocks have each for itself is one tensor."""
    found: dict[str, Any] = {"pos_embed.pos_embed": state["pos_embed"]}
    for part in ("weight", "bias"):
        found |= {f"{new}.{part}": state[f"{old}.{part}"] for old, new in ONCE.items()}
        for i in range(depth):
            to, of = f"transformer_blocks.{i}", f"blocks.{i}"
            found |= {f"{to}.{new}.{part}": state[f"{of}.{old}.{part}"] for old, new in BLOCK.items()}
            thirds = state[f"{of}.attn.qkv.{part}"].chunk(3)
            found |= {f"{to}.attn1.to_{new}.{part}": third for new, third in zip("qkv", thirds, strict=True)}
            shared = {new: state[name] for old, new in SHARED.items() if (name := f"{old}.{part}") in state}
            found |= {f"{to}.norm1.emb.{new}.{part}": value for new, value in shared.items()}
    return found


def _dims(shapes: Mapping[str, tuple[int, ...]], name: str, n: int, path: Path) -> tuple[int, ...]:
    found = shapes.get(name)
    if found is None or len(found) != n or min(found) < 1:
        fix = f"must be a tensor of {n} dimensions in a state dict of SiT; this file is another network's"
        raise BadInput.at(path.name, name, found, fix)
    return found


def _heads(width: int, path: Path) -> int:
    if width in HEADS:
        return HEADS[width]
    beside = path.with_name("config.json")
    heads = read_config(beside).get("num_attention_heads") if beside.is_file() else None
    if not isinstance(heads, int) or isinstance(heads, bool) or heads < 1 or width % heads:
        known = ", ".join(map(str, HEADS))
        fix = f"must divide width {width}, which is none of {known}; write it in a config.json beside {path.name}"
        raise BadInput.at(beside.name, "num_attention_heads", heads, fix)
    return heads


def _check(shapes: Mapping[str, tuple[int, ...]], shape: Shape, path: Path) -> None:
    wanted = expected(shape)
    if shape.outputs not in (shape.channels, 2 * shape.channels):
        fix = f"must be {shape.channels} or {2 * shape.channels} for {shape.channels} that go in"
        raise BadInput.at(path.name, "output channels", shape.outputs, fix)
    for names, fix in (
        (sorted(wanted.keys() - shapes.keys()), "is missing; the state dict is not whole"),
        (sorted(shapes.keys() - wanted.keys()), "is no tensor of SiT; give a state dict of SiT alone"),
    ):
        if names:
            raise BadInput.at(path.name, "key", names[0], f"{fix} ({len(names)} such)")
    for name, size in wanted.items():
        if shapes[name] != size:
            raise BadInput.at(path.name, name, shapes[name], f"must have the shape {size}")
