"""Which model the files at a place are of: `--model FOLDER` names none."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.plaintext import shown
from tts_bench.protocols import ModelSpec
from tts_bench.registry import MODELS

INDEX = "model_index.json"
FAMILIES = {
    "DiTPipeline": "dit", "FluxPipeline": "flux", "StableDiffusion3Pipeline": "sd3",
    "StableDiffusionXLPipeline": "sdxl", "PixArtSigmaPipeline": "pixart_sigma", "SanaPipeline": "sana",
}  # fmt: skip
OTHER = "pipeline"  # any other class of diffusers, for best-of-N alone


def is_place(model: str) -> bool:
    """Whether the flag names a file or folder of this machine; a model's name is that, whatever lies about.

    BadInput for what is written as a place where nothing is, and for a place with a name's key=value behind it.
    """
    name, _, knobs = model.partition(":")
    if name in MODELS.targets:
        return False
    if os.path.exists(model):  # which raises nothing, whatever the text
        return True
    if "=" in knobs and os.path.exists(name):
        fix = f"key=value goes with a model's name, not with a place; put {shown(knobs)} into a submission's [model]"
        raise BadInput.at("command line", "--model", shown(model), f"{fix}, and give --model {shown(name)} alone")
    if name.startswith((".", "~")) or any(mark in name for mark in (os.sep, os.altsep) if mark):
        fix = "no such folder or file; give one that is there, or a model's name (see `tts-bench list`); of the hub"
        fix += ", NAME:weights=owner/name,revision=<40 hex digits of a commit>"
        raise BadInput.at("command line", "--model", shown(model), fix)
    return False


def model_at(place: str, own: ModelSpec) -> ModelSpec:
    """The model whose files are there, without its place: `own`, unless it is a diffusers pipeline of another family.

    One for class labels keeps what `own` says of solver, steps and guidance; a text-to-image model of another family
    has its own defaults.
    """
    if (name := _name(Path(place), own.name)) == own.name:
        return replace(own, weights=None, revision=None)
    return replace(own, name=name, weights=None, revision=None) if name == "dit" else ModelSpec(name)


def _name(place: Path, own: str) -> str:
    if not (place / INDEX).is_file():  # files of the authors, or a part of a DiT pipeline
        return "dit" if (place / "scheduler").is_dir() else own
    try:
        found = json.loads(read_limited(place / INDEX, 2**20))
    except (ValueError, RecursionError) as error:
        raise BadInput.at(shown(place), "file", INDEX, "is no JSON; save or fetch the pipeline again") from error
    return FAMILIES.get(str(found.get("_class_name")) if isinstance(found, dict) else "", OTHER)
