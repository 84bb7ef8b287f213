"""The size of a diffusion transformer (Peebles & Xie 2023), and what one pass of it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts_bench.document import read_json
from tts_bench.errors import BadInput

FREQUENCIES = 256  # of the sinusoidal embedding of time, before its two linear layers


@dataclass(frozen=True)
class Shape:
    """`depth` blocks of `width` and `heads` on `size` x `size` latents of `channels`, in patches of `patch` x `patch`.

    `outputs` channels come out: twice as many as go in where a variance was learned too. The label `classes` is the
    null label.
    """

    depth: int
    width: int
    heads: int
    patch: int
    channels: int
    outputs: int
    classes: int
    size: int
    eps: float = 1e-6  # of the second layer norm of a block

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        return self.channels, self.size, self.size

    @property
    def tokens(self) -> int:
        return (self.size // self.patch) ** 2

    @property
    def gflops(self) -> float:
        """GFLOPs of one pass for one sample as torch's flop counter has it: a multiplication and an addition are two.

        The papers' tables (SiT-XL/2: 119) count the two as one. The network is diffusers', whose blocks embed time each
        for itself.
        """
        d, t = self.width, self.tokens
        embed = FREQUENCIES * d + d * d
        block = embed + 6 * d * d + 12 * t * d * d + 2 * t * t * d
        ends = embed + 2 * d * d + t * d * self.patch**2 * (self.channels + self.outputs)
        return 2e-9 * (self.depth * block + ends)

    @property
    def config(self) -> dict[str, Any]:
        """As diffusers' DiTTransformer2DModel names it."""
        return {
            "num_attention_heads": self.heads, "attention_head_dim": self.width // self.heads,
            "in_channels": self.channels, "out_channels": self.outputs, "num_layers": self.depth,
            "sample_size": self.size, "patch_size": self.patch, "num_embeds_ada_norm": self.classes,
            "norm_eps": self.eps,
        }  # fmt: skip


def shape_of_config(path: Path) -> Shape:
    """The size that a diffusers folder's `config.json` says; BadInput where it says none, or another network's."""
    config = read_config(path)
    kind, norm = config.get("_class_name"), config.get("norm_type", "ada_norm_zero")
    activation = config.get("activation_fn", "gelu-approximate")
    # Transformer2DModel is what diffusers called it when DiT was published.
    if kind not in ("DiTTransformer2DModel", "Transformer2DModel") or norm != "ada_norm_zero":
        raise BadInput.at(
            path.name, "_class_name", kind, "must be a DiTTransformer2DModel with norm_type ada_norm_zero"
        )
    if activation != "gelu-approximate":
        raise BadInput.at(path.name, "activation_fn", activation, "must be gelu-approximate, as in DiT and SiT")

    def whole(key: str, default: int | None = None) -> int:
        value = config.get(key, default)
        value = default if value is None else value
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise BadInput.at(path.name, key, value, "must be a whole number of at least 1")
        return value

    heads, channels, eps = whole("num_attention_heads"), whole("in_channels", 4), config.get("norm_eps", 1e-5)
    if not isinstance(eps, float) or not 0 < eps < 1:
        raise BadInput.at(path.name, "norm_eps", eps, "must be a small positive number")
    return Shape(
        depth=whole("num_layers"), width=heads * whole("attention_head_dim"), heads=heads, patch=whole("patch_size"),
        channels=channels, outputs=whole("out_channels", channels), classes=whole("num_embeds_ada_norm", 1000),
        size=whole("sample_size", 32), eps=eps,
    )  # fmt: skip


def read_config(path: Path) -> Mapping[str, Any]:
    """The object in a JSON file; BadInput for anything else."""
    found = read_json(path)
    if not isinstance(found, Mapping):
        raise BadInput.at(path.name, "file", type(found).__name__, "must be one JSON object")
    return found
