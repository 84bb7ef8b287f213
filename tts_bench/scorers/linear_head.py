"""The head of LAION's aesthetic predictor, which ImageReward took over: five linear layers with nothing in between.

Between them are dropouts, which an evaluation leaves out: 768-1024-128-64-16-1 in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.scorers.checkpoint import check

PLACES = (0, 2, 4, 6, 7)  # of the linear layers among the dropouts


@dataclass(frozen=True)
class LinearHead:
    """(weight, bias) of each layer, on one device."""

    layers: tuple[tuple[Any, Any], ...]

    def __call__(self, features: Any) -> Any:
        """(n,) of features (n, width)."""
        from torch.nn.functional import linear

        for weight, bias in self.layers:
            features = linear(features, weight, bias)
        return features[:, 0]


def find_head(state: Mapping[str, Any], prefix: str, width: int, path: Path, device: str) -> LinearHead:
    """The head among the tensors of the file `path`, under `prefix` ("layers."); BadInput unless it takes `width`."""
    whose = f"the linear head on features of {width}"
    named = [[f"{prefix}{place}.{part}" for part in ("weight", "bias")] for place in PLACES]
    check(state, [name for pair in named for name in pair], path, whose)
    layers = tuple((state[weight].float(), state[bias].float()) for weight, bias in named)
    sizes = [width, *(len(bias) for _, bias in layers)]
    fits = [tuple(weight.shape) == (b, a) for (weight, _), a, b in zip(layers, sizes, sizes[1:], strict=False)]
    if not all(fits) or sizes[-1] != 1:
        wrong = named[fits.index(False) if False in fits else -1][0]
        found = "x".join(str(length) for length in state[wrong].shape)
        raise BadInput.at(path, wrong, found, f"does not fit; give the weights of {whose}, to one number")
    return LinearHead(tuple((weight.to(device), bias.to(device)) for weight, bias in layers))
