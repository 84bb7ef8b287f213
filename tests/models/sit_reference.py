"""SiT in plain torch, written from Peebles & Xie 2023 (section 3, figure 3) with the authors' names of tensors."""

from __future__ import annotations

import math

import torch
from torch import nn


def sinusoids(t: torch.Tensor, n: int = 256) -> torch.Tensor:
    """Cosines, then sines, of t at n/2 frequencies from 1 down towards 1/10000."""
    rates = torch.tensor([10000.0 ** (-i / (n // 2)) for i in range(n // 2)])
    return torch.cat([torch.cos(t[:, None] * rates), torch.sin(t[:, None] * rates)], dim=1)


def positions(side: int, width: int) -> torch.Tensor:
    """Half the channels for the column, half for the row, each sines and then cosines: (1, side^2, width)."""
    rates = torch.tensor([10000.0 ** (-i / (width // 4)) for i in range(width // 4)], dtype=torch.float64)
    rows = []
    for y in range(side):
        for x in range(side):
            rows.append(
                torch.cat([torch.sin(x * rates), torch.cos(x * rates), torch.sin(y * rates), torch.cos(y * rates)])
            )
    return torch.stack(rows)[None].float()


def normed(x: torch.Tensor) -> torch.Tensor:
    return (x - x.mean(-1, keepdim=True)) / torch.sqrt(x.var(-1, unbiased=False, keepdim=True) + 1e-6)


def modulated(x: torch.Tensor, shift: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    return normed(x) * (1 + scale[:, None]) + shift[:, None]


def adaptive(width: int, parts: int) -> nn.Sequential:
    return nn.Sequential(nn.SiLU(), nn.Linear(width, parts * width))


class Named(nn.Module):
    """Nothing but its parts, by name."""

    def __init__(self, **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attn = Named(qkv=nn.Linear(width, 3 * width), proj=nn.Linear(width, width))
        self.mlp = Named(fc1=nn.Linear(width, 4 * width), fc2=nn.Linear(4 * width, width))
        self.adaLN_modulation = adaptive(width, 6)

    def forward(self, x: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = self.adaLN_modulation(c).chunk(6, dim=1)
        n, t, d = x.shape
        qkv = self.attn.qkv(modulated(x, shift_a, scale_a)).reshape(n, t, 3, self.heads, d // self.heads)
        q, k, v = (qkv[:, :, i].transpose(1, 2) for i in range(3))
        weights = (q @ k.transpose(2, 3) / math.sqrt(d // self.heads)).softmax(-1)
        x = x + gate_a[:, None] * self.attn.proj((weights @ v).transpose(1, 2).reshape(n, t, d))
        hidden = self.mlp.fc1(modulated(x, shift_m, scale_m))
        gelu = 0.5 * hidden * (1 + torch.tanh(math.sqrt(2 / math.pi) * (hidden + 0.044715 * hidden**3)))
        return x + gate_m[:, None] * self.mlp.fc2(gelu)


class SiT(nn.Module):
    """(n, c, size, size), time (n,) from 0 = noise to 1 = data, labels (n,) -> (n, 2 c, size, size)."""

    def __init__(
        self, depth: int, width: int, heads: int, patch: int = 2, size: int = 32, channels: int = 4, classes: int = 1000
    ) -> None:
        super().__init__()
        self.patch = patch
        self.x_embedder = Named(proj=nn.Conv2d(channels, width, patch, patch))
        self.pos_embed = nn.Parameter(positions(size // patch, width), requires_grad=False)
        self.t_embedder = Named(mlp=nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width)))
        self.y_embedder = Named(embedding_table=nn.Embedding(classes + 1, width))
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(depth)])
        self.final_layer = Named(
            linear=nn.Linear(width, patch * patch * 2 * channels), adaLN_modulation=adaptive(width, 2)
        )

    def forward(self, x: torch.Tensor, t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        tokens = self.x_embedder.proj(x).flatten(2).transpose(1, 2) + self.pos_embed
        c = self.t_embedder.mlp(sinusoids(t)) + self.y_embedder.embedding_table(y)
        for block in self.blocks:
            tokens = block(tokens, c)
        shift, scale = self.final_layer.adaLN_modulation(c).chunk(2, dim=1)
        out = self.final_layer.linear(modulated(tokens, shift, scale))
        n, side, p = len(x), x.shape[-1] // self.patch, self.patch
        out = out.reshape(n, side, side, p, p, -1)
        return out.permute(0, 5, 1, 3, 2, 4).reshape(n, -1, side * p, side * p)


def reference(depth: int, width: int, heads: int, seed: int = 0, **settings: int) -> SiT:
    """With random weights, no part of them zero; the global generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = SiT(depth, width, heads, **settings)
        for name, part in model.named_parameters():
            if name != "pos_embed":
                nn.init.normal_(part, std=0.5 / math.sqrt(width) if part.dim() > 1 else 0.1)
        nn.init.normal_(model.y_embedder.embedding_table.weight, std=0.5)
    return model.requires_grad_(False).eval()
