"""CLIP as the scorers see images with it: ViT-L/14 unless the user gives another, by OpenAI's preprocessing."""

from __future__ import annotations

from typing import Any

from tts_bench.pretrained import Pretrained
from tts_bench.scorers.pixels import OF_CLIP, Preprocessing, card

HUB_ID, COMMIT = "openai/clip-vit-large-patch14", "32bd64288804d66eefd0ccbe215aa642df71cc41"
CLIP = Pretrained("clip", "CLIPModel", "clip", HUB_ID, COMMIT)
PREPARED = card("image_size of the network", "image_size of the network", "CLIP")


def prepare(config: Any) -> Preprocessing:
    side = config.vision_config.image_size
    return Preprocessing(side, OF_CLIP, short=side)


def embed(network: Any, pixels: Any) -> Any:
    """The projected image embedding, (n, width); its length means nothing."""
    return network.get_image_features(pixel_values=pixels).pooler_output
