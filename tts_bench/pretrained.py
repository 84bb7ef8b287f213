"""A network that others trained: from a folder that `save_pretrained` left, or from the hub at a pinned commit.

Weights are read from safetensors alone, and no code of a folder or of the hub is run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from logging import CRITICAL
from pathlib import Path
from typing import Any

from tts_bench import keys
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.features.weights import place
from tts_bench.files import read_limited
from tts_bench.models.origin import COMMIT, HUB_ID, SHA256, Hub, digest

CONFIG, WEIGHTS = "config.json", "model.safetensors"
TOKENIZER, WORDS = "tokenizer.json", ("vocab.json", "merges.txt")  # either says all of a tokenizer
READ = (".json", ".txt", ".safetensors")  # the kinds of file that transformers may read here
UNUSED = "mask_token"  # for training; some files are without it


@dataclass(frozen=True)
class Pretrained:
    """What a scorer asks for: a class of transformers, the `model_type` of its config, and where it is published.

    `commit` is None where none is known that may serve as default: the user then names one.
    """

    scorer: str
    architecture: str
    model_type: str
    hub_id: str
    commit: str | None
    reads_text: bool = False

    def find(self, weights: Path | None, revision: str | None) -> Source:
        """The folder `weights`, or the hub's repository of that name at commit `revision`, or the default.

        `revision` of a folder, sha256:<64 hex>, is the identity that it must have. Nothing is downloaded. BadInput for
        a folder that lacks a file or is of another network, and for a place of the hub that can move.
        """
        if weights is not None and weights.is_dir():
            if revision is not None and not SHA256.fullmatch(revision):
                fix = "a folder is pinned by sha256:<64 hex digits>, or not at all"
                raise BadInput.at(f"scorer {self.scorer}", "revision", revision, fix)
            self.check(weights)
            return Source(self, weights, revision)
        repo = self.hub_id if weights is None else weights.as_posix()
        commit = revision or (self.commit if repo == self.hub_id else None)
        if commit is None or not COMMIT.fullmatch(commit) or not HUB_ID.fullmatch(repo):
            fix = (
                f"no such folder, and no commit that is pinned (a branch can move); give --weights {self.scorer}=FOLDER"
                f" or {self.scorer}={self.hub_id}@<40 hex digits of a commit>"
            )
            kind = NeedsFiles if weights is None else BadInput
            raise kind.at(f"scorer {self.scorer}", "weights", repo + (f"@{revision}" if revision else ""), fix)
        return Source(self, Hub(repo, commit))

    def check(self, folder: Path) -> None:
        """BadInput unless the folder holds a config of this network, its weights, and a tokenizer where it reads."""
        needed = [CONFIG, WEIGHTS]
        if self.reads_text and not (folder / TOKENIZER).is_file():  # transformers would make one up
            needed += WORDS
        if missing := [name for name in needed if not (folder / name).is_file()]:
            fix = f"is missing; needed are {', '.join(needed)}, as save_pretrained leaves them (no pickle is read)"
            raise BadInput.at(folder, "file", missing[0], fix)
        try:
            config = json.loads(read_limited(folder / CONFIG, 2**20))
        except ValueError as error:
            raise BadInput.at(folder, "file", CONFIG, "is no JSON; save or fetch the folder again") from error
        found = config.get("model_type") if isinstance(config, dict) else None
        if found != self.model_type:
            fix = f"must be {self.model_type!r}, as of {self.hub_id}; give such a folder"
            raise BadInput.at(folder / CONFIG, "model_type", found, fix)


@dataclass
class Source:
    """Where the network is. Making one reads no weights; `identity` of a folder reads them once."""

    network: Pretrained
    where: Path | Hub
    pin: str | None = None

    @cached_property
    def identity(self) -> str:
        """sha256 of a folder's files by name and content, or hub_id@commit; BadInput where a pin says otherwise."""
        if isinstance(self.where, Hub):
            return f"{self.where.repo}@{self.where.commit}"
        files = sorted(path for path in self.where.iterdir() if path.suffix in READ and path.is_file())
        found = keys.digest([[path.name, digest(path)] for path in files])
        if self.pin is not None and self.pin != f"sha256:{found}":
            fix = f"is not {self.pin}, which pins it; restore the folder, or change the pin"
            raise BadInput.at(self.where, "sha256", found, fix)
        return found

    @cached_property
    def folder(self) -> Path:
        """On this machine; fetched from the hub where it is not here yet (ServiceFailed where that fails)."""
        if isinstance(self.where, Path):
            return self.where
        text = (TOKENIZER, *WORDS, "tokenizer_config.json", "special_tokens_map.json")
        found = self.where.fetch([CONFIG, WEIGHTS, *(text if self.network.reads_text else ())])
        self.network.check(found)
        return found

    def load(self, device: str) -> Any:
        """The network in float32 on `device`, in evaluation mode, its weights without gradients.

        BadInput for weights that are broken, of other shapes, or not all there.
        """
        import torch
        import transformers

        place(device)
        made = getattr(transformers, self.network.architecture)
        try:
            with quiet(), torch.random.fork_rng(devices=[]):
                network, found = made.from_pretrained(
                    self.folder, dtype=torch.float32, use_safetensors=True, local_files_only=True,
                    output_loading_info=True,
                )  # fmt: skip
            if lacking := [name for name in sorted(found["missing_keys"]) if not name.endswith(UNUSED)]:
                raise ValueError(f"{len(lacking)} tensors are missing, {lacking[0]} among them")
        except Exception as error:  # safetensors has errors of its own, transformers whatever a shape raises
            raise self.broken(WEIGHTS, error) from error
        return network.requires_grad_(False).eval().to(device)

    def tokenizer(self) -> Any:
        """CLIP's, from the folder; BadInput where it is broken."""
        from transformers import CLIPTokenizer

        try:
            with quiet():
                return CLIPTokenizer.from_pretrained(self.folder, local_files_only=True)
        except Exception as error:  # whatever its files lead to
            raise self.broken("tokenizer", error) from error

    def broken(self, file: str, error: Exception) -> BadInput:
        why = f"cannot be loaded ({' '.join(str(error).split())[:120]})"
        return BadInput.at(self.folder, "file", file, f"{why}; save or fetch a whole {self.network.architecture} again")


@contextmanager
def quiet() -> Iterator[None]:
    """Without transformers' reports and bars on the way; what goes wrong is raised."""
    from transformers.utils import logging

    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()
