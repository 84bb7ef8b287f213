"""One part of a pipeline from its folder: a network in evaluation mode, or a tokenizer. No code of files is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from logging import CRITICAL
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.plaintext import shown
from tts_bench.pretrained import quiet

BUFFERS = re.compile(r"position_ids$")  # of older files, made anew


def load_network(folder: Path, library: str, name: str, dtype: str) -> Any:
    """The network on the CPU in `dtype`, its weights without gradients.

    BadInput for files that are broken, of other shapes, not all there, or with numbers that are none.
    """
    import diffusers
    import torch
    import transformers

    kind = getattr({"diffusers": diffusers, "transformers": transformers}[library], name, None)
    if kind is None:
        raise _broken(folder, f"{library} has no class {name}; install a version that has it")
    try:
        with quietly(), torch.random.fork_rng(devices=[]):
            network, found = kind.from_pretrained(
                folder, dtype=getattr(torch, dtype), use_safetensors=True, local_files_only=True,
                output_loading_info=True,
            )  # fmt: skip
        wrong = [*found["missing_keys"], *(found.get("unexpected_keys") or ()), *found["mismatched_keys"]]
        if wrong := [shown(key) for key in wrong if not BUFFERS.search(str(key))]:
            raise ValueError(f"its weights do not fit its config, in {len(wrong)} tensors such as {wrong[0]}")
    except Exception as error:  # safetensors has errors of its own, and a shape may raise anything
        raise _broken(folder, f"{' '.join(str(error).split())[:160]}; save or fetch it again") from error
    for key, tensor in network.named_parameters():
        if library == "diffusers":  # which leaves float32 as it was where it finds a buffer among the weights
            tensor.data = tensor.data.to(getattr(torch, dtype))
        if not torch.isfinite(tensor).all():
            raise _broken(folder, f"{key} holds NaN or infinity; fetch it again, or use another dtype than {dtype}")
    return network.requires_grad_(False).eval()


def load_tokenizer(folder: Path, name: str) -> Any:
    """transformers' tokenizer of that class; BadInput where it cannot be made."""
    import transformers

    try:
        with quietly():
            return getattr(transformers, name).from_pretrained(folder, local_files_only=True)
    except Exception as error:  # whatever its files, or a package that they need, lead to
        why = " ".join(str(error).split())[:160]
        if any(folder.glob("*.model")) and not (folder / "tokenizer.json").is_file():
            why = "it has no tokenizer.json, and its .model needs the packages sentencepiece and protobuf; install them"
        raise _broken(folder, why) from error


@contextmanager
def quietly() -> Iterator[None]:
    """Without the libraries' reports and bars on the way; what goes wrong is raised."""
    from diffusers.utils import logging

    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(CRITICAL)
    logging.disable_progress_bar()
    try:
        with quiet():
            yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()


def _broken(folder: Path, why: str) -> BadInput:
    return BadInput.at("model", "weights", f"{shown(folder.parent.name)}/{folder.name}", f"cannot be loaded: {why}")
