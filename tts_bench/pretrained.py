"""A network that others trained: from a folder that `save_pretrained` left, or from the hub at a pinned commit.

Weights are read from safetensors alone, and no code of a folder or of the hub is run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from logging import CRITICAL
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.files import read_limited
from tts_bench.origin import Hub, at_commit, check_pin, digest, held
from tts_bench.running import place

CONFIG, WEIGHTS = "config.json", "model.safetensors"
TOKENIZER, WORDS = "tokenizer.json", ("vocab.json", "merges.txt")  # either says all of a tokenizer
READ = (".json", ".txt", ".safetensors")  # the kinds of file that transformers may read here
UNUSED = "mask_token"  # for training; some files are without it


@dataclass(frozen=True)
class Pretrained:
    """What a plug-in asks for: a class of transformers, the `model_type` of its config, and where it is published.

    `name` is the plug-in's and `kind` its registry's. `commit` is None where none is known that may serve as default:
    the user then names one. `by_weights` makes the file of weights alone the identity, wherever it lies.
    """

    name: str
    architecture: str
    model_type: str
    hub_id: str
    commit: str | None
    reads_text: bool = False
    kind: str = "scorer"
    by_weights: bool = False

    @property
    def whose(self) -> str:
        return f"{self.kind} {self.name}"

    def find(self, weights: Path | None, revision: str | None) -> Source:
        """The folder `weights`, or the hub's repository of that name at commit `revision`, or the default.

        `revision` of a folder, sha256:<64 hex>, is the identity that it must have. Nothing is downloaded. BadInput for
        a folder that lacks a file or is of another network, and for a place of the hub that can move.
        """
        if weights is not None and os.path.isdir(weights):
            check_pin(revision, self.whose)
            self.check(weights)
            return Source(self, weights, revision)
        repo = self.hub_id if weights is None else weights.as_posix()
        commit = revision or (self.commit if repo == self.hub_id else None)
        give = f"--weights {self.name}=FOLDER or {self.name}={self.hub_id}@<40 hex digits of a commit>"
        return Source(self, at_commit(repo, commit, self.whose, give, NeedsFiles if weights is None else BadInput))

    def check(self, folder: Path) -> Mapping[str, Any]:
        """The folder's config; BadInput unless it holds one of this network, its weights, and a tokenizer to read."""
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
        return config


@dataclass
class Source:
    """Where the network is. Making one reads no weights, and no hub is asked before its first use."""

    network: Pretrained
    where: Path | Hub
    pin: str | None = None

    @cached_property
    def identity(self) -> str:
        """sha256 of a folder's files by name and content, or hub_id@commit; BadInput where a pin says otherwise."""
        if self.network.by_weights:
            file = self.folder / WEIGHTS
            return held(digest(file), self.pin, file, self.network.whose)
        if isinstance(self.where, Hub):
            return self.where.name
        return held(digest(self.where, READ, deep=False), self.pin, self.where, self.network.whose)

    @cached_property
    def config(self) -> Mapping[str, Any]:
        return self.network.check(self.folder)

    @cached_property
    def folder(self) -> Path:
        """On this machine; fetched from the hub where it is not here yet (ServiceFailed where that fails)."""
        if isinstance(self.where, Path):
            return self.where
        text = (TOKENIZER, *WORDS, "tokenizer_config.json", "special_tokens_map.json")
        found = self.where.fetch([CONFIG, WEIGHTS, *(text if self.network.reads_text else ())], (CONFIG, WEIGHTS))
        self.network.check(found)
        return found

    def fetch(self) -> None:
        """See `folder`."""
        _ = self.folder

    def load(self, device: str) -> Any:
        """The network in float32 on `device`, in evaluation mode, its weights without gradients.

        BadInput for weights that are broken, of other shapes, not all there, or no numbers.
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
            if unfit := [name for name, value in network.named_parameters() if not value.isfinite().all()]:
                raise ValueError(f"{unfit[0]} holds what is no number")
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
