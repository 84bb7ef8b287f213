"""A network in the role that aesthetic scores have: how pleasing a picture is, whatever was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def build() -> nn.Module:
    """A network from pixels (batch, 3, 32, 32) in [-1, 1] to utilities (batch,), no unit."""
    from torch import nn

    def block(inside: int, outside: int, stride: int) -> list[nn.Module]:
        return [nn.Conv2d(inside, outside, 3, stride, 1), nn.GroupNorm(8, outside), nn.SiLU()]

    return nn.Sequential(
        *block(3, 16, 1), *block(16, 32, 2), *block(32, 48, 2), *block(48, 64, 1), *block(64, 64, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 1), nn.Flatten(0),
    )  # fmt: skip
