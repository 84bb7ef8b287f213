"""What a model and a scorer must offer. A scorer may offer more: a gradient, a look on the way, a value over a set."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import getattr_static
from pathlib import Path
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np

from tts_bench.types import Image, Json, Key, Prompt, Values


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A submission's `[model]`: None where the model's own default holds."""

    name: str
    weights: str | None = None
    revision: str | None = None
    solver: str | None = None
    search_steps: int | None = None
    final_steps: int | None = None
    guidance: float | None = None
    dtype: str | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """Files of the user's for a scorer or a feature network, and the digest or commit that pins them."""

    path: Path
    revision: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        return {"weights": self.path, "revision": self.revision}


class Model(Protocol):
    """A diffusion or flow model behind its adapter; tensors are torch's, batch first.

    `card` is its identity: everything that changes an image (weights' digest, guidance, dtype), no paths; the solver
    and its steps are the grid's. Making the adapter is cheap: networks are loaded at the first `encode`.
    """

    card: Mapping[str, Json]
    latent_shape: tuple[int, ...]
    guidance: float  # classifier-free guidance scale; 1 means one pass an evaluation
    gflops: float  # of one pass for one sample
    solver: str  # the defaults of a submission that names none
    steps: int
    shift: float

    def encode(self, prompt: Prompt) -> Any:
        """The condition of one prompt, and of no prompt for guidance: any object `velocity` understands a list of."""
        ...

    def velocity(self, x: Any, level: float, conditions: Sequence[Any]) -> Any:
        """dx/dlevel = noise - image on the linear path, guided: (batch, *latent_shape) at one level in [0, 1]."""
        ...

    def pixels(self, x: Any) -> Any:
        """Clean latents as pixels, (batch, 3, height, width) in about [0, 1], differentiable."""
        ...

    def decode(self, x: Any) -> np.ndarray:
        """Images (batch, height, width, 3) uint8 of clean latents."""
        ...


class Scorer(Protocol):
    """Gives an image and its prompt numbers, higher is better.

    `card` is its identity (name, weights' digest, preprocessing); `outputs` names its numbers, the first of which
    counts when it serves as a verifier. A number that cannot be given is None, never zero.
    """

    card: Mapping[str, Json]
    outputs: tuple[str, ...]

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]: ...


@runtime_checkable
class Differentiable(Protocol):
    """A scorer that also gives d value / d pixels: pixels and result are tensors (n, 3, height, width), in [0, 1]."""

    def gradient(self, pixels: Any, prompts: Sequence[Prompt]) -> Any: ...


@runtime_checkable
class OnTheWay(Protocol):
    """A scorer that also looks at the clean estimate at a level on the way (self-supervised, Ma et al. 2025, 3.1).

    `level` is snapped to the solver's grid. A state that did not come through it has no value.
    """

    card: Mapping[str, Json]
    outputs: tuple[str, ...]
    level: float

    def compare(
        self, images: Sequence[Image], estimates: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]
    ) -> list[Values]: ...


@dataclass(frozen=True, slots=True)
class Unscored:
    """Why an image has no number: a few fixed words, so that equal causes can be counted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """An image and its prompt, asked about for the `repeat`-th time (from 0)."""

    image: Image
    prompt: Prompt
    repeat: int = 0


@runtime_checkable
class Streaming(Protocol):
    """A scorer that costs time and money by the question: every answer is kept as it comes, under a key of its own.

    An image is asked about `repeats` times; the scorer's numbers are the means over the answers. `answer_card` is the
    identity of an answer: the same for whoever asks for more or fewer repeats.
    """

    card: Mapping[str, Json]
    outputs: tuple[str, ...]
    repeats: int

    def answer_card(self, repeat: int) -> Mapping[str, Json]: ...

    def stream(self, questions: Iterable[Question]) -> Generator[tuple[int, Values | Unscored], None, None]:
        """(place of the question, its answer) in the order in which they come; questions are taken as they are needed.

        An answer's values are the outputs, and may hold more that is kept beside them (what it cost). Whoever stops
        early closes it. Raises TtsBenchError only after everything that was answered has been given.
        """
        ...

    def score(self, images: Sequence[Image], prompts: Sequence[Prompt], keys: Sequence[Key]) -> list[Values]: ...


@runtime_checkable
class Fetches(Protocol):
    """A model or scorer that reads files from the network."""

    def fetch(self) -> object:
        """Bring what is not on this machine yet, and load nothing; a second call costs nothing.

        Called before the first image is made that needs it, so that what cannot be had is told then (ServiceFailed).
        """
        ...


class Chosen(Protocol):
    """The picks so far, as a verifier over a set has them in view."""

    def values(self, candidates: Sequence[np.ndarray]) -> list[float]:
        """How good the set would be with each candidate (its features) added: one number each, higher is better."""
        ...

    def add(self, picked: np.ndarray) -> None:
        """Take one more pick, by its features, into the set."""
        ...


@runtime_checkable
class Featured(Protocol):
    """What gives features of an image, arrays of one shape, which the store keeps under its card."""

    @property
    def card(self) -> Mapping[str, Json]: ...

    def features(self, images: Sequence[Image], prompts: Sequence[Prompt]) -> list[np.ndarray]: ...


@runtime_checkable
class OverSet(Protocol):
    """A verifier over a set: how good the picks of the prompts before would be with each candidate added.

    `features` are facts about an image, arrays of one shape, kept by the store; a set's values are not, and are asked
    anew. Prompts take their turns in order.
    """

    card: Mapping[str, Json]
    outputs: tuple[str, ...]

    def features(self, images: Sequence[Image], prompts: Sequence[Prompt]) -> list[np.ndarray]: ...

    def begin(self) -> Chosen:
        """A set without a pick."""
        ...


# Which kind a scorer is must be known without a look at its card, which may have to read a thousand real images first.


def is_on_the_way(scorer: object) -> TypeGuard[OnTheWay]:
    return _has(scorer, "level", "compare")


def is_streaming(scorer: object) -> TypeGuard[Streaming]:
    return _has(scorer, "answer_card", "stream")


def is_over_set(scorer: object) -> TypeGuard[OverSet]:
    return _has(scorer, "features", "begin")


def fetch(part: object) -> None:
    """What a model, scorer or feature network needs of the network, if it says so."""
    if isinstance(part, Fetches):
        part.fetch()


def _has(scorer: object, *names: str) -> bool:
    return all(getattr_static(scorer, name, None) is not None for name in names)
