"""Canonical JSON to sha256: the only place that makes a key, a seed, or a file name from one.

A key contains content (digests, pinned revisions, numbers), never a name that can move or a path of this machine.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from tts_bench.errors import BadInput
from tts_bench.types import Json, Key, Prompt

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode
_SUFFIXED = re.compile(r"(?P<stem>.*)\.[a-z0-9]{1,16}", re.DOTALL)
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


def canonical(value: Json) -> str:
    """One text for one value: sorted keys, no spaces, ASCII; NaN and infinities are refused (ValueError)."""
    return _ENCODE(value)


def digest(value: Json) -> Key:
    """sha256 of the canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()


def content_digest(content: bytes) -> str:
    """sha256 of bytes, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seed(*parts: Json) -> int:
    """A 63-bit seed that follows from `parts` alone."""
    return int(digest(["seed", *parts])[:16], 16) >> 1


def draw_seed(suite_seed: int, prompt_id: str, kind: str, count: int, of: Key = "") -> int:
    """The seed of the `count`-th draw of one kind, from state `of` if it has a parent.

    Independent of the submission, so that draws are common.
    """
    return seed(suite_seed, prompt_id, kind, count, *([of] if of else []))


def noise_key(model: Json, noise_seed: int) -> Key:
    return digest({"noise": noise_seed, "model": model})


def neighbour_key(model: Json, of: Key, noise_seed: int, cosine: float, rule: str) -> Key:
    return digest({"neighbour": of, "seed": noise_seed, "cosine": cosine, "rule": rule, "model": model})


def renoise_key(of: Key, noise_seed: int, level: float) -> Key:
    return digest({"renoise": of, "seed": noise_seed, "to": level})


def step_key(of: Key, noise: Key, level: float, eta: float) -> Key:
    return digest({"step": of, "noise": noise, "to": level, "eta": eta})


def ascend_key(of: Key, scorer: Json, output: str, rate: float) -> Key:
    return digest({"ascend": of, "scorer": scorer, "output": output, "rate": rate})


def estimate_key(state: Key) -> Key:
    """The one-step clean estimate of a state: an image of its own."""
    return digest({"estimate": state})


def features_key(scorer: Json, image: Key, prompt: Prompt) -> Key:
    shown: Json = {"text": prompt.text, "label": prompt.label, "metadata": prompt.metadata}
    return digest({"features": scorer, "image": image, "prompt": shown})


def denoise_key(model: Json, prompt: Prompt, root: Key, grid: Json, level: float) -> Key:
    """A state solved from `root` down to `level` on a solver's `grid`.

    Stops on the way are not part of it: solving to 0.5 and then to 0 is the same recipe as solving to 0.
    """
    asked: Json = {"text": prompt.text, "label": prompt.label}
    return digest({"model": model, "prompt": asked, "root": root, "grid": grid, "to": level})


def score_key(scorer: Json, outputs: Sequence[str], state: Key, prompt: Prompt) -> Key:
    """A score is a fact about a state, a scorer, its outputs and what the scorer is shown of the prompt."""
    shown: Json = {"text": prompt.text, "label": prompt.label, "metadata": prompt.metadata}
    return digest({"scorer": scorer, "outputs": list(outputs), "state": state, "prompt": shown})


def check_name(name: object, file: object, key: str) -> str:
    """`name` if it may become part of a file name, else BadInput."""
    if not isinstance(name, str) or not NAME.fullmatch(name) or name.endswith(".") or _RESERVED.fullmatch(name):
        fix = "use 1-64 of a-z 0-9 . _ - starting with a letter or digit, and no device name"
        raise BadInput.at(file, key, name, fix)
    return name


def inside(root: Path, *parts: str) -> Path:
    """`root/parts...`, refused (BadInput) if a part is no plain name, or a link leads out of or replaces the path.

    A part may have a suffix of its own beyond the 64 characters, so that a file can be named by a key.
    """
    path = root
    for part in parts:
        suffixed = _SUFFIXED.fullmatch(part) if isinstance(part, str) else None
        check_name(suffixed["stem"] if suffixed else part, root, "name")
        path = path / part
        if path.is_symlink():
            raise BadInput.at(root, "name", part, "is a symbolic link; remove it, links are not followed")
    if not path.resolve().is_relative_to(root.resolve()):
        raise BadInput.at(root, "name", "/".join(parts), "leads out of the folder")
    return path
