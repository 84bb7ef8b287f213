"""A diffusers pipeline's files, as `save_pretrained` leaves them: which parts it has, their configs, their digest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts_bench import keys
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.files import read_limited
from tts_bench.origin import Hub, at_commit, check_pin, digest
from tts_bench.plaintext import shown
from tts_bench.protocols import ModelSpec
from tts_bench.types import Json

INDEX = "model_index.json"
READ = (".json", ".safetensors", ".txt", ".model")  # what is read of a part; the last two are tokenizers'
PUBLISHED = ("*.json", "*.txt", "*.model", "model.safetensors", "model-*.safetensors",
             "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model-*.safetensors")  # fmt: skip
LIBRARIES = ("diffusers", "transformers")
PACKAGED = ("stable_diffusion", "kandinsky", "deepfloyd_if", "wuerstchen")  # modules of diffusers.pipelines
SETTINGS = ("force_zeros_for_empty_prompt",)  # of a pipeline's own, that change an image
WITHOUT_WEIGHTS = ("scheduler", "tokenizer", "feature_extractor", "image_processor")


@dataclass(frozen=True)
class PipelineFolder:
    """`parts` maps each part to the library and class that its index names, without those that the index has none of.

    `identity` is what a card holds of the files: the digest of every part used, or the commit of a hub's repository.
    """

    model: str  # its name in the registry, which errors name
    root: Path
    index: Mapping[str, Any]
    parts: Mapping[str, tuple[str, str]]
    hub: Hub | None

    @property
    def pipeline(self) -> str:
        """diffusers' class."""
        return str(self.index.get("_class_name"))

    def config(self, part: str) -> Mapping[str, Any]:
        name = "scheduler_config.json" if part == "scheduler" else "config.json"
        if part not in self.parts or not (self.root / part / name).is_file():
            raise self.wrong(f"{part}/{name}", None, "is missing; save or fetch the whole pipeline")
        return _table(self.root / part / name, f"{part}/{name}")

    def identity(self, revision: str | None, parts: Mapping[str, Any]) -> str:
        """Of `parts` and their index; BadInput where `revision` ("sha256:" and 64 hex digits) pins another."""
        if self.hub is not None:
            return self.hub.commit
        files = [file for part in sorted(parts) for file in sorted((self.root / part).rglob("*"))]
        kept = [file for file in files if file.is_file() and file.suffix in READ]
        settings: Json = {key: bool(value) for key, value in self.index.items() if key in SETTINGS}
        found = keys.digest([settings, *([file.relative_to(self.root).as_posix(), digest(file)] for file in kept)])
        if revision is not None and revision != f"sha256:{found}":
            raise self.wrong("revision", revision, f"the folder's is sha256:{found}; restore it, or change the pin")
        return found

    def bring(self, parts: Iterable[str]) -> None:
        """Fetch these parts from the hub, where the pipeline is there."""
        if self.hub is not None:
            self.hub.fetch([f"{part}/{pattern}" for part in parts for pattern in PUBLISHED])

    def weights(self, part: str) -> Path:
        """The folder of one part, with its files; fetched from the hub where they are not here yet."""
        root = self.hub.fetch([f"{part}/{pattern}" for pattern in PUBLISHED]) if self.hub else self.root
        self.check(part, root)
        return root / part

    def check(self, part: str, root: Path) -> None:
        """BadInput unless the part is there, and its weights in a format that is data alone."""
        if part not in self.parts or not (root / part).is_dir():
            raise self.wrong("weights", shown(self.root.name), f"has no {part}/; save or fetch the whole pipeline")
        if not part.startswith(WITHOUT_WEIGHTS) and not any((root / part).glob("*.safetensors")):
            fix = "has no .safetensors; no pickle is read, save the pipeline again with safe_serialization=True"
            raise self.wrong("weights", f"{shown(self.root.name)}/{part}", fix)

    def wrong(self, key: str, value: object, fix: str) -> BadInput:
        return BadInput.at(f"model {self.model}", key, value, fix)


def find_folder(spec: ModelSpec, model: str, hub_id: str) -> PipelineFolder:
    """The pipeline at `spec.weights`: a folder of this machine, or a hub id whose `revision` is a commit.

    Of the hub, configs alone are fetched here. NeedsFiles where nothing is named.
    """
    if spec.weights is None:
        fix = f"give a folder of save_pretrained's (--model FOLDER), or a hub id such as {hub_id} with its revision"
        raise NeedsFiles.missing(f"model {model}", "weights", fix)
    root, hub = Path(spec.weights), None
    if not root.is_dir():
        hub = at_commit(spec.weights, spec.revision, f"model {model}", "a folder, or revision = its 40-digit commit")
        root = hub.fetch([INDEX, "*/config.json", "scheduler/*.json"])
    else:
        check_pin(spec.revision, f"model {model}")
    if not (root / INDEX).is_file():
        fix = f"has no {INDEX}; give the folder that DiffusionPipeline.save_pretrained wrote"
        raise BadInput.at(f"model {model}", "weights", shown(root.name), fix)
    index = _table(root / INDEX, INDEX)
    return PipelineFolder(model, root, index, _parts(index), hub)


def _parts(index: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """[library, class] of each part; BadInput for code of another library, which is never imported."""
    found = {}
    for name, value in index.items():
        if not isinstance(value, list) or value == [None, None]:
            continue
        if len(value) != 2 or value[0] not in (*LIBRARIES, *PACKAGED) or not isinstance(value[1], str):
            fix = f"must name a class of {' or '.join(LIBRARIES)}; no other code is run"
            raise BadInput.at(INDEX, name, value, fix)
        found[name] = (value[0], value[1])
    return found


def _table(path: Path, name: str) -> Mapping[str, Any]:
    """The object in a JSON file; diffusers writes infinities into some."""
    try:
        found = json.loads(read_limited(path, 2**20))
    except (ValueError, RecursionError) as error:
        raise BadInput.at(name, "file", path.name, "is no JSON; save or fetch the pipeline again") from error
    if not isinstance(found, Mapping):
        raise BadInput.at(name, "file", type(found).__name__, "must be one JSON object")
    return found
