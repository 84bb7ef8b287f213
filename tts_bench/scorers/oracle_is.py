"""Oracle-IS (Ma et al. 2025, section 3.1): the probability of the class asked for by InceptionV3.

The paper says no more than "InceptionV3 probability"; this is torchvision's port of Google's weights, whose 1000
classes are in ImageNet's order. The classifier of the network that measures FID and IS is not used: its 1008 outputs
are in the order of the 2015 graph, which is another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from tts_bench.errors import BadInput
from tts_bench.origin import File, Published, find_file
from tts_bench.running import place
from tts_bench.scorers.imagenet import labels_of, probability
from tts_bench.scorers.pixels import OF_IMAGENET, Preprocessing, card
from tts_bench.scorers.vision import see
from tts_bench.types import Image, Json, Key, Prompt, Values

PUBLISHED = Published(
    "inception_v3_google-0cc3c7bd.pth",
    "https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth",
    "0cc3c7bd75056d25e46cba549dc184522069b81e9787eff6df84f397bd52a5ef",
)
SIDE = 299
PREPROCESSING = Preprocessing(SIDE, OF_IMAGENET)  # squashed, nothing cut off; the network turns it into [-1, 1] itself
COUNTER = "num_batches_tracked"  # of training; older files are without it


@dataclass
class OracleIs:
    """Outputs "probability" of the prompt's class, in [0, 1], and "accuracy", 1 where no other class has more.

    None for a prompt without a class of ImageNet.
    """

    weights: Path | None = None
    revision: str | None = None
    device: str = "cpu"
    outputs: tuple[str, ...] = ("probability", "accuracy")

    @cached_property
    def card(self) -> Mapping[str, Json]:
        # The published file is held to this digest when it is fetched, at the first image.
        own = self.weights is not None or self.revision is not None
        digest = self._file.sha256 if own else PUBLISHED.sha256
        prepared = card(SIDE, None, "ImageNet")
        return {"scorer": "oracle_is", "version": 1, "weights": digest, "preprocessing": prepared}

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]:
        found: list[Values] = [dict.fromkeys(self.outputs) for _ in images]
        if asked := [(i, label) for i, label in enumerate(labels_of(prompts)) if label is not None]:
            rows = see(self.network, [images[i] for i, _ in asked], PREPROCESSING, self.device)
            for (i, label), row in zip(asked, rows, strict=True):
                found[i] = {"probability": probability(row, label), "accuracy": float(row.argmax() == label)}
        return found

    @cached_property
    def _file(self) -> File:
        return find_file(PUBLISHED, self.weights, self.revision, "scorer oracle_is")

    @cached_property
    def network(self) -> Any:
        import torch
        from torchvision.models import inception_v3

        place(self.device)
        state = self._state()
        with torch.random.fork_rng(devices=[]):  # initial weights are drawn, and then replaced
            network = inception_v3(weights=None, init_weights=False, aux_logits=True, transform_input=True)
        try:
            found = network.load_state_dict(state, strict=False)
        except RuntimeError as error:
            self._refuse(f"is of another network ({' '.join(str(error).split())[:120]})")
        if wrong := [n for n in (*found.missing_keys, *found.unexpected_keys) if not n.endswith(COUNTER)]:
            self._refuse(f"is of another network ({wrong[0]} is missing or unknown)")
        return network.requires_grad_(False).eval().to(self.device)

    def _state(self) -> Mapping[str, Any]:
        import torch

        try:
            state = torch.load(self._file.path, map_location="cpu", weights_only=True)
        except Exception:  # torch's refusal of code among them; a broken file fails in any way
            self._refuse("holds something else than tensors, or is broken; code is never run")
        if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
            self._refuse("is no state dict")
        return state

    def _refuse(self, why: str) -> NoReturn:
        path = self._file.path
        raise BadInput.at(path.parent, "weights", path.name, f"{why}; needed is {PUBLISHED.url}") from None


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> OracleIs:
    """How sure InceptionV3 is of the class asked for; an oracle."""
    return OracleIs(weights, revision, device)
