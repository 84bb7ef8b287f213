"""Any folder of a text-to-image pipeline: its index says of which family it is."""

from __future__ import annotations

from tts_bench.models import flux, pixart, sana, sd3, sdxl
from tts_bench.models.memory import Memory
from tts_bench.models.pipeline_folder import find_folder
from tts_bench.models.pipeline_model import build
from tts_bench.models.text_to_image import TextToImage
from tts_bench.protocols import ModelSpec

FAMILIES = {module.FAMILY.pipeline: module.FAMILY for module in (flux, sd3, sdxl, pixart, sana)}


def load(spec: ModelSpec, device: str = "cpu", memory: Memory | None = None) -> TextToImage:
    """A folder or hub id of a diffusers pipeline of one of the families here, found by its model_index.json.

    It is the same model, with the same samples, as under the family's own name.
    """
    folder = find_folder(spec, "diffusers", flux.FAMILY.hub_id)
    if folder.pipeline not in FAMILIES:
        fix = f"must be one of {', '.join(FAMILIES)}; name 'pipeline' takes any other, for best-of-N alone"
        raise folder.wrong("model_index.json _class_name", folder.pipeline, fix)
    return build(FAMILIES[folder.pipeline], folder, spec, device, memory)
