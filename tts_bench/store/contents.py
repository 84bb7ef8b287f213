"""What the store keeps, as bytes: PNG for an image, .npy for a latent, JSON for the rest, each under a digest."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from tts_bench.errors import BadInput
from tts_bench.images import decode_png, encode_png
from tts_bench.keys import canonical, digest
from tts_bench.store.arrays import decode_npy, encode_npy
from tts_bench.types import Json, Key

Score: TypeAlias = Mapping[str, float | None]  # a scorer's numbers by name; None is unscored
_KEY = re.compile(r"[0-9a-f]{64}")


class RowDamaged(Exception):
    """A row is not what was written. Never leaves the package."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a move produced, named by the sha256 of its recipe.

    `image` (height, width, 3) uint8 is the finished image, or the clean estimate of an unfinished state; `latent` is
    the float array of an unfinished state; `seconds` is this state's share of its batch's wall time.
    """

    key: Key
    recipe: Json
    image: np.ndarray | None
    latent: np.ndarray | None
    seconds: float


class StateRow(NamedTuple):
    """A row of the table `states`, column by column."""

    number: int
    key: str
    recipe: str
    seconds: float
    seal: str
    image_sha256: str | None
    latent_sha256: str | None
    image: bytes | None
    latent: bytes | None


def check_key(key: Key) -> Key:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ValueError(f"a key is 64 hexadecimal digits, not {key!r}")
    return key


def seal(*facts: Json) -> str:
    return digest(["seal", *facts])


def check_seal(sealed: str, *facts: Json) -> None:
    """RowDamaged unless `sealed` was made from these facts."""
    try:
        intact = sealed == seal(*facts)
    except (TypeError, ValueError):  # a damaged column can come out as bytes, or as NaN
        intact = False
    if not intact:
        raise RowDamaged("its small columns do not fit their digest")


def content_sha256(key: Key, kind: str, data: bytes) -> str:
    return hashlib.sha256(f"{kind} of {key}\n".encode() + data).hexdigest()


def check_content(key: Key, kind: str, data: bytes | None, sha256: str | None) -> None:
    """RowDamaged unless `data` is what `sha256` was made from, or both are absent, as in a pruned row."""
    if data is None and sha256 is None:
        return
    if not isinstance(data, bytes):
        raise RowDamaged(f"its {kind} is gone")
    if content_sha256(key, kind, data) != sha256:
        raise RowDamaged(f"its {kind} does not fit its digest")


def pack_state(state: State) -> tuple[str | float | bytes | None, ...]:
    """The columns of `StateRow` without the number; ValueError for what must not be stored."""
    key, recipe, seconds = check_key(state.key), canonical(state.recipe), float(state.seconds)
    image = None if state.image is None else encode_png(state.image)
    latent = None if state.latent is None else encode_npy(state.latent)
    if image is None and latent is None:
        raise ValueError(f"state {key} has neither image nor latent")
    shas = (data and content_sha256(key, kind, data) for kind, data in (("image", image), ("latent", latent)))
    return key, recipe, seconds, seal(key, recipe, seconds), *shas, image, latent


def check_state(row: StateRow) -> None:
    """RowDamaged unless everything in the row is as it was written."""
    check_seal(row.seal, row.key, row.recipe, row.seconds)
    check_content(row.key, "image", row.image, row.image_sha256)
    check_content(row.key, "latent", row.latent, row.latent_sha256)


def unpack_image(key: Key, image: bytes) -> np.ndarray:
    try:
        return decode_png(image, key)
    except BadInput as error:
        raise RowDamaged(str(error)) from error


def unpack_state(row: StateRow) -> State:
    check_state(row)
    try:
        image = None if row.image is None else unpack_image(row.key, row.image)
        latent = None if row.latent is None else decode_npy(row.latent)
        return State(row.key, json.loads(row.recipe), image, latent, row.seconds)
    except (ValueError, RecursionError) as error:
        raise RowDamaged(str(error)) from error


def pack_score(key: Key, score: Score) -> tuple[str, str, str]:
    numbers = canonical({name: None if value is None else float(value) for name, value in score.items()})
    return check_key(key), numbers, seal(key, numbers)


def unpack_score(key: Key, numbers: str, sealed: str) -> dict[str, float | None]:
    check_seal(sealed, key, numbers)
    try:
        score = json.loads(numbers)
        if all(value is None or math.isfinite(value) for value in score.values()):
            return score
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise RowDamaged(f"its numbers are no numbers: {error}") from error
    raise RowDamaged("its numbers are not finite")


def pack_ask(run: Key, number: int, asked: Key) -> tuple[str, int, str, str]:
    if number < 0:
        raise ValueError(f"rounds are counted from 0, not {number}")
    return check_key(run), number, check_key(asked), seal(run, number, asked)
