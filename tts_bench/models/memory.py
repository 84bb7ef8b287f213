"""Where a model's networks lie: all on the device, or those in use alone while the others wait on the CPU."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from tts_bench.errors import BadInput

OFFLOAD, TILING = "TTS_BENCH_OFFLOAD", "TTS_BENCH_VAE_TILING"  # the environment reaches worker processes too


@dataclass(frozen=True)
class Memory:
    """`offload` changes no image and is in no card; `tiling` (the autoencoder decodes by tiles) does, and is."""

    offload: bool = False
    tiling: bool = False

    @classmethod
    def of_environment(cls) -> Memory:
        return cls(_flag(OFFLOAD), _flag(TILING))


def _flag(name: str) -> bool:
    value = os.environ.get(name, "0")
    if value not in ("0", "1"):
        raise BadInput.at("environment", name, value, "set it to 1 or 0, or leave it out")
    return value == "1"


@dataclass
class Residence:
    """Brings modules onto `device`; with `offload`, those brought there before go back to the CPU."""

    device: str
    offload: bool = False
    _here: list[Any] = field(default_factory=list)

    def use(self, *modules: Any) -> None:
        if self._here and all(any(one is other for other in self._here) for one in modules):
            return
        wanted = [one for one in modules if not any(one is other for other in self._here)]
        if self.offload:
            for other in self._here:
                _move(other, "cpu")
            self._here, wanted = [], list(modules)
        for one in wanted:
            _move(one, self.device)
        self._here += wanted


def _move(module: Any, device: str) -> None:
    import torch

    # diffusers' own `to` warns of modules to be kept in float32 even where the list of them is empty.
    torch.nn.Module.to(module, device)
