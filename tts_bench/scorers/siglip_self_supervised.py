"""SigLIP-SSL (Ma et al. 2025, on DrawBench): the clean estimate at sigma = 0.4 and the image, in SigLIP's embedding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tts_bench.pretrained import Pretrained
from tts_bench.scorers.feature_cosine import FeatureCosine
from tts_bench.scorers.pixels import OF_SIGLIP, Preprocessing, card

HUB_ID, COMMIT = "google/siglip-so400m-patch14-384", "9fdffc58afc957d1a03a25b10dba0329ab15c2a3"
NETWORK = Pretrained("siglip_self_supervised", "SiglipVisionModel", "siglip", HUB_ID, COMMIT)
PREPARED = card("image_size of the network", None, "to [-1, 1]")


def embed(network: Any, pixels: Any) -> Any:
    """What the attention pool makes of the patches, (n, width)."""
    return network(pixel_values=pixels).pooler_output


def prepare(config: Any) -> Preprocessing:
    """Squashed to the network's square."""
    return Preprocessing(config.image_size, OF_SIGLIP)


def load(weights: Path | None = None, revision: str | None = None, device: str = "cpu") -> FeatureCosine:
    """How close the clean estimate at level 0.4 comes to the image, in SigLIP's eyes; needs no label."""
    return FeatureCosine(NETWORK.find(weights, revision), embed, prepare, PREPARED, device)
